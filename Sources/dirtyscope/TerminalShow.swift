import ArgumentParser
import DirtyTerminal
import DirtyView

/// How the screen looks; for every command that shows one.
struct ScreenOptions: ParsableArguments {
    @Option(help: "How states look: \(Theme.all.map(\.name).joined(separator: ", ")).")
    var theme: ThemeChoice?

    @Option(help: "Which characters draw them; the terminal decides if none is given.")
    var glyphs: GlyphSet?

    @Option(help: .hidden) var testSyncFd: Int32?
    @Option(help: .hidden) var crashTest: CrashTest?

    /// Runs an application on the terminal; where there is none, says so in one line and does
    /// something else. `controllingTerminal` reads keys from there, where standard input is taken.
    func show(
        _ application: inout some TerminalApplication, controllingTerminal: Bool,
        otherwise: () throws -> Void
    ) throws {
        var options = TerminalOptions()
        options.testSyncDescriptor = testSyncFd
        options.crashTest = crashTest
        options.controllingTerminal = controllingTerminal
        do {
            let reason = try DirtyTerminal.run(&application, options: options)
            if reason != .finished { throw ExitCode(reason.exitCode) }
        } catch let error as TerminalError {
            Output.complain("dirtyscope: \(error.description); as text instead:")
            try otherwise()
        }
    }
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
