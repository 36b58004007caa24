import DirtyMachine

/// What an `expect` found.
public struct ExpectationResult: Hashable, Sendable {
    public let passed: Bool
    /// What is there, in the words of the question.
    public let found: String
}

extension Session {
    /// Checks an expectation against the machine as it is now.
    public func check(_ expectation: Expectation) -> ExpectationResult {
        switch expectation {
        case .outcome(let expected):
            let found = progress.last?.outcome.name ?? "no operation yet"
            return ExpectationResult(passed: found == expected, found: found)
        case .value(let expected):
            return ExpectationResult(
                passed: progress.lastLoaded == expected,
                found: "value " + (progress.lastLoaded.map(String.init) ?? "null"))
        case .faults(let minor, let major):
            let (m, j) = (progress.last?.minorFaults ?? 0, progress.last?.majorFaults ?? 0)
            return ExpectationResult(
                passed: (minor ?? m) == m && (major ?? j) == j, found: "faults minor=\(m) major=\(j)")
        case .page(let operand, let tests):
            return checkPages(operand, tests)
        case .disk(let operand, let value):
            return checkDisk(operand, value)
        case .pte(let process, let operand, let tests):
            return checkPTEs(process, operand, tests)
        case .counter(let name, let comparison, let value):
            let counter = Counter.allCases.first { $0.name == name }
            let found = counter.map { machine.state.counter($0) } ?? 0
            return ExpectationResult(
                passed: comparison.holds(found, value), found: "\(name) == \(found)")
        case .lost(let count):
            let lost = machine.lostStores
            return ExpectationResult(passed: lost.count == count, found: "lost \(describe(lost))")
        case .invariant(let name):
            return checkInvariants(name)
        case .brokenInvariant(let name):
            let result = checkInvariants(name)
            return ExpectationResult(
                passed: Invariant.named(name) != nil && !result.passed, found: result.found)
        }
    }

    private func describe(_ lost: [LostStore]) -> String {
        guard !lost.isEmpty else { return "0" }
        let list = lost.map { "\(machine.name(of: $0.file))[\($0.index)] value \($0.value)" }
        return "\(lost.count): " + list.joined(separator: ", ")
    }

    /// Ranges up to this size are looked at page by page; of a longer one, the pages that something
    /// has touched, and one for all the others, which are alike.
    private static let pagesLookedAt = 4096

    /// The first page that fails speaks for the range; else the last one. `touched` are the pages
    /// that may differ from an untouched one, in order.
    private func checkAll(
        _ range: ClosedRange<Int>, _ name: String, _ tests: [FlagTest], touched: () -> [Int],
        _ flags: (Int) -> [(name: String, isSet: Bool)]
    ) -> ExpectationResult {
        func passes(_ index: Int) -> Bool {
            let found = flags(index)
            return tests.allSatisfy { test in
                found.contains { $0.name == test.name && $0.isSet == test.expected }
            }
        }
        let failing: Int?
        if range.count <= Self.pagesLookedAt {
            failing = range.first { !passes($0) }
        } else {
            var pages = touched().filter(range.contains)
            let known = Set(pages)
            if let untouched = range.first(where: { !known.contains($0) }) { pages.append(untouched) }
            failing = pages.sorted().first { !passes($0) }
        }
        let index = failing ?? range.upperBound
        let words = flags(index).map { ($0.isSet ? "" : "!") + $0.name }.joined(separator: " ")
        return ExpectationResult(passed: failing == nil, found: "\(name)[\(index)] \(words)")
    }

    private func checkPages(_ operand: Operand, _ tests: [FlagTest]) -> ExpectationResult {
        guard let file = machine.file(named: operand.name) else {
            return ExpectationResult(passed: false, found: "no file \(operand.name)")
        }
        return checkAll(
            indices(operand, of: file), operand.name, tests, touched: { machine.cachedPages(file) }
        ) { index in
            let folio = machine.cachedPage(file, index)
            func flag(_ name: String, _ read: (Ref<Folio>) -> Bool) -> (name: String, isSet: Bool) {
                (name, folio.map(read) ?? false)
            }
            return [
                flag("cached") { _ in true }, flag("dirty", machine.isDirty),
                flag("writeback", machine.isUnderWriteback), flag("uptodate", machine.isUptodate),
                flag("locked", machine.isLocked), flag("mapped") { machine.mapcount($0) > 0 },
            ]
        }
    }

    private func checkDisk(_ operand: Operand, _ value: UInt32) -> ExpectationResult {
        guard let file = machine.file(named: operand.name), machine.fileSystem(of: file).hasDisk else {
            return ExpectationResult(passed: false, found: "\(operand.name) has no disk")
        }
        let range = indices(operand, of: file)
        let wrong = range.first { machine.state.diskValue(file, $0) != value }
        let index = wrong ?? range.upperBound
        return ExpectationResult(
            passed: wrong == nil,
            found: "disk \(operand.name)[\(index)] \(machine.state.diskValue(file, index))")
    }

    private func checkPTEs(
        _ name: String, _ operand: Operand, _ tests: [FlagTest]
    ) -> ExpectationResult {
        guard let process = machine.process(named: name),
            let mapping = machine.mapping(named: operand.name, of: process),
            let (_, pages) = machine.extent(of: mapping)
        else {
            // A dead process, or a mapping that mmap refused, has no entries at all.
            let isAbsent = tests.allSatisfy { ($0.name == "absent") == $0.expected }
            return ExpectationResult(passed: isAbsent, found: "\(name) \(operand.name) absent")
        }
        let range = operand.range ?? 0...max(pages - 1, 0)
        return checkAll(
            range, "\(name) \(operand.name)", tests,
            touched: { machine.touchedPages(of: mapping, in: process).map(\.index) }
        ) { index in
            let entry = machine.page(index, of: mapping, in: process).pte ?? .empty
            return [
                ("absent", entry.isNone), ("present", entry.present), ("write", entry.write),
                ("user", entry.user), ("accessed", entry.accessed), ("dirty", entry.dirty),
                ("soft-dirty", entry.softDirty), ("exec", entry.execute),
            ]
        }
    }
}

extension Comparison {
    func holds(_ a: Int, _ b: Int) -> Bool {
        switch self {
        case .equal: a == b
        case .notEqual: a != b
        case .less: a < b
        case .lessOrEqual: a <= b
        case .greater: a > b
        case .greaterOrEqual: a >= b
        }
    }
}
