// A small program on the terminal, for the tests: it shows every role, names the last event, and
// obeys a few keys. Arguments: --sync FD, --crash KIND, --theme NAME, --color, --no-color, --mouse,
// --tick MS, --no-controlling-terminal.

import DirtyTerminal
import DirtyView
import Glibc
import TerminalTestSupport

struct Probe: TerminalApplication {
    var screen: ProbeScreen
    var theme = Theme.fill
    var tick: Int?
    var isFinished = false
    var timeouts = 0
    var bell = false

    mutating func attach(to screen: ScreenTraits) {
        self.screen.glyphs = screen.glyphs
        self.screen.message = "\(screen.colorLevel) \(screen.glyphs)"
    }

    mutating func handle(_ event: Event) {
        switch event {
        case .key(let key):
            screen.message = "key \(key)"
            switch key {
            case .character("q"): isFinished = true
            case .character("b"): bell = true
            case .character("e"): say("a message\n", to: 2)
            case .character("h"): hang()
            case .character("c"): screen.cursor = (3, 2)
            case .character("t"): nextTheme()
            default: break
            }
        case .timeout:
            timeouts += 1
            screen.message = "timeout \(timeouts)"
        case .resize: screen.message = "resize"
        case .interrupt: screen.message = "interrupt"
        case .terminate(let signal): screen.message = "terminate \(signal)"
        case .hangup: screen.message = "hangup"
        case .mouse(let mouse): screen.message = "\(mouse.action) \(mouse.column) \(mouse.row)"
        case .resumed: screen.message = "resumed"
        }
    }

    private mutating func nextTheme() {
        let themes = Theme.all
        theme = themes[(themes.firstIndex(of: theme)! + 1) % themes.count]
    }

    func frame(size: Size) -> Grid { screen.grid(size) }

    mutating func takeBell() -> Bool {
        defer { bell = false }
        return bell
    }
}

func say(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    _ = write(descriptor, bytes, bytes.count)
}

/// Rings the bell, so that a test knows, and never comes back.
func hang() -> Never {
    say("\u{07}", to: 1)
    while true { pause() }
}

func complain(_ text: String, exitCode: Int32) -> Never {
    say("terminal-probe: \(text)\n", to: 2)
    exit(exitCode)
}

var options = TerminalOptions()
var probe = Probe(screen: ProbeScreen(glyphs: .ascii, message: ""))
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    switch argument {
    case "--sync": options.testSyncDescriptor = arguments.popFirst().flatMap { Int32($0) }
    case "--crash": options.crashTest = arguments.popFirst().flatMap { CrashTest(rawValue: $0) }
    case "--theme": probe.theme = arguments.popFirst().flatMap { Theme.named($0) } ?? .fill
    case "--color": options.color = true
    case "--no-color": options.color = false
    case "--mouse": options.mouse = true
    case "--tick": probe.tick = arguments.popFirst().flatMap { Int($0) }
    case "--no-controlling-terminal": options.controllingTerminal = false
    default: complain("unknown argument \(argument)", exitCode: 2)
    }
}

do {
    let reason = try run(&probe, options: options)
    print("probe ended: \(reason)")
    exit(reason.exitCode)
} catch {
    complain(error.description, exitCode: 2)
}
