/* embedded.h - files that are part of the program (templates of job scripts, pages): made from the tree by scripts/embed. */
#ifndef XFELX_BASE_EMBEDDED_H
#define XFELX_BASE_EMBEDDED_H

#include <stddef.h>

struct embedded {
    const char *name; /* without its folder; NULL: the end of a row of files */
    const char *text;
};

extern const struct embedded embedded_templates[]; /* templates/ */
extern const struct embedded
    embedded_pages[]; /* internal/web/pages/ and the modules of vendor/ that they use */

#endif
