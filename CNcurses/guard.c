// Gives the terminal back when the program crashes. A trap runs no cleanup code, so a signal
// handler does it, with async-signal-safe calls only.

#include "CNcurses.h"
#include "internal.h"

#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int crashes[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
enum { CRASHES = sizeof crashes / sizeof crashes[0] };

static struct sigaction earlier[CRASHES];
static struct termios modes;
static char reset_bytes[256];
static size_t reset_length;
static int terminal = -1;
static volatile sig_atomic_t active;

// A stack overflow leaves no room for a handler on the stack that overflowed.
static char spare_stack[64 * 1024];

static char note[CN_CRASH_NOTE];

void cn_set_crash_note(const char *text)
{
    strncpy(note, text, sizeof note - 1);
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(terminal, bytes, length);
        if (written <= 0)
            return;
        bytes += written;
        length -= (size_t)written;
    }
}

void guard_restore(void)
{
    if (!active)
        return;
    active = 0;
    write_all(reset_bytes, reset_length);
    tcsetattr(terminal, TCSANOW, &modes);
    messages_release();
}

static void on_crash(int number, siginfo_t *info, void *context)
{
    (void)context;
    guard_restore();
    if (write(STDERR_FILENO, note, strlen(note)) < 0)
        note[0] = 0;
    // Sent by somebody else, it is no crash: there is nothing to trace back, and nobody may be there
    // to answer the questions of a back-tracer. It ends the program as it would any other.
    if (info->si_code <= 0 && info->si_pid != getpid()) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    for (int i = 0; i < CRASHES; i++)
        if (crashes[i] == number)
            sigaction(number, &earlier[i], NULL);
    // A faulting instruction faults again when this returns, and the earlier handler (the Swift
    // runtime's, which prints the back-trace) then sees the true cause. What was sent, or is
    // past its instruction, has to be sent again.
    if (info->si_code <= 0 || number == SIGTRAP)
        raise(number);
}

void guard_arm(int descriptor, const char *reset, size_t length)
{
    terminal = descriptor;
    reset_length = length < sizeof reset_bytes ? length : sizeof reset_bytes;
    memcpy(reset_bytes, reset, reset_length);
    guard_save_modes();

    stack_t stack;
    if (sigaltstack(NULL, &stack) == 0 && (stack.ss_flags & SS_DISABLE)) {
        stack = (stack_t){.ss_sp = spare_stack, .ss_size = sizeof spare_stack};
        sigaltstack(&stack, NULL);
    }
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (int i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &action, &earlier[i]);
}

void guard_add(const char *bytes)
{
    size_t length = strlen(bytes);
    if (length + reset_length > sizeof reset_bytes)
        return;
    memmove(reset_bytes + length, reset_bytes, reset_length);
    memcpy(reset_bytes, bytes, length);
    reset_length += length;
}

void guard_disarm(void)
{
    active = 0;
    for (int i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &earlier[i], NULL);
}

void guard_active(bool now)
{
    active = now;
}

void guard_save_modes(void)
{
    tcgetattr(terminal, &modes);
}
