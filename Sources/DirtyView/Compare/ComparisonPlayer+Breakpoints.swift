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
        case .tab:
            complete(&editor)
            prompt = editor
        default:
            message = nil
            _ = editor.press(key)
            prompt = editor
        }
    }

    private static let words = ["break", "breaks", "delete", "help", "quit", "watch"]

    private mutating func complete(_ editor: inout LineEditor) {
        message = nil
        let found = Self.words.filter { $0.hasPrefix(editor.text) && !editor.text.isEmpty }
        switch found.count {
        case 0: say("nothing to complete here")
        case 1: editor.replace(0..<editor.scalars.count, with: found[0] + " ")
        default: say(found.joined(separator: "  "))
        }
    }

    /// Goes to a step, `12`, `+3` or `-3`. False if it is none.
    private mutating func go(_ word: String) -> Bool {
        guard let number = Int(word), abs(number) < 1 << 40 else { return false }
        let target = max(0, word.hasPrefix("+") || word.hasPrefix("-") ? comparison.position + number : number)
        if target > comparison.position { forward(to: .position(target)) } else { back(to: target) }
        return true
    }

    private mutating func enter(_ line: String) {
        message = nil
        let words = Synonyms.line(for: line.split(separator: " ").map(String.init)) ?? line.split(separator: " ").map(String.init)
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
        case "q", "quit": isFinished = true
        case "help": help = Help(filter: rest, row: 0)
        case _ where words.count == 1 && go(first): break
        case _ where words.count == 1 && perform(named: first): break
        default:
            complain("a comparison takes a step (12, +3), a key's name, break, watch, delete, breaks, help and quit; other commands are for 'dirtyscope play'")
        }
    }
}
