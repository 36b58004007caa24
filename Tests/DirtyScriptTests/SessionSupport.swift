import DirtyMachine
import Foundation
import Testing

@testable import DirtyScript

/// A session on a scenario, which has to parse.
func session(
    _ text: String, kernel: Profile? = nil, rules: [RuleOverride] = []
) throws -> Session {
    let scenario = try ScenarioParser.parse(text, name: "test.demo", rules: .machine).get()
    return try Session(scenario, kernel: kernel, rules: rules)
}

/// A scenario played to its end.
struct Played {
    var session: Session
    var end: RunEnd
    var conclusions: [Conclusion] = []
    /// The JSON report, line by line.
    var reports: [String] = []

    init(_ text: String, kernel: Profile? = nil) throws {
        try self.init(try DirtyScriptTests.session(text, kernel: kernel))
    }

    init(_ start: Session) throws {
        session = start
        end = .finished
        var (conclusions, reports): ([Conclusion], [String]) = ([], [])
        end = session.run { conclusion, session in
            conclusions.append(conclusion)
            if let line = JSONReport.line(conclusion, in: session) { reports.append(line) }
        }
        (self.conclusions, self.reports) = (conclusions, reports)
    }

    /// What stopped it before its end, if anything, and where.
    var problem: Diagnostic? {
        if case .stuck(let problem) = end { problem } else { nil }
    }
    var complaint: String? { problem?.message }
    var place: DirtyScript.SourceLocation? { problem?.location }

    /// What operations came to, in their order: outcome, value and faults.
    var results: [TaskResult] { conclusions.compactMap(\.result) }
    var outcomes: [String] { results.map(\.outcome.name) }
    var expectations: [ExpectationResult] { conclusions.compactMap(\.expectation) }

    /// The report of the operation in that line.
    func report(line: Int) throws -> [String: Any] {
        let text = try #require(reports.first { $0.hasPrefix("{\"line\":\(line),") })
        return try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// `ptes` of a process after the operation in that line.
    func entries(_ process: String, line: Int) throws -> [String: [String?]] {
        let ptes = try #require(try self.process(process, line: line)["ptes"] as? [String: [Any]])
        return ptes.mapValues { $0.map { $0 as? String } }
    }

    /// `vmas` of a process after the operation in that line: mapping, first, pages, start.
    func pieces(_ process: String, line: Int) throws -> [String] {
        let vmas = try #require(try self.process(process, line: line)["vmas"] as? [[String: Any]])
        return vmas.map { "\($0["mapping"]!) \($0["first"]!) \($0["pages"]!) \($0["start"]!)" }
    }

    func process(_ name: String, line: Int) throws -> [String: Any] {
        let processes = try report(line: line)["processes"] as? [String: [String: Any]]
        return try #require(processes?[name])
    }
}

/// The shipped scenarios.
enum Shipped {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path() + "Demos/"

    static let names: [String] = {
        let paths = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".demo") }.sorted()
    }()

    static func session(_ name: String) throws -> Session {
        let bytes = try #require(FileManager.default.contents(atPath: folder + name))
        return try Session(ScenarioParser.parse(Array(bytes), name: name, rules: .machine).get())
    }
}
