/// Finding the word that somebody probably meant.
public enum Suggestion {
    /// The candidate nearest to `word`, if one is near enough to be worth a question.
    public static func nearest(to word: String, among candidates: [String]) -> String? {
        let typed = lowercase(Array(word.utf8))
        // A word longer than any real one is no typing slip, and comparing it costs time.
        guard !typed.isEmpty, typed.count <= 2 * Limits.nameLength else { return nil }
        let most = max(1, typed.count / 3)
        var best: (candidate: String, cost: (edits: Int, step: Int))?
        for candidate in candidates where candidate != word {
            let other = lowercase(Array(candidate.utf8))
            // Each letter more or less is an edit, so most candidates need no closer look.
            guard abs(typed.count - other.count) <= most else { continue }
            let edits = distance(typed, other)
            guard edits <= most, edits < typed.count else { continue }
            let cost = (edits, step(typed, other))
            if best.map({ cost < $0.cost }) ?? true { best = (candidate, cost) }
        }
        return best?.candidate
    }

    /// How far apart the first letters that differ are: of equally good candidates, `ext4` is
    /// nearer to `ext5` than `ext3` is.
    private static func step(_ a: [UInt8], _ b: [UInt8]) -> Int {
        zip(a, b).first { $0 != $1 }.map { abs(Int($0) - Int($1)) } ?? Int(UInt8.max)
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
