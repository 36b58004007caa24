#ifndef HOST_LIVE_H
#define HOST_LIVE_H

// What `dirtyscope attach` needs of the running kernel and Swift cannot call. Everything here only
// reads. All that it holds are descriptors: however the program ends, nothing is left behind.

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// Entries of one page table, and the bytes that it covers when it is of the last level.
#define HOST_TABLE 512

/// pidfd_open(2): a descriptor that means this process for ever, whoever gets its number later.
/// Minus the error number when there is none.
int host_pidfd(pid_t pid);
/// Nanoseconds since the start of the system, on the clock that events have, too.
uint64_t host_now(void);
/// What holds a program before its first instruction.
struct host_gate {
    int go, failure;
};
/// Starts a program that waits before its first instruction until `host_release`, so that it can be
/// watched from there; it ends when the caller does before that. Its standard streams are `stdio[0…2]`,
/// or the caller's where these are negative. Returns its process, or minus the error number.
pid_t host_spawn_held(
    const char *const arguments[], const int stdio[3], struct host_gate *gate);
/// Lets it run, or ends it. 0, or minus the error number of exec.
int host_release(struct host_gate gate, bool run);
/// Whether a child has ended; its wait(2) status.
bool host_reap(pid_t pid, int *status);

// -- page_tables.c ----------------------------------------------------------------------------------

/// A loaded BPF program that copies whole page tables of any process.
struct host_tables {
    int program, map;
    /// Where its results appear.
    const volatile uint64_t *results;
    /// Address at which the kernel maps all of physical memory.
    uint64_t base;
};

/// Loads the program. Returns 0, or minus the error number; `why` gets the step that failed.
int host_tables_open(struct host_tables *tables, const char **why);
void host_tables_close(struct host_tables *tables);
/// The number of a process outside of all pid namespaces, and its address space, as a number that
/// changes when it execs. 0, or minus the error number: -ESRCH when it has ended.
int host_tables_process(
    const struct host_tables *tables, int pidfd, uint32_t *tgid, uint64_t *address_space);

/// A way through an address space, from low to high. Zero it before each one.
struct host_walk {
    bool has_upper, has_middle;
    uint64_t upper_at, middle_at;
    uint64_t upper[HOST_TABLE], middle[HOST_TABLE];
    /// Tables copied so far.
    uint64_t reads;
};

enum host_walk_result {
    /// Nothing more below the end.
    HOST_WALK_END,
    /// A table of 512 entries of 4 KiB.
    HOST_WALK_TABLE,
    /// One entry in `entries[0]` that maps 2 MiB.
    HOST_WALK_HUGE,
    /// One entry in `entries[0]` that maps 1 GiB.
    HOST_WALK_GIGANTIC,
    /// The process has ended, or the kernel refuses.
    HOST_WALK_LOST,
};

/// The next table that exists at `*address` or above it: `*start` gets where what it maps begins, and
/// `*address` where to go on.
enum host_walk_result host_walk_next(
    const struct host_tables *tables, struct host_walk *walk, int pidfd, uint64_t *address,
    uint64_t end, uint64_t *start, uint64_t entries[HOST_TABLE]);

// -- events.c ---------------------------------------------------------------------------------------

enum host_event_kind {
    /// address, x86's error code, instruction.
    HOST_EVENT_FAULT = 1,
    /// inode, device, page index, pages of the folio.
    HOST_EVENT_DIRTIED,
    /// inode, device, page index, bytes: a write of the page cache's pages goes to the device.
    HOST_EVENT_WRITTEN,
    /// number, three arguments.
    HOST_EVENT_CALL,
    /// number, result.
    HOST_EVENT_RETURN,
    /// the child's process and thread.
    HOST_EVENT_FORK,
    HOST_EVENT_EXEC,
    /// the thread that ends.
    HOST_EVENT_EXIT,
};

/// What a tracepoint saw.
struct host_event {
    /// CLOCK_MONOTONIC, nanoseconds.
    uint64_t time;
    uint32_t kind;
    /// Who caused it, numbered outside of all pid namespaces.
    uint32_t tgid, tid;
    uint32_t unused;
    uint64_t values[5];
};

/// Programs on tracepoints, and the ring that they fill.
struct host_events {
    int ring, processes, files, lost;
    int programs[10], links[10];
    int count;
    uint64_t *consumer;
    const uint8_t *producer;
    uint64_t page_size, head;
};

/// The system calls that are told, by number.
extern const int64_t host_told_calls[];
extern const int host_told_call_count;
const char *host_call_name(int64_t number);

/// Attaches the programs. A tracepoint that the kernel has not is left out. 0, or minus the error
/// number; `why` gets the step that failed.
int host_events_open(struct host_events *events, const char **why);
void host_events_close(struct host_events *events);
/// Faults of a process are told between two addresses, its calls always.
int host_events_watch(struct host_events *events, uint32_t tgid, uint64_t low, uint64_t high);
int host_events_unwatch(struct host_events *events, uint32_t tgid);
/// Pages of a file are told when they get dirty and when they are written.
int host_events_watch_file(struct host_events *events, uint64_t inode, uint32_t device);
/// Takes up to `limit` events out of the ring. Returns how many.
int host_events_take(struct host_events *events, struct host_event *out, int limit);
/// How many found no place in the ring since it was opened.
uint64_t host_events_lost(const struct host_events *events);

// -- fault_cost.c -----------------------------------------------------------------------------------

/// Median time of the faults that this process takes on a new file in `folder`, in nanoseconds:
/// absent load, absent store, write-protected store. 0, or minus the error number.
int host_fault_times(const char *folder, uint64_t times[3]);

#endif
