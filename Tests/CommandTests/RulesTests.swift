import Foundation
import Testing

/// `dirtyscope rules`.
@Suite struct RulesTests {
    @Test func theTableHasARowForEachSwitch() throws {
        let result = try Dirtyscope.run(["rules"])
        #expect(result.status == 0)
        let lines = result.text.split(separator: "\n").map(String.init)
        #expect(lines[0].split(separator: " ").map(String.init) == [
            "rule", "2.6.18", "as-posted", "2.6.19", "2.6.20", "6.18",
        ])
        let row = try #require(lines.first { $0.contains("prot-policy") })
        #expect(row.split(separator: " ").map(String.init) == [
            "S05", "prot-policy", "overwrite", "strip", "keep", "keep", "modify",
        ])
        #expect(lines.allSatisfy { $0.count <= 110 })
    }

    @Test func oneSwitchSaysWhyItMeansNothing() throws {
        let result = try Dirtyscope.run(["rules", "S20"])
        #expect(result.status == 0)
        #expect(result.text.contains("mkclean-flush"))
        #expect(result.text.contains("2.6.18     - 2.6.18 has no page_mkclean()"))
    }

    @Test func jsonIsOneObject() throws {
        let result = try Dirtyscope.run(["rules", "--format", "json"])
        let object = try JSONSerialization.jsonObject(with: Data(result.text.utf8)) as? [String: Any]
        let rules = try #require(object?["rules"] as? [[String: Any]])
        #expect(rules.count > 30)
        let flush = try #require(rules.first { $0["rule"] as? String == "mkclean-flush" })
        let profiles = try #require(flush["profiles"] as? [String: Any])
        #expect(profiles["2.6.18"] is NSNull)
        #expect(profiles["6.18"] as? String == "right")
    }

    @Test func anUnknownRuleIsSuggested() throws {
        let result = try Dirtyscope.run(["rules", "mkclean-flsh"])
        #expect(result.status == 64)
        #expect(result.errors.contains("did you mean 'mkclean-flush'?"))
    }
}
