import DirtyMachine

/// Something that happened to a page of a file.
public struct LifeEvent: Hashable, Sendable {
    /// The position right behind the move.
    public let position: Int
    /// What happened, as a part of a sentence: `dirtied by A`.
    public let text: String
}

extension Session {
    /// What has happened to a page of a file in the latest moves, oldest first; `limit` events at
    /// most.
    public func life(ofPage index: Int, of file: Ref<File>, limit: Int, lookBack: Int = 2048) -> [LifeEvent] {
        var machine = machine.before([])
        let name = machine.name(of: file)
        let path = "\(name).folio[\(index)]"
        var events: [LifeEvent] = []
        // Long ago there are no changes any more to go back by.
        for number in moves.indices.suffix(lookBack).reversed() where events.count < limit && keepsChanges(since: number) {
            let changes = changes(of: number)
            // Most steps are about other pages: these are not described only to find that out.
            let places = changes.flatMap { machine.places(of: $0) }
            let isAbout = places.contains { $0 == .file(file, index) }
            if isAbout || places.contains(where: \.isAddress) {
                let mappers = machine.mappers(of: file, index, limit: 16)
                let isMapped = mappers.contains { places.contains(.address(machine.space(of: $0.process), $0.vpn)) }
                if isAbout || isMapped {
                    let entries = mappers.map { machine.path(of: machine.space(of: $0.process), $0.vpn) }
                    let mover = mover(of: moves[number])
                    let found = machine.alterations(changes).compactMap { Self.event($0, path, "\(name).disk[\(index)]", entries, mover) }
                    events += found.reversed().map { LifeEvent(position: number + 1, text: $0) }
                }
            }
            machine.rewind(changes)
        }
        return Array(events.prefix(limit).reversed())
    }

    private static func event(
        _ change: Alteration, _ page: String, _ disk: String, _ entries: [String], _ mover: String
    ) -> String? {
        if change.path == disk { return "value \(change.new) on disk" }
        if entries.contains(change.subject) {
            let owner = change.subject.prefix { $0 != "." }
            switch (change.attribute, change.new) {
            case ("present", "1") where change.function != .page_mkclean_one: return "mapped by \(owner)"
            case ("present", "0") where change.function != .page_mkclean_one: return "unmapped from \(owner)"
            case ("write", "1") where !change.function.isClean: return "writable for \(owner)"
            case ("write", "0") where change.function.isClean || change.function.protects:
                return "write-protected by \(mover)"
            default: return nil
            }
        }
        guard PagePath.matches(change.subject, page) else { return nil }
        switch (change.attribute, change.new) {
        case ("cached", "1"): return "brought into the cache by \(mover)"
        case ("cached", "0"): return "dropped from the cache by \(mover)"
        case ("dirty", "1"): return "dirtied by \(mover)"
        case ("dirty", "0"): return "marked clean by \(mover)"
        case ("writeback", "1"): return "sent to the device by \(mover)"
        case ("value", let value) where change.function.isAccess: return "given \(value) by \(mover)"
        default: return nil
        }
    }
}

extension PagePlace {
    fileprivate var isAddress: Bool { if case .address = self { true } else { false } }
}

extension KernelFunction {
    fileprivate var isClean: Bool { self == .page_mkclean || self == .page_mkclean_one }

    /// Takes the write bit of an entry that stays.
    fileprivate var protects: Bool { self == .change_pte_range || self == .copy_page_range }
}
