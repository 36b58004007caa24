/// Images of one level, as one worker finds them. They stay where they were written until the level has
/// been gone through, so that nobody has to copy them.
@usableFromInline
struct ImageStore {
    private var blocks: [UnsafeMutableBufferPointer<UInt64>] = []
    /// How many blocks are full, or in use.
    private var begun = 0
    /// Where the next image goes, and where its block ends.
    @usableFromInline var next: UnsafeMutablePointer<UInt64>?
    @usableFromInline var left = 0

    /// The size of the first block, and at most, in words.
    private static let sizes = 1 << 10...1 << 14

    init() {}

    func free() {
        for block in blocks { block.deallocate() }
    }

    /// So many words in a row, which are free until they are taken.
    @inlinable
    mutating func room(for words: Int) -> UnsafeMutablePointer<UInt64> {
        if words > left { beginBlock(for: words) }
        return next.unsafelyUnwrapped
    }

    /// The first words of the room that was asked for last.
    @inlinable
    mutating func take(_ words: Int) -> UnsafeMutablePointer<UInt64> {
        let place = next.unsafelyUnwrapped
        next = place + words
        left &-= words
        return place
    }

    @usableFromInline
    mutating func beginBlock(for words: Int) {
        while begun < blocks.count, blocks[begun].count < words { begun += 1 }
        if begun == blocks.count {
            let last = blocks.last?.count ?? 0
            let size = min(max(last * 2, ImageStore.sizes.lowerBound), ImageStore.sizes.upperBound)
            blocks.append(.allocate(capacity: max(size, words)))
        }
        next = blocks[begun].baseAddress
        left = blocks[begun].count
        begun += 1
    }

    /// Makes room for another level; the memory stays.
    mutating func removeAll() {
        begun = 0
        next = nil
        left = 0
    }
}
