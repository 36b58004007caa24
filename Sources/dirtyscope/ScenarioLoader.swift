import ArgumentParser
import DirtyMachine
import DirtyScript
import SystemPackage

/// From a path to a session ready to play. Problems are printed where they belong, and leave as
/// the exit status that the contract names.
enum ScenarioLoader {
    /// A scenario is text that people write; what is larger is something else.
    static let sizeLimit = 256 << 20

    /// `hasScreen` is true where a terminal's screen is drawn on already.
    static func load(
        _ path: String, kernel: Profile?, rules: [RuleOverride], hasScreen: Bool = false
    ) throws -> Session {
        let bytes = try bytes(of: path)
        let notice = LoadingNotice(path == "-" ? "standard input" : path, bytes: bytes.count, hasScreen: hasScreen)
        defer { notice.end() }
        let scenario = try parse(bytes, of: path)
        notice.tell("preparing \(scenario.statements.count) lines")
        return try session(scenario, kernel: kernel, rules: rules)
    }

    static func session(
        _ scenario: Scenario, kernel: Profile? = nil, rules: [RuleOverride] = []
    ) throws -> Session {
        try checked { () throws(Diagnostics) in
            try Session(scenario, kernel: kernel, rules: rules)
        }
    }

    /// What a scenario is made into, or the exit status of its problem, which is printed.
    static func checked<T>(_ make: () throws(Diagnostics) -> T) throws -> T {
        do throws(Diagnostics) {
            return try make()
        } catch {
            Output.complain(error.description)
            throw error.list.first?.file == "--rule" ? ExitCode(64) : ExitCode.dataError
        }
    }

    /// Reads and parses; `-` is standard input.
    static func parse(_ path: String, complains: Bool = true) throws -> Scenario {
        try parse(try bytes(of: path, complains: complains), of: path, complains: complains)
    }

    private static func bytes(of path: String, complains: Bool = true) throws -> [UInt8] {
        do {
            return try read(path)
        } catch let error as Errno {
            if complains { Output.complain("dirtyscope: cannot read '\(printable(path))': \(error)") }
            throw ExitCode.noInput
        }
    }

    private static func parse(_ bytes: [UInt8], of path: String, complains: Bool = true) throws -> Scenario {
        switch ScenarioParser.parse(bytes, name: path == "-" ? "stdin" : path, rules: .machine) {
        case .success(let scenario): return scenario
        case .failure(let diagnostics):
            if complains { Output.complain(diagnostics.description) }
            throw ExitCode.dataError
        }
    }

    static func read(_ path: String) throws -> [UInt8] {
        if path == "-" { return try contents(of: .standardInput) }
        let file = try FileDescriptor.open(FilePath(path), .readOnly)
        return try file.closeAfter { try contents(of: file) }
    }

    private static func contents(of file: FileDescriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            if bytes.count > sizeLimit { throw Errno.fileTooLarge }
        }
    }

    /// What `play` opens when it is given no file: a file, a process and a prompt.
    static func sandbox(_ options: KernelOptions) throws -> Session {
        let text = """
            title "Sandbox"
            file db 4 ext4 cached
            process A
            process B
            say "A sandbox: one file, two processes. Type ':' and a command, such as  A mmap m db rw shared  \
            or  A write m[0].  '?' lists the keys."
            """
        guard case .success(let scenario) = ScenarioParser.parse(text, name: "sandbox", rules: .machine)
        else { throw ExitCode.failure }
        return try session(scenario, kernel: options.kernel, rules: options.rules)
    }
}
