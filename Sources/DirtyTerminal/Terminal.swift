import CNcurses
import DirtyView
import Glibc

/// The screen and the keyboard. There is one at a time; it gives the terminal back when it goes
/// out of scope, and, through the crash guard, when the program crashes. Use it on one thread.
public struct Terminal: ~Copyable {
    /// The characters that this terminal shows without doubt.
    public let glyphs: GlyphSet
    /// How many colours it may use, after all wishes.
    public let colorLevel: ColorLevel
    private let capabilities: cn_capabilities
    private var palette: Palette
    private var theme: Theme
    /// What the screen shows, or nil when that is not known.
    private var shown: Grid?

    /// Takes the terminal over, or throws and leaves it as it was.
    public init(_ options: TerminalOptions = TerminalOptions(), theme: Theme = .fill)
        throws(TerminalError)
    {
        let name = environment("TERM") ?? ""
        switch cn_open(options.input, options.output, options.controllingTerminal) {
        case .CN_STATUS_OK: break
        case .CN_STATUS_ALREADY_OPEN: throw .alreadyOpen
        case .CN_STATUS_NOT_A_TERMINAL: throw .notATerminal
        case .CN_STATUS_UNKNOWN_TERMINAL: throw .unknownTerminal(name)
        case .CN_STATUS_NO_DATABASE: throw .noTerminfoDatabase
        case .CN_STATUS_NO_CURSOR_ADDRESSING: throw .noCursorAddressing(name)
        case .CN_STATUS_SYSTEM_ERROR: throw .system(code: errno)
        }
        capabilities = cn_get_capabilities()
        glyphs = .automatic(isUTF8: capabilities.utf8, terminalName: name)
        colorLevel = ColorLevel(colors: Int(capabilities.colors))
            .wished(color: options.color, noColor: environment("NO_COLOR"))
        palette = Palette(theme, level: colorLevel, capabilities: capabilities)
        self.theme = theme
        if options.mouse { cn_use_mouse() }
    }

    deinit { cn_close() }

    /// What a crash says once the terminal is back; an empty text takes it back. Cut where it is long.
    public static func setCrashNote(_ text: String) { cn_set_crash_note(text) }

    public var size: Size {
        var columns: Int32 = 0
        var rows: Int32 = 0
        cn_get_size(&columns, &rows)
        return Size(Int(columns), Int(rows))
    }

    var traits: ScreenTraits {
        ScreenTraits(size: size, glyphs: glyphs, colorLevel: colorLevel)
    }

    // MARK: Output

    /// Shows a grid. Only cells that differ from the last grid are written; what lies outside the
    /// screen is ignored.
    public mutating func draw(_ grid: Grid, theme: Theme) {
        if theme != self.theme {
            self.theme = theme
            palette = Palette(theme, level: colorLevel, capabilities: capabilities)
            shown = nil
        }
        let size = size
        if shown?.size != grid.size {
            cn_erase()
            shown = nil
        }
        let before = shown ?? Grid(grid.size)
        for row in 0..<min(grid.size.rows, size.rows) {
            drawRow(row, of: grid, before: before, columns: min(grid.size.columns, size.columns))
        }
        if let cursor = grid.cursor, cursor.row < size.rows, cursor.column < size.columns {
            cn_cursor(Int32(cursor.row), Int32(cursor.column))
        } else {
            cn_cursor(-1, 0)
        }
        shown = grid
        cn_flush()
    }

    /// Writes the changed cells of a row, neighbours of one style together.
    private mutating func drawRow(_ row: Int, of grid: Grid, before: Grid, columns: Int) {
        let everything = shown == nil
        var column = 0
        while column < columns {
            let first = grid[column, row]
            guard everything || first != before[column, row] else {
                column += 1
                continue
            }
            let start = column
            var text: [CChar] = []
            repeat {
                append(grid[column, row].scalar, to: &text)
                column += 1
            } while column < columns && grid[column, row].style == first.style
                && (everything || grid[column, row] != before[column, row])
            let (attributes, pair) = palette.resolve(first.style)
            cn_put(Int32(row), Int32(start), text, Int32(text.count), attributes, pair)
        }
    }

    private func append(_ scalar: Unicode.Scalar, to text: inout [CChar]) {
        // Outside a UTF-8 locale the C library would not know what the bytes mean.
        let shown: Unicode.Scalar = capabilities.utf8 || scalar.isASCII ? scalar : "?"
        for unit in UTF8.encode(shown)! { text.append(CChar(bitPattern: unit)) }
    }

    /// Lets the next `draw` paint everything anew, whatever the terminal seems to show.
    public mutating func repaint() {
        shown = nil
        cn_repaint()
    }

    public mutating func beep() {
        cn_beep()
    }

    // MARK: Input

    /// Waits for the next event, without end if no timeout is given.
    public mutating func nextEvent(timeoutMilliseconds: Int? = nil) -> Event {
        var code: Int32 = 0
        let timeout = timeoutMilliseconds.map { Int32(clamping: max($0, 0)) } ?? -1
        switch cn_next_event(timeout, &code) {
        case .CN_EVENT_TIMEOUT: return .timeout
        case .CN_EVENT_CHARACTER: return .key(Unicode.Scalar(UInt32(code)).map { Key($0) } ?? .other)
        case .CN_EVENT_KEY: return .key(Key(code: Int(code)))
        case .CN_EVENT_MOUSE: return .mouse(Mouse(code: Int(code)))
        case .CN_EVENT_RESIZE:
            shown = nil
            return .resize(size)
        case .CN_EVENT_INTERRUPT: return .interrupt
        case .CN_EVENT_QUIT: return .terminate(signal: SIGQUIT)
        case .CN_EVENT_TERMINATE: return .terminate(signal: SIGTERM)
        case .CN_EVENT_RESUMED:
            shown = nil
            return .resumed
        case .CN_EVENT_HANGUP, .CN_EVENT_INPUT_ENDED: return .hangup
        }
    }
}

extension Key {
    fileprivate init(code: Int) {
        self =
            switch code {
            case CN_KEY_UP: .up
            case CN_KEY_DOWN: .down
            case CN_KEY_LEFT: .left
            case CN_KEY_RIGHT: .right
            case CN_KEY_PAGE_UP: .pageUp
            case CN_KEY_PAGE_DOWN: .pageDown
            case CN_KEY_HOME: .home
            case CN_KEY_END: .end
            case CN_KEY_ENTER: .enter
            case CN_KEY_BACKSPACE: .backspace
            case CN_KEY_DELETE: .delete
            case CN_KEY_BACK_TAB: .backTab
            case CN_KEY_HELD...: Key(held: (code - CN_KEY_HELD) / 16, base: (code - CN_KEY_HELD) % 16)
            case CN_KEY_FUNCTION...: .function(code - CN_KEY_FUNCTION)
            default: .other
            }
    }
}

extension Mouse {
    fileprivate init(code: Int) {
        var (column, row): (Int32, Int32) = (0, 0)
        cn_get_mouse(&column, &row)
        let action: Action =
            switch code {
            case CN_MOUSE_WHEEL_UP: .wheelUp
            case CN_MOUSE_WHEEL_DOWN: .wheelDown
            default: .press
            }
        self.init(action, column: Int(column), row: Int(row))
    }
}

private func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
