// Tasks of a search: each has a record and a slot of its own from the beginning, so that states do
// not depend on the order in which operations begin.

extension Machine {
    /// Sets records and slots aside for tasks to come. Fewer where there are not as many slots left.
    public mutating func setTasksAside(_ count: Int) -> [Ref<Task>] {
        setCause(task: 0, function: .scenario)
        var tasks: [Ref<Task>] = []
        while tasks.count < count, let slot = freeTaskSlot {
            self[State.system, .taskSlots] |= 1 << slot
            let task = allocate(Task.self)
            self[task, .slot] = slot
            tasks.append(task)
        }
        return tasks
    }

    /// Forgets a task that has ended, but keeps its record and slot aside.
    public mutating func setAside(_ task: Ref<Task>) {
        precondition(self[task, .isDone], "only a finished task is collected")
        setCause(task: 0, function: .scenario)
        unlink(task)
        let slot = self[task, .slot]
        for offset in (1..<Task.words).reversed() { write(task.raw, UInt8(offset), 0, .task) }
        write(task.raw, 0, UInt64(RecordKind.task.rawValue) | UInt64(slot) << 8, .task)
    }

    /// Names get their numbers now, so that these do not depend on who is named first.
    public mutating func learn(names texts: some Sequence<String>) {
        for text in texts { _ = names.intern(text) }
    }

    /// The oldest write of all, and the next behind one: the device may take any that it can go on
    /// with.
    public var firstBio: Ref<Bio> { self[State.system, .firstBio] }
    public func bio(after bio: Ref<Bio>) -> Ref<Bio> { self[bio, .next] }

    /// Whether the device has yet to read the page of a write.
    public func readsNext(_ bio: Ref<Bio>) -> Bool { !self[bio, .isSampled] }

    /// Whether a write is of one of these pages of a file.
    public func isAbout(_ bio: Ref<Bio>, _ file: Ref<File>?, _ indices: ClosedRange<Int>?) -> Bool {
        let page = self[bio, .folio]
        return self[page, .mapping] == file && indices?.contains(self[page, .index]) ?? true
    }

    /// Whether the device has nothing to do by itself.
    public var deviceIsIdle: Bool {
        var bio = firstBio
        while bio.exists {
            if deviceCanStep(bio) { return false }
            bio = self.bio(after: bio)
        }
        return true
    }

    /// The first place in the queue, from one on, of a write that the device can go on with. A search asks
    /// in every state: `mutating`, so that the machine is not copied for that.
    public mutating func placeOfWrite(from first: Int) -> Int? {
        var bio = firstBio
        var place = 0
        while bio.exists {
            if place >= first, deviceCanStep(bio) { return place }
            bio = self.bio(after: bio)
            place += 1
        }
        return nil
    }

    /// The write at a place of the device's queue.
    public func bio(at place: Int) -> Ref<Bio> { (0..<place).reduce(firstBio) { bio, _ in self.bio(after: bio) } }

    /// A step of the device on the write at a place of its queue.
    public mutating func stepDevice(at place: Int) -> Bool { stepDevice(bio(at: place)) }
}
