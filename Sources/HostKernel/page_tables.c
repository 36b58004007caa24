#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf_code.h"
#include "host_kernel.h"
#include "host_live.h"

// The BPF program that copies a page table of another process. It is run here, by BPF_PROG_TEST_RUN,
// and stops nobody. It begins at a pidfd of this process: descriptor table, file, struct pid, task, mm.
// So it never meets another process that got the same number, finds the new address space after an
// exec, and finds nothing once the process has ended.
//
// Its context is five words: the pidfd, an address, the base of the direct map, the level of the table
// that is wanted (1 the top one, 4 the last one; 0 none), and whether struct pid hangs at the inode
// (pidfs, since 6.9) or at the file. All reads are bpf_probe_read_kernel: what changes underneath gives
// an error or an old entry, never a fault.

#if defined(__x86_64__)

enum {
    /// Words of the result before the table.
    DEPTH, ENTRY, TGID, MM, OWN_TGID, HEAD = 8,
    RESULT_SIZE = 8 * (HEAD + HOST_TABLE),
    TGID_TYPE = 1,
};

struct offsets {
    int64_t files, fdt, fd, inode, inode_private, file_private, tasks, links, tgid, mm, pgd;
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
        {&o->files, "task_struct", "files"},      {&o->fdt, "files_struct", "fdt"},
        {&o->fd, "fdtable", "fd"},                {&o->inode, "file", "f_inode"},
        {&o->inode_private, "inode", "i_private"}, {&o->file_private, "file", "private_data"},
        {&o->tasks, "pid", "tasks"},              {&o->links, "task_struct", "pid_links"},
        {&o->tgid, "task_struct", "tgid"},        {&o->mm, "task_struct", "mm"},
        {&o->pgd, "mm_struct", "pgd"},
    };
    int error = 0;
    for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].to = host_btf_offset(btf, size, wanted[i].structure, wanted[i].member);
        if (*wanted[i].to < 0) error = -ENOENT;
    }
    free(btf);
    return error;
}

static void build(struct program *p, int map, const struct offsets *o, bool at_inode)
{
    // Kept: R6 context, R7 result, R8 what is followed, R9 the task, then the address.
    emit(p, MOV(6, 1));
    emit_map(p, 7, map, BPF_PSEUDO_MAP_VALUE);
    emit(p, MOVI(8, 0));
    for (int word = 0; word < HEAD; word++) emit(p, STORE(7, 8 * word, 8));
    emit(p, CALL(GET_CURRENT_PID_TGID));
    emit(p, RSHI(0, 32));
    emit(p, STORE(7, 8 * OWN_TGID, 0));
    emit(p, CALL(GET_CURRENT_TASK));
    emit(p, MOV(8, 0));
    emit_follow(p, o->files);
    emit_follow(p, o->fdt);
    emit_follow(p, o->fd);
    emit(p, LOAD(4, 6, 0));
    emit(p, LSHI(4, 3));
    emit(p, ADD(8, 4));
    emit_follow(p, 0);
    if (at_inode) {
        emit_follow(p, o->inode);
        emit_follow(p, o->inode_private);
    } else {
        emit_follow(p, o->file_private);
    }
    emit_follow(p, o->tasks + 8 * TGID_TYPE);
    emit_exit_if(p, BPF_JEQ, 8, 0);  // it has ended
    emit(p, ADDI(8, -(int)(o->links + 16 * TGID_TYPE)));
    emit(p, MOV(9, 8));
    emit_follow(p, o->tgid);
    emit(p, LSHI(8, 32));
    emit(p, RSHI(8, 32));
    emit(p, STORE(7, 8 * TGID, 8));
    emit_field(p, 9, o->mm);
    emit(p, STORE(7, 8 * MM, 8));
    emit_exit_if(p, BPF_JEQ, 8, 0);
    emit_follow(p, o->pgd);
    emit(p, LOAD(9, 6, 8));
    for (int level = 1; level <= 4; level++) {
        // R8 is the table of this level. Is it the one that is wanted?
        emit(p, MOVI(4, level));
        emit(p, STORE(7, 8 * DEPTH, 4));
        emit(p, LOAD(4, 6, 24));
        int skip = p->length;
        emit(p, JUMP(BPF_JNE, 4, level, 0));
        emit(p, MOV(1, 7));
        emit(p, ADDI(1, 8 * HEAD));
        emit(p, MOVI(2, 8 * HOST_TABLE));
        emit(p, MOV(3, 8));
        emit(p, CALL(PROBE_READ_KERNEL));
        emit(p, STORE(7, 8 * ENTRY, 0));
        emit_exit_if(p, BPF_JA, 0, 0);
        p->code[skip].off = (int16_t)(p->length - skip - 1);
        if (level == 4) break;
        emit(p, MOV(3, 9));
        emit(p, RSHI(3, 48 - 9 * level));
        emit(p, ANDI(3, HOST_TABLE - 1));
        emit(p, LSHI(3, 3));
        emit(p, ADD(8, 3));
        emit_follow(p, 0);
        emit(p, STORE(7, 8 * ENTRY, 8));
        emit(p, MOV(4, 8));
        emit(p, ANDI(4, 1));
        emit_exit_if(p, BPF_JEQ, 4, 0);  // no table
        emit(p, MOV(4, 8));
        emit(p, ANDI(4, 0x80));
        emit_exit_if(p, BPF_JNE, 4, 0);  // a huge page
        emit(p, LSHI(8, 12));            // the frame's address: bits 12 to 51
        emit(p, RSHI(8, 24));
        emit(p, LSHI(8, 12));
        emit(p, LOAD(4, 6, 16));
        emit(p, ADD(8, 4));
    }
    emit_end(p);
}

/// Runs the program. The result is in the map then.
static int run(const struct host_tables *tables, int pidfd, uint64_t address, int level)
{
    uint64_t context[4] = {(uint64_t)pidfd, address, tables->base, (uint64_t)level};
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = (uint32_t)tables->program;
    attr.test.ctx_in = (uint64_t)(uintptr_t)context;
    attr.test.ctx_size_in = sizeof context;
    return (int)bpf(BPF_PROG_TEST_RUN, &attr);
}

/// Whether the whole table of that level has been copied.
static bool has_table(const struct host_tables *tables, int level)
{
    return tables->results[DEPTH] == (uint64_t)level && tables->results[ENTRY] == 0;
}

/// The direct map begins at some multiple of 1 GiB: the one at which the walk finds the frame that
/// pagemap names. `table` is an address in it.
static int find_base(struct host_tables *tables, int pidfd, uint64_t table, const char **why)
{
    *why = "/proc/self/pagemap shows no frames";
    volatile char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return -errno;
    *page = 1;
    uint64_t wanted = 0, address = (uintptr_t)page;
    int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (map >= 0 && pread(map, &wanted, 8, (off_t)(address / 4096 * 8)) == 8) wanted &= (1ul << 55) - 1;
    if (map >= 0) close(map);
    int result = wanted ? -ENOENT : -EPERM;
    if (wanted) *why = "the direct map was not found (five levels of page tables?)";
    const uint64_t gib = 1ul << 30, mask = ((1ul << 52) - 1) & ~4095ul;
    for (uint64_t i = 0; wanted && i < 1ul << 16 && result == -ENOENT; i++) {
        tables->base = (table & ~(gib - 1)) - i * gib;
        if (tables->base < 0xff00000000000000ul || run(tables, pidfd, address, 4) != 0) break;
        uint64_t entry = tables->results[HEAD + (address >> 12 & 511)];
        if (has_table(tables, 4) && (entry & 1) && (entry & mask) >> 12 == wanted) result = 0;
    }
    munmap((void *)page, 4096);
    return result;
}

/// An address in the direct map: that of this process's own top table, which is read as a field here.
static uint64_t own_table(const struct host_tables *tables, const struct offsets *o, int pidfd)
{
    // The program that is loaded has no way to tell it, so another one does, used once.
    struct program program = {.length = 0};
    emit_map(&program, 7, tables->map, BPF_PSEUDO_MAP_VALUE);
    emit(&program, CALL(GET_CURRENT_TASK));
    emit(&program, MOV(8, 0));
    emit_follow(&program, o->mm);
    emit_follow(&program, o->pgd);
    emit(&program, STORE(7, 8 * ENTRY, 8));
    emit_end(&program);
    int fd = load_program(&program);
    if (fd < 0) return 0;
    struct host_tables once = *tables;
    once.program = fd;
    uint64_t table = run(&once, pidfd, 0, 0) == 0 ? tables->results[ENTRY] : 0;
    close(fd);
    return table;
}

int host_tables_open(struct host_tables *tables, const char **why)
{
    *tables = (struct host_tables){-1, -1, NULL, 0};
    struct offsets offsets;
    *why = "no BTF: /sys/kernel/btf/vmlinux";
    int error = find_offsets(&offsets);
    if (error) return error;
    *why = "BPF_MAP_CREATE";
    int fd = create_map(BPF_MAP_TYPE_ARRAY, 4, RESULT_SIZE, 1, BPF_F_MMAPABLE);
    if (fd < 0) return fd;
    tables->map = fd;
    void *results = mmap(NULL, 2 * 4096, PROT_READ, MAP_SHARED, fd, 0);
    int self = host_pidfd(getpid());
    *why = "pidfd_open";
    error = results == MAP_FAILED ? -errno : self < 0 ? self : 0;
    if (results != MAP_FAILED) tables->results = results;
    bool found = false;
    for (int at_inode = 1; at_inode >= 0 && !found && !error; at_inode--) {
        struct program program = {.length = 0};
        build(&program, tables->map, &offsets, at_inode);
        *why = "BPF_PROG_LOAD";
        fd = load_program(&program);
        if (fd < 0) error = fd;
        if (fd < 0) break;
        tables->program = fd;
        *why = "BPF_PROG_TEST_RUN";
        error = run(tables, self, 0, 0);
        found = tables->results[TGID] && tables->results[TGID] == tables->results[OWN_TGID];
        if (!found) close(fd), tables->program = -1;
    }
    if (!error && !found) {
        *why = "a pidfd does not lead to its process";
        error = -ENOENT;
    }
    if (!error) error = find_base(tables, self, own_table(tables, &offsets, self), why);
    if (self >= 0) close(self);
    if (error) host_tables_close(tables);
    return error;
}

int host_tables_process(
    const struct host_tables *tables, int pidfd, uint32_t *tgid, uint64_t *address_space)
{
    int error = run(tables, pidfd, 0, 0);
    *tgid = (uint32_t)tables->results[TGID];
    *address_space = tables->results[MM];
    return error ? error : *tgid && *address_space ? 0 : -ESRCH;
}

static void copy(const struct host_tables *tables, uint64_t entries[HOST_TABLE])
{
    memcpy(entries, (const void *)(tables->results + HEAD), 8 * HOST_TABLE);
}

/// Reads the table of a level that `address` lies in; empty when there is none. False when lost.
static bool read_level(
    const struct host_tables *tables, struct host_walk *walk, int pidfd, uint64_t address, int level,
    uint64_t entries[HOST_TABLE])
{
    walk->reads++;
    if (run(tables, pidfd, address, level) != 0 || !tables->results[MM]) return false;
    if (has_table(tables, level)) copy(tables, entries);
    else memset(entries, 0, 8 * HOST_TABLE);
    return true;
}

enum host_walk_result host_walk_next(
    const struct host_tables *tables, struct host_walk *walk, int pidfd, uint64_t *address,
    uint64_t end, uint64_t *start, uint64_t entries[HOST_TABLE])
{
    while (*address < end) {
        uint64_t at = *address;
        if (!walk->has_upper || walk->upper_at != at >> 39) {
            if (!read_level(tables, walk, pidfd, at, 2, walk->upper)) return HOST_WALK_LOST;
            walk->has_upper = true;
            walk->has_middle = false;
            walk->upper_at = at >> 39;
        }
        uint64_t entry = walk->upper[at >> 30 & 511];
        if (!(entry & 1) || entry & 0x80) {
            *start = at >> 30 << 30;
            *address = *start + (1ul << 30);
            entries[0] = entry;
            if (entry & 1) return HOST_WALK_GIGANTIC;
            continue;
        }
        if (!walk->has_middle || walk->middle_at != at >> 30) {
            if (!read_level(tables, walk, pidfd, at, 3, walk->middle)) return HOST_WALK_LOST;
            walk->has_middle = true;
            walk->middle_at = at >> 30;
        }
        entry = walk->middle[at >> 21 & 511];
        *start = at >> 21 << 21;
        *address = *start + (1ul << 21);
        if (!(entry & 1)) continue;
        entries[0] = entry;
        if (entry & 0x80) return HOST_WALK_HUGE;
        if (!read_level(tables, walk, pidfd, at, 4, entries)) return HOST_WALK_LOST;
        return HOST_WALK_TABLE;
    }
    return HOST_WALK_END;
}

#else

int host_tables_open(struct host_tables *tables, const char **why)
{
    *tables = (struct host_tables){-1, -1, NULL, 0};
    *why = "page tables are read on x86-64 only";
    return -ENOTSUP;
}

int host_tables_process(
    const struct host_tables *tables, int pidfd, uint32_t *tgid, uint64_t *address_space)
{
    (void)tables, (void)pidfd, (void)tgid, (void)address_space;
    return -ENOTSUP;
}

enum host_walk_result host_walk_next(
    const struct host_tables *tables, struct host_walk *walk, int pidfd, uint64_t *address,
    uint64_t end, uint64_t *start, uint64_t entries[HOST_TABLE])
{
    (void)tables, (void)walk, (void)pidfd, (void)address, (void)end, (void)start, (void)entries;
    return HOST_WALK_LOST;
}

#endif

void host_tables_close(struct host_tables *tables)
{
    if (tables->results) munmap((void *)tables->results, 2 * 4096);
    if (tables->program >= 0) close(tables->program);
    if (tables->map >= 0) close(tables->map);
    *tables = (struct host_tables){-1, -1, NULL, 0};
}
