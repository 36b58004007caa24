#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf_code.h"
#include "host_kernel.h"

// A small BPF program, in the kernel's own instructions, that walks the page table of the process
// that runs it. Its context is four words: the address, the base of the direct map, the index in
// the map that gets the result, and the last level to read (0 gives the top table's own address).

#if defined(__x86_64__)

static void build(struct program *p, int map, int64_t mm_offset, int64_t pgd_offset)
{
    // Kept: R6 address, R7 base, R8 entry or table, R9 where the result goes; the last level at -16.
    emit(p, LOAD(6, 1, 0));
    emit(p, LOAD(7, 1, 8));
    emit(p, LOAD(3, 1, 16));
    emit(p, ANDI(3, HOST_LIST - 1));
    emit(p, LSHI(3, 3));
    emit(p, LOAD(4, 1, 24));
    emit(p, STORE(10, -16, 4));
    emit_map(p, 9, map, BPF_PSEUDO_MAP_VALUE);
    emit(p, ADD(9, 3));
    emit(p, MOVI(8, 0));
    emit(p, STORE(9, 0, 8));
    emit(p, CALL(GET_CURRENT_TASK));
    emit(p, MOV(8, 0));
    emit_follow(p, mm_offset);
    emit_exit_if(p, BPF_JEQ, 8, 0);
    emit_follow(p, pgd_offset);
    emit(p, STORE(9, 0, 8));
    emit(p, LOAD(4, 10, -16));
    emit_exit_if(p, BPF_JEQ, 4, 0);
    for (int level = 1; level <= 4; level++) {
        emit(p, MOV(3, 6));
        emit(p, RSHI(3, 48 - 9 * level));
        emit(p, ANDI(3, 511));
        emit(p, LSHI(3, 3));
        emit(p, ADD(8, 3));
        emit(p, MOVI(4, 0));
        emit(p, STORE(9, 0, 4));
        emit_follow(p, 0);
        if (level == 4) break;
        emit(p, MOV(4, 8));
        emit(p, ANDI(4, 1));
        emit_exit_if(p, BPF_JEQ, 4, 0);  // no table: the entry is empty
        emit(p, MOV(4, 8));
        emit(p, ANDI(4, 0x80));
        emit_exit_if(p, BPF_JNE, 4, 0);  // a huge page, which nothing here makes
        emit(p, LSHI(8, 12));  // the frame's address: bits 12 to 51
        emit(p, RSHI(8, 24));
        emit(p, LSHI(8, 12));
        emit(p, ADD(8, 7));
    }
    emit(p, STORE(9, 0, 8));
    emit_end(p);
}

/// Where task_struct has mm, and mm_struct has pgd.
static int kernel_offsets(int64_t *mm, int64_t *pgd)
{
    uint64_t length = 0;
    uint8_t *data = host_btf_load(&length);
    if (!data) return -errno;
    *mm = host_btf_offset(data, length, "task_struct", "mm");
    *pgd = host_btf_offset(data, length, "mm_struct", "pgd");
    free(data);
    return *mm < 0 || *pgd < 0 ? -ENOENT : 0;
}

/// Runs the program once in this process.
static int read_own(
    const struct host_reader *reader, uint64_t address, uint64_t last_level, uint64_t *entry)
{
    uint64_t context[4] = {address, reader->base, 0, last_level}, entries[HOST_LIST];
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = (uint32_t)reader->program;
    attr.test.ctx_in = (uint64_t)(uintptr_t)context;
    attr.test.ctx_size_in = sizeof context;
    int64_t error = bpf(BPF_PROG_TEST_RUN, &attr);
    if (error == 0) error = host_reader_results(reader, entries);
    *entry = entries[0];
    return (int)error;
}

/// The direct map begins at some multiple of 1 GiB below the page table's address: the one at which
/// the walk finds the frame that pagemap names.
static int find_base(struct host_reader *reader, const char **why)
{
    *why = "/proc/self/pagemap shows no frames";
    volatile char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return -errno;
    *page = 1;
    uint64_t wanted = 0, table = 0, entry = 0;
    int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    int result = -EPERM;
    if (map >= 0 && pread(map, &wanted, 8, (off_t)((uintptr_t)page / 4096 * 8)) == 8) {
        wanted &= (1ul << 55) - 1;
    }
    if (map >= 0) close(map);
    if (wanted) {
        *why = "BPF_PROG_TEST_RUN";
        result = read_own(reader, 0, 0, &table);
    }
    if (result == 0) {
        *why = "the direct map was not found";
        result = -ENOENT;
        const uint64_t gib = 1ul << 30, mask = ((1ul << 52) - 1) & ~4095ul;
        for (uint64_t i = 0; i < 1ul << 16 && result == -ENOENT; i++) {
            reader->base = (table & ~(gib - 1)) - i * gib;
            if (reader->base < 0xff00000000000000ul) break;
            if (read_own(reader, (uintptr_t)page, 4, &entry) != 0) break;
            if ((entry & 1) && (entry & mask) >> 12 == wanted) result = 0;
        }
    }
    munmap((void *)page, 4096);
    return result;
}

int host_reader_open(struct host_reader *reader, const char **why)
{
    *reader = (struct host_reader){-1, -1, 0};
    int64_t mm = 0, pgd = 0;
    *why = "/sys/kernel/btf/vmlinux";
    int error = kernel_offsets(&mm, &pgd);
    if (error) return error;

    *why = "BPF_MAP_CREATE";
    int fd = create_map(BPF_MAP_TYPE_ARRAY, 4, 8 * HOST_LIST, 1, 0);
    if (fd < 0) return fd;
    reader->map = fd;

    struct program program = {.length = 0};
    build(&program, reader->map, mm, pgd);
    *why = "BPF_PROG_LOAD";
    fd = load_program(&program);
    if (fd >= 0) {
        reader->program = fd;
        error = find_base(reader, why);
    } else {
        error = fd;
    }
    if (error) host_reader_close(reader);
    return error;
}

int host_reader_results(const struct host_reader *reader, uint64_t entries[HOST_LIST])
{
    uint32_t key = 0;
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_fd = (uint32_t)reader->map;
    attr.key = (uint64_t)(uintptr_t)&key;
    attr.value = (uint64_t)(uintptr_t)entries;
    return (int)bpf(BPF_MAP_LOOKUP_ELEM, &attr);
}

#else

int host_reader_open(struct host_reader *reader, const char **why)
{
    *reader = (struct host_reader){-1, -1, 0};
    *why = "page-table entries are read on x86-64 only";
    return -ENOTSUP;
}

int host_reader_results(const struct host_reader *reader, uint64_t entries[HOST_LIST])
{
    (void)reader;
    (void)entries;
    return -ENOTSUP;
}

#endif

void host_reader_close(struct host_reader *reader)
{
    if (reader->program >= 0) close(reader->program);
    if (reader->map >= 0) close(reader->map);
    *reader = (struct host_reader){-1, -1, 0};
}
