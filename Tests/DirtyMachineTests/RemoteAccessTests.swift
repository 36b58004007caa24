import Testing

@testable import DirtyMachine

/// poke, peek, and pins: pages got by get_user_pages() (rows O15 and O16, B13, B14, section 9
/// rule 17).
@Suite struct RemoteAccessTests {
    /// A tracer and a target with a thread; the target maps a page.
    private struct Scene {
        var bench: Bench
        let file: Ref<File>
        let tracer: Ref<Process>
        let target: Ref<Process>
        let thread: Ref<Process>
        var at = 0

        init(
            _ profile: Profile, _ access: Access, shared: Bool = true, anonymous: Bool = false,
            cached: Bool = true, _ fileSystem: FileSystem? = nil,
            _ change: (inout Rules) -> Void = { _ in }
        ) {
            bench = Bench(profile, change)
            file = bench.m.addFile(
                "db", pages: 2, fileSystem ?? profile.journalingFileSystem, cached: cached)
            tracer = bench.m.addProcess("T")
            target = bench.m.addProcess("Q")
            thread = bench.m.addThread("Q2", of: target)
            at = bench.mmap(target, anonymous ? .none : file, 0...1, access, shared: shared)
        }

        var mapping: Ref<Mapping> { bench.m.state.mappings(of: target)[0] }
        var contents: UInt32 { bench.m[bench.folio(file), .contents] }
        var pte: String { bench.pte(target, at) }

        mutating func poke(_ value: UInt32 = 7, page: Int = 0) -> Report {
            bench.run(.poke(tracer, target: target, pages: at + page...at + page, value: value))
        }
        mutating func peek(page: Int = 0) -> Report {
            bench.run(.peek(tracer, target: target, pages: at + page...at + page))
        }
        mutating func pin(write: Bool, page: Int = 0) -> Report {
            bench.run(.pin(target, mapping, pages: page...page, write: write))
        }
        mutating func unpin() -> Report { bench.run(.unpin(target, mapping, pages: 0...0)) }
        mutating func pinwrite(_ value: UInt32) -> Report {
            bench.run(.pinwrite(target, mapping, pages: 0...0, value: value))
        }
        func counter(_ counter: Counter) -> Int { bench.m.state.counter(counter) }
    }

    private static let classics = Profile.allCases.filter { $0 != .v6_18 }

    // MARK: O15

    @Test(arguments: classics)
    func pokeBreaksCOWInAReadOnlySharedMapping(profile: Profile) {
        var scene = Scene(profile, .read)
        scene.bench.load(scene.target, scene.at)
        let faults = scene.counter(.pgfault)
        let report = scene.poke()
        #expect((report.outcome, report.faults) == (.ok, 0))
        #expect(scene.pte == "P-UAD-")
        #expect(scene.counter(.nr_anon) == 1)
        #expect(scene.counter(.nr_mapped) == 0)
        #expect(scene.counter(.nr_dirty) == 0)
        #expect(scene.counter(.pgfault) == faults + 1)
        #expect(scene.bench.m.faults(of: scene.target).minor == 2)
        #expect(scene.contents == 0)
        #expect(scene.bench.load(scene.target, scene.at).value == 7)
        #expect(scene.bench.m.leaks == [])
    }

    @Test(arguments: classics)
    func pokeOfAnAbsentPageMapsTheFilesFirst(profile: Profile) {
        var scene = Scene(profile, .read)
        #expect(scene.poke().outcome == .ok)
        #expect(scene.counter(.pgfault) == 2)
        #expect(scene.pte == "P-UAD-")
        #expect(scene.contents == 0)
    }

    @Test func pokeOfAReadOnlySharedMappingIsRefusedBy6_18() {
        var scene = Scene(.v6_18, .read)
        scene.bench.load(scene.target, scene.at)
        let report = scene.poke()
        #expect((report.outcome, report.faults, report.value) == (.EIO, 0, nil))
        #expect(scene.pte == "P-UA--")
        #expect(scene.peek().value == 0)
    }

    /// S03a: before the test for VM_WRITE the poke went to the file.
    @Test(arguments: classics)
    func pokeChangesTheFileWithoutTheTest(profile: Profile) {
        var scene = Scene(profile, .read) { $0.wpTestsWrite = false }
        scene.bench.load(scene.target, scene.at)
        #expect(scene.poke().outcome == .ok)
        #expect(scene.contents == 7)
        #expect(scene.pte == "P-UAD-")
        #expect(scene.bench.page(scene.file) == "DT")
    }

    // MARK: O16

    @Test(arguments: Profile.allCases)
    func pokeOfAWritableSharedMappingIsAWriteFault(profile: Profile) {
        var scene = Scene(profile, [.read, .write])
        let report = scene.poke()
        #expect((report.outcome, report.value) == (.ok, 7))
        #expect(report.faults == (profile == .v6_18 ? 1 : 0))
        #expect(scene.counter(.pgfault) == 1)
        #expect(scene.pte == "PWUAD-")
        #expect(scene.bench.page(scene.file) == "DT")
        #expect(scene.counter(.nr_dirty) == 1)
        #expect(scene.contents == 7)
        #expect(scene.peek().value == 7)
        #expect(scene.bench.m.leaks == [])
    }

    // MARK: Rule 17

    @Test func privatePagesAreCopiedByForce() {
        var scene = Scene(.v6_18, .read, shared: false)
        #expect(scene.poke().minor == 1)
        #expect(scene.pte == "P-UAD-")
        #expect(scene.contents == 0)
        #expect(scene.poke(8).faults == 0)
        #expect(scene.peek().value == 8)
        #expect(scene.counter(.nr_anon) == 1)
    }

    @Test func anAbsentAnonymousPageDoesNotGetD() {
        var scene = Scene(.v6_18, .read, shared: false, anonymous: true)
        #expect(scene.poke().minor == 1)
        #expect(scene.pte == "P-UA--")
        #expect(scene.poke(8).faults == 0)
        #expect(scene.pte == "P-UA--")
        #expect(scene.bench.load(scene.target, scene.at).value == 8)
    }

    @Test(arguments: classics)
    func anAbsentAnonymousPageGetsDOn2_6(profile: Profile) {
        var scene = Scene(profile, .read, shared: false, anonymous: true)
        #expect(scene.poke().outcome == .ok)
        #expect(scene.pte == "P-UAD-")
    }

    @Test(arguments: Profile.allCases)
    func theZeroPageIsCopied(profile: Profile) {
        var scene = Scene(profile, .read, shared: false, anonymous: true)
        scene.bench.load(scene.target, scene.at)
        #expect(scene.poke().outcome == .ok)
        #expect(scene.pte == "P-UAD-")
        #expect(scene.peek(page: 1).value == 0)
        #expect(scene.bench.m.leaks == [])
    }

    @Test func pokeOfTmpfsLeavesDOfThePTEAlone() {
        var scene = Scene(.v6_18, [.read, .write], .tmpfs)
        scene.bench.load(scene.target, scene.at)
        #expect(scene.poke().faults == 0)
        #expect(scene.pte == "PWUA--")
        #expect(scene.bench.page(scene.file) == "D")
    }

    @Test func coldPagesAreMajorFaultsOfTheTracer() {
        var scene = Scene(.v6_18, [.read, .write], cached: false)
        let report = scene.poke()
        #expect((report.minor, report.major) == (0, 1))
        #expect(scene.counter(.pgmajfault) == 1)
    }

    /// Also where no access is allowed at all.
    @Test func protNoneIsNoObstacle() {
        var scene = Scene(.v6_18, [], shared: false)
        #expect(scene.peek().outcome == .ok)
        #expect(scene.poke().outcome == .ok)
        #expect(scene.peek().value == 7)
    }

    @Test(arguments: Profile.allCases)
    func nothingMappedIsEIO(profile: Profile) {
        var scene = Scene(profile, [.read, .write])
        scene.bench.run(.munmap(scene.target, pages: scene.at...scene.at))
        let poke = scene.poke()
        #expect((poke.outcome, poke.faults) == (.EIO, 0))
        #expect(scene.peek().outcome == .EIO)
    }

    @Test func peekBeyondTheEndMapsTheNeighbours() {
        var scene = Scene(.v6_18, [.read, .write])
        scene.bench.run(.ftruncate(scene.tracer, scene.file, pages: 1))
        let peek = scene.peek(page: 1)
        #expect((peek.outcome, peek.faults) == (.EIO, 0))
        #expect(scene.pte == "P-UA--")
    }

    // MARK: The target's end

    @Test(arguments: Profile.allCases)
    func theTracerTakesDownAnAddressSpaceThatItsOwnerLeft(profile: Profile) {
        var scene = Scene(profile, [.read, .write])
        let poke = scene.bench.m.begin(
            .poke(scene.tracer, target: scene.target, pages: scene.at...scene.at + 1, value: 7))
        scene.bench.step(poke, until: .access_process_vm, 1)
        scene.bench.run(.exit(scene.target))
        #expect(scene.bench.m[scene.target, .mm].exists)
        scene.bench.finish(poke)
        #expect(scene.bench.report(poke).outcome == .ESRCH)
        #expect(!scene.bench.m[scene.target, .mm].exists)
        #expect(scene.contents == 7)
        #expect(scene.bench.page(scene.file) == "DT")
        #expect(scene.poke().outcome == .ESRCH)
        #expect(scene.bench.m.leaks == [])
    }

    // MARK: B13

    /// Pokes a read-only private mapping up to the point where only the look-up is left.
    private func upToTheLookUp(_ scene: inout Scene) -> Ref<Task> {
        let poke = scene.bench.m.begin(
            .poke(scene.tracer, target: scene.target, pages: scene.at...scene.at, value: 7))
        for _ in 0..<200 {
            let isThere = scene.bench.m.state.stack(of: poke).last?.function == .follow_page
            if isThere, scene.pte == "P-UAD-" {
                if scene.bench.m.rules.gupDropsWrite == !scene.bench.m[poke, .gupWrite] { break }
            }
            _ = scene.bench.m.step(poke)
        }
        return poke
    }

    @Test(arguments: classics)
    func dirtyCOWIfMadviseDidNotExcludeFaults(profile: Profile) {
        var scene = Scene(profile, .read, shared: false) { $0.madviseSharesLock = true }
        let poke = upToTheLookUp(&scene)
        scene.bench.run(.madviseDontneed(scene.thread, pages: scene.at...scene.at))
        scene.bench.finish(poke)
        #expect(scene.bench.report(poke).outcome == .ok)
        #expect(scene.contents == 7)
        scene.bench.run(.fsync(scene.target, scene.file))
        #expect(scene.bench.m.state.diskValue(scene.file, 0) == 7)
    }

    @Test(arguments: classics)
    func madviseExcludesFaultsOn2_6(profile: Profile) {
        var scene = Scene(profile, .read, shared: false)
        let poke = upToTheLookUp(&scene)
        let advice = scene.bench.m.begin(.madviseDontneed(scene.thread, pages: scene.at...scene.at))
        guard case .blocked(let waiting) = scene.bench.m.step(advice) else {
            Issue.record("madvise went on")
            return
        }
        #expect(waiting.reason == .mmapLock)
        scene.bench.finish(poke)
        scene.bench.finish(advice)
        #expect(scene.contents == 0)
    }

    @Test func anExclusiveAnonymousPageIsTheProofOn6_18() {
        var scene = Scene(.v6_18, .read, shared: false)
        let poke = upToTheLookUp(&scene)
        scene.bench.run(.madviseDontneed(scene.thread, pages: scene.at...scene.at))
        scene.bench.finish(poke)
        #expect(scene.bench.report(poke).outcome == .ok)
        #expect(scene.contents == 0)
        #expect(scene.bench.page(scene.file) == "-")
    }

    // MARK: B14

    @Test(arguments: Profile.allCases)
    func storesThroughAPinGoUnnoticed(profile: Profile) {
        var scene = Scene(profile, [.read, .write])
        #expect(scene.pin(write: true).outcome == .ok)
        #expect(scene.pte == "PWUAD-")
        scene.bench.run(.msync(scene.target, pages: scene.at...scene.at, .sync))
        #expect(scene.bench.page(scene.file) == "-")
        let (pte, disk) = (scene.pte, scene.bench.m.state.diskValue(scene.file, 0))
        #expect(scene.pinwrite(7).value == 7)
        // The page looks clean, but is not what the disk has.
        #expect(scene.bench.page(scene.file) == "-")
        #expect(scene.pte == pte)
        #expect(scene.bench.m.state.diskValue(scene.file, 0) == disk)
        #expect(scene.contents == 7)
        // Nobody may drop it.
        scene.bench.run(.madviseDontneed(scene.target, pages: scene.at...scene.at))
        scene.bench.run(.reclaim(scene.file, indices: 0...0))
        #expect(scene.bench.run(.evict(scene.file, indices: 0...0)).outcome == .EBUSY)
        #expect(scene.contents == 7)
        #expect(scene.unpin().outcome == .ok)
        #expect(scene.bench.page(scene.file) == "DT")
        scene.bench.run(.fsync(scene.target, scene.file))
        #expect(scene.bench.m.state.diskValue(scene.file, 0) == 7)
        #expect(scene.bench.m.leaks == [])
    }

    @Test(arguments: Profile.allCases)
    func pinsNeedThePermission(profile: Profile) {
        var scene = Scene(profile, .read)
        #expect(scene.pin(write: true).outcome == .EFAULT)
        #expect(scene.pin(write: false).outcome == .ok)
        #expect(scene.pte == "P-UA--")
        #expect(scene.pinwrite(7).outcome == .EINVAL)
        #expect(scene.unpin().outcome == .ok)
        #expect(scene.bench.page(scene.file) == "-")
        #expect(scene.unpin().outcome == .EINVAL)
    }

    /// All pages or none.
    @Test(arguments: Profile.allCases)
    func aFailingPinKeepsNothing(profile: Profile) {
        var scene = Scene(profile, [.read, .write])
        scene.bench.run(.munmap(scene.target, pages: scene.at + 1...scene.at + 1))
        let report = scene.bench.run(.pin(scene.target, scene.mapping, pages: 0...1, write: true))
        #expect(report.outcome == .EFAULT)
        #expect(scene.pte == "PWUAD-")
        #expect(scene.unpin().outcome == .EINVAL)
        #expect(scene.bench.m.leaks == [])
    }

    @Test(arguments: Profile.allCases)
    func aPinSurvivesItsAddressAndTheFilesPage(profile: Profile) {
        var scene = Scene(profile, [.read, .write])
        _ = scene.pin(write: true)
        let page = scene.bench.folio(scene.file)
        scene.bench.run(.munmap(scene.target, pages: scene.at...scene.at + 1))
        scene.bench.run(.ftruncate(scene.target, scene.file, pages: 0))
        #expect(!scene.bench.folio(scene.file).exists)
        #expect(scene.pinwrite(7).outcome == .ok)
        #expect(scene.bench.m[page, .contents] == 7)
        #expect(scene.unpin().outcome == .ok)
        #expect(scene.bench.m.leaks == [])
    }

    @Test(arguments: Profile.allCases)
    func exitReleasesPinsAndForkDoesNotHandThemOn(profile: Profile) {
        var scene = Scene(profile, [.read, .write])
        _ = scene.pin(write: true)
        let child = scene.bench.fork(scene.target)
        let inherited = scene.bench.m.state.mappings(of: child)[0]
        #expect(scene.bench.run(.unpin(child, inherited, pages: 0...0)).outcome == .EINVAL)
        scene.bench.run(.msync(scene.target, pages: scene.at...scene.at, .sync))
        _ = scene.pinwrite(7)
        scene.bench.run(.exit(scene.target))
        #expect(scene.bench.page(scene.file) == "DT")
        #expect(scene.contents == 7)
        #expect(scene.bench.m.leaks == [])
    }

    @Test(arguments: Profile.allCases)
    func powerLossEndsPins(profile: Profile) {
        var scene = Scene(profile, [.read, .write])
        _ = scene.pin(write: true)
        scene.bench.run(.ftruncate(scene.tracer, scene.file, pages: 0))
        scene.bench.run(.crash)
        #expect(scene.bench.m.leaks == [])
    }

    /// 6.18 counts references before it reuses a page.
    @Test(arguments: [(Profile.v2_6_20, true), (.v6_18, false)])
    func aPinnedPageIsReusedAfterFork(profile: Profile, reuses: Bool) {
        var scene = Scene(profile, [.read, .write], shared: false, anonymous: true)
        scene.bench.store(scene.target, scene.at, 1)
        let page = scene.bench.m.pte(scene.bench.m[scene.target, .mm], scene.at).folio
        let child = scene.bench.fork(scene.target)
        scene.bench.run(.exit(child))
        _ = scene.pin(write: false)
        scene.bench.store(scene.target, scene.at, 2)
        let now = scene.bench.m.pte(scene.bench.m[scene.target, .mm], scene.at).folio
        #expect((now == page) == reuses)
    }

    // MARK: S02

    @Test(arguments: [true, false])
    func followPageThatTakesAnyPTESkipsPageMkwrite(right: Bool) {
        var scene = Scene(.v6_18, [.read, .write]) { $0.followPageChecksW = right }
        scene.bench.load(scene.target, scene.at)
        let report = scene.pin(write: true)
        #expect(report.faults == (right ? 1 : 0))
        #expect(scene.pte == (right ? "PWUAD-" : "P-UA--"))
        #expect(scene.bench.page(scene.file) == "DT")
    }

    /// The store that a poke made in a shared mapping is an anonymous page there (S03b).
    @Test func storeToAnAnonymousPageInASharedMapping() {
        for profile in Self.classics {
            var bench = Bench(profile)
            let file = bench.m.addFile("db", pages: 1, .ext3, cached: true)
            let (tracer, target) = (bench.m.addProcess("T"), bench.m.addProcess("Q"))
            let at = bench.mmap(target, file, 0...0, .read)
            bench.run(.poke(tracer, target: target, pages: at...at, value: 7))
            let child = bench.fork(target)
            bench.mprotect(child, at...at, [.read, .write])
            #expect(bench.store(child, at, 8).outcome == .ok)
            // Without the look for anonymous pages first, both go on with one page.
            let seen = bench.load(target, at).value
            #expect(seen == (bench.m.rules.wpAnonFirst ? 7 : 8), "\(profile)")
            #expect(bench.m[bench.folio(file), .contents] == 0)
        }
    }

    /// S02 wrong: the page that is pinned for writing is the file's own, behind a private mapping.
    @Test(arguments: [true, false])
    func storesThroughPinsAreSeen(right: Bool) {
        var bench = Bench(.v2_6_20) { $0.followPageChecksW = right }
        let file = bench.m.addFile("db", pages: 1, .ext3, cached: true)
        let a = bench.m.addProcess("A")
        let at = bench.mmap(a, file, 0...0, shared: false)
        bench.load(a, at)
        let mapping = bench.m.mapping(named: "m", of: a)!
        bench.run(.pin(a, mapping, pages: 0...0, write: true))
        bench.run(.pinwrite(a, mapping, pages: 0...0, value: 8))
        #expect(bench.m.violates(.noSilentChange) == !right)
        #expect(bench.m[bench.folio(file), .contents] == (right ? 0 : 8))
    }
}
