/* A file line by line, however long it is: plain, or compressed with zstd, which its first bytes tell. */
#ifndef FENLIU_FILE_LINES_H
#define FENLIU_FILE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FILE_LINE_MAX ((size_t)1 << 20) /* bytes of a line with its newline */

/* What is said of a first line that is no UTF-8: spreadsheets of Chinese systems save CSV so. */
#define FILE_NOT_UTF8 "not UTF-8; where it is GBK, as spreadsheets save it: iconv -f GB18030 -t UTF-8 FILE > NEW"

struct file_lines {
    FILE *file;
    void *zstd;           /* NULL: plain */
    char *packed, *room;  /* owned */
    size_t packed_from, packed_to;
    size_t from, to;      /* room[from, to) is there and not handed out */
    bool packed_ended, inside; /* the file has no more bytes; a frame of zstd is not at its end */
    bool cut;             /* the last line had no newline, or the compressed file stops inside */
    char problem[160];    /* "" while all is well */
};

/* path "-": standard input. false with the problem: it cannot be read, is UTF-16, or is compressed and this is a core build. Close it all
 * the same. */
bool file_lines_open(struct file_lines *lines, const char *path);
/* The next line without its newline, which may be changed in place and lives until the next call. false: there are no more, or
 * there is a problem (unreadable, damaged, or a line beyond FILE_LINE_MAX). */
bool file_lines_next(struct file_lines *lines, char **line, size_t *length);
/* The next bytes, at most `room`, whatever lines they are; 0: the end or a problem. */
size_t file_lines_take(struct file_lines *lines, char *to, size_t room);
/* The first bytes of the file, at most 64 KiB, as they will be handed out. */
const char *file_lines_peek(const struct file_lines *lines, size_t *length);
void file_lines_close(struct file_lines *lines);
/* Standard input, a pipe or a device: what was read of it cannot be read again. */
bool file_is_stream(const char *path);

#endif
