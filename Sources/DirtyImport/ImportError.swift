/// Why a trace cannot become a scenario: the file, the line where that showed, and what to do about
/// it.
public struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// nil when the trace as a whole is meant.
    public var line: Int?
    public var message: String

    public init(file: String, line: Int? = nil, message: String) {
        self.file = file
        self.line = line
        self.message = message
    }

    public var description: String {
        if let line { "\(file):\(line): \(message)" } else { "\(file): \(message)" }
    }
}

/// Something in the trace that the scenario shows only in part, or not at all.
public struct ImportWarning: Hashable, Sendable, CustomStringConvertible {
    /// The line of the trace, counted from 1.
    public var line: Int
    public var message: String

    public init(line: Int, message: String) {
        self.line = line
        self.message = message
    }

    public var description: String { "line \(line): \(message)" }
}
