import DirtyView
import Glibc
import Synchronization

// Starting a program in a session of its own with a pseudo terminal as its controlling terminal.
// There is no fork in Swift, so the child has to get everything through posix_spawn: it becomes a
// session leader and opens the terminal by name, which makes it the controlling one.
extension Pty {
    struct Spawned {
        var master: Int32
        var sync: Int32
        var child: pid_t
        /// The modes of the terminal before the program could touch them.
        var modes: Modes
    }

    /// Descriptors are marked close-on-exec after they are made. One program is started at a time,
    /// so none inherits what belongs to another: it would keep a terminal alive that a test closed.
    private static let lock = Mutex(())

    static func spawn(
        _ arguments: [String], _ environment: [String: String], _ size: Size
    ) throws -> Spawned {
        try lock.withLock { _ in try spawnAlone(arguments, environment, size) }
    }

    private static func spawnAlone(
        _ arguments: [String], _ environment: [String: String], _ size: Size
    ) throws -> Spawned {
        var (master, slave): (Int32, Int32) = (-1, -1)
        var window = winsize(size)
        guard openpty(&master, &slave, nil, nil, &window) == 0 else {
            throw Failure(description: "openpty failed: \(errno)")
        }
        defer { close(slave) }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw Failure(description: "pipe failed: \(errno)")
        }
        defer { close(ends[1]) }
        for descriptor in [master, slave] + ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
        let modes = Modes(of: master)

        var path = [CChar](repeating: 0, count: 128)
        ttyname_r(slave, &path, path.count)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], syncDescriptor)
        posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Signals start at their defaults, whatever the test runner was started with.
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        // POSIX_SPAWN_SETSID, which Swift does not see because it is an extension.
        let setsid: Int16 = 0x80
        posix_spawnattr_setflags(
            &attributes,
            setsid | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))

        var child = pid_t()
        let result = withCStrings(arguments) { arguments in
            withCStrings(environment.map { "\($0)=\($1)" }) { environment in
                posix_spawn(&child, arguments[0]!, &actions, &attributes, arguments, environment)
            }
        }
        guard result == 0 else {
            close(master)
            close(ends[0])
            throw Failure(description: "cannot start \(arguments[0]): error \(result)")
        }
        return Spawned(master: master, sync: ends[0], child: child, modes: modes)
    }

    /// A program that was built beside the running one.
    public static func sibling(_ name: String) -> String {
        var path = [UInt8](repeating: 0, count: 4096)
        let count = path.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.baseAddress!, $0.count)
        }
        let own = String(decoding: path[..<max(count, 0)], as: UTF8.self)
        return own[..<(own.lastIndex(of: "/") ?? own.startIndex)] + "/" + name
    }
}

extension winsize {
    init(_ size: Size) {
        self.init(
            ws_row: UInt16(size.rows), ws_col: UInt16(size.columns), ws_xpixel: 0, ws_ypixel: 0)
    }
}

private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
}
