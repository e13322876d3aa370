/* ledger.h - rank 0's book of who works on which frames. Pure: no clock, no messages, no locks. Private to parallel/.
 *
 * Ranks ask, the ledger gives ranges of frames in the order of the list, larger ones to faster ranks, smaller ones towards the
 * end, and at the very end only what a rank can begin at once. A frame that came back is crossed off once, whoever sends it.
 *
 * A rank that is away (silent, or hanging in a disk) loses what it has not brought back: that goes to others first. It may come to
 * life again and bring a frame that somebody else has done meanwhile. The first final result of a frame counts, for ever; every
 * later one of another rank is a double, which its rank has to void in its journal (STORE 6).
 */
#ifndef XFELX_PARALLEL_LEDGER_H
#define XFELX_PARALLEL_LEDGER_H

#include "base/base.h"

struct range {
    uint32_t first, count; /* numbers in the list of frames */
};

/* What a rank said when it asked last. */
struct asker {
    uint32_t threads;
    uint32_t free; /* threads that wait for a frame */
    uint32_t rate; /* frames/s × 1000; 0: not known */
    bool asking;
    bool away; /* it is given nothing and not counted */
};

#define LEDGER_NOBODY UINT32_MAX

/* Frames that wait for a rank; from next on. */
struct ledger_queue {
    uint64_t *frames, n, next;
};

struct ledger {
    const uint64_t *frames; /* [n] to be done, in this order */
    uint64_t n, next;       /* the first that was not given out */
    uint64_t left;          /* frames that did not come back yet */
    uint32_t *holder;       /* [n_list] rank + 1 of who has it; LEDGER_NOBODY; 0: it is not in this round */
    uint32_t *winner; /* [n_list] rank + 1 of whose final result counts, of all rounds; 0: there is none */
    uint8_t *back;    /* a bit for each frame of the list: it came back in this round */
    uint8_t
        *taken; /* a bit for each frame of the list: it was taken from a rank that is away, in any round */
    /* Taken from ranks: for the first time, given out before all others; again, given out after them, since whoever touches such a
     * frame may hang in it. */
    struct ledger_queue first, last;
    uint64_t *again; /* [n_again] of those to be done: one more try, when all others are back */
    uint64_t n_again;
    uint64_t n_list;
    struct asker *ranks; /* [n_ranks] */
    uint32_t n_ranks;
};

/* All from the arena; what ranks ask for is filled in by the caller. */
void ledger_make(struct ledger *l, uint64_t n_list, uint32_t n_ranks, struct arena *a);

/* A frame gets one more try in a later round. */
void ledger_again(struct ledger *l, uint64_t frame);

/* A new round of work. frames must stay. */
void ledger_open(struct ledger *l, const uint64_t *frames, uint64_t n);

/* The last round: of the frames that were to get one more try, those without a final result. false: there are none, no round. */
bool ledger_open_again(struct ledger *l);

/* How many frames a rank gets now: two seconds' worth, at least one a thread, at most 1024, never more than an even share of
 * half of what is left; once there is less left than threads, no more than it has free threads (0: another rank may begin them
 * sooner). A rank alone gets all. */
uint64_t ledger_chunk(const struct ledger *l, const struct asker *r);

/* Give frames to a rank that asks: n ≤ max ranges, 0: nothing now. */
size_t ledger_give(struct ledger *l, uint32_t rank, struct range *out, size_t max);

/* A frame came back, whoever brings it. false: it had come before, or it is none of this round. */
bool ledger_back(struct ledger *l, uint64_t frame);

/* The result of a frame came back from a rank. final: no other try of it is to come (journaling_final). */
enum ledger_answer {
    LEDGER_COUNTS,  /* the one final result of this frame */
    LEDGER_AGAIN,   /* a failed try; the frame gets one more */
    LEDGER_DOUBLE,  /* another rank's result counts: this one is to be voided in the journal of its rank */
    LEDGER_DROPPED, /* nobody has to do anything: a failed try of a frame that has another, or a second result of one rank, of which
                     * journals take the earlier */
};
enum ledger_answer ledger_take(struct ledger *l, uint64_t frame, uint32_t rank, bool final);

/* Does the result of another rank count, so that this one's does not? */
bool ledger_is_anothers(const struct ledger *l, uint64_t frame, uint32_t rank);

/* A rank is away: what it has goes back to be given out again. Returns how many frames. It is away until it is heard of again. */
uint64_t ledger_away(struct ledger *l, uint32_t rank);
void ledger_heard(struct ledger *l, uint32_t rank);

#endif
