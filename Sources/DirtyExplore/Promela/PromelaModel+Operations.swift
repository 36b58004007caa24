import DirtyMachine
import DirtyScript

// Lines of a scenario as calls of the library.

extension PromelaModel {
    /// A line, as statements; a process that has been killed does nothing any more.
    func promela(_ statement: Statement, serial: Int) throws(Diagnostics) -> String {
        guard case .operation(let operation) = statement.command else {
            throw refusal(statement, "'\(statement.text)'", "operations")
        }
        guard let calls = calls(operation, serial: serial) else {
            throw refusal(statement, "'\(statement.text)'", "the operations of docs/explore.md")
        }
        let body = calls.joined(separator: "; ")
        let comment = "  /* \(statement.location.line): \(commentSafe(statement.text)) */\n"
        guard let actor = operation.actor, let space = space(of: actor) else { return comment + "  \(body);\n" }
        return comment + "  if :: !dead[\(space)] -> \(body) :: else fi;\n"
    }

    /// nil where the model does not know the operation.
    private func calls(_ operation: Operation, serial: Int) -> [String]? {
        switch operation {
        case .write(let p, let operand, let value):
            guard let space = space(of: p), let slots = slots(of: operand, in: p), isShared(operand, p)
            else { return nil }
            return slots.enumerated().map { number, slot in
                "store(\(cpu(of: p)), \(space), \(slot), \(Self.value(value, serial + number)))"
            }
        case .munmap(let p, let operand): return call("munmap", p, operand)
        case .madviseDontneed(let p, let operand): return call("madvise", p, operand)
        case .msync(let p, let operand, .sync) where isShared(operand, p): return call("msync", p, operand)
        case .mprotect(let p, let operand, let protection) where protection.contains(.read):
            return call("mprotect", p, operand, protection.contains(.write) ? "1" : "0")
        case .mremap(let p, let name, _):
            guard let space = space(of: p), let to = moved[name],
                let slots = slots(of: Operand(name: name), in: p), slots.count == 1
            else { return nil }
            return ["mremap(\(space), \(slots.lowerBound), \(to))"]
        case .fork(let p, let child, _):
            guard let space = space(of: p), let other = self.space(of: child) else { return nil }
            return ["fork(\(space), \(other))"]
        case .poke(_, let q, let operand, let value):
            guard let space = space(of: q), let slots = slots(of: operand, in: q), slots.count == 1,
                !isShared(operand, q)
            else { return nil }
            return ["poke(\(space), \(slots.lowerBound), \(Self.value(value, serial)))"]
        case .pinwrite(let p, let operand, let value):
            return pages(operand, p)?.enumerated().map { "pinwrite(\($1), \(Self.value(value, serial + $0)))" }
        case .unpin(let p, let operand): return pages(operand, p)?.map { "unpin(\($0))" }
        case .fsync(_, let name) where name == file.name: return ["fsync()"]
        case .ftruncate(_, let name, let size) where name == file.name && size < file.pages:
            return ["ftruncate(\(size))"]
        case .pwrite(_, let operand, let value):
            return indices(operand)?.enumerated().map { "pwrite(\($1), \(Self.value(value, serial + $0)))" }
        case .pread(_, let operand): return indices(operand)?.map { "pread(\($0))" }
        case .writeback(let operand, false):
            return indices(operand).map { ["write_pages(\($0.lowerBound), \($0.upperBound))"] }
        case .writeback(let operand, true):
            return indices(operand).map { ["submit_pages(\($0.lowerBound), \($0.upperBound), LEAVE)"] }
        case .journal(let name) where name == file.name: return ["journal()"]
        case .strip(let operand): return indices(operand)?.map { "strip(\($0))" }
        case .reclaim(let operand) where file.fileSystem == "tmpfs":
            return indices(operand)?.map { "reclaim(\($0))" }
        default: return nil
        }
    }

    private static func value(_ value: UInt32?, _ serial: Int) -> String {
        String(Int32(bitPattern: value ?? UInt32(truncatingIfNeeded: serial)))
    }

    private func call(_ name: String, _ p: String, _ operand: Operand, _ more: String? = nil) -> [String]? {
        guard let space = space(of: p), let slots = slots(of: operand, in: p) else { return nil }
        let last = more.map { ", " + $0 } ?? ""
        return ["\(name)(\(space), \(slots.lowerBound), \(slots.upperBound)\(last))"]
    }

    /// Pages of the file.
    private func indices(_ operand: Operand) -> ClosedRange<Int>? {
        let range = operand.range ?? 0...file.pages - 1
        return operand.name == file.name && range.upperBound < file.pages ? range : nil
    }

    /// The file pages that a mapping shows where the race begins.
    private func pages(_ operand: Operand, _ p: String) -> [Int]? {
        guard let process = machine.process(named: p), let mapping = machine.mapping(named: operand.name, of: process),
            let (_, count) = machine.extent(of: mapping)
        else { return nil }
        let views = (operand.range ?? 0...count - 1).map { machine.page($0, of: mapping, in: process) }
        return views.allSatisfy { $0.file == fileRef } ? views.map(\.fileIndex) : nil
    }

    private func isShared(_ operand: Operand, _ p: String) -> Bool {
        let parent = children.first { $0.name == p }?.parent ?? space(of: p)
        guard let parent, parent < spaces.count, let slots = slots(of: operand, in: p) else { return false }
        let owner = machine.owner(of: spaces[parent])
        return machine.vmaViews(of: owner).allSatisfy { view in
            view.flags.contains(.shared) || !slots.contains { view.pages.contains(self.slots[parent][$0]) }
        }
    }

    // MARK: Expectations

    func assertion(_ expectation: Expectation, _ statement: Statement) throws(Diagnostics) -> String {
        let condition: String? =
            switch expectation {
            case .lost(let count): "lost == \(count)"
            case .counter("nr_dirty", let comparison, let number): "nr_dirty \(comparison.rawValue) \(number)"
            case .value(let value?): "loaded == \(Int32(bitPattern: value))"
            case .disk(let operand, let value):
                indices(operand).map { range in
                    range.map { "vdisk[\($0)] == \(Int32(bitPattern: value))" }.joined(separator: " && ")
                }
            case .invariant(let name?):
                switch Invariant.named(name) {
                case .mkwrite: "!broken_mkwrite"
                // They are asserted all the time.
                case .noLostWrite, .durability, .noSilentChange: "true"
                default: nil
                }
            default: nil
            }
        guard let condition else {
            throw refusal(statement, "'\(statement.text)'", "lost, nr_dirty, value, disk, invariant mkwrite")
        }
        return "  assert(\(condition));\n"
    }
}
