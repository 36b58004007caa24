// Tasks, and the attributes of records, as front ends read them.

/// What an operation has come to.
public struct TaskResult: Hashable, Sendable {
    public var outcome: Outcome
    /// What a load returned or a store wrote.
    public var value: UInt32?
    public var minorFaults: Int
    public var majorFaults: Int

    public init(outcome: Outcome, value: UInt32?, minorFaults: Int, majorFaults: Int) {
        self.outcome = outcome
        self.value = value
        self.minorFaults = minorFaults
        self.majorFaults = majorFaults
    }
}

extension Machine {
    /// Where a task stands in the function that is about to act; nil when it has ended.
    public func topFrame(of task: Ref<Task>) -> StackFrame? {
        let level = self[task, .depth] - 1
        guard level >= 0 else { return nil }
        return state.frame(of: task, level)
    }

    public func isDone(_ task: Ref<Task>) -> Bool { self[task, .isDone] }
    /// Whether the operation is one that returns what it read.
    public func isLoad(_ task: Ref<Task>) -> Bool {
        [.read, .pread, .peek].contains(self[task, .operation])
    }

    /// What the task would have to wait for if it were to step now; nil when it is free to go.
    public func wouldWait(_ task: Ref<Task>) -> Waiting? {
        var trial = self
        trial.isRecording = false
        if case .blocked(let waiting) = trial.step(task) { return waiting }
        return nil
    }
    public func result(of task: Ref<Task>) -> TaskResult {
        let isFine = self[task, .outcome] == .ok
        return TaskResult(
            outcome: self[task, .outcome],
            value: isFine && self[task, .hasValue] ? self[task, .value] : nil,
            minorFaults: self[task, .minorFaults], majorFaults: self[task, .majorFaults])
    }
    public func cpu(of task: Ref<Task>) -> Int { self[task, .cpu] }
    public func process(of task: Ref<Task>) -> Ref<Process> { self[task, .process] }
    public func line(of task: Ref<Task>) -> Int { self[task, .line] }
    public func slot(of task: Ref<Task>) -> Int { self[task, .slot] }

    /// What the task's latest attempt to step found taken; nil when it was free to go.
    public func waiting(_ task: Ref<Task>) -> Waiting? {
        let reason = self[task, .wait]
        guard reason != .nothing else { return nil }
        let object = UInt32(self[task, .waitObject])
        return Waiting(reason, object, holder: holder(of: reason, object))
    }

    /// A lock in the kernel's words: `page lock of db[0]`, `mmap_lock of A`.
    public func name(of waiting: Waiting) -> String {
        let words = KernelWords(rules.generation)
        func page() -> String {
            let folio = Ref<Folio>(raw: waiting.object)
            let file = self[folio, .mapping]
            guard file.exists else { return "frame \(self[folio, .pfn])" }
            return "\(name(of: file))[\(indicesText(of: folio))]"
        }
        func mm() -> String { name(of: self[Ref<MM>(raw: waiting.object), .owner]) }
        func file() -> String { name(of: Ref<File>(raw: waiting.object)) }
        switch waiting.reason {
        case .nothing: return ""
        case .mmapLock: return words.mmap + " of \(mm())"
        case .ptl: return "page table lock of \(mm())"
        case .immapLock: return words.immap + " of \(file())"
        case .privateLock: return words.bufferRing + " of \(file())"
        case .inodeLock: return words.inode + " of \(file())"
        case .pageLock: return words.page + " lock of \(page())"
        case .writeback: return "writeback of \(page())"
        case .bufferLock: return "buffer lock of \(page())"
        }
    }

    /// True when the task is about to enter a function: its first step is next.
    public func isAboutToRun(_ function: KernelFunction, _ task: Ref<Task>) -> Bool {
        guard let top = state.stack(of: task).last, top.function == function else { return false }
        let entry = self.entry(of: function)
        return top.position == entry || entry >= KernelFunction.controlFlow && top.position == 0
    }

    /// True when a step has brought the task into a function that it was not in before.
    public func hasEntered(
        _ function: KernelFunction, _ task: Ref<Task>, since before: [StackFrame]
    ) -> Bool {
        state.stack(of: task).enumerated().contains { level, frame in
            frame.function == function
                && (level >= before.count || before[level].function != function)
        }
    }

    /// Operations that can be under way at once.
    public static let maximumTaskCount = Task.maximumCount

    // MARK: Attributes of records

    public func isAlive(_ process: Ref<Process>) -> Bool { self[process, .isAlive] }

    /// How a dead process came to its end, in a few words: `killed by SIGBUS: no page of the file there`;
    /// nil while it lives.
    public func ending(of process: Ref<Process>) -> String? {
        guard !self[process, .isAlive] else { return nil }
        let reason =
            switch self[process, .death] {
            case .SIGSEGV: "no VMA allows the access"
            case .SIGBUS: "the file has no page there"
            case .SIGKILL: "no memory for its fault"
            default: ""
            }
        return reason.isEmpty ? "has ended" : "killed by \(self[process, .death].name): \(reason)"
    }
    public func size(of file: Ref<File>) -> Int { self[file, .size] }
    public func fileSystem(of file: Ref<File>) -> FileSystem { self[file, .fileSystem] }
    public func isAnonymous(_ file: Ref<File>) -> Bool { self[file, .isAnonymous] }
    public func isDirty(_ folio: Ref<Folio>) -> Bool { self[head(folio), .dirty] }
    public func isUnderWriteback(_ folio: Ref<Folio>) -> Bool { self[head(folio), .writeback] }
    public func isUptodate(_ folio: Ref<Folio>) -> Bool { self[head(folio), .uptodate] }
    public func isReferenced(_ folio: Ref<Folio>) -> Bool { self[head(folio), .referenced] }
    public func isLocked(_ folio: Ref<Folio>) -> Bool { self[head(folio), .lockOwner] != 0 }
    public func isAnon(_ folio: Ref<Folio>) -> Bool { self[folio, .anon] }
    public func mapcount(_ folio: Ref<Folio>) -> Int { self[folio, .mapcount] }
    /// How often drivers have pinned a page: get_user_pages().
    public func pinCount(_ folio: Ref<Folio>) -> Int {
        Set(state.processes.flatMap { state.mappings(of: $0) }).reduce(0) { count, mapping in
            count + pins(of: mapping).filter { self[$0, .folio] == folio }.count
        }
    }
    public func pfn(_ folio: Ref<Folio>) -> Int { self[folio, .pfn] }
    public func contents(_ folio: Ref<Folio>) -> UInt32 { self[folio, .contents] }
    /// How many pages the folios of a file have where they fit.
    public func folioSize(of file: Ref<File>) -> Int { 1 << self[file, .folioOrder] }
    /// The cached folios of more than one page, as pages of their file.
    public func largeFolios(of file: Ref<File>) -> [Range<Int>] {
        cachedPages(file).map { folioIndices(state.findPage(file, $0)) }
            .filter { $0.count > 1 }
            .reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }
    /// The pages of the file that the folio of a page holds: one, unless the folio is a large one.
    public func folioIndices(_ page: Ref<Folio>) -> Range<Int> {
        let folio = head(page)
        return self[folio, .index]..<nextIndex(of: folio)
    }
    /// Buffer heads of a page, and which of them are dirty, as a bit mask.
    public func buffers(_ folio: Ref<Folio>) -> (count: Int, dirty: Int) {
        (self[folio, .buffers], self[folio, .dirtyBuffers])
    }
    /// Page faults of a process so far.
    public func faults(of process: Ref<Process>) -> (minor: Int, major: Int) {
        (self[process, .minorFaults], self[process, .majorFaults])
    }
    public func cpu(of process: Ref<Process>) -> Int { self[process, .cpu] }
}
