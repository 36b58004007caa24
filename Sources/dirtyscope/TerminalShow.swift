import ArgumentParser
import DirtyTerminal
import DirtyView

/// How the screen looks; for every command that shows one.
struct ScreenOptions: ParsableArguments {
    @Option(help: "How states look: \(Theme.all.map(\.name).joined(separator: ", ")).")
    var theme: ThemeChoice?

    @Option(help: "Which characters draw them; the terminal decides if none is given.")
    var glyphs: GlyphSet?

    @Flag(inversion: .prefixedNo, help: "Whether clicks select and the wheel scrolls; they do not by themselves.")
    var mouse: Bool?

    @Flag(inversion: .prefixedNo, help: "Whether to use colour; else NO_COLOR and the terminal decide.")
    var color: Bool?

    @Option(help: .hidden) var testSyncFd: Int32?
    @Option(help: .hidden) var crashTest: CrashTest?
    @Option(help: .hidden) var crashFrame = 1

    /// Runs an application on the terminal; where there is none, says so in one line and does
    /// something else. `controllingTerminal` reads keys from there, where standard input is taken.
    func show(
        _ application: inout some Shown, _ settings: Configuration, controllingTerminal: Bool,
        otherwise: () throws -> Void
    ) throws {
        var options = TerminalOptions()
        options.testSyncDescriptor = testSyncFd
        options.crashTest = crashTest
        options.crashFrame = crashFrame
        options.controllingTerminal = controllingTerminal
        options.mouse = mouse ?? settings.mouse ?? false
        // The command line, then NO_COLOR, then the settings, then the terminal.
        options.color = color ?? ((environment("NO_COLOR") ?? "").isEmpty ? settings.color : nil)
        do {
            let reason = try DirtyTerminal.run(&application, options: options)
            application.leave(reason)
            if reason != .finished { throw ExitCode(reason.exitCode) }
        } catch let error as TerminalError {
            Output.complain("dirtyscope: \(error.description); in lines instead:")
            try otherwise()
        }
    }
}

/// A program with a screen that wants to know how it ended.
protocol Shown: TerminalApplication {
    /// The screen is gone.
    mutating func leave(_ reason: ExitReason)
}

/// A theme by name.
struct ThemeChoice: ExpressibleByArgument {
    let theme: Theme

    init?(argument: String) {
        guard let theme = Theme.named(argument) else { return nil }
        self.theme = theme
    }
}

extension GlyphSet: ExpressibleByArgument {}
extension CrashTest: ExpressibleByArgument {}
