#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_kernel.h"

// The kernel describes its own structures in /sys/kernel/btf/vmlinux. Types are numbered from 1 in
// the order in which they stand; each has a fixed head and a tail whose size depends on its kind.

struct reader {
    const uint8_t *types, *types_end;
    const char *strings;
    uint32_t string_size;
};

static uint64_t tail_size(const struct btf_type *type)
{
    uint64_t count = BTF_INFO_VLEN(type->info);
    switch (BTF_INFO_KIND(type->info)) {
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG: return 4;
    case BTF_KIND_ARRAY: return sizeof(struct btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION: return count * sizeof(struct btf_member);
    case BTF_KIND_ENUM: return count * sizeof(struct btf_enum);
    case BTF_KIND_FUNC_PROTO: return count * sizeof(struct btf_param);
    case BTF_KIND_DATASEC: return count * sizeof(struct btf_var_secinfo);
    case 19 /* BTF_KIND_ENUM64 */: return count * 12;
    default: return 0;
    }
}

static const char *name(const struct reader *reader, uint32_t offset)
{
    return offset < reader->string_size ? reader->strings + offset : "";
}

/// The type of that number, or the first of that kind and name.
static const struct btf_type *find(
    const struct reader *reader, uint32_t number, uint32_t kind, const char *wanted)
{
    const uint8_t *at = reader->types;
    for (uint32_t i = 1; at + sizeof(struct btf_type) <= reader->types_end; i++) {
        const struct btf_type *type = (const struct btf_type *)at;
        at += sizeof *type + tail_size(type);
        if (at > reader->types_end) return NULL;
        if (number ? i == number
                   : BTF_INFO_KIND(type->info) == kind &&
                         strcmp(name(reader, type->name_off), wanted) == 0) {
            return type;
        }
    }
    return NULL;
}

static int64_t member_offset(
    const struct reader *reader, const struct btf_type *type, const char *wanted, int depth)
{
    if (!type || depth > 8) return -1;
    const struct btf_member *members = (const struct btf_member *)(type + 1);
    int has_bit_fields = BTF_INFO_KFLAG(type->info);
    for (uint32_t i = 0; i < BTF_INFO_VLEN(type->info); i++) {
        uint32_t bits = has_bit_fields ? members[i].offset & 0xffffff : members[i].offset;
        const char *own = name(reader, members[i].name_off);
        if (strcmp(own, wanted) == 0) return bits / 8;
        if (*own) continue;
        // A structure without a name: its members count as those of the outer one.
        const struct btf_type *inner = find(reader, members[i].type, 0, NULL);
        uint32_t kind = inner ? BTF_INFO_KIND(inner->info) : 0;
        if (kind != BTF_KIND_STRUCT && kind != BTF_KIND_UNION) continue;
        int64_t found = member_offset(reader, inner, wanted, depth + 1);
        if (found >= 0) return bits / 8 + found;
    }
    return -1;
}

static bool open_data(struct reader *reader, const uint8_t *btf, uint64_t size)
{
    const struct btf_header *header = (const struct btf_header *)btf;
    if (size < sizeof *header || header->magic != BTF_MAGIC) return false;
    uint64_t types = (uint64_t)header->hdr_len + header->type_off;
    uint64_t strings = (uint64_t)header->hdr_len + header->str_off;
    if (types + header->type_len > size || strings + header->str_len > size) return false;
    if (header->str_len == 0 || btf[strings + header->str_len - 1] != 0) return false;
    *reader = (struct reader){
        btf + types, btf + types + header->type_len, (const char *)btf + strings, header->str_len};
    return true;
}

int64_t host_btf_offset(
    const uint8_t *btf, uint64_t size, const char *structure, const char *member)
{
    struct reader reader;
    if (!open_data(&reader, btf, size)) return -1;
    return member_offset(&reader, find(&reader, 0, BTF_KIND_STRUCT, structure), member, 0);
}

int64_t host_btf_size(const uint8_t *btf, uint64_t size, const char *structure)
{
    struct reader reader;
    if (!open_data(&reader, btf, size)) return -1;
    const struct btf_type *type = find(&reader, 0, BTF_KIND_STRUCT, structure);
    return type ? type->size : -1;
}

int64_t host_btf_constant(
    const uint8_t *btf, uint64_t size, const char *enumeration, const char *wanted)
{
    struct reader reader;
    if (!open_data(&reader, btf, size)) return -1;
    const struct btf_type *type = find(&reader, 0, BTF_KIND_ENUM, enumeration);
    const struct btf_enum *constants = (const struct btf_enum *)(type + 1);
    for (uint32_t i = 0; type && i < BTF_INFO_VLEN(type->info); i++) {
        if (strcmp(name(&reader, constants[i].name_off), wanted) == 0) return constants[i].val;
    }
    return -1;
}

uint8_t *host_btf_load(uint64_t *size)
{
    int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    struct stat info;
    uint8_t *data = NULL;
    uint64_t length = 0;
    if (fstat(fd, &info) == 0 && info.st_size > 0) data = malloc((uint64_t)info.st_size);
    ssize_t got = 0;
    while (data && length < (uint64_t)info.st_size &&
           (got = read(fd, data + length, (uint64_t)info.st_size - length)) > 0) {
        length += (uint64_t)got;
    }
    close(fd);
    if (!data) errno = EINVAL;
    *size = length;
    return data;
}
