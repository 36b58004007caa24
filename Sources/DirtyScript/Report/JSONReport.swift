import DirtyMachine

/// The report that programs read: one JSON object for each operation, `step`, `finish` and
/// `expect`, in the form that the language's contract fixes.
public enum JSONReport {
    /// Files and mappings of more pages than this are reported by the pages that differ from an
    /// untouched one: a terabyte with ten touched pages is ten entries, not 268,435,456.
    public static let pagesListed = 65_536

    /// The object for a statement that has just ended, as one line without its end; nil for
    /// statements that are not reported.
    public static func line(_ conclusion: Conclusion, in session: Session) -> String? {
        var json = JSONWriter()
        switch conclusion.statement.command {
        case .expect:
            guard let expectation = conclusion.expectation else { return nil }
            json.object([
                ("line", { $0.number(conclusion.statement.location.line) }),
                ("command", { $0.string(conclusion.statement.text) }),
                ("kind", { $0.string("expect") }),
                ("passed", { $0.bool(expectation.passed) }),
                ("found", { $0.string(expectation.found) }),
            ])
        case .operation: write(conclusion, "operation", session, &json)
        case .step: write(conclusion, "step", session, &json)
        case .finish: write(conclusion, "finish", session, &json)
        default: return nil
        }
        return json.text
    }

    private static func write(
        _ conclusion: Conclusion, _ kind: String, _ session: Session, _ json: inout JSONWriter
    ) {
        let machine = session.machine
        let result = conclusion.result
        json.object([
            ("line", { $0.number(conclusion.statement.location.line) }),
            ("command", { $0.string(conclusion.statement.labelledText) }),
            ("kind", { $0.string(kind) }),
            ("outcome", { json in
                if let result, conclusion.hasEnded { json.string(result.outcome.name) } else { json.null() }
            }),
            ("value", { json in
                if let value = result?.value, conclusion.hasEnded { json.number(value) } else { json.null() }
            }),
            ("faults", { json in
                json.object([
                    ("minor", { $0.number(result?.minorFaults ?? 0) }),
                    ("major", { $0.number(result?.majorFaults ?? 0) }),
                ])
            }),
            ("files", { files(machine, &$0) }),
            ("processes", { processes(machine, &$0) }),
            ("counters", { json in
                json.object(
                    Counter.allCases.map { counter in
                        (counter.name, { $0.number(machine.state.counter(counter)) })
                    })
            }),
            ("lost", { json in
                json.array(machine.lostStores) { json, lost in
                    json.object([
                        ("file", { $0.string(machine.name(of: lost.file)) }),
                        ("page", { $0.number(lost.index) }),
                        ("value", { $0.number(lost.value) }),
                    ])
                }
            }),
            ("tasks", { tasks(session, &$0) }),
        ])
    }

    private static func files(_ machine: Machine, _ json: inout JSONWriter) {
        json.object(
            machine.state.files.filter { !machine.isAnonymous($0) }.map { file in
                (
                    machine.name(of: file),
                    { json in
                        let pages = machine.size(of: file)
                        let hasDisk = machine.fileSystem(of: file).hasDisk
                        var members: [(String, (inout JSONWriter) -> Void)] = [
                            ("pages", { $0.number(pages) }),
                            ("cached", { json in
                                json.array(machine.cachedPages(file)) { $0.number($1) }
                            }),
                            ("dirty", { json in
                                json.array(machine.cachedPages(file, where: machine.isDirty)) {
                                    $0.number($1)
                                }
                            }),
                            ("writeback", { json in
                                json.array(machine.cachedPages(file, where: machine.isUnderWriteback)) {
                                    $0.number($1)
                                }
                            }),
                            ("disk", { json in
                                if pages > pagesListed {
                                    let written = hasDisk ? machine.writtenPages(file) : []
                                    sparse(pages, written, &json) { json, index in
                                        json.number(machine.state.diskValue(file, index))
                                    }
                                    return
                                }
                                json.array(0..<pages) { json, index in
                                    if hasDisk {
                                        json.number(machine.state.diskValue(file, index))
                                    } else {
                                        json.null()
                                    }
                                }
                            }),
                        ]
                        // Only files that were declared with large folios have this.
                        if machine.folioSize(of: file) > 1 {
                            members.append(
                                ("folios", { json in
                                    json.array(machine.largeFolios(of: file)) { json, pages in
                                        json.object([
                                            ("first", { $0.number(pages.lowerBound) }),
                                            ("pages", { $0.number(pages.count) }),
                                        ])
                                    }
                                }))
                        }
                        json.object(members)
                    }
                )
            })
    }

    private static func processes(_ machine: Machine, _ json: inout JSONWriter) {
        json.object(
            machine.state.processes.map { process in
                (
                    machine.name(of: process),
                    { json in
                        json.object([
                            ("alive", { $0.bool(machine.isAlive(process)) }),
                            ("vmas", { json in
                                json.array(machine.pieces(of: process)) { vma(machine, $1, &$0) }
                            }),
                            ("ptes", { json in
                                json.object(
                                    machine.state.mappings(of: process).filter {
                                        machine.extent(of: $0) != nil
                                    }.map { mapping in
                                        (
                                            machine.name(of: mapping),
                                            { entries(machine, mapping, process, &$0) }
                                        )
                                    })
                            }),
                        ])
                    }
                )
            })
    }

    /// `{"pages":N,"entries":{"INDEX":…}}`.
    private static func sparse(
        _ pages: Int, _ indices: [Int], _ json: inout JSONWriter,
        _ write: @escaping (inout JSONWriter, Int) -> Void
    ) {
        json.object([
            ("pages", { $0.number(pages) }),
            ("entries", { json in
                json.object(indices.map { index in ("\(index)", { write(&$0, index) }) })
            }),
        ])
    }

    private static func vma(_ machine: Machine, _ piece: VMAPiece, _ json: inout JSONWriter) {
        json.object([
            ("mapping", { $0.string(piece.mapping) }),
            ("first", { $0.number(piece.first) }),
            ("pages", { $0.number(piece.pages) }),
            ("prot", { $0.string(piece.flags.letters) }),
            ("shared", { $0.bool(piece.flags.contains(.mayShare)) }),
            ("page_prot", { $0.string(piece.pageProt) }),
            ("start", { $0.string("0x" + String(piece.address, radix: 16)) }),
        ])
    }

    private static func entries(
        _ machine: Machine, _ mapping: Ref<Mapping>, _ process: Ref<Process>,
        _ json: inout JSONWriter
    ) {
        let name = machine.name(of: mapping)
        let pages = machine.extent(of: mapping)?.pages ?? 0
        if pages > pagesListed {
            let touched = machine.touchedPages(of: mapping, in: process)
            sparse(pages, touched.map(\.index), &json) { json, index in
                let entry = touched.first { $0.index == index }?.pte ?? .empty
                json.string(entry.description)
            }
            return
        }
        var pieces = machine.pieces(of: process).filter { $0.mapping == name }[...]
        json.array(0..<(machine.extent(of: mapping)?.pages ?? 0)) { json, index in
            while let piece = pieces.first, piece.first + piece.pages <= index { pieces.removeFirst() }
            guard let piece = pieces.first, piece.first <= index else { return json.null() }
            let page = machine.page(index, at: piece.start + index - piece.first, in: piece.vma)
            json.string((page.pte ?? .empty).description)
        }
    }

    private static func tasks(_ session: Session, _ json: inout JSONWriter) {
        let machine = session.machine
        json.object(
            session.progress.labels.sorted { $0.key < $1.key }.filter { !machine.isDone($0.value) }
                .map { label, task in
                    (
                        label,
                        { json in
                            json.object([
                                ("stack", { json in
                                    json.array(kernelStack(task, machine)) { $0.string($1) }
                                }),
                                ("waits", { json in
                                    if let waiting = machine.wouldWait(task) {
                                        json.string(machine.name(of: waiting))
                                    } else {
                                        json.null()
                                    }
                                }),
                            ])
                        }
                    )
                })
    }

    /// The kernel functions that a task is in, outermost first; none while it is in user mode.
    private static func kernelStack(_ task: Ref<Task>, _ machine: Machine) -> [String] {
        machine.state.stack(of: task).map(\.function)
            .filter { $0 != .user_load && $0 != .user_store }
            .map { $0.name(machine.rules.generation) }
    }
}
