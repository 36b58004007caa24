import DirtyMachine
import DirtyScript

// What a kernel does, as constants, and the state in which a race begins.

extension PromelaModel {
    private var isTmpfs: Bool { file.fileSystem == "tmpfs" }
    private var accounts: Bool { !isTmpfs }
    private var hasMkwrite: Bool { file.mkwrite || (rules.generation == .v6 && !isTmpfs) }
    private var isTracked: Bool { (rules.tracks && accounts) || hasMkwrite }

    var constants: String {
        let isNew = rules.generation == .v6
        func word(_ flag: Bool) -> Int { flag ? 1 : 0 }
        let zapFlush = switch rules.zapFlush { case .afterPTL: 0; case .beforePTL: 1; case .beforeRmap: 2 }
        let upgrade = switch rules.mprotectUpgrade { case .none: 0; case .dirty: 1; case .any: 2 }
        let dirties = switch rules.faultDirties { case .outside: 0; case .locked: 1; case .under: 2 }
        let values: [(String, Int)] = [
            ("NP", file.pages), ("NM", spaceCount), ("NV", slotCount), ("NC", machine.cpuCount),
            ("PWRITES", word(allCommands.contains { if case .operation(.pwrite) = $0 { true } else { false } })),
            ("TRACKS", word(rules.tracks)), ("ACCOUNTS", word(accounts)), ("HAS_DISK", word(!isTmpfs)),
            ("HAS_BUFFERS", word(!isTmpfs)), ("CLEANS", word(rules.tracks && (accounts || !rules.mkcleanIsGated))),
            ("MKWRITE", word(hasMkwrite)), ("MKWRITE_LOCKS", word(rules.mkwriteReturnsLocked)),
            ("FAULT_DIRTIES", dirties), ("FAULT_WAITS", word(rules.faultWaitsPageLock)),
            ("FOLIO_FAULTS", word(isNew)), ("WALKS_SHARE", word(isNew)), ("UPGRADE_FLUSHES", word(!isNew)),
            ("WRITES_FOLIOS", word(isNew)),
            ("ATOMIC_PTES", word(rules.updatesPTEAtomically)), ("FORK_BEHIND", word(rules.forkLinksBehind)),
            ("MKCLEAN_ALL", word(rules.mkcleanFilter != .sharedWritableNow)),
            ("MKCLEAN_WAITS", word(rules.mkcleanAwaitsLock)),
            ("MKCLEAN_PROTECTS", word(rules.mkcleanAlwaysProtects)),
            ("MKCLEAN_FLUSHES", word(rules.mkcleanFlushes)), ("MKCLEAN_KEEPS_D", word(rules.mkcleanKeepsD)),
            ("MKCLEAN_FIRST", word(rules.mkcleanResultUsed)), ("CANCEL_KEEPS_TAG", word(rules.hasCancelDirty)),
            ("CANCEL_CLEANS", word(rules.tracks && !rules.hasCancelDirty)),
            ("WRITEBACK_WANTS_DIRTY", word(rules.writebackRequiresDirty)), ("JOURNAL_WRITES_BACK", word(isNew)),
            ("STRIP_HOLDS_LOCK", word(rules.ttfbHoldsLock)), ("ZAP_FLUSH", zapFlush),
            ("MADVISE_SHARES", word(rules.madviseSharesLock)), ("MPROTECT_UPGRADE", upgrade),
            ("MREMAP_FLUSHES_FIRST", word(rules.mremapFlushesUnderPTL)),
            ("MSYNC_WALKS", word(rules.msyncWalks && !isNew)), ("GUP_DROPS_WRITE", word(rules.gupDropsWrite)),
            ("CANCEL_AFTER", word(rules.cancelsAfterInvalidate)),
            ("REMOVAL_UNACCOUNTS", word(rules.removalUnaccounts)),
            ("JOURNALS_DATA", word(file.data == .journal)), ("TLB_TELLS", word(rules.tlbWritesDirtyThrough)),
        ]
        let cpus = 0..<machine.cpuCount
        let late = rules.tlbWritesDirtyThrough
            ? "" : "if :: tD[_I] && P[e_] && W[e_] -> D[e_] = 1 :: else fi; "
        let flush = cpus.map { cpu in
            "if :: tV[_I] -> \(late)tV[_I] = 0 :: else fi".replacing("_I", with: "\(cpu)*NM*NV+(e_)")
        }
        let entries = 0..<machine.cpuCount * spaceCount * slotCount
        let free = entries.map { " && !(tV[\($0)] && tP[\($0)] == a_)" }
        return values.map { "#define \($0.0) \($0.1)" }.joined(separator: "\n")
            + "\n#define FLUSH(e_) \(flush.joined(separator: "; "))"
            + "\n#define UNMAPPED(a_) (mapcount[a_] == 0\(free.joined()))"
    }

    /// Assignments; what is not mentioned is 0.
    var initialState: [String] {
        var result = ["fsize = \(machine.size(of: fileRef))", "nr_dirty = \(machine.state.counter(.nr_dirty))"]
        for page in 0..<file.pages { result += pageState(page) }
        for (number, space) in spaces.enumerated() { result += spaceState(number, space) }
        for cpu in 0..<machine.cpuCount { result += translations(cpu) }
        return result
    }

    private func pageState(_ page: Int) -> [String] {
        let onDisk = machine.state.diskValue(fileRef, page)
        var words = onDisk == 0 ? [] : ["vdisk[\(page)] = \(onDisk)"]
        guard let folio = machine.cachedPage(fileRef, page) else { return words }
        let value = machine.contents(folio)
        let isDirty = machine.isDirty(folio)
        let flags: [(String, Int)] = [
            ("attached", 1), ("dirty", isDirty ? 1 : 0),
            ("tagged", machine.hasTag(.dirty, fileRef, page) ? 1 : 0),
            ("buffers", machine.buffers(folio).count > 0 ? 1 : 0),
            ("bh", machine.buffers(folio).dirty != 0 ? 1 : 0),
            ("jdata", file.data == .journal && !isDirty && value != onDisk ? 1 : 0),
            ("reserved", hasMkwrite && isDirty ? 1 : 0), ("ref", machine.pinCount(folio)),
            ("mapcount", machine.mapcount(folio)), ("mem", value != onDisk ? 1 : 0), ("vmem", Int(value)),
        ]
        words += flags.filter { $0.1 != 0 }.map { "\($0.0)[\(page)] = \($0.1)" }
        return words
    }

    /// The file page behind a frame; any other frame is the anonymous one.
    private func page(_ folio: Ref<Folio>) -> Int {
        (0..<file.pages).first { machine.cachedPage(fileRef, $0) == folio } ?? file.pages
    }

    private func spaceState(_ number: Int, _ space: Ref<MM>) -> [String] {
        var words: [String] = []
        for view in machine.vmaViews(of: machine.owner(of: space)) {
            for (offset, vpn) in view.pages.enumerated() {
                guard let slot = slots[number].firstIndex(of: vpn) else { continue }
                let at = number * slotCount + slot
                let pte = machine.entry(space, vpn)
                let isOurs = view.file == fileRef
                let isShared = view.flags.contains(.shared)
                var index = isOurs ? view.pgoff + offset : file.pages
                let isNonlinear = view.flags.contains(.nonlinear)
                if isNonlinear, pte.isMapped { index = page(pte.folio) }
                let flags: [(String, Bool)] = [
                    ("vma", true), ("vw", view.flags.contains(.write)), ("vshared", isShared),
                    ("vlinked", isOurs), ("vnonlinear", isNonlinear && !rules.nonlinearIsVisible),
                    ("vtracked", isOurs && isShared && isTracked),
                    ("P", pte.present), ("W", pte.present && pte.write), ("D", pte.present && pte.dirty),
                ]
                words += flags.filter(\.1).map { "\($0.0)[\(at)] = 1" }
                words.append("vpg[\(at)] = \(index)")
                if pte.present { words.append("pg[\(at)] = \(page(pte.folio))") }
            }
        }
        return words
    }

    private func translations(_ cpu: Int) -> [String] {
        machine.state.tlb(of: cpu).flatMap { entry -> [String] in
            guard let space = spaces.firstIndex(of: entry.mm), let slot = slots[space].firstIndex(of: entry.vpn)
            else { return [] }
            let at = (cpu * spaceCount + space) * slotCount + slot
            return ["tV[\(at)] = 1", "tP[\(at)] = \(page(entry.folio))"]
                + (entry.write ? ["tW[\(at)] = 1"] : []) + (entry.dirty ? ["tD[\(at)] = 1"] : [])
        }
    }
}
