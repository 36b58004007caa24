// Shared by the files of this target.

#ifndef CN_INTERNAL_H
#define CN_INTERNAL_H

#include "CNcurses.h"

#include <stdbool.h>
#include <stddef.h>

/// Looks at the terminfo entry before anything is changed, so that a refusal leaves no trace.
cn_status terminfo_check(int terminal);
/// What ends the use of the terminal: attributes, keypad, cursor, alternate screen.
/// Valid after a successful check.
const char *terminfo_reset_bytes(size_t *length);
int terminfo_not_with_color(void);

/// The crash guard: what to send to the terminal, and which modes to set, when the program dies.
void guard_arm(int terminal, const char *reset, size_t length);
void guard_disarm(void);
/// What has to be sent to the terminal before the rest, from now on.
void guard_add(const char *bytes);
/// Tells whether the terminal is ours now, so that there is something to restore.
void guard_active(bool active);
/// Gives the terminal back at once, from a signal handler or elsewhere.
void guard_restore(void);
/// Remembers the modes of the terminal as the ones to go back to.
void guard_save_modes(void);

/// Keeps messages on standard error off the screen, and shows them after it.
void messages_hold(void);
void messages_release(void);

/// Signals become flags and a byte in a pipe, to be handled between two events.
int signals_install(void);
void signals_remove(void);
/// The descriptor that becomes readable when a signal has come.
int signals_descriptor(void);
/// Whether the signal came since the last call.
bool signals_take(int number);
void signals_drain(void);
/// Stops the process as Ctrl-Z would have, and returns when it goes on in the foreground.
void signals_stop(int terminal);

#endif
