// The only door to ncurses. No type of curses passes it: integers, bytes and a plain structure do,
// so the callers need neither curses' macros nor its global variables.
//
// There is one screen for each process, and one thread may use it.

#ifndef CNCURSES_H
#define CNCURSES_H

#include <stdbool.h>

#define CN_CLOSED __attribute__((enum_extensibility(closed)))

/// Why a screen could not be opened.
typedef enum CN_CLOSED {
    CN_STATUS_OK,
    CN_STATUS_ALREADY_OPEN,
    /// Neither the given descriptors nor, if allowed, /dev/tty are a terminal.
    CN_STATUS_NOT_A_TERMINAL,
    /// terminfo has no entry for the value of TERM.
    CN_STATUS_UNKNOWN_TERMINAL,
    /// There is no terminfo database at all.
    CN_STATUS_NO_DATABASE,
    /// The terminal cannot move its cursor ("dumb", "hardcopy").
    CN_STATUS_NO_CURSOR_ADDRESSING,
    /// A system call failed; errno tells which way.
    CN_STATUS_SYSTEM_ERROR,
} cn_status;

/// What woke the program.
typedef enum CN_CLOSED {
    CN_EVENT_TIMEOUT,
    /// The code is a Unicode scalar, control characters included.
    CN_EVENT_CHARACTER,
    /// The code is one of CN_KEY_...
    CN_EVENT_KEY,
    /// The code is one of CN_MOUSE_...; cn_get_mouse tells the place.
    CN_EVENT_MOUSE,
    CN_EVENT_RESIZE,
    CN_EVENT_INTERRUPT,
    CN_EVENT_QUIT,
    CN_EVENT_TERMINATE,
    CN_EVENT_HANGUP,
    /// The program was stopped and goes on; the next flush repaints everything.
    CN_EVENT_RESUMED,
    /// There will be no more keys.
    CN_EVENT_INPUT_ENDED,
} cn_event;

enum {
    CN_KEY_OTHER, CN_KEY_UP, CN_KEY_DOWN, CN_KEY_LEFT, CN_KEY_RIGHT,
    CN_KEY_PAGE_UP, CN_KEY_PAGE_DOWN, CN_KEY_HOME, CN_KEY_END,
    CN_KEY_ENTER, CN_KEY_BACKSPACE, CN_KEY_DELETE, CN_KEY_BACK_TAB,
    /// Function key n is CN_KEY_FUNCTION + n.
    CN_KEY_FUNCTION = 100,
    /// CN_KEY_HELD + modifiers * 16 + base: a key with Shift (1), Alt (2) or Ctrl (4) held down, or several
    /// of them. The bases are Up, Down, Right, Left, Home, End, Insert, Delete, Page Up, Page Down.
    CN_KEY_HELD = 1000,
};

enum { CN_HELD_INSERT = 6, CN_HELD_BASES = 10 };

enum { CN_MOUSE_PRESS, CN_MOUSE_WHEEL_UP, CN_MOUSE_WHEEL_DOWN };

enum { CN_BOLD = 1, CN_DIM = 2, CN_UNDERLINE = 4, CN_REVERSE = 8 };

typedef struct {
    /// 0 when the terminal has no colour.
    int colors;
    int pairs;
    /// The colour -1 means the user's own colour.
    bool default_colors;
    /// CN_... attributes that this terminal cannot show together with colour.
    int not_with_color;
    /// Text may be UTF-8; otherwise only ASCII.
    bool utf8;
} cn_capabilities;

/// Takes the terminal over, with the crash guard armed first. When `controlling_terminal` is set,
/// /dev/tty stands in for a descriptor that is no terminal.
cn_status cn_open(int input, int output, bool controlling_terminal);
/// Gives the terminal and all signals back as they were. Harmless when nothing is open.
void cn_close(void);

/// What is said, once the terminal is back, when the program crashes: how to get the session back.
/// At most so many bytes of it; an empty text takes it back.
enum { CN_CRASH_NOTE = 1024 };
void cn_set_crash_note(const char *text);

cn_capabilities cn_get_capabilities(void);
void cn_get_size(int *columns, int *rows);

/// Asks the terminal for presses of the first button and for the wheel. Until then it is never told
/// that there is a mouse, and keeps it for selecting text.
void cn_use_mouse(void);
/// Where the latest mouse event was.
void cn_get_mouse(int *column, int *row);

/// Defines a colour pair from 1 on; a colour of -1 is the default one. Pair 0 is the user's own.
void cn_define_pair(int pair, int foreground, int background);
/// Writes `length` bytes of printable text from a cell to the right.
void cn_put(int row, int column, const char *text, int length, int attributes, int pair);
void cn_erase(void);
/// Places the hardware cursor; a negative row hides it.
void cn_cursor(int row, int column);
void cn_beep(void);
/// Lets the next flush paint the whole screen, whatever the terminal seems to show.
void cn_repaint(void);
/// Brings the screen up to date with what was written, with one update.
void cn_flush(void);

/// Waits for a key or a signal; a negative timeout waits without end. Size changes are applied,
/// and a stop (Ctrl-Z) is carried out, before their event is returned.
cn_event cn_next_event(int timeout_milliseconds, int *code);

#endif
