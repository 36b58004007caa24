import LiveModel

/// What /proc tells as text, as values. Lines that cannot be read are passed over: the kernel may
/// add new ones.
enum ProcText {
    /// /proc/PID/maps.
    static func areas(_ text: String, of process: Int32) -> [LiveArea] {
        text.split(separator: "\n").compactMap { area($0, of: process) }
    }

    /// The page of system calls that the kernel shows above all addresses is none of a process's own.
    /// `7f12…-7f13… rw-s 00001000 fe:00 123456    /a/path`
    static func area(_ line: Substring, of process: Int32) -> LiveArea? {
        let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        guard words.count >= 5 else { return nil }
        let bounds = words[0].split(separator: "-")
        let device = words[3].split(separator: ":")
        guard bounds.count == 2, device.count == 2, words[1].count == 4,
            let start = UInt64(bounds[0], radix: 16), let end = UInt64(bounds[1], radix: 16), start < end, end <= 1 << 57,
            let offset = UInt64(words[2], radix: 16),
            let major = UInt32(device[0], radix: 16), let minor = UInt32(device[1], radix: 16),
            let inode = UInt64(words[4])
        else { return nil }
        var path = words.count > 5 ? words[5] : ""
        while path.first == " " { path.removeFirst() }
        return LiveArea(
            process: process, start: start, end: end, permissions: String(words[1]), offset: offset,
            file: LiveFile(device: major << 20 | minor, inode: inode), path: String(path))
    }

    /// /proc/PID/smaps: the figures, by the address at which the VMA begins.
    static func totals(_ text: String) -> [UInt64: LiveArea.Totals] {
        var result: [UInt64: LiveArea.Totals] = [:]
        var current: UInt64?
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(where: { $0 == ":" || $0 == "-" }) else { continue }
            if line[colon] == "-" {
                current = UInt64(line[..<colon], radix: 16)
                if let current { result[current] = LiveArea.Totals() }
                continue
            }
            guard let current else { continue }
            let value = line[line.index(after: colon)...]
            func kilobytes() -> Int { value.split(separator: " ").first.flatMap { Int($0) } ?? 0 }
            switch line[..<colon] {
            case "Rss": result[current]!.rss = kilobytes()
            case "Shared_Dirty": result[current]!.sharedDirty = kilobytes()
            case "Private_Dirty": result[current]!.privateDirty = kilobytes()
            case "VmFlags": result[current]!.flags = value.split(separator: " ").map(String.init)
            default: break
            }
        }
        return result
    }

    /// /proc/PID/stat: the name, which may contain anything, and the start time.
    static func identity(_ text: String) -> (name: String, startTime: UInt64)? {
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close
        else { return nil }
        let rest = text[text.index(after: close)...].split(separator: " ")
        guard rest.count > 19, let start = UInt64(rest[19]) else { return nil }
        return (String(text[text.index(after: open)..<close]), start)
    }
}
