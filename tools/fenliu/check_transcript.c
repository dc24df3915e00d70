/* fenliu check TRANSCRIPT. */
#include "check.h"

#include "engine/transcript.h"
#include "engine/transcript_check.h"

#include <assert.h>

#define FAULTS_SAID 100u

static_assert(FILE_LINE_MAX == FL_TRANSCRIPT_LINE_MAX, "a line that a transcript may have is read");

struct saying {
    const char *path;
    cJSON *faults; /* NULL: to stderr */
    uint64_t count;
};

static void say_fault(void *context, uint64_t line, const char *text)
{
    struct saying *const saying = context;
    if (saying->count++ >= FAULTS_SAID) return;
    if (saying->faults == NULL) {
        fprintf(stderr, "%s:%llu: %s\n", saying->path, (unsigned long long)line, text);
        return;
    }
    cJSON *const fault = cJSON_CreateObject();
    cJSON_AddNumberToObject(fault, "line", (double)line);
    cJSON_AddStringToObject(fault, "text", text);
    cJSON_AddItemToArray(saying->faults, fault);
}

static void describe(const struct fl_transcript_counts *counts, cJSON *entry)
{
    cJSON *const json = cJSON_AddObjectToObject(entry, "transcript");
    cJSON_AddStringToObject(json, "scenario", counts->scenario);
    cJSON_AddStringToObject(json, "engine", counts->engine);
    cJSON_AddStringToObject(json, "mode", counts->live ? "realtime" : "lockstep");
    cJSON_AddNumberToObject(json, "lines", (double)counts->lines);
    cJSON_AddNumberToObject(json, "workers", counts->workers);
    cJSON_AddNumberToObject(json, "days", (double)counts->days);
    cJSON_AddNumberToObject(json, "events", (double)counts->events);
    cJSON_AddNumberToObject(json, "chats", (double)counts->chats);
    cJSON_AddNumberToObject(json, "decisions", (double)counts->decisions);
    cJSON_AddNumberToObject(json, "refusals", (double)counts->refusals);
    cJSON *const link = cJSON_AddObjectToObject(json, "link");
    cJSON_AddNumberToObject(link, "faults", (double)counts->link_faults);
    cJSON_AddNumberToObject(link, "lost", (double)counts->lost);
    cJSON_AddNumberToObject(link, "garbled", (double)counts->garbled);
    cJSON_AddNumberToObject(link, "doubled", (double)counts->doubled);
    cJSON_AddNumberToObject(link, "displaced", (double)counts->displaced);
    cJSON_AddNumberToObject(link, "excused", (double)counts->excused);
}

static void print(const char *path, const struct fl_transcript_counts *counts)
{
    printf("%s: valid\n", path);
    printf("  transcript  of \"%s\" with engine %s, %s\n", counts->scenario, counts->engine, counts->live ? "in real time" : "in lockstep");
    printf("  lines       %llu, of %u %s and %llu %s\n", (unsigned long long)counts->lines, counts->workers, counts->workers == 1 ? "worker" : "workers",
           (unsigned long long)counts->days, counts->days == 1 ? "day" : "days");
    printf("  events      %llu, of which %llu chats to be routed; decisions %llu\n", (unsigned long long)counts->events, (unsigned long long)counts->chats,
           (unsigned long long)counts->decisions);
    if (counts->link_faults == 0) return;
    printf("  link        %llu faults: lines lost %llu, garbled %llu, doubled %llu, out of order %llu; breaches that were its doing, not the engine's %llu\n",
           (unsigned long long)counts->link_faults, (unsigned long long)counts->lost, (unsigned long long)counts->garbled,
           (unsigned long long)counts->doubled, (unsigned long long)counts->displaced, (unsigned long long)counts->excused);
}

/* FL_OK, FL_EFULL, or FL_EIO with the reader's problem. */
static enum fl_status check_lines(struct file_lines *lines, struct fl_transcript_check *check)
{
    char *line;
    size_t length;
    enum fl_status status = FL_OK;
    while (status == FL_OK && !interrupted && file_lines_next(lines, &line, &length)) status = fl_transcript_check_line(check, line, length);
    if (interrupted) return FL_EINTERRUPTED;
    if (status != FL_OK) return status;
    if (lines->problem[0] != '\0') return FL_EIO;
    fl_transcript_check_end(check, lines->cut);
    return FL_OK;
}

static bool check_all(struct file_lines *lines, const char *path, bool quiet, cJSON *report)
{
    cJSON *const entry = report != NULL ? cJSON_CreateObject() : NULL;
    struct saying saying = { path, entry != NULL ? cJSON_CreateArray() : NULL, 0 };
    struct fl_transcript_check *check = NULL;
    enum fl_status status = fl_transcript_check_open(say_fault, &saying, &check);
    if (status == FL_OK) status = check_lines(lines, check);
    const uint64_t at = check != NULL ? fl_transcript_check_counts(check)->lines : 0;
    if (status == FL_EFULL) say_fault(&saying, at, "not enough memory to go on");
    else if (status != FL_OK) say_fault(&saying, at + 1, status == FL_EIO ? lines->problem : "interrupted");
    const bool ok = saying.count == 0;
    if (entry != NULL) {
        cJSON_AddStringToObject(entry, "file", path);
        cJSON_AddBoolToObject(entry, "valid", ok);
        if (check != NULL) describe(fl_transcript_check_counts(check), entry);
        cJSON_AddItemToObject(entry, "faults", saying.faults);
        cJSON_AddNumberToObject(entry, "more", saying.count > FAULTS_SAID ? (double)(saying.count - FAULTS_SAID) : 0);
        cJSON_AddItemToArray(report, entry);
    } else if (ok && !quiet) {
        print(path, fl_transcript_check_counts(check));
    } else if (saying.count > FAULTS_SAID) {
        fprintf(stderr, "%s: %llu more faults\n", path, (unsigned long long)(saying.count - FAULTS_SAID));
    }
    fl_transcript_check_free(check);
    return ok;
}

bool check_transcript(struct file_lines *lines, const char *path, bool quiet, cJSON *report, bool *ok)
{
    size_t length = 0;
    const char *const begin = file_lines_peek(lines, &length);
    if (!fl_transcript_is(begin, length)) return false;
    *ok = check_all(lines, path, quiet, report);
    return true;
}
