// Locks and pages were renamed as time went by. The screen says what the kernel of the time said.

/// What a kernel of a generation calls its locks, and the thing that the page cache holds. Paths in
/// reports keep their names; `onScreen` turns one into the kernel's.
public struct KernelWords: Hashable, Sendable {
    /// `mmap_lock`, `mmap_sem`
    public let mmap: String
    /// `i_rwsem`, `i_mutex`
    public let inode: String
    /// `i_mmap_rwsem`, `i_mmap_lock`
    public let immap: String
    /// The lock of a file's buffers: `i_private_lock`, `private_lock`
    public let bufferRing: String
    /// `folio`, `page`
    public let page: String

    public init(_ generation: Rules.Generation) {
        let isModern = generation == .v6
        mmap = isModern ? "mmap_lock" : "mmap_sem"
        inode = isModern ? "i_rwsem" : "i_mutex"
        immap = isModern ? "i_mmap_rwsem" : "i_mmap_lock"
        bufferRing = isModern ? "i_private_lock" : "private_lock"
        page = isModern ? "folio" : "page"
    }

    /// A path or an attribute of the reports with the names of the time: `db.folio[0].locked` is
    /// `db.page[0].locked` on 2.6, `db.i_mmap_lock` is `db.i_mmap_rwsem` on 6.18.
    public func onScreen(_ path: String) -> String {
        path.split(separator: ".", omittingEmptySubsequences: false).map { part in
            switch part {
            case "i_mmap_lock": immap
            case "private_lock": bufferRing
            default: part.hasPrefix("folio[") ? page + part.dropFirst("folio".count) : String(part)
            }
        }.joined(separator: ".")
    }
}

extension KernelWords {
    /// A path that was typed as the screen shows it, with the names of the reports.
    public func inReports(_ path: String) -> String {
        path.split(separator: ".", omittingEmptySubsequences: false).map { part in
            switch part {
            case immap[...]: "i_mmap_lock"
            case bufferRing[...]: "private_lock"
            default: part.hasPrefix("page[") ? "folio" + part.dropFirst("page".count) : String(part)
            }
        }.joined(separator: ".")
    }

    /// Locks that only one can have: a holder of theirs needs no `write:`.
    private var exclusive: Set<String> {
        immap == "i_mmap_lock" ? ["ptl", bufferRing, immap, inode] : ["ptl", bufferRing]
    }

    /// A change with the names of the time: `A.ptl free -> W`, not `free -> write:W`.
    public func onScreen(_ alteration: Alteration) -> Alteration {
        let attribute = onScreen(alteration.attribute)
        func value(_ text: String) -> String {
            exclusive.contains(attribute) && text.hasPrefix("write:") ? String(text.dropFirst("write:".count)) : text
        }
        return Alteration(
            subject: onScreen(alteration.subject), attribute: attribute, old: value(alteration.old),
            new: value(alteration.new), task: alteration.task, function: alteration.function)
    }
}
