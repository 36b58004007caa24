import DirtyView

// What the sequences do. Each function returns false for one that it does not know.
extension VirtualTerminal {
    mutating func escape(_ text: String) -> Bool {
        switch text {
        case "7": savedCursor = (screen.column, screen.row, screen.pen)
        case "8": restoreCursor()
        case "D": screen.lineFeed()
        case "E":
            screen.lineFeed()
            screen.move(column: 0, row: screen.row)
        case "M": screen.reverseLineFeed()
        case "c": reset()
        case "=", ">": break  // keypad mode; what counts for us is the mode of the cursor keys
        case "(B", "(0": graphics[0] = text == "(0"
        case ")B", ")0": graphics[1] = text == ")0"
        case "\\": break  // the end of a string
        default: return false
        }
        return true
    }

    private mutating func restoreCursor() {
        screen.move(column: savedCursor.column, row: savedCursor.row)
        screen.pen = savedCursor.pen
    }

    private mutating func reset() {
        let (bells, unknown) = (bells, unknown)
        self = VirtualTerminal(size, quirks: quirks)
        (self.bells, self.unknown) = (bells, unknown)
    }

    mutating func perform(_ sequence: ControlSequence) -> Bool {
        switch sequence.mark {
        case nil:
            return move(sequence) || edit(sequence) || set(sequence)
        case "?":
            if sequence.final == "c" { return true }  // the shape of the Linux console's cursor
            guard sequence.final == "h" || sequence.final == "l" else { return false }
            return sequence.parameters.allSatisfy {
                setPrivateMode($0 ?? 0, on: sequence.final == "h")
            }
        default:
            return false
        }
    }

    private mutating func move(_ sequence: ControlSequence) -> Bool {
        let (column, row, count) = (screen.column, screen.row, sequence.count())
        switch sequence.final {
        case "A": screen.move(column: column, row: row - count)
        case "B": screen.move(column: column, row: row + count)
        case "C": screen.move(column: column + count, row: row)
        case "D": screen.move(column: column - count, row: row)
        case "E": screen.move(column: 0, row: row + count)
        case "F": screen.move(column: 0, row: row - count)
        case "G", "`": screen.move(column: count - 1, row: row)
        case "d": screen.move(column: column, row: count - 1)
        case "H", "f": screen.move(column: sequence.count(1) - 1, row: count - 1)
        case "I": screen.tab(count)
        case "Z": screen.tab(-count)
        default: return false
        }
        return true
    }

    private mutating func edit(_ sequence: ControlSequence) -> Bool {
        let (at, line, count) = (screen.position, screen.lineStart, sequence.count())
        switch (sequence.final, sequence.value(0)) {
        case ("J", 0): screen.erase(from: at, to: .max)
        case ("J", 1): screen.erase(from: 0, to: at + 1)
        case ("J", 2): screen.erase(from: 0, to: .max)
        case ("K", 0): screen.erase(from: at, to: line + size.columns)
        case ("K", 1): screen.erase(from: line, to: at + 1)
        case ("K", 2): screen.erase(from: line, to: line + size.columns)
        case ("X", _): screen.erase(from: at, to: min(at + count, line + size.columns))
        case ("@", _): screen.insertCells(count)
        case ("P", _): screen.deleteCells(count)
        case ("L", _): screen.insertLines(count)
        case ("M", _): screen.deleteLines(count)
        case ("S", _): screen.scroll(up: count)
        case ("T", _): screen.scroll(up: -count)
        case ("b", _): for _ in 0..<count { screen.put(lastPrinted) }
        default: return false
        }
        return true
    }

    private mutating func set(_ sequence: ControlSequence) -> Bool {
        switch (sequence.final, sequence.value(0)) {
        case ("m", _): return setRendition(sequence.parameters.map { $0 ?? 0 })
        case ("r", _):
            screen.setScrollRegion(
                top: sequence.count() - 1, bottom: sequence.value(1, default: size.rows) - 1)
        case ("h", 4): screen.inserts = true
        case ("l", 4): screen.inserts = false
        case ("h", 34), ("l", 34): break  // the shape of the cursor
        case ("t", 22), ("t", 23): break  // keep and restore the title
        default: return false
        }
        return true
    }

    private mutating func setPrivateMode(_ mode: Int, on: Bool) -> Bool {
        switch mode {
        case 1: isKeypadOn = on
        case 7: screen.wraps = on
        case 12: break  // blinking cursor
        case 25: isCursorVisible = on
        case 47: switchScreen(on)
        case 1049:
            if on {
                savedCursor = (screen.column, screen.row, screen.pen)
                switchScreen(true)
                screen.erase(from: 0, to: .max)
            } else {
                switchScreen(false)
                restoreCursor()
            }
        case 1000, 1002, 1003, 1006: isMouseOn = on
        case 2004: break  // bracketed paste
        default: return false
        }
        return true
    }

    private mutating func switchScreen(_ alternate: Bool) {
        guard alternate != isAlternate else { return }
        isAlternate = alternate
        let (column, row, pen) = (screen.column, screen.row, screen.pen)
        swap(&screen, &otherScreen)
        screen.move(column: column, row: row)
        screen.pen = pen
    }

    private mutating func setRendition(_ parameters: [Int]) -> Bool {
        var rest = (parameters.isEmpty ? [0] : parameters)[...]
        while let parameter = rest.popFirst() {
            switch parameter {
            case 0: screen.pen = Look()
            case 1: screen.pen.attributes.insert(.bold)
            case 2: screen.pen.attributes.insert(.dim)
            case 4: screen.pen.attributes.insert(.underline)
            case 7: screen.pen.attributes.insert(.reverse)
            case 22: screen.pen.attributes.subtract([.bold, .dim])
            case 24: screen.pen.attributes.remove(.underline)
            case 27: screen.pen.attributes.remove(.reverse)
            case 30...37: screen.pen.foreground = UInt8(parameter - 30)
            case 39: screen.pen.foreground = nil
            case 40...47: screen.pen.background = UInt8(parameter - 40)
            case 49: screen.pen.background = nil
            case 90...97: screen.pen.foreground = UInt8(parameter - 90 + 8)
            case 100...107: screen.pen.background = UInt8(parameter - 100 + 8)
            case 38, 48:
                guard rest.popFirst() == 5, let color = rest.popFirst().flatMap(UInt8.init(exactly:))
                else { return false }
                if parameter == 38 { screen.pen.foreground = color } else { screen.pen.background = color }
            case 10: graphics[0] = false
            case 11: graphics[0] = true
            default: return false
            }
        }
        return true
    }
}
