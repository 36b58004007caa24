import Glibc
import HostKernel

/// A program that is started to be watched. It waits before its first instruction until it is, and is
/// told to hang up when the watching ends before it does, as if its terminal were closed.
public final class StartedProgram {
    public let id: Int32
    private var gate = host_gate()
    private var isHeld = true
    private let name: String

    /// Its output goes to a file, to standard error, or nowhere: the screen is taken.
    public init(_ arguments: [String], output: String?, toStandardError: Bool) throws(LiveError) {
        name = arguments[0]
        var sink: Descriptor?
        if let output {
            sink = Descriptor(open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644))
            if sink == nil { throw LiveError("cannot write '\(output)': \(errorText(errno))") }
        }
        let nothing = Descriptor("/dev/null", O_RDWR)
        let out = sink?.number ?? (toStandardError ? STDERR_FILENO : nothing?.number ?? -1)
        let errors = sink?.number ?? (toStandardError ? -1 : nothing?.number ?? -1)
        let words = arguments.map { strdup($0) }
        defer { words.forEach { free($0) } }
        let pointers = words.map { UnsafePointer($0) } + [nil]
        let result = host_spawn_held(pointers, [nothing?.number ?? -1, out, errors], &gate)
        guard result > 0 else { throw LiveError("cannot start '\(arguments[0])': \(errorText(result))") }
        id = result
    }

    /// Lets it run.
    public func run() throws(LiveError) {
        isHeld = false
        let error = host_release(gate, true)
        if error != 0 {
            throw LiveError("cannot start '\(name)': \(errorText(error))", isMissing: error == -ENOENT)
        }
    }

    /// Ends the watching: its exit status as a shell says it when it has ended, else 0.
    public func finish() -> Int32 {
        if isHeld {
            isHeld = false
            _ = host_release(gate, false)
        }
        var status: Int32 = 0
        guard host_reap(id, &status) else {
            kill(id, SIGHUP)
            return 0
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}
