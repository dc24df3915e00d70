/* "engine": the link to an outside engine. */
#include "scenario/read.h"

const struct fl_engine_def fl_engine_neutral = {
    .connect_timeout = 5 * FL_SECOND,
    .timeout = 10 * FL_SECOND,
    .close_timeout = 2 * FL_SECOND,
    .write_buffer = 1048576,
    .retries = 2,
    .http_pipeline = 1,
};

#define FL_HERE struct fl_engine_def
static const struct fl_key http_keys[] = {
    COUNT("pipeline", http_pipeline, 1, 64),
};
static const struct fl_object http_object = { .keys = http_keys, .keys_count = FL_COUNTOF(http_keys) };

static const struct fl_key engine_keys[] = {
    DURATION("connect_timeout", connect_timeout, 0.001, 3600),
    DURATION("timeout", timeout, 0.001, 86400),
    DURATION("close_timeout", close_timeout, 0.001, 3600),
    COUNT("write_buffer", write_buffer, 65536, 1073741824),
    COUNT("retries", retries, 0, 1000),
    OBJECT("http", http_object),
};
#undef FL_HERE
const struct fl_object fl_engine_object = { .keys = engine_keys, .keys_count = FL_COUNTOF(engine_keys) };
