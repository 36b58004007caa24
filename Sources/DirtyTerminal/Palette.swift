import CNcurses
import DirtyView

/// Turns styles into what curses wants: attributes and the number of a colour pair. Pairs are
/// defined as they are met. There are about ten in a theme, and no terminal with colour has
/// fewer than 64.
struct Palette {
    private let theme: Theme
    private let level: ColorLevel
    private let capabilities: cn_capabilities
    private var resolved: [Style: (attributes: Int32, pair: Int32)] = [:]
    private var pairs: [Colors: Int32] = [:]

    private struct Colors: Hashable {
        var foreground: UInt8?
        var background: UInt8?
    }

    init(_ theme: Theme, level: ColorLevel, capabilities: cn_capabilities) {
        self.theme = theme
        self.level = level
        self.capabilities = capabilities
    }

    mutating func resolve(_ style: Style) -> (attributes: Int32, pair: Int32) {
        if let known = resolved[style] { return known }
        let look = theme.look(style, at: level)
        var attributes = Int32(look.attributes.rawValue)
        let pair = pair(for: Colors(foreground: look.foreground, background: look.background))
        if pair != 0 { attributes &= ~capabilities.not_with_color }
        resolved[style] = (attributes, pair)
        return (attributes, pair)
    }

    private mutating func pair(for colors: Colors) -> Int32 {
        if colors == Colors() { return 0 }
        if let known = pairs[colors] { return known }
        let pair = Int32(pairs.count + 1)
        guard pair < min(capabilities.pairs, 64) else { return 0 }
        cn_define_pair(
            pair, colors.foreground.map(Int32.init) ?? -1, colors.background.map(Int32.init) ?? -1)
        pairs[colors] = pair
        return pair
    }
}
