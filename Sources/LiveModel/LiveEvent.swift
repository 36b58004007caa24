import DirtyScript

/// Something that happened between two samples, as a tracepoint told it.
public struct LiveEvent: Hashable, Sendable {
    public enum Fault: String, Hashable, Sendable, CaseIterable {
        /// A load found no page.
        case absentLoad = "absent-load"
        /// A store found no page.
        case absentStore = "absent-store"
        /// A store found a page that it might not write: the price of tracking.
        case writeProtect = "write-protect"
        /// An access that the mapping does not allow.
        case refused
    }

    public enum Kind: Hashable, Sendable {
        /// Where, and the address of the instruction.
        case fault(Fault, address: UInt64, instruction: UInt64)
        /// A folio of a file was clean and is dirty now.
        case dirtied(LiveFile, page: UInt64, pages: Int)
        /// Pages of a file are on their way to the device.
        case written(LiveFile, page: UInt64, pages: Int)
        /// A system call begins.
        case call(String, [UInt64])
        /// It returns.
        case returned(String, Int64)
        case fork(child: Int32)
        case exec
        case exit
    }

    /// Nanoseconds since the watching began.
    public var time: UInt64
    public var process: Int32
    public var thread: Int32
    public var kind: Kind
    /// The mapping that it is about, where there is one.
    public var mapping: MappingKey?

    public init(time: UInt64, process: Int32, thread: Int32, kind: Kind, mapping: MappingKey? = nil) {
        self.time = time
        self.process = process
        self.thread = thread
        self.kind = kind
        self.mapping = mapping
    }

    /// In words, the place behind two spaces. `page` names a page of a file or of a mapping; in
    /// brief, a write-protect fault is a `wp` fault.
    public func text(isBrief: Bool = false, fileName: (LiveFile) -> String, page: (UInt64) -> String) -> String {
        func span(_ file: LiveFile, _ first: UInt64, _ pages: Int) -> String {
            printable(fileName(file)) + (pages > 1 ? "[\(first)-\(first + UInt64(pages) - 1)]" : "[\(first)]")
        }
        switch kind {
        case .fault(let fault, let address, _):
            let name =
                switch fault {
                case .absentLoad: "load fault"
                case .absentStore: "store fault"
                case .writeProtect: isBrief ? "wp fault" : "write-protect fault"
                case .refused: "refused access"
                }
            return "\(name)  \(page(address))"
        case .dirtied(let file, let first, let pages): return "dirty  " + span(file, first, pages)
        case .written(let file, let first, let pages): return "written  " + span(file, first, pages)
        case .call(let name, let arguments):
            let words = arguments.map { $0 > 0xffff ? "0x" + String($0, radix: 16) : "\($0)" }
            return "\(name)(\(words.joined(separator: ", ")))"
        case .returned(let name, let result):
            return "\(name) = " + (result > 0xffff ? "0x" + String(result, radix: 16) : "\(result)")
        case .fork(let child): return "fork  \(child)"
        case .exec: return "exec"
        case .exit: return "exit"
        }
    }
}
