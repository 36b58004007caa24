/// Cuts a failing list down to one of which no part can be left out: delta debugging.
public enum Shrinker {
    /// `fails` says whether a candidate still shows the failure; it must be true of `lines`.
    public static func shrink(_ lines: [String], fails: ([String]) -> Bool) -> [String] {
        var lines = lines
        var size = max(lines.count / 2, 1)
        while true {
            var start = 0
            var hasShrunk = false
            while start < lines.count {
                var candidate = lines
                candidate.removeSubrange(start..<min(start + size, lines.count))
                if !candidate.isEmpty, fails(candidate) {
                    lines = candidate
                    hasShrunk = true
                } else {
                    start += size
                }
            }
            if size > 1 {
                size /= 2
            } else if !hasShrunk {
                return lines
            }
        }
    }
}
