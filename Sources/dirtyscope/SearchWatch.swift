import DirtyExplore
import Glibc
import Synchronization

/// Watches a search: the clock, Ctrl-C, and a line about how far it is. Used by the search while
/// it goes on, and by nobody else.
final class SearchWatch: @unchecked Sendable {
    private let start = SearchWatch.now
    private let timeout: Double?
    private let isShown = isatty(STDERR_FILENO) == 1
    private var lastShown = 0.0
    private var lastStates = 0
    private static let interrupted = Atomic<Bool>(false)

    init(timeout: Double?) {
        self.timeout = timeout
        // The second Ctrl-C ends the program as ever.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in SearchWatch.interrupted.store(true, ordering: .relaxed) }
        action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
        sigaction(SIGINT, &action, nil)
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    var milliseconds: Int { Int((SearchWatch.now - start) * 1000) }

    /// `name` tells which search it is, where there are many.
    func look(_ progress: SearchProgress, _ name: String = "") -> SearchLimit? {
        if SearchWatch.interrupted.load(ordering: .relaxed) { return .interrupted }
        let seconds = SearchWatch.now - start
        if let timeout, seconds > timeout { return .time }
        if isShown, seconds - lastShown >= 0.5 { show(progress, seconds, name) }
        return nil
    }

    private func show(_ progress: SearchProgress, _ seconds: Double, _ name: String) {
        let rate = Int(Double(progress.states - lastStates) / max(seconds - lastShown, 0.001))
        (lastShown, lastStates) = (seconds, progress.states)
        let line =
            "\(name)\(progress.states) states, \(rate)/s, depth \(progress.depth), "
            + "\(progress.frontier) to do, \(progress.bytes >> 20) MiB, \(Int(seconds)) s"
        // A line that wraps could not be taken away again.
        var size = winsize()
        let columns = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
        write("\r\u{1b}[K" + line.prefix(columns - 1))
    }

    /// Takes the line away.
    func clear() {
        if isShown, lastShown > 0 { write("\r\u{1b}[K") }
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// Waits for work that threads of their own do.
func waiting<Result: Sendable>(_ work: @escaping @Sendable () async -> Result) -> Result {
    let outcome = Awaited<Result>()
    _Concurrency.Task { outcome.end(await work()) }
    return outcome.wait()
}

/// A result that one thread makes and another waits for.
private final class Awaited<Result>: @unchecked Sendable {
    private var result: Result?
    private let done = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(done, 0, 0) }

    deinit { done.deallocate() }

    func end(_ result: Result) {
        self.result = result
        sem_post(done)
    }

    func wait() -> Result {
        while sem_wait(done) != 0 {}
        return result!
    }
}
