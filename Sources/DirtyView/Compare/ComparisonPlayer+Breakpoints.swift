import DirtyScript

// Break points of a comparison: any kernel that runs into one stops all of them.

extension ComparisonPlayer {
    /// Looks out from the present moment; nil where there is nothing to look out for.
    func watch() -> [BreakpointWatch]? {
        breakpoints.isEmpty ? nil : comparison.sides.map { BreakpointWatch(breakpoints, $0) }
    }

    /// What the latest step has run into, with the kernel that did.
    func hitTexts(_ watch: inout [BreakpointWatch]) -> [String] {
        comparison.moved.flatMap { side in
            watch[side].hits(after: comparison.sides[side]).map { "\(comparison.kernels[side].name): \($0.text)" }
        }
    }

    func hitTexts(_ watch: [BreakpointWatch]) -> [String] {
        var watch = watch
        return hitTexts(&watch)
    }

    mutating func tell(_ hits: [String]) {
        if !hits.isEmpty, message == nil { say("stopped at " + hits.joined(separator: "; ")) }
    }

    mutating func say(_ text: String) { message = Player.Message(text: text) }

    /// On the selected page, or no more.
    mutating func toggleBreakpoint() {
        guard let item = selection?.item else { return complain("nothing is selected") }
        if let known = breakpoints.breakpoint(.item(item)) {
            breakpoints.remove(known.number)
            say("breakpoint \(known.number) is gone: \(known.text)")
        } else {
            set(.item(item), "watch \(item.text)")
        }
    }

    private mutating func set(_ kind: Breakpoint.Kind, _ text: String) {
        let new = breakpoints.add(kind, text)
        say("breakpoint \(new.number) set: \(printable(text))   c runs to it, :delete \(new.number) takes it out")
    }

    // MARK: Typed

    mutating func pressInPrompt(_ key: Key) {
        guard var editor = prompt else { return }
        switch key {
        case .escape: prompt = nil
        case .backspace where editor.text.isEmpty: prompt = nil
        case .enter:
            prompt = nil
            enter(editor.text)
        default:
            _ = editor.press(key)
            prompt = editor
        }
    }

    private mutating func enter(_ line: String) {
        message = nil
        let words = line.split(separator: " ").map(String.init)
        let rest = words.dropFirst().joined(separator: " ")
        // Names are the scenario's, and so the same under every kernel.
        guard let session = comparison.sides.first, let first = words.first else { return }
        switch first {
        case "break":
            switch session.breakpoint(rest) {
            case .success(let kind): set(kind, "break \(rest)")
            case .failure(let complaint): complain(complaint.text)
            }
        case "watch":
            switch session.item(rest) {
            case .success(let item): set(.item(item), "watch \(rest)")
            case .failure(let complaint): complain(complaint.text)
            }
        case "delete" where rest == "all":
            breakpoints.removeAll()
            say("no break points any more")
        case "delete":
            guard let number = Int(rest), breakpoints.remove(number) else { return complain("delete N or delete all; breaks lists the numbers") }
            say("breakpoint \(number) is gone")
        case "breaks":
            say(breakpoints.isEmpty ? "no break points" : breakpoints.all.map { "\($0.number) \(printable($0.text))" }.joined(separator: "   "))
        default: complain("a comparison takes break, watch, delete and breaks")
        }
    }
}
