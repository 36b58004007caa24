/// A grid as a still picture: text in a fixed grid of cells, without script, font or outside
/// reference, so that it shows alike in a browser, a paper and a README. The text is in reading
/// order, for those who search it or have it read to them.
public struct SVG {
    public var theme: Theme
    /// What a screen reader announces.
    public var title: String

    public init(theme: Theme = .fill, title: String = "dirtyscope") {
        self.theme = theme
        self.title = title
    }

    // Measures of a cell in user units; the font is a little smaller than the cell is high.
    private static let cellWidth = 8
    private static let cellHeight = 17
    private static let baseline = 13
    private static let margin = 12
    private static let background = "#101214"
    private static let foreground = "#d0d3d6"
    private static let dimmed = "#8b9196"
    private static let namedColors = [
        "#1d1f21", "#cc342b", "#198844", "#d19a00", "#3971ed", "#a36ac7", "#2aa1b3", "#c5c8c6",
        "#6b7075", "#ff6b5e", "#4ec06b", "#ffd75f", "#7aa6ff", "#d39bf0", "#6fd7e6", "#ffffff",
    ]

    public func render(_ grid: Grid) -> String {
        let width = grid.size.columns * Self.cellWidth + 2 * Self.margin
        let height = grid.size.rows * Self.cellHeight + 2 * Self.margin
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" \
            width="\(width)" height="\(height)" role="img">
            <title>\(escaped(title))</title>
            <rect width="100%" height="100%" rx="6" fill="\(Self.background)"/>
            <g font-family="ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace" \
            font-size="13" fill="\(Self.foreground)" xml:space="preserve">

            """
        for row in 0..<grid.size.rows {
            for run in runs(grid, row) { svg += render(run, row) }
        }
        return svg + "</g>\n</svg>\n"
    }

    private struct Run {
        var column: Int
        var text: String
        var count: Int
        var style: Style
    }

    /// A row cut where the style changes.
    private func runs(_ grid: Grid, _ row: Int) -> [Run] {
        var runs: [Run] = []
        for column in 0..<grid.size.columns {
            let cell = grid[column, row]
            if var last = runs.last, last.style == cell.style {
                last.text.unicodeScalars.append(cell.scalar)
                last.count += 1
                runs[runs.count - 1] = last
            } else {
                runs.append(
                    Run(column: column, text: String(cell.scalar), count: 1, style: cell.style))
            }
        }
        return runs
    }

    private func render(_ run: Run, _ row: Int) -> String {
        let look = theme.look(run.style, at: .indexed)
        let isReversed = look.attributes.contains(.reverse)
        var ink = look.foreground.map(color) ?? Self.foreground
        var paper = look.background.map(color)
        if look.attributes.contains(.dim) { ink = Self.dimmed }
        if isReversed { (ink, paper) = (paper ?? Self.background, ink) }
        let x = Self.margin + run.column * Self.cellWidth
        let y = Self.margin + row * Self.cellHeight
        let width = run.count * Self.cellWidth
        var svg = ""
        if let paper {
            svg += "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(Self.cellHeight)\" "
                + "fill=\"\(paper)\" shape-rendering=\"crispEdges\"/>\n"
        }
        guard run.text.unicodeScalars.contains(where: { $0 != " " }) else { return svg }
        var attributes = " textLength=\"\(width)\""
        if ink != Self.foreground { attributes += " fill=\"\(ink)\"" }
        if look.attributes.contains(.bold) { attributes += " font-weight=\"bold\"" }
        if look.attributes.contains(.underline) { attributes += " text-decoration=\"underline\"" }
        return svg
            + "<text x=\"\(x)\" y=\"\(y + Self.baseline)\"\(attributes)>\(escaped(run.text))</text>\n"
    }

    /// An index of the 256-colour palette as a web colour.
    private func color(_ index: UInt8) -> String {
        if index < 16 { return Self.namedColors[Int(index)] }
        func hex(_ level: Int) -> String {
            (level < 16 ? "0" : "") + String(level, radix: 16)
        }
        if index >= 232 {
            let level = hex(8 + 10 * (Int(index) - 232))
            return "#" + level + level + level
        }
        let steps = [0, 95, 135, 175, 215, 255]
        let cube = Int(index) - 16
        return "#" + hex(steps[cube / 36]) + hex(steps[cube / 6 % 6]) + hex(steps[cube % 6])
    }

    private func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
