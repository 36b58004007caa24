#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host_live.h"
#include "syscall.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

int host_pidfd(pid_t pid) { return (int)call2(SYS_pidfd_open, pid, 0); }

uint64_t host_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

pid_t host_spawn_held(
    const char *const arguments[], const int stdio[3], struct host_gate *gate)
{
    // Two ways in one pair of pipes: a byte lets the child exec, and what exec fails with comes back.
    int go[2], failure[2];
    if (pipe2(go, O_CLOEXEC) < 0) return -errno;
    if (pipe2(failure, O_CLOEXEC) < 0) {
        int error = errno;
        close(go[0]), close(go[1]);
        return -error;
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        for (int signal = 1; signal < 32; signal++) {
            if (signal != SIGKILL && signal != SIGSTOP) {
                struct sigaction action = {.sa_handler = SIG_DFL};
                sigaction(signal, &action, NULL);
            }
        }
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        close(go[1]), close(failure[0]);
        for (int i = 0; i < 3; i++) {
            if (stdio[i] >= 0) dup2(stdio[i], i);
        }
        char byte = 0;
        // Until it is let run it ends with whoever started it.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || read(go[0], &byte, 1) != 1) _exit(127);
        prctl(PR_SET_PDEATHSIG, 0);
        execvp(arguments[0], (char *const *)arguments);
        int error = errno;
        (void)!write(failure[1], &error, sizeof error);
        _exit(127);
    }
    int error = errno;
    close(go[0]), close(failure[1]);
    if (pid < 0) {
        close(go[1]), close(failure[0]);
        return -error;
    }
    *gate = (struct host_gate){go[1], failure[0]};
    return pid;
}

int host_release(struct host_gate gate, bool run)
{
    int error = 0;
    if (run) (void)!write(gate.go, "g", 1);
    close(gate.go);
    if (!run || read(gate.failure, &error, sizeof error) != sizeof error) error = 0;
    close(gate.failure);
    return -error;
}

bool host_reap(pid_t pid, int *status)
{
    return waitpid(pid, status, WNOHANG) == pid;
}
