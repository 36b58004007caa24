import DirtyMachine
import DirtyScript

/// Who holds which lock, and who waits for it.
struct LockPane {
    let scene: Scene
    let columns: Int

    func listing(height: Int) -> Listing {
        let locks = scene.now.locks
        let waited = locks.filter { !$0.waiters.isEmpty }.count
        var listing = Listing()
        listing.title = locks.isEmpty ? "Locks" : "Locks  \(locks.count) held" + (waited > 0 ? ", \(waited) waited for" : "")
        if let circle = Self.circle(locks) {
            listing.title = "Locks  DEADLOCK: " + circle.map { scene.now.taskName($0) }.joined(separator: ", ")
        }
        listing.count = locks.count
        listing.empty = "nobody has a lock"
        if scene.focus == .locks { listing.cursor = scene.cursors[.locks] ?? 0 }
        listing.row = { row(locks[$0]) }
        listing.subject = { .item(.path(locks[$0].path)) }
        return listing
    }

    private func row(_ lock: LockView) -> Line {
        let now = scene.now
        var line = Line()
        let old = scene.alterations.contains { $0.path == lock.path }
        line.isChanged = old
        let isShort = columns < 44
        let path = KernelWords(scene.generation).onScreen(lock.path)
        line.column(isShort ? endOfPath(path, 16) : lock.name, isShort ? 16 : min(30, columns / 2))
        line.add(" ")
        let holders = lock.holders.map { now.taskName($0) }.joined(separator: ",")
        line.add(holders.isEmpty ? (lock.path.hasSuffix(".writeback") ? "device" : "-") : holders, Style(.plain, old ? .changed : .bold))
        if !lock.isExclusive { line.add(isShort ? " r" : " (read)", Style(.plain, .dim)) }
        if !lock.waiters.isEmpty {
            line.add("  ")
            line.add(lock.waiters.map { now.taskName($0) }.joined(separator: ",") + (lock.waiters.count == 1 ? " WAITS" : " WAIT"), Style(.error))
        }
        return line
    }

    /// Tasks that wait for each other in a circle, if there are any.
    static func circle(_ locks: [LockView]) -> [Ref<Task>]? {
        var next: [Ref<Task>: Ref<Task>] = [:]
        for lock in locks {
            for waiter in lock.waiters { next[waiter] = lock.holders.first }
        }
        for start in next.keys.sorted(by: { $0.raw < $1.raw }) {
            var way = [start]
            while let last = way.last, let following = next[last] {
                if following == start { return way }
                if way.contains(following) { break }
                way.append(following)
            }
        }
        return nil
    }
}
