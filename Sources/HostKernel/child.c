#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "slot.h"
#include "syscall.h"

// What a child process runs. Between the two samples of its fault counts nothing but the
// operation itself may fault. So this code calls no library; it has a section of its own, whose
// pages are touched before each operation, and so are the stack and the shared memory.

#define CHILD __attribute__((section("hostchild"), noinline))
#define PAGE 4096

extern const char __start_hostchild[], __stop_hostchild[];

/// Writes to the stack around here (a fork left it write-protected) and to the slot, and reads
/// the code.
CHILD static void prefault(struct host_slot *slot)
{
    volatile char stack[2 * PAGE];
    for (int i = 0; i < 2 * PAGE; i += 256) stack[i] = 0;
    volatile char *shared = (volatile char *)slot;
    for (size_t i = 0; i < sizeof *slot; i += PAGE) shared[i] = shared[i];
    const volatile char *code = (const volatile char *)((uintptr_t)__start_hostchild & -PAGE);
    while (code < __stop_hostchild) {
        (void)*code;
        code += PAGE;
    }
}

static inline __attribute__((always_inline)) void sample(
    struct host_slot *slot, struct host_faults *faults)
{
    call2(SYS_getrusage, RUSAGE_SELF, slot->rusage);
    const struct rusage *usage = (const struct rusage *)slot->rusage;
    faults->minor = usage->ru_minflt;
    faults->major = usage->ru_majflt;
}

CHILD static void access_pages(struct host_slot *slot)
{
    const struct host_request *request = &slot->request;
    volatile uint32_t *page = (volatile uint32_t *)request->arguments[0];
    int64_t count = request->arguments[1], grows = request->arguments[2];
    sample(slot, &slot->before);
    for (int64_t i = 0; i < count; i++, page += PAGE / 4) {
        if (request->store) {
            *page = request->value + (uint32_t)(grows ? i : 0);
        } else {
            slot->value = *page;
        }
    }
    sample(slot, &slot->after);
    slot->result = 0;
}

CHILD static void make_call(struct host_slot *slot)
{
    const int64_t *a = slot->request.arguments;
    sample(slot, &slot->before);
    slot->result = call6(slot->request.number, a[0], a[1], a[2], a[3], a[4], a[5]);
    sample(slot, &slot->after);
}

/// Stops the traced process, reads or writes one word, and lets it go on.
CHILD static void trace(struct host_slot *slot)
{
    int64_t pid = slot->request.arguments[0], address = slot->request.arguments[1];
    uint64_t word = slot->request.value;
    int status = 0;
    sample(slot, &slot->before);
    slot->after = slot->before;
    slot->result = call4(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0);
    if (slot->result < 0) {
        slot->refused = true;
        return;
    }
    call4(SYS_ptrace, PTRACE_INTERRUPT, pid, 0, 0);
    while (call4(SYS_wait4, pid, &status, __WALL, 0) == -4) {}
    sample(slot, &slot->before);
    if (slot->request.store) {
        slot->result = call4(SYS_ptrace, PTRACE_POKEDATA, pid, address, word);
    } else {
        slot->result = call4(SYS_ptrace, PTRACE_PEEKDATA, pid, address, &word);
        slot->value = (uint32_t)word;
    }
    sample(slot, &slot->after);
    call4(SYS_ptrace, PTRACE_DETACH, pid, 0, 0);
}

/// Runs the loaded program once for each address: it stores the entry in its map.
CHILD static void read_ptes(struct host_slot *slot)
{
    union bpf_attr attr;
    volatile char *clear = (volatile char *)&attr;
    uint64_t context[4] = {0, slot->request.reader_base, 0, 4};
    slot->result = 0;
    for (uint32_t i = 0; i < slot->request.list_count && slot->result == 0; i++) {
        for (size_t k = 0; k < sizeof attr; k++) clear[k] = 0;
        context[0] = slot->list[i];
        context[2] = i;
        attr.test.prog_fd = (uint32_t)slot->request.reader;
        attr.test.ctx_in = (uint64_t)(uintptr_t)context;
        attr.test.ctx_size_in = sizeof context;
        slot->result = call3(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof attr);
    }
}

CHILD static void finish(struct host_slot *slot)
{
    __atomic_store_n(&slot->state, HOST_DONE, __ATOMIC_RELEASE);
    call4(SYS_futex, &slot->state, FUTEX_WAKE, 1, 0);
}

CHILD static void fork_into(struct host_slot *slots, struct host_slot *slot, pid_t supervisor)
{
    slots[slot->request.arguments[0]].arena_end = slot->arena_end;
    // The new process is a child of the supervisor, which waits for it as for the others.
    int64_t pid = call5(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) host_child_serve(slots, (int)slot->request.arguments[0], supervisor);
    slot->result = pid;
    slot->before = slot->after;
}

/// Threads of a process stand on these; a thread has the number of its slot.
static uint8_t thread_stacks[HOST_SLOTS][8 * PAGE] __attribute__((aligned(4096)));

struct thread_start {
    struct host_slot *slots;
    int number;
    pid_t supervisor;
};

CHILD static int serve_as_thread(void *argument)
{
    const struct thread_start *start = argument;
    host_child_serve(start->slots, start->number, start->supervisor);
}

/// A thread has no thread-local storage of its own: what children run uses none.
CHILD static void start_thread(struct host_slot *slots, struct host_slot *slot, pid_t supervisor)
{
    int number = (int)slot->request.arguments[0];
    slots[number].arena_end = slot->arena_end;
    struct thread_start *start = (struct thread_start *)thread_stacks[number];
    *start = (struct thread_start){slots, number, supervisor};
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    int thread = clone(serve_as_thread, thread_stacks[number + 1], flags, start);
    slot->result = thread < 0 ? -errno : thread;
}

CHILD void host_child_serve(struct host_slot *slots, int number, pid_t supervisor)
{
    struct host_slot *slot = &slots[number];
    // Nothing outlives the supervisor.
    call2(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (call0(SYS_getppid) != supervisor) call1(SYS_exit_group, 1);
    call2(SYS_prctl, PR_SET_PTRACER, -1);
    call5(SYS_prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
    // The end of one thread of several would write to the place that libc has named, which is a
    // fault after a fork.
    call1(SYS_set_tid_address, 0);
    uintptr_t code = (uintptr_t)__start_hostchild & -PAGE;
    call2(SYS_mlock, code, (uintptr_t)__stop_hostchild - code);
    prefault(slot);
    // The page above the arena brings the page table of the arena's end with it. Without one,
    // fault-around maps nothing where the first cached page of its window is the file's last.
    (void)*(volatile char *)slot->arena_end;
    slot->pid = (pid_t)call0(SYS_getpid);
    finish(slot);
    for (;;) {
        uint32_t state = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
        if (state != HOST_ASKED) {
            call4(SYS_futex, &slot->state, FUTEX_WAIT, state, 0);
            continue;
        }
        prefault(slot);
        enum host_command command = slot->request.command;
        if (command == HOST_ACCESS) access_pages(slot);
        if (command == HOST_CALL || command == HOST_TRANSFER) make_call(slot);
        if (command == HOST_TRACE) trace(slot);
        if (command == HOST_FORK) fork_into(slots, slot, supervisor);
        if (command == HOST_THREAD) start_thread(slots, slot, supervisor);
        if (command == HOST_EXIT) call1(SYS_exit_group, 0);
        if (command == HOST_READ_PTES) read_ptes(slot);
        finish(slot);
    }
}

const int64_t host_nr_mmap = SYS_mmap, host_nr_munmap = SYS_munmap, host_nr_mprotect = SYS_mprotect,
              host_nr_madvise = SYS_madvise, host_nr_msync = SYS_msync, host_nr_mremap = SYS_mremap,
              host_nr_remap_file_pages = SYS_remap_file_pages, host_nr_pread = SYS_pread64,
              host_nr_pwrite = SYS_pwrite64, host_nr_fsync = SYS_fsync,
              host_nr_ftruncate = SYS_ftruncate;
