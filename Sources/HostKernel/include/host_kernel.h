#ifndef HOST_KERNEL_H
#define HOST_KERNEL_H

// What `dirtyscope verify` needs of the running kernel and Swift cannot call: child processes that
// run one operation at a time, and the interfaces that show what an operation did.

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define HOST_SLOTS 32
#define HOST_LIST 512

enum host_command {
    HOST_NOTHING,
    /// Loads or stores one 32-bit value on each page of a range: address, pages, and whether the
    /// value grows by one with each.
    HOST_ACCESS,
    /// One system call, `number` with `arguments`.
    HOST_CALL,
    /// The same with the slot's buffer as its second argument: one page that begins with `value`.
    HOST_TRANSFER,
    /// ptrace(2) PEEKDATA or POKEDATA in another process, stopped for it: pid, address.
    HOST_TRACE,
    /// fork(2) into the slot `arguments[0]`.
    HOST_FORK,
    /// A thread of the child's process, which serves the slot `arguments[0]`.
    HOST_THREAD,
    /// exit_group(2).
    HOST_EXIT,
    /// Has a page-table reader read the process's own entries for the addresses in `list`.
    HOST_READ_PTES,
};

/// What a child is asked to do.
struct host_request {
    enum host_command command;
    int64_t number;
    int64_t arguments[6];
    bool store;
    uint32_t value;
    const uint64_t *list;
    uint32_t list_count;
    int reader;
    uint64_t reader_base;
};

/// What came of it.
struct host_answer {
    /// The signal that killed the child, 0 for an exit; -1 while it lives.
    int signal;
    /// Result of the call, or minus the error number.
    int64_t result;
    uint32_t value;
    /// HOST_TRACE: the process may not be traced at all.
    bool refused;
    /// Page faults during the operation, as getrusage(2) counts them.
    int64_t minor, major;
};

/// Memory that a child shares with its supervisor.
struct host_slot;

// -- children.c: the supervisor's side ---------------------------------------------------------

/// Makes the shared memory of HOST_SLOTS children; NULL and errno when that fails.
struct host_slot *host_slots_create(int *descriptor);
void host_slots_destroy(struct host_slot *slots, int descriptor);
/// Pins the caller, and the children that it will have, to the processor that it is on.
void host_pin_to_one_cpu(void);
/// Forks a child that serves the slot. Returns its pid, or minus the error number. `arena_end` gets
/// the address below which the kernel places the child's first mapping.
pid_t host_spawn(struct host_slot *slots, int descriptor, int slot, uint64_t *arena_end);
/// Has the child of a slot carry out a request. 0, or minus the error number.
int host_run(
    struct host_slot *slots, int slot, pid_t pid, const struct host_request *request,
    struct host_answer *answer);
/// Waits until what HOST_FORK or HOST_THREAD made serves its slot; false when it never does.
bool host_await(struct host_slot *slots, int slot);
void host_kill(pid_t pid);

// -- observe.c ----------------------------------------------------------------------------------

struct host_cachestat {
    uint64_t cached, dirty, writeback, evicted, recently_evicted;
};

/// cachestat(2). 0, or minus the error number.
int host_cachestat(int fd, uint64_t offset, uint64_t length, struct host_cachestat *result);
/// statfs(2)'s f_type of an open file; 0 when it cannot be told.
uint64_t host_file_system(int fd);
/// Opens a new file in a folder of its own below `folder`, and takes folder and name away again at
/// once, so that nothing is left behind whatever happens. Returns a descriptor or minus the error.
int host_create_unnamed(const char *folder);
int host_create_memfd(void);
/// The same on a ramfs of its own, mounted nowhere and gone with the file.
int host_create_on_ramfs(void);
/// Opens the same file again, with other flags.
int host_reopen(int fd, int flags);
/// Reads one page around the page cache into `page` (aligned to 4096). 0, or minus the error number.
int host_read_direct(int fd, uint64_t offset, void *page);
/// Drops a file's clean unmapped pages. 0, or minus the error number.
int host_drop(int fd, uint64_t offset, uint64_t length);
int host_no_readahead(int fd);
int host_sync_range(int fd, uint64_t offset, uint64_t length);
/// Maps one cached page of a file read-only, touches it, tells its pagemap entry, and, if `reclaim`,
/// asks for its reclaim before it is unmapped again. 0, or minus the error number.
int host_visit(int fd, uint64_t offset, bool reclaim, uint64_t *pagemap);
int host_uname(char *release, int size);

// -- pte_reader.c and btf.c -----------------------------------------------------------------------

/// A loaded BPF program that reads page-table entries of the process that runs it.
struct host_reader {
    int program, map;
    /// Address at which the kernel maps all of physical memory.
    uint64_t base;
};

/// Loads the program. Returns 0, or minus the error number; `why` gets the step that failed.
int host_reader_open(struct host_reader *reader, const char **why);
void host_reader_close(struct host_reader *reader);
/// Copies the entries that HOST_READ_PTES has just read. 0, or minus the error number.
int host_reader_results(const struct host_reader *reader, uint64_t entries[HOST_LIST]);

/// The kernel's own description of its structures, to be freed; NULL and errno when there is none.
uint8_t *host_btf_load(uint64_t *size);
/// Size in bytes of a structure; -1 when there is none.
int64_t host_btf_size(const uint8_t *btf, uint64_t size, const char *structure);
/// Value of a constant of an enumeration; -1 when there is none.
int64_t host_btf_constant(const uint8_t *btf, uint64_t size, const char *enumeration, const char *name);
/// Offset in bytes of a structure's member, from BTF data; -1 when there is none.
int64_t host_btf_offset(
    const uint8_t *btf, uint64_t size, const char *structure, const char *member);

/// Numbers of the system calls that children run.
extern const int64_t host_nr_mmap, host_nr_munmap, host_nr_mprotect, host_nr_madvise, host_nr_msync,
    host_nr_mremap, host_nr_remap_file_pages, host_nr_pread, host_nr_pwrite, host_nr_fsync,
    host_nr_ftruncate;
extern const int host_o_direct;

#endif
