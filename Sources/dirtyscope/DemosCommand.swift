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
            names(in: folder.appending(group)).map { name in
                let path = folder.appending(group).appending(name).string
                return Demo(
                    group: group, path: path,
                    shownPath: path.hasPrefix(here + "/") ? String(path.dropFirst(here.count + 1)) : path,
                    title: title(of: path))
            }
        }
    }

    /// A group's scenarios: what a newcomer should read first, then the others by name.
    private static func names(in group: FilePath) -> [String] {
        let first = ["first-store", "before-tracking", "writeback-rearms", "two-processes"].map { $0 + ".demo" }
        return entries(of: group).filter { $0.hasSuffix(".demo") }.sorted {
            (first.firstIndex(of: $0) ?? first.count, $0) < (first.firstIndex(of: $1) ?? first.count, $1)
        }
    }

    private static func title(of path: String) -> String {
        // A pipe among the demos would be waited for without end.
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return "(no file)" }
        guard let scenario = try? ScenarioLoader.parse(path, complains: false) else { return "(in error)" }
        return scenario.title
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
