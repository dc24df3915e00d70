/* Reads HTTP/1.1 responses, in pieces as they arrive, down to the lines of the protocol that their bodies hold. No socket, no
 * clock: bytes in, lines out, and the same lines however the bytes are cut.
 *
 * A body is JSON objects, one behind the other, or a JSON array of objects; blanks and line ends between them do not matter, an
 * object may stand over several lines, and an empty body is no line. What is no object is handed out up to its line end, for
 * the scanner of the protocol to refuse and quote.
 *
 * Of HTTP (RFC 9112): Content-Length, chunked with extensions and trailers, a body up to the end of the connection,
 * Connection: close and keep-alive, HTTP/1.0, interim responses. Refused: any status but 2xx, other transfer codings, any
 * content coding, lengths that contradict each other, folded or ill-formed fields, a head or trailers of more than 64 KiB. */
#ifndef FL_ENGINE_HTTP_RESPONSE_H
#define FL_ENGINE_HTTP_RESPONSE_H

#include "engine/protocol.h"

#define FL_HTTP_HEAD_MAX 65536u
#define FL_HTTP_FIELD_MAX 8192u /* bytes of one line of it */

enum fl_http_got {
    FL_HTTP_MORE, /* all bytes are used up */
    FL_HTTP_LINE, /* a line of the body */
    FL_HTTP_END,  /* the response is whole; what follows belongs to the next */
};

/* Zeroed at the start of a connection, but for `line`. */
struct fl_http_response {
    uint8_t phase;       /* of enum phase, http_response.c */
    uint8_t place;       /* in the body: of enum place, likewise */
    bool begun;          /* a byte of the response at hand has come */
    bool keeps;          /* the connection serves the next request too; valid at FL_HTTP_END */
    bool minor_0, close, keep_alive, chunked, has_length; /* of the head */
    bool in_array;       /* so the body began with "[" */
    bool in_text, escaped;
    uint32_t depth;      /* of brackets of the object at hand */
    uint32_t status;
    uint32_t head_bytes;
    uint64_t left;       /* bytes of the body, or of the chunk, that are to come */
    size_t field_length, line_length;
    char field[FL_HTTP_FIELD_MAX];
    char *line;          /* borrowed: FL_PROTOCOL_LINE_MAX bytes */
    char problem[160];   /* as in struct fl_channel */
};

/* Reads on: *used of the bytes are done with, of which *got tells what came. For FL_HTTP_LINE, response->line has line_length bytes, which may be
 * changed and live until the next call. FL_EENGINE with the problem: the connection is of no more use. Linear in the bytes. */
FL_MUST_CHECK enum fl_status fl_http_read(struct fl_http_response *response, const char *bytes, size_t length, size_t *used, enum fl_http_got *got);

/* The connection has ended: FL_HTTP_LINE and then FL_HTTP_END where that is how the body ends, FL_HTTP_MORE when no response had begun;
 * FL_EENGINE with the problem in the middle of one. */
FL_MUST_CHECK enum fl_status fl_http_read_end(struct fl_http_response *response, enum fl_http_got *got);

#endif
