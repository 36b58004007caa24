import DirtyMachine

// The map of a mapping or file: its cursor is the selected page, so that every pane goes along.

extension Player {
    /// The cells of the map on the present screen.
    private var mapGeometry: MapGeometry? {
        guard let selection else { return nil }
        let layout = layout
        let body = layout.placement(of: .map)?.body ?? layout.main
        return MapGeometry(
            count: session.machine.pageCount(of: selection.target), selected: selection.page,
            columns: body.columns, rows: body.rows - MapPane.footerRows, zoom: mapZoom)
    }

    /// Moves over the map by so many cells and rows; to its beginning or end where there is no
    /// going further.
    mutating func moveInMap(cells: Int = 0, rows: Int = 0) {
        guard let geometry = mapGeometry, var selection else { return }
        let cell = selection.page / geometry.run + cells + rows * geometry.columns
        let count = session.machine.pageCount(of: selection.target)
        selection.page = min(max(0, cell * geometry.run), max(0, count - 1))
        chosen = selection
    }

    mutating func moveInMap(toEnd: Bool) {
        guard var selection else { return }
        selection.page = toEnd ? max(0, session.machine.pageCount(of: selection.target) - 1) : 0
        chosen = selection
    }

    mutating func moveInMap(screens: Int) {
        guard let geometry = mapGeometry else { return }
        moveInMap(rows: screens * max(1, geometry.rows - 1))
    }

    /// Looks closer at the selected run, or at more around it.
    mutating func zoomMap(_ step: Int) {
        guard focus == .map, let geometry = mapGeometry else { return focus(on: .map) }
        mapZoom = min(max(0, min(mapZoom, geometry.depth) + step), geometry.depth)
    }

    /// Looks closer, and at last at the page itself, among its neighbours.
    mutating func openInMap() {
        guard let geometry = mapGeometry, geometry.run == 1 else { return zoomMap(1) }
        isZoomed = false
        focus(on: .pages)
    }
}
