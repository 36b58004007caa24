import DirtyView

/// What woke the program.
public enum Event: Hashable, Sendable {
    case key(Key)
    /// The first button was pressed, or the wheel turned; only where the mouse is asked for.
    case mouse(Mouse)
    /// The screen has another size now.
    case resize(Size)
    /// Ctrl-C: stop what is going on.
    case interrupt
    /// SIGTERM, or SIGQUIT: end in good order.
    case terminate(signal: Int32)
    /// The terminal has gone away: end in good order, there is nobody to ask.
    case hangup
    /// Nothing happened for as long as was asked.
    case timeout
    /// The program was stopped and goes on; the screen has been told to repaint itself.
    case resumed
}
