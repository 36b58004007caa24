/// What `predict` asks of the next command: a question whose answer the machine knows.
public enum Prediction: Hashable, Sendable {
    /// What changes first.
    case next
    /// How many page faults it takes.
    case faults
    /// How it ends: `ok`, `SIGBUS`, `EACCES` …
    case outcome
    /// What the load returns.
    case value
    /// Which pages of files the device writes.
    case writes
    /// The value of one page on disk, after it.
    case disk(Operand)
    /// Whether the latest store to one page of a file is still there if power fails right after it.
    case survives(Operand)
    /// What state one page of a file is in, after it.
    case page(Operand)
    /// What bits the PTE of one page of a mapping has, after it.
    case pte(process: String, Operand)
    /// What a counter says, after it.
    case counter(String)
}
