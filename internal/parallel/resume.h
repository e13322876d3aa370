/* resume.h - what of a job is still to be done, as its journals say. Pure, but for the journals that it reads.
 *
 * A frame with a final record is done. One whose try failed for a reason that may go by itself gets one more, after all others.
 * So does one that a process was busy with when it died; when that happens again, it is failed for good, so that no frame can kill
 * every attempt. A death is held against a frame when the process crashed on it, which the crash itself notes (JOURNAL_CRASHED).
 * One that left no word (kill -9, a node lost, no memory left) mostly is not the frame's doing: only every second of those counts.
 */
#ifndef XFELX_PARALLEL_RESUME_H
#define XFELX_PARALLEL_RESUME_H

#include "parallel/progress.h"
#include "sink/sink.h"
#include "source/source.h"

/* Earlier tries of a frame that is not final. */
struct resume_tries {
    unsigned failed;  /* ended with a reason that is tried again */
    unsigned crashed; /* the process crashed on it */
    unsigned lost;    /* it was in hand when the process died, of whatever */
};

enum resume_next { RESUME_FRESH, RESUME_AGAIN, RESUME_FAIL };
enum resume_next resume_next(const struct resume_tries *t);

struct resume {
    uint64_t *fresh, *again, *failed; /* numbers in the list, ascending; failed: never to be tried again */
    size_t n_fresh, n_again, n_failed;
    struct team_progress done; /* total, and counts of the frames that are final */
};

/* frames: numbers in the list, ascending: what the job is about. j may be NULL: there are no journals. All from the arena.
 * ERROR_USAGE: the journals are of other files than the list. */
bool resume_make(struct journals *j, const struct source_list *l, const uint64_t *frames, uint64_t n,
                 struct arena *a, struct resume *out, struct error *err);

/* Is a journal, whose START was read, of the files of the list, by number and name? ERROR_USAGE. */
bool resume_same_sources(const struct journal_reader *r, const struct source_list *l, struct error *err);

/* The result of a frame that is failed without another try. */
void resume_result(const struct source_list *l, uint64_t frame, struct result *out);

#endif
