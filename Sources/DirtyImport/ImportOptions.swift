/// What to take from a trace, and how to present it.
public struct ImportOptions: Hashable, Sendable {
    /// How the trace is called in errors.
    public var traceName: String
    /// Globs (`*`, `?`) for the files to take. A glob without `/` is held against the last
    /// component of a path, one with `/` against all of it. Without globs the files that were
    /// mapped shared and writable are taken.
    public var files: [String] = []
    /// Take every file that was mapped at all, private mappings of shared libraries included.
    public var all = false
    /// The scenario's title; nil: what the trace says, or else the recorded command.
    public var title: String?
    public var kernel = "6.18"
    /// The file system of files in ordinary directories; what lies in `/dev/shm` or memory is on
    /// tmpfs.
    public var fileSystem = "ext4"
    /// Whether the files begin in the page cache. A trace does not tell.
    public var cached = false
    /// Lines for the comment at the top, after those of the trace itself.
    public var notes: [String] = []
    public var limits = ImportLimits()

    public init(traceName: String = "trace") {
        self.traceName = traceName
    }
}

/// Bounds that keep the memory and the time of an import small whatever the trace contains.
public struct ImportLimits: Hashable, Sendable {
    /// A lackey line has some 20 bytes, a system call with two paths at most 8,300.
    public var bytesPerLine = 65_536
    /// Lines that mean nothing before the first that does: more of them, and this is no trace.
    public var foreignLines = 1_000
    /// Parts in which one system call may have been printed, between the lines of other processes.
    public var partsPerCall = 32
    /// System calls that have begun and not ended.
    public var unfinishedCalls = 1_024
    /// Operations of the scenario, before those of files that are not taken are left out.
    public var operations = 200_000
    /// Distinct pages whose accesses are folded at one time.
    public var foldedPages = 500_000
    /// Tracked mappings of one process at one time.
    public var mappings = 16_384
    public var files = 4_096
    public var openFiles = 65_536
    public var processes = 256
    /// 4 GiB: the simulator keeps some bytes for every page of a file.
    public var pagesPerFile = 1_048_576
    /// Page frames of a simulated machine.
    public var frames = 4_096
    /// Warnings kept; the others are only counted.
    public var warnings = 100

    public init() {}
}
