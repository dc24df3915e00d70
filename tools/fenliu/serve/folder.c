#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MOST 8 /* of folders that are removed; a run directory has one below it */

/* ---- Names and paths --------------------------------------------------------------------------- */

bool folder_name_holds(const char *name)
{
    const size_t length = strlen(name);
    if (length == 0 || length > FOLDER_NAME_MOST || name[0] == '.' || name[0] == '-') return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f || name[i] == '/' || name[i] == '\\') return false;
    return true;
}

bool folder_run_name_holds(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    if (digits != 8 || name[8] != '-') return false;
    if (strspn(name + 9, "0123456789") != 6 || name[15] != '-') return false;
    digits = strspn(name + 16, "0123456789");
    return digits >= 1 && digits <= 9 && name[16 + digits] == '\0';
}

/* Walks to the last part, which is opened with these flags. */
static int open_below(int directory, const char *path, int flags)
{
    char part[FOLDER_NAME_MOST + 1];
    int at = dup(directory);
    while (at >= 0) {
        const char *const slash = strchr(path, '/');
        const size_t length = slash == NULL ? strlen(path) : (size_t)(slash - path);
        if (length > FOLDER_NAME_MOST) break;
        memcpy(part, path, length);
        part[length] = '\0';
        if (!folder_name_holds(part)) break;
        const int next = openat(at, part, (slash == NULL ? flags : O_RDONLY | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
        const int why = errno;
        close(at);
        errno = why;
        at = next;
        if (slash == NULL || at < 0) return at;
        path = slash + 1;
    }
    if (at >= 0) close(at);
    errno = ENOENT;
    return -1;
}

int folder_file(int directory, const char *path)
{
    struct stat info;
    const int fd = open_below(directory, path, O_RDONLY | O_NONBLOCK); /* a pipe of that name must not hold us up */
    if (fd < 0 || (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))) return fd;
    close(fd);
    errno = ENOENT;
    return -1;
}

int folder_directory(int directory, const char *path)
{
    return open_below(directory, path, O_RDONLY | O_DIRECTORY);
}

/* ---- Files ------------------------------------------------------------------------------------- */

bool folder_read(int directory, const char *path, size_t most, struct fl_text *out)
{
    char buffer[16384];
    ssize_t got = 0;
    const int fd = folder_file(directory, path);
    if (fd < 0) return false;
    errno = 0;
    while (out->length <= most && !out->full && (got = read(fd, buffer, sizeof buffer)) > 0) fl_text_add_bytes(out, buffer, (size_t)got);
    const int why = out->length > most ? EFBIG : out->full ? ENOMEM : got < 0 ? errno : 0;
    close(fd);
    errno = why;
    return why == 0;
}

bool folder_write(int directory, const char *name, const char *bytes, size_t length)
{
    const int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return false;
    int why = 0;
    for (size_t done = 0; done < length && why == 0;) {
        const ssize_t put = write(fd, bytes + done, length - done);
        if (put > 0) done += (size_t)put;
        else if (put == 0 || errno != EINTR) why = put == 0 ? EIO : errno;
    }
    if (close(fd) != 0 && why == 0) why = errno;
    errno = why;
    return why == 0;
}

static bool is_self_or_up(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void remove_below(int directory, const char *name, int depth)
{
    if (unlinkat(directory, name, 0) == 0 || depth == DEPTH_MOST) return;
    const int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *const entries = fd < 0 ? NULL : fdopendir(fd);
    if (entries == NULL) {
        if (fd >= 0) close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (!is_self_or_up(entry->d_name)) remove_below(fd, entry->d_name, depth + 1);
    closedir(entries);
    unlinkat(directory, name, AT_REMOVEDIR);
}

void folder_remove(int directory, const char *name)
{
    remove_below(directory, name, 0);
}

/* ---- Listings ---------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What may be named in a directory, sorted; each and the list to be freed. */
static char **names_of(int directory, uint32_t *count)
{
    const int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const entries = fd < 0 ? NULL : fdopendir(fd);
    char **names = NULL;
    uint32_t room = 0;
    *count = 0;
    if (entries == NULL) {
        if (fd >= 0) close(fd);
        return NULL;
    }
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (!folder_name_holds(entry->d_name)) continue;
        if (*count == room) {
            char **const larger = realloc(names, (room = room == 0 ? 64 : 2 * room) * sizeof *names);
            if (larger == NULL) break;
            names = larger;
        }
        if ((names[*count] = strdup(entry->d_name)) != NULL) ++*count;
    }
    closedir(entries);
    if (*count > 0) qsort(names, *count, sizeof *names, by_name);
    return names;
}

static void names_free(char **names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) free(names[i]);
    free(names);
}

static void list_below(int directory, const char *prefix, uint32_t *listed, struct fl_text *out)
{
    uint32_t count;
    char path[2 * FOLDER_NAME_MOST + 2];
    struct stat info;
    char **const names = names_of(directory, &count);
    for (uint32_t i = 0; i < count && *listed < FOLDER_LISTED_MOST; i++) {
        if (fstatat(directory, names[i], &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
        snprintf(path, sizeof path, "%s%s%s", prefix, *prefix == '\0' ? "" : "/", names[i]);
        if (S_ISREG(info.st_mode)) {
            fl_text_add(out, "%s{\"name\":", *listed > 0 ? "," : "");
            fl_text_add_json(out, path);
            fl_text_add(out, ",\"bytes\":%lld}", (long long)info.st_size);
            ++*listed;
        } else if (S_ISDIR(info.st_mode) && *prefix == '\0') {
            const int below = folder_directory(directory, names[i]);
            if (below < 0) continue;
            list_below(below, names[i], listed, out);
            close(below);
        }
    }
    names_free(names, count);
}

void folder_list(int directory, struct fl_text *out)
{
    uint32_t listed = 0;
    fl_text_add(out, "[");
    list_below(directory, "", &listed, out);
    fl_text_add(out, "]");
}

uint32_t folder_runs(const struct folder *folder, char **names, uint32_t most)
{
    uint32_t count, taken = 0;
    char **const all = names_of(folder->results, &count);
    for (uint32_t i = count; i > 0; i--) {
        if (taken < most && folder_run_name_holds(all[i - 1])) names[taken++] = all[i - 1];
        else free(all[i - 1]);
    }
    free(all);
    return taken;
}

bool folder_run_directory(const struct folder *folder, const char *run, char out[FOLDER_NAME_MOST + 1])
{
    uint32_t count;
    bool found = false;
    const int directory = folder_run_name_holds(run) ? folder_directory(folder->results, run) : -1;
    if (directory < 0) return false;
    char **const names = names_of(directory, &count);
    for (uint32_t i = 0; i < count && !found; i++) {
        char path[FOLDER_NAME_MOST + 20];
        snprintf(path, sizeof path, "%s/manifest.json", names[i]);
        const int manifest = folder_file(directory, path);
        if (manifest < 0) continue;
        close(manifest);
        found = true;
        snprintf(out, FOLDER_NAME_MOST + 1, "%s", names[i]);
    }
    names_free(names, count);
    close(directory);
    return found;
}

/* ---- Opening ----------------------------------------------------------------------------------- */

static bool refuse(struct folder *folder, const char *path, const char *why)
{
    fprintf(stderr, "fenliu serve: %s: %s\n", path, why);
    folder_close(folder);
    return false;
}

/* Hidden names of runs: they were under way when an earlier one was killed. */
static void clear_unfinished(const struct folder *folder)
{
    const int fd = openat(folder->results, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const entries = fd < 0 ? NULL : fdopendir(fd);
    if (entries == NULL) {
        if (fd >= 0) close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (entry->d_name[0] == '.' && folder_run_name_holds(entry->d_name + 1)) folder_remove(folder->results, entry->d_name);
    closedir(entries);
}

bool folder_open(struct folder *folder, const char *path)
{
    char absolute[PATH_MAX];
    *folder = (struct folder){ .root = -1, .results = -1 };
    if (realpath(path, absolute) == NULL || (folder->root = open(absolute, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        return refuse(folder, path, errno == ENOTDIR ? "wanted a folder" : strerror(errno));
    }
    if (mkdirat(folder->root, "runs", 0755) != 0 && errno != EEXIST) return refuse(folder, path, strerror(errno));
    folder->results = openat(folder->root, "runs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder->results < 0) return refuse(folder, path, "its runs is no folder, and that is where results go");
    if (flock(folder->results, LOCK_EX | LOCK_NB) != 0) return refuse(folder, path, "another fenliu serve has this folder");
    snprintf(folder->results_path, sizeof folder->results_path, "%.4096s/runs", absolute);
    clear_unfinished(folder);
    return true;
}

void folder_close(struct folder *folder)
{
    if (folder->root >= 0) close(folder->root);
    if (folder->results >= 0) close(folder->results);
    folder->root = folder->results = -1;
}
