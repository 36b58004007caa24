/// Reads lines such as `A write m[3..5]   # 26 stores`, of which a recorded trace has millions, without
/// making words of them first. Whatever is not exactly such a line, or not in order, is left to the
/// parser: what this gives is what that would give.
struct AccessLines {
    /// A mapping of a process that lines before were about.
    private struct Known {
        let task: [UInt8]
        let mapping: [UInt8]
        let taskName: String
        let mappingName: String
        /// nil where only the run can tell.
        let pages: Int?
    }

    private var known: [Known] = []
    private let isSupported: Bool
    /// More than so many are not looked through: their lines go the long way.
    private static let mostKnown = 16

    init(_ declarations: Declarations) {
        isSupported = ["read", "write"].allSatisfy {
            !declarations.unsupported.contains(Unsupported.Feature(place: .operation, word: $0))
        }
    }

    /// What is known may not be true any more.
    mutating func forget() { known.removeAll(keepingCapacity: true) }

    /// The statement that a line is, nil if the parser has to look at it.
    mutating func statement(
        _ line: Slice<UnsafeBufferPointer<UInt8>>, _ number: Int, _ declarations: Declarations
    ) -> Statement? {
        guard isSupported, !declarations.setUpIsOpen, !declarations.raceIsOpen, line.count <= Limits.lineLength
        else { return nil }
        var scanner = Scanner(rest: line)
        scanner.skipBlanks()
        let start = scanner.rest.startIndex
        let task = scanner.name()
        guard !task.isEmpty, scanner.skipBlanks() else { return nil }
        let isStore: Bool
        if scanner.skip("write") { isStore = true } else if scanner.skip("read") { isStore = false } else { return nil }
        guard scanner.skipBlanks() else { return nil }
        let mapping = scanner.name()
        guard !mapping.isEmpty, scanner.skip("["), let first = scanner.number() else { return nil }
        var last = first
        if scanner.skip("..") {
            guard let number = scanner.number(), number >= first else { return nil }
            last = number
        }
        guard scanner.skip("]") else { return nil }
        let end = scanner.rest.startIndex
        guard scanner.isAtEnd, let known = lookUp(task, mapping, declarations),
            last < known.pages ?? Limits.pages
        else { return nil }
        let operand = Operand(name: known.mappingName, range: first...last)
        return Statement(
            command: .operation(
                isStore ? .write(P: known.taskName, operand, value: nil) : .read(P: known.taskName, operand)),
            location: SourceLocation(
                line: number, column: start - line.startIndex + 1, length: end - start),
            text: String(decoding: line[start..<end], as: UTF8.self))
    }

    private mutating func lookUp(
        _ task: Slice<UnsafeBufferPointer<UInt8>>, _ mapping: Slice<UnsafeBufferPointer<UInt8>>,
        _ declarations: Declarations
    ) -> Known? {
        if let found = known.first(where: { $0.mapping.elementsEqual(mapping) && $0.task.elementsEqual(task) }) {
            return found
        }
        let taskName = String(decoding: task, as: UTF8.self)
        let mappingName = String(decoding: mapping, as: UTF8.self)
        guard known.count < Self.mostKnown, let space = declarations.space(of: taskName),
            let declared = declarations.spaces[space][mappingName]
        else { return nil }
        let new = Known(
            task: Array(task), mapping: Array(mapping), taskName: taskName, mappingName: mappingName,
            pages: declared.pages)
        known.append(new)
        return new
    }
}

/// A cursor over the bytes of a line.
private struct Scanner {
    var rest: Slice<UnsafeBufferPointer<UInt8>>

    /// False where there are none.
    @discardableResult
    mutating func skipBlanks() -> Bool {
        let start = rest.startIndex
        while let byte = rest.first, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { rest.removeFirst() }
        return rest.startIndex > start
    }

    mutating func skip(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard rest.count >= count,
            rest.prefix(count).elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: count))
        else { return false }
        rest.removeFirst(count)
        return true
    }

    /// Letters, digits, `_` and `-`.
    mutating func name() -> Slice<UnsafeBufferPointer<UInt8>> {
        let start = rest
        while let byte = rest.first,
            isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        { rest.removeFirst() }
        return start[..<rest.startIndex]
    }

    /// A page index; nil where there is none, or one too long to be true.
    mutating func number() -> Int? {
        var (value, digits) = (0, 0)
        while let byte = rest.first, isDigit(byte), digits < 10 {
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            digits += 1
            rest.removeFirst()
        }
        return digits > 0 && value < Limits.pages ? value : nil
    }

    /// Nothing follows but blanks and a comment of plain text.
    var isAtEnd: Bool {
        var tail = self
        tail.skipBlanks()
        guard let byte = tail.rest.first, byte != UInt8(ascii: "\r") || tail.rest.count > 1 else { return true }
        return byte == UInt8(ascii: "#") && tail.rest.allSatisfy { $0 < 0x80 }
    }
}
