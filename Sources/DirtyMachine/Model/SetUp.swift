// What a scenario declares before anything happens: files and processes.

extension Machine {
    /// Declares a file. Its pages hold 0 on disk; with `cached` they start clean in the page cache.
    /// Its folios have `folio` pages, a power of two, where they fit, if its file system can have such.
    /// Returns none when the page frames do not suffice.
    public mutating func addFile(
        _ name: String, pages: Int, _ fileSystem: FileSystem, cached: Bool = false,
        buffers: Int = 1, mkwrite: Bool = false, data: DataMode = .ordered, folio pagesOfFolio: Int = 1
    ) -> Ref<File> {
        setCause(task: 0, function: .scenario)
        let file = makeFile(names.intern(name), size: pages, fileSystem, isAnonymous: false)
        self[file, .buffers] = fileSystem.hasBuffers(rules.generation) ? buffers : 0
        self[file, .data] = fileSystem.journalsData ? data : .writeback
        if mkwrite { self[file, .hasPageMkwrite] = true }
        if fileSystem.hasLargeFolios(rules.generation), data != .journal {
            self[file, .folioOrder] = pagesOfFolio.trailingZeroBitCount
        }
        guard cached else { return file }
        var index = 0
        while index < pages {
            let folio = allocateFolio(file, index)
            guard folio.exists else { return .none }
            self[folio, .uptodate] = true
            for page in self.pages(of: folio) { self[page, .buffers] = self[file, .buffers] }
            addToPageCache(folio, file, index)
            index = nextIndex(of: folio)
        }
        return file
    }

    /// Declares a driver's memory, all zeros. Pages have struct pages, except those of `pfnmap`.
    /// `mkwrite` gives it page_mkwrite beside what its kind says; without `hasMapping` its
    /// f_mapping is NULL. Returns none when the page frames do not suffice.
    public mutating func addDevice(
        _ name: String, pages: Int, _ kind: DeviceKind, mkwrite: Bool = false,
        hasMapping: Bool = true
    ) -> Ref<File> {
        setCause(task: 0, function: .scenario)
        let device = makeFile(names.intern(name), size: pages, .device, isAnonymous: false)
        self[device, .device] = kind
        self[device, .accountsDirty] = !rules.devicesHaveCaps
        self[device, .hasPageMkwrite] = mkwrite || kind == .mkwrite
        self[device, .lacksMapping] = !hasMapping
        for index in 0..<pages {
            let folio = allocateFolio()
            guard folio.exists else { return .none }
            self[folio, .uptodate] = true
            addToPageCache(folio, device, index)
        }
        return device
    }

    mutating func makeFile(
        _ name: Int, size: Int, _ fileSystem: FileSystem, isAnonymous: Bool
    ) -> Ref<File> {
        let file = allocate(File.self)
        self[file, .name] = name
        self[file, .size] = size
        self[file, .diskSize] = size
        self[file, .fileSystem] = fileSystem
        self[file, .isAnonymous] = isAnonymous
        self[file, .accountsDirty] = fileSystem.hasDisk
        self[file, .hasPageMkwrite] = fileSystem.hasPageMkwrite(rules.generation)
        var last = self[State.system, .files]
        if !last.exists {
            self[State.system, .files] = file
        } else {
            while self[last, .next].exists { last = self[last, .next] }
            self[last, .next] = file
        }
        return file
    }

    /// Declares a process with an empty address space. Without `cpu` it runs on the next CPU in
    /// turn.
    public mutating func addProcess(_ name: String, cpu: Int? = nil) -> Ref<Process> {
        setCause(task: 0, function: .scenario)
        let process = makeProcess(name, cpu: cpu)
        self[process, .mm] = makeMM(owner: process)
        self[process, .isAlive] = true
        return process
    }

    /// Declares a thread: a process record on another's address space.
    public mutating func addThread(_ name: String, of leader: Ref<Process>, cpu: Int? = nil) -> Ref<Process> {
        setCause(task: 0, function: .scenario)
        let thread = makeProcess(name, cpu: cpu)
        guard self[leader, .isAlive] else { return thread }
        let mm = self[leader, .mm]
        self[thread, .mm] = mm
        self[thread, .isAlive] = true
        self[mm, .users] += 1
        return thread
    }

    mutating func makeProcess(_ name: String, cpu: Int?) -> Ref<Process> {
        let process = allocate(Process.self)
        self[process, .name] = names.intern(name)
        self[process, .cpu] = cpu ?? self[State.system, .nextCPU] % cpuCount
        if cpu == nil { self[State.system, .nextCPU] = (self[State.system, .nextCPU] + 1) % cpuCount }
        let last = self[State.system, .lastProcess]
        if last.exists { self[last, .next] = process } else { self[State.system, .processes] = process }
        self[State.system, .lastProcess] = process
        return process
    }

    mutating func makeMM(owner: Ref<Process>) -> Ref<MM> {
        let mm = allocate(MM.self)
        self[mm, .owner] = owner
        self[mm, .users] = 1
        return mm
    }
}

extension State {
    /// Processes and threads in the order of their declaration.
    public var processes: [Ref<Process>] {
        var result: [Ref<Process>] = []
        var process = self[State.system, .processes]
        while process.exists {
            result.append(process)
            process = self[process, .next]
        }
        return result
    }

    /// Files in the order of their declaration, those behind shared anonymous memory included.
    public var files: [Ref<File>] {
        var result: [Ref<File>] = []
        var file = self[State.system, .files]
        while file.exists {
            result.append(file)
            file = self[file, .next]
        }
        return result
    }

    /// The names that a process has given to ranges of addresses, oldest first.
    public func mappings(of process: Ref<Process>) -> [Ref<Mapping>] {
        let mm = self[process, .mm]
        return mm.exists ? list(from: self[mm, .mappings]) : []
    }

    /// The names that a process had given when it died.
    public func formerMappings(of process: Ref<Process>) -> [Ref<Mapping>] {
        list(from: self[process, .formerMappings])
    }

    private func list(from first: Ref<Mapping>) -> [Ref<Mapping>] {
        var result: [Ref<Mapping>] = []
        var mapping = first
        while mapping.exists {
            result.append(mapping)
            mapping = self[mapping, .next]
        }
        return result
    }
}
