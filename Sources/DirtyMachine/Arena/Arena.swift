/// A value that fits into a word of the arena, or into a few bits of one.
public protocol Word {
    init(word: UInt64)
    var word: UInt64 { get }
}

extension Bool: Word {
    public init(word: UInt64) { self = word != 0 }
    public var word: UInt64 { self ? 1 : 0 }
}
extension Int: Word {
    public init(word: UInt64) { self = Int(truncatingIfNeeded: word) }
    public var word: UInt64 { UInt64(truncatingIfNeeded: self) }
}
extension UInt64: Word {
    public init(word: UInt64) { self = word }
    public var word: UInt64 { self }
}
extension UInt32: Word {
    public init(word: UInt64) { self = UInt32(truncatingIfNeeded: word) }
    public var word: UInt64 { UInt64(self) }
}

/// A kind of object that lives in the arena: a folio, a VMA, a task …
///
/// The types that conform are never instantiated; they tell the fields of one kind of record
/// from those of another at compile time.
public protocol Record {
    static var kind: RecordKind { get }
    /// Size in words.
    static var words: Int { get }
}

public enum RecordKind: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case free, system, processor, process, mm, vma, mapping, file, node, folio, bio, batch, task
    case pin
}

/// A pointer to a record: the index of its first word in the arena. 0 points to nothing.
public struct Ref<R: Record>: Hashable, Sendable, Word {
    public let raw: UInt32
    public init(raw: UInt32) { self.raw = raw }
    public init(word: UInt64) { raw = UInt32(truncatingIfNeeded: word) }
    public var word: UInt64 { UInt64(raw) }
    public static var none: Ref { Ref(raw: 0) }
    public var exists: Bool { raw != 0 }
}

/// A member of a record: which word, and which bits of it.
public struct Field<R: Record, Value: Word>: Sendable {
    public let offset: UInt8
    public let shift: UInt8
    public let width: UInt8

    public init(_ offset: UInt8, bits shift: UInt8 = 0, _ width: UInt8 = 64) {
        self.offset = offset
        self.shift = shift
        self.width = width
    }

    var mask: UInt64 { width == 64 ? ~0 : (1 << UInt64(width)) &- 1 }

    /// The member's value, in the word that holds it.
    @inline(__always)
    func value(in word: UInt64) -> Value { Value(word: (word &>> UInt64(shift)) & mask) }
}

/// The whole simulated machine as one value: a run of words, cut into records.
///
/// Undo, hashing and the search over interleavings all work on these words, so they need no
/// knowledge of what the words mean.
public struct State: Hashable, Sendable {
    var words = Words()

    /// Word 0 belongs to nobody, so that a `Ref` of 0 can mean none; records are aligned to
    /// `alignment` words, so that a reference fits into fewer bits where space is short.
    static let alignment = 4
    /// The `System` record is the first of all.
    static let system = Ref<System>(raw: 4)

    public subscript<R, V>(_ ref: Ref<R>, _ field: Field<R, V>) -> V {
        @inline(__always) get { field.value(in: words[Int(ref.raw) &+ Int(field.offset)]) }
    }

    /// The kind of record that begins at a word.
    public func kind(at raw: UInt32) -> RecordKind {
        RecordKind(rawValue: UInt8(truncatingIfNeeded: words[Int(raw)])) ?? .free
    }

    var wordCount: Int { words.count }

    /// Memory that this state occupies, in bytes.
    public var byteCount: Int { words.count * 8 }
}

/// One word of the machine that changed, with what it takes to change it back.
public struct Change: Hashable, Sendable, BitwiseCopyable {
    /// First word of the record.
    public let ref: UInt32
    /// The word in the record.
    public let offset: UInt8
    public let kind: RecordKind
    /// Slot of the task that caused it; 0 is the device or the scenario itself.
    public let task: UInt8
    public let function: KernelFunction
    public let old: UInt64
    public let new: UInt64
}
