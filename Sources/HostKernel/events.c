#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf_code.h"
#include "host_kernel.h"
#include "host_live.h"

// BPF programs on tracepoints. Each looks whether the process or the file is one of those that are
// watched, and puts a record into a ring that this process reads through a mapping. They hang at
// descriptors, so they are gone with the process: nothing is pinned, tracefs is not used.

const int64_t host_told_calls[] = {
    SYS_mmap,   SYS_munmap,    SYS_mprotect, SYS_mremap, SYS_msync, SYS_fsync,
    SYS_fdatasync, SYS_sync_file_range, SYS_ftruncate, SYS_fallocate, SYS_madvise,
};
const int host_told_call_count = sizeof host_told_calls / sizeof *host_told_calls;

const char *host_call_name(int64_t number)
{
    static const char *const names[] = {
        "mmap", "munmap", "mprotect", "mremap", "msync", "fsync",
        "fdatasync", "sync_file_range", "ftruncate", "fallocate", "madvise",
    };
    for (int i = 0; i < host_told_call_count; i++) {
        if (host_told_calls[i] == number) return names[i];
    }
    return "?";
}

#if defined(__x86_64__)

enum {
    RING_SIZE = 1 << 23,
    MOST_PROCESSES = 1024,
    MOST_FILES = 4096,
    // Where the parts of a record lie below the frame pointer. The word at -8 is emit_follow's, those
    // at -24 hold a key.
    RECORD = -24 - (int)sizeof(struct host_event),
    KEY = -24,
};

struct offsets {
    int64_t host, inode, super, device, index, mapping, flags, more_flags, compound, opf, iter, size;
    int64_t vectors, page, offset, ip, di, si, dx, orig_ax, tgid, pid;
    int64_t page_struct, head_bit;
};

static int find_offsets(struct offsets *o)
{
    uint64_t size = 0;
    uint8_t *btf = host_btf_load(&size);
    if (!btf) return -errno;
    struct {
        int64_t *to;
        const char *structure, *member;
    } wanted[] = {
        {&o->host, "address_space", "host"}, {&o->inode, "inode", "i_ino"},
        {&o->super, "inode", "i_sb"},        {&o->device, "super_block", "s_dev"},
        {&o->index, "folio", "index"},       {&o->mapping, "folio", "mapping"},
        {&o->flags, "folio", "flags"},       {&o->more_flags, "folio", "_flags_1"},
        {&o->compound, "page", "compound_head"}, {&o->opf, "bio", "bi_opf"},
        {&o->iter, "bio", "bi_iter"},        {&o->size, "bvec_iter", "bi_size"},
        {&o->vectors, "bio", "bi_io_vec"},   {&o->page, "bio_vec", "bv_page"},
        {&o->offset, "bio_vec", "bv_offset"}, {&o->ip, "pt_regs", "ip"},
        {&o->di, "pt_regs", "di"},           {&o->si, "pt_regs", "si"},
        {&o->dx, "pt_regs", "dx"},           {&o->orig_ax, "pt_regs", "orig_ax"},
        {&o->tgid, "task_struct", "tgid"},   {&o->pid, "task_struct", "pid"},
    };
    int error = 0;
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].to = host_btf_offset(btf, size, wanted[i].structure, wanted[i].member);
        if (*wanted[i].to < 0) error = -ENOENT;
    }
    o->page_struct = host_btf_size(btf, size, "page");
    o->head_bit = host_btf_constant(btf, size, "pageflags", "PG_head");
    if (o->page_struct <= 0 || o->head_bit < 0) error = -ENOENT;
    free(btf);
    return error;
}

/// A register into a word of the record.
static void emit_value(struct program *p, int slot, int src)
{
    emit(p, STORE(10, RECORD + 24 + 8 * slot, src));
}

static void emit_begin(struct program *p, enum host_event_kind kind)
{
    emit(p, MOV(6, 1));
    emit(p, MOVI(8, 0));
    for (int at = RECORD; at < 0; at += 8) emit(p, STORE(10, at, 8));
    emit(p, MOVI(4, kind));
    emit(p, STORE32(10, RECORD + 8, 4));
    emit(p, CALL(GET_CURRENT_PID_TGID));
    emit(p, STORE32(10, RECORD + 16, 0));
    emit(p, RSHI(0, 32));
    emit(p, STORE32(10, RECORD + 12, 0));
    emit(p, STORE32(10, KEY, 0));
}

/// R7 = the value in a map whose key lies at KEY; to the end if there is none.
static void emit_lookup(struct program *p, int map)
{
    emit_map(p, 1, map, BPF_PSEUDO_MAP_FD);
    emit(p, MOV(2, 10));
    emit(p, ADDI(2, KEY));
    emit(p, CALL(MAP_LOOKUP_ELEM));
    emit_exit_if(p, BPF_JEQ, 0, 0);
    emit(p, MOV(7, 0));
}

/// R8 is the address of a struct address_space: on only if its file is one of those that are watched.
/// The first two values of the record name it.
static void emit_file(struct program *p, const struct host_events *events, const struct offsets *o)
{
    emit_exit_if(p, BPF_JEQ, 8, 0);
    emit_follow(p, o->host);
    emit_exit_if(p, BPF_JEQ, 8, 0);
    emit(p, MOV(9, 8));
    emit_follow(p, o->inode);
    emit(p, STORE(10, KEY, 8));
    emit_value(p, 0, 8);
    emit_field(p, 9, o->super);
    emit_follow(p, o->device);
    emit(p, LSHI(8, 32));
    emit(p, RSHI(8, 32));
    emit(p, STORE(10, KEY + 8, 8));
    emit_value(p, 1, 8);
    emit_lookup(p, events->files);
}

static void emit_send(struct program *p, const struct host_events *events)
{
    emit(p, CALL(KTIME_GET_NS));
    emit(p, STORE(10, RECORD, 0));
    emit_map(p, 1, events->ring, BPF_PSEUDO_MAP_FD);
    emit(p, MOV(2, 10));
    emit(p, ADDI(2, RECORD));
    emit(p, MOVI(3, sizeof(struct host_event)));
    emit(p, MOVI(4, 1 /* BPF_RB_NO_WAKEUP: it is looked into, not waited for */));
    emit(p, CALL(RINGBUF_OUTPUT));
    emit_exit_if(p, BPF_JEQ, 0, 0);
    emit_map(p, 1, events->lost, BPF_PSEUDO_MAP_VALUE);
    emit(p, MOVI(2, 1));
    emit(p, OP(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, BPF_ADD));
    emit_end(p);
}

/// page_fault_user and page_fault_kernel: address, registers, error code.
static void build_fault(struct program *p, const struct host_events *events, const struct offsets *o)
{
    emit_begin(p, HOST_EVENT_FAULT);
    emit_lookup(p, events->processes);
    emit(p, LOAD(9, 6, 0));
    emit(p, LOAD(4, 7, 0));
    emit(p, OP(BPF_JMP | BPF_JGT | BPF_X, 4, 9, 0, 0));
    p->exits[p->exit_count++] = p->length - 1;
    emit(p, LOAD(4, 7, 8));
    emit(p, OP(BPF_JMP | BPF_JLE | BPF_X, 4, 9, 0, 0));
    p->exits[p->exit_count++] = p->length - 1;
    emit_value(p, 0, 9);
    emit(p, LOAD(4, 6, 16));
    emit_value(p, 1, 4);
    emit(p, LOAD(8, 6, 8));
    emit_follow(p, o->ip);
    emit_value(p, 2, 8);
    emit_send(p, events);
}

/// writeback_dirty_folio: folio, address_space.
static void build_dirtied(struct program *p, const struct host_events *events, const struct offsets *o)
{
    emit_begin(p, HOST_EVENT_DIRTIED);
    emit(p, LOAD(8, 6, 8));
    emit_file(p, events, o);
    emit(p, LOAD(9, 6, 0));
    emit_field(p, 9, o->index);
    emit_value(p, 2, 8);
    // Pages of the folio: 1, or 2 to the power that its second page tells.
    emit(p, MOVI(4, 1));
    emit_value(p, 3, 4);
    emit_field(p, 9, o->flags);
    emit(p, RSHI(8, (int)o->head_bit));
    emit(p, ANDI(8, 1));
    int skip = p->length;
    emit(p, JUMP(BPF_JEQ, 8, 0, 0));
    emit_field(p, 9, o->more_flags);
    emit(p, ANDI(8, 0x3f));
    emit(p, MOVI(4, 1));
    emit(p, OP(BPF_ALU64 | BPF_LSH | BPF_X, 4, 8, 0, 0));
    emit_value(p, 3, 4);
    p->code[skip].off = (int16_t)(p->length - skip - 1);
    emit_send(p, events);
}

/// block_bio_queue: bio. Only writes of pages that belong to a file.
static void build_written(struct program *p, const struct host_events *events, const struct offsets *o)
{
    emit_begin(p, HOST_EVENT_WRITTEN);
    emit(p, LOAD(6, 6, 0));
    emit_field(p, 6, o->opf);
    emit(p, ANDI(8, 0xff));
    emit_exit_if(p, BPF_JNE, 8, 1 /* REQ_OP_WRITE */);
    emit_field(p, 6, o->iter + o->size);
    emit(p, LSHI(8, 32));
    emit(p, RSHI(8, 32));
    emit_exit_if(p, BPF_JEQ, 8, 0);
    emit_value(p, 3, 8);
    // The first page that is written, and the head of its folio.
    emit_field(p, 6, o->vectors);
    emit_exit_if(p, BPF_JEQ, 8, 0);
    emit(p, MOV(9, 8));
    emit_follow(p, o->page);
    emit_exit_if(p, BPF_JEQ, 8, 0);
    emit(p, MOV(7, 8));
    emit_follow(p, o->compound);
    emit(p, MOV(4, 8));
    emit(p, ANDI(4, 1));
    emit(p, ADDI(8, -1));
    int is_tail = p->length;
    emit(p, JUMP(BPF_JNE, 4, 0, 1));
    emit(p, MOV(8, 7));
    (void)is_tail;
    emit(p, SUB(7, 8));
    emit(p, OP(BPF_ALU64 | BPF_DIV | BPF_K, 7, 0, 0, (int)o->page_struct));
    emit_value(p, 4, 7);  // pages from the head, until all is added up
    emit(p, MOV(7, 8));
    emit_field(p, 9, o->offset);
    emit(p, LSHI(8, 32));
    emit(p, RSHI(8, 32 + 12));
    emit(p, LOAD(4, 10, RECORD + 24 + 8 * 4));
    emit(p, ADD(8, 4));
    emit_value(p, 4, 8);
    emit_field(p, 7, o->index);
    emit(p, LOAD(4, 10, RECORD + 24 + 8 * 4));
    emit(p, ADD(8, 4));
    emit_value(p, 2, 8);
    emit_field(p, 7, o->mapping);
    emit(p, MOV(4, 8));
    emit(p, ANDI(4, 3));
    emit_exit_if(p, BPF_JNE, 4, 0);  // anonymous
    emit_file(p, events, o);
    emit_send(p, events);
}

/// Only calls that are told; the number is in R9.
static void emit_told(struct program *p)
{
    for (int i = 0; i < host_told_call_count; i++) {
        emit(p, JUMP(BPF_JEQ, 9, (int)host_told_calls[i], host_told_call_count - i));
    }
    emit_exit_if(p, BPF_JA, 0, 0);
}

/// sys_enter: registers, number.
static void build_call(struct program *p, const struct host_events *events, const struct offsets *o)
{
    emit(p, LOAD(9, 1, 8));
    emit_told(p);
    emit_begin(p, HOST_EVENT_CALL);
    emit_lookup(p, events->processes);
    emit_value(p, 0, 9);
    emit(p, LOAD(9, 6, 0));
    emit_field(p, 9, o->di);
    emit_value(p, 1, 8);
    emit_field(p, 9, o->si);
    emit_value(p, 2, 8);
    emit_field(p, 9, o->dx);
    emit_value(p, 3, 8);
    emit_send(p, events);
}

/// sys_exit: registers, result.
static void build_return(struct program *p, const struct host_events *events, const struct offsets *o)
{
    emit_begin(p, HOST_EVENT_RETURN);
    emit_lookup(p, events->processes);
    emit(p, LOAD(8, 6, 0));
    emit_follow(p, o->orig_ax);
    emit(p, MOV(9, 8));
    emit_told(p);
    emit_value(p, 0, 9);
    emit(p, LOAD(4, 6, 8));
    emit_value(p, 1, 4);
    emit_send(p, events);
}

/// sched_process_fork: parent, child. sched_process_exec and _exit: task.
static void build_life(
    struct program *p, const struct host_events *events, const struct offsets *o,
    enum host_event_kind kind)
{
    emit_begin(p, kind);
    emit_lookup(p, events->processes);
    emit(p, LOAD(9, 6, kind == HOST_EVENT_FORK ? 8 : 0));
    emit_field(p, 9, o->tgid);
    emit(p, LSHI(8, 32));
    emit(p, RSHI(8, 32));
    emit_value(p, 0, 8);
    emit_field(p, 9, o->pid);
    emit(p, LSHI(8, 32));
    emit(p, RSHI(8, 32));
    emit_value(p, 1, 8);
    emit_send(p, events);
}

/// Attaches a program to a tracepoint. A kernel that has it not goes without.
static int attach(struct host_events *events, const struct program *program, const char *tracepoint)
{
    int fd = load_program(program);
    if (fd < 0) return fd;
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.raw_tracepoint.name = (uint64_t)(uintptr_t)tracepoint;
    attr.raw_tracepoint.prog_fd = (uint32_t)fd;
    int link = (int)bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
    if (link < 0) {
        close(fd);
        return link == -ENOENT ? 0 : link;
    }
    events->programs[events->count] = fd;
    events->links[events->count++] = link;
    return 0;
}

static int attach_all(struct host_events *events, const struct offsets *o, const char **why)
{
    static const char *const tracepoints[] = {
        "page_fault_user", "page_fault_kernel", "writeback_dirty_folio", "block_bio_queue",
        "sys_enter", "sys_exit", "sched_process_fork", "sched_process_exec", "sched_process_exit",
    };
    int error = 0;
    for (int i = 0; i < 9 && !error; i++) {
        struct program program = {.length = 0};
        switch (i) {
        case 0:
        case 1: build_fault(&program, events, o); break;
        case 2: build_dirtied(&program, events, o); break;
        case 3: build_written(&program, events, o); break;
        case 4: build_call(&program, events, o); break;
        case 5: build_return(&program, events, o); break;
        case 6: build_life(&program, events, o, HOST_EVENT_FORK); break;
        case 7: build_life(&program, events, o, HOST_EVENT_EXEC); break;
        case 8: build_life(&program, events, o, HOST_EVENT_EXIT); break;
        }
        *why = tracepoints[i];
        error = attach(events, &program, tracepoints[i]);
    }
    return error;
}

int host_events_open(struct host_events *events, const char **why)
{
    memset(events, 0, sizeof *events);
    events->ring = events->processes = events->files = events->lost = -1;
    events->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    struct offsets offsets;
    *why = "no BTF: /sys/kernel/btf/vmlinux";
    int error = find_offsets(&offsets);
    if (error) return error;
    *why = "BPF_MAP_CREATE";
    events->processes = create_map(BPF_MAP_TYPE_HASH, 4, 16, MOST_PROCESSES, 0);
    events->files = create_map(BPF_MAP_TYPE_HASH, 16, 4, MOST_FILES, 0);
    events->lost = create_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
    events->ring = create_map(BPF_MAP_TYPE_RINGBUF, 0, 0, RING_SIZE, 0);
    int fds[] = {events->processes, events->files, events->lost, events->ring};
    for (int i = 0; i < 4 && !error; i++) error = fds[i] < 0 ? fds[i] : 0;
    if (!error) {
        *why = "the ring of events";
        void *own = mmap(NULL, events->page_size, PROT_READ | PROT_WRITE, MAP_SHARED, events->ring, 0);
        void *theirs = mmap(
            NULL, events->page_size + 2 * RING_SIZE, PROT_READ, MAP_SHARED, events->ring,
            (off_t)events->page_size);
        if (own == MAP_FAILED || theirs == MAP_FAILED) error = -errno;
        if (own != MAP_FAILED) events->consumer = own;
        if (theirs != MAP_FAILED) events->producer = theirs;
    }
    if (!error) error = attach_all(events, &offsets, why);
    if (error) host_events_close(events);
    return error;
}

static int update(int map, const void *key, const void *value)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_fd = (uint32_t)map;
    attr.key = (uint64_t)(uintptr_t)key;
    attr.value = (uint64_t)(uintptr_t)value;
    return (int)bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

int host_events_watch(struct host_events *events, uint32_t tgid, uint64_t low, uint64_t high)
{
    uint64_t range[2] = {low, high};
    return update(events->processes, &tgid, range);
}

int host_events_unwatch(struct host_events *events, uint32_t tgid)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_fd = (uint32_t)events->processes;
    attr.key = (uint64_t)(uintptr_t)&tgid;
    return (int)bpf(BPF_MAP_DELETE_ELEM, &attr);
}

int host_events_watch_file(struct host_events *events, uint64_t inode, uint32_t device)
{
    uint64_t key[2] = {inode, device};
    uint32_t value = 1;
    return update(events->files, key, &value);
}

uint64_t host_events_lost(const struct host_events *events)
{
    uint32_t key = 0;
    uint64_t lost = 0;
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_fd = (uint32_t)events->lost;
    attr.key = (uint64_t)(uintptr_t)&key;
    attr.value = (uint64_t)(uintptr_t)&lost;
    return bpf(BPF_MAP_LOOKUP_ELEM, &attr) == 0 ? lost : 0;
}

int host_events_take(struct host_events *events, struct host_event *out, int limit)
{
    if (!events->consumer || !events->producer) return 0;
    uint64_t at = *events->consumer;
    uint64_t end = __atomic_load_n((const uint64_t *)events->producer, __ATOMIC_ACQUIRE);
    const uint8_t *data = events->producer + events->page_size;
    int count = 0;
    while (at < end && count < limit) {
        const uint32_t *header = (const uint32_t *)(data + (at & (RING_SIZE - 1)));
        uint32_t word = __atomic_load_n(header, __ATOMIC_ACQUIRE);
        if (word & BPF_RINGBUF_BUSY_BIT) break;
        uint32_t length = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
        if (!(word & BPF_RINGBUF_DISCARD_BIT) && length == sizeof *out) {
            memcpy(&out[count++], header + 2, sizeof *out);
        }
        at += (length + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
    }
    __atomic_store_n(events->consumer, at, __ATOMIC_RELEASE);
    return count;
}

void host_events_close(struct host_events *events)
{
    for (int i = 0; i < events->count; i++) {
        close(events->links[i]);
        close(events->programs[i]);
    }
    if (events->consumer) munmap(events->consumer, events->page_size);
    if (events->producer) munmap((void *)events->producer, events->page_size + 2 * RING_SIZE);
    int fds[] = {events->ring, events->processes, events->files, events->lost};
    for (int i = 0; i < 4; i++) {
        if (fds[i] >= 0) close(fds[i]);
    }
    memset(events, 0, sizeof *events);
    events->ring = events->processes = events->files = events->lost = -1;
}

#else

int host_events_open(struct host_events *events, const char **why)
{
    memset(events, 0, sizeof *events);
    *why = "tracepoints are read on x86-64 only";
    return -ENOTSUP;
}

int host_events_watch(struct host_events *events, uint32_t tgid, uint64_t low, uint64_t high)
{
    (void)events, (void)tgid, (void)low, (void)high;
    return -ENOTSUP;
}

int host_events_unwatch(struct host_events *events, uint32_t tgid)
{
    (void)events, (void)tgid;
    return -ENOTSUP;
}

int host_events_watch_file(struct host_events *events, uint64_t inode, uint32_t device)
{
    (void)events, (void)inode, (void)device;
    return -ENOTSUP;
}

int host_events_take(struct host_events *events, struct host_event *out, int limit)
{
    (void)events, (void)out, (void)limit;
    return 0;
}

uint64_t host_events_lost(const struct host_events *events)
{
    (void)events;
    return 0;
}

void host_events_close(struct host_events *events) { (void)events; }

#endif
