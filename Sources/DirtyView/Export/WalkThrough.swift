import DirtyScript

/// A played scenario as one page of HTML that stands by itself: the screens as text, keys and
/// buttons to go through them, and what each step does in words for those who have it read to them.
/// It loads nothing, and its bytes depend on the scenario alone.
public struct WalkThrough {
    private let colors: WebColors
    /// The rows of all screens; most of them stand on many.
    private var rows: [String] = []
    private var numbers: [String: Int] = [:]
    /// The looks that appear, by the number of their class.
    private var classes: [WebColors.Paint: Int] = [:]
    private var paints: [WebColors.Paint] = []
    private var frames: [Frame] = []
    private var captions: [String] = []

    private struct Frame {
        let position: Int
        let rows: [Int]
        let caption: Int
        let spoken: [String]
        let chapter: String?
        let isPause: Bool
    }

    public init(theme: Theme = .fill) { colors = WebColors(theme) }

    /// Takes the next screen.
    public mutating func add(_ shot: Show.Shot) {
        if captions.last != shot.caption { captions.append(shot.caption) }
        frames.append(
            Frame(
                position: shot.position, rows: (0..<shot.grid.size.rows).map { number(of: html($0, shot.grid)) },
                caption: captions.count - 1, spoken: shot.spoken, chapter: shot.newChapter, isPause: shot.isPause))
    }

    private mutating func number(of row: String) -> Int {
        if let known = numbers[row] { return known }
        numbers[row] = rows.count
        rows.append(row)
        return rows.count - 1
    }

    private mutating func html(_ row: Int, _ grid: Grid) -> String {
        var runs = grid.runs(row)
        if let last = runs.last, last.style == .plain {
            let text = last.text.reversed().drop { $0 == " " }.reversed()
            runs[runs.count - 1].text = String(text)
        }
        return runs.map { run in
            let paint = colors.paint(run.style)
            guard paint != WebColors.Paint() else { return escaped(run.text) }
            let number = classes[paint] ?? paints.count
            if number == paints.count {
                classes[paint] = number
                paints.append(paint)
            }
            return "<i class=c\(number)>\(escaped(run.text))</i>"
        }.joined()
    }

    // MARK: The page

    /// The whole page. It opens at the first screen, or at the step that its address names: `#41`.
    /// `command` leads from a shell to the moment of a screen, but for the step's number.
    public func page(title: String, kernel: String, command: String) -> String {
        let first = frames.first
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <title>\(escaped(title))</title>
            <style>
            \(WalkThroughParts.style)
            #screen { color: \(colors.foreground); background: \(colors.background); }
            \(paints.indices.map(rule).joined(separator: "\n"))
            </style>
            </head>
            <body>
            <h1>\(escaped(title))</h1>
            <p>Linux \(escaped(kernel)), \(frames.last?.position ?? 0) atomic steps. Keys: \(WalkThroughParts.keys)</p>
            \(WalkThroughParts.controls(last: frames.last?.position ?? 0, chapters: chapters))
            <pre id="screen" aria-hidden="true">\
            \((first?.rows ?? []).map { rows[$0] }.joined(separator: "\n"))</pre>
            <section id="told" aria-live="polite" aria-atomic="true" aria-label="What this step does">\
            \((first?.spoken ?? []).map { "<p>\(escaped($0))</p>" }.joined())</section>
            <p>The same moment in a terminal: <code id="command">\(escaped(command)) --at \(first?.position ?? 0)</code></p>
            <noscript><p>Without scripts this page shows its first screen only.</p></noscript>
            <script type="application/json" id="data">
            \(data(command))
            </script>
            <script>
            \(WalkThroughParts.script)
            </script>
            </body>
            </html>

            """
    }

    private var chapters: [(index: Int, title: String)] {
        frames.indices.compactMap { index in frames[index].chapter.map { (index, $0) } }
    }

    private func rule(_ number: Int) -> String {
        let paint = paints[number]
        var rule = ".c\(number) {"
        if let ink = paint.ink { rule += " color: \(ink);" }
        if let paper = paint.paper { rule += " background: \(paper);" }
        if paint.isBold { rule += " font-weight: bold;" }
        if paint.isUnderlined { rule += " text-decoration: underline;" }
        return rule + " }"
    }

    private func data(_ command: String) -> String {
        var json = JSONWriter()
        json.object([
            ("command", { $0.string(command) }),
            ("rows", { $0.array(rows) { $0.string($1) } }),
            ("captions", { $0.array(captions) { $0.string($1) } }),
            (
                "frames",
                {
                    $0.array(frames) { json, frame in
                        json.object([
                            ("at", { $0.number(frame.position) }),
                            ("rows", { $0.array(frame.rows) { $0.number($1) } }),
                            ("caption", { $0.number(frame.caption) }),
                            ("chapter", { $0.bool(frame.chapter != nil) }),
                            ("pause", { $0.bool(frame.isPause) }),
                            ("told", { $0.array(frame.spoken) { $0.string($1) } }),
                        ])
                    }
                }
            ),
        ])
        // Nothing in the data can end the element that it stands in.
        return json.text.replacing("<", with: "\\u003c")
    }
}
