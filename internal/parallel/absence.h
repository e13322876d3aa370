/* absence.h - rank 0 and the ranks that are away (STORE 6): silent for too long, or alive but hanging in a disk. What they had goes
 * to others; when they come back they work on; at the end nobody waits for them. Private to parallel/.
 */
#ifndef XFELX_PARALLEL_ABSENCE_H
#define XFELX_PARALLEL_ABSENCE_H

#include "parallel/run.h"

/* Service thread of rank 0, each turn: ranks that went away lose their frames and are told so, which they read when they come back. */
void absence_look(struct run *r);

/* Service thread of any rank: does it hang itself? A worker for longer than a kernel may take, and the time of a silence on top;
 * or the journal for the time of a silence, a disk that is full excepted. All pure but for the clock. */
bool absence_hangs(struct run *r, int64_t longest_frame_ns);

/* Writer thread of rank 0, at the end: what lost ranks left in their journals and others have done is voided in ours, so that their
 * files can be made. */
bool absence_settle(struct run *r, struct error *err);

#endif
