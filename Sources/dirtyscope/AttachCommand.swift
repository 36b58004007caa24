import ArgumentParser
import DirtyLive
import DirtyScript
import DirtyView
import Glibc
import LiveModel

struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Watch the page tables and dirty pages of a real process while it runs.",
        discussion: """
            dirtyscope attach 1234            a process
            dirtyscope attach -- PROGRAM …    a program, from its first instruction on
            dirtyscope attach --file PATH     a file, and everybody who maps it
            dirtyscope attach --scenario FILE a scenario: the model beside this machine's kernel

            No process is stopped and nothing is written to it. Root, or CAP_BPF, CAP_PERFMON and \
            CAP_SYS_ADMIN, see everything; with less, what cannot be seen is shown as '?', with the reason.

            Exit status: 0; 64 for wrong usage, 66 when there is no such process or file, 69 when it may \
            not be looked at; of a program that was started, its own.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Argument(parsing: .remaining, help: "The number of a process; or, behind --, a program and its arguments.")
    var target: [String] = []

    @Option(help: ArgumentHelp("Watch this file, whoever maps it.", valueName: "path"))
    var file: String?

    @Option(
        help: ArgumentHelp(
            "Carry a scenario out on this machine, as 'verify' does, and show it beside the model.", valueName: "path"))
    var scenario: String?

    @Option(help: "Looks a second, 1 to 60. Where they cost too much there are fewer.")
    var rate = 10

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Watch mappings whose path contains this word; may be repeated.", valueName: "word"))
    var mapping: [String] = []

    @Flag(help: "Watch private mappings of files and memory without a file, too.")
    var all = false

    @Flag(help: "Watch the children that it forks, too.")
    var follow = false

    @Flag(inversion: .prefixedNo, help: "Attach to tracepoints: faults, dirtied and written pages, calls.")
    var events = true

    @Flag(help: "Print what there is now as a table, and end.")
    var once = false

    @Option(help: "text for people, json (JSON Lines) for programs; without it, on a terminal, the screen.")
    var format: Format?

    @Option(help: ArgumentHelp("End after so many looks.", valueName: "count"))
    var samples: Int?

    @Option(help: "How many looks are kept to step back to.")
    var history = 1000

    @Option(help: ArgumentHelp("Write what is seen to this file, for 'play'.", valueName: "path"))
    var record: String?

    @Option(help: ArgumentHelp("Where a started program's output goes; nowhere if none is given.", valueName: "path"))
    var output: String?

    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        if [file != nil, scenario != nil, !target.isEmpty].count(where: { $0 }) != 1 {
            throw ValidationError("give a process, '-- PROGRAM', --file PATH, or --scenario FILE")
        }
        if !(1...60).contains(rate) { throw ValidationError("--rate takes a number from 1 to 60") }
        if history < 2 { throw ValidationError("--history takes a number from 2 up") }
        if let samples, samples < 1 { throw ValidationError("--samples takes a number from 1 up") }
    }

    private var options: LiveOptions {
        var options = LiveOptions()
        options.rate = Double(rate)
        if !events {
            options.whyNoEvents = "left out by --no-events"
        } else if once {
            options.whyNoEvents = "they come between two looks, and --once takes one; --samples 2 instead of it asks for them"
        }
        options.followsForks = follow
        if once { options.timingFolder = nil }
        if all { options.choice = .everything }
        if !mapping.isEmpty { options.choice = .named(mapping) }
        return options
    }

    func run() throws {
        if let scenario { return try BesideRun(path: scenario, format: format, screen: screen).run() }
        var program: StartedProgram?
        let sampler: LiveSampler
        do {
            if let file {
                sampler = try LiveSampler(file: file, options: options)
            } else if target.count == 1, let process = Int32(target[0]), process > 0 {
                sampler = try LiveSampler(
                    processes: [process], title: "process \(process)", options: options)
            } else {
                let words = target.first == "--" ? Array(target.dropFirst()) : target
                guard !words.isEmpty else { throw ValidationError("'--' wants a program behind it") }
                let started = try StartedProgram(words, output: output, toStandardError: format == .json)
                program = started
                sampler = try LiveSampler(
                    processes: [started.id], title: words.joined(separator: " "), options: options)
                try started.run()
            }
        } catch let error as LiveError {
            Output.complain("dirtyscope: \(printable(error.message))")
            throw error.isMissing ? ExitCode.noInput : ExitCode.unavailable
        }
        let recorder = try record.map { try LiveRecorder(path: $0) }
        if once {
            var out = LineWriter()
            let sample = sampler.sample()
            if format == .json {
                var json = LiveJSON()
                try out.line(LiveJSON.line(sampler.header))
                try out.line(json.line(sample))
            } else {
                for line in LiveText.lines(sample, sampler.header) { try out.line(line) }
            }
            try recorder?.write(sample, sampler.header)
            try out.flush()
        } else if format == nil, isatty(STDOUT_FILENO) != 0 {
            try show(sampler, recorder)
        } else if format == .text {
            for line in LiveText.lines(sampler.sample(), sampler.header) { try Output.write(line + "\n") }
        } else {
            try LiveStream(sampler: sampler, recorder: recorder, limit: samples).run()
        }
        if let status = program?.finish(), status != 0 { throw ExitCode(status) }
    }
}

extension AttachCommand {
    private func show(_ sampler: LiveSampler, _ recorder: LiveRecorder?) throws {
        let settings = ConfigurationFile.load()
        var player = LivePlayer(
            LiveHistory(header: sampler.header, limit: history), isLive: true,
            glyphs: screen.glyphs ?? settings.glyphs, theme: settings.theme(screen.theme?.theme))
        player.keys = settings.keys
        var application = LiveApplication(player: player, sampler: sampler, recorder: recorder)
        try screen.show(&application, settings, controllingTerminal: false) {
            for line in LiveText.lines(sampler.sample(), sampler.header) { try Output.write(line + "\n") }
        }
        if let failure = application.failure { throw failure }
    }
}

/// Samples as JSON Lines, as they come.
struct LiveStream {
    let sampler: LiveSampler
    let recorder: LiveRecorder?
    let limit: Int?

    func run() throws {
        var json = LiveJSON()
        while true {
            let sample = sampler.sample()
            // Only with the first look is known what can be seen.
            if sample.number == 1 { try Output.write(LiveJSON.line(sampler.header) + "\n") }
            try Output.write(json.line(sample) + "\n")
            try recorder?.write(sample, sampler.header)
            if sampler.isOver || sample.number == limit { return }
            // The ring of events is small: it is emptied more often than is looked.
            while case let wait = sampler.untilDue(after: sample), wait > 0 {
                var pause = timespec(tv_sec: 0, tv_nsec: Int(min(wait, 20_000_000)))
                nanosleep(&pause, nil)
                sampler.drain()
            }
        }
    }
}
