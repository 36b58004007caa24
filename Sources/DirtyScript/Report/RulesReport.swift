import DirtyMachine

/// The table of switches, for people and for programs.
public enum RulesReport {
    /// A row for each switch, its sentence below it.
    public static func table() -> [String] {
        let heading = ["", "rule"] + Profile.allCases.map(\.rawValue)
        let rows = Switch.all.map { knob in
            [knob.id, knob.name] + Profile.allCases.map { word(knob, $0) }
        }
        let widths = heading.indices.map { column in
            ([heading] + rows).map { $0[column].count }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            return trimmed(padded.joined(separator: "  "))
        }
        let indent = String(repeating: " ", count: widths[0] + 2)
        return [line(heading)]
            + zip(Switch.all, rows).flatMap { [line($1), indent + $0.meaning] }
    }

    /// Everything about one switch.
    public static func details(of knob: Switch) -> [String] {
        var lines = [(knob.id.isEmpty ? "" : knob.id + "  ") + knob.name, "  " + knob.meaning]
        lines.append("  can be: \(knob.expected)")
        let width = Profile.allCases.map(\.rawValue.count).max() ?? 0
        for profile in Profile.allCases {
            let name = profile.rawValue
            let blanks = String(repeating: " ", count: width - name.count)
            lines.append("  \(name)\(blanks)  \(sentence(knob, profile))")
        }
        return lines
    }

    /// One object with all switches, or with those given.
    public static func json(_ switches: [Switch] = Switch.all) -> String {
        var writer = JSONWriter()
        writer.object([
            (
                "rules",
                { json in
                    json.array(switches) { json, knob in json.object(members(of: knob)) }
                }
            )
        ])
        return writer.text
    }

    private static func members(of knob: Switch) -> [(String, (inout JSONWriter) -> Void)] {
        [
            ("id", { knob.id.isEmpty ? $0.null() : $0.string(knob.id) }),
            ("rule", { $0.string(knob.name) }),
            ("meaning", { $0.string(knob.meaning) }),
            ("values", { json in json.string(knob.expected) }),
            (
                "profiles",
                { json in
                    json.object(
                        Profile.allCases.map { profile in
                            (
                                profile.rawValue,
                                { (json: inout JSONWriter) in
                                    switch knob.standing(in: profile) {
                                    case .value(let word): json.string(word)
                                    case .meaningless: json.null()
                                    }
                                }
                            )
                        })
                }
            ),
            (
                "no_meaning",
                { json in
                    json.object(
                        Profile.allCases.compactMap { profile in
                            guard case .meaningless(let why) = knob.standing(in: profile) else { return nil }
                            return (profile.rawValue, { (json: inout JSONWriter) in json.string(why) })
                        })
                }
            ),
        ]
    }

    private static func word(_ knob: Switch, _ profile: Profile) -> String {
        switch knob.standing(in: profile) {
        case .value(let word): word
        case .meaningless: "-"
        }
    }

    private static func sentence(_ knob: Switch, _ profile: Profile) -> String {
        switch knob.standing(in: profile) {
        case .value(let word): word
        case .meaningless(let why): "- \(why)"
        }
    }

    private static func trimmed(_ text: String) -> String {
        guard let last = text.lastIndex(where: { $0 != " " }) else { return "" }
        return String(text[...last])
    }
}
