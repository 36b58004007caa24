/// What the language has and the simulator does not do yet. Lifting an entry is deleting its line.
enum Unsupported {
    /// Where a word stands; the same word can mean different things.
    enum Place: Hashable, Sendable { case command, operation, option, fileSystem, kernel, other }

    struct Feature: Hashable, Sendable {
        var place: Place
        var word: String
    }

    static let all: Set<Feature> = [
        Feature(place: .command, word: "dirty"),
        Feature(place: .command, word: "thread"),
        Feature(place: .operation, word: "mremap"),
        Feature(place: .operation, word: "peek"),
        Feature(place: .operation, word: "pin"),
        Feature(place: .operation, word: "pinwrite"),
        Feature(place: .operation, word: "poke"),
        Feature(place: .operation, word: "remap"),
        Feature(place: .operation, word: "unpin"),
        Feature(place: .option, word: "populate"),
    ]
}
