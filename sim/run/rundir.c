#include "run/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum fl_status fail(struct fl_rundir *dir, const char *what, const char *path)
{
    const char *why = strerror(errno);
    if (dir->problem[0] == '\0') snprintf(dir->problem, sizeof dir->problem, "cannot %s %.300s: %s", what, path, why);
    return FL_EIO;
}

static bool join(char out[4096], const char *folder, const char *name)
{
    const int n = snprintf(out, 4096, "%s/%s", folder, name);
    return n > 0 && n < 4096;
}

/* Removes a directory of plain files. */
static void remove_files(const char *path)
{
    char file[4096];
    DIR *list = opendir(path);
    if (list == NULL) return;
    for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && join(file, path, entry->d_name)) unlink(file);
    closedir(list);
    rmdir(path);
}

static bool is_run(const char *path)
{
    char manifest[4096];
    struct stat info;
    return join(manifest, path, "manifest.json") && stat(manifest, &info) == 0;
}

static bool is_empty(const char *path)
{
    DIR *list = opendir(path);
    uint32_t entries = 0;
    if (list == NULL) return false;
    while (readdir(list) != NULL) entries++;
    closedir(list);
    return entries <= 2;
}

enum fl_status fl_rundir_open(struct fl_rundir *dir, const char *path)
{
    struct stat info;
    size_t length = strlen(path);
    *dir = (struct fl_rundir){ 0 };
    while (length > 1 && path[length - 1] == '/') length--;
    errno = ENAMETOOLONG;
    if (length == 0 || length > 3800) return fail(dir, "create", path);
    memcpy(dir->final, path, length);
    if (lstat(dir->final, &info) == 0 && !(S_ISDIR(info.st_mode) && (is_run(dir->final) || is_empty(dir->final)))) {
        errno = EEXIST;
        return fail(dir, "replace what is no run directory,", dir->final);
    }
    const char *slash = strrchr(dir->final, '/');
    const int stem = slash == NULL ? 0 : (int)(slash - dir->final) + 1;
    snprintf(dir->hidden, sizeof dir->hidden, "%.*s.%.200s.%ld.part", stem, dir->final, dir->final + stem, (long)getpid());
    if (mkdir(dir->hidden, 0777) != 0) return fail(dir, "create", dir->hidden);
    return FL_OK;
}

FILE *fl_rundir_begin(struct fl_rundir *dir, const char *name)
{
    char path[4096];
    errno = ENAMETOOLONG;
    FILE *file = join(path, dir->hidden, name) ? fopen(path, "wb") : NULL;
    if (file == NULL) fail(dir, "create", name);
    return file;
}

enum fl_status fl_rundir_end(struct fl_rundir *dir, const char *name, FILE *file)
{
    const bool bad = ferror(file) != 0 || fflush(file) != 0 || fsync(fileno(file)) != 0;
    const int why = errno;
    if (fclose(file) != 0 || bad) {
        if (bad) errno = why;
        return fail(dir, "write", name);
    }
    return FL_OK;
}

enum fl_status fl_rundir_write(struct fl_rundir *dir, const char *name, const void *bytes, size_t length)
{
    FILE *file = fl_rundir_begin(dir, name);
    if (file == NULL) return FL_EIO;
    if (length > 0) fwrite(bytes, 1, length, file);
    return fl_rundir_end(dir, name, file);
}

enum fl_status fl_rundir_close(struct fl_rundir *dir)
{
    char old[4200];
    snprintf(old, sizeof old, "%s.old", dir->hidden);
    const bool replaces = access(dir->final, F_OK) == 0;
    if (replaces && rename(dir->final, old) != 0) {
        const enum fl_status status = fail(dir, "replace", dir->final);
        fl_rundir_abandon(dir);
        return status;
    }
    if (rename(dir->hidden, dir->final) != 0) {
        const enum fl_status status = fail(dir, "create", dir->final);
        if (replaces && rename(old, dir->final) != 0) fail(dir, "restore", dir->final);
        fl_rundir_abandon(dir);
        return status;
    }
    if (replaces) remove_files(old);
    return FL_OK;
}

void fl_rundir_abandon(struct fl_rundir *dir)
{
    if (dir->hidden[0] != '\0') remove_files(dir->hidden);
}
