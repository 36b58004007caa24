/// Which panes stand where on screens of each size: as the layout has them, or as the user wants.
public struct PaneSets: Hashable, Sendable {
    private var sets: [SizeClass: [Pane]] = [:]

    /// As the layout has them.
    public init() {}

    /// What is wrong with a list of panes.
    public enum Problem: Error, Hashable, Sendable {
        /// No size of screen with several panes has this name.
        case unknownSize(String)
        case unknownPane(String)
        case twice(String)
        /// This screen has places for so many.
        case wrongCount(String, places: Int)
    }

    /// The sizes of screens that have several panes.
    public static let sizes: [SizeClass] = [.medium, .large, .huge, .wide, .tall]

    /// When which of them is shown.
    public static let explanation = sizes.map { "\($0.rawValue): \($0.bounds)" }.joined(separator: "; ") + "."

    /// A screen of each of these sizes; the number of places is the same on all of one class.
    private static func screen(_ sizeClass: SizeClass) -> Size {
        switch sizeClass {
        case .huge: Size(200, 60)
        case .large: Size(120, 40)
        case .wide: Size(120, 14)
        case .tall: Size(40, 40)
        default: Size(80, 24)
        }
    }

    /// The names of the panes of a size, from the top left to the bottom right.
    public func names(_ sizeClass: SizeClass) -> [String] {
        Layout(Self.screen(sizeClass), focus: .pages, isZoomed: false, panes: self).placements.map { "\($0.pane)" }
    }

    /// Puts other panes into the places of a size, in the order of `names`.
    public mutating func set(_ names: [String], for size: String) throws(Problem) {
        guard let sizeClass = Self.sizes.first(where: { $0.rawValue == size }) else { throw .unknownSize(size) }
        var panes: [Pane] = []
        for name in names {
            guard let pane = Pane.named(name) else { throw .unknownPane(name) }
            if panes.contains(pane) { throw .twice(name) }
            panes.append(pane)
        }
        let places = Self().names(sizeClass).count
        guard panes.count == places else { throw .wrongCount(size, places: places) }
        sets[sizeClass] = panes
    }

    /// The panes that the user wants on a screen of a size, one for each place.
    subscript(sizeClass: SizeClass) -> [Pane]? { sets[sizeClass] }
}

extension PaneSets.Problem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownSize(let name):
            "no screen is called '\(name)'; there are " + PaneSets.sizes.map(\.rawValue).joined(separator: ", ")
        case .unknownPane(let name):
            "no pane is called '\(name)'; there are " + Pane.allCases.map { "\($0)" }.joined(separator: ", ")
        case .twice(let name): "the pane '\(name)' stands there twice"
        case .wrongCount(let size, let places): "a \(size) screen has places for \(places) panes"
        }
    }
}
