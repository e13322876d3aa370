/* found.h - journals that were looked into last, each with the places of its frames. Private to view/. Not thread-safe. */
#ifndef XFELX_VIEW_FOUND_H
#define XFELX_VIEW_FOUND_H

#include "view/view.h"

struct found_journals;

struct found_journals *found_journals_make(void); /* NULL: no memory */
void found_journals_free(struct found_journals *j);

/* As view_shelf_found. The first look at a journal reads it once (1 GB/s or what the disk gives), later ones what was written since
 * then, and the frame's record. */
bool found_read(struct found_journals *j, const char *path, uint32_t source, uint32_t frame, struct arena *a,
                struct result *out, bool *found, struct error *err);

#endif
