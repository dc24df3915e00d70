/* log.h's way from events to lines where there is one thread: each event becomes its line at once. */
#include "log.h"

#include "record/chatlog.h"

#include <errno.h>
#include <stdlib.h>

#define TEXT_BYTES ((size_t)1 << 16)

struct blocks {
    char *text; /* [room] the line being made */
    size_t room;
};

bool lines_start(struct lines *lines, uint32_t makers)
{
    (void)makers;
    struct blocks *const blocks = calloc(1, sizeof *blocks);
    char *const text = malloc(TEXT_BYTES);
    lines->running = blocks != NULL && text != NULL;
    lines->error = lines->running ? 0 : ENOMEM;
    if (lines->running) {
        *blocks = (struct blocks){ text, TEXT_BYTES };
        lines->blocks = blocks;
        return true;
    }
    free(blocks);
    free(text);
    return false;
}

bool lines_put(struct lines *lines, const struct fl_log_event *event)
{
    struct blocks *const blocks = lines->blocks;
    size_t n = lines->write(lines->scenario, lines->agent_names, event, blocks->text, blocks->room);
    if (n > blocks->room) {
        char *const larger = realloc(blocks->text, n);
        if (larger == NULL) {
            lines->sink->error = ENOMEM;
            return false;
        }
        *blocks = (struct blocks){ larger, n };
        n = lines->write(lines->scenario, lines->agent_names, event, blocks->text, blocks->room);
    }
    lines->count++;
    return sink_put(lines->sink, blocks->text, n);
}

void lines_end(struct lines *lines, bool keep)
{
    (void)keep; /* every line has been sent */
    if (!lines->running) return;
    free(lines->blocks->text);
    free(lines->blocks);
    lines->blocks = NULL;
    lines->running = false;
}
