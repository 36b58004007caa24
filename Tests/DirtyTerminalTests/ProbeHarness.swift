import DirtyTerminal
import DirtyView
import Glibc
import TerminalTestSupport
import Testing

/// A terminal type, a locale and a wish about colour: what decides how the probe looks.
struct Setting: Sendable, CustomTestStringConvertible {
    var term = "xterm-256color"
    var locale = "C.UTF-8"
    var noColor: String?

    var testDescription: String {
        "TERM=\(term) LC_ALL=\(locale)" + (noColor.map { " NO_COLOR=\($0)" } ?? "")
    }

    var isUTF8: Bool { locale == "C.UTF-8" }
    var glyphs: GlyphSet { .automatic(isUTF8: isUTF8, terminalName: term) }

    var environment: [String: String] {
        // The back-trace would only take time; the crash itself is the same without.
        var environment = ["TERM": term, "LC_ALL": locale, "SWIFT_BACKTRACE": "enable=no"]
        environment["NO_COLOR"] = noColor
        environment["PATH"] = "/usr/bin:/bin"
        return environment
    }

    var colorLevel: ColorLevel {
        let colors = ["xterm-256color": 256, "tmux-256color": 256, "xterm": 8, "screen": 8]
        let more = ["linux": 8, "ansi": 8]
        return ColorLevel(colors: colors[term] ?? more[term] ?? 0)
            .wished(color: nil, noColor: noColor)
    }

    /// What the terminal cannot show at all, and what it cannot show together with colour.
    var missing: Attributes {
        ["vt100", "vt220", "ansi", "xterm-mono"].contains(term) ? .dim : []
    }
    var notWithColor: Attributes {
        switch term {
        case "linux": [.underline, .dim]
        case "ansi": .underline
        default: []
        }
    }

    var isInstalled: Bool {
        let folders = ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo"]
        return folders.contains { access("\($0)/\(term.prefix(1))/\(term)", R_OK) == 0 }
    }

    /// The screen that a grid should give.
    func expected(_ cell: Cell, _ theme: Theme) -> ShownCell {
        var look = theme.look(cell.style, at: colorLevel)
        if look.hasColor { look.attributes.subtract(notWithColor) }
        look.attributes.subtract(missing)
        let scalar = isUTF8 || cell.scalar.isASCII ? cell.scalar : "?"
        return ShownCell(scalar: scalar, look: look)
    }
}

extension Pty {
    /// Starts the probe alone: it is the leader of its session.
    static func probe(
        _ setting: Setting = Setting(), _ arguments: [String] = [], size: Size = Size(80, 24)
    ) throws -> Pty {
        try Pty(
            [sibling("terminal-probe"), "--sync", "\(syncDescriptor)"] + arguments,
            environment: setting.environment, size: size,
            quirks: .init(terminal: setting.term, isUTF8: setting.isUTF8))
    }

    /// Starts a shell script in which `probe` stands for the probe. The shell survives the probe,
    /// so that the state in which the terminal was left can be looked at: the kernel itself
    /// resets it when the leader of the session ends.
    static func shell(
        _ script: String, _ setting: Setting = Setting(), size: Size = Size(80, 24)
    ) throws -> Pty {
        let probe = "\(sibling("terminal-probe")) --sync \(syncDescriptor)"
        let whole = "ulimit -c 0; \(script.replacing("probe", with: probe))"
        return try Pty(["/bin/sh", "-c", whole], environment: setting.environment, size: size)
    }

    /// Cells of the screen that differ from the grid, as text; empty when it shows the grid.
    func differences(
        from grid: Grid, _ setting: Setting = Setting(), theme: Theme = .fill
    ) -> [String] {
        guard screen.size == grid.size else { return ["size \(screen.size)"] }
        var differences: [String] = []
        for row in 0..<grid.size.rows {
            for column in 0..<grid.size.columns {
                let expected = setting.expected(grid[column, row], theme)
                let shown = screen[column, row]
                if expected.visible != shown.visible {
                    differences.append("(\(column), \(row)): \(shown) instead of \(expected)")
                }
            }
        }
        return differences
    }

    /// Throws, with everything that is known, unless the screen shows the grid.
    func expectScreen(
        _ grid: Grid, _ setting: Setting = Setting(), theme: Theme = .fill
    ) throws {
        let found = differences(from: grid, setting, theme: theme)
        if !found.isEmpty { throw failure(found.prefix(10).joined(separator: "\n")) }
        if !screen.unknown.isEmpty { throw failure("unknown sequences") }
    }

    /// The screen of the probe after the event named by the message.
    func expectProbe(
        _ message: String, _ setting: Setting = Setting(), theme: Theme = .fill
    ) throws {
        let probe = ProbeScreen(glyphs: setting.glyphs, message: message)
        try expectScreen(probe.grid(screen.size), setting, theme: theme)
    }

    /// Waits for the screen of the probe after the event named by the message.
    func waitForProbe(_ message: String, _ setting: Setting = Setting()) throws {
        let probe = ProbeScreen(glyphs: setting.glyphs, message: message)
        let grid = probe.grid(screen.size)
        try wait(for: "'\(message)'") { $0.differences(from: grid, setting).isEmpty }
        try expectProbe(message, setting)
    }
}

extension ShownCell {
    /// What can be seen of it: a blank has no foreground unless it is reversed or underlined.
    fileprivate var visible: ShownCell {
        var cell = self
        if scalar == " ", look.attributes.isDisjoint(with: [.reverse, .underline]) {
            cell.look = Look(background: look.background)
        }
        return cell
    }
}
