import ArgumentParser
import DirtyScript
import Glibc
import SystemPackage

struct DemosCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demos", abstract: "List the shipped scenarios, a line each.")

    func run() throws {
        let demos = DemoLibrary.demos()
        guard !demos.isEmpty else {
            Output.complain("dirtyscope: no demos found; set DIRTYSCOPE_DEMOS to their folder")
            throw ExitCode.noInput
        }
        let width = demos.map(\.shownPath.count).max() ?? 0
        var group = ""
        for demo in demos {
            if demo.group != group {
                try Output.write((group.isEmpty ? "" : "\n") + demo.group + "\n")
                group = demo.group
            }
            let blanks = String(repeating: " ", count: width - demo.shownPath.count)
            try Output.write("  \(printable(demo.shownPath))\(blanks)  \(printable(demo.title))\n")
        }
    }
}

/// A shipped scenario.
struct Demo {
    /// The folder it stands in: basics, bugs, recorded …
    let group: String
    let path: String
    /// The path as a person would type it from here.
    let shownPath: String
    let title: String
    /// It says `expect invariants`: nothing goes wrong in it.
    let isSound: Bool
}

/// Finds the shipped scenarios: in DIRTYSCOPE_DEMOS; above the program, in its checkout or where an
/// installation puts them; above the current folder; in the system's folders for such things.
enum DemoLibrary {
    static func folder() -> FilePath? {
        if let named = getenv("DIRTYSCOPE_DEMOS") { return FilePath(String(cString: named)) }
        return program.flatMap { folder(above: $0.removingLastComponent()) }
            ?? folder(above: FilePath(workingFolder()))
            ?? sharedFolders.lazy.map { $0.appending("dirtyscope/Demos") }.first(where: holdsDemos)
    }

    /// `Demos` of a checkout, or `share/dirtyscope/Demos` of an installation: PREFIX/bin has the
    /// program.
    private static func folder(above start: FilePath) -> FilePath? {
        var parent = start
        while true {
            for name in ["Demos", "share/dirtyscope/Demos"] {
                let candidate = parent.appending(name)
                if holdsDemos(candidate) { return candidate }
            }
            if parent.components.isEmpty { return nil }
            parent = parent.removingLastComponent()
        }
    }

    private static var program: FilePath? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard length > 0 else { return nil }
        let bytes = buffer[..<length].map { UInt8(bitPattern: $0) }
        return FilePath(String(decoding: bytes, as: UTF8.self))
    }

    /// XDG_DATA_DIRS, and what it is where nobody has set it.
    private static var sharedFolders: [FilePath] {
        let named = getenv("XDG_DATA_DIRS").map { String(cString: $0) } ?? ""
        let folders = named.isEmpty ? "/usr/local/share:/usr/share" : named
        return folders.split(separator: ":").map { FilePath(String($0)) }
    }

    /// A folder that is called Demos may be anybody's.
    private static func holdsDemos(_ path: FilePath) -> Bool { isFolder(path.appending("basics")) }

    /// All demos, group by group: basics, the review, the bugs, then the others.
    static func demos() -> [Demo] {
        guard let folder = folder() else { return [] }
        let here = workingFolder()
        let order = ["basics", "review", "bugs", "races", "recorded"]
        let groups = entries(of: folder).sorted {
            (order.firstIndex(of: $0) ?? order.count, $0) < (order.firstIndex(of: $1) ?? order.count, $1)
        }
        return groups.flatMap { group in
            let names = entries(of: folder.appending(group)).filter { $0.hasSuffix(".demo") }
            let demos = names.map { name in
                let path = folder.appending(group).appending(name).string
                let shown = path.hasPrefix(here + "/") ? String(path.dropFirst(here.count + 1)) : path
                let (title, isSound) = contents(of: path)
                return Demo(group: group, path: path, shownPath: shown, title: title, isSound: isSound)
            }
            return demos.map { (place(of: $0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// The basics as a course: none comes before one that it builds on.
    static let course = [
        "first-store", "before-tracking", "writeback-rearms", "two-processes", "threads", "durability", "msync-before",
        "msync-after", "mprotect-and-back", "truncate", "mremap", "private-and-fork", "populate", "fault-around", "large-folio",
        "dirty-limit", "dirty-limit-forgotten", "journalled-data", "xfs", "nfs", "tmpfs", "ramfs", "devices", "nonlinear",
        "poke-2.6.20", "poke", "pins",
    ]

    /// What a group is sorted by: the course; what is not in it by number, `b01-` or `s03a-`; of the
    /// demos of one number those in which something goes wrong before those that say `expect
    /// invariants`, so that the answer never comes before its question; by name.
    private static func place(of demo: Demo) -> (Int, String, Int, String) {
        let name = FilePath(demo.path).stem ?? ""
        let prefix = name.prefix { $0 != "-" }
        // Without a digit it is no number, but the first word of a name.
        let number = prefix.dropFirst().first?.isNumber == true ? String(prefix) : name
        return (course.firstIndex(of: name) ?? course.count, number, demo.isSound ? 1 : 0, name)
    }

    private static func contents(of path: String) -> (title: String, isSound: Bool) {
        // A pipe among the demos would be waited for without end.
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return ("(no file)", false) }
        guard let scenario = try? ScenarioLoader.parse(path, complains: false) else { return ("(in error)", false) }
        let isSound = scenario.statements.contains { $0.command == .expect(.invariant(nil)) }
        return (scenario.title, isSound)
    }

    private static func workingFolder() -> String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    private static func isFolder(_ path: FilePath) -> Bool {
        guard let handle = opendir(path.string) else { return false }
        closedir(handle)
        return true
    }

    private static func entries(of path: FilePath) -> [String] {
        guard let handle = opendir(path.string) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
