import DirtyMachine
import DirtyScript

/// A race as a model for SPIN: what the kernel does as the library has it, the state in which the
/// race begins, a process for each actor, and what stands behind the race.
///
/// The model asserts I1, I2, I12 and the expectations behind the race; a deadlock is an invalid end
/// state. What it does not know, it refuses by name.
public struct PromelaModel {
    let machine: Machine
    let rules: Rules
    let scenario: Scenario
    let outline: RaceOutline
    let statements: [Statement]
    let file: FileDeclaration
    let fileRef: Ref<File>
    /// Address spaces, by number.
    let spaces: [Ref<MM>]
    /// The children that the script forks, with their parents' space and their CPU.
    var children: [(name: String, parent: Int, cpu: Int)] = []
    /// For each space, the virtual pages that have an entry, in the order of the entries.
    var slots: [[Int]] = []
    /// Entries that mremap fills, by the mapping's name.
    var moved: [String: Int] = [:]
    var slotCount = 0
    let profile: Profile

    /// The model's text. Fails where the scenario has no race, or has what the model does not know.
    public static func text(_ scenario: Scenario, options: Explorer.Options) throws(Diagnostics) -> String {
        try PromelaModel(try Explorer(scenario, options: options)).text()
    }

    private init(_ explorer: Explorer) throws(Diagnostics) {
        machine = explorer.system.machine
        rules = machine.rules
        scenario = explorer.scenario
        outline = explorer.system.first
        statements = explorer.system.session.statements
        profile = explorer.profile
        let race = statements[outline.index]
        let files = statements.compactMap { if case .file(let file) = $0.command { file } else { nil } }
        guard files.count == 1, let file = files.first, let fileRef = machine.file(named: file.name) else {
            throw Self.refusal(scenario, race, "a scenario with \(files.count) files", "one file")
        }
        self.file = file
        self.fileRef = fileRef
        var spaces: [Ref<MM>] = []
        for process in machine.state.processes where machine.isAlive(process) {
            let space = machine.space(of: process)
            if !spaces.contains(space) { spaces.append(space) }
        }
        self.spaces = spaces
        try refuseOtherMachines(race)
        layOut()
    }

    private func refuseOtherMachines(_ race: Statement) throws(Diagnostics) {
        let isKnown = ["ext3", "ext4", "tmpfs"].contains(file.fileSystem)
        if !isKnown { throw refusal(race, "a file on \(file.fileSystem)", "ext3, ext4 or tmpfs") }
        if file.buffers > 1 { throw refusal(race, "more than one buffer a page", "buffers=1") }
        if file.folio > 1 { throw refusal(race, "folios of more than one page", "folio=1") }
        if rules.tlbEviction { throw refusal(race, "'tlb-eviction on'", "off") }
        if !rules.faultSetsDirty { throw refusal(race, "'fault-sets-dirty wrong'", "right") }
        if !machine.deviceIsIdle { throw refusal(race, "a write under way", "an idle device") }
        if file.pages > 8 || machine.size(of: fileRef) > file.pages {
            throw refusal(race, "a file of so many pages", "8 pages at most")
        }
    }

    /// Gives entries of the model to the virtual pages that are mapped or will be.
    private mutating func layOut() {
        slots = spaces.map { space in
            machine.vmaViews(of: machine.owner(of: space)).flatMap { Array($0.pages) }
        }
        slotCount = max(1, slots.map(\.count).max() ?? 1)
        for case .operation(let operation) in allCommands {
            switch operation {
            case .mremap(_, let name, _) where moved[name] == nil:
                moved[name] = slotCount
                slotCount += 1
            case .fork(let p, let child, let cpu):
                guard let parent = space(of: p) else { continue }
                children.append((child, parent, cpu ?? 0))
            default: break
            }
        }
    }

    /// The race's lines, and what stands behind it.
    var allCommands: [Command] {
        outline.lines.map(\.command) + statements[(outline.index + 1)...].map(\.command)
    }

    var spaceCount: Int { spaces.count + children.count }

    func space(of name: String) -> Int? {
        if let child = children.firstIndex(where: { $0.name == name }) { return spaces.count + child }
        return machine.process(named: name).flatMap { spaces.firstIndex(of: machine.space(of: $0)) }
    }

    func cpu(of name: String) -> Int {
        children.first { $0.name == name }?.cpu ?? machine.process(named: name).map { machine.cpu(of: $0) } ?? 0
    }

    /// The entries, within its space, of a mapping's pages.
    func slots(of operand: Operand, in process: String) -> ClosedRange<Int>? {
        let child = children.first { $0.name == process }
        let space = child?.parent ?? space(of: process)
        guard let space, space < spaces.count,
            let mapping = machine.mapping(named: operand.name, of: machine.owner(of: spaces[space])),
            let (start, pages) = machine.extent(of: mapping)
        else { return nil }
        let range = operand.range ?? 0...pages - 1
        guard let first = slots[space].firstIndex(of: start + range.lowerBound),
            let last = slots[space].firstIndex(of: start + range.upperBound)
        else { return nil }
        return first...last
    }

    // MARK: The text

    private func text() throws(Diagnostics) -> String {
        var parts = [header, constants, PromelaLibrary.text]
        let actors = (outline.actors.max() ?? -1) + 1
        for actor in 0..<actors {
            var body = ""
            for line in outline.lines.indices where outline.actors[line] == actor {
                body += try promela(outline.lines[line], serial: outline.serials[line])
            }
            parts.append("proctype actor\(actor)() {\n  LOCALS\n\(body)  left--\n}")
        }
        parts.append(try initialProcess(actors: actors))
        return parts.joined(separator: "\n\n") + "\n"
    }

    private var header: String {
        """
        /* \(commentSafe(scenario.title))
           Kernel \(profile.rawValue). Checked by
             spin -a FILE && cc -DSAFETY -DVECTORSZ=4096 -o pan pan.c && ./pan -m200000
           An error is a violation of I1, I2, I12, of an expectation behind the race, or a deadlock. */
        """
    }

    func commentSafe(_ text: String) -> String {
        String(text.map { $0.isASCII && !$0.isNewline ? $0 : "?" }).replacing("*/", with: "* /")
    }

    private func initialProcess(actors: Int) throws(Diagnostics) -> String {
        var tail = ""
        var serial = machine.nextSerial
        for statement in statements[(outline.index + 1)...] {
            switch statement.command {
            case .race: throw refusal(statement, "a second race", "one race")
            case .expect(let expectation): tail += try assertion(expectation, statement)
            case .operation:
                tail += try promela(statement, serial: serial)
                serial += 1
            case _ where statement.isPresentation: break
            default: throw refusal(statement, "'\(statement.text)'", "operations and expectations")
            }
        }
        let pages = 0..<file.pages
        return """
            init {
              LOCALS
              atomic {
            \(initialState.map { "    \($0);\n" }.joined())\
                left = \(actors);
            \(pages.map { "    run device(\($0)); run watcher(\($0));\n" }.joined())\
            \((0..<actors).map { "    run actor\($0)();\n" }.joined())\
              };
              (left == 0\(pages.map { " && (bio[\($0)] == 0 || bio[\($0)] > LEAVE)" }.joined()));
            \(tail)  skip
            }
            """
    }

    // MARK: Refusals

    func refusal(_ statement: Statement, _ what: String, _ expected: String) -> Diagnostics {
        Self.refusal(scenario, statement, what, expected)
    }

    private static func refusal(
        _ scenario: Scenario, _ statement: Statement, _ what: String, _ expected: String
    ) -> Diagnostics {
        var diagnostic = Diagnostic(
            file: scenario.name, location: statement.location,
            message: "the Promela model does not know \(what)", source: statement.text)
        diagnostic.expected = expected
        return Diagnostics([diagnostic])
    }
}
