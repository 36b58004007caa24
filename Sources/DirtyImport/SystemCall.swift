/// A thread as valgrind names it: process id, and the thread's number in its process.
struct ThreadID: Hashable {
    var process: Int
    var thread: Int
}

/// One system call of the trace:
///
///     SYSCALL[3482,1](257) sys_openat ( 4294967196, 0x4035330(data.mdb), 66, 420 ) --> [async] ...
///     SYSCALL[3482,1](257) ... [async] --> Success(0x4)
struct SystemCall: Equatable {
    struct Argument: Equatable {
        /// Negative numbers in two's complement.
        var value: UInt64
        /// The string that valgrind prints in parentheses behind its address.
        var text: [UInt8]?
    }

    enum Outcome: Equatable {
        case success(UInt64)
        case failure
        /// The thread has let other threads run; the result comes later.
        case blocked
    }

    var thread: ThreadID
    var name: String
    var arguments: [Argument] = []
    var outcome: Outcome?
    /// The new process, of calls that fork.
    var child: Int?

    subscript(index: Int) -> UInt64? {
        arguments.indices.contains(index) ? arguments[index].value : nil
    }
}

/// Reads the text of a system call from `SYSCALL[` on.
struct SystemCallParser {
    enum Result: Equatable {
        /// More text is needed. `openString`: the text so far ends within the arguments, where a
        /// path may hold a newline.
        case incomplete(openString: Bool)
        case call(SystemCall)
        /// The second half of a call that had blocked.
        case completion(ThreadID, SystemCall.Outcome)
        /// Not a system call after all.
        case malformed
    }

    static let marker = Array("SYSCALL[".utf8)

    private let text: [UInt8]
    private var index: Int

    private init(_ text: [UInt8]) {
        self.text = text
        index = Self.marker.count
    }

    /// The thread alone, which is known before the rest has been printed.
    static func thread(of text: [UInt8]) -> ThreadID? {
        var parser = Self(text)
        return parser.thread()
    }

    /// `ended`: the line ends here, so a number at the end is complete.
    static func parse(_ text: [UInt8], ended: Bool) -> Result {
        var parser = Self(text)
        return parser.parse(ended: ended)
    }

    /// The path of an execve whose result is missing: it succeeded, and what follows is another
    /// program. Empty where the path cannot be read.
    static func executed(_ text: [UInt8]) -> [UInt8]? {
        var parser = Self(text)
        guard parser.thread() != nil else { return nil }
        parser.skipBlanks()
        guard parser.name() == "sys_execve", !parser.find("-->") else { return nil }
        guard parser.find("("), parser.find("("), let end = parser.endOfString() else { return [] }
        return Array(parser.text[parser.index..<end])
    }

    private mutating func thread() -> ThreadID? {
        guard let process = decimal(), take(","), let thread = decimal(), take("]("),
            decimal() != nil, take(")")
        else { return nil }
        return ThreadID(process: process, thread: thread)
    }

    private mutating func parse(ended: Bool) -> Result {
        guard let thread = thread() else {
            return ended ? .malformed : .incomplete(openString: false)
        }
        skipBlanks()
        if take("...") {
            guard let outcome = outcome() else { return .incomplete(openString: false) }
            return .completion(thread, outcome)
        }
        var call = SystemCall(thread: thread, name: name())
        skipBlanks()
        guard take("(") else {
            // Calls that valgrind knows nothing about are printed without arguments.
            call.outcome = outcome()
            return call.outcome == nil ? .incomplete(openString: false) : .call(call)
        }
        let begin = index
        let arguments = arguments()
        // Arguments in an unknown form are harmless unless the call matters, which its reader
        // decides.
        if arguments == nil { index = begin }
        call.arguments = arguments ?? []
        let end = index
        if find("created child "), let child = decimal(), ended || index < text.count {
            call.child = child
            return .call(call)
        }
        index = end
        call.outcome = outcome()
        return call.outcome == nil ? .incomplete(openString: arguments == nil) : .call(call)
    }

    /// `sys_mmap`, also where a note follows as in `sys_fcntl[ARG3=='lock']`.
    private mutating func name() -> String {
        let start = index
        while index < text.count, text[index].isNamePart { index += 1 }
        let name = String(decoding: text[start..<index], as: UTF8.self)
        if take("[") { _ = find("]") }
        return name
    }

    /// `1, 0x7f(path), -1 )`, to the closing parenthesis; nil when it is in another form or
    /// incomplete.
    private mutating func arguments() -> [SystemCall.Argument]? {
        var arguments: [SystemCall.Argument] = []
        skipBlanks()
        if take(")") { return arguments }
        while let value = number() {
            var argument = SystemCall.Argument(value: value)
            if take("(") {
                let start = index
                guard let end = endOfString() else { return nil }
                argument.text = Array(text[start..<end])
                index = end + 1
            }
            arguments.append(argument)
            skipBlanks()
            if take(")") { return arguments }
            guard take(",") else { return nil }
            skipBlanks()
        }
        return nil
    }

    /// A path may hold parentheses and commas. It ends at the first `)` behind which only numbers
    /// stand, up to the end of the arguments or to the next string.
    private func endOfString() -> Int? {
        var end = index
        while let candidate = text[end...].firstIndex(of: UInt8(ascii: ")")) {
            var rest = self
            rest.index = candidate + 1
            if rest.numbersFollow() { return candidate }
            end = candidate + 1
        }
        return nil
    }

    private mutating func numbersFollow() -> Bool {
        while take(",") {
            skipBlanks()
            guard number() != nil else { return false }
            if take("(") { return true }
        }
        // Where a string is among the arguments, a blank stands before the end.
        return take(" )")
    }

    private mutating func outcome() -> SystemCall.Outcome? {
        guard find("-->") else { return nil }
        let start = index
        if find("Success(0x") {
            guard let value = hexadecimal(), take(")") else { return nil }
            return .success(value)
        }
        index = start
        if find("Failure(0x") { return .failure }
        index = start
        return find("[async] ...") ? .blocked : nil
    }
}

extension SystemCallParser {
    private mutating func take(_ word: StaticString) -> Bool {
        guard holds(word, at: index) else { return false }
        index += word.utf8CodeUnitCount
        return true
    }

    private mutating func find(_ word: StaticString) -> Bool {
        var start = index
        while start + word.utf8CodeUnitCount <= text.count {
            if holds(word, at: start) {
                index = start + word.utf8CodeUnitCount
                return true
            }
            start += 1
        }
        return false
    }

    private func holds(_ word: StaticString, at start: Int) -> Bool {
        guard start + word.utf8CodeUnitCount <= text.count else { return false }
        return word.withUTF8Buffer { text[start..<start + $0.count].elementsEqual($0) }
    }

    private mutating func skipBlanks() {
        while index < text.count, text[index] == .blank { index += 1 }
    }

    private mutating func decimal() -> Int? {
        let start = index
        var value = 0
        while index < text.count, let digit = text[index].decimalDigit {
            guard value <= (Int.max - 9) / 10 else { return nil }
            value = value * 10 + Int(digit)
            index += 1
        }
        return index > start ? value : nil
    }

    private mutating func hexadecimal() -> UInt64? {
        let start = index
        var value: UInt64 = 0
        while index < text.count, let digit = text[index].hexadecimalDigit {
            guard value >> 60 == 0 else { return nil }
            value = value << 4 | UInt64(digit)
            index += 1
        }
        return index > start ? value : nil
    }

    /// `0x4f`, `18446744073709551615` or `-1`. Clone prints its flags in hexadecimal without a
    /// prefix.
    private mutating func number() -> UInt64? {
        if take("0x") { return hexadecimal() }
        let negative = take("-")
        let start = index
        var value: UInt64 = 0
        while index < text.count, let digit = text[index].decimalDigit {
            let (high, low) = value.multipliedFullWidth(by: 10)
            let (sum, overflow) = low.addingReportingOverflow(UInt64(digit))
            guard high == 0, !overflow else { return nil }
            value = sum
            index += 1
        }
        guard index > start else { return nil }
        return negative ? 0 &- value : value
    }
}

extension UInt8 {
    fileprivate var isNamePart: Bool {
        decimalDigit != nil || self == UInt8(ascii: "_") || (self | 0x20) &- UInt8(ascii: "a") < 26
    }
}
