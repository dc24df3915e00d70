/* The cheapest engine there is: gives chats to the agents in turn, whoever is there, and reads no more of a line than it
 * must. What driving it costs is the cost of the exchange. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (1 << 20)
#define AGENTS_MAX 20000

static char line[LINE_MAX_BYTES];
static char there[AGENTS_MAX];

static long number(const char *key)
{
    const char *const at = strstr(line, key);
    return at == NULL ? -1 : strtol(at + strlen(key), NULL, 10);
}

static long next_there(long after)
{
    for (long i = 1; i <= AGENTS_MAX; i++)
        if (there[(after + i) % AGENTS_MAX]) return (after + i) % AGENTS_MAX;
    return -1;
}

int main(void)
{
    long last = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "{\"t\":\"hello\"", 12) == 0) {
            puts("{\"t\":\"hello\",\"proto\":1,\"engine\":\"echo\"}");
        } else if (strncmp(line, "{\"t\":\"agent\"", 12) == 0) {
            const long agent = number(",\"agent\":");
            if (agent >= 0 && agent < AGENTS_MAX) there[agent] = strstr(line, "\"state\":\"available\"") != NULL;
        } else if (strncmp(line, "{\"t\":\"begin\"", 12) == 0) {
            memset(there, 0, sizeof there);
        } else if (strncmp(line, "{\"t\":\"chat\"", 11) == 0) {
            const long agent = next_there(last);
            if (agent < 0) {
                printf("{\"t\":\"leave\",\"chat\":%ld}\n", number(",\"chat\":"));
            } else {
                printf("{\"t\":\"assign\",\"chat\":%ld,\"agent\":%ld}\n", number(",\"chat\":"), agent);
                last = agent;
            }
        }
        const long event = number(",\"n\":");
        if (event >= 0 && strncmp(line, "{\"t\":\"error\"", 12) != 0) printf("{\"t\":\"ack\",\"n\":%ld}\n", event);
        fflush(stdout);
    }
    return 0;
}
