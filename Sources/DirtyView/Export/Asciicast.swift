import DirtyScript

/// A played scenario as an asciicast, the recordings of asciinema: version 2, which every player
/// reads, or version 3. Each chapter is a marker, and so is each pause, so that `asciinema play -m`
/// stops where a speaker would. What is said stands as a comment between the events of version 3.
public struct Asciicast {
    public enum Version: Int, Sendable, CaseIterable { case v2 = 2, v3 = 3 }

    private let version: Version
    private let size: Size
    private var writer: GridWriter
    private var last = 0

    /// How long the last screen stays, in milliseconds.
    private static let tail = 2000

    public init(_ version: Version, size: Size, theme: Theme = .fill) {
        self.version = version
        self.size = size
        writer = GridWriter(theme: theme)
    }

    /// The first line. `timestamp` counts seconds since 1970; without one, the bytes depend on the
    /// scenario alone.
    public func header(title: String, timestamp: Int? = nil) -> String {
        var json = JSONWriter()
        var members: [(String, (inout JSONWriter) -> Void)] = [("version", { $0.number(version.rawValue) })]
        switch version {
        case .v2:
            members.append(("width", { $0.number(size.columns) }))
            members.append(("height", { $0.number(size.rows) }))
        case .v3:
            members.append((
                "term",
                {
                    $0.object([
                        ("cols", { $0.number(size.columns) }), ("rows", { $0.number(size.rows) }),
                        ("type", { $0.string("xterm-256color") }),
                    ])
                }
            ))
        }
        if let timestamp { members.append(("timestamp", { $0.number(timestamp) })) }
        members.append(("title", { $0.string(title) }))
        if version == .v2 {
            members.append(("env", { $0.object([("TERM", { $0.string("xterm-256color") })]) }))
        }
        json.object(members)
        return json.text + "\n"
    }

    /// The lines of a moment: a marker where a chapter begins, the screen, and a marker where the
    /// script pauses.
    public mutating func events(_ shot: Show.Shot) -> String {
        var lines = ""
        if version == .v3, shot.isCaptionNew, !shot.caption.isEmpty { lines += "# \(printable(shot.caption))\n" }
        if let chapter = shot.newChapter {
            lines += event(shot.milliseconds, "m", printable(chapter))
            // A whole screen, so that players that jump to the marker need nothing before it.
            writer.forget()
        }
        let bytes = writer.bytes(for: shot.grid)
        if !bytes.isEmpty { lines += event(shot.milliseconds, "o", bytes) }
        if shot.isPause { lines += event(shot.milliseconds, "m", "pause") }
        return lines
    }

    /// The last line: it holds the last screen.
    public mutating func end(_ milliseconds: Int) -> String { event(milliseconds + Self.tail, "o", "") }

    private mutating func event(_ milliseconds: Int, _ code: String, _ data: String) -> String {
        defer { last = milliseconds }
        var json = JSONWriter()
        json.string(data)
        let time = version == .v2 ? Self.shortest(milliseconds) : Self.thousandths(milliseconds - last)
        return "[\(time), \"\(code)\", \(json.text)]\n"
    }

    /// `1.25`, `3.0`: as the official writer of version 2 prints seconds.
    private static func shortest(_ milliseconds: Int) -> String {
        var text = thousandths(milliseconds)
        while text.hasSuffix("0"), !text.hasSuffix(".0") { text.removeLast() }
        return text
    }

    private static func thousandths(_ milliseconds: Int) -> String {
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
