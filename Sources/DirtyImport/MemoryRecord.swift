/// One access of a lackey trace: ` S 05147010,8`. Addresses are hexadecimal, sizes decimal.
struct MemoryRecord: Equatable {
    enum Kind: UInt8 {
        case instruction = 0x49  // I
        case load = 0x4C  // L
        case store = 0x53  // S
        /// One instruction that loads and stores, such as an increment. The processor asks for
        /// write permission at once, so to the page tables it is a store.
        case modify = 0x4D  // M
    }

    var kind: Kind
    var address: UInt64
    var size: UInt64

    /// The largest register save areas have some 11 KiB; anything above this is a damaged line.
    static let sizeMax: UInt64 = 65_536

    init(kind: Kind, address: UInt64, size: UInt64) {
        self.kind = kind
        self.address = address
        self.size = size
    }

    /// A line that is nothing but a record of data; nil for every other line.
    @inline(__always)
    init?(data line: Span<UInt8>) {
        guard line.count >= 6, line[0] == .blank, line[2] == .blank,
            let kind = Kind(rawValue: line[1]),
            kind != .instruction
        else { return nil }
        self.init(kind: kind, numbers: line, from: 3)
    }

    @inline(__always)
    static func isInstruction(_ line: Span<UInt8>) -> Bool {
        line.count >= 3 && line[0] == Kind.instruction.rawValue && line[1] == .blank
            && line[2] == .blank
    }

    /// Reads `HEX,DECIMAL` from `start` to the end of the line.
    @inline(__always)
    private init?(kind: Kind, numbers line: Span<UInt8>, from start: Int) {
        var index = start
        var address: UInt64 = 0
        while index < line.count, let digit = line[index].hexadecimalDigit {
            guard address >> 60 == 0 else { return nil }
            address = address << 4 | UInt64(digit)
            index += 1
        }
        guard index > start, index + 1 < line.count, line[index] == .comma else { return nil }
        index += 1
        var size: UInt64 = 0
        while index < line.count {
            guard let digit = line[index].decimalDigit, size <= Self.sizeMax else { return nil }
            size = size * 10 + UInt64(digit)
            index += 1
        }
        guard size > 0, size <= Self.sizeMax, address <= UInt64.max - size else { return nil }
        self.init(kind: kind, address: address, size: size)
    }

    /// The record that ends a line which begins with something else, and where it starts. Processes
    /// that share a trace print at the same time, so a record can follow the first half of a system
    /// call.
    static func trailing(_ line: Span<UInt8>) -> (record: MemoryRecord, start: Int)? {
        var index = line.count
        while index > 0, line[index - 1].decimalDigit != nil { index -= 1 }
        guard index > 0, index < line.count, line[index - 1] == .comma else { return nil }
        index -= 1
        while index > 0, line[index - 1].hexadecimalDigit != nil { index -= 1 }
        guard index >= 3, line[index - 1] == .blank else { return nil }
        // "I  addr" has its letter first, " S addr" a blank.
        let data = (index - 2, index - 3)
        if line[data.1] == .blank, let kind = Kind(rawValue: line[data.0]), kind != .instruction,
            let record = MemoryRecord(kind: kind, numbers: line, from: index)
        {
            return (record, data.1)
        }
        if line[data.0] == .blank, line[data.1] == Kind.instruction.rawValue,
            let record = MemoryRecord(kind: .instruction, numbers: line, from: index)
        {
            return (record, data.1)
        }
        return nil
    }
}

extension UInt8 {
    static let newline = UInt8(ascii: "\n")
    static let blank = UInt8(ascii: " ")
    static let comma = UInt8(ascii: ",")
    static let slash = UInt8(ascii: "/")

    @inline(__always)
    var decimalDigit: UInt8? {
        let digit = self &- UInt8(ascii: "0")
        return digit < 10 ? digit : nil
    }

    @inline(__always)
    var hexadecimalDigit: UInt8? {
        if let decimalDigit { return decimalDigit }
        let letter = (self | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : nil
    }
}
