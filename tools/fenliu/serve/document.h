/* The page that is served. */
#ifndef FENLIU_SERVE_DOCUMENT_H
#define FENLIU_SERVE_DOCUMENT_H

#include "record/text.h"

/* The page and its Content-Security-Policy; both stay empty in a build without the page, or without memory for it. */
void document_make(struct fl_text *page, struct fl_text *policy);

#endif
