import Foundation
import Testing

@testable import DirtyMachine

/// The page that explains the codes of the steps' titles.
@Suite struct StepPageTests {
    /// Code and functions of each row of its tables.
    private static let rows: [(code: String, functions: String)] = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try? String(contentsOf: root.appending(path: "docs/steps.md"), encoding: .utf8)
        return (text ?? "").split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3, cells[0].hasPrefix("`"), cells[0].hasSuffix("`") else { return nil }
            return (String(cells[0].dropFirst().dropLast()), cells[1])
        }
    }()

    private static let codes: Set<String> = {
        var codes: Set<String> = []
        for generation in [Rules.Generation.v2_6, .v6] {
            for function in KernelFunction.allCases {
                let titles = StepTitle.titles(of: function, generation)
                codes.formUnion(titles.filter { !$0.text.isEmpty }.map(\.label))
            }
        }
        return codes.subtracting([""])
    }()

    @Test func `every code of a title has one row, and every row a title`() {
        #expect(Self.codes.count > 50)
        #expect(Set(Self.rows.map(\.code)) == Self.codes)
        #expect(Self.rows.count == Self.codes.count)
    }

    /// Names in the table are names as the call path shows them.
    @Test func `functions are called as the simulator calls them`() {
        for row in Self.rows {
            let names = row.functions.split(separator: "`", omittingEmptySubsequences: false)
                .enumerated().filter { $0.offset % 2 == 1 }
            for name in names.map({ String($0.element) }) {
                #expect(KernelFunction.named(name) != nil, "\(row.code): \(name)")
            }
        }
    }
}
