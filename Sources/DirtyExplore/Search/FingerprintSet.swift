/// A set of 64-bit fingerprints: open addressing with linear probing, eight bytes a slot.
public struct FingerprintSet: ~Copyable {
    private var slots: UnsafeMutablePointer<UInt64>
    private var mask: Int
    public private(set) var count = 0

    /// `capacity` is rounded up to a power of two.
    public init(capacity: Int = 16) {
        var slotCount = 16
        while slotCount < capacity { slotCount *= 2 }
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        mask = slotCount - 1
    }

    deinit { slots.deallocate() }

    public var byteCount: Int { (mask + 1) * MemoryLayout<UInt64>.stride }

    /// 0 marks an empty slot.
    @inline(__always)
    private static func stored(_ fingerprint: UInt64) -> UInt64 { fingerprint == 0 ? 1 : fingerprint }

    /// True when the fingerprint was not there.
    @inline(__always)
    public mutating func insert(_ fingerprint: UInt64) -> Bool {
        let value = FingerprintSet.stored(fingerprint)
        var slot = Int(truncatingIfNeeded: value) & mask
        while slots[slot] != 0 {
            if slots[slot] == value { return false }
            slot = (slot &+ 1) & mask
        }
        slots[slot] = value
        count &+= 1
        if count &* 4 > (mask &+ 1) &* 3 { grow() }
        return true
    }

    /// Reads the slot where a search for the fingerprint begins, so that it is at hand when the
    /// insertion comes: several such reads overlap where insertions would wait for each other.
    @inline(__always)
    func touch(_ fingerprint: UInt64) -> UInt64 {
        slots[Int(truncatingIfNeeded: FingerprintSet.stored(fingerprint)) & mask]
    }

    private mutating func grow() {
        var larger = FingerprintSet(capacity: (mask + 1) * 2)
        for slot in 0...mask where slots[slot] != 0 { larger.place(slots[slot]) }
        swap(&slots, &larger.slots)
        mask = (mask + 1) * 2 - 1
    }

    private mutating func place(_ value: UInt64) {
        var slot = Int(truncatingIfNeeded: value) & mask
        while slots[slot] != 0 { slot = (slot &+ 1) & mask }
        slots[slot] = value
    }

    /// The set as others may read it as long as nobody inserts.
    var view: View { View(slots: slots, mask: mask) }

    @usableFromInline
    struct View: @unchecked Sendable {
        @usableFromInline let slots: UnsafePointer<UInt64>?
        @usableFromInline let mask: Int

        /// Has nothing.
        init() {
            slots = nil
            mask = 0
        }

        init(slots: UnsafePointer<UInt64>, mask: Int) {
            self.slots = slots
            self.mask = mask
        }

        @inlinable
        func contains(_ fingerprint: UInt64) -> Bool {
            guard let slots else { return false }
            let value = fingerprint == 0 ? 1 : fingerprint
            var slot = Int(truncatingIfNeeded: value) & mask
            while slots[slot] != 0 {
                if slots[slot] == value { return true }
                slot = (slot &+ 1) & mask
            }
            return false
        }
    }
}
