/// Numbers of the Linux interface on x86-64, which is the machine that traces come from.

enum OpenFlags {
    static let accessMode: UInt64 = 0o3
    static let create: UInt64 = 0o100
    static let exclusive: UInt64 = 0o200
    static let truncate: UInt64 = 0o1000
    static let append: UInt64 = 0o2000
    /// O_DSYNC, which is also one of the two bits of O_SYNC.
    static let dataSync: UInt64 = 0o10000
    static let closeOnExec: UInt64 = 0o2_000_000
}

enum FcntlCommand {
    static let duplicate: UInt64 = 0
    static let duplicateCloseOnExec: UInt64 = 1030
}

enum Seek {
    static let end: UInt64 = 2
}

enum SyncRangeFlags {
    static let write: UInt64 = 2
}

enum ProtectionFlags {
    static let read: UInt64 = 1
    static let write: UInt64 = 2
    static let execute: UInt64 = 4
}

enum MapFlags {
    static let type: UInt64 = 0xF
    static let shared: UInt64 = 1
    static let sharedValidate: UInt64 = 3
    static let anonymous: UInt64 = 0x20
    static let populate: UInt64 = 0x8000
}

enum MsyncFlags {
    static let invalidate: UInt64 = 2
    static let sync: UInt64 = 4
}

enum Advice {
    static let dontNeed: UInt64 = 4
    static let remove: UInt64 = 9
}
