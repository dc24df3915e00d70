#include "scenario/recording.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MAX (UINT32_C(1) << 31)

/* Room for `more` further items of a list that doubles. */
static bool grow(void **list, uint32_t *room, uint32_t count, uint32_t more, size_t each)
{
    if (more > ROOM_MAX - count) return false;
    if (count + more <= *room) return true;
    uint32_t wanted = *room < 64 ? 64 : *room;
    while (wanted < count + more) wanted *= 2;
    void *const larger = realloc(*list, wanted * each);
    if (larger == NULL) return false;
    *list = larger;
    *room = wanted;
    return true;
}

enum fl_status fl_recording_add(struct fl_recording *recording, const struct fl_recorded_chat *chat, const struct fl_recorded_round rounds[],
                                uint32_t rounds_count, const fl_time gaps[], uint32_t gaps_count)
{
    if (!grow((void **)&recording->chats, &recording->chats_room, recording->chats_count, 1, sizeof *recording->chats) ||
        !grow((void **)&recording->rounds, &recording->rounds_room, recording->rounds_count, rounds_count, sizeof *recording->rounds) ||
        !grow((void **)&recording->gaps, &recording->gaps_room, recording->gaps_count, gaps_count, sizeof *recording->gaps))
        return FL_EFULL;
    struct fl_recorded_chat *const added = &recording->chats[recording->chats_count++];
    *added = *chat;
    added->rounds_from = recording->rounds_count;
    added->rounds = rounds_count;
    uint32_t gap = recording->gaps_count;
    for (uint32_t i = 0; i < rounds_count; i++) {
        struct fl_recorded_round *const round = &recording->rounds[recording->rounds_count++];
        *round = rounds[i];
        round->gaps_from = gap;
        gap += round->messages - 1;
    }
    if (gaps_count > 0) memcpy(recording->gaps + recording->gaps_count, gaps, gaps_count * sizeof *gaps);
    recording->gaps_count += gaps_count;
    return FL_OK;
}

/* rounds_from grows with each chat that is added, so it tells chats of one instant apart. */
static int by_time(const void *a, const void *b)
{
    const struct fl_recorded_chat *const first = a, *const second = b;
    if (first->at != second->at) return first->at < second->at ? -1 : 1;
    return first->rounds_from < second->rounds_from ? -1 : first->rounds_from > second->rounds_from;
}

void fl_recording_sort(struct fl_recording *recording)
{
    if (recording->chats_count > 1) qsort(recording->chats, recording->chats_count, sizeof *recording->chats, by_time);
}

uint32_t fl_recording_find(const struct fl_recording *recording, fl_time at)
{
    uint32_t low = 0, high = recording->chats_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (recording->chats[middle].at >= at) high = middle;
        else low = middle + 1;
    }
    return low;
}

void fl_recording_free(struct fl_recording *recording)
{
    if (recording == NULL) return;
    free(recording->chats);
    free(recording->rounds);
    free(recording->gaps);
    free(recording);
}
