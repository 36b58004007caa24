import DirtyMachine
import DirtyScript
import DirtyView
import Glibc
import SeededRandom
import Testing

/// Scenarios of the tests' own, so that a change of a demo changes no golden file.
enum Fixture {
    static let firstStore = """
        title "First store"
        kernel 2.6.19
        file db 4 ext3 cached
        process A
        chapter "The mapping"
        say "A maps a file, shared and writable. The page table stays empty."
        A mmap m db rw shared
        expect A m absent
        chapter "A load"
        say "The load faults: there is no PTE yet."
        A read m[0]
        pause
        expect value 0
        chapter "The first store"
        say "The PTE has no write bit, so the CPU cannot store."
        A write m[0]
        expect db[0] dirty
        A fsync db
        expect disk db[0] 1
        """

    static let race = """
        title "Store against writeback"
        kernel 6.18
        file db 4 ext4 cached
        process A cpu=0
        process B cpu=1
        say "A and B map the file."
        A mmap m db rw shared
        B mmap m db rw shared
        A write m[0]
        chapter "The race"
        say "Who is first?"
        race
          A write m[0]
          B munmap m
          writeback db[0]
        end
        expect lost 0
        """

    static let lost = """
        title "A lost store"
        kernel 2.6.19
        file db 1 ext3 cached
        process A
        A mmap m db rw shared
        focus A m[0]
        A write m[0]
        journal db
        A write m[0]
        writeback db[0]
        say "Nobody has value 2 any more, once the page is gone."
        reclaim db[0]
        expect lost 0
        """

    /// A mapping of a terabyte with one page in use.
    static let huge = """
        title "A terabyte"
        file db 268435456 ext4
        process A
        A mmap m db rw shared
        A write m[1000000]
        """

    static let labels = """
        title "Two tasks"
        kernel 2.6.19
        file db 1 ext3 cached
        process A cpu=0
        process B cpu=1
        A mmap m db rw shared
        B mmap m db rw shared
        W: A write m[0]
        V: B write m[0]
        step W until page_table
        """

    static func session(_ text: String) throws -> Session {
        switch ScenarioParser.parse(text, name: "test.demo", rules: .machine) {
        case .success(let scenario): return try Session(scenario)
        case .failure(let diagnostics): throw diagnostics
        }
    }

    static func player(
        _ text: String, _ keys: String = "", size: Size = Size(80, 24), glyphs: GlyphSet = .ascii
    ) throws -> Player {
        var player = Player(try session(text), glyphs: glyphs)
        player.attach(size: size, glyphs: .letters)
        player.type(keys)
        return player
    }

    static func comparison(
        _ text: String, _ kernels: [Profile], _ keys: String = "", size: Size = Size(80, 24)
    ) throws -> ComparisonPlayer {
        guard case .success(let scenario) = ScenarioParser.parse(text, name: "test.demo", rules: .machine)
        else { throw CannotParse() }
        var player = ComparisonPlayer(try LockStep(scenario, kernels: kernels.map { ComparedKernel($0) }), glyphs: .ascii)
        player.attach(size: size, glyphs: .letters)
        for scalar in keys.unicodeScalars { player.press(Key(scalar)) }
        return player
    }

    struct CannotParse: Error {}

    static let sandbox = """
        file db 4 ext4 cached
        process A
        """
}

extension Player {
    /// Presses each character of a text.
    mutating func type(_ text: String) {
        for scalar in text.unicodeScalars { press(Key(scalar)) }
    }

    /// Types a line at the prompt.
    mutating func enter(_ line: String) { type(":" + line + "\n") }

    /// What the last two rows say.
    var bottom: String {
        let lines = frame(size: Size(200, 60)).text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.suffix(2).joined(separator: "\n")
    }

    var lastRow: String { String(bottom.split(separator: "\n", omittingEmptySubsequences: false).last ?? "") }
    var statusRow: String {
        String(frame(size: Size(200, 60)).text.prefix { $0 != "\n" })
    }
}

typealias SeededGenerator = SplitMix

/// Golden files: what a grid looks like, and below it which role each cell has.
enum Snapshot {
    /// Writes the files instead of comparing when DIRTYSCOPE_UPDATE_SNAPSHOTS is set.
    private static let isUpdating = getenv("DIRTYSCOPE_UPDATE_SNAPSHOTS") != nil

    static func check(
        _ grid: Grid, _ name: String, _ location: Testing.SourceLocation = #_sourceLocation,
        file: String = #filePath
    ) {
        let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let path = folder + "/Snapshots/" + name + ".txt"
        let text = describe(grid)
        if isUpdating {
            #expect(write(text, path), "cannot write \(path)", sourceLocation: location)
            return
        }
        guard let golden = read(path) else {
            Issue.record("no golden file \(path); run with DIRTYSCOPE_UPDATE_SNAPSHOTS=1", sourceLocation: location)
            return
        }
        if golden != text {
            let pairs = zip(
                golden.split(separator: "\n", omittingEmptySubsequences: false),
                text.split(separator: "\n", omittingEmptySubsequences: false))
            let first = pairs.enumerated().first { $0.element.0 != $0.element.1 }
            Issue.record(
                """
                \(name) differs in line \((first?.offset ?? 0) + 1):
                golden \(first?.element.0 ?? "(length)")
                now    \(first?.element.1 ?? "(length)")
                """, sourceLocation: location)
        }
    }

    static func describe(_ grid: Grid) -> String {
        var text = grid.text + "\n"
        text += String(repeating: "=", count: grid.size.columns) + "\n"
        for row in 0..<grid.size.rows {
            var line = ""
            for column in 0..<grid.size.columns { line.append(letter(grid[column, row].style)) }
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        if let cursor = grid.cursor { text += "cursor \(cursor.column),\(cursor.row)\n" }
        return text
    }

    /// One letter a style: what changed and what is selected before the role.
    private static func letter(_ style: Style) -> Character {
        if style.emphasis.contains(.changed) { return "~" }
        switch style.role {
        case .plain: return style.emphasis.contains(.selected) ? ">" : style.emphasis.contains(.bold) ? "b" : " "
        case .clean: return "c"
        case .dirty: return "d"
        case .writeback: return "w"
        case .redirtied: return "r"
        case .violation: return "!"
        case .absent: return "."
        case .chrome: return "-"
        case .title: return "T"
        case .focusedTitle: return "F"
        case .status: return "s"
        case .narration: return "n"
        case .prompt: return "p"
        case .error: return "e"
        }
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ text: String, _ path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        defer { fclose(file) }
        return fputs(text, file) >= 0
    }
}
