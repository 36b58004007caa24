#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "slot.h"
#include "syscall.h"

// The supervisor's side: makes children, hands them commands, and reaps them.

#define PAGE 4096ul
#define GIB (1ul << 30)

/// No operation takes this long; whatever does is stopped and reported.
static const int patience_seconds = 60;

struct host_slot *host_slots_create(int *descriptor)
{
    size_t size = sizeof(struct host_slot) * HOST_SLOTS;
    int fd = memfd_create("dirtyscope-verify", MFD_CLOEXEC);
    if (fd < 0) return NULL;
    void *memory = MAP_FAILED;
    if (ftruncate(fd, (off_t)size) == 0) {
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (memory == MAP_FAILED) {
        int error = errno;
        close(fd);
        errno = error;
        return NULL;
    }
    *descriptor = fd;
    return memory;
}

void host_slots_destroy(struct host_slot *slots, int descriptor)
{
    munmap(slots, sizeof(struct host_slot) * HOST_SLOTS);
    close(descriptor);
}

void host_pin_to_one_cpu(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int cpu = sched_getcpu();
    if (cpu < 0 || cpu >= CPU_SETSIZE) return;
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

struct range {
    uint64_t start, end;
};

/// The address ranges in use, lowest first, from /proc/self/maps; `stack` gets the stack's start.
static int ranges_in_use(struct range *ranges, int limit, uint64_t *stack)
{
    static char text[1 << 18];
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    size_t length = 0;
    ssize_t got;
    while (length < sizeof text - 1 &&
           (got = read(fd, text + length, sizeof text - 1 - length)) > 0) {
        length += (size_t)got;
    }
    text[length] = 0;
    close(fd);
    int count = 0;
    for (char *line = text; *line && count < limit;) {
        char *next = strchr(line, '\n');
        if (next) *next = 0;
        char *rest;
        uint64_t start = strtoull(line, &rest, 16);
        uint64_t end = strtoull(rest + 1, &rest, 16);
        if (strstr(rest, "[stack]")) *stack = start;
        if (!strstr(rest, "[vsyscall]")) ranges[count++] = (struct range){start, end};
        if (!next) break;
        line = next + 1;
    }
    return count;
}

/// Makes a place where mmap(2) puts mappings as in an empty process: below `arena_end`, top down.
/// All holes above it are filled, and the page just above is a mapping that nothing merges with.
static int make_arena(int descriptor, uint64_t *arena_end)
{
    static struct range used[4096];
    uint64_t stack = 0, own = (uint64_t)(uintptr_t)&host_child_serve;
    int count = ranges_in_use(used, 4096, &stack);
    if (count < 0) return count;
    if (stack == 0) return -ENOTSUP;
    // The largest hole above the program is the one between its heap and its libraries.
    uint64_t best = 0, top = 0;
    for (int i = 0; i + 1 < count; i++) {
        uint64_t size = used[i + 1].start - used[i].end;
        if (used[i].end <= own || used[i + 1].start > stack || size <= best) continue;
        best = size;
        top = used[i + 1].start;
    }
    if (best < 64 * GIB) return -ENOMEM;
    uint64_t end = (top - GIB / 16) & -GIB;
    for (int i = 0; i + 1 < count && used[i].end <= stack; i++) {
        uint64_t from = used[i].end < end ? end : used[i].end;
        uint64_t to = used[i + 1].start;
        if (to >= stack) to = stack - 64 * (PAGE << 8);
        if (from >= to) continue;
        mmap((void *)from, to - from, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    }
    void *guard = (void *)(end - PAGE);
    if (mmap(guard, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, descriptor, 0) != guard) {
        return -errno;
    }
    void *probe = mmap(NULL, PAGE, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (probe != (char *)guard - PAGE) return -ENOTSUP;
    munmap(probe, PAGE);
    *arena_end = end - PAGE;
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/// Waits a little for the child to be done.
static bool is_done_soon(struct host_slot *slot, uint32_t state)
{
    struct timespec little = {0, 2000000};
    call4(SYS_futex, &slot->state, FUTEX_WAIT, state, &little);
    return __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == HOST_DONE;
}

pid_t host_spawn(struct host_slot *slots, int descriptor, int number, uint64_t *arena_end)
{
    struct host_slot *slot = &slots[number];
    memset(slot, 0, offsetof(struct host_slot, buffer));
    pid_t supervisor = getpid();
    pid_t pid = fork();
    if (pid < 0) return -errno;
    if (pid == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        sigset_t all;
        sigfillset(&all);
        for (int i = 1; i < 32; i++) signal(i, SIG_DFL);
        sigprocmask(SIG_UNBLOCK, &all, NULL);
        signal(SIGINT, SIG_IGN);  // a terminal's signals go to the supervisor
        signal(SIGQUIT, SIG_IGN);
        uint64_t end = 0;
        int error = make_arena(descriptor, &end);
        if (error) _exit(-error);
        slot->arena_end = end;
        host_child_serve(slots, number, supervisor);
    }
    int64_t limit = now_ms() + patience_seconds * 1000;
    while (!is_done_soon(slot, HOST_IDLE)) {
        int status = 0;
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return WIFEXITED(status) && WEXITSTATUS(status) ? -WEXITSTATUS(status) : -ECHILD;
        }
        if (now_ms() > limit) {
            host_kill(pid);
            return -ETIMEDOUT;
        }
    }
    *arena_end = slot->arena_end;
    return pid;
}

bool host_await(struct host_slot *slots, int number)
{
    int64_t limit = now_ms() + patience_seconds * 1000;
    while (!is_done_soon(&slots[number], HOST_IDLE)) {
        if (now_ms() > limit) return false;
    }
    return true;
}

/// Puts a request into the slot, its list and buffer beside it.
static void ask(struct host_slot *slot, const struct host_request *request)
{
    slot->request = *request;
    slot->result = 0;
    slot->refused = false;
    if (request->list) {
        memcpy(slot->list, request->list, sizeof(uint64_t) * request->list_count);
    }
    if (request->command == HOST_TRANSFER) {
        memset(slot->buffer, 0, sizeof slot->buffer);
        memcpy(slot->buffer, &request->value, sizeof request->value);
        slot->request.arguments[1] = (int64_t)(uintptr_t)slot->buffer;
    }
    __atomic_store_n(&slot->state, HOST_ASKED, __ATOMIC_RELEASE);
    call4(SYS_futex, &slot->state, FUTEX_WAKE, 1, 0);
}

int host_run(
    struct host_slot *slots, int number, pid_t pid, const struct host_request *request,
    struct host_answer *answer)
{
    struct host_slot *slot = &slots[number];
    if (request->list_count > HOST_LIST) return -E2BIG;
    if (request->command == HOST_FORK || request->command == HOST_THREAD) {
        slots[request->arguments[0]].state = HOST_IDLE;
    }
    ask(slot, request);
    struct host_faults after = {0, 0};
    *answer = (struct host_answer){.signal = -1};
    int64_t limit = now_ms() + patience_seconds * 1000;
    while (answer->signal < 0 && !is_done_soon(slot, HOST_ASKED)) {
        struct rusage usage;
        int status = 0;
        pid_t reaped = wait4(pid, &status, WNOHANG, &usage);
        if (reaped == pid) {
            answer->signal = status & 0x7f;
            after = (struct host_faults){usage.ru_minflt, usage.ru_majflt};
        }
        if (reaped < 0 && errno != EINTR) return -errno;
        if (now_ms() > limit) {
            host_kill(pid);
            return -ETIMEDOUT;
        }
    }
    if (answer->signal < 0) after = slot->after;
    answer->minor = after.minor - slot->before.minor;
    answer->major = after.major - slot->before.major;
    answer->result = slot->result;
    answer->refused = slot->refused;
    answer->value = slot->value;
    if (request->command == HOST_TRANSFER) memcpy(&answer->value, slot->buffer, 4);
    return 0;
}

void host_kill(pid_t pid)
{
    if (pid <= 0) return;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}
