import DirtyView
import Glibc
import Testing

struct ThemeTests {
    /// The states of a page, as far as roles tell them apart.
    static let states: [Role] = [.clean, .dirty, .writeback, .redirtied, .violation]

    @Test func findsThemesByName() {
        #expect(Theme.all.map(\.name) == ["fill", "dark", "light", "system", "mono"])
        for theme in Theme.all { #expect(Theme.named(theme.name) == theme) }
        #expect(Theme.named("nosuch") == nil)
    }

    @Test func tellsStatesApartWithoutColor() {
        for theme in Theme.all {
            let looks = Self.states.map { theme.look(Style($0), at: .mono) }
            #expect(Set(looks).count == Self.states.count)
            let colored = looks.filter(\.hasColor)
            #expect(colored == [])
        }
    }

    @Test(arguments: Theme.all) func tellsStatesApartWithColor(_ theme: Theme) {
        for level in ColorLevel.allCases {
            let looks = Self.states.map { theme.look(Style($0), at: level) }
            #expect(Set(looks).count == Self.states.count)
        }
    }

    @Test(arguments: Theme.all) func needsFewPairsAndColorsThatExist(_ theme: Theme) {
        for level in ColorLevel.allCases {
            let looks = Role.allCases.map { theme.look(Style($0), at: level) }
            let colors = looks.flatMap { [$0.foreground, $0.background] }.compactMap { $0 }
            let impossible = colors.filter { Int($0) >= level.rawValue }
            #expect(impossible == [])
            let pairs = looks.map { Look(foreground: $0.foreground, background: $0.background) }
            #expect(Set(pairs).count < 16)
        }
    }

    @Test(arguments: Theme.all) func marksWithAttributes(_ theme: Theme) {
        for level in ColorLevel.allCases {
            for role in Role.allCases {
                let plain = theme.look(Style(role), at: level).attributes
                let changed = theme.look(Style(role, .changed), at: level).attributes
                #expect(plain.symmetricDifference(changed) == .reverse)
                let selected = theme.look(Style(role, .selected), at: level).attributes
                #expect(selected.contains(.bold))
            }
        }
    }

    @Test func keepsTextReadableOnFilledCells() throws {
        for role in [Role.clean, .dirty, .writeback, .redirtied, .violation, .error] {
            let look = Theme.fill.look(Style(role), at: .indexed)
            let background = try #require(look.background)
            #expect(look.foreground == 0)
            #expect(contrastWithBlack(background) >= 4.5)
        }
    }

    /// The contrast of a colour of the 6x6x6 cube with black, after WCAG.
    private func contrastWithBlack(_ color: UInt8) -> Double {
        let cube = Int(color) - 16
        let levels = [0, 95, 135, 175, 215, 255].map { Double($0) / 255 }
        let luminance = zip([cube / 36, cube / 6 % 6, cube % 6], [0.2126, 0.7152, 0.0722])
            .map { index, weight in
                let level = levels[index]
                return weight * (level <= 0.04045 ? level / 12.92 : pow((level + 0.055) / 1.055, 2.4))
            }
            .reduce(0, +)
        return (luminance + 0.05) / 0.05
    }

    @Test func obeysWishesAboutColorInOrder() {
        #expect(ColorLevel.indexed.wished(color: nil, noColor: nil) == .indexed)
        #expect(ColorLevel.indexed.wished(color: nil, noColor: "") == .indexed)
        #expect(ColorLevel.indexed.wished(color: nil, noColor: "0") == .mono)
        #expect(ColorLevel.indexed.wished(color: true, noColor: "1") == .indexed)
        #expect(ColorLevel.mono.wished(color: true, noColor: nil) == .mono)
        #expect(ColorLevel.eight.wished(color: false, noColor: nil) == .mono)
    }

    @Test func roundsColorsDown() {
        let levels = [-1, 0, 2, 8, 15, 16, 88, 256, 1 << 24].map { ColorLevel(colors: $0) }
        #expect(
            levels
                == [.mono, .mono, .mono, .eight, .eight, .sixteen, .sixteen, .indexed, .indexed])
    }
}

struct GlyphTests {
    @Test(arguments: GlyphSet.allCases) func isComplete(_ set: GlyphSet) {
        let glyphs = PageGlyph.allCases.map { set[$0] }
        #expect(Set(glyphs).count == glyphs.count)
        for scalar in glyphs + Mark.allCases.map({ set[$0] }) {
            #expect(Grid.printable(scalar) == scalar)
            #expect(set != .ascii || scalar.isASCII)
        }
    }

    @Test func choosesWhatTheTerminalShowsWithoutDoubt() {
        #expect(GlyphSet.automatic(isUTF8: false, terminalName: "linux") == .ascii)
        #expect(GlyphSet.automatic(isUTF8: true, terminalName: "linux") == .blocks)
        #expect(GlyphSet.automatic(isUTF8: true, terminalName: "xterm") == .letters)
    }

    @Test func hasAWordForEachState() {
        #expect(Set(PageGlyph.allCases.map(\.word)).count == PageGlyph.allCases.count)
    }
}
