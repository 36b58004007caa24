/// Why the terminal cannot be used. Nothing was changed on it.
public enum TerminalError: Error, Equatable {
    case alreadyOpen
    case notATerminal
    /// The value of TERM, which terminfo does not know.
    case unknownTerminal(String)
    case noTerminfoDatabase
    /// The value of TERM; a terminal of this kind cannot move its cursor.
    case noCursorAddressing(String)
    case system(code: Int32)
}

extension TerminalError: CustomStringConvertible {
    /// The reason and what may help, in one line.
    public var description: String {
        switch self {
        case .alreadyOpen:
            "the terminal is already in use by this program"
        case .notATerminal:
            "no terminal to draw on"
        case .unknownTerminal(""):
            "TERM is not set; try TERM=xterm-256color"
        case .unknownTerminal(let name):
            "unknown terminal '\(name)'; try TERM=xterm-256color, or install the package "
                + "ncurses-term"
        case .noTerminfoDatabase:
            "there is no terminfo database; install the package ncurses-base"
        case .noCursorAddressing(let name):
            "the terminal '\(name)' cannot move its cursor"
        case .system(let code):
            "the terminal cannot be opened (error \(code))"
        }
    }
}
