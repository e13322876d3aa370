/* put_one.h - a frame by one statement: its writer's position and counts, its row and a lattice's in a stored procedure of the
 * server, which begins and commits. Private to store/.
 *
 * Where writers commit each frame alone, what costs is the way to the server and back: one instead of four to six. The procedure is
 * made from the very statements of results.c when it is first missing, and bears the version of the schema. A server that lets us make
 * none, MySQL and SQLite (where a statement is a call) take the statements.
 */
#ifndef XFELX_STORE_PUT_ONE_H
#define XFELX_STORE_PUT_ONE_H

#include "store/roll_rows.h"

/* One new frame that did not fail, with at most one lattice, and a server that has procedures. */
bool put_one_fits(const struct sql *s, const struct frame_rows *rows);

/* Move the hot row from r->pos to `to` with these counts, insert the rows, commit. false: nothing was done, or the answer was lost
 * (CLASS_RECONNECT). A position that stands elsewhere and rows that are there already are failures, too. Outside a transaction. */
bool put_one(struct sql *s, const struct roll *r, const struct roll_hot *hot, int64_t to,
             const struct frame_rows *rows, struct error *err);

#endif
