import DirtyScript

// The palette: everything that can be done, found by its name.

extension Player {
    /// The entries that a filter leaves: each of its words stands in the name or in the sentence, and
    /// those with all of them in the name come first.
    func paletteEntries(_ filter: String) -> [Binding] {
        let words = filter.lowercased().split(separator: " ")
        func matches(_ text: String) -> Bool {
            let text = text.lowercased()
            return words.allSatisfy { text.contains($0) }
        }
        let found = everything.filter { matches("\($0.name) \($0.help)") }
        return found.filter { matches($0.name) } + found.filter { !matches($0.name) }
    }

    private var everything: [Binding] {
        let commands = keys.bindings.filter { $0.action != .terminal && $0.action != .palette }
        let chapters = outline.chapters.enumerated().map { index, chapter in
            entry("chapter \(index + 1): \(printable(chapter.title))", "Go to step \(chapter.position).", "\(chapter.position)")
        }
        let panes = Pane.allCases.filter { $0.digit == nil }.map { pane in
            Binding(keys: [], action: .pane(pane), name: "pane \(pane.fullName)", help: "Give the keyboard to the pane.")
        }
        let settings = Self.settings.flatMap { setting in
            setting.values.map { entry("\(setting.name) \($0)", "Set it for now.", "set \(setting.name) \($0)") }
        }
        let legend = entry("legend of glyphs, letters and colours", "Show every sign of every pane as it looks, with what it means.", "legend")
        return commands + [legend] + chapters + panes + settings
    }

    private func entry(_ name: String, _ help: String, _ line: String) -> Binding {
        Binding(keys: [], action: .submit(line), name: name, help: help)
    }
}
