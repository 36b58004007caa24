import ArgumentParser
import DirtyScript
import DirtyView
import SystemPackage

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a picture of the played scenario.")

    @Argument(help: "The scenario; '-' reads standard input.")
    var file: String

    @Option(help: ArgumentHelp("Write a still SVG here.", valueName: "file"))
    var svg: String

    @Option(help: "The moment: after this many steps; the end if none is given.")
    var at: Int?

    @Option(help: "Columns and rows of the screen.")
    var size = ScreenSize(columns: 120, rows: 40)

    @OptionGroup var kernel: KernelOptions

    func validate() throws {
        if let at, at < 0 { throw ValidationError("--at takes a number of steps from 0 up") }
    }

    func run() throws {
        let session = try ScenarioLoader.load(file, kernel: kernel.kernel, rules: kernel.rules)
        var player = Player(session, glyphs: .letters)
        player.attach(size: Size(size.columns, size.rows), glyphs: .letters)
        player.begin(at: at ?? .max)
        let picture = SVG(title: "dirtyscope: " + printable(session.title))
            .render(player.frame(size: Size(size.columns, size.rows)))
        do {
            let output = try FileDescriptor.open(
                FilePath(svg), .writeOnly, options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try output.closeAfter { _ = try output.writeAll(picture.utf8) }
        } catch let error as Errno {
            Output.complain("dirtyscope: cannot write '\(printable(svg))': \(error)")
            throw ExitCode.cannotCreate
        }
    }
}

/// `120x40`.
struct ScreenSize: ExpressibleByArgument {
    let columns: Int
    let rows: Int

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    init?(argument: String) {
        let parts = argument.split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2, (1...500).contains(parts[0]), (1...200).contains(parts[1]) else {
            return nil
        }
        self.init(columns: parts[0], rows: parts[1])
    }

    var defaultValueDescription: String { "\(columns)x\(rows)" }
}
