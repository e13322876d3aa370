/* tunes.h - what is being tried on frames: each in a process of its own, with limits of time and memory, so that a fault there is none
 * here. Private to web/. Thread-safe.
 */
#ifndef XFELX_WEB_TUNES_H
#define XFELX_WEB_TUNES_H

#include "base/base.h"

struct tunes;

enum tune_state { TUNE_RUNNING, TUNE_DONE, TUNE_FAILED };

/* What to try. Texts are copied.
 *
 * command   of our own program: "tune", or "mask", which takes the same
 * name      of who asks: he may have one running
 * journal   that has the frame; maps: facility.path_map, ends with NULL, or NULL
 * phil      the changes; NULL: none
 * frames    on how many frames
 * ending    of mask: not its JSON is wanted, but the mask as a file of this ending ("nxs", …; letters only); NULL: JSON
 */
struct tune_wish {
    const char *command, *name, *journal, *phil, *ending;
    const char *const *maps;
    uint32_t source, frame;
    int frames;
};

struct tunes *tunes_make(void);

/* Those that run are ended; their threads must have been waited for before tunes_free. */
void tunes_stop(struct tunes *t);
void tunes_free(struct tunes *t);

/* Take a wish. Its number; 0: ERROR_BUSY, he has one running, or too many are. */
int64_t tunes_begin(struct tunes *t, const struct tune_wish *w, struct error *err);

/* It will not be done after all. */
void tunes_drop(struct tunes *t, int64_t id);

/* Do it, in this thread: up to its limit of time. */
void tunes_run(struct tunes *t, int64_t id);

/* How it stands; false: there is none of this number, or it was forgotten (32 are kept). body: the program's JSON, or the file, when done, else
 * why it failed; appended. */
bool tunes_look(struct tunes *t, int64_t id, enum tune_state *state, double *seconds, struct str *body);

/* Was a file wished for? false, too: there is none of this number. */
bool tunes_is_file(struct tunes *t, int64_t id);

#endif
