import Foundation
import Testing

@testable import DirtyView

/// The README's list of keys against the table that the player reads.
@Suite struct ManualTests {
    /// The keys in the first column of the README's table of keys.
    private static func namedKeys() throws -> Set<String> {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
            .replacing("`1`…`9`", with: "`1 2 3 4 5 6 7 8 9`")
        let section = try #require(text.split(separator: "\n## ").first { $0.hasPrefix("Keys\n") })
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| ") }
        let cells = rows.compactMap { $0.split(separator: "|").first }
        // A key stands between back-quotes, several of them with blanks in between.
        return Set(cells.flatMap { $0.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 } }
            .flatMap { $0.element.split(separator: " ").map(String.init) })
    }

    @Test func theReadmeNamesAKeyForEveryAction() throws {
        let named = try Self.namedKeys()
        for binding in KeyTable.bindings {
            #expect(
                binding.keys.contains { named.contains($0.description) },
                "\(binding.name): \(binding.keyText)")
        }
    }

    @Test func theReadmeNamesNoOtherKey() throws {
        let known = Set(KeyTable.bindings.flatMap { $0.keys.map(\.description) })
        for key in try Self.namedKeys() { #expect(known.contains(key), "\(key)") }
    }
}
