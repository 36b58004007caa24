import DirtyExplore
import DirtyScript
import Dispatch
import Synchronization

/// A search that goes on by itself, on threads of its own. Whoever wants to know how far it has come
/// looks; when nobody holds it any more it ends.
final class BackgroundSearch: Sendable {
    /// How far it has come.
    struct Status: Hashable, Sendable {
        var states = 0
        /// States a second, lately.
        var rate = 0
        var depth = 0
        var frontier = 0
        var bytes = 0
    }

    typealias Outcome = Result<Exploration, Diagnostics>

    private let desk = Desk()

    /// Begins to explore from a session's state.
    init(from session: Session, options: Explorer.Options) {
        let desk = desk
        desk.end.enter()
        _Concurrency.Task.detached(executorPreference: SearchExecutor.shared) {
            do throws(Diagnostics) {
                let explorer = try Explorer(from: session, options: options)
                desk.close(.success(await explorer.run { desk.look($0) }))
            } catch {
                desk.close(.failure(error))
            }
        }
    }

    deinit { cancel() }

    var status: Status { desk.shared.withLock(\.status) }

    /// What has come of it, once it has ended.
    var outcome: Outcome? { desk.shared.withLock(\.outcome) }

    /// Lets it end with what it has found so far.
    func cancel() { desk.isCancelled.store(true, ordering: .relaxed) }

    /// Waits for its end.
    func wait() { desk.end.wait() }

    /// What the search and its owner share.
    private final class Desk: Sendable {
        struct Shared {
            var status = Status()
            var outcome: Outcome?
            var lastLook = ContinuousClock.now
        }

        let shared = Mutex(Shared())
        let isCancelled = Atomic<Bool>(false)
        let end = DispatchGroup()

        func look(_ progress: SearchProgress) -> SearchLimit? {
            shared.withLock { shared in
                let now = ContinuousClock.now
                let seconds = (now - shared.lastLook) / .seconds(1)
                // Often enough for the eye; over shorter times the rate would only jump.
                if seconds >= 0.1 {
                    shared.status.rate = Int(Double(progress.states - shared.status.states) / seconds)
                    shared.status.states = progress.states
                    shared.lastLook = now
                }
                shared.status.depth = progress.depth
                shared.status.frontier = progress.frontier
                shared.status.bytes = progress.bytes
            }
            return isCancelled.load(ordering: .relaxed) ? .interrupted : nil
        }

        func close(_ outcome: Outcome) {
            shared.withLock { $0.outcome = outcome }
            end.leave()
        }
    }
}

/// Threads for searches, so that nobody who waits for one keeps it from going on.
private final class SearchExecutor: TaskExecutor {
    static let shared = SearchExecutor()
    private let queue = DispatchQueue(label: "search", qos: .utility, attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}
