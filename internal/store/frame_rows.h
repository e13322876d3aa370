/* frame_rows.h - results as rows of the tables frame, failure and lattice; and rows, on their way in or out, as roll-ups see them.
 * Private to store/.
 *
 * Roll-ups are made from the values of rows, never from results: what is counted while frames come is then the same, bit for bit,
 * as what is counted when their rows are read again (invariant R of STORE 1).
 */
#ifndef XFELX_STORE_FRAME_ROWS_H
#define XFELX_STORE_FRAME_ROWS_H

#include "store/roll.h"
#include "store/sql.h"

/* Columns of the tables by number; a test compares them with the schema. */
enum {
    F_JOB,
    F_SOURCE,
    F_FRAME,
    F_ATTEMPT,
    F_WRITER,
    F_OUTCOME,
    F_REASON,
    F_FLAGS,
    F_LABEL,
    F_N_LATTICE,
    F_N_STRONG,
    F_N_SAT,
    F_EVENT,
    F_T_EVENT,
    F_T_DONE,
    F_EV_REC,
    F_EV_USED,
    F_EV_SRC,
    F_PULSE,
    F_DIST,
    F_RES,
    F_RING,
    F_STAGES,
    F_LOW,
    F_ICE,
    F_N_ICE,
    F_LEN,
    F_COLUMNS
};
enum {
    L_JOB,
    L_SOURCE,
    L_FRAME,
    L_LATTICE,
    L_REASON,
    L_CELL_NO,
    L_N_INDEXED,
    L_N_INTEGRATED,
    L_EVIDENCE,
    L_RMSD_PX,
    L_RMSD_PSI,
    L_RES,
    L_ETA,
    L_DOM,
    L_DX,
    L_DY,
    L_CELL,
    L_MAT = L_CELL + 6,
    L_FREE_CELL,
    L_FREE_COV,
    L_SHELLS,
    L_IDENT,
    L_SHELL_D,
    L_COLUMNS
};

/* Rows of a table that grow in an arena. */
struct sql_rows {
    struct sql_value *values;
    size_t n; /* values, not rows */
};

struct frame_rows {
    struct arena arena;
    struct sql_rows frames, failures, lattices;
    struct roll_frame *seen; /* [n] of each frame */
    size_t n;
};

/* Whose rows they are. minimal: a frame that the database refused: key, outcome and reason alone, marked. */
struct frame_owner {
    int64_t job, attempt;
    uint32_t writer;
    const char *recipe_hash; /* hexadecimal */
    bool minimal;
    bool preview; /* of a preview job: marked as such */
};

/* Add the rows of a result. */
void frame_rows_add(struct frame_rows *rows, const struct frame_owner *o, const struct result *r);
void frame_rows_free(struct frame_rows *rows);

/* What roll-ups see of a frame's row, and of a lattice's. */
void frame_seen(const struct sql_value row[F_COLUMNS], struct roll_frame *out);
void lattice_seen(const struct sql_value row[L_COLUMNS], struct roll_lattice *out);

#endif
