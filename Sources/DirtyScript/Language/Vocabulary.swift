/// The fixed words of the language, in the order in which messages list them.
public enum Vocabulary {
    public static let kernels = ["2.6.18", "as-posted", "2.6.19", "2.6.20", "6.18"]
    public static let defaultKernel = "6.18"
    public static let defaultCPUs = 2
    public static let fileSystems = ["ext3", "ext4", "xfs", "nfs", "tmpfs", "ramfs"]
    /// Where folios of more than one page can be: 2.6 has single pages only.
    public static let largeFolioKernels = ["6.18"]
    public static let largeFolioFileSystems = ["ext3", "ext4", "xfs"]
    /// Whose pages have buffer heads; those of xfs not under these kernels.
    public static let bufferFileSystems = ["ext3", "ext4", "xfs"]
    public static let kernelsWithoutXFSBuffers = ["6.18"]
    /// Whose journal has a data mode.
    public static let journalFileSystems = ["ext3", "ext4"]
    public static let deviceKinds = ["pfnmap", "insertpage", "custom-prot", "mkwrite"]
    public static let protections = ["r", "rw", "rx", "rwx", "w", "wx", "x", "none"]

    public static let pageFlags = ["cached", "dirty", "writeback", "uptodate", "locked", "mapped"]
    public static let pteFlags = [
        "present", "write", "user", "accessed", "dirty", "soft-dirty", "exec", "absent",
    ]
    public static let counters = [
        "nr_dirty", "nr_writeback", "nr_mapped", "nr_anon", "pgfault", "pgmajfault", "tlb_flush",
    ]
    /// How an operation can end.
    public static let outcomes =
        ["ok", "SIGSEGV", "SIGBUS", "SIGKILL", "OOPS"] + [
            "E2BIG", "EACCES", "EAGAIN", "EBADF", "EBUSY", "ECHILD", "EDEADLK", "EDQUOT", "EEXIST",
            "EFAULT",
            "EFBIG", "EHWPOISON", "EINTR", "EINVAL", "EIO", "EISDIR", "EMFILE", "ENFILE", "ENODEV",
            "ENOENT",
            "ENOLCK", "ENOMEM", "ENOSPC", "ENOSYS", "ENOTDIR", "ENOTSUP", "ENOTTY", "ENXIO",
            "EOPNOTSUPP",
            "EOVERFLOW", "EPERM", "EPIPE", "ERANGE", "EROFS", "ESPIPE", "ESRCH", "ESTALE",
            "ETIMEDOUT", "ETXTBSY",
            "EXDEV",
        ]

    /// Commands that stand before the first operation.
    public static let setUp = [
        "title", "kernel", "rule", "cpus", "frames", "dirty", "file", "device",
    ]
    /// Set-up commands that may also come later.
    public static let tasks = ["process", "thread"]
    public static let schedule = ["race", "end", "step", "finish"]
    public static let presentation = [
        "say", "chapter", "pause", "focus", "show", "hide", "note", "predict",
    ]
    /// Operations of the kernel itself.
    public static let kernelOperations = [
        "writeback", "complete", "reclaim", "evict", "journal", "strip", "crash",
    ]
    /// Operations of a process or thread, after its name.
    public static let taskOperations = [
        "mmap", "munmap", "mprotect", "madvise", "mremap", "remap", "msync", "read", "write",
        "pread", "pwrite",
        "fsync", "ftruncate", "poke", "peek", "pin", "unpin", "pinwrite", "fork", "exit",
    ]
    /// Every word that can begin a line, names aside.
    public static let commands =
        setUp + tasks + kernelOperations + schedule + ["expect"] + presentation

    /// Words after `expect` that are not names.
    static let expectWords = ["value", "faults", "disk", "lost", "invariant", "!invariant", "invariants"]
    /// Words after `predict` that are not names.
    static let predictWords = ["next", "faults", "outcome", "value", "writes", "disk", "survives"]
    /// Names that would make a line ambiguous.
    static let reservedForTasks = Set(commands + expectWords + outcomes + counters)
    static let reservedForFiles = Set(expectWords + outcomes + counters + [anonymous])
    static let anonymous = "anon"
}
