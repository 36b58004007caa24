#ifndef HOST_SLOT_H
#define HOST_SLOT_H

#include "host_kernel.h"

enum { HOST_IDLE, HOST_ASKED, HOST_DONE };

struct host_faults {
    int64_t minor, major;
};

/// What a child shares with its supervisor: a request, and what came of it. Both sides see it even
/// when the request kills the child.
struct host_slot {
    uint32_t state;  // a futex
    pid_t pid;
    struct host_request request;
    int64_t result;
    uint32_t value;
    bool refused;
    struct host_faults before, after;
    uint64_t arena_end;
    uint64_t rusage[32];
    uint8_t buffer[4096] __attribute__((aligned(4096)));
    uint64_t list[HOST_LIST] __attribute__((aligned(4096)));
};

/// What every child does; never returns.
void host_child_serve(struct host_slot *slots, int slot, pid_t supervisor) __attribute__((noreturn));

#endif
