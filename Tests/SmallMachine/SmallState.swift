/// A small machine that tracks the dirty pages of one shared mapping, as a system of its own beside
/// the product's: two CPUs that store, a flusher, a device, and one munmap.
///
/// All of a state fits into two words: what there is for each page in one, the rest in the other.
struct SmallState: Hashable {
    var pages: UInt64 = 0
    var rest: UInt64 = 0

    /// A member of a state: some bits of a word.
    struct Bits {
        let shift: UInt64
        let mask: UInt64

        init(_ shift: UInt64, _ width: UInt64) {
            self.shift = shift
            mask = (1 << width) - 1
        }
    }

    /// Bits of a page.
    static let pageStride: UInt64 = 22

    subscript(_ bits: Bits, page: UInt64) -> UInt64 {
        @inline(__always) get { pages &>> (bits.shift &+ page &* SmallState.pageStride) & bits.mask }
        @inline(__always) set {
            let shift = bits.shift &+ page &* SmallState.pageStride
            pages = pages & ~(bits.mask &<< shift) | newValue &<< shift
        }
    }

    subscript(_ bits: Bits) -> UInt64 {
        @inline(__always) get { rest &>> bits.shift & bits.mask }
        @inline(__always) set { rest = rest & ~(bits.mask &<< bits.shift) | newValue &<< bits.shift }
    }
}

extension SmallState.Bits {
    // Of each page: the PTE and the CPUs' copies of it, what memory and disk hold (the number of
    // stores so far), flags, whether I/O was submitted, and a ghost: PG_dirty was given up for an
    // I/O that has not read memory yet.
    static let pte = Self(0, 3)
    static func tlb(_ cpu: UInt64) -> Self { Self(3 + 3 * cpu, 3) }
    static let memory = Self(9, 4)
    static let disk = Self(13, 4)
    static let dirty = Self(17, 1)
    static let writeback = Self(18, 1)
    static let locked = Self(19, 1)
    static let submitted = Self(20, 1)
    static let inFlight = Self(21, 1)

    // Locks and the mapping: it can be looked up, it is on the reverse map.
    static let ptl = Self(0, 1)
    static let vma = Self(1, 1)
    static let rmapped = Self(2, 1)
    static let mmapWriter = Self(3, 1)
    static let mmapReaders = Self(4, 2)
    /// Writers that have finished.
    static let done = Self(6, 2)
    // The flusher's page and the PTE that it took away, and the same for munmap.
    static let flushed = Self(8, 2)
    static let flushedPTE = Self(10, 3)
    static let unmapped = Self(13, 2)
    static let unmappedPTE = Self(15, 3)
    // Where everybody is, and what the CPUs keep to themselves.
    static func cpu(_ cpu: UInt64) -> Self { Self(18 + 12 * cpu, 4) }
    static func page(_ cpu: UInt64) -> Self { Self(22 + 12 * cpu, 2) }
    static func stores(_ cpu: UInt64) -> Self { Self(24 + 12 * cpu, 3) }
    static func original(_ cpu: UInt64) -> Self { Self(27 + 12 * cpu, 3) }
    static let flusher = Self(42, 5)
    static let pass = Self(47, 3)
    static let device = Self(50, 1)
    static let devicePage = Self(51, 2)
    static let unmap = Self(53, 4)
    /// The last sync has returned, and the disk lacked a store.
    static let broken = Self(57, 1)
}

/// Bits of a PTE.
enum SmallPTE {
    static let present: UInt64 = 1
    static let write: UInt64 = 2
    static let dirty: UInt64 = 4
    static let all: UInt64 = 7
}
