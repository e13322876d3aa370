/* assets.h - the pages: files of pages/ and the libraries they use, embedded in the program. Private to web/.
 *
 * They are served below assets/SUM/, where SUM is made of all of them: names inside of modules stay as they are written, a browser
 * may keep each for ever, and a new version of the program has new addresses.
 */
#ifndef XFELX_WEB_ASSETS_H
#define XFELX_WEB_ASSETS_H

#include "base/base.h"

struct asset {
    const char *name, *type;
    const char *text;
    size_t size;
    bool
        at_once; /* what every page needs; other modules are loaded with the page that imports them (import()) */
    struct str gzip; /* empty: not smaller */
};

struct assets {
    struct asset *rows;
    size_t n;
    char sum[9];
};

/* Sum and compress them, once at the start. */
void assets_make(struct arena *a, struct assets *out);
void assets_free(struct assets *a);

const struct asset *assets_find(const struct assets *a, const char *name); /* NULL: there is none */

/* The page itself: index.html with {base}, {assets}, {preload}, {title} filled in (escaped for attributes and text). */
bool assets_page(const struct assets *a, const char *prefix, const char *title, struct str *out);

/* Text for an attribute's value or an element. */
void assets_escape(struct str *out, const char *text);

#endif
