/* Ctrl-C and its like, of which a program in a browser has none. */
#include "command.h"

#include <signal.h>

atomic_bool interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = true;
}

void interrupts_watch(void)
{
    struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND }; /* a second Ctrl-C ends at once */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error, told by exit code 4, and so is a file beyond its limit */
    signal(SIGXFSZ, SIG_IGN);
}
