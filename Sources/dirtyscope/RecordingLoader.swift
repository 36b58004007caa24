import ArgumentParser
import DirtyScript
import DirtyView
import LiveModel
import SystemPackage

/// Recordings that `attach` has written.
enum RecordingLoader {
    /// The recording, or nil where the file is none: then it is a scenario.
    static func history(_ path: String) throws -> LiveHistory? {
        guard path != "-", let file = try? FileDescriptor.open(FilePath(path), .readOnly) else { return nil }
        return try file.closeAfter {
            var lines = Lines(file: file)
            guard let first = lines.next(limit: 1 << 16), LiveRecording.isRecording(first) else { return nil }
            do {
                var recording = try LiveRecording(header: first)
                var history = LiveHistory(header: recording.header, limit: .max)
                while let line = lines.next() {
                    // A recorder that was killed leaves half a line at the end.
                    if lines.isCut { break }
                    history.append(try recording.sample(line))
                }
                return history
            } catch let failure as LiveRecording.Failure {
                Output.complain("\(printable(path)):\(failure.line): error: \(failure.text)")
                throw ExitCode.dataError
            }
        }
    }

    /// A player that shows a sample of it, by its number.
    static func player(
        _ history: LiveHistory, at number: Int?, glyphs: GlyphSet?, theme: Theme, size: Size? = nil
    ) -> LivePlayer {
        var player = LivePlayer(history, isLive: false, glyphs: glyphs, theme: theme)
        if let size { player.attach(size: size, glyphs: glyphs ?? .letters) }
        if let number { player.go(toSample: number) }
        return player
    }

    static func play(
        _ history: LiveHistory, at number: Int?, isPlain: Bool, _ settings: Configuration, _ screen: ScreenOptions
    ) throws {
        func printTable() throws {
            let samples = history.samples
            guard let sample = number.flatMap({ number in samples.first { $0.number >= number } }) ?? samples.last
            else { return }
            for line in LiveText.lines(sample, history.header) { try Output.write(line + "\n") }
        }
        if isPlain { return try printTable() }
        var player = player(
            history, at: number, glyphs: screen.glyphs ?? settings.glyphs,
            theme: settings.theme(screen.theme?.theme))
        player.keys = settings.keys
        var application = PlayerApplication(player: player)
        try screen.show(&application, settings, controllingTerminal: false, otherwise: printTable)
    }

    /// The lines of a file, read in pieces.
    private struct Lines {
        let file: FileDescriptor
        private var pending: [UInt8] = []
        private var start = 0
        private var isAtEnd = false
        /// The latest line had no end.
        private(set) var isCut = false

        init(file: FileDescriptor) { self.file = file }

        /// The next line; nil at the end, or when it is longer than the limit.
        mutating func next(limit: Int = 1 << 28) -> String? {
            var searched = start
            while true {
                if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                    defer { start = end + 1 }
                    return String(decoding: pending[start..<end], as: UTF8.self)
                }
                searched = pending.count
                if pending.count - start > limit { return nil }
                if isAtEnd {
                    isCut = true
                    defer { start = pending.count }
                    return start < pending.count ? String(decoding: pending[start...], as: UTF8.self) : nil
                }
                pending.removeSubrange(..<start)
                searched -= start
                start = 0
                var buffer = [UInt8](repeating: 0, count: 1 << 20)
                let count = (try? buffer.withUnsafeMutableBytes { try file.read(into: $0) }) ?? 0
                if count == 0 { isAtEnd = true }
                pending += buffer[..<count]
            }
        }
    }
}

extension LivePlayer: Playable {}
