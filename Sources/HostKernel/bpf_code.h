#ifndef HOST_BPF_CODE_H
#define HOST_BPF_CODE_H

// BPF programs, put together instruction by instruction. They are small, so no compiler, no object
// file and no library is needed, where a field lies is known only at run time anyway.

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "syscall.h"

static inline int64_t bpf(int command, union bpf_attr *attr)
{
    return call3(SYS_bpf, command, attr, sizeof *attr);
}

// Instructions. R0 result, R1..R5 arguments, R6..R9 kept over calls, R10 frame pointer.
#define OP(code, dst, src, off, imm) ((struct bpf_insn){code, dst, src, off, imm})
#define MOV(dst, src) OP(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MOVI(dst, imm) OP(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define ADD(dst, src) OP(BPF_ALU64 | BPF_ADD | BPF_X, dst, src, 0, 0)
#define SUB(dst, src) OP(BPF_ALU64 | BPF_SUB | BPF_X, dst, src, 0, 0)
#define ADDI(dst, imm) OP(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm)
#define ANDI(dst, imm) OP(BPF_ALU64 | BPF_AND | BPF_K, dst, 0, 0, imm)
#define LSHI(dst, imm) OP(BPF_ALU64 | BPF_LSH | BPF_K, dst, 0, 0, imm)
#define RSHI(dst, imm) OP(BPF_ALU64 | BPF_RSH | BPF_K, dst, 0, 0, imm)
#define LOAD(dst, src, off) OP(BPF_LDX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define STORE(dst, off, src) OP(BPF_STX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define STORE32(dst, off, src) OP(BPF_STX | BPF_MEM | BPF_W, dst, src, off, 0)
#define JUMP(test, dst, imm, off) OP(BPF_JMP | test | BPF_K, dst, 0, off, imm)
#define CALL(function) OP(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define EXIT() OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/// Helpers of the kernel, by number.
enum {
    MAP_LOOKUP_ELEM = 1,
    KTIME_GET_NS = 5,
    GET_CURRENT_PID_TGID = 14,
    GET_CURRENT_TASK = 35,
    PROBE_READ_KERNEL = 113,
    RINGBUF_OUTPUT = 130,
};

enum { CODE_LIMIT = 512, EXIT_LIMIT = 64 };

struct program {
    struct bpf_insn code[CODE_LIMIT];
    int length;
    /// Jumps to the common end, filled in when it is known.
    int exits[EXIT_LIMIT], exit_count;
};

static inline void emit(struct program *p, struct bpf_insn instruction)
{
    if (p->length < CODE_LIMIT) p->code[p->length++] = instruction;
}

static inline void emit_exit_if(struct program *p, int test, int dst, int imm)
{
    if (p->exit_count < EXIT_LIMIT) p->exits[p->exit_count++] = p->length;
    emit(p, JUMP(test, dst, imm, 0));
}

/// R8 = the word at R8 + `offset`; to the end if it cannot be read. Uses the stack's first word.
static inline void emit_follow(struct program *p, int64_t offset)
{
    emit(p, MOV(3, 8));
    if (offset) emit(p, ADDI(3, (int)offset));
    emit(p, MOV(1, 10));
    emit(p, ADDI(1, -8));
    emit(p, MOVI(2, 8));
    emit(p, CALL(PROBE_READ_KERNEL));
    emit(p, LOAD(8, 10, -8));
    emit_exit_if(p, BPF_JNE, 0, 0);
}

/// R8 = the word at `offset` of the structure whose address is in a register kept over calls.
static inline void emit_field(struct program *p, int pointer, int64_t offset)
{
    emit(p, MOV(8, pointer));
    emit_follow(p, offset);
}

/// A register = a map, or (BPF_PSEUDO_MAP_VALUE) the address of its only value.
static inline void emit_map(struct program *p, int dst, int map, int kind)
{
    emit(p, OP(BPF_LD | BPF_DW | BPF_IMM, dst, kind, 0, map));
    emit(p, OP(0, 0, 0, 0, 0));
}

/// The common end.
static inline void emit_end(struct program *p)
{
    int end = p->length;
    emit(p, MOVI(0, 0));
    emit(p, EXIT());
    for (int i = 0; i < p->exit_count; i++) {
        p->code[p->exits[i]].off = (int16_t)(end - p->exits[i] - 1);
    }
}

/// Loads a raw_tracepoint program. A descriptor, or minus the error number.
static inline int load_program(const struct program *p)
{
    if (p->length >= CODE_LIMIT || p->exit_count >= EXIT_LIMIT) return -E2BIG;
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
    attr.insns = (uint64_t)(uintptr_t)p->code;
    attr.insn_cnt = (uint32_t)p->length;
    // The kernel lends its readers only to programs whose licence it accepts; these few
    // instructions may be had under either.
    attr.license = (uint64_t)(uintptr_t) "Dual MIT/GPL";
    return (int)bpf(BPF_PROG_LOAD, &attr);
}

/// A descriptor, or minus the error number.
static inline int create_map(
    enum bpf_map_type type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_type = type;
    attr.key_size = key;
    attr.value_size = value;
    attr.max_entries = entries;
    attr.map_flags = flags;
    return (int)bpf(BPF_MAP_CREATE, &attr);
}

#endif
