/* Where the bytes of `fenliu log` and of transcripts go: see log.h. */
#include "command.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifndef FENLIU_CORE
#include <zstd.h>
#endif

#define PACKED_BYTES ((size_t)1 << 20)
#define DUE_BYTES    ((uint64_t)16 << 20) /* chosen: enough for the disk to write in one go */

/* Bytes that lie in memory until the end would have the disk idle until then, and us wait for it after that. */
static void ask_disk(struct sink *sink)
{
#ifdef __linux__
    if (sink->final == NULL || sink->written - sink->due < DUE_BYTES) return;
    sync_file_range(sink->file, (off_t)sink->due, (off_t)(sink->written - sink->due), SYNC_FILE_RANGE_WRITE); /* fsync tells of faults */
    sink->due = sink->written;
#else
    (void)sink;
#endif
}

static bool write_out(struct sink *sink, const char *bytes, size_t length)
{
    while (sink->error == 0 && length > 0) {
        const ssize_t n = write(sink->file, bytes, length);
        if (n < 0 && errno == EINTR && !interrupted) continue;
        if (n < 0) {
            sink->error = errno;
            break;
        }
        bytes += n;
        length -= (size_t)n;
        sink->written += (uint64_t)n;
    }
    if (sink->error == 0) ask_disk(sink);
    return sink->error == 0;
}

#ifndef FENLIU_CORE
static void pack_out(struct sink *sink, const char *bytes, size_t length, bool last)
{
    ZSTD_inBuffer in = { bytes, length, 0 };
    for (bool more = true; more && sink->error == 0;) {
        ZSTD_outBuffer out = { sink->packed, PACKED_BYTES, 0 };
        const size_t left = ZSTD_compressStream2(sink->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left)) sink->error = ENOMEM; /* the only way it can fail on memory of ours */
        else write_out(sink, sink->packed, out.pos);
        more = last ? left > 0 : in.pos < in.size;
    }
}
#endif

bool sink_put(struct sink *sink, const char *bytes, size_t length)
{
    sink->bytes += length;
#ifndef FENLIU_CORE
    if (sink->zstd != NULL) {
        pack_out(sink, bytes, length, false);
        return sink->error == 0;
    }
#endif
    return write_out(sink, bytes, length);
}

static void open_neighbour(struct sink *sink, const char *path)
{
    const char *slash = strrchr(path, '/');
    const int stem = slash == NULL ? 0 : (int)(slash - path) + 1;
    const int n = snprintf(sink->hidden, sizeof sink->hidden, "%.*s.%s.%ld.part", stem, path, path + stem, (long)getpid());
    errno = ENAMETOOLONG;
    sink->file = n < (int)sizeof sink->hidden ? open(sink->hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (sink->file >= 0) sink->final = path;
}

/* A pipe holds 64 KiB unless asked for more: reader and writer would wait for each other eleven thousand times in 700 MB, and with
 * every core busy making lines each of these waits is long (measured: a fifth of the time). */
static void widen_pipe(int file)
{
#ifdef F_SETPIPE_SZ
    struct stat info;
    if (fstat(file, &info) == 0 && S_ISFIFO(info.st_mode)) fcntl(file, F_SETPIPE_SZ, 1 << 20); /* the most that needs no privilege; a favour */
#else
    (void)file;
#endif
}

bool sink_open(struct sink *sink, const char *command, const char *path, bool compress)
{
    struct stat info;
    *sink = (struct sink){ .file = STDOUT_FILENO, .command = command, .name = path != NULL ? path : "stdout" };
#ifndef FENLIU_CORE
    if (compress) {
        sink->zstd = ZSTD_createCCtx();
        sink->packed = malloc(PACKED_BYTES);
        if (sink->zstd == NULL || sink->packed == NULL) sink->error = ENOMEM;
        else ZSTD_CCtx_setParameter(sink->zstd, ZSTD_c_checksumFlag, 1);
    }
#else
    (void)compress;
#endif
    if (path == NULL) widen_pipe(sink->file);
    if (path == NULL || sink->error != 0) return sink->error == 0;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) sink->file = open(path, O_WRONLY | O_CLOEXEC);
    else open_neighbour(sink, path);
    if (sink->file < 0) sink->error = errno;
    return sink->error == 0;
}

static void close_file(struct sink *sink, bool keep)
{
    if (sink->final != NULL) {
        if (keep && sink->error == 0 && fsync(sink->file) != 0) sink->error = errno;
        if (close(sink->file) != 0 && sink->error == 0) sink->error = errno;
        if (keep && sink->error == 0 && rename(sink->hidden, sink->final) != 0) sink->error = errno;
        if (!keep || sink->error != 0) unlink(sink->hidden);
    } else if (sink->file > STDOUT_FILENO && close(sink->file) != 0 && sink->error == 0) {
        sink->error = errno;
    }
}

int sink_close(struct sink *sink, bool keep)
{
#ifndef FENLIU_CORE
    if (keep && sink->error == 0 && sink->zstd != NULL) pack_out(sink, NULL, 0, true);
#endif
    close_file(sink, keep);
#ifndef FENLIU_CORE
    ZSTD_freeCCtx(sink->zstd);
    free(sink->packed);
#endif
    if (sink->error == 0) return EXIT_DONE;
    fprintf(stderr, "fenliu %s: cannot write %s: %s\n", sink->command, sink->name, strerror(sink->error));
    return EXIT_UNWRITTEN;
}
