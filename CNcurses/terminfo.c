// What the terminfo entry says. Apart from the rest, because <term.h> defines macros with names
// like "columns".

#include "internal.h"

#include <curses.h>
#include <term.h>

#include <stdlib.h>

static char reset_bytes[256];
static size_t reset_length;

static int collect(int byte)
{
    if (reset_length < sizeof reset_bytes)
        reset_bytes[reset_length++] = (char)byte;
    return byte;
}

static const char *text_capability(const char *name)
{
    const char *text = tigetstr(name);
    return text == (const char *)-1 ? NULL : text;
}

static void collect_reset_bytes(void)
{
    static const char *const names[] = {"rmacs", "sgr0", "op", "rmkx", "cnorm", "rmcup"};
    reset_length = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_capability(names[i]))
            tputs(text_capability(names[i]), 1, collect);
    collect('\r');
    collect('\n');
}

cn_status terminfo_check(int terminal)
{
    const char *name = getenv("TERM");
    if (!name || !*name)
        return CN_STATUS_UNKNOWN_TERMINAL;
    int reason;
    if (setupterm(name, terminal, &reason) != OK)
        return reason < 0 ? CN_STATUS_NO_DATABASE
             : reason > 0 ? CN_STATUS_NO_CURSOR_ADDRESSING : CN_STATUS_UNKNOWN_TERMINAL;
    bool addressable = text_capability("cup") != NULL;
    if (addressable)
        collect_reset_bytes();
    del_curterm(cur_term);
    return addressable ? CN_STATUS_OK : CN_STATUS_NO_CURSOR_ADDRESSING;
}

const char *terminfo_reset_bytes(size_t *length)
{
    *length = reset_length;
    return reset_bytes;
}

int terminfo_not_with_color(void)
{
    // The bits are those of the terminfo capability "no_color_video".
    int bits = tigetnum("ncv");
    if (bits <= 0)
        return 0;
    return (bits & 2 ? CN_UNDERLINE : 0) | (bits & 4 ? CN_REVERSE : 0)
         | (bits & 16 ? CN_DIM : 0) | (bits & 32 ? CN_BOLD : 0);
}
