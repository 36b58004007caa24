/// The kernel in Promela, written from its description and not from the simulator's code, so that
/// SPIN's verdict is a second opinion. Constants in front of it say what a kernel does.
enum PromelaLibrary {
    static let text = [pages, faults, calls].joined(separator: "\n\n")
}
