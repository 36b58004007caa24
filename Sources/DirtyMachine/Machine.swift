/// The simulated machine: its state, the kernel's rules, and the log of what changed.
///
/// A value: copying it copies the machine. `step(_:)` performs exactly one atomic step of one
/// task; `undo(to:)` takes changes back.
public struct Machine: Sendable {
    public internal(set) var state: State
    public internal(set) var rules: Rules
    /// Every change since the machine was made or recording was switched on.
    public internal(set) var log = ChangeLog()
    /// Whether changes are kept. Without them there is no way back, and less to pay.
    public var isRecording = true
    /// Whether control flow runs together with the atomic step before it. It touches nothing that another
    /// task can see, so a search that makes steps of it finds the same: only a test of that asks for it.
    public var mergesControlFlow = true
    /// What the records' name numbers stand for. Only grows.
    public internal(set) var names = NameTable()

    /// Records below this address are not used again once they are free, so that a search knows
    /// them by their addresses.
    var oldRecords: UInt32 = 0

    var causeTask: UInt8 = 0
    var causeFunction = KernelFunction.none

    public init(rules: Rules = Profile.v6_18.rules, cpus: Int = 2, frames: Int = 4096) {
        precondition((1...8).contains(cpus), "a machine has 1 to 8 CPUs")
        self.rules = rules
        state = State()
        let systemWords = (System.words + State.alignment - 1) / State.alignment * State.alignment
        state.words.grow(to: Int(State.system.raw) + systemWords)
        isRecording = false
        state.words[Int(State.system.raw)] = UInt64(RecordKind.system.rawValue)
        self[State.system, .top] = state.words.count
        self[State.system, .frameLimit] = frames
        self[State.system, .nextSerial] = 1
        for _ in 0..<cpus { _ = allocate(Processor.self) }
        isRecording = true
    }

    /// The CPUs' records are allocated first, one after the other.
    func processor(_ cpu: Int) -> Ref<Processor> { state.processor(cpu) }
    public var cpuCount: Int { state.cpuCount }
}

extension State {
    func processor(_ cpu: Int) -> Ref<Processor> {
        let stride = (Processor.words + State.alignment - 1) / State.alignment * State.alignment
        return Ref(raw: State.system.raw + UInt32(System.words + cpu * stride))
    }

    public var cpuCount: Int {
        var count = 0
        while count < 8, Int(processor(count).raw) < words.count,
            kind(at: processor(count).raw) == .processor
        { count += 1 }
        return count
    }

    public func counter(_ counter: Counter) -> Int { self[State.system, .counter(counter)] }
}

/// Names as numbers, so that records can hold them.
public struct NameTable: Sendable {
    private var texts: [String] = [""]
    private var numbers: [String: Int] = [:]

    /// The number of a name, new if need be. 0 is the empty name.
    public mutating func intern(_ text: String) -> Int {
        if text.isEmpty { return 0 }
        if let number = numbers[text] { return number }
        numbers[text] = texts.count
        texts.append(text)
        return texts.count - 1
    }

    /// How many names there are, the empty one included.
    public var count: Int { texts.count }

    public func number(of text: String) -> Int? { numbers[text] }
    public subscript(_ number: Int) -> String { texts[number] }
}
