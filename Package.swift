// swift-tools-version: 6.1
import PackageDescription

// One-way dependencies, from the pure model outwards:
//   DirtyMachine <- DirtyScript <- DirtyExplore <- DirtyView <- DirtyTerminal <- dirtyscope
//                              \<- DirtyImport, DirtyVerify <-----------------------/
//                                          LiveModel <- DirtyLive <---------------/
let package = Package(
    name: "dirtyscope",
    products: [
        .executable(name: "dirtyscope", targets: ["dirtyscope"]),
        .library(name: "DirtyMachine", targets: ["DirtyMachine"]),
        .library(name: "DirtyScript", targets: ["DirtyScript"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        .target(name: "DirtyMachine"),
        .target(name: "DirtyScript", dependencies: ["DirtyMachine", "SeededRandom"]),
        .target(
            name: "DirtyImport",
            dependencies: [
                "DirtyScript",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        // What was seen of a real process, as values: samples, history, recordings.
        .target(name: "LiveModel", dependencies: ["DirtyMachine", "DirtyScript"]),
        .target(name: "DirtyView", dependencies: ["DirtyMachine", "DirtyScript", "DirtyExplore", "LiveModel"]),
        .target(
            name: "CNcurses", path: "CNcurses",
            linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
        .target(name: "DirtyTerminal", dependencies: ["CNcurses", "DirtyView"]),
        // Test support: a terminal in a program, and a small program to show on it.
        .target(name: "TerminalTestSupport", dependencies: ["DirtyView"]),
        .executableTarget(
            name: "terminal-probe", dependencies: ["DirtyTerminal", "TerminalTestSupport"],
            path: "Sources/TerminalProbe"),
        // The running kernel, for `verify`: children that run operations, and what they show.
        .target(name: "HostKernel"),
        .target(
            name: "DirtyVerify",
            dependencies: ["DirtyMachine", "DirtyScript", "HostKernel", "LiveModel", "SeededRandom"]),
        // Reproducible random numbers, for random scenarios and for tests.
        .target(name: "SeededRandom"),
        // The running kernel, for `attach`: samples and events of processes.
        .target(name: "DirtyLive", dependencies: ["LiveModel", "DirtyScript", "HostKernel"]),
        // Every interleaving of a race.
        .target(
            name: "DirtyExplore", dependencies: ["DirtyMachine", "DirtyScript", "SeededRandom"]),
        .executableTarget(
            name: "dirtyscope",
            dependencies: [
                "DirtyMachine", "DirtyScript", "DirtyExplore", "DirtyImport", "DirtyVerify", "DirtyLive",
                "LiveModel", "DirtyView", "DirtyTerminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]),
        .executableTarget(
            name: "dirtyscope-bench",
            dependencies: [
                "DirtyMachine", "DirtyScript", "DirtyView", "DirtyImport", "DirtyExplore", "SeededRandom",
                "SmallMachine", "DirtyLive", "LiveModel", "HostKernel", "TerminalTestSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Benchmarks", exclude: ["README.md", "growth.svg", "SmallMachine.pml", "races", "subject.c"]),
        // Test support: another system for the search to go through.
        .target(name: "SmallMachine", dependencies: ["DirtyExplore"], path: "Tests/SmallMachine"),
        .testTarget(name: "DirtyMachineTests", dependencies: ["DirtyMachine", "SeededRandom"]),
        .testTarget(name: "DirtyScriptTests", dependencies: ["DirtyScript", "SeededRandom"]),
        .testTarget(
            name: "DirtyImportTests", dependencies: ["DirtyImport", "DirtyScript"],
            exclude: ["Fixtures"]),
        .testTarget(
            name: "DirtyVerifyTests",
            dependencies: ["DirtyMachine", "DirtyScript", "DirtyVerify", "SeededRandom"]),
        .testTarget(
            name: "LiveTests",
            dependencies: ["DirtyMachine", "DirtyView", "LiveModel", "DirtyLive", "HostKernel"]),
        .testTarget(
            name: "DirtyExploreTests",
            dependencies: ["DirtyMachine", "DirtyScript", "DirtyExplore", "SmallMachine"]),
        .testTarget(
            name: "DirtyViewTests",
            dependencies: [
                "DirtyMachine", "DirtyScript", "DirtyView", "LiveModel", "SeededRandom", "TerminalTestSupport",
            ],
            exclude: ["Snapshots"]),
        .testTarget(
            name: "DirtyTerminalTests",
            dependencies: ["DirtyTerminal", "TerminalTestSupport", "terminal-probe"]),
        .testTarget(
            name: "CommandTests",
            dependencies: ["DirtyScript", "DirtyView", "SeededRandom", "TerminalTestSupport", "dirtyscope"]),
    ],
    swiftLanguageModes: [.v6]
)
