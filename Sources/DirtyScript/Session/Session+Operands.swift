import DirtyMachine

// Operands of the operation that comes next, for those who carry it out elsewhere as well.

extension Session {
    /// The virtual page numbers that an operand names in a process; nil where no such mapping is.
    public func pages(of operand: Operand, in process: String) -> ClosedRange<Int>? {
        try? addresses(operand, process)
    }

    /// The file indices that an operand names: the range given, or all of the file as it is now.
    public func indices(of operand: Operand) -> ClosedRange<Int>? {
        machine.file(named: operand.name).map { indices(operand, of: $0) }
    }
}
