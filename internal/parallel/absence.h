/* absence.h - rank 0 and the ranks that are away (STORE 6): silent for too long, or alive but hanging in a disk. What they had goes
 * to others; when they come back they work on; at the end nobody waits for them. Private to parallel/.
 */
#ifndef XFELX_PARALLEL_ABSENCE_H
#define XFELX_PARALLEL_ABSENCE_H

#include "parallel/run.h"

/* What the workers of this rank are at (enough guards of run.h, with its lock). Those that hang are at a frame for longer than a kernel
 * may take, and the time of a silence on top: it is no kernel, so it is a disk. */
struct absence_workers {
    uint32_t busy, hanging; /* hanging ones are busy too */
};
struct absence_workers absence_count(const struct run *r);

/* Does the journal hang: for the time of a silence, a disk that is full excepted? */
bool absence_journal(struct run *r);

/* Service thread of rank 0, each turn: ranks that went away lose their frames and are told so, which they read when they come back. So
 * does rank 0 when its own workers hang. */
void absence_look(struct run *r, struct absence_workers own);

/* Rank 0: is nobody left who could do more? All ranks are away; or, alone, all workers hang or everything else is
 * done. */
bool absence_of_all(const struct run *r, struct absence_workers own, const struct supply_state *now);

/* Writer thread of rank 0, at the end: what lost ranks left in their journals and others have done is voided in ours, so that their
 * files can be made. */
bool absence_settle(struct run *r, struct error *err);

#endif
