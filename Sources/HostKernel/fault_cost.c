#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host_kernel.h"
#include "host_live.h"

// What a fault costs on this machine: taken here, on a file of its own, one page at a time.

enum { PAGES = 256, PAGE = 4096 };

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/// Median time of an access to each page, once what reading the clock twice takes is taken off.
static uint64_t median(uint64_t times[PAGES])
{
    uint64_t empty[PAGES];
    for (int i = 0; i < PAGES; i++) {
        uint64_t start = host_now();
        empty[i] = host_now() - start;
    }
    qsort(times, PAGES, sizeof *times, compare);
    qsort(empty, PAGES, sizeof *empty, compare);
    uint64_t time = times[PAGES / 2], clock = empty[PAGES / 2];
    return time > clock ? time - clock : 1;
}

static volatile unsigned char *map(int fd)
{
    volatile unsigned char *pages =
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (pages == MAP_FAILED) return NULL;
    // Without readahead a fault maps no neighbours' disk reads, but fault-around still maps those that
    // are cached: see below.
    madvise((void *)pages, PAGES * PAGE, MADV_RANDOM);
    return pages;
}

int host_fault_times(const char *folder, uint64_t times[3])
{
    int fd = host_create_unnamed(folder);
    if (fd < 0) return fd;
    static const char zeros[PAGE];
    int error = 0;
    for (int i = 0; i < PAGES && !error; i++) {
        if (write(fd, zeros, PAGE) != PAGE) error = -EIO;
    }
    if (!error && fdatasync(fd) < 0) error = -errno;
    uint64_t load[PAGES], protected_store[PAGES], store[PAGES];
    volatile unsigned char *pages = error ? NULL : map(fd);
    if (!pages && !error) error = -errno;
    // Loads map their neighbours in the 64 KiB around them: the first of each 16 is the fault that is meant.
    int loads = 0;
    for (int i = 0; pages && i < PAGES; i++) {
        uint64_t start = host_now();
        (void)pages[i * PAGE];
        uint64_t time = host_now() - start;
        if (((uintptr_t)pages / PAGE + (uintptr_t)i) % 16 == 0) load[loads++] = time;
    }
    for (int i = 0, known = loads; pages && known && loads < PAGES; i++) load[loads++] = load[i % known];
    for (int i = 0; pages && i < PAGES; i++) {
        uint64_t start = host_now();
        pages[i * PAGE] = 1;
        protected_store[i] = host_now() - start;
    }
    if (pages) munmap((void *)pages, PAGES * PAGE);
    if (pages && fdatasync(fd) < 0) error = -errno;
    pages = error ? NULL : map(fd);
    for (int i = 0; pages && i < PAGES; i++) {
        uint64_t start = host_now();
        pages[i * PAGE] = 2;
        store[i] = host_now() - start;
    }
    if (pages) {
        munmap((void *)pages, PAGES * PAGE);
        times[0] = median(load);
        times[1] = median(store);
        times[2] = median(protected_store);
    } else if (!error) {
        error = -ENOMEM;
    }
    close(fd);
    return error;
}
