import Glibc

/// Ways to crash on purpose. Only a real crash shows whether the terminal survives one.
public enum CrashTest: String, Sendable, CaseIterable {
    case trap, segv, abort, overflow

    func perform() {
        switch self {
        case .trap:
            let none: [Int] = []
            _ = none[none.count]
        case .segv:
            UnsafeMutablePointer<UInt8>(bitPattern: 16)!.pointee = 1
        case .abort:
            Glibc.abort()
        case .overflow:
            _ = Self.overflow(0)
        }
    }

    /// Hands a part of its stack to a system call after the deeper call, so that no optimiser can
    /// turn the recursion into a loop.
    @inline(never)
    private static func overflow(_ depth: Int) -> Int {
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { buffer in
            let deeper = depth == .max ? 0 : overflow(depth + 1)
            return deeper &+ read(-1, buffer.baseAddress!, 0)
        }
    }
}
