/// The colours of pictures and pages, where there is no user's palette to keep to.
struct WebColors {
    private let theme: Theme
    /// The paper of the whole picture, and the ink of what has no colour of its own.
    let background: String
    let foreground: String
    private let dimmed: String

    /// How a run of characters looks. Nil is the picture's own ink or paper.
    struct Paint: Hashable {
        var ink: String?
        var paper: String?
        var isBold = false
        var isUnderlined = false
    }

    init(_ theme: Theme) {
        self.theme = theme
        if theme == .light {
            (background, foreground, dimmed) = ("#ffffff", "#1d1f21", "#5f6468")
        } else {
            (background, foreground, dimmed) = ("#101214", "#d0d3d6", "#8b9196")
        }
    }

    func paint(_ style: Style) -> Paint {
        let look = theme.look(style, at: .indexed)
        var ink = look.foreground.map(Self.color)
        var paper = look.background.map(Self.color)
        if look.attributes.contains(.dim) { ink = dimmed }
        if look.attributes.contains(.reverse) { (ink, paper) = (paper ?? background, ink ?? foreground) }
        return Paint(
            ink: ink, paper: paper, isBold: look.attributes.contains(.bold),
            isUnderlined: look.attributes.contains(.underline))
    }

    /// An index of the 256-colour palette as a web colour.
    static func color(_ index: UInt8) -> String {
        "#" + ThemeColor.components(of: index).map { hex(Int($0), 2) }.joined()
    }
}

/// What the colours of the 256-colour palette are, as far as that can be known: the first 16 are
/// the user's own, and stand here for a palette like most.
public enum ThemeColor {
    private static let named: [[UInt8]] = [
        [0x1d, 0x1f, 0x21], [0xcc, 0x34, 0x2b], [0x19, 0x88, 0x44], [0xd1, 0x9a, 0x00],
        [0x39, 0x71, 0xed], [0xa3, 0x6a, 0xc7], [0x2a, 0xa1, 0xb3], [0xc5, 0xc8, 0xc6],
        [0x6b, 0x70, 0x75], [0xff, 0x6b, 0x5e], [0x4e, 0xc0, 0x6b], [0xff, 0xd7, 0x5f],
        [0x7a, 0xa6, 0xff], [0xd3, 0x9b, 0xf0], [0x6f, 0xd7, 0xe6], [0xff, 0xff, 0xff],
    ]

    /// Red, green and blue, from 0 to 255 each.
    public static func components(of index: UInt8) -> [UInt8] {
        if index < 16 { return named[Int(index)] }
        if index >= 232 { return Array(repeating: 8 + 10 * (index - 232), count: 3) }
        let steps: [UInt8] = [0, 95, 135, 175, 215, 255]
        let cube = Int(index) - 16
        return [steps[cube / 36], steps[cube / 6 % 6], steps[cube % 6]]
    }
}

extension Grid {
    /// Neighbouring cells of a row that have one style.
    struct Run {
        var column: Int
        var text: String
        var count: Int
        var style: Style
    }

    /// A row cut where the style changes.
    func runs(_ row: Int) -> [Run] {
        var runs: [Run] = []
        for column in 0..<size.columns {
            let cell = self[column, row]
            if let last = runs.indices.last, runs[last].style == cell.style {
                runs[last].text.unicodeScalars.append(cell.scalar)
                runs[last].count += 1
            } else {
                runs.append(Run(column: column, text: String(cell.scalar), count: 1, style: cell.style))
            }
        }
        return runs
    }
}

/// Text for XML and HTML.
func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
