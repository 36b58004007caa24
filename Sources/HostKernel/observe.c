#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host_kernel.h"
#include "syscall.h"

#define PAGE 4096
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

int host_cachestat(int fd, uint64_t offset, uint64_t length, struct host_cachestat *result)
{
    struct {
        uint64_t offset, length;
    } range = {offset, length};
    return (int)call4(SYS_cachestat, fd, &range, result, 0);
}

uint64_t host_file_system(int fd)
{
    struct statfs info;
    return fstatfs(fd, &info) == 0 ? (uint64_t)info.f_type : 0;
}

int host_create_unnamed(const char *folder)
{
    char path[PATH_MAX], file[PATH_MAX + 8];
    int length = snprintf(path, sizeof path, "%s/dirtyscope-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof path) return -ENAMETOOLONG;
    // No signal gets in between the making and the removal of the name.
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    int result = -1;
    if (mkdtemp(path)) {
        snprintf(file, sizeof file, "%s/file", path);
        result = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (result < 0) result = -errno;
        unlink(file);
        rmdir(path);
    } else {
        result = -errno;
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    struct statvfs info;
    if (result >= 0 && fstatvfs(result, &info) == 0 && (info.f_flag & ST_NOEXEC)) {
        close(result);
        return -EPERM;  // mmap would refuse PROT_EXEC, which no model knows of
    }
    return result;
}

int host_create_on_ramfs(void)
{
    int context = (int)syscall(SYS_fsopen, "ramfs", FSOPEN_CLOEXEC);
    if (context < 0) return -errno;
    int mount = -1, file = -1, error = 0;
    if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
        mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
    }
    if (mount >= 0) file = openat(mount, "file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) error = errno;
    if (file >= 0) unlinkat(mount, "file", 0);
    if (mount >= 0) close(mount);
    close(context);
    return file >= 0 ? file : -error;
}

int host_create_memfd(void)
{
    int fd = memfd_create("dirtyscope-verify", MFD_CLOEXEC | 0x10 /* MFD_EXEC */);
    if (fd < 0) fd = memfd_create("dirtyscope-verify", MFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int host_reopen(int fd, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int result = open(path, flags | O_CLOEXEC);
    return result < 0 ? -errno : result;
}

int host_read_direct(int fd, uint64_t offset, void *page)
{
    ssize_t got = pread(fd, page, PAGE, (off_t)offset);
    if (got < 0) return -errno;
    memset((char *)page + got, 0, (size_t)(PAGE - got));
    return 0;
}

int host_drop(int fd, uint64_t offset, uint64_t length)
{
    return -posix_fadvise(fd, (off_t)offset, (off_t)length, POSIX_FADV_DONTNEED);
}

int host_no_readahead(int fd)
{
    return -posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
}

int host_sync_range(int fd, uint64_t offset, uint64_t length)
{
    unsigned flags =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    return sync_file_range(fd, (off_t)offset, (off_t)length, flags) < 0 ? -errno : 0;
}

int host_visit(int fd, uint64_t offset, bool reclaim, uint64_t *pagemap)
{
    volatile char *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, (off_t)offset);
    if (page == MAP_FAILED) return -errno;
    int result = 0;
    madvise((void *)page, PAGE, MADV_RANDOM);
    (void)*page;
    if (pagemap) {
        int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
        if (map < 0 || pread(map, pagemap, 8, (off_t)((uintptr_t)page / PAGE * 8)) != 8) {
            result = -errno;
        }
        if (map >= 0) close(map);
    }
    if (reclaim && madvise((void *)page, PAGE, MADV_PAGEOUT) < 0) result = -errno;
    munmap((void *)page, PAGE);
    return result;
}

const int host_o_direct = O_DIRECT;

int host_uname(char *release, int size)
{
    struct utsname name;
    if (uname(&name) < 0) return -errno;
    snprintf(release, (size_t)size, "%s %s", name.release, name.machine);
    return 0;
}
