// Signals are not handled where they strike: the handler sets a flag and writes to a pipe that the
// event loop polls together with the keyboard, so no signal is missed between a test and a wait.

#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

static const int caught[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH};
enum { CAUGHT = sizeof caught / sizeof caught[0] };

static struct sigaction earlier[CAUGHT];
static volatile sig_atomic_t pending[NSIG];
static int wake[2] = {-1, -1};

static bool asks_to_end(int number)
{
    return number == SIGTERM || number == SIGQUIT || number == SIGHUP;
}

static void on_signal(int number)
{
    int saved = errno;
    // Asked a second time before the first was even looked at: the program hangs, so end it here.
    if (asks_to_end(number) && (pending[SIGTERM] || pending[SIGQUIT] || pending[SIGHUP])) {
        guard_restore();
        signal(number, SIG_DFL);
        raise(number);
    }
    pending[number] = 1;
    // A full pipe wakes the loop as well as one more byte would.
    ssize_t ignored = write(wake[1], "", 1);
    (void)ignored;
    errno = saved;
}

static void catch_signal(int number, struct sigaction *before)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, before);
}

int signals_install(void)
{
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    for (int i = 0; i < CAUGHT; i++) {
        pending[caught[i]] = 0;
        catch_signal(caught[i], &earlier[i]);
        // Whoever started the program with a signal ignored (nohup) wants it to stay so.
        if (earlier[i].sa_handler == SIG_IGN && caught[i] != SIGWINCH && caught[i] != SIGCONT)
            sigaction(caught[i], &earlier[i], NULL);
    }
    return 0;
}

void signals_remove(void)
{
    for (int i = 0; i < CAUGHT; i++)
        sigaction(caught[i], &earlier[i], NULL);
    close(wake[0]);
    close(wake[1]);
    wake[0] = wake[1] = -1;
}

int signals_descriptor(void)
{
    return wake[0];
}

bool signals_take(int number)
{
    bool came = pending[number];
    pending[number] = 0;
    return came;
}

void signals_drain(void)
{
    char bytes[64];
    while (read(wake[0], bytes, sizeof bytes) > 0) {}
}

void signals_stop(int terminal)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigemptyset(&standard.sa_mask);
    struct sigaction ours;
    sigaction(SIGTSTP, &standard, &ours);
    // Dropped in an orphaned process group, where nobody could ever continue us: then we go on.
    raise(SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
    // Continued in the background, the terminal still belongs to the shell. This call changes
    // nothing there, but the kernel stops us in it until the terminal is ours again.
    tcdrain(terminal);
    pending[SIGCONT] = 0;
}
