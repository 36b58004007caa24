// Two search trees hold VMAs: each mm has one ordered by address, each file one ordered by
// page offset (the kernel's i_mmap). Both are treaps whose nodes are the VMAs themselves, with
// priorities drawn from the VMA's serial number: logarithmic on average whatever the order of
// insertion, and without any randomness.

/// How a tree orders VMAs and what it keeps about each subtree.
protocol VMAOrder {
    static var left: Field<VMA, Ref<VMA>> { get }
    static var right: Field<VMA, Ref<VMA>> { get }
    static func precedes(_ a: Ref<VMA>, _ b: Ref<VMA>, _ state: State) -> Bool
    /// Recomputes what a node knows about its subtree.
    static func summarise(_ node: Ref<VMA>, _ machine: inout Machine)
}

/// By address, for find_vma and get_unmapped_area.
enum AddressOrder: VMAOrder {
    static var left: Field<VMA, Ref<VMA>> { .left }
    static var right: Field<VMA, Ref<VMA>> { .right }

    static func precedes(_ a: Ref<VMA>, _ b: Ref<VMA>, _ state: State) -> Bool {
        state[a, .start] < state[b, .start]
    }

    /// Lowest and highest page of the subtree, and its largest hole.
    static func summarise(_ node: Ref<VMA>, _ m: inout Machine) {
        let (l, r) = (m[node, .left], m[node, .right])
        var gap = 0
        if l.exists { gap = max(m[l, .largestGap], m[node, .start] - m[l, .highest]) }
        if r.exists { gap = max(gap, m[r, .largestGap], m[r, .lowest] - m[node, .end]) }
        m[node, .lowest] = l.exists ? m[l, .lowest] : m[node, .start]
        m[node, .highest] = r.exists ? m[r, .highest] : m[node, .end]
        m[node, .largestGap] = gap
    }
}

/// By page offset, then by age, so that a fork's child stands right after its parent.
enum FileOrder: VMAOrder {
    static var left: Field<VMA, Ref<VMA>> { .fileLeft }
    static var right: Field<VMA, Ref<VMA>> { .fileRight }

    static func precedes(_ a: Ref<VMA>, _ b: Ref<VMA>, _ state: State) -> Bool {
        let (x, y) = (state[a, .pgoff], state[b, .pgoff])
        return x != y ? x < y : state[a, .serial] < state[b, .serial]
    }

    /// The end of the file range that reaches farthest, for stabbing queries.
    static func summarise(_ node: Ref<VMA>, _ m: inout Machine) {
        var end = m.state.fileEnd(node)
        for child in [m[node, .fileLeft], m[node, .fileRight]] where child.exists {
            end = max(end, m[child, .fileReach])
        }
        m[node, .fileReach] = end
    }
}

extension State {
    /// One past the last file page that a VMA maps.
    func fileEnd(_ vma: Ref<VMA>) -> Int { self[vma, .pgoff] + self[vma, .end] - self[vma, .start] }

    fileprivate func priority(_ vma: Ref<VMA>) -> UInt64 {
        var x = UInt64(self[vma, .serial]) &* 0x9e37_79b9_7f4a_7c15
        x = (x ^ (x >> 30)) &* 0xbf58_476d_1ce4_e5b9
        return x ^ (x >> 27)
    }
}

extension Machine {
    /// Inserts a node and returns the new root.
    mutating func insert<O: VMAOrder>(
        _ node: Ref<VMA>, into root: Ref<VMA>, _ order: O.Type
    ) -> Ref<VMA> {
        guard root.exists else {
            O.summarise(node, &self)
            return node
        }
        if state.priority(node) > state.priority(root) {
            let (l, r) = split(root, before: node, order)
            self[node, O.left] = l
            self[node, O.right] = r
            O.summarise(node, &self)
            return node
        }
        if O.precedes(node, root, state) {
            self[root, O.left] = insert(node, into: self[root, O.left], order)
        } else {
            self[root, O.right] = insert(node, into: self[root, O.right], order)
        }
        O.summarise(root, &self)
        return root
    }

    /// Removes a node and returns the new root.
    mutating func remove<O: VMAOrder>(
        _ node: Ref<VMA>, from root: Ref<VMA>, _ order: O.Type
    ) -> Ref<VMA> {
        precondition(root.exists, "a VMA is removed from a tree that does not hold it")
        if root == node {
            let joined = join(self[node, O.left], self[node, O.right], order)
            self[node, O.left] = .none
            self[node, O.right] = .none
            return joined
        }
        if O.precedes(node, root, state) {
            self[root, O.left] = remove(node, from: self[root, O.left], order)
        } else {
            self[root, O.right] = remove(node, from: self[root, O.right], order)
        }
        O.summarise(root, &self)
        return root
    }

    private mutating func split<O: VMAOrder>(
        _ root: Ref<VMA>, before node: Ref<VMA>, _ order: O.Type
    ) -> (Ref<VMA>, Ref<VMA>) {
        guard root.exists else { return (.none, .none) }
        if O.precedes(root, node, state) {
            let (l, r) = split(self[root, O.right], before: node, order)
            self[root, O.right] = l
            O.summarise(root, &self)
            return (root, r)
        }
        let (l, r) = split(self[root, O.left], before: node, order)
        self[root, O.left] = r
        O.summarise(root, &self)
        return (l, root)
    }

    private mutating func join<O: VMAOrder>(
        _ a: Ref<VMA>, _ b: Ref<VMA>, _ order: O.Type
    ) -> Ref<VMA> {
        guard a.exists else { return b }
        guard b.exists else { return a }
        if state.priority(a) > state.priority(b) {
            self[a, O.right] = join(self[a, O.right], b, order)
            O.summarise(a, &self)
            return a
        }
        self[b, O.left] = join(a, self[b, O.left], order)
        O.summarise(b, &self)
        return b
    }
}

// MARK: Queries

extension State {
    /// The VMA with the lowest end above an address, as find_vma(): it may begin above it.
    /// Addresses are virtual page numbers.
    func findVMA(_ mm: Ref<MM>, _ vpn: Int) -> Ref<VMA> {
        var node = self[mm, .vmas]
        var best = Ref<VMA>.none
        while node.exists {
            if self[node, .end] > vpn {
                best = node
                if self[node, .start] <= vpn { break }
                node = self[node, .left]
            } else {
                node = self[node, .right]
            }
        }
        return best
    }

    /// The VMA that covers an address, or none.
    func vma(_ mm: Ref<MM>, covering vpn: Int) -> Ref<VMA> {
        let vma = findVMA(mm, vpn)
        return vma.exists && self[vma, .start] <= vpn ? vma : .none
    }

    /// The VMA that ends highest at or below an address.
    func vma(_ mm: Ref<MM>, before vpn: Int) -> Ref<VMA> {
        var node = self[mm, .vmas]
        var best = Ref<VMA>.none
        while node.exists {
            if self[node, .end] <= vpn {
                best = node
                node = self[node, .right]
            } else {
                node = self[node, .left]
            }
        }
        return best
    }

    /// First fit from the top: the highest hole of `pages` pages, as the virtual page number of
    /// its first page; nil when there is none.
    func unmappedArea(_ mm: Ref<MM>, pages: Int) -> Int? {
        let root = self[mm, .vmas]
        guard root.exists else {
            return pages <= State.topPage - State.lowestPage ? State.topPage - pages : nil
        }
        if State.topPage - self[root, .highest] >= pages { return State.topPage - pages }
        if self[root, .largestGap] >= pages { return highestHole(root, pages) }
        let bottom = self[root, .lowest]
        return bottom - State.lowestPage >= pages ? bottom - pages : nil
    }

    private func highestHole(_ root: Ref<VMA>, _ pages: Int) -> Int {
        var node = root
        while true {
            let (l, r) = (self[node, .left], self[node, .right])
            if r.exists, self[r, .largestGap] >= pages {
                node = r
            } else if r.exists, self[r, .lowest] - self[node, .end] >= pages {
                return self[r, .lowest] - pages
            } else if l.exists, self[node, .start] - self[l, .highest] >= pages {
                return self[node, .start] - pages
            } else {
                node = l
            }
        }
    }

    /// The page above the first mapping: something else lies there.
    static let topPage = 0x7fff_f7ff_f
    /// mmap_min_addr.
    static let lowestPage = 0x10

    /// The first VMA of a file that maps page `index` and comes after `cursor` in the tree's
    /// order; the step of vma_interval_tree_foreach().
    func nextMapping(
        of file: Ref<File>, page index: Int, after cursor: (pgoff: Int, serial: Int)?
    ) -> Ref<VMA> {
        nextMapping(self[file, .immap], index...index, cursor)
    }

    func nextMapping(
        of file: Ref<File>, pages: ClosedRange<Int>, after cursor: (pgoff: Int, serial: Int)?
    ) -> Ref<VMA> {
        nextMapping(self[file, .immap], pages, cursor)
    }

    private func nextMapping(
        _ node: Ref<VMA>, _ pages: ClosedRange<Int>, _ cursor: (pgoff: Int, serial: Int)?
    ) -> Ref<VMA> {
        guard node.exists, self[node, .fileReach] > pages.lowerBound else { return .none }
        let here = (self[node, .pgoff], self[node, .serial])
        let isAfter = cursor.map { here > ($0.pgoff, $0.serial) } ?? true
        if isAfter {
            let found = nextMapping(self[node, .fileLeft], pages, cursor)
            if found.exists { return found }
            if here.0 > pages.upperBound { return .none }
            if fileEnd(node) > pages.lowerBound { return node }
        }
        if here.0 > pages.upperBound { return .none }
        return nextMapping(self[node, .fileRight], pages, cursor)
    }
}
