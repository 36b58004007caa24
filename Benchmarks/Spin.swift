// SPIN as a peer of the search: a model is generated, compiled and run, each step measured.

import Glibc

/// A search that somebody has made, from the file to the verdict.
struct SearchFigures {
    var states = 0
    var transitions = 0
    var errors = 0
    /// Of the search alone.
    var seconds = 0.0
    var processorSeconds = 0.0
    var peakBytes = 0
    /// With everything that it took to get there: a compiler, where one is needed.
    var secondsToVerdict = 0.0
}

struct Spin {
    let folder: String

    /// Whether SPIN and a C compiler are here; what is missing, otherwise.
    static func missing(in folder: String) -> String? {
        let needed = [("spin", "-V"), ("gcc", "--version")]
        let missing = needed.first { !Child($0.0, [$0.1], in: folder).succeeded }
        return missing.map { "\($0.0) is not installed (Debian: apt install spin gcc)" }
    }

    enum Mode {
        case breadthFirst, parallel
        /// SPIN's own choice, with partial order reduction: its counterexamples are not the shortest.
        case depthFirst

        /// Options of the compiler. Breadth-first searches keep and compare whole states, the
        /// parallel one fingerprints.
        var definitions: [String] {
            switch self {
            case .breadthFirst: ["-DSAFETY", "-DNOREDUCE", "-DBFS"]
            case .parallel: ["-DSAFETY", "-DNOREDUCE", "-DBFS_PAR"]
            case .depthFirst: ["-DSAFETY"]
            }
        }

        var arguments: [String] {
            switch self {
            case .breadthFirst: []
            case .parallel: ["-u2"]
            case .depthFirst: ["-m1000000"]
            }
        }
    }

    /// A model's verifier, and how long it took to make it.
    struct Verifier {
        let program: String
        let mode: Mode
        let secondsToMake: Double
    }

    /// Generates and compiles a model's verifier; nil when SPIN or the compiler fails.
    func verifier(_ model: String, _ definitions: [String] = [], _ mode: Mode) -> Verifier? {
        guard let file = fopen(folder + "/model.pml", "w") else { return nil }
        fputs(model, file)
        fclose(file)
        let program = "pan-\(mode)"
        let generated = Child("spin", definitions + ["-a", "model.pml"], in: folder)
        let compiled = Child(
            "gcc", ["-O2", "-w", "-DVECTORSZ=4096"] + mode.definitions + ["-o", program, "pan.c"], in: folder)
        guard generated.succeeded, compiled.succeeded else { return nil }
        return Verifier(
            program: folder + "/" + program, mode: mode, secondsToMake: generated.seconds + compiled.seconds)
    }

    /// Searches. `tableBits` is the size of SPIN's table of states, as a power of two.
    func search(_ verifier: Verifier, tableBits: Int) -> SearchFigures? {
        let run = Child(verifier.program, verifier.mode.arguments + ["-w\(tableBits)"], in: folder)
        guard let states = run.number(before: "states, stored"),
            let transitions = run.number(before: "transitions (= stored+matched)")
        else { return nil }
        return SearchFigures(
            states: states, transitions: transitions, errors: run.output.contains("errors: 0") ? 0 : 1,
            seconds: run.seconds, processorSeconds: run.processorSeconds, peakBytes: run.peakBytes,
            secondsToVerdict: verifier.secondsToMake + run.seconds)
    }
}
