#ifndef HOST_SYSCALL_H
#define HOST_SYSCALL_H

#include <stdint.h>
#include <sys/syscall.h>

// System calls without a libc between: no errno, no lazy binding, nothing that could fault.
// All return minus the error number on failure.

#if defined(__x86_64__)
static inline __attribute__((always_inline)) int64_t call6(
    int64_t n, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f)
{
    register int64_t r10 __asm__("r10") = d;
    register int64_t r8 __asm__("r8") = e;
    register int64_t r9 __asm__("r9") = f;
    int64_t result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
static inline __attribute__((always_inline)) int64_t call6(
    int64_t n, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f)
{
    register int64_t x8 __asm__("x8") = n;
    register int64_t x0 __asm__("x0") = a;
    register int64_t x1 __asm__("x1") = b;
    register int64_t x2 __asm__("x2") = c;
    register int64_t x3 __asm__("x3") = d;
    register int64_t x4 __asm__("x4") = e;
    register int64_t x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "verify knows x86-64 and arm64"
#endif

#define call0(n) call6(n, 0, 0, 0, 0, 0, 0)
#define call1(n, a) call6(n, (int64_t)(a), 0, 0, 0, 0, 0)
#define call2(n, a, b) call6(n, (int64_t)(a), (int64_t)(b), 0, 0, 0, 0)
#define call3(n, a, b, c) call6(n, (int64_t)(a), (int64_t)(b), (int64_t)(c), 0, 0, 0)
#define call4(n, a, b, c, d) call6(n, (int64_t)(a), (int64_t)(b), (int64_t)(c), (int64_t)(d), 0, 0)
#define call5(n, a, b, c, d, e) \
    call6(n, (int64_t)(a), (int64_t)(b), (int64_t)(c), (int64_t)(d), (int64_t)(e), 0)

#endif
