import Foundation
import Testing

@testable import DirtyView

/// Themes by measurement: the states of a page stay apart for every eye, and letters can be read.
@Suite struct ThemeMeasureTests {
    /// The states that are told apart by colour. `redirtied` has the colour of `dirty` and a line.
    private static let states: [Role] = [.clean, .dirty, .writeback, .violation]

    /// The colour that carries the state: the paper of a filled cell, else the ink.
    private func color(_ role: Role, _ theme: Theme) -> [Double]? {
        let look = theme.look(Style(role), at: .indexed)
        return (look.background ?? look.foreground).map { ThemeColor.components(of: $0).map { Double($0) / 255 } }
    }

    /// The smallest distance between two states under a kind of sight.
    private func smallestDistance(_ theme: Theme, _ sight: Sight) -> Double {
        let colors = Self.states.compactMap { color($0, theme) }.map { sight.seen($0) }
        #expect(colors.count == Self.states.count)
        var smallest = Double.infinity
        for first in colors.indices {
            for second in colors.indices where second > first {
                smallest = min(smallest, Lab(colors[first]).distance(to: Lab(colors[second])))
            }
        }
        return smallest
    }

    @Test(arguments: [(Theme.fill, 21.0), (.dark, 21.0), (.light, 19.0)], Sight.allCases)
    func statesStayApart(_ limit: (theme: Theme, distance: Double), _ sight: Sight) {
        let distance = smallestDistance(limit.theme, sight)
        #expect(distance >= limit.distance, "\(limit.theme.name), \(sight): \(distance)")
    }

    /// The measure is one: a pair that red-green blindness cannot tell apart fails.
    @Test func theMeasureFindsBadPairs() {
        let red = Lab(Sight.deuteranopia.seen([0.65, 0.45, 0.1]))
        let green = Lab(Sight.deuteranopia.seen([0.45, 0.55, 0.1]))
        #expect(red.distance(to: green) < 10)
        let sharma = Lab(lightness: 50, a: 2.6772, b: -79.7751).distance(to: Lab(lightness: 50, a: 0, b: -82.7485))
        #expect(abs(sharma - 2.0425) < 0.0001, "CIEDE2000's own test data")
        let second = Lab(lightness: 50, a: 2.5, b: 0).distance(to: Lab(lightness: 73, a: 25, b: -18))
        #expect(abs(second - 27.1492) < 0.0001)
    }

    @Test(arguments: [(Theme.dark, [0.0, 0, 0], 4.5), (.light, [1.0, 1, 1], 3.0)])
    func lettersCanBeRead(_ theme: Theme, _ paper: [Double], _ limit: Double) throws {
        for role in Self.states + [.absent] {
            let ink = try #require(color(role, theme))
            #expect(contrast(ink, paper) >= limit, "\(theme.name) \(role)")
        }
    }

    @Test func lettersOnFilledCellsCanBeRead() throws {
        for role in Self.states + [.redirtied, .error] {
            let look = Theme.fill.look(Style(role), at: .indexed)
            let paper = try #require(look.background)
            #expect(contrast([0, 0, 0], ThemeColor.components(of: paper).map { Double($0) / 255 }) >= 4.5, "\(role)")
        }
    }

    @Test func userColorsComeBeforeTheThemes() {
        let theme = Theme.dark.with([.dirty: Look(words: "bold 0 on 226")!])
        #expect(theme.look(Style(.dirty), at: .indexed) == Look(.bold, foreground: 0, background: 226))
        #expect(theme.look(Style(.clean), at: .indexed) == Theme.dark.look(Style(.clean), at: .indexed))
        #expect(theme.look(Style(.dirty), at: .mono) == Theme.dark.look(Style(.dirty), at: .mono))
    }

    @Test func looksAreWords() {
        for role in Role.allCases {
            #expect(Role.named("\(role)") == role)
            for theme in Theme.all {
                let look = theme.look(Style(role), at: .indexed)
                #expect(Look(words: look.words) == look)
            }
        }
        for wrong in ["256", "on", "1 2", "1 on", "on 1 on 2", "blink", "-1"] {
            #expect(Look(words: wrong) == nil, "\(wrong)")
        }
    }

    private func contrast(_ first: [Double], _ second: [Double]) -> Double {
        func luminance(_ color: [Double]) -> Double {
            zip(color.map(Lab.linear), [0.2126, 0.7152, 0.0722]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let (light, dark) = (max(luminance(first), luminance(second)), min(luminance(first), luminance(second)))
        return (light + 0.05) / (dark + 0.05)
    }
}

/// Ways to see colours, after Machado, Oliveira and Fernandes (2009), at full severity.
enum Sight: CaseIterable {
    case normal, protanopia, deuteranopia, tritanopia

    /// The colour as somebody with this sight sees it; components from 0 to 1.
    func seen(_ color: [Double]) -> [Double] {
        let matrix: [[Double]]
        switch self {
        case .normal: return color
        case .protanopia:
            matrix = [
                [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
            ]
        case .deuteranopia:
            matrix = [
                [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
            ]
        case .tritanopia:
            matrix = [
                [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
            ]
        }
        let linear = color.map(Lab.linear)
        return matrix.map { row in
            let value = min(1, max(0, zip(row, linear).reduce(0) { $0 + $1.0 * $1.1 }))
            return value <= 0.0031308 ? value * 12.92 : 1.055 * pow(value, 1 / 2.4) - 0.055
        }
    }
}

/// A colour in CIELAB, with the CIEDE2000 distance.
struct Lab {
    var lightness, a, b: Double

    init(lightness: Double, a: Double, b: Double) { (self.lightness, self.a, self.b) = (lightness, a, b) }

    static func linear(_ component: Double) -> Double {
        component <= 0.04045 ? component / 12.92 : pow((component + 0.055) / 1.055, 2.4)
    }

    /// From sRGB, components from 0 to 1.
    init(_ color: [Double]) {
        let linear = color.map(Self.linear)
        let matrix = [
            [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041],
        ]
        let white = [0.95047, 1, 1.08883]
        let f = zip(matrix, white).map { row, white in
            let ratio = zip(row, linear).reduce(0) { $0 + $1.0 * $1.1 } / white
            return ratio > 216 / 24389.0 ? cbrt(ratio) : (24389 / 27.0 * ratio + 16) / 116
        }
        self.init(lightness: 116 * f[1] - 16, a: 500 * (f[0] - f[1]), b: 200 * (f[1] - f[2]))
    }

    func distance(to other: Lab) -> Double {
        let degree = Double.pi / 180
        let meanChroma = (hypot(a, b) + hypot(other.a, other.b)) / 2
        let g = 0.5 * (1 - sqrt(pow(meanChroma, 7) / (pow(meanChroma, 7) + pow(25, 7))))
        let (a1, a2) = (a * (1 + g), other.a * (1 + g))
        let (c1, c2) = (hypot(a1, b), hypot(a2, other.b))
        func hue(_ a: Double, _ b: Double) -> Double {
            guard a != 0 || b != 0 else { return 0 }
            let angle = atan2(b, a) / degree
            return angle < 0 ? angle + 360 : angle
        }
        let (h1, h2) = (hue(a1, b), hue(a2, other.b))
        var turn = h2 - h1
        if c1 * c2 == 0 { turn = 0 } else if turn > 180 { turn -= 360 } else if turn < -180 { turn += 360 }
        let (dl, dc) = (other.lightness - lightness, c2 - c1)
        let dh = 2 * sqrt(c1 * c2) * sin(turn / 2 * degree)
        let (meanL, meanC) = ((lightness + other.lightness) / 2, (c1 + c2) / 2)
        var meanH = h1 + h2
        if c1 * c2 != 0 {
            if abs(h1 - h2) <= 180 { meanH /= 2 } else { meanH = (meanH + (meanH < 360 ? 360 : -360)) / 2 }
        }
        let t = 1 - 0.17 * cos((meanH - 30) * degree) + 0.24 * cos(2 * meanH * degree)
            + 0.32 * cos((3 * meanH + 6) * degree) - 0.2 * cos((4 * meanH - 63) * degree)
        let sl = 1 + 0.015 * pow(meanL - 50, 2) / sqrt(20 + pow(meanL - 50, 2))
        let (sc, sh) = (1 + 0.045 * meanC, 1 + 0.015 * meanC * t)
        let rotation = -2 * sqrt(pow(meanC, 7) / (pow(meanC, 7) + pow(25, 7)))
            * sin(60 * degree * exp(-pow((meanH - 275) / 25, 2)))
        return sqrt(
            pow(dl / sl, 2) + pow(dc / sc, 2) + pow(dh / sh, 2) + rotation * (dc / sc) * (dh / sh))
    }
}
