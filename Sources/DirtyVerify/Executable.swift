import DirtyScript
import HostKernel

/// Which scenarios a host can carry out, and which line stands in the way.
enum Executable {
    struct Obstacle: Error, Equatable {
        let line: Int
        let reason: String
    }

    /// More than this is no comparison any more, but a copy of a disk.
    static let pageLimit = 16_384
    /// Processes and threads that the supervisor can serve; the dead ones count.
    static let taskLimit = Int(HOST_SLOTS)
    static let tooManyTasks = "more than \(taskLimit) processes and threads"

    /// What in the set-up no host can do; nil when there is nothing. It concerns every line after
    /// it, so that nothing of the scenario is carried out.
    static func obstacle(in scenario: Scenario) -> Obstacle? {
        var hasOperations = false
        var tasks = 0
        for statement in scenario.statements {
            switch statement.command {
            case .process, .thread:
                tasks += 1
                if tasks > taskLimit {
                    return Obstacle(line: statement.location.line, reason: tooManyTasks)
                }
            default: break
            }
            if case .operation = statement.command { hasOperations = true }
            if statement.isSetUp, let reason = reason(against: statement) {
                return Obstacle(line: statement.location.line, reason: reason)
            }
        }
        return hasOperations ? nil : Obstacle(line: 1, reason: "there is nothing to execute")
    }

    /// The line of a file that this host does not make for this user.
    static func obstacle(in scenario: Scenario, _ abilities: HostAbilities) -> Obstacle? {
        guard let problem = abilities.ramfsProblem else { return nil }
        for statement in scenario.statements {
            if case .file(let file) = statement.command, file.fileSystem == "ramfs" {
                return Obstacle(
                    line: statement.location.line, reason: "ramfs has to be mounted: \(problem)")
            }
        }
        return nil
    }

    /// The scenario with its labelled operations made ordinary ones where nobody else acts before
    /// their `finish`. The steps in between, and what is expected then, concern the inside of a
    /// kernel function: they are left out.
    static func unlabelled(_ scenario: Scenario) -> Scenario {
        var plain = scenario
        var index = 0
        while index < plain.statements.count {
            if let label = plain.statements[index].label, let end = finish(of: label, in: plain, after: index) {
                plain.statements[index].label = nil
                plain.statements.removeSubrange(index + 1...end)
            }
            index += 1
        }
        return plain
    }

    /// Where the operation that began there is finished; nil if anybody else acts before that.
    private static func finish(of label: String, in scenario: Scenario, after start: Int) -> Int? {
        guard case .operation = scenario.statements[start].command else { return nil }
        for index in scenario.statements.indices.dropFirst(start + 1) {
            switch scenario.statements[index].command {
            case .finish(label): return index
            case .step(label, .count), .step(label, .until): break
            case .expect, .say, .chapter, .pause, .focus, .show, .hide, .note, .predict: break
            default: return nil
            }
        }
        return nil
    }

    /// Why no host can carry this line out; nil when it can. What the machine at hand refuses only
    /// shows when it is tried.
    static func reason(against statement: Statement) -> String? {
        if statement.label != nil { return "a program cannot stop inside a kernel function" }
        switch statement.command {
        case .kernel(let kernel): return kernel == "6.18" ? nil : "this machine does not run \(kernel)"
        case .rule(let name, _): return "no host has a switch '\(name)'"
        case .frames: return "a host has the memory that it has"
        case .dirty: return "dirty thresholds belong to the whole machine"
        case .device: return "no driver offers such memory"
        case .race, .step, .finish: return "a program cannot choose the order of kernel steps"
        case .file(let file): return reason(against: file)
        case .operation(let operation): return reason(against: operation)
        default: return nil
        }
    }

    private static func reason(against file: FileDeclaration) -> String? {
        if file.folio > 1 { return "a host makes its folios as large as it likes: nothing to compare" }
        switch file.fileSystem {
        case "ext3", "ext4", "xfs":
            if file.data == .journal { return "that takes a file system mounted with data=journal" }
        case "tmpfs", "ramfs":
            if file.mkwrite { return "\(file.fileSystem) takes no page_mkwrite of another's" }
        default: return "no folder of this machine is on \(file.fileSystem)"
        }
        return file.pages > pageLimit ? "more than \(pageLimit) pages" : nil
    }

    private static func reason(against operation: Operation) -> String? {
        switch operation {
        case .pin, .unpin, .pinwrite: "no system call pins a page of a file and shows when"
        case .writeback(_, start: true), .complete: "no system call holds a page under writeback"
        case .journal: "a journal commits when it likes"
        case .strip: "no system call frees the buffers of a mapped page"
        case .crash: "that would be a power cut"
        case .mmap(_, _, .anonymous(let pages), _, _, _, _):
            pages > pageLimit ? "more than \(pageLimit) pages" : nil
        case .mmap(_, _, .file(let operand), _, _, _, _):
            (operand.range?.count ?? 0) > pageLimit ? "more than \(pageLimit) pages" : nil
        case .ftruncate(_, _, let pages), .mremap(_, _, let pages):
            pages > pageLimit ? "more than \(pageLimit) pages" : nil
        case .pwrite(_, let operand, _), .pread(_, let operand), .writeback(let operand, _),
            .reclaim(let operand), .evict(let operand):
            (operand.range?.upperBound ?? 0) > pageLimit ? "more than \(pageLimit) pages" : nil
        default: nil
        }
    }
}
