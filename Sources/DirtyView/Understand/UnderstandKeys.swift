extension KeyTable {
    private static func key(_ scalar: Unicode.Scalar) -> Key { .character(scalar) }

    /// The keys that ask why, where and what.
    static let understanding = [
        Binding(
            keys: [key("b"), .function(9)], action: .breakpoint, name: "break point",
            help: "Set a break point on what is selected, a watch point on a thing, or take it out; :break and :watch take words.",
            hint: "break"),
        Binding(
            keys: [key("B")], action: .breakpoints, name: "break points",
            help: "List the break points: Enter turns one on or off, x takes it out."),
        Binding(
            keys: [key("w")], action: .why, name: "why",
            help: "Why is what is selected as it is? The chain of causes; Enter goes to one, Left and Right ask about other bits.",
            hint: "why"),
        Binding(
            keys: [key("d")], action: .difference, name: "differences",
            help: "What has changed since the mark set last; without one, what the latest run or command has done. Left and Right choose.",
            hint: "diff"),
        Binding(
            keys: [key("0")], action: .otherPanes, name: "other panes",
            help: "The next set of panes: what a step does, what becomes of the page, who gets in whose way; :pane NAME shows one.",
            hint: "panes"),
        Binding(
            keys: [key("i")], action: .pane(.invariants), name: "invariants",
            help: "Give the keyboard to the invariants."),
        Binding(
            keys: [key("m")], action: .mark, name: "mark", help: "Set a bookmark at this step: a letter follows."),
        Binding(
            keys: [key("'")], action: .goToMark, name: "go to mark",
            help: "Go to a bookmark: its letter follows; '' goes back from the latest jump."),
    ]
}
