/* fenliu fit of message logs. */
#include "fit.h"

int fit_messages(const struct fit_options *options, struct fit_answer *answer)
{
    (void)answer;
    fprintf(stderr, "fenliu fit: %s: message logs are not read yet, only counts per interval\n", options->common->files[0]);
    return EXIT_USAGE;
}
