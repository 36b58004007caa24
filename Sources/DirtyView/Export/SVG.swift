/// A grid as a still picture: text in a fixed grid of cells, without script, font or outside
/// reference, so that it shows alike in a browser, a paper and a README. The text is in reading
/// order, for those who search it or have it read to them.
public struct SVG {
    public var theme: Theme
    /// What a screen reader announces.
    public var title: String
    /// What the picture shows, and the command that leads to the moment.
    public var description: String

    public init(theme: Theme = .fill, title: String = "dirtyscope", description: String = "") {
        self.theme = theme
        self.title = title
        self.description = description
    }

    // Measures of a cell in user units; the font is a little smaller than the cell is high.
    private static let cellWidth = 8
    private static let cellHeight = 17
    private static let baseline = 13
    private static let margin = 12

    public func render(_ grid: Grid) -> String {
        let width = grid.size.columns * Self.cellWidth + 2 * Self.margin
        let height = grid.size.rows * Self.cellHeight + 2 * Self.margin
        let colors = WebColors(theme)
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" \
            width="\(width)" height="\(height)" role="img">
            <title>\(escaped(title))</title>
            <desc>\(escaped(description))</desc>
            <rect width="100%" height="100%" rx="6" fill="\(colors.background)"/>
            <g font-family="ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace" \
            font-size="13" fill="\(colors.foreground)">

            """
        for row in 0..<grid.size.rows {
            for run in grid.runs(row) { svg += render(run, row, colors) }
        }
        return svg + "</g>\n</svg>\n"
    }

    private func render(_ run: Grid.Run, _ row: Int, _ colors: WebColors) -> String {
        let paint = colors.paint(run.style)
        let x = Self.margin + run.column * Self.cellWidth
        let y = Self.margin + row * Self.cellHeight
        let width = run.count * Self.cellWidth
        var svg = ""
        if let paper = paint.paper {
            svg += "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(Self.cellHeight)\" "
                + "fill=\"\(paper)\" shape-rendering=\"crispEdges\"/>\n"
        }
        var attributes = ""
        if let ink = paint.ink { attributes += " fill=\"\(ink)\"" }
        if paint.isBold { attributes += " font-weight=\"bold\"" }
        if paint.isUnderlined { attributes += " text-decoration=\"underline\"" }
        for piece in pieces(run) {
            let x = Self.margin + piece.column * Self.cellWidth
            svg += "<text x=\"\(x)\" y=\"\(y + Self.baseline)\" textLength=\"\(piece.text.unicodeScalars.count * Self.cellWidth)\""
                + "\(attributes)>\(escaped(piece.text))</text>\n"
        }
        return svg
    }

    /// The parts of a run between blanks in a row. Readers of pictures do not agree on blanks at an
    /// end, or on more than one of them: a part has none, and stands where its first letter does.
    private func pieces(_ run: Grid.Run) -> [(column: Int, text: String)] {
        let scalars = Array(run.text.unicodeScalars)
        var pieces: [(column: Int, text: String)] = []
        var start: Int?
        for index in scalars.indices {
            let isBlank = scalars[index] == " "
            if !isBlank, start == nil { start = index }
            let ends = index + 1 == scalars.count || scalars[index + 1] == " " && (index + 2 >= scalars.count || scalars[index + 2] == " ")
            guard let first = start, !isBlank, ends else { continue }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars[first...index])
            pieces.append((run.column + first, String(text)))
            start = nil
        }
        return pieces
    }
}
