/* journaling.h - a rank's journal while frames are processed: batches are safe on disk before anybody hears of them, room is there
 * before frames are begun, a full disk is waited for. Private to parallel/; all by the writer thread, but for the slots.
 */
#ifndef XFELX_PARALLEL_JOURNALING_H
#define XFELX_PARALLEL_JOURNALING_H

#include "sink/sink.h"

#include <signal.h>
#include <stdatomic.h>

struct journaling {
    struct journal *journal;           /* NULL: nothing is journaled */
    double full_wait;                  /* s */
    const volatile sig_atomic_t *stop; /* not 0: a full disk is not waited for */
    int64_t full_since, tried;         /* monotonic; 0: there is room */
    atomic_int_fast64_t
        *full_t; /* UTC ns since when the disk is full, for others to see; 0: there is room. NULL: nobody */
};

/* Is a try of a frame the last one? (STORE 5.4) */
bool journaling_final(const struct result *r);

/* Add a result to the batch; a large batch is written. */
bool journaling_put(struct journaling *w, const struct result *r, struct error *err);

/* Make the batch safe. While the disk is full it is tried again every ten seconds; ERROR_NO_SPACE after full_wait. */
bool journaling_sync(struct journaling *w, struct error *err);

/* Have room for so many more frames. A full disk is said once and tried again every ten seconds, by whoever calls then. */
enum journaling_room {
    ROOM,
    ROOM_NONE, /* begin no frame for now */
    ROOM_OVER, /* for longer than full_wait: end */
    ROOM_LOST, /* err: the disk is broken */
};
enum journaling_room journaling_room(struct journaling *w, uint64_t frames, struct error *err);

#endif
