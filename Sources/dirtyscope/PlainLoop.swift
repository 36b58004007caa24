import ArgumentParser
import DirtyView
import Glibc
import SystemPackage

/// Reads lines and writes the answers of a player without a screen, until there are no more lines
/// or one of them says 'quit'.
struct PlainLoop {
    private var player: PlainPlayer
    private var pending: [UInt8] = []
    private var isAtEnd = false

    /// A line longer than this is nobody's command; it is taken in pieces.
    private static let longestLine = 1 << 16

    init(_ player: Player) { self.player = PlainPlayer(player) }

    /// `controllingTerminal` reads the lines from there, where standard input was the scenario.
    consuming func run(controllingTerminal: Bool) throws {
        var input = FileDescriptor.standardInput
        if controllingTerminal {
            guard let terminal = try? FileDescriptor.open("/dev/tty", .readOnly) else {
                Output.complain("dirtyscope: standard input was the scenario, and there is no terminal to read commands from")
                throw ExitCode.noInput
            }
            input = terminal
        }
        let isTyped = isatty(input.rawValue) == 1
        try write(player.opening())
        while !player.isFinished {
            if isTyped { try Output.write("> ") }
            guard let line = try nextLine(input) else { break }
            try write(player.answer(line))
            if let request = player.player.takeRequest() {
                player.player.fulfil(request)
                try write(player.message())
            }
        }
    }

    private func write(_ lines: [String]) throws {
        if !lines.isEmpty { try Output.write(lines.joined(separator: "\n") + "\n") }
    }

    private mutating func nextLine(_ input: FileDescriptor) throws -> String? {
        while true {
            if let end = pending.firstIndex(of: 0x0a) {
                defer { pending.removeSubrange(...end) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            if isAtEnd || pending.count > Self.longestLine {
                defer { pending = [] }
                return pending.isEmpty ? nil : String(decoding: pending, as: UTF8.self)
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            // What cannot be read any more has ended.
            let count = (try? buffer.withUnsafeMutableBytes { try input.read(into: $0) }) ?? 0
            pending += buffer[..<count]
            isAtEnd = count == 0
        }
    }
}
