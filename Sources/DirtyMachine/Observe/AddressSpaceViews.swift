// What a comparison with another address space needs: VMAs as they are, whatever their names.

/// A VMA: bounds in virtual page numbers, flags, and the file pages that it maps.
public struct VMAView: Hashable, Sendable {
    public let pages: Range<Int>
    public let flags: VMFlags
    /// None for private anonymous memory.
    public let file: Ref<File>
    public let pgoff: Int
    public let vma: Ref<VMA>
}

extension Machine {
    /// The first mapping of an address space ends just below this virtual page.
    public static var topPage: Int { State.topPage }

    /// The serial number that the next store without a value of its own writes.
    public var nextSerial: Int { self[State.system, .nextSerial] }

    /// The VMAs of a process, lowest address first.
    public func vmaViews(of process: Ref<Process>) -> [VMAView] {
        vmas(of: process).map { vma in
            VMAView(
                pages: self[vma, .start]..<self[vma, .end], flags: self[vma, .flags],
                file: self[vma, .file], pgoff: self[vma, .pgoff], vma: vma)
        }
    }

    /// Where a page that an mremap under way has moved to `vpn` was before.
    public func addressBeforeMove(of vpn: Int, by task: Ref<Task>) -> Int {
        vpn - self[task, .newAddress] + self[task, .first]
    }
}
