/* api_frame.h - the frame that an address names, for the routes below frames/JOB/SOURCE/FRAME. Private to web/.
 *
 * A frame is named by job, source and number; the file that is opened is the one that the database has for it, never a name from the
 * wire.
 */
#ifndef XFELX_WEB_API_FRAME_H
#define XFELX_WEB_API_FRAME_H

#include "web/api.h"

struct api_frame {
    struct store_look_row row;
    struct store_look_lattice *lattices;
    size_t n;
    int64_t job;
};

/* The frame that the path names; false: the answer says what is wrong, and the arena is freed. */
bool api_find_frame(struct store *s, const struct web_request *q, struct web_answer *a, struct arena *arena,
                    struct api_frame *out);

#endif
