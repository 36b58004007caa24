/// Finding the word that somebody probably meant.
enum Suggestion {
    /// The candidate nearest to `word`, if one is near enough to be worth a question.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let typed = Array(word.utf8)
        // A word longer than any real one is no typing slip, and comparing it costs time.
        guard !typed.isEmpty, typed.count <= 2 * Limits.nameLength else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates where candidate != word {
            let found = distance(lowercase(typed), lowercase(Array(candidate.utf8)))
            if found <= max(1, typed.count / 3), found < min(typed.count, best?.distance ?? .max) {
                best = (candidate, found)
            }
        }
        return best?.candidate
    }

    /// Edits (insert, delete, replace, swap neighbours) between two words.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var edits = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    edits = min(edits, beforeLast[j - 1] + 1)
                }
                row.append(edits)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }

    private static func lowercase(_ word: [UInt8]) -> [UInt8] {
        word.map { (65...90).contains($0) ? $0 + 32 : $0 }
    }
}
