/* refl.h - a table as the bytes of a .refl file: DIALS' reflection table, version 1 (FORMATS 2). Private to sink/. */
#ifndef XFELX_SINK_REFL_H
#define XFELX_SINK_REFL_H

#include "sink/kept.h"

/* Append the file's bytes. Columns, types and order are those of FORMATS 2.4; shoeboxes adds that column to strong and
 * indexed tables and needs frames with pixels. Fails (ERROR_UNSUPPORTED) when a column would not fit into 4 GiB. */
bool refl_bytes(const struct table *t, bool shoeboxes, struct str *out, struct error *err);

/* The same bytes into an open file, without shoeboxes, for frames whose rows are not here: load(arg, f) gives a frame with its rows,
 * which live until the next call. Memory: the rows of one frame. path: for messages. */
struct refl_rows {
    const struct kept_frame *(*load)(void *arg, const struct kept_frame *f, struct error *err);
    void *arg;
};
bool refl_write(const struct table *t, const struct refl_rows *rows, int fd, const char *path,
                struct error *err);

#endif
