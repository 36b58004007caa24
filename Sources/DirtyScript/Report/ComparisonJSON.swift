import DirtyMachine

/// The comparison that programs read: JSON Lines, one object for each operation, `step`, `finish`
/// and `expect`, and a summary.
public struct ComparisonJSON {
    private let kernels: [String]

    public init(_ comparison: LockStep) {
        kernels = comparison.kernels.map(\.name)
    }

    /// The object for a command as one line without its end; nil for what is not reported.
    public func line(_ command: ComparedCommand) -> String? {
        let kind: String
        switch command.statement.command {
        case .operation: kind = "operation"
        case .step: kind = "step"
        case .finish: kind = "finish"
        case .expect: kind = "expect"
        default: return nil
        }
        var json = JSONWriter()
        json.object([
            ("line", { $0.number(command.statement.location.line) }),
            ("command", { $0.string((command.statement.label.map { $0 + ": " } ?? "") + command.statement.text) }),
            ("kind", { $0.string(kind) }),
            ("kernels", { json in
                json.object(
                    zip(kernels, command.columns).map { kernel, column in
                        (kernel, { json in
                            if let column { write(column, kind, &json) } else { json.null() }
                        })
                    })
            }),
            ("same", { $0.bool(command.isSame) }),
            ("differences", { json in
                json.array(command.differences) { json, difference in
                    json.object([
                        ("subject", { $0.string(difference.subject) }),
                        ("attribute", { $0.string(difference.attribute) }),
                        ("values", { json in
                            json.object(
                                zip(kernels, difference.values).map { kernel, value in
                                    (kernel, { json in
                                        if let value { json.string(value) } else { json.null() }
                                    })
                                })
                        }),
                    ])
                }
            }),
        ])
        return json.text
    }

    private func write(_ column: ComparedCommand.Column, _ kind: String, _ json: inout JSONWriter) {
        if kind == "expect" {
            json.object([("passed", { $0.bool(column.passed ?? false) })])
            return
        }
        json.object([
            ("outcome", { json in
                if let outcome = column.outcome { json.string(outcome.name) } else { json.null() }
            }),
            ("value", { json in
                if let value = column.value { json.number(value) } else { json.null() }
            }),
            ("faults", { json in
                json.object([
                    ("minor", { $0.number(column.minorFaults) }), ("major", { $0.number(column.majorFaults) }),
                ])
            }),
            ("nr_dirty", { $0.number(column.dirty) }),
            ("written", { $0.number(column.written) }),
            ("lost", { $0.number(column.lost) }),
        ])
    }

    /// The last line: how each kernel came out. A kernel that stopped has no totals: what it would
    /// have come to, nobody knows.
    public func summary(_ comparison: LockStep) -> String {
        var json = JSONWriter()
        json.object([
            ("kind", { $0.string("summary") }),
            ("kernels", { json in
                json.object(
                    comparison.sides.indices.map { side in
                        (kernels[side], { json in
                            let session = comparison.sides[side]
                            let isFinished = comparison.obstacles[side] == nil
                            func total(_ number: Int) -> (inout JSONWriter) -> Void {
                                { json in
                                    if isFinished { json.number(number) } else { json.null() }
                                }
                            }
                            json.object([
                                ("finished", { $0.bool(isFinished) }),
                                ("obstacle", { json in
                                    if let text = comparison.obstacles[side] { json.string(text) } else { json.null() }
                                }),
                                ("expectations", total(session.progress.checks)),
                                ("failed", total(session.progress.failures)),
                                ("lost", total(session.machine.lostStores.count)),
                            ])
                        })
                    })
            }),
        ])
        return json.text
    }
}
