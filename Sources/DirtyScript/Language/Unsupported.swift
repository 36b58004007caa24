/// What the language has and the simulator does not do yet. Lifting an entry is deleting its line.
enum Unsupported {
    /// Where a word stands; the same word can mean different things.
    enum Place: Hashable, Sendable { case command, operation, option, fileSystem, kernel, other }

    struct Feature: Hashable, Sendable {
        var place: Place
        var word: String
    }

    static let all: Set<Feature> = []
}
