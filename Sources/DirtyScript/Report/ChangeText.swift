import DirtyMachine

/// What changed, a thing on a line: `db.folio[0]  dirty 0 -> 1, mapcount 0 -> 1`. Pages that
/// changed alike share a line: `A.m.pte[0..15]  present 0 -> 1, frame - -> 1..16`.
struct ChangeText {
    /// Columns that a line may have.
    let width: Int

    func lines(_ alterations: [Alteration]) -> [String] {
        let things = folded(grouped(alterations))
        let column = min(24, max(12, things.map(\.subject.count).max() ?? 0))
        return things.flatMap { thing -> [String] in
            var lines: [String] = []
            var line = "~ " + pad(thing.subject.isEmpty ? "(counters)" : thing.subject, column)
            var isFresh = true
            for (index, attribute) in thing.attributes.enumerated() {
                let text = attribute.text + (index < thing.attributes.count - 1 ? "," : "")
                let gap = isFresh ? "  " : " "
                if !isFresh, line.count + gap.count + text.count > width {
                    lines.append(line)
                    line = String(repeating: " ", count: column + 4) + text
                } else {
                    line += gap + text
                }
                isFresh = false
            }
            return lines + [line]
        }
    }

    /// The changes of each thing, in the order of the first; counters last.
    private func grouped(_ alterations: [Alteration]) -> [Thing] {
        var things: [Thing] = []
        var places: [String: Int] = [:]
        for alteration in alterations {
            let place = places[alteration.subject] ?? things.count
            if place == things.count {
                places[alteration.subject] = place
                things.append(Thing(alteration.subject))
            }
            things[place].add(Attribute(alteration))
        }
        return things.filter { !$0.subject.isEmpty } + things.filter { $0.subject.isEmpty }
    }

    private func folded(_ things: [Thing]) -> [Thing] {
        var result: [Thing] = []
        for thing in things {
            // Pages are touched in turns, so the run to join is not always the latest line.
            let run = result.indices.reversed().prefix(16).first { result[$0].canTake(thing) }
            if let run { result[run].take(thing) } else { result.append(thing) }
        }
        return result
    }
}

/// A name with at most one index in it that can run: `db.folio[2..5].buffer[0]`.
private struct IndexedName: Hashable {
    let before: String
    let after: String
    private(set) var indices: ClosedRange<Int>?

    /// Takes the first index of decimal digits.
    init(_ name: String) {
        let bytes = Array(name.utf8)
        var (start, end) = (0, 0)
        for (place, byte) in bytes.enumerated() where end == 0 {
            if byte == UInt8(ascii: "[") { start = place + 1 }
            if byte == UInt8(ascii: "]"), start > 0, place > start,
                bytes[start..<place].allSatisfy(isDigit)
            { end = place }
        }
        if end > 0, let index = Int(String(decoding: bytes[start..<end], as: UTF8.self)) {
            before = String(decoding: bytes[..<start], as: UTF8.self)
            after = String(decoding: bytes[end...], as: UTF8.self)
            indices = index...index
        } else {
            (before, after) = (name, "")
        }
    }

    var text: String {
        guard let indices else { return before }
        let first = "\(indices.lowerBound)"
        return before + (indices.count == 1 ? first : first + "..\(indices.upperBound)") + after
    }

    func isFollowed(by other: IndexedName) -> Bool {
        guard let indices, let next = other.indices else { return false }
        return before == other.before && after == other.after && next.lowerBound == indices.upperBound + 1
    }

    mutating func take(_ other: IndexedName) {
        if let indices, let next = other.indices { self.indices = indices.lowerBound...next.upperBound }
    }
}

/// A value, or values that count up from page to page.
private struct Values: Hashable {
    let first: String
    private(set) var last: String

    init(_ value: String) { (first, last) = (value, value) }

    var text: String { first == last ? first : "\(first)..\(last)" }

    private func steps(to other: Values) -> Bool {
        guard let from = Int(last), let to = Int(other.first) else { return false }
        return to == from + 1
    }

    /// `isFirst`: the run has one page so far, and may still turn out to count up.
    func canTake(_ other: Values, counts: Bool, isFirst: Bool) -> Bool {
        if first == last, other.text == first { return true }
        return counts && (isFirst || first != last) && steps(to: other)
    }

    mutating func take(_ other: Values) { last = other.last }
}

private struct Attribute: Hashable {
    private(set) var name: IndexedName
    private(set) var old: Values
    private(set) var new: Values

    init(_ alteration: Alteration) {
        name = IndexedName(alteration.attribute)
        old = Values(alteration.old)
        new = Values(alteration.new)
    }

    var text: String { "\(name.text) \(old.text) -> \(new.text)" }

    /// Frames and contents differ from page to page; flags that do are worth a line each.
    private var counts: Bool { ["frame", "value", "disk["].contains(name.before) }

    func canTake(_ other: Attribute, isFirst: Bool) -> Bool {
        old.canTake(other.old, counts: counts, isFirst: isFirst)
            && new.canTake(other.new, counts: counts, isFirst: isFirst)
    }

    func isFollowed(by other: Attribute) -> Bool {
        name.isFollowed(by: other.name) && canTake(other, isFirst: name.indices?.count == 1)
    }

    mutating func takeValues(_ other: Attribute) {
        old.take(other.old)
        new.take(other.new)
    }

    mutating func takeNext(_ other: Attribute) {
        name.take(other.name)
        takeValues(other)
    }
}

private struct Thing {
    private var name: IndexedName
    private(set) var attributes: [Attribute] = []

    init(_ subject: String) { name = IndexedName(subject) }

    var subject: String { name.text }

    /// Attributes with an index of their own, as `disk[0]`, run as well.
    mutating func add(_ attribute: Attribute) {
        if let run = attributes.lastIndex(where: { $0.isFollowed(by: attribute) }) {
            attributes[run].takeNext(attribute)
        } else {
            attributes.append(attribute)
        }
    }

    func canTake(_ other: Thing) -> Bool {
        guard name.isFollowed(by: other.name), attributes.count == other.attributes.count else {
            return false
        }
        let isFirst = name.indices?.count == 1
        return attributes.allSatisfy { attribute in
            other.attributes.contains {
                attribute.name == $0.name && attribute.canTake($0, isFirst: isFirst)
            }
        }
    }

    mutating func take(_ other: Thing) {
        name.take(other.name)
        for index in attributes.indices {
            let same = other.attributes.first { $0.name == attributes[index].name }
            if let same { attributes[index].takeValues(same) }
        }
    }
}
