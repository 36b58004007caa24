import DirtyMachine
import SeededRandom

/// Another scenario of the same kind: kernel, file systems, sharing and the order of accesses are
/// chosen by a seed, so that answers learnt by heart are worth nothing.
public enum Variation {
    /// A variation that runs to its end. Captions and checks are gone, since they tell what would
    /// happen in the original; questions stay where they stood.
    public static func of(_ scenario: Scenario, seed: UInt64) -> Scenario {
        for attempt in 0..<UInt64(attempts) {
            var random = SplitMix(seed: seed &* 1_000_003 &+ attempt)
            // Bolder changes first; in the end there is nothing left that could go wrong.
            let boldness = 100 - Int(attempt) * 100 / attempts
            let varied = vary(scenario.statements, boldness, &random)
            let named = [statement(.title("\(scenario.title), variant \(seed)"))] + varied
            let text = ScenarioPrinter.text(of: Scenario(name: scenario.name, statements: named))
            guard case .success(let result) = ScenarioParser.parse(text, name: scenario.name, rules: .machine),
                var session = try? Session(result),
                case .finished = session.run(limit: longest, keepsHistory: false, report: { _, _ in }), session.isAtEnd
            else { continue }
            return result
        }
        return scenario
    }

    private static let attempts = 20
    /// Moves of a scenario that is still tried.
    private static let longest = 200_000

    private static func statement(_ command: Command) -> Statement {
        Statement(command: command, location: SourceLocation(line: 0, column: 0), text: "")
    }

    private static func vary(
        _ statements: [Statement], _ boldness: Int, _ random: inout SplitMix
    ) -> [Statement] {
        let profile = random.pick(Profile.allCases).rawValue
        var setUp = [statement(.kernel(profile))]
        var units: [[Statement]] = []
        var facts = ["kernel \(profile)"]
        var waiting: [Statement] = []
        for original in statements {
            switch original.command {
            case .title, .kernel, .rule, .say, .chapter, .pause, .note, .expect, .show, .hide: continue
            case .file(let file):
                let varied = vary(file, boldness, &random)
                facts.append("\(varied.name) on \(varied.fileSystem)" + (varied.cached ? ", cached" : ", on disk only"))
                setUp.append(statement(.file(varied)))
            case .operation(let operation) where original.label == nil:
                let varied = vary(operation, boldness, &facts, &random)
                units.append(waiting + [statement(.operation(varied))])
                waiting = []
            default:
                if original.isSetUp, units.isEmpty {
                    setUp.append(original)
                } else if original.ridesAlong {
                    waiting.append(original)
                } else {
                    units.append(waiting + [original])
                    waiting = []
                }
            }
        }
        reorder(&units, boldness, &random)
        addOrDropLoads(&units, boldness, &random)
        return setUp + [statement(.say("A variant: " + facts.joined(separator: "; ") + "."))]
            + units.flatMap(\.self) + waiting
    }

    private static func vary(_ file: FileDeclaration, _ boldness: Int, _ random: inout SplitMix) -> FileDeclaration {
        var file = file
        if random.chance(boldness) {
            file.fileSystem = random.pick(["ext3", "ext4", "xfs", "tmpfs"])
            file.mkwrite = false
            if !file.fileSystem.hasPrefix("ext") { (file.data, file.buffers) = (.ordered, 1) }
        }
        if random.chance(boldness / 2) { file.cached.toggle() }
        return file
    }

    /// A mapping may be private instead of shared.
    private static func vary(
        _ operation: Operation, _ boldness: Int, _ facts: inout [String], _ random: inout SplitMix
    ) -> Operation {
        guard
            case .mmap(let P, let name, .file(let pages), let protection, let shared, let populate, let readOnly) = operation
        else { return operation }
        let isShared = random.chance(boldness / 3) ? !shared : shared
        facts.append("\(P)'s \(name) \(isShared ? "shared" : "private")")
        return .mmap(
            P: P, name: name, source: .file(pages), protection: protection, shared: isShared, populate: populate,
            readOnlyDescriptor: readOnly)
    }

    // MARK: The order of accesses

    /// Neighbours that touch pages, and no names, may change places.
    private static func reorder(_ units: inout [[Statement]], _ boldness: Int, _ random: inout SplitMix) {
        guard units.count > 1 else { return }
        for place in 1..<units.count
        where units[place - 1].isAccess && units[place].isAccess && random.chance(boldness / 3) {
            units.swapAt(place - 1, place)
        }
    }

    /// A store may get a load before it, or lose the one that it has.
    private static func addOrDropLoads(_ units: inout [[Statement]], _ boldness: Int, _ random: inout SplitMix) {
        var result: [[Statement]] = []
        for (place, unit) in units.enumerated() {
            if let load = unit.load, place + 1 < units.count, units[place + 1].store == load, random.chance(boldness / 2) {
                continue
            }
            if let (process, page) = unit.store.map({ ($0.process, $0.page) }), unit.count > 1,
                result.last?.load?.page != page, random.chance(boldness / 3)
            {
                result.append([statement(.predict(.faults, question: nil)), statement(.operation(.read(P: process, page)))])
            }
            result.append(unit)
        }
        units = result
    }
}

/// A page of a process's mapping.
private struct Access: Equatable {
    let process: String
    let page: Operand
}

extension [Statement] {
    private var operation: Operation? {
        if case .operation(let operation)? = last?.command, last?.label == nil { return operation }
        return nil
    }

    /// Whether it may change places with its like.
    fileprivate var isAccess: Bool {
        switch operation {
        case .read, .write, .pread, .pwrite, .fsync, .msync, .writeback(_, start: false): true
        default: false
        }
    }

    fileprivate var load: Access? {
        if case .read(let P, let pages) = operation { return Access(process: P, page: pages) }
        return nil
    }

    fileprivate var store: Access? {
        if case .write(let P, let pages, _) = operation { return Access(process: P, page: pages) }
        return nil
    }
}

extension Variation {
    /// A scenario of its own for every seed, for those who have none.
    public static func practice(seed: UInt64) -> Scenario {
        var random = SplitMix(seed: seed &+ 17)
        var lines = ["file db 2 ext4", "process A", "process B", "A mmap m db rw shared"]
        var isMapped = ["A": true, "B": false]
        var stored = false
        for _ in 0..<random.number(7...10) {
            let page = random.number(0...1)
            let process = random.pick(["A", "A", "B"])
            if isMapped[process] == false {
                lines.append("\(process) mmap m db rw shared")
                isMapped[process] = true
            }
            switch random.number(0...9) {
            case 0...1: lines += ["predict faults", "\(process) read m[\(page)]"]
            case 2...4:
                lines += [random.pick(["predict faults", "predict faults", "predict next", "predict \(process) m[\(page)]"])]
                lines += ["\(process) write m[\(page)]"]
                stored = true
            case 5...6:
                lines += [random.pick(["predict writes", stored ? "predict survives db[\(page)]" : "predict writes"])]
                lines += ["\(process) fsync db"]
            case 7: lines += [random.pick(["predict writes", "predict disk db[\(page)]"]), "\(process) msync m \(random.pick(["sync", "async"]))"]
            case 8: lines += ["predict \(process) m[\(page)]", "writeback db[\(page)]"]
            default: lines += ["predict nr_dirty", "\(process) read m[\(page)]", "predict db[\(page)]", "reclaim db[\(page)]"]
            }
        }
        if stored { lines += ["predict survives db[0]", "crash"] }
        let text = "title \"Practice\"\n" + lines.joined(separator: "\n")
        guard case .success(let scenario) = ScenarioParser.parse(text, name: "practice", rules: .machine) else {
            preconditionFailure("every line of it is one of the language")
        }
        return of(scenario, seed: seed)
    }
}
