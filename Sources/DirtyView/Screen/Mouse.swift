/// What a mouse did on the screen, and where.
public struct Mouse: Hashable, Sendable {
    public enum Action: String, Hashable, Sendable, CaseIterable { case press, wheelUp, wheelDown }

    public let action: Action
    public let column: Int
    public let row: Int

    public init(_ action: Action, column: Int, row: Int) {
        (self.action, self.column, self.row) = (action, column, row)
    }
}

extension Player {
    /// Rows that a notch of the wheel moves.
    private static let notch = 3

    /// A press selects the pane and the row under it; the wheel moves in the pane under it.
    public mutating func point(_ mouse: Mouse) {
        guard view == .main, let placement = layout.placements.first(where: { $0.contains(mouse) }) else { return }
        focus = placement.pane
        switch mouse.action {
        case .wheelUp: moveCursor { cursor, _ in cursor - Self.notch }
        case .wheelDown: moveCursor { cursor, _ in cursor + Self.notch }
        case .press:
            let (listing, height) = focusedListing()
            let row = mouse.row - placement.body.y - listing.header.prefix(max(0, placement.body.rows - 1)).count
            // Titles, headers and what stands below the rows are no rows.
            guard row >= 0, row < height, listing.top(height: height) + row < listing.count else { return }
            let target = listing.top(height: height) + row
            moveCursor { _, _ in target }
        }
        settleFocus()
    }
}

extension Layout.Placement {
    /// Whether the mouse is on the pane or on its title.
    fileprivate func contains(_ mouse: Mouse) -> Bool {
        (body.x..<body.x + body.columns).contains(mouse.column)
            && (body.y - (hasTitle ? 1 : 0)..<body.y + body.rows).contains(mouse.row)
    }
}
