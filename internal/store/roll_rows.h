/* roll_rows.h - roll-ups of a writer and their tables: the hot row, moved by compare-and-set with the position of the writer's
 * journal, and the slow rows (STORE 3.1, 7.1). Private to store/. All run within the caller's transaction.
 */
#ifndef XFELX_STORE_ROLL_ROWS_H
#define XFELX_STORE_ROLL_ROWS_H

#include "store/frame_rows.h"

/* The hot row is set to these counts, its position from `from` to `to`; *moved: it stood there, with the roll's token. */
bool roll_move(struct sql *s, const struct roll *r, const struct roll_hot *hot, int64_t from, int64_t to,
               bool *moved, struct error *err);

/* Its statement, and the values of that: numbers but for the counts by reason, whose place is ROLL_MOVE_REASONS. */
enum { ROLL_MOVE_REASONS = 20, ROLL_MOVE_VALUES = 25 };
extern const char roll_move_text[];
void roll_move_values(const struct roll *r, const struct roll_hot *hot, int64_t from, int64_t to,
                      uint8_t reasons[256], struct sql_value v[ROLL_MOVE_VALUES]);

/* Where the hot row stands; *there: there is one. */
bool roll_position(struct sql *s, int64_t attempt, uint32_t writer, int64_t *pos, int64_t *token, bool *there,
                   struct error *err);

/* A hot row where there is none. */
bool roll_insert(struct sql *s, const struct roll *r, struct error *err);

/* Slow rows that changed; roll_written after the commit. now: the database's clock. */
bool roll_write_slow(struct sql *s, const struct roll *r, int64_t job, int64_t now, struct error *err);
void roll_written(struct roll *r);

/* Add what the rows of this writer say; an empty roll becomes theirs. */
bool roll_read_rows(struct sql *s, int64_t job, struct roll *r, struct error *err);

/* The hot row as it stands, for comparing. */
bool roll_read_hot(struct sql *s, int64_t attempt, uint32_t writer, struct roll_hot *out, struct error *err);

#endif
