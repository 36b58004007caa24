/// How large the things of a scenario may be. The limits keep a mistyped number from asking
/// for more memory than any machine has; no honest scenario comes near them.
public enum Limits {
    /// Pages of a file, device, mapping or operand: 1 TiB.
    public static let pages = 1 << 28
    /// Physical page frames: 16 GiB.
    public static let frames = 1 << 22
    public static let cpus = 8
    public static let buffersPerPage = 4
    /// Characters of a name.
    public static let nameLength = 32
    /// Characters of a kernel function's name.
    public static let functionNameLength = 64
    /// Unicode scalars of a line.
    public static let lineLength = 64 * 1024
    public static let lines = 10_000_000
    /// Atomic steps of one `step`.
    public static let steps = 1_000_000
    /// Seconds of one `pause`.
    public static let pauseSeconds = 3600
    /// Errors reported for one scenario; more help nobody.
    public static let diagnostics = 100
}
