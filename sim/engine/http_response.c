#include "engine/http_response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CHUNK_DIGITS_MAX 15u /* no chunk has 2^60 bytes */

enum phase {
    PHASE_STATUS,
    PHASE_FIELDS,
    PHASE_LENGTH, /* a body of known length */
    PHASE_TO_END, /* a body up to the end of the connection */
    PHASE_CHUNK_SIZE,
    PHASE_CHUNK,
    PHASE_CHUNK_END, /* the line end behind a chunk */
    PHASE_TRAILERS,
    PHASE_BODY_END, /* a last line may be left in it */
    PHASE_END,
};

/* Where in the body we are. */
enum place {
    PLACE_START,       /* nothing but blanks yet */
    PLACE_BETWEEN,     /* objects without an array around them */
    PLACE_ARRAY_START, /* behind "[" */
    PLACE_ARRAY_NEXT,  /* behind a comma */
    PLACE_ARRAY_AFTER, /* behind an object */
    PLACE_ARRAY_END,   /* behind "]" */
    PLACE_OBJECT,
    PLACE_GARBAGE,
};

__attribute__((format(printf, 2, 3))) static enum fl_status refuse(struct fl_http_response *r, const char *form, ...)
{
    va_list arguments;
    va_start(arguments, form);
    vsnprintf(r->problem, sizeof r->problem, form, arguments);
    va_end(arguments);
    return FL_EENGINE;
}

/* ---- Lines of the head --------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "HTTP/1.1 200 OK" */
static enum fl_status take_status(struct fl_http_response *r)
{
    const char *const f = r->field;
    const bool version = strncmp(f, "HTTP/1.", 7) == 0 && is_digit(f[7]) && f[8] == ' ';
    if (!version || !is_digit(f[9]) || !is_digit(f[10]) || !is_digit(f[11]) || (f[12] != ' ' && f[12] != '\0'))
        return refuse(r, "does not speak HTTP/1.1: \"%.60s\"", f);
    r->minor_0 = f[7] == '0';
    r->status = (uint32_t)((f[9] - '0') * 100 + (f[10] - '0') * 10 + (f[11] - '0'));
    if (r->status < 100 || r->status == 101) return refuse(r, "answers with \"%.60s\"", f);
    if (r->status >= 200 && r->status <= 299) return FL_OK;
    if (r->status < 200) return FL_OK;
    return refuse(r, "answers with \"%.60s\"%s", f + 9, r->status < 400 ? " (redirects are not followed)" : "");
}

static bool is_token(const char *text, size_t length)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < length; i++) {
        const char c = text[i], lower = (char)(c | 0x20);
        if (!is_digit(c) && !(lower >= 'a' && lower <= 'z') && (c == '\0' || strchr(others, c) == NULL)) return false;
    }
    return length > 0;
}

/* Whether a list such as "a, close" has the word. */
static bool lists(const char *list, const char *word)
{
    const size_t length = strlen(word);
    while (*list != '\0') {
        list += strspn(list, ", \t");
        const size_t item = strcspn(list, ",");
        size_t end = item;
        while (end > 0 && is_blank(list[end - 1])) end--;
        if (end == length && strncasecmp(list, word, length) == 0) return true;
        list += item;
    }
    return false;
}

static enum fl_status take_length(struct fl_http_response *r, const char *value)
{
    uint64_t length = 0;
    const size_t digits = strspn(value, "0123456789");
    if (digits == 0 || digits > 18 || value[digits] != '\0') return refuse(r, "sends a Content-Length that is none: \"%.40s\"", value);
    for (size_t i = 0; i < digits; i++) length = 10 * length + (uint64_t)(value[i] - '0');
    if (r->has_length && length != r->left) return refuse(r, "sends two different Content-Lengths");
    r->has_length = true;
    r->left = length;
    return FL_OK;
}

/* "Name: value" */
static enum fl_status take_field(struct fl_http_response *r)
{
    char *const colon = strchr(r->field, ':');
    if (colon == NULL || !is_token(r->field, (size_t)(colon - r->field))) return refuse(r, "sends an ill-formed header line: \"%.60s\"", r->field);
    char *value = colon + 1, *end = r->field + r->field_length;
    while (is_blank(*value)) value++;
    while (end > value && is_blank(end[-1])) *--end = '\0';
    *colon = '\0';
    if (strcasecmp(r->field, "Content-Length") == 0) return take_length(r, value);
    if (strcasecmp(r->field, "Connection") == 0) {
        r->close |= lists(value, "close");
        r->keep_alive |= lists(value, "keep-alive");
    } else if (strcasecmp(r->field, "Transfer-Encoding") == 0) {
        if (r->chunked || strcasecmp(value, "chunked") != 0) return refuse(r, "sends a Transfer-Encoding that was not asked for: \"%.40s\"", value);
        r->chunked = true;
    } else if (strcasecmp(r->field, "Content-Encoding") == 0 && strcasecmp(value, "identity") != 0) {
        return refuse(r, "sends a Content-Encoding that was not asked for: \"%.40s\"", value);
    }
    return FL_OK;
}

static void start_over(struct fl_http_response *r, bool begun)
{
    r->phase = PHASE_STATUS;
    r->place = PLACE_START;
    r->begun = begun;
    r->close = r->keep_alive = r->chunked = r->has_length = r->in_array = false;
    r->head_bytes = 0;
    r->left = 0;
    r->field_length = 0;
    r->line_length = 0;
}

/* RFC 9112 section 6.3: how long the body is. A message with both a length and chunks is read as chunked, and the
 * connection is not trusted after it. */
static void head_end(struct fl_http_response *r)
{
    r->keeps = r->minor_0 ? r->keep_alive && !r->close : !r->close;
    if (r->status < 200) {
        start_over(r, true);
    } else if (r->status == 204) {
        r->phase = PHASE_BODY_END;
    } else if (r->chunked) {
        r->keeps &= !r->has_length && !r->minor_0;
        r->phase = PHASE_CHUNK_SIZE;
    } else if (r->has_length) {
        r->phase = PHASE_LENGTH;
        if (r->left == 0) r->phase = PHASE_BODY_END;
    } else {
        r->keeps = false;
        r->phase = PHASE_TO_END;
    }
}

static int hex_of(char c)
{
    const char lower = (char)(c | 0x20);
    return is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* "1a;extension" */
static enum fl_status take_chunk_size(struct fl_http_response *r)
{
    size_t digits = 0;
    r->left = 0;
    for (; hex_of(r->field[digits]) >= 0 && digits <= CHUNK_DIGITS_MAX; digits++) r->left = 16 * r->left + (uint64_t)hex_of(r->field[digits]);
    size_t after = digits;
    while (is_blank(r->field[after])) after++;
    if (digits == 0 || digits > CHUNK_DIGITS_MAX || (r->field[after] != '\0' && r->field[after] != ';'))
        return refuse(r, "sends a chunk without its size: \"%.40s\"", r->field);
    r->phase = r->left == 0 ? PHASE_TRAILERS : PHASE_CHUNK;
    r->head_bytes = 0;
    return FL_OK;
}

static enum fl_status take_line_of_head(struct fl_http_response *r)
{
    enum fl_status status = FL_OK;
    if (strlen(r->field) != r->field_length) return refuse(r, "sends a NUL byte in a header line");
    switch ((enum phase)r->phase) {
    case PHASE_STATUS:
        if (r->field_length == 0) break; /* a line too many behind the last body */
        status = take_status(r);
        r->phase = PHASE_FIELDS;
        break;
    case PHASE_FIELDS:
        if (r->field_length == 0) head_end(r);
        else status = take_field(r);
        break;
    case PHASE_CHUNK_SIZE: status = take_chunk_size(r); break;
    case PHASE_CHUNK_END:
        if (r->field_length != 0) status = refuse(r, "sends a chunk that is longer than its size");
        r->phase = PHASE_CHUNK_SIZE;
        break;
    case PHASE_TRAILERS:
        if (r->field_length == 0) r->phase = PHASE_BODY_END;
        break;
    default: break;
    }
    r->field_length = 0;
    return status;
}

/* Up to a line end, which may be a bare LF (RFC 9112 section 2.2). */
static enum fl_status read_head(struct fl_http_response *r, const char *bytes, size_t length, size_t *used)
{
    const char *const newline = memchr(bytes, '\n', length);
    const size_t size = newline != NULL ? (size_t)(newline - bytes) : length;
    *used = size + (newline != NULL);
    r->head_bytes += (uint32_t)(*used < FL_HTTP_HEAD_MAX ? *used : FL_HTTP_HEAD_MAX);
    if (r->field_length + size >= sizeof r->field) return refuse(r, "sends a header line of more than %u bytes", FL_HTTP_FIELD_MAX - 1);
    if (r->head_bytes > FL_HTTP_HEAD_MAX) return refuse(r, "sends headers of more than %u bytes", FL_HTTP_HEAD_MAX);
    memcpy(r->field + r->field_length, bytes, size);
    r->field_length += size;
    if (newline == NULL) return FL_OK;
    if (r->field_length > 0 && r->field[r->field_length - 1] == '\r') r->field_length--;
    r->field[r->field_length] = '\0';
    return take_line_of_head(r);
}

/* ---- The body ------------------------------------------------------------------------------------ */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum fl_status add(struct fl_http_response *r, char c)
{
    if (r->line_length == FL_PROTOCOL_LINE_MAX - 1) return refuse(r, "sent a line of more than %u bytes", FL_PROTOCOL_LINE_MAX);
    r->line[r->line_length++] = c;
    return FL_OK;
}

static enum fl_status begin_line(struct fl_http_response *r, enum place place, char c)
{
    r->place = (uint8_t)place;
    r->line_length = 0;
    r->depth = place == PLACE_OBJECT;
    r->in_text = r->escaped = false;
    return add(r, c);
}

/* A byte that belongs to no object yet. */
static enum fl_status take_between(struct fl_http_response *r, char c)
{
    const enum place place = (enum place)r->place;
    if (is_space(c)) return FL_OK;
    if (place == PLACE_ARRAY_END) return refuse(r, "goes on behind the array of its answer");
    if (place == PLACE_START && c == '[') {
        r->place = PLACE_ARRAY_START;
        r->in_array = true;
    } else if ((place == PLACE_ARRAY_START || place == PLACE_ARRAY_AFTER) && c == ']') {
        r->place = PLACE_ARRAY_END;
    } else if (place == PLACE_ARRAY_AFTER && c == ',') {
        r->place = PLACE_ARRAY_NEXT;
    } else if (place != PLACE_ARRAY_AFTER && c == '{') {
        return begin_line(r, PLACE_OBJECT, c);
    } else if (!r->in_array) {
        return begin_line(r, PLACE_GARBAGE, c);
    } else {
        return refuse(r, "answers with an array that holds something else than objects with commas between");
    }
    return FL_OK;
}

/* A byte of an object, which ends with the bracket that closes its first. Whether it is well formed is the scanner's to say. */
static enum fl_status take_within(struct fl_http_response *r, char c, bool *whole)
{
    if (r->in_text) {
        if (!r->escaped && c == '"') r->in_text = false;
        r->escaped = !r->escaped && c == '\\';
    } else if (c == '"') {
        r->in_text = true;
    } else if (c == '{' || c == '[') {
        r->depth++;
    } else if (c == '}' || c == ']') {
        r->depth--;
    }
    *whole = r->depth == 0;
    if (*whole) r->place = r->in_array ? PLACE_ARRAY_AFTER : PLACE_BETWEEN;
    return add(r, !r->in_text && (c == '\n' || c == '\r') ? ' ' : c); /* a line holds no line ends */
}

static enum fl_status take_garbage(struct fl_http_response *r, char c, bool *whole)
{
    *whole = c == '\n';
    if (!*whole) return add(r, c);
    r->place = PLACE_BETWEEN;
    return FL_OK;
}

/* Until a line is whole, or all bytes are read. */
static enum fl_status read_body(struct fl_http_response *r, const char *bytes, size_t length, size_t *used, bool *whole)
{
    enum fl_status status = FL_OK;
    *whole = false;
    for (*used = 0; *used < length && !*whole && status == FL_OK; ++*used) {
        const char c = bytes[*used];
        status = r->place == PLACE_OBJECT    ? take_within(r, c, whole)
                 : r->place == PLACE_GARBAGE ? take_garbage(r, c, whole)
                                             : take_between(r, c);
    }
    return status;
}

/* What stands at the end of the body without an end of its own. */
static enum fl_status end_body(struct fl_http_response *r, bool *line)
{
    *line = r->place == PLACE_OBJECT || r->place == PLACE_GARBAGE;
    if (r->in_array && r->place != PLACE_ARRAY_END) return refuse(r, "ends its answer within an array");
    r->phase = PHASE_END;
    return FL_OK;
}

/* ---- The response -------------------------------------------------------------------------------- */

static bool is_in_body(const struct fl_http_response *r)
{
    return r->phase == PHASE_LENGTH || r->phase == PHASE_CHUNK || r->phase == PHASE_TO_END;
}

static enum fl_status read_part(struct fl_http_response *r, const char *bytes, size_t length, size_t *used, bool *line)
{
    const bool counts = r->phase != PHASE_TO_END;
    const enum fl_status status = read_body(r, bytes, counts && r->left < length ? (size_t)r->left : length, used, line);
    if (!counts) return status;
    r->left -= *used;
    if (r->left == 0) r->phase = r->phase == PHASE_CHUNK ? PHASE_CHUNK_END : PHASE_BODY_END;
    return status;
}

/* Line ends before a response are no part of it: some servers write one too many behind a body. */
static size_t blank_lines(const struct fl_http_response *r, const char *bytes, size_t length)
{
    size_t blank = 0;
    if (r->phase != PHASE_STATUS || r->field_length > 0) return 0;
    while (blank < length && (bytes[blank] == '\r' || bytes[blank] == '\n')) blank++;
    return blank;
}

/* One step; whether something came of it. */
static enum fl_status step(struct fl_http_response *r, const char *bytes, size_t length, size_t *used, enum fl_http_got *got)
{
    bool line = false;
    enum fl_status status = FL_OK;
    *used = 0;
    if (r->phase == PHASE_BODY_END) {
        status = end_body(r, &line);
    } else if (r->phase == PHASE_END) {
        start_over(r, false);
        *got = FL_HTTP_END;
    } else if (is_in_body(r)) {
        status = read_part(r, bytes, length, used, &line);
    } else {
        r->begun = true;
        status = read_head(r, bytes, length, used);
    }
    if (line) *got = FL_HTTP_LINE;
    return status;
}

enum fl_status fl_http_read(struct fl_http_response *r, const char *bytes, size_t length, size_t *used, enum fl_http_got *got)
{
    *got = FL_HTTP_MORE;
    *used = 0;
    for (;;) {
        *used += blank_lines(r, bytes + *used, length - *used);
        if (*used == length && r->phase != PHASE_BODY_END && r->phase != PHASE_END) return FL_OK;
        size_t taken;
        const enum fl_status status = step(r, bytes + *used, length - *used, &taken, got);
        *used += taken;
        if (status != FL_OK || *got != FL_HTTP_MORE) return status;
    }
}

enum fl_status fl_http_read_end(struct fl_http_response *r, enum fl_http_got *got)
{
    size_t used;
    *got = FL_HTTP_MORE;
    if (r->phase == PHASE_STATUS && !r->begun) return FL_OK;
    if (r->phase == PHASE_TO_END) r->phase = PHASE_BODY_END;
    if (r->phase != PHASE_BODY_END && r->phase != PHASE_END) return refuse(r, "closed the connection in the middle of its answer");
    return fl_http_read(r, "", 0, &used, got);
}
