extension KeyTable {
    /// The keys that ask what can still happen.
    static let exploring = [
        Binding(
            keys: [.character("x")], action: .explore, name: "explore",
            help: "Try every interleaving from here, in the background; x or Esc ends it. Enter goes along a schedule that it finds.",
            hint: "explore", panes: [.tasks]),
        Binding(
            keys: [.character("L")], action: .canLose, name: "can lose",
            help: "Can a write still be lost from here? It says yes or no, not how; in the list of who could move, x asks the same."),
        Binding(
            keys: [.character("X")], action: .leaveSchedule, name: "leave schedule",
            help: "Come back from a schedule to where you were; :schedule lists its steps."),
    ]
}
