/// The panes of a live screen, in the order of their digits.
enum LivePane: Int, CaseIterable, Hashable, Sendable {
    case areas = 1, pages, tracking, log, history, sources

    var shortName: String {
        switch self {
        case .areas: "Vma"
        case .pages: "Pages"
        case .tracking: "Cost"
        case .log: "Log"
        case .history: "Hist"
        case .sources: "Src"
        }
    }
}

/// The player's keys that a live screen has, with what they do here where that is something else.
enum LiveKeys {
    private static let sentences: [Action: String] = [
        .step: "The next sample; at the newest one, take a look at once.",
        .stepBack: "The sample before.",
        .event: "The next sample between which and the one before something happened.",
        .eventBack: "The sample before in which something happened.",
        .run: "The next sample in which any page or VMA is different.",
        .runBack: "The sample before in which any page or VMA is different.",
        .touch: "The next sample in which the selected page is different.",
        .touchBack: "The sample before in which the selected page is different.",
        .first: "The oldest sample that is kept.",
        .last: "The newest sample, and go along with what comes.",
        .play: "Hold the screen, or go along again; a recording plays, or stops. Looking goes on.",
        .faster: "Twice as many looks a second, up to 60; a recording plays twice as fast.",
        .slower: "Half as many looks a second, down to 1; a recording plays half as fast.",
        .normalSpeed: "As it was at the start.",
        .up: "Up in the pane.", .down: "Down in the pane.",
        .pageUp: "Up by a screenful.", .pageDown: "Down by a screenful.",
        .top: "The first row.", .bottom: "The last row.",
        .left: "The watched mapping before.", .right: "The next watched mapping.",
        .nextPane: "Give the keyboard to the next pane.", .previousPane: "Give it to the pane before.",
        .open: "VMAs: show its pages. Else: let the pane fill the screen.",
        .zoom: "Let the pane fill the screen, or return.",
        .onlyChanged: "All pages, or only those that are different from the sample before.",
        .back: "Let the selection follow what happens.",
        .prompt: "Type the number of a sample, +3, -3, 50%, or 'page 12'.",
        .help: "This list.", .quit: "Leave.", .terminal: "",
    ]

    static let actions = Set(sentences.keys)

    private static let words: [Binding] = [
        word("pwuadx", "pte letters", "Present, writable, user, accessed, dirty, executable; ? not revealed, dots: no entry."),
        word("LURDWMAH", "folio letters", "Locked, uptodate, referenced, dirty, writeback, mapped, anonymous, part of a large folio."),
        word("cdw", "cache letters", "In the page cache, and its tags dirty and writeback; ? where the file system has none."),
        word("wp/s", "cost", "Write-protect faults a second: the price of tracking dirty pages."),
        word("stays dirty", "cost", "Mean time from the moment a page gets dirty to the moment it is sent to the disk."),
        word("~", "changed", "In the margin: different from the sample before; the changed letters are reversed."),
    ]

    private static func word(_ sign: String, _ name: String, _ help: String) -> Binding {
        Binding(keys: [], action: .none, name: name, help: help, sign: sign)
    }

    static func entries(_ keys: KeyMap, filter: String) -> [Binding] {
        let wanted = filter.lowercased().split(separator: " ")
        let bindings = keys.bindings.compactMap { binding -> Binding? in
            guard let sentence = sentences[binding.action] else { return nil }
            var entry = binding
            if !sentence.isEmpty { entry.help = sentence }
            switch binding.action {
            case .step: (entry.name, entry.hint) = ("next sample", "next")
            case .stepBack: (entry.name, entry.hint) = ("sample before", "back")
            case .event: (entry.name, entry.hint) = ("next event", "event")
            case .eventBack: (entry.name, entry.hint) = ("event before", "")
            case .run: (entry.name, entry.hint) = ("next change", "change")
            case .runBack: (entry.name, entry.hint) = ("change before", "")
            case .play: (entry.name, entry.hint) = ("hold or go along", "hold")
            case .prompt: (entry.name, entry.hint) = ("go to", "go to")
            default: break
            }
            return entry
        }
        return (bindings + words).filter { entry in
            let text = "\(entry.keyText) \(entry.name) \(entry.help)".lowercased()
            return wanted.allSatisfy { text.contains($0) }
        }
    }
}
