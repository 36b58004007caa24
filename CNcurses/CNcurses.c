#define _GNU_SOURCE
#define _XOPEN_SOURCE_EXTENDED 1
#include "CNcurses.h"
#include "internal.h"

#include <curses.h>

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

static SCREEN *screen;
static FILE *input_file, *output_file;
// Keys are read through a pad, because reading them through a window would refresh the window.
static WINDOW *keyboard;
static cn_capabilities capabilities;
static mbstate_t decoder;

// MARK: Opening and closing

/// A stream of its own for the descriptor, or for /dev/tty in its place. It never takes the number
/// of a standard descriptor that was closed: what is printed there later has no place on the screen.
static FILE *open_terminal(int descriptor, const char *mode, bool controlling_terminal)
{
    enum { FIRST_FREE = 3 };
    int source = descriptor;
    bool stand_in = !isatty(descriptor);
    if (stand_in)
        source = controlling_terminal ? open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;
    int own = source < 0 ? -1 : fcntl(source, F_DUPFD_CLOEXEC, FIRST_FREE);
    if (stand_in && source >= 0)
        close(source);
    return own < 0 ? NULL : fdopen(own, mode);
}

static void close_files(void)
{
    if (input_file)
        fclose(input_file);
    if (output_file)
        fclose(output_file);
    input_file = output_file = NULL;
}

static void set_escape_delay(void)
{
    // The default of one second makes the Escape key useless. Who has a slow line can say so.
    const char *wish = getenv("ESCDELAY");
    int delay = wish ? atoi(wish) : 0;
    set_escdelay(delay > 0 ? delay : 25);
}

/// Codes of our own for what keys send while Shift, Alt or Ctrl is held down; ncurses has none for most.
enum { HELD = 0x2000 };

/// Makes one key of each such sequence. Without this those that the terminal's entry does not have
/// would arrive as Esc and a row of characters, each of which means something else.
static void define_held_keys(void)
{
    static const char ends[CN_HELD_BASES] = {'A', 'B', 'C', 'D', 'H', 'F', '2', '3', '5', '6'};
    for (int modifiers = 1; modifiers < 8; modifiers++)
        for (int base = 0; base < CN_HELD_BASES; base++) {
            char sequence[16];
            bool is_digit = ends[base] <= '9';
            if (is_digit)
                snprintf(sequence, sizeof sequence, "\033[%c;%d~", ends[base], modifiers + 1);
            else
                snprintf(sequence, sizeof sequence, "\033[1;%d%c", modifiers + 1, ends[base]);
            define_key(sequence, HELD + modifiers * 16 + base);
        }
}

static void set_modes(void)
{
    // Not raw(): Ctrl-C and Ctrl-Z have to stay signals.
    cbreak();
    noecho();
    nonl();
    set_escape_delay();
    // Otherwise Ctrl-C throws away what is on its way to the terminal.
    intrflush(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    keyboard = newpad(1, 1);
    keypad(keyboard, TRUE);
    define_held_keys();
    nodelay(keyboard, TRUE);
    curs_set(0);
}

static void set_colors(void)
{
    capabilities.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (!has_colors() || start_color() != OK)
        return;
    capabilities.colors = COLORS;
    capabilities.pairs = COLOR_PAIRS;
    capabilities.default_colors = use_default_colors() == OK;
    capabilities.not_with_color = terminfo_not_with_color();
}

cn_status cn_open(int input, int output, bool controlling_terminal)
{
    if (screen)
        return CN_STATUS_ALREADY_OPEN;
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    input_file = open_terminal(input, "r", controlling_terminal);
    output_file = open_terminal(output, "w", controlling_terminal);
    cn_status status = input_file && output_file ? terminfo_check(fileno(output_file))
                                                 : CN_STATUS_NOT_A_TERMINAL;
    if (status == CN_STATUS_OK && signals_install() != 0)
        status = CN_STATUS_SYSTEM_ERROR;
    if (status != CN_STATUS_OK) {
        close_files();
        return status;
    }
    size_t length;
    const char *reset = terminfo_reset_bytes(&length);
    guard_arm(fileno(output_file), reset, length);
    guard_active(true);
    // The size is the terminal's own, not what LINES and COLUMNS said when the shell started.
    use_env(TRUE);
    use_tioctl(TRUE);
    screen = newterm(NULL, output_file, input_file);
    if (!screen) {
        guard_disarm();
        signals_remove();
        close_files();
        return CN_STATUS_UNKNOWN_TERMINAL;
    }
    capabilities = (cn_capabilities){0};
    decoder = (mbstate_t){0};
    set_modes();
    set_colors();
    messages_hold();
    return CN_STATUS_OK;
}

void cn_close(void)
{
    if (!screen)
        return;
    endwin();
    guard_disarm();
    messages_release();
    delwin(keyboard);
    delscreen(screen);
    screen = NULL;
    close_files();
    signals_remove();
}

// MARK: Mouse

static MEVENT mouse;

void cn_use_mouse(void)
{
    // A press is told at once: nobody waits whether it becomes a double click.
    mouseinterval(0);
    if (mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL))
        guard_add("\033[?1006;1000l");
}

void cn_get_mouse(int *column, int *row)
{
    *column = mouse.x;
    *row = mouse.y;
}

/// What the mouse did; false for what nobody asked for.
static bool mouse_code(int *code)
{
    if (getmouse(&mouse) != OK)
        return false;
    if (mouse.bstate & BUTTON1_PRESSED)
        *code = CN_MOUSE_PRESS;
    else if (mouse.bstate & BUTTON4_PRESSED)
        *code = CN_MOUSE_WHEEL_UP;
    else if (mouse.bstate & BUTTON5_PRESSED)
        *code = CN_MOUSE_WHEEL_DOWN;
    else
        return false;
    return true;
}

// MARK: Output

cn_capabilities cn_get_capabilities(void)
{
    return capabilities;
}

void cn_get_size(int *columns, int *rows)
{
    getmaxyx(stdscr, *rows, *columns);
}

void cn_define_pair(int pair, int foreground, int background)
{
    if (!capabilities.default_colors) {
        foreground = foreground < 0 ? COLOR_WHITE : foreground;
        background = background < 0 ? COLOR_BLACK : background;
    }
    init_pair((short)pair, (short)foreground, (short)background);
}

void cn_put(int row, int column, const char *text, int length, int attributes, int pair)
{
    attr_t curses = (attributes & CN_BOLD ? A_BOLD : 0) | (attributes & CN_DIM ? A_DIM : 0)
                  | (attributes & CN_UNDERLINE ? A_UNDERLINE : 0)
                  | (attributes & CN_REVERSE ? A_REVERSE : 0);
    wattr_set(stdscr, curses, (short)pair, NULL);
    // Reports an error after the bottom right cell, where it cannot go on; the cell is written.
    mvwaddnstr(stdscr, row, column, text, length);
}

void cn_erase(void)
{
    wattr_set(stdscr, 0, 0, NULL);
    werase(stdscr);
}

void cn_cursor(int row, int column)
{
    curs_set(row >= 0);
    wmove(stdscr, row >= 0 ? row : 0, row >= 0 ? column : 0);
}

void cn_beep(void)
{
    beep();
}

void cn_repaint(void)
{
    clearok(curscr, TRUE);
}

void cn_flush(void)
{
    wnoutrefresh(stdscr);
    doupdate();
}

// MARK: Events

static void apply_size(void)
{
    struct winsize size;
    if (ioctl(fileno(output_file), TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
        resize_term(size.ws_row, size.ws_col);
        // What an emulator does with the old contents is its own affair.
        cn_repaint();
    }
}

static void stop(void)
{
    guard_active(false);
    endwin();
    signals_stop(fileno(output_file));
    // Modes that the user changed meanwhile are the ones to go back to in the end.
    def_shell_mode();
    guard_save_modes();
    guard_active(true);
    apply_size();
    cn_repaint();
}

static bool take_signal(cn_event *event)
{
    signals_drain();
    if (signals_take(SIGTERM))
        *event = CN_EVENT_TERMINATE;
    else if (signals_take(SIGHUP))
        *event = CN_EVENT_HANGUP;
    else if (signals_take(SIGQUIT))
        *event = CN_EVENT_QUIT;
    else if (signals_take(SIGINT))
        *event = CN_EVENT_INTERRUPT;
    else if (signals_take(SIGTSTP)) {
        stop();
        *event = CN_EVENT_RESUMED;
    } else if (signals_take(SIGCONT)) {
        // Stopped by SIGSTOP, without a chance to tidy up.
        tcdrain(fileno(output_file));
        reset_prog_mode();
        apply_size();
        cn_repaint();
        *event = CN_EVENT_RESUMED;
    } else if (signals_take(SIGWINCH)) {
        apply_size();
        *event = CN_EVENT_RESIZE;
    } else
        return false;
    return true;
}

static int key_code(int key)
{
    if (key >= HELD)
        return CN_KEY_HELD + (key - HELD);
    if (key == KEY_IC)
        return CN_KEY_HELD + CN_HELD_INSERT;
    static const struct { int curses, code; } names[] = {
        {KEY_UP, CN_KEY_UP}, {KEY_DOWN, CN_KEY_DOWN},
        {KEY_LEFT, CN_KEY_LEFT}, {KEY_RIGHT, CN_KEY_RIGHT},
        {KEY_PPAGE, CN_KEY_PAGE_UP}, {KEY_NPAGE, CN_KEY_PAGE_DOWN},
        {KEY_HOME, CN_KEY_HOME}, {KEY_END, CN_KEY_END},
        {KEY_FIND, CN_KEY_HOME}, {KEY_SELECT, CN_KEY_END},
        {KEY_ENTER, CN_KEY_ENTER}, {KEY_BACKSPACE, CN_KEY_BACKSPACE},
        {KEY_DC, CN_KEY_DELETE}, {KEY_BTAB, CN_KEY_BACK_TAB},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].curses == key)
            return names[i].code;
    return key > KEY_F0 && key <= KEY_F(63) ? CN_KEY_FUNCTION + (key - KEY_F0) : CN_KEY_OTHER;
}

typedef enum { NO_KEY, KEY, PART_OF_KEY } key_result;

/// The next key that is there without waiting. Characters are put together here, and not by
/// wget_wch, which loses the first bytes of one that arrives in pieces.
static key_result take_key(cn_event *event, int *code)
{
    int key = wgetch(keyboard);
    if (key == ERR)
        return NO_KEY;
    if (key == KEY_MOUSE) {
        *event = CN_EVENT_MOUSE;
        // A release, and whatever else nobody asked for, is no event of its own.
        return mouse_code(code) ? KEY : PART_OF_KEY;
    }
    if (key >= KEY_MIN) {
        *event = CN_EVENT_KEY;
        *code = key_code(key);
        return KEY;
    }
    wchar_t wide = 0;
    char byte = (char)key;
    bool is_first = mbsinit(&decoder);
    size_t used = mbrtowc(&wide, &byte, 1, &decoder);
    if (used == (size_t)-1) {
        decoder = (mbstate_t){0};
        // A character that broke off is dropped; what broke it off may be a key of its own.
        if (!is_first)
            used = mbrtowc(&wide, &byte, 1, &decoder);
    }
    if (used == (size_t)-2)
        return PART_OF_KEY;
    *event = used == (size_t)-1 ? CN_EVENT_KEY : CN_EVENT_CHARACTER;
    *code = used == (size_t)-1 ? CN_KEY_OTHER : (int)wide;
    return KEY;
}

cn_event cn_next_event(int timeout_milliseconds, int *code)
{
    bool readable = false;
    for (;;) {
        cn_event event;
        if (take_signal(&event))
            return event;
        errno = 0;
        key_result result = take_key(&event, code);
        if (result == KEY)
            return event;
        // Readable and yet nothing to read: the end of the input.
        if (result == NO_KEY && readable && errno != EINTR && errno != EAGAIN)
            return CN_EVENT_INPUT_ENDED;
        if (result == PART_OF_KEY) {
            readable = false;
            continue;
        }
        struct pollfd watched[] = {
            {.fd = fileno(input_file), .events = POLLIN},
            {.fd = signals_descriptor(), .events = POLLIN},
        };
        int ready = poll(watched, 2, timeout_milliseconds);
        if (ready == 0)
            return CN_EVENT_TIMEOUT;
        readable = ready > 0 && watched[0].revents != 0;
    }
}
