/* fenliu.html as it is served: the file that opens by a double click, whose policy names its script and style by their hashes. As a file it carries
 * that policy itself and may ask nobody; served it comes in a header, which also lets the page ask serve, and in its place stands what tells the
 * page so. One document, one request, and still nothing runs in it but what was built. */
#include "document.h"

#include <string.h>

#ifdef FENLIU_PAGE_DOCUMENT
__asm__(".pushsection .rodata\n"
        ".global fenliu_page_document\nfenliu_page_document:\n.incbin \"" FENLIU_PAGE_DOCUMENT "\"\n"
        ".global fenliu_page_document_end\nfenliu_page_document_end:\n.byte 0\n"
        ".popsection\n");
extern const char fenliu_page_document[], fenliu_page_document_end[];
#define DOCUMENT (&fenliu_page_document[0])
#define DOCUMENT_BYTES ((size_t)(fenliu_page_document_end - fenliu_page_document))
#else
#define DOCUMENT ""
#define DOCUMENT_BYTES ((size_t)0)
#endif

void document_make(struct fl_text *page, struct fl_text *policy)
{
    static const char opens[] = "<meta http-equiv=\"Content-Security-Policy\" content=\"", closes[] = "\">";
    const char *const at = memmem(DOCUMENT, DOCUMENT_BYTES, opens, sizeof opens - 1);
    if (at == NULL) return; /* built without it */
    const char *const from = at + sizeof opens - 1, *const to = strstr(from, closes), *const rest = to + sizeof closes - 1;
    fl_text_add_bytes(policy, from, (size_t)(to - from));
    fl_text_add(policy, "; connect-src 'self'; frame-ancestors 'none'");
    fl_text_add_bytes(page, DOCUMENT, (size_t)(at - DOCUMENT));
    fl_text_add(page, "<meta name=\"fenliu-serve\" content=\"1\">");
    fl_text_add_bytes(page, rest, DOCUMENT_BYTES - (size_t)(rest - DOCUMENT));
    if (page->full || policy->full) fl_text_free(page);
}
