/// A path as the page of a file that it is about, and what is before and behind that. Flags of a large
/// folio stand under all of its pages: `db.folio[0..7].dirty` is about `db.folio[3]`, too.
struct PagePath {
    let file: Substring
    let pages: ClosedRange<Int>
    let rest: Substring

    init?(_ path: String) {
        guard let mark = path.firstRange(of: ".folio["), let end = path[mark.upperBound...].firstIndex(of: "]") else { return nil }
        let numbers = path[mark.upperBound..<end].split(separator: ".").compactMap { Int($0) }
        guard let first = numbers.first, let last = numbers.last, first <= last else { return nil }
        file = path[..<mark.lowerBound]
        pages = first...last
        rest = path[path.index(after: end)...]
    }

    /// Whether two paths name the same thing; or, with `below`, whether the first lies below the second.
    static func matches(_ path: String, _ whole: String, below: Bool = false) -> Bool {
        if path == whole || below && Touch.path(path, isBelow: whole) { return true }
        guard namesRange(path) || namesRange(whole), let (one, other) = PagePath(path).flatMap({ one in PagePath(whole).map { (one, $0) } }),
            one.file == other.file, one.pages.overlaps(other.pages)
        else { return false }
        return one.rest == other.rest || below && Touch.path(String(one.rest), isBelow: String(other.rest))
    }

    /// Whether a path is of several pages. Asked of every change of a history, so byte by byte.
    private static func namesRange(_ path: String) -> Bool {
        var isBehindDot = false
        for byte in path.utf8 {
            let isDot = byte == UInt8(ascii: ".")
            if isDot, isBehindDot { return true }
            isBehindDot = isDot
        }
        return false
    }
}
