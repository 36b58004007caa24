/// A node of a radix tree with 64 slots, after the kernel's XArray: page tables, page caches,
/// disks and the record of stores are all such trees, so a file or mapping of a terabyte with
/// ten touched pages costs a few dozen nodes.
///
/// The leaves of a page cache carry one bit a slot for each index tag; inner nodes carry the
/// union of their children's, so that a search by tag skips what is clean.
public enum Node: Record {
    public static let kind = RecordKind.node
    public static let words = 8 + 64
    static let firstSlot = 8
    static let slotBits = 6
}

/// Which tree a node belongs to.
public enum TreeRole: UInt8, Word, Sendable {
    case pageTable, pageCache, disk, stored

    public init(word: UInt64) { self = TreeRole(rawValue: UInt8(word)) ?? .pageTable }
    public var word: UInt64 { UInt64(rawValue) }
}

extension Field where R == Node, Value == Int {
    /// How many bits of the key lie below this node's slots: 0 in a leaf.
    static var shift: Self { Self(0, bits: 8, 8) }
    /// The key of the first entry below this node.
    static var base: Self { Self(1) }
    /// The MM or file whose tree this is.
    static var owner: Self { Self(5, bits: 0, 32) }
}
extension Field where R == Node, Value == TreeRole {
    static var role: Self { Self(0, bits: 16, 8) }
}
extension Field where R == Node, Value == UInt64 {
    static func tags(_ tag: Tag) -> Self { Self(2 + tag.rawValue) }
    static func slot(_ index: Int) -> Self { Self(UInt8(8 &+ index)) }
}

/// The index tags of a page cache.
public enum Tag: UInt8, CaseIterable, Sendable {
    case dirty, writeback, towrite

    public var name: String {
        switch self {
        case .dirty: "dirty"
        case .writeback: "writeback"
        case .towrite: "towrite"
        }
    }
}

extension State {
    /// The value under a key, 0 where there is none.
    func radixValue(_ root: Ref<Node>, _ key: Int) -> UInt64 {
        let leaf = radixLeaf(root, key)
        return leaf.exists ? self[leaf, .slot(key & 63)] : 0
    }

    /// The leaf that would hold a key, or none.
    func radixLeaf(_ root: Ref<Node>, _ key: Int) -> Ref<Node> {
        guard root.exists else { return .none }
        var node = root
        var shift = self[node, .shift]
        if key &>> (shift &+ Node.slotBits) != 0 { return .none }
        while shift > 0 {
            node = Ref(word: self[node, .slot((key &>> shift) & 63)])
            if !node.exists { return .none }
            shift &-= Node.slotBits
        }
        return node
    }

    /// The first key in a range whose value is not 0, with its value.
    func radixFirst(_ root: Ref<Node>, in range: ClosedRange<Int>) -> (key: Int, value: UInt64)? {
        guard root.exists else { return nil }
        let shift = self[root, .shift]
        let limit = (1 << (shift + Node.slotBits)) - 1
        if range.lowerBound > limit { return nil }
        return radixSearch(root, shift, range.lowerBound, min(range.upperBound, limit), tag: nil)
    }

    /// Every key whose value is not 0, in order.
    func radixForEach(_ root: Ref<Node>, _ body: (_ key: Int, _ value: UInt64) -> Void) {
        guard root.exists else { return }
        State.radixForEach(root, in: words.elements, body)
        withExtendedLifetime(words) {}
    }

    /// The same as an array, which is emptied first.
    func radixEntries(_ root: Ref<Node>, into entries: inout [(key: Int, value: UInt64)]) {
        entries.removeAll(keepingCapacity: true)
        radixForEach(root) { entries.append(($0, $1)) }
    }

    private static func radixForEach(
        _ node: Ref<Node>, in words: UnsafeMutablePointer<UInt64>, _ body: (_ key: Int, _ value: UInt64) -> Void
    ) {
        let node = words + Int(node.raw)
        let isLeaf = Field<Node, Int>.shift.value(in: node[0]) == 0
        let base = Int(node[Int(Field<Node, Int>.base.offset)])
        let slots = node + Node.firstSlot
        // Most slots are empty: eight are looked at together.
        var group = 0
        while group < 1 &<< Node.slotBits {
            let eight = slots + group
            let some = eight[0] | eight[1] | eight[2] | eight[3] | eight[4] | eight[5] | eight[6] | eight[7]
            if some != 0 {
                for slot in group..<group &+ 8 where slots[slot] != 0 {
                    if isLeaf { body(base &+ slot, slots[slot]) } else {
                        radixForEach(Ref(word: slots[slot]), in: words, body)
                    }
                }
            }
            group &+= 8
        }
    }

    /// The first key in a range that carries a tag.
    func radixFirst(_ root: Ref<Node>, tagged tag: Tag, in range: ClosedRange<Int>) -> Int? {
        guard root.exists else { return nil }
        let shift = self[root, .shift]
        let limit = (1 << (shift + Node.slotBits)) - 1
        if range.lowerBound > limit { return nil }
        return radixSearch(
            root, shift, range.lowerBound, min(range.upperBound, limit), tag: tag)?.key
    }

    /// Searches below a node; `first` and `last` lie within it.
    private func radixSearch(
        _ node: Ref<Node>, _ shift: Int, _ first: Int, _ last: Int, tag: Tag?
    ) -> (key: Int, value: UInt64)? {
        let base = self[node, .base]
        var slot = (first >> shift) & 63
        let lastSlot = (last >> shift) & 63
        while slot <= lastSlot {
            let value = self[node, .slot(slot)]
            let tagged = tag.map { self[node, .tags($0)] >> UInt64(slot) & 1 == 1 } ?? true
            if value != 0, tagged {
                let low = base + (slot << shift)
                if shift == 0 { return (low, value) }
                let found = radixSearch(
                    Ref(word: value), shift - Node.slotBits, max(first, low),
                    min(last, low + (1 << shift) - 1), tag: tag)
                if let found { return found }
            }
            slot += 1
        }
        return nil
    }

    func radixTag(_ root: Ref<Node>, _ key: Int, _ tag: Tag) -> Bool {
        let leaf = radixLeaf(root, key)
        return leaf.exists && self[leaf, .tags(tag)] >> UInt64(key & 63) & 1 == 1
    }
}

extension Machine {
    private mutating func radixNode(
        _ role: TreeRole, _ owner: UInt32, shift: Int, base: Int
    ) -> Ref<Node> {
        let node = allocate(Node.self)
        self[node, .shift] = shift
        self[node, .role] = role
        self[node, .owner] = Int(owner)
        self[node, .base] = base
        return node
    }

    /// Stores a value, growing the tree as needed, and returns the root, which may be new.
    mutating func radixStore(
        _ root: Ref<Node>, _ key: Int, _ value: UInt64, _ role: TreeRole, owner: UInt32
    ) -> Ref<Node> {
        var root = root
        if !root.exists {
            if value == 0 { return root }
            root = radixNode(role, owner, shift: 0, base: 0)
        }
        while key >> (self[root, .shift] + Node.slotBits) != 0 {
            if value == 0 { return root }
            let taller = radixNode(role, owner, shift: self[root, .shift] + Node.slotBits, base: 0)
            self[taller, .slot(0)] = root.word
            for tag in Tag.allCases where self[root, .tags(tag)] != 0 {
                self[taller, .tags(tag)] = 1
            }
            root = taller
        }
        var node = root
        var shift = self[node, .shift]
        while shift > 0 {
            let slot = (key >> shift) & 63
            var child = Ref<Node>(word: self[node, .slot(slot)])
            if !child.exists {
                if value == 0 { return root }
                child = radixNode(
                    role, owner, shift: shift - Node.slotBits, base: (key >> shift) << shift)
                self[node, .slot(slot)] = child.word
            }
            node = child
            shift -= Node.slotBits
        }
        self[node, .slot(key & 63)] = value
        return root
    }

    /// Sets or clears a tag of an entry that exists, and of the nodes above it.
    mutating func radixSetTag(_ root: Ref<Node>, _ key: Int, _ tag: Tag, _ on: Bool) {
        guard root.exists, key >> (self[root, .shift] + Node.slotBits) == 0 else { return }
        radixSetTag(below: root, self[root, .shift], key, tag, on)
    }

    private mutating func radixSetTag(
        below node: Ref<Node>, _ shift: Int, _ key: Int, _ tag: Tag, _ on: Bool
    ) {
        let slot = (key >> shift) & 63
        var bit = on
        if shift > 0 {
            let child = Ref<Node>(word: self[node, .slot(slot)])
            guard child.exists else { return }
            radixSetTag(below: child, shift - Node.slotBits, key, tag, on)
            bit = self[child, .tags(tag)] != 0
        }
        let mask = UInt64(1) << UInt64(slot)
        self[node, .tags(tag)] = bit ? self[node, .tags(tag)] | mask : self[node, .tags(tag)] & ~mask
    }

    /// Frees all nodes of a tree.
    mutating func radixFree(_ root: Ref<Node>) {
        guard root.exists else { return }
        if self[root, .shift] > 0 {
            for slot in 0..<64 { radixFree(Ref(word: self[root, .slot(slot)])) }
        }
        free(root)
    }
}
