// What is written to standard error while the screen is up would spoil the screen and vanish with
// it: the reason of a fatal error, above all. It is held back and shown when the screen is gone.

#define _GNU_SOURCE
#include "internal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static int held = -1;
static int standard_error = -1;

void messages_hold(void)
{
    if (held >= 0 || !isatty(STDERR_FILENO))
        return;
    standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    held = memfd_create("messages", MFD_CLOEXEC);
    if (held < 0 || standard_error < 0 || dup2(held, STDERR_FILENO) < 0)
        messages_release();
}

// Called by a signal handler, too: nothing here that is not async-signal-safe.
void messages_release(void)
{
    if (standard_error >= 0) {
        dup2(standard_error, STDERR_FILENO);
        close(standard_error);
    }
    if (held >= 0) {
        char bytes[512];
        ssize_t count;
        for (off_t at = 0; (count = pread(held, bytes, sizeof bytes, at)) > 0; at += count)
            if (write(STDERR_FILENO, bytes, (size_t)count) < 0)
                break;
        close(held);
    }
    held = standard_error = -1;
}
