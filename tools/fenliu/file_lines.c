#include "file_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifndef FENLIU_CORE
#include <zstd.h>
#endif

#define PACKED_BYTES ((size_t)128 << 10)
#define ROOM_BYTES (2 * FILE_LINE_MAX)

static bool fail(struct file_lines *lines, const char *what)
{
    snprintf(lines->problem, sizeof lines->problem, "%s", what);
    return false;
}

/* Bytes of the file as it lies on the disk; none at its end. */
static bool read_packed(struct file_lines *lines)
{
    if (lines->packed_from < lines->packed_to || lines->packed_ended) return true;
    lines->packed_from = 0;
    lines->packed_to = fread(lines->packed, 1, PACKED_BYTES, lines->file);
    lines->packed_ended = lines->packed_to == 0;
    return ferror(lines->file) == 0 || fail(lines, strerror(errno));
}

/* More into the room; false at the end or with a problem. */
static bool fill(struct file_lines *lines)
{
    if (lines->from > 0) {
        memmove(lines->room, lines->room + lines->from, lines->to - lines->from);
        lines->to -= lines->from;
        lines->from = 0;
    }
    const size_t before = lines->to;
    while (lines->to == before && lines->problem[0] == '\0') {
        if (!read_packed(lines)) return false;
#ifndef FENLIU_CORE
        if (lines->zstd != NULL) {
            ZSTD_inBuffer in = { lines->packed, lines->packed_to, lines->packed_from };
            ZSTD_outBuffer out = { lines->room, ROOM_BYTES, lines->to };
            const size_t left = ZSTD_decompressStream(lines->zstd, &out, &in);
            const bool moved = in.pos > lines->packed_from || out.pos > lines->to;
            if (ZSTD_isError(left)) return fail(lines, "the compressed bytes are damaged");
            lines->packed_from = in.pos;
            lines->to = out.pos;
            if (moved) lines->inside = left > 0;
            if (!moved && lines->packed_ended) break;
            continue;
        }
#endif
        const size_t left = lines->packed_to - lines->packed_from, room = ROOM_BYTES - lines->to, n = left < room ? left : room;
        if (n == 0) break;
        memcpy(lines->room + lines->to, lines->packed + lines->packed_from, n);
        lines->packed_from += n;
        lines->to += n;
    }
    return lines->to > before;
}

bool file_lines_open(struct file_lines *lines, const char *path)
{
    static const unsigned char magic[] = { 0x28, 0xB5, 0x2F, 0xFD };
    *lines = (struct file_lines){ .file = NULL };
    errno = 0;
    lines->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (lines->file == NULL) return fail(lines, strerror(errno));
    lines->packed = malloc(PACKED_BYTES);
    lines->room = malloc(ROOM_BYTES);
    if (lines->packed == NULL || lines->room == NULL) return fail(lines, "not enough memory");
    if (!read_packed(lines)) return false;
    if (lines->packed_to >= sizeof magic && memcmp(lines->packed, magic, sizeof magic) == 0) {
#ifdef FENLIU_CORE
        return fail(lines, "built without zstd (a core build); unpack it with the zstd command");
#else
        lines->zstd = ZSTD_createDCtx();
        if (lines->zstd == NULL) return fail(lines, "not enough memory");
#endif
    }
    (void)fill(lines);
    if (lines->to >= 2 && (memcmp(lines->room, "\xFF\xFE", 2) == 0 || memcmp(lines->room, "\xFE\xFF", 2) == 0))
        return fail(lines, "it is UTF-16, wanted UTF-8: iconv -f UTF-16 -t UTF-8 FILE > NEW");
    return lines->problem[0] == '\0';
}

bool file_is_stream(const char *path)
{
    struct stat info;
    return strcmp(path, "-") == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode));
}

const char *file_lines_peek(const struct file_lines *lines, size_t *length)
{
    *length = lines->to - lines->from;
    return lines->room + lines->from;
}

size_t file_lines_take(struct file_lines *lines, char *to, size_t room)
{
    if (lines->from == lines->to && !fill(lines)) return 0;
    const size_t there = lines->to - lines->from, n = there < room ? there : room;
    memcpy(to, lines->room + lines->from, n);
    lines->from += n;
    return n;
}

bool file_lines_next(struct file_lines *lines, char **line, size_t *length)
{
    size_t seen = 0;
    for (;;) {
        char *const at = lines->room + lines->from;
        char *const newline = memchr(at + seen, '\n', lines->to - lines->from - seen);
        seen = lines->to - lines->from;
        *line = at;
        if (newline != NULL) {
            *length = (size_t)(newline - at);
            lines->from += *length + 1;
            return true;
        }
        if (seen >= FILE_LINE_MAX) return fail(lines, "a line of more than a megabyte");
        if (fill(lines)) continue;
        lines->cut |= lines->inside || seen > 0;
        *line = lines->room + lines->from;
        *length = seen;
        lines->from = lines->to;
        return lines->problem[0] == '\0' && seen > 0;
    }
}

void file_lines_close(struct file_lines *lines)
{
    if (lines->file != NULL && lines->file != stdin) fclose(lines->file);
#ifndef FENLIU_CORE
    ZSTD_freeDCtx(lines->zstd);
#endif
    free(lines->packed);
    free(lines->room);
    *lines = (struct file_lines){ .file = NULL };
}
