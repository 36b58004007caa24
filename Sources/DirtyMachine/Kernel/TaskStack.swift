// The stack machine that runs kernel functions one atomic step at a time.

/// What one call of `Machine.step(_:)` did.
public enum StepResult: Hashable, Sendable {
    /// One atomic step was taken.
    case stepped
    /// The operation has ended; its outcome can be collected.
    case finished
    /// Nothing was done: the task waits for this.
    case blocked(Waiting)
}

/// What a task waits for, and who has it.
public struct Waiting: Hashable, Sendable {
    public let reason: WaitReason
    /// The record that the lock belongs to.
    public let object: UInt32
    /// The task that holds it; none when the device or several readers do.
    public let holder: Ref<Task>

    init(_ reason: WaitReason, _ object: UInt32, holder: Ref<Task>) {
        self.reason = reason
        self.object = object
        self.holder = holder
    }
}

extension Machine {
    // MARK: Tasks

    /// The lowest slot that is free.
    var freeTaskSlot: Int? {
        let taken = UInt64(self[State.system, .taskSlots])
        return (1...Task.maximumCount).first { taken >> UInt64($0) & 1 == 0 }
    }

    /// Begins an operation. Its first atomic step is yet to come. `place` is a record that was set
    /// aside for it, if any.
    mutating func beginTask(
        _ kind: OperationKind, process: Ref<Process>, label: Int, line: Int,
        in place: Ref<Task> = .none
    ) -> Ref<Task> {
        var task = place
        if !task.exists {
            guard let slot = freeTaskSlot
            else { preconditionFailure("the scenario layer bounds the number of tasks") }
            self[State.system, .taskSlots] |= 1 << slot
            task = allocate(Task.self)
            self[task, .slot] = slot
        }
        self[task, .operation] = kind
        self[task, .process] = process
        self[task, .cpu] = process.exists ? self[process, .cpu] : cpuCount - 1
        self[task, .label] = label
        self[task, .line] = line
        self[task, .next] = self[State.system, .tasks]
        self[State.system, .tasks] = task
        return task
    }

    /// Forgets a task that has ended.
    public mutating func collect(_ task: Ref<Task>) {
        precondition(self[task, .isDone], "only a finished task is collected")
        setCause(task: 0, function: .scenario)
        unlink(task)
        self[State.system, .taskSlots] &= ~(1 << self[task, .slot])
        free(task)
    }

    /// Takes a task off the list of those under way.
    mutating func unlink(_ task: Ref<Task>) {
        if self[State.system, .tasks] == task {
            self[State.system, .tasks] = self[task, .next]
        } else {
            var at = self[State.system, .tasks]
            while self[at, .next] != task { at = self[at, .next] }
            self[at, .next] = self[task, .next]
        }
    }

    public func task(inSlot slot: Int) -> Ref<Task> {
        state.tasks.first { self[$0, .slot] == slot } ?? .none
    }

    /// Who causes the changes that follow. Whoever changes the machine from outside begins here, so
    /// this is where its words become its own.
    mutating func setCause(task: Int, function: KernelFunction) {
        state.words.own()
        if isRecording { log.own() }
        causeTask = UInt8(task)
        causeFunction = function
    }

    // MARK: The stack

    mutating func push(_ function: KernelFunction, on task: Ref<Task>) {
        let depth = self[task, .depth]
        precondition(depth < Task.maximumDepth, "kernel call stack overflow")
        self[task, .frame(depth)] = StackFrame(function: function, position: entry(of: function))
        self[task, .depth] = depth + 1
    }

    private mutating func pop(_ task: Ref<Task>, returning value: Int) {
        let depth = self[task, .depth] - 1
        self[task, .frame(depth)] = .none
        self[task, .depth] = depth
        self[task, .result] = value
        guard depth == 0 else { return }
        // Its process was killed while it was in the kernel, and nobody else is left there.
        if isLastUser(task) {
            self[task, .exitMM] = self[self[task, .process], .mm]
            push(.exit_mmap, on: task)
        } else {
            self[task, .isDone] = true
        }
    }

    /// Performs the next atomic step of a task.
    ///
    /// The control flow after it, up to the next atomic step, is local to the task and runs at
    /// once, unless a search asks for steps of its own: so the stack always shows the function that is
    /// about to act, and an operation that has nothing left to do is finished.
    public mutating func step(_ task: Ref<Task>) -> StepResult {
        state.words.own()
        if isRecording { log.own() }
        if self[task, .isDone] { return .finished }
        if case .blocked(let reason, let object) = advance(task) {
            self[task, .wait] = reason
            self[task, .waitObject] = UInt64(object)
            return .blocked(Waiting(reason, object, holder: holder(of: reason, object)))
        }
        if self[task, .wait] != .nothing {
            self[task, .wait] = .nothing
            self[task, .waitObject] = 0
        }
        if mergesControlFlow { settle(task) }
        return self[task, .isDone] ? .finished : .stepped
    }

    /// Runs control flow until an atomic step is next.
    mutating func settle(_ task: Ref<Task>) {
        while !self[task, .isDone],
            self[task, .position(self[task, .depth] - 1)] >= KernelFunction.controlFlow
        {
            _ = advance(task)
        }
    }

    private mutating func advance(_ task: Ref<Task>) -> Flow {
        let level = self[task, .depth] - 1
        let frame = self[task, .frame(level)]
        causeTask = UInt8(truncatingIfNeeded: self[task, .slot])
        causeFunction = frame.function
        let flow = run(frame.function, task, at: frame.position)
        switch flow {
        case .next:
            self[task, .position(level)] = frame.position + 1
        case .jump(let position):
            self[task, .position(level)] = position
        case .call(let callee, let position):
            self[task, .position(level)] = position
            push(callee, on: task)
        case .leave(let value):
            pop(task, returning: value)
        case .blocked:
            break
        }
        return flow
    }
}
