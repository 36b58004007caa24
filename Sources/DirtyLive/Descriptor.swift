import Glibc

/// An open file, closed with the last reference to it.
final class Descriptor {
    let number: Int32

    init?(_ number: Int32) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    convenience init?(_ path: String, _ flags: Int32 = O_RDONLY) {
        self.init(open(path, flags | O_CLOEXEC))
    }

    convenience init?(_ path: String, in folder: Descriptor, _ flags: Int32 = O_RDONLY) {
        self.init(openat(folder.number, path, flags | O_CLOEXEC))
    }

    deinit { close(number) }

    /// Everything from the beginning, or nil if that cannot be read. Files of /proc have no size.
    func text() -> String? {
        var bytes: [UInt8] = []
        var offset = 0
        while true {
            let more = 1 << 16
            var failed = false
            var got = 0
            bytes.append(contentsOf: [UInt8](unsafeUninitializedCapacity: more) { buffer, count in
                got = pread(number, buffer.baseAddress!, more, off_t(offset))
                failed = got < 0
                count = max(got, 0)
            })
            if failed { return nil }
            if got == 0 { return String(decoding: bytes, as: UTF8.self) }
            offset += got
        }
    }

    /// Words of 8 bytes from an index on; fewer where there are no more.
    func words(at index: UInt64, count: Int) -> [UInt64] {
        [UInt64](unsafeUninitializedCapacity: count) { buffer, filled in
            let got = pread(number, buffer.baseAddress!, count * 8, off_t(bitPattern: index * 8))
            filled = max(got, 0) / 8
        }
    }
}

extension off_t {
    fileprivate init(bitPattern: UInt64) { self = off_t(truncatingIfNeeded: bitPattern) }
}

/// The kernel's word for an error number, given as it is or negative.
func errorText(_ code: Int32) -> String {
    guard let text = strerror(abs(code)) else { return "error \(abs(code))" }
    return String(cString: text)
}
