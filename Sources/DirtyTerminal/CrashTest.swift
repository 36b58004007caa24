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

    /// Uses its stack before and after the call, so that no optimiser turns it into a loop.
    @inline(never)
    private static func overflow(_ depth: Int) -> Int {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 128) { buffer in
            buffer[depth & 127] = depth
            return overflow(depth &+ 1) &+ buffer[depth & 127]
        }
    }
}
