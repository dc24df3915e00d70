#include "fit/estimate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more; false: no memory, which is noted. */
static bool grow(struct fl_estimates *all, void **list, size_t count, size_t *room, size_t each)
{
    if (count < *room) return true;
    const size_t wanted = *room == 0 ? 16 : *room * 2;
    void *const larger = realloc(*list, wanted * each);
    if (larger == NULL) {
        all->full = true;
        return false;
    }
    *list = larger;
    *room = wanted;
    return true;
}

void fl_estimates_add(struct fl_estimates *all, const struct fl_estimate *estimate)
{
    void *list = all->list;
    if (!grow(all, &list, all->count, &all->room, sizeof *all->list)) return;
    all->list = list;
    all->list[all->count++] = *estimate;
}

void fl_goodness_add(struct fl_estimates *all, const struct fl_goodness *goodness)
{
    void *list = all->goodness;
    if (!grow(all, &list, all->goodness_count, &all->goodness_room, sizeof *all->goodness)) return;
    all->goodness = list;
    all->goodness[all->goodness_count++] = *goodness;
}

void fl_estimates_free(struct fl_estimates *all)
{
    free(all->list);
    free(all->goodness);
    *all = (struct fl_estimates){ 0 };
}

struct fl_estimate fl_estimate_of(const char *path, const char *unit, double value, double low, double high, uint64_t n)
{
    struct fl_estimate e = { .unit = unit, .value = value, .low = low, .high = high, .n = n, .known = true, .sure = true,
                             .had = NAN, .wanted = NAN };
    snprintf(e.path, sizeof e.path, "%s", path);
    return e;
}

struct fl_estimate fl_estimate_unknown(const char *path, const char *unit, const char *why, double had, double wanted)
{
    struct fl_estimate e = { .unit = unit, .value = NAN, .low = NAN, .high = NAN, .why = why, .had = had, .wanted = wanted };
    snprintf(e.path, sizeof e.path, "%s", path);
    return e;
}

const struct fl_estimate *fl_estimates_find(const struct fl_estimates *all, const char *path)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->list[i].path, path) == 0) return &all->list[i];
    return NULL;
}
