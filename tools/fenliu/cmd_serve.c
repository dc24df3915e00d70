/* fenliu serve: the page in a browser on this machine, with runs at native speed. */
#include "command.h"
#include "serve/guard.h"
#include "serve/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: fenliu serve [options] [FOLDER]\n"
    "Serves the page to a browser on this machine; what it asks is run here, at native speed. Results go to FOLDER/runs.\n"
    "FOLDER is the current one by default; scenarios in it can be named. Ctrl-C ends it and what it runs.\n"
    "      --port N             port (default 8080, or the next that is free; 0: any)\n"
    "      --listen ADDRESS     listen there instead of 127.0.0.1; only with --token, and whoever has that may run things here\n"
    "      --token FILE|TEXT    16 to 200 characters, or a file that holds them (which no list of processes shows)\n"
    "      --limit SECONDS      longest run (default 3600)\n"
    "example: fenliu serve results --port 0\n"
    "exit: 0 ended by Ctrl-C, 130 the same while something ran, 2 bad usage or a build without serve, 3 cannot listen there, 5 internal\n";

struct choice {
    const char *port, *listen, *token, *limit;
};

static int take_serve_option(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct choice *const choice = context;
    const struct { const char *name; const char **to; } known[] = {
        { "--port", &choice->port }, { "--listen", &choice->listen }, { "--token", &choice->token }, { "--limit", &choice->limit } };
    (void)options;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        const char *const value = option_value(argc, argv, i, known[k].name);
        if (value == NULL) continue;
        *known[k].to = value;
        return value[0] == '\0' ? -1 : 1;
    }
    return 0;
}

static bool number_between(const char *name, const char *text, unsigned long most, unsigned long *out)
{
    char *end;
    errno = 0;
    *out = strtoul(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *out <= most) return true;
    fprintf(stderr, "fenliu serve: %s: wanted a whole number of at most %lu, got \"%s\"\n", name, most, text);
    return false;
}

/* From the file of that name, where there is one. Printable ASCII, as it travels in headers and addresses. */
static bool token_read(const char *given, char out[GUARD_TOKEN_MOST + 1])
{
    FILE *const file = fopen(given, "r");
    if (file != NULL) {
        const size_t length = fread(out, 1, GUARD_TOKEN_MOST, file);
        out[length] = '\0';
        fclose(file);
        out[strcspn(out, "\r\n")] = '\0';
    } else {
        snprintf(out, GUARD_TOKEN_MOST + 1, "%.*s", (int)GUARD_TOKEN_MOST, given);
    }
    const size_t length = strlen(out);
    bool plain = length >= GUARD_TOKEN_LEAST && (file != NULL || strlen(given) <= GUARD_TOKEN_MOST);
    for (size_t i = 0; i < length; i++)
        plain &= (out[i] >= '0' && out[i] <= '9') || (out[i] >= 'A' && out[i] <= 'Z') || (out[i] >= 'a' && out[i] <= 'z') || strchr("-._~", out[i]) != NULL;
    if (!plain) fprintf(stderr, "fenliu serve: --token: wanted 16 to 200 letters, digits or -._~, or a file that holds them\n");
    return plain;
}

static bool is_own_address(const char *address)
{
    return strcmp(address, "127.0.0.1") == 0 || strcmp(address, "localhost") == 0 || strcmp(address, "::1") == 0;
}

int cmd_serve(int argc, char **argv)
{
    struct options options;
    struct choice choice = { .listen = "127.0.0.1" };
    char token[GUARD_TOKEN_MOST + 1] = "";
    unsigned long port = 8080, limit_s = 3600;
    if (!options_read(&options, argc, argv, take_serve_option, &choice)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (options.files_count > 1 || options.overrides_count > 0 || options.json || options.has_seed || options.replications > 0 || options.out != NULL) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (choice.port != NULL && !number_between("--port", choice.port, 65535, &port)) return EXIT_USAGE;
    if (choice.limit != NULL && !number_between("--limit", choice.limit, 1000000, &limit_s)) return EXIT_USAGE;
    if (choice.token != NULL && !token_read(choice.token, token)) return EXIT_USAGE;
    if (!is_own_address(choice.listen) && choice.token == NULL) {
        fprintf(stderr, "fenliu serve: --listen %s lets others in: wanted --token with it\n", choice.listen);
        return EXIT_USAGE;
    }
#ifdef FENLIU_SERVE
    const struct serve_setup setup = { options.files_count > 0 ? options.files[0] : ".", choice.listen, token, (uint16_t)port, choice.port == NULL, limit_s };
    return serve(&setup);
#else
    fputs("fenliu serve: this program was built without libwebsockets: install libwebsockets-dev and build again\n", stderr);
    return EXIT_USAGE;
#endif
}
