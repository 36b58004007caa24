/// Puts system calls together from the parts in which valgrind prints them.
///
/// A call is printed in two to four parts, and a call that blocks in two lines. Processes that
/// share a trace print at the same time, so between two parts anything can stand: memory records,
/// or parts of another process's call. A part does not say whose it is; it is taken to belong to
/// the call that was begun last.
struct CallAssembler {
    enum Message: Equatable {
        /// This thread runs: what follows is its doing.
        case runs(ThreadID)
        /// A call with its result, or one that has forked.
        case call(SystemCall)
        /// This thread calls execve on this path, and the result is not printed with it.
        case executes(ThreadID, path: [UInt8])
        /// This thread waits in a call.
        case blocks(ThreadID)
    }

    private struct Unfinished {
        var text: [UInt8]
        var parts = 1
    }

    private let limits: ImportLimits
    /// The call that is being printed, then those before it that still lack something, latest last.
    private var current: Unfinished?
    private var unfinished: [Unfinished] = []
    private var blocked: [ThreadID: SystemCall] = [:]

    init(limits: ImportLimits) {
        self.limits = limits
    }

    /// Takes a line, or what stands before a memory record on it (`endsLine` is then false).
    /// Returns nil when the text has nothing to do with system calls.
    mutating func take(_ text: [UInt8], endsLine: Bool) -> [Message]? {
        var messages: [Message] = []
        var rest = text[...]
        let first = rest.firstRange(of: SystemCallParser.marker)?.lowerBound ?? rest.endIndex
        if first > rest.startIndex {
            let part = rest[..<first]
            let known = resume(part, ended: endsLine && first == rest.endIndex, &messages)
            if !known, first == rest.endIndex { return nil }
            rest = rest[first...]
        }
        while !rest.isEmpty {
            let next =
                rest.dropFirst().firstRange(of: SystemCallParser.marker)?.lowerBound
                ?? rest.endIndex
            setAside()
            let begun = Unfinished(text: Array(rest[..<next]))
            if let thread = SystemCallParser.thread(of: begun.text) {
                messages.append(.runs(thread))
                if let path = SystemCallParser.executed(begun.text) {
                    messages.append(.executes(thread, path: path))
                }
            }
            current = begun
            evaluate(ended: endsLine && next == rest.endIndex, &messages)
            rest = rest[next...]
        }
        return messages
    }

    /// Adds a part to the call that was begun last. False: no call is waiting for one.
    private mutating func resume(
        _ part: ArraySlice<UInt8>, ended: Bool, _ messages: inout [Message]
    ) -> Bool {
        if current == nil {
            // Only a result can come on a line of its own; everything else is the program's own
            // output.
            guard part.firstRange(of: Array("-->".utf8)) != nil, let latest = unfinished.popLast()
            else { return false }
            current = latest
        }
        guard var call = current else { return false }
        call.text += part
        call.parts += 1
        let fits = call.parts <= limits.partsPerCall && call.text.count <= limits.bytesPerLine
        current = fits ? call : nil
        if fits { evaluate(ended: ended, &messages) }
        return true
    }

    private mutating func evaluate(ended: Bool, _ messages: inout [Message]) {
        guard let text = current?.text else { return }
        switch SystemCallParser.parse(text, ended: ended) {
        case .malformed:
            current = nil
        case .incomplete(let openString):
            guard ended else { return }
            if openString { current?.text.append(.newline) } else { setAside() }
        case .completion(let thread, let outcome):
            current = nil
            guard var call = blocked.removeValue(forKey: thread) else { return }
            call.outcome = outcome
            messages.append(.call(call))
        case .call(let call):
            current = nil
            if call.child != nil {
                // Parent and child both print the result of the fork. Two entries, of a call
                // without a name, catch them.
                let nameless =
                    SystemCallParser.marker
                    + "\(call.thread.process),\(call.thread.thread)](0) ".utf8
                for _ in 0..<2 { setAside(Unfinished(text: nameless)) }
            }
            if call.outcome == .blocked {
                if blocked.count < limits.unfinishedCalls { blocked[call.thread] = call }
                messages.append(.blocks(call.thread))
            } else {
                messages.append(.call(call))
            }
        }
    }

    private mutating func setAside() {
        guard let call = current else { return }
        current = nil
        setAside(call)
    }

    private mutating func setAside(_ call: Unfinished) {
        // A successful execve never ends; the oldest entries are such.
        if unfinished.count >= limits.partsPerCall { unfinished.removeFirst() }
        unfinished.append(call)
    }
}

extension ArraySlice<UInt8> {
    /// The first place where `pattern` stands. The standard library's search needs a newer
    /// deployment target on some platforms and compares generically.
    fileprivate func firstRange(of pattern: [UInt8]) -> Range<Int>? {
        var start = startIndex
        while start + pattern.count <= endIndex {
            if self[start] == pattern[0], self[start..<start + pattern.count].elementsEqual(pattern)
            {
                return start..<start + pattern.count
            }
            start += 1
        }
        return nil
    }
}
