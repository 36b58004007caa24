import Foundation
import Testing

/// `make install` and what it makes: the program finds its demos there, the manual page is one.
@Suite(.serialized) struct InstallTests {
    private static let makeProgram = ["/usr/bin/make", "/usr/local/bin/make"].first { FileManager.default.isExecutableFile(atPath: $0) }

    private func make(_ target: String, _ folder: String) throws -> Finished {
        try Dirtyscope.run(
            ["-s", "-o", "build", target, "SCOPE=\(Dirtyscope.path)", "DESTDIR=\(folder)", "PREFIX=/usr"], program: Self.makeProgram!)
    }

    @Test(.enabled(if: makeProgram != nil, "make is not installed"))
    func `it installs, works there, and goes away again`() throws {
        try Scratch.with { scratch in
            let install = try make("install", scratch.folder)
            #expect(install.status == 0 && install.errors == "", "\(install.errors)")
            let share = scratch.path("usr/share")
            let demos = try Dirtyscope.run(["demos"], program: scratch.path("usr/bin/dirtyscope"))
            #expect(demos.lines.contains { $0.contains("/usr/share/dirtyscope/Demos/basics/first-store.demo") && $0.contains("dirtyscope-") })
            let files = [
                "man/man1/dirtyscope.1", "bash-completion/completions/dirtyscope", "zsh/site-functions/_dirtyscope",
                "fish/vendor_completions.d/dirtyscope.fish",
            ]
            for file in files {
                let text = FileManager.default.contents(atPath: "\(share)/\(file)").map { String(decoding: $0, as: UTF8.self) } ?? ""
                #expect(text.contains("export"), "\(file)")
            }
            #expect(try make("uninstall", scratch.folder).status == 0)
            let left = FileManager.default.enumerator(atPath: scratch.path("usr"))?.compactMap { $0 as? String } ?? []
            #expect(left.filter { $0.contains("dirtyscope") } == [])
        }
    }

    @Test func `the manual page names every command and every key`() throws {
        let page = try Dirtyscope.run(["manual", "page"]).text
        #expect(page.hasPrefix(".TH \"DIRTYSCOPE\" \"1\""))
        for command in ["play", "run", "compare", "export", "config", "manual"] { #expect(page.contains(".SS \"\(command)\"")) }
        #expect(page.contains("step over. Step until the acting task is back where it was called from."))
        #expect(!page.split(separator: "\n").contains { $0.hasPrefix(".") && !$0.hasPrefix(".SH") && !$0.hasPrefix(".SS") && !$0.hasPrefix(".TP") && !$0.hasPrefix(".PP") && !$0.hasPrefix(".nf") && !$0.hasPrefix(".fi") && !$0.hasPrefix(".TH") })
    }

    private static let groff = ["/usr/bin/groff", "/usr/bin/mandoc"].first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(.enabled(if: groff != nil, "neither groff nor mandoc is installed"))
    func `the manual page is one`() throws {
        try Scratch.with { scratch in
            let page = scratch.file("dirtyscope.1", try Dirtyscope.run(["manual", "page"]).output)
            let isGroff = Self.groff!.hasSuffix("groff")
            let run = try Dirtyscope.run((isGroff ? ["-man", "-Tutf8", "-ww", "-z"] : ["-T", "lint", "-W", "error"]) + [page], program: Self.groff!)
            #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        }
    }

    @Test func `the card fits on a sheet`() throws {
        let card = try Dirtyscope.run(["manual", "keys"]).text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(card.count < 60)
        #expect(card.allSatisfy { $0.count <= 84 })
        #expect(card.contains { $0.contains("step over") })
    }

    @Test(arguments: [("bash", "/usr/bin/bash", ["-n"]), ("zsh", "/usr/bin/zsh", ["-n"]), ("fish", "/usr/bin/fish", ["--no-config", "-c", "source $argv[1]"])])
    func `completions are scripts of their shell`(shell: String, path: String, check: [String]) throws {
        let script = try Dirtyscope.run(["--generate-completion-script", shell])
        #expect(script.status == 0 && script.text.contains("compare"))
        // The quote of an invariant's number would end a list of values.
        #expect(script.text.contains("no-lost-write") && !script.text.contains("I3'"))
        guard FileManager.default.isExecutableFile(atPath: path) else { return }
        try Scratch.with { scratch in
            let file = scratch.file("completions", script.output)
            let run = try Dirtyscope.run(check + [file], program: path)
            #expect(run.status == 0 && run.errors == "", "\(run.errors)")
        }
    }

    /// The pictures of the README are exports of shipped scenarios, as `make pictures` makes them.
    @Test func `the pictures of the README are as the program draws them`() throws {
        let makefile = try String(contentsOfFile: Dirtyscope.checkout + "Makefile", encoding: .utf8)
        let exports = makefile.split(separator: "\n").filter { $0.contains("$(SCOPE) export") }
        #expect(!exports.isEmpty)
        for export in exports {
            var words = export.split(separator: " ").map(String.init)
            words.removeFirst()
            let at = try #require(words.firstIndex(of: "--svg")) + 1
            let picture = words[at]
            words[at] = "-"
            let run = try Dirtyscope.run(words)
            #expect(run.status == 0)
            let isAsDrawn = run.output == FileManager.default.contents(atPath: Dirtyscope.checkout + picture).map(Array.init)
            #expect(isAsDrawn, "\(picture): make pictures")
        }
    }
}
