import Testing

@testable import DirtyMachine

/// The switches that decide which mappings are tracked, S01 and S04 to S10: their wrong values do
/// what the review was afraid of, their right values do not.
@Suite struct DeviceSwitchTests {
    private func scene(
        _ profile: Profile, _ settings: [String: String], _ kind: DeviceKind, mkwrite: Bool = false,
        hasMapping: Bool = true, maps: Bool = true
    ) -> SwitchScene {
        SwitchScene(profile, settings, maps: maps) {
            $0.m.addDevice("fb", pages: 1, kind, mkwrite: mkwrite, hasMapping: hasMapping)
        }
    }

    @Test("devices work", arguments: Profile.allCases, DeviceKind.allCases.dropFirst())
    func devicesWork(profile: Profile, kind: DeviceKind) {
        var scene = scene(profile, [:], kind)
        #expect(scene.store().outcome == .ok)
        #expect(scene.memory == SwitchScene.valueX)
        let other = scene.bench.m.addProcess("W")
        let there = scene.bench.mmap(other, scene.file, 0...0)
        #expect(scene.bench.load(other, there).value == SwitchScene.valueX)
        let child = scene.bench.fork(other)
        #expect(scene.bench.load(child, there).value == SwitchScene.valueX)
        scene.bench.run(.munmap(other, pages: there...there))
        scene.bench.run(.exit(child))
        #expect(scene.bench.m.violations() == [] || profile == .v2_6_18)
        #expect(scene.bench.m.leaks == [])
    }

    @Test("a private mapping copies device memory", arguments: Profile.allCases)
    func privateMappingOfADevice(profile: Profile) {
        var scene = scene(profile, [:], .pfnmap, maps: false)
        let at = scene.bench.mmap(scene.u, scene.file, 0...0, shared: false)
        #expect(scene.bench.store(scene.u, at, 5).outcome == .ok)
        #expect(scene.memory == 0)
        #expect(scene.bench.load(scene.u, at).value == 5)
        #expect(!scene.breaks(.device))
    }

    @Test func madviseRefusesDeviceMemory() {
        var scene = scene(.v2_6_20, [:], .pfnmap)
        #expect(scene.bench.run(.madviseDontneed(scene.u, pages: scene.page)).outcome == .EINVAL)
    }

    // MARK: S01

    /// A shared VMA of device memory never has a normal page, so the hidden test finds nothing.
    @Test(arguments: [Profile.asPosted, .v2_6_20, .v6_18], Array<UInt64>(1...8))
    func helperNameMakesNoDifference(profile: Profile, seed: UInt64) {
        var wrong = RandomWalk(seed: seed, profile, devices: true) { $0.helperNameIsExact = false }
        var right = RandomWalk(seed: seed, profile, devices: true) { $0.helperNameIsExact = true }
        for _ in 0..<300 {
            wrong.move()
            right.move()
        }
        #expect(wrong.moves == right.moves)
        #expect(wrong.m.state == right.m.state, "\(wrong.description)")
    }

    // MARK: S04

    @Test(arguments: [Profile.asPosted, .v2_6_19, .v2_6_20], ["right", "wrong"])
    func decisionBeforeMmap(profile: Profile, value: String) {
        var scene = scene(profile, ["decide-before-mmap": value], .pfnmap)
        #expect(scene.bench.pte(scene.u, scene.at) == (value == "right" ? "PWUA--" : "P-UA--"))
        #expect(scene.store().faults == (value == "right" ? 0 : 1))
        #expect(scene.breaks(.device) == (value == "wrong"))
        #expect(scene.memory == (value == "right" ? SwitchScene.valueX : 0))
    }

    @Test("S04 on 2.6.18, which asks for page_mkwrite only", arguments: ["right", "wrong"])
    func decisionBeforeMmapUntracked(value: String) {
        var scene = scene(.v2_6_18, ["decide-before-mmap": value], .pfnmap, mkwrite: true)
        _ = scene.store()
        #expect(scene.breaks(.device) == (value == "wrong"))
    }

    @Test("6.18 makes such an entry writable and copies nothing")
    func modernKernelsDoNotCopyDevices() {
        var scene = scene(.v6_18, ["decide-before-mmap": "wrong", "bdi-caps": "wrong"], .pfnmap)
        #expect(scene.bench.pte(scene.u, scene.at) == "P-UA--")
        #expect(scene.store().faults == 1)
        #expect(scene.bench.pte(scene.u, scene.at) == "PWUAD-")
        #expect(scene.memory == SwitchScene.valueX && !scene.breaks(.device))
    }

    // MARK: S05

    @Test(arguments: [
        ("overwrite", "r--", true), ("strip", "r--u", false), ("keep", "rw-u", false),
        ("modify", "r--u", false),
    ])
    func driverProtection(policy: String, prot: String, loses: Bool) {
        for profile in [Profile.asPosted, .v2_6_19, .v2_6_20] {
            let scene = scene(profile, ["prot-policy": policy], .customProt)
            #expect(scene.pageProt == prot, "\(profile)")
            #expect(scene.breaks(.protectionBits) == loses)
        }
        let modern = scene(.v6_18, ["prot-policy": policy, "bdi-caps": "wrong"], .customProt)
        #expect(modern.pageProt == prot)
    }

    /// page_mkwrite is asked for before the protection is looked at.
    @Test(arguments: [
        (Profile.v2_6_18, "r--"), (.asPosted, "r--u"), (.v2_6_19, "r--"), (.v2_6_20, "r--"),
        (.v6_18, "r--u"),
    ])
    func driverProtectionWithMkwrite(profile: Profile, prot: String) {
        #expect(scene(profile, [:], .customProt, mkwrite: true).pageProt == prot)
    }

    @Test(arguments: [
        (Profile.v2_6_18, "rw-"), (.asPosted, "r--"), (.v2_6_19, "r--"), (.v2_6_20, "r--"),
        (.v6_18, "rw-u"),
    ])
    func mprotectMakesProtectionAnew(profile: Profile, prot: String) {
        var scene = scene(profile, [:], .customProt)
        scene.protectAndBack()
        #expect(scene.pageProt == prot)
        #expect(!scene.breaks(.protectionBits), "known, and documented")
    }

    // MARK: S07, S08, S10

    @Test(arguments: [Profile.asPosted, .v2_6_19, .v2_6_20], ["right", "wrong"])
    func deviceMemoryIsTracked(profile: Profile, value: String) {
        var scene = scene(profile, ["exclude-pfnmap": value], .pfnmap)
        scene.protectAndBack()
        _ = scene.store()
        #expect(scene.breaks(.device) == (value == "wrong"))
        #expect(scene.memory == (value == "right" ? SwitchScene.valueX : 0))
    }

    @Test(arguments: [Profile.asPosted, .v2_6_19, .v2_6_20], ["right", "wrong"])
    func insertedPagesAreTracked(profile: Profile, value: String) {
        var scene = scene(profile, ["exclude-insertpage": value], .insertpage)
        scene.protectAndBack()
        #expect(scene.store().faults == (value == "right" ? 0 : 1))
        // A fault for nothing, and PG_dirty on a page that nobody writes: no more than that.
        #expect(scene.breaks(.cost) == (value == "wrong"))
        #expect(scene.bench.m.isDirty(scene.bench.folio(scene.file)) == (value == "wrong"))
        #expect(scene.bench.m.violations() == [])
        #expect(scene.memory == SwitchScene.valueX)
    }

    @Test(arguments: [Profile.asPosted, .v2_6_19, .v2_6_20], ["right", "wrong"])
    func backingDevicesOfDevices(profile: Profile, value: String) {
        var scene = scene(profile, ["bdi-caps": value, "exclude-pfnmap": "wrong"], .pfnmap)
        scene.protectAndBack()
        _ = scene.store()
        #expect(scene.breaks(.device) == (value == "wrong"))
    }

    // MARK: S09

    @Test(arguments: [Profile.asPosted, .v2_6_19, .v2_6_20, .v6_18], ["right", "wrong"])
    func noMapping(profile: Profile, value: String) {
        var settings = ["null-mapping": value]
        if profile != .v6_18 { settings["exclude-insertpage"] = "wrong" }
        var scene = scene(profile, settings, .insertpage, hasMapping: false, maps: false)
        let report = scene.bench.run(
            .mmap(
                scene.u, name: "m", file: scene.file, pages: 0...0, [.read, .write], shared: true,
                readOnlyDescriptor: false))
        #expect(report.outcome == (value == "right" ? .ok : .OOPS))
        #expect(scene.bench.m.isAlive(scene.u) == (value == "right"))
        #expect(scene.bench.m.isAlive(scene.v) == (value == "right"), "threads go with it")
        #expect(scene.bench.m.leaks == [])
    }

    @Test("S09 in mprotect, which forgets what the driver did")
    func noMappingInMprotect() {
        var scene = scene(
            .v2_6_20, ["null-mapping": "wrong"], .customProt, hasMapping: false)
        #expect(scene.bench.mprotect(scene.u, scene.page, .read).outcome == .ok)
        #expect(scene.bench.mprotect(scene.u, scene.page, [.read, .write]).outcome == .OOPS)
        #expect(!scene.bench.m.isAlive(scene.u))
        #expect(scene.bench.m.leaks == [])
    }

    // MARK: S06

    @Test(arguments: [Profile.asPosted, .v2_6_19, .v2_6_20, .v6_18], ["right", "wrong"])
    func readOnlyMappingGetsW(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["mkwrite-clause-outside": value]) {
            $0.m.addFile("db", pages: 1, profile.journalingFileSystem, cached: true, mkwrite: true)
        }
        _ = scene.store(SwitchScene.valueA)
        scene.bench.mprotect(scene.u, scene.page, .read)
        #expect(scene.breaks(.permission) == (value == "wrong"))
        #expect(scene.store().outcome == (value == "right" ? .SIGSEGV : .ok))
        #expect(scene.breaks(.noSilentChange) == (value == "wrong"))
    }

    @Test(arguments: [Profile.asPosted, .v2_6_19, .v2_6_20, .v6_18], ["right", "wrong"])
    func privateMappingGetsW(profile: Profile, value: String) {
        var scene = SwitchScene(profile, ["mkwrite-clause-outside": value], maps: false) {
            $0.m.addFile("db", pages: 1, profile.journalingFileSystem, cached: true, mkwrite: true)
        }
        let at = scene.bench.mmap(scene.u, scene.file, 0...0, shared: false)
        scene.bench.store(scene.u, at, SwitchScene.valueA)
        let child = scene.bench.fork(scene.u)
        scene.bench.mprotect(scene.u, at...at, .read)
        scene.bench.mprotect(scene.u, at...at, [.read, .write])
        #expect(scene.breaks(.cowPrivacy) == (value == "wrong"))
        scene.bench.store(scene.u, at, SwitchScene.valueX)
        let seen = scene.bench.load(child, at).value
        #expect(seen == (value == "right" ? SwitchScene.valueA : SwitchScene.valueX))
    }
}
