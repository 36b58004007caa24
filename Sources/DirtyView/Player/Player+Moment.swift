import DirtyScript

// A link to a moment: how many steps, and what to look at.

extension Player {
    /// Begins the show after so many moves.
    public mutating func begin(at position: Int) {
        go(to: position)
        goAllTheWay()
        message = nil
    }

    /// Gives the keyboard to a pane of that name, or selects what `focus` of the language names, as
    /// `A m[0]` or `db[3]`. Returns what is wrong, if anything.
    public mutating func look(at name: String) -> String? {
        if let pane = Pane.named(name) {
            focus(on: pane)
            return nil
        }
        var declarations = session.declarations
        switch declarations.parseLine("focus " + name, number: 1) {
        case .success(let statement):
            guard case .focus(let process, let operand)? = statement?.command else { return "'\(name)' is no place" }
            select(process, operand)
            return nil
        case .failure(let diagnostics):
            let panes = Pane.allCases.map { "\($0)" }.joined(separator: ", ")
            return (diagnostics.list.first?.sentence ?? "'\(name)' is no place") + "; or a pane: " + panes
        }
    }

    /// Selects a page of a process's mapping, or of a file.
    mutating func select(_ process: String?, _ operand: Operand) {
        chosen = Selection(
            target: process.map { .mapping(process: $0, name: operand.name) } ?? .file(operand.name),
            page: operand.range?.lowerBound ?? 0)
    }
}
