import DirtyMachine
import DirtyScript
import DirtyView
import Testing

/// The word for a page's state: true of the page, whoever looks at it.
@Suite struct PageWordTests {
    private static let two = """
        kernel 2.6.20
        file db 3 ext3 cached
        process A cpu=0
        process B cpu=1
        A mmap m db rw shared
        B mmap m db rw shared
        """

    /// The words that the rows of a pane show, once a text has run to its end.
    private func words(_ text: String, of owner: String? = nil) throws -> [PageWord] {
        var session = try Fixture.session(text)
        _ = try session.run()
        let machine = session.machine
        return try (0..<3).map { index in
            guard let owner else {
                return machine.word(for: machine.page(index, of: try #require(machine.file(named: "db"))))
            }
            let process = try #require(machine.process(named: owner))
            return machine.word(for: machine.page(index, of: try #require(machine.mapping(named: "m", of: process)), in: process))
        }
    }

    @Test(arguments: [
        ("", PageWord.cached), ("A read m[0]", .clean), ("A write m[0]", .dirty),
        ("A write m[0]\nwriteback db", .clean), ("A pwrite db[0]", .dirtyUnmapped),
        ("A write m[0]\nB read m[0]\nA munmap m", .dirtyProtected),
        ("B write m[0]\nA read m[0]", .dirty), ("A write m[0]\nA munmap m", .dirtyUnmapped),
        ("A write m[0]\nW: writeback db[0]\nstep W until page_mkclean", .dirty),
        ("A write m[0]\nwriteback db[0] start", .writeback),
        ("A write m[0]\nwriteback db[0] start\nB write m[0]", .redirtied),
    ])
    func aFilesOwnPagesTellWhatAllMappingsDo(commands: String, expected: PageWord) throws {
        #expect(try words(Self.two + "\n" + commands)[0] == expected)
    }

    @Test func everyMappingOfAPageSaysTheSame() throws {
        let text = Self.two + "\nA write m[0]\nB read m[0]\nB read m[1]"
        for owner in [nil, "A", "B"] {
            #expect(try words(text, of: owner) == [.dirty, .clean, .cached], "\(owner ?? "the file")")
        }
    }

    @Test func aPageDirtyInAPTEAloneIsPTEDirtyEverywhere() throws {
        // Before tracking the kernel does not learn of the store.
        let text = Self.two.replacing("2.6.20", with: "2.6.18") + "\nA write m[0]\nB read m[0]"
        for owner in [nil, "A", "B"] { #expect(try words(text, of: owner)[0] == .pteDirty) }
        #expect(try words(text + "\nA read m[1]")[1] == .cleanWritable)
    }

    /// What the pane of a file shows in place of a PTE.
    @Test func aFileShowsHowManyMapItsPages() throws {
        var player = try Fixture.player(Self.two + "\nA write m[0]\nB read m[0]", "G")
        player.press(.character("1"))
        player.press(.end)
        for size in [Size(80, 24), Size(120, 40), Size(200, 60)] {
            let text = player.frame(size: size).text
            #expect(text.contains("Pages of file db"))
            #expect(text.contains("2 wd"), "\(size)")
            #expect(text.contains("DIRTY"), "\(size)")
        }
    }
}
