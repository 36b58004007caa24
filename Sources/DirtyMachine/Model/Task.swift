/// A resumable kernel operation: who asked for it, a stack of kernel functions, and the
/// registers that those functions share, as the kernel's own share a vm_fault, a
/// writeback_control or an mmu_gather.
public enum Task: Record {
    public static let kind = RecordKind.task
    public static let words = 60
    static let maximumDepth = 16
    /// Slot numbers run from 1 to this; a lock word has one bit for each.
    static let maximumCount = 55
}

extension Field where R == Task, Value == Int {
    static var slot: Self { Self(0, bits: 8, 8) }
    static var cpu: Self { Self(0, bits: 24, 8) }
    static var depth: Self { Self(0, bits: 32, 8) }
    /// Name of the label, 0 for an operation without one.
    static var label: Self { Self(1, bits: 32, 32) }
    /// Number of the scenario line that began it.
    static var line: Self { Self(2, bits: 0, 32) }
    /// Function and position of the stack's frame `level`: 16 bits each, four a word.
    static func function(_ level: Int) -> Self {
        Self(UInt8(3 + level / 4), bits: UInt8(level % 4 * 16), 8)
    }
    static func position(_ level: Int) -> Self {
        Self(UInt8(truncatingIfNeeded: 3 &+ level &>> 2), bits: UInt8(truncatingIfNeeded: (level & 3) &* 16 &+ 8), 8)
    }
    /// What the latest callee returned.
    static var result: Self { Self(7) }
    static var minorFaults: Self { Self(9, bits: 0, 32) }
    static var majorFaults: Self { Self(9, bits: 32, 32) }

    // Arguments: pages of an address space or of a file, first and last.
    static var first: Self { Self(11) }
    static var last: Self { Self(12) }
    static var cursor: Self { Self(13) }
    static var count: Self { Self(14) }

    // struct vm_fault
    static var vmfAddress: Self { Self(17) }
    static var vmfSequence: Self { Self(20, bits: 0, 32) }
    static var vmfStatus: Self { Self(20, bits: 32, 8) }

    // page_mkclean's walk of the reverse map
    static var rmapPgoff: Self { Self(25) }
    static var rmapSerial: Self { Self(26, bits: 0, 32) }
    static var cleaned: Self { Self(26, bits: 32, 16) }

    // struct writeback_control
    static var wbcIndex: Self { Self(28) }
    static var wbcEnd: Self { Self(29) }

    /// How far a journal commit has come in its file.
    static var commitIndex: Self { Self(31) }

    // A zap of one address space
    static var zapAddress: Self { Self(33) }
    static var zapEnd: Self { Self(34) }
    /// The first page whose entry was taken since the last flush.
    static var zapFlushStart: Self { Self(43) }
    static var newSize: Self { Self(40) }
    /// Ghost: the time of the store that the journal has read.
    static var valueTime: Self { Self(57, bits: 0, 32) }
    /// Where mremap moves to; where the mapping begins whose pages are pinned.
    static var newAddress: Self { Self(46) }
    /// A zap of a nonlinear VMA spares the pages of the file below this one.
    static var zapFirstIndex: Self { Self(23) }

    // ->populate, of remap_file_pages()
    static var populateAddress: Self { Self(48) }
    static var populateEnd: Self { Self(49) }
    static var populateIndex: Self { Self(50) }
    /// How many pages a writeback may still write; 0 is no limit.
    static var wbcBudget: Self { Self(53) }
    /// Pages dirtied that have still to be balanced for.
    static var balancePages: Self { Self(54) }
    /// Where the walk of the reverse map stands in its VMA, if the page's index does not tell: in a
    /// nonlinear one, and among the pages of a large folio.
    static var rmapAddress: Self { Self(52) }
}
extension Field where R == Task, Value == StackFrame {
    /// Function and position at once.
    static func frame(_ level: Int) -> Self {
        Self(UInt8(truncatingIfNeeded: 3 &+ level &>> 2), bits: UInt8(truncatingIfNeeded: (level & 3) &* 16), 16)
    }
}
extension Field where R == Task, Value == OperationKind {
    static var operation: Self { Self(0, bits: 16, 8) }
}
extension Field where R == Task, Value == Bool {
    static var isDone: Self { Self(0, bits: 40, 1) }
    static var hasValue: Self { Self(0, bits: 41, 1) }
    /// The store or fault is a write.
    static var vmfWrite: Self { Self(0, bits: 42, 1) }
    static var vmfMajor: Self { Self(0, bits: 43, 1) }
    static var vmfAnon: Self { Self(0, bits: 44, 1) }
    /// This fault must still dirty the page (the kernel's dirty_page is not NULL).
    static var vmfDirties: Self { Self(0, bits: 45, 1) }
    /// page_mkwrite ran in this fault.
    static var vmfMadeWritable: Self { Self(0, bits: 46, 1) }
    /// WB_SYNC_ALL: wait for writeback that is under way.
    static var wbcSync: Self { Self(0, bits: 47, 1) }
    /// The page that is being written had a dirty buffer.
    static var wbcSubmits: Self { Self(15, bits: 43, 1) }
    /// The device is to hold the write until `complete`.
    static var wbcHold: Self { Self(0, bits: 48, 1) }
    static var zapFoundDirty: Self { Self(0, bits: 49, 1) }
    static var mustFlush: Self { Self(0, bits: 50, 1) }
    static var foundHole: Self { Self(0, bits: 51, 1) }
    /// The task kills its process when the current function is through.
    static var isKilled: Self { Self(0, bits: 52, 1) }
    static var hasExplicitValue: Self { Self(0, bits: 53, 1) }
    static var isShared: Self { Self(0, bits: 54, 1) }
    static var isAnonymous: Self { Self(0, bits: 55, 1) }
    static var isReadOnlyDescriptor: Self { Self(0, bits: 56, 1) }
    static var populates: Self { Self(0, bits: 57, 1) }
    static var boolean: Self { Self(0, bits: 58, 1) }
    /// The fault has the page locked.
    static var vmfHoldsPageLock: Self { Self(0, bits: 61, 1) }
    /// page_mkclean() takes W from the present VMA's PTE.
    static var rmapProtects: Self { Self(0, bits: 62, 1) }
    /// The oops that killed the task is in its outcome.
    static var hasOopsed: Self { Self(0, bits: 63, 1) }
    /// VM_FAULT_WRITE: the fault made a page that may be written, or broke COW.
    static var vmfReturnedWrite: Self { Self(0, bits: 59, 1) }
    // FOLL_WRITE, FOLL_FORCE and FOLL_GET of get_user_pages
    static var gupWrite: Self { Self(15, bits: 40, 1) }
    static var gupForce: Self { Self(15, bits: 41, 1) }
    static var gupGet: Self { Self(15, bits: 42, 1) }
}
extension Field where R == Task, Value == Outcome { static var outcome: Self { Self(8, bits: 0, 8) } }
extension Field where R == Task, Value == UInt32 {
    /// The value read or written.
    static var value: Self { Self(10, bits: 0, 32) }
}
extension Field where R == Task, Value == WaitReason {
    /// Which lock the latest attempt to step found taken.
    static var wait: Self { Self(8, bits: 8, 8) }
}
extension Field where R == Task, Value == UInt64 {
    /// The record that the lock belongs to.
    static var waitObject: Self { Self(8, bits: 32, 32) }
    static var protection: Self { Self(15, bits: 0, 8) }
    static var mode: Self { Self(15, bits: 8, 8) }
}
extension Field where R == Task, Value == Ref<Process> {
    static var process: Self { Self(1, bits: 0, 32) }
    static var child: Self { Self(41, bits: 0, 32) }
    /// Whom a ptrace call is about.
    static var target: Self { Self(44, bits: 32, 32) }
}
extension Field where R == Task, Value == Ref<Task> {
    static var next: Self { Self(2, bits: 32, 32) }
}
extension Field where R == Task, Value == VMFlags {
    /// Of the VMA that is to take a remapped piece's place.
    static var vmFlags: Self { Self(15, bits: 16, 24) }
}
extension Field where R == Task, Value == Ref<MM> {
    static var zapMM: Self { Self(35, bits: 0, 32) }
    static var rmapMM: Self { Self(42, bits: 32, 32) }
    /// Another process's address space that this task keeps from going away (mm_users).
    static var remoteMM: Self { Self(45, bits: 0, 32) }
    /// The address space that exit_mmap() takes down.
    static var exitMM: Self { Self(45, bits: 32, 32) }
}
extension Field where R == Task, Value == Ref<File> {
    static var file: Self { Self(16, bits: 0, 32) }
    static var wbcFile: Self { Self(30, bits: 0, 32) }
    /// The file that a journal commit is about, when it is not the operation's own.
    static var commitFile: Self { Self(32, bits: 0, 32) }
    static var balanceFile: Self { Self(55, bits: 0, 32) }
    static var dirtyMapping: Self { Self(22, bits: 32, 32) }
    static var promisedFile: Self { Self(56, bits: 32, 32) }
}
extension Field where R == Task, Value == Ref<Node> {
    /// Ghost: what promisedFile's disk must have when the call returns 0.
    static var promises: Self { Self(56, bits: 0, 32) }
}
extension Field where R == Task, Value == Ref<Mapping> {
    static var mapping: Self { Self(16, bits: 32, 32) }
}
extension Field where R == Task, Value == Ref<VMA> {
    static var vmfVMA: Self { Self(18, bits: 0, 32) }
    static var detached: Self { Self(36, bits: 0, 32) }
    static var vma: Self { Self(36, bits: 32, 32) }
    static var rmapVMA: Self { Self(27, bits: 0, 32) }
    /// zap_details: the nonlinear VMA whose entries a zap turns into file entries.
    static var zapNonlinear: Self { Self(32, bits: 32, 32) }
    static var populateVMA: Self { Self(51, bits: 0, 32) }
}
extension Field where R == Task, Value == Ref<Folio> {
    static var vmfPage: Self { Self(19, bits: 0, 32) }
    static var vmfNewPage: Self { Self(19, bits: 32, 32) }
    /// The page that set_page_dirty() works on.
    static var dirtyPage: Self { Self(22, bits: 0, 32) }
    /// The page that page_mkclean() or try_to_unmap() works on.
    static var rmapPage: Self { Self(27, bits: 32, 32) }
    static var wbcPage: Self { Self(30, bits: 32, 32) }
    /// The page that try_to_free_buffers(), reclaim or truncation works on.
    static var page: Self { Self(38, bits: 0, 32) }
    static var zapPage: Self { Self(35, bits: 32, 32) }
    /// What get_user_pages() has found.
    static var gupPage: Self { Self(44, bits: 0, 32) }
    static var populatePage: Self { Self(51, bits: 32, 32) }
    /// The page whose writeback a throttled task waits for.
    static var balancePage: Self { Self(55, bits: 32, 32) }
}
extension Field where R == Task, Value == PTE {
    static var vmfOriginal: Self { Self(21) }
    static var rmapOld: Self { Self(24) }
    static var zapOld: Self { Self(37) }
}
extension Field where R == Task, Value == Ref<Batch> {
    /// Pages to free after the flush.
    static var gather: Self { Self(38, bits: 32, 32) }
    /// Pages whose reverse mapping goes after the flush (6.2).
    static var delayed: Self { Self(39, bits: 0, 32) }
}

/// The operations of the scenario language, one for each that the model can run.
public enum OperationKind: UInt8, Word, Sendable, CaseIterable {
    case none, read, write, mmap, munmap, mprotect, madvise, msync, pread, pwrite, fsync, ftruncate
    case fork, exit, writeback, complete, reclaim, evict, journal, strip, crash
    case mremap, poke, peek, pin, unpin, pinwrite
    case remap

    public init(word: UInt64) { self = OperationKind(rawValue: UInt8(word)) ?? .none }
    public var word: UInt64 { UInt64(rawValue) }
}

/// How an operation ended.
public enum Outcome: UInt8, Word, Sendable, CaseIterable {
    case ok, SIGSEGV, SIGBUS, SIGKILL, EACCES, EINVAL, ENOMEM, ENODEV, EBUSY, EIO, EFAULT, ESRCH, EPERM
    /// The kernel dereferenced NULL or ran into a BUG(): the task is killed, its locks are let go.
    case OOPS

    public init(word: UInt64) { self = Outcome(rawValue: UInt8(word)) ?? .ok }
    public var word: UInt64 { UInt64(rawValue) }
    public var name: String { String(describing: self) }
}

/// What a task can wait for.
public enum WaitReason: UInt8, Word, Sendable, CaseIterable {
    case nothing, mmapLock, pageLock, immapLock, ptl, privateLock, inodeLock, writeback
    case bufferLock

    public init(word: UInt64) { self = WaitReason(rawValue: UInt8(word)) ?? .nothing }
    public var word: UInt64 { UInt64(rawValue) }
}

/// Where a kernel function goes after one of its positions.
enum Flow {
    /// To the next position.
    case next
    case jump(Int)
    /// Into another function; afterwards on at the position named.
    case call(KernelFunction, then: Int)
    /// Back to the caller.
    case leave(Int = 0)
    /// A lock is taken or a page is under I/O: nothing was done, try again later.
    case blocked(WaitReason, UInt32)
}

extension KernelFunction {
    /// Positions from here on are control flow between atomic steps: they read and write
    /// nothing that another task can see, and run together with the step before them.
    static let controlFlow = 100
}

/// The position of a task at one level of its stack.
public struct StackFrame: Hashable, Sendable {
    public let function: KernelFunction
    /// Which of the function's atomic steps comes next.
    public let position: Int
    /// No atomic step: nothing that another task can see.
    public var isControlFlow: Bool { position >= KernelFunction.controlFlow }

    public init(function: KernelFunction, position: Int) {
        self.function = function
        self.position = position
    }
}

extension StackFrame: Word {
    /// No function: the level is not in use.
    static let none = StackFrame(function: .none, position: 0)

    public init(word: UInt64) {
        function = KernelFunction(rawValue: UInt8(truncatingIfNeeded: word)) ?? .none
        position = Int(word &>> 8 & 0xff)
    }
    public var word: UInt64 { UInt64(function.rawValue) | UInt64(truncatingIfNeeded: position) &<< 8 }
}

extension State {
    /// A task's call stack, outermost function first.
    public func stack(of task: Ref<Task>) -> [StackFrame] {
        (0..<self[task, .depth]).map { frame(of: task, $0) }
    }

    /// One level of a task's call stack.
    func frame(of task: Ref<Task>, _ level: Int) -> StackFrame {
        self[task, .frame(level)]
    }

    /// The first of the processes that live in an address space.
    func firstProcess(of mm: Ref<MM>) -> Ref<Process> {
        var process = self[State.system, .processes]
        while process.exists, self[process, .mm] != mm { process = self[process, .next] }
        return process
    }

    /// False where no frame of a task's stack is of a function.
    @inline(__always)
    func mayBe(_ task: Ref<Task>, in function: KernelFunction) -> Bool {
        // Function numbers are the lower bytes of the frames. Subtracting one borrows from the top
        // bit of a lane only where the lane was zero, that is, where the numbers agree.
        let lanes: UInt64 = 0x0001_0001_0001_0001
        let wanted = UInt64(function.rawValue) &* lanes
        var found: UInt64 = 0
        for word in 3..<3 + Task.maximumDepth / 4 {
            let differing = (words[Int(task.raw) &+ word] ^ wanted) & (lanes &* 0xff)
            found |= (differing &- lanes) & ~differing & (lanes &* 0x8000)
        }
        return found != 0
    }

    /// How many tasks have begun and not been collected.
    var taskCount: Int {
        var count = 0
        var task = self[State.system, .tasks]
        while task.exists {
            count += 1
            task = self[task, .next]
        }
        return count
    }

    /// All tasks that have begun and not been collected, newest first.
    public var tasks: [Ref<Task>] {
        var result: [Ref<Task>] = []
        var task = self[State.system, .tasks]
        while task.exists {
            result.append(task)
            task = self[task, .next]
        }
        return result
    }
}
