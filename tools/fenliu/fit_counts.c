/* fenliu fit of counts per interval. */
#include "fit.h"

#include <math.h>

bool fit_arrivals_to_scenario(const struct fl_arrivals *arrivals, cJSON *fitted)
{
    cJSON *traffic = cJSON_GetObjectItemCaseSensitive(fitted, "traffic");
    if (traffic == NULL) traffic = cJSON_AddObjectToObject(fitted, "traffic");
    cJSON *const profile = cJSON_CreateObject();
    cJSON *const hourly = cJSON_CreateDoubleArray(arrivals->hourly, 24);
    if (traffic == NULL || hourly == NULL || !cJSON_AddItemToObject(profile, "hourly", hourly) || !cJSON_AddItemToObject(traffic, "profile", profile)) {
        cJSON_Delete(hourly);
        cJSON_Delete(profile);
        return false;
    }
    double weekdays[7];
    for (int w = 0; w < 7; w++) weekdays[w] = isnan(arrivals->weekdays[w]) ? 0 : arrivals->weekdays[w];
    cJSON *const factors = cJSON_CreateDoubleArray(weekdays, 7);
    return factors != NULL && cJSON_AddItemToObject(traffic, "weekdays", factors) &&
           cJSON_AddNumberToObject(traffic, "chats_per_day", arrivals->chats_per_day) != NULL;
}

int fit_counts(const struct fit_options *options, struct fit_answer *answer)
{
    (void)answer;
    fprintf(stderr, "fenliu fit: %s: counts are not read yet\n", options->common->files[0]);
    return EXIT_USAGE;
}
