/* store_private.h - what the files of the store share. */
#ifndef XFELX_STORE_PRIVATE_H
#define XFELX_STORE_PRIVATE_H

#include "store/roll.h"
#include "store/sql.h"
#include "store/store.h"

struct store {
    struct sql sql;
    struct arena arena; /* texts of the options */
    int lock; /* SQLite: flock of "<file>.lock" held while an attempt of this process lives; -1: none */
    char server_lock[128];    /* server: name of the lock that its connection holds; "": none */
    int64_t job;              /* that was begun; 0: none */
    int64_t token;            /* of this attempt: rows of one with an older token are refused */
    bool superseded;          /* another process has taken the job */
    int64_t leased;           /* attempt whose lease we hold; 0: none */
    int64_t renewed;          /* monotonic */
    bool preview;             /* its frames are marked as those of a preview */
    bool changing;            /* inside a change of the book that holds others (book.c) */
    unsigned long connection; /* the server's number of ours */
    bool
        working; /* between begin and end: others wait for what is written, so a database that is away is reported at once */
    double cell[6]; /* the trial's; cell_known: there is one */
    bool cell_known;
    struct roll **writers; /* [n_writers] that wrote through this connection */
    size_t n_writers;
    struct store_made made; /* when it was opened */
};

/* store_begin.c - frames of a job with a final outcome, from the roll-ups. */
bool store_count_done(struct sql *s, int64_t job, int64_t *done, struct error *err);

/* store_begin.c - files that were replaced by others since frames of them were done would be mixed with these: ERROR_USAGE. Their rows
 * are brought up to date otherwise. A time alone says nothing: copies get a new one. */
bool store_same_files(struct sql *s, const struct store_begin *b, int64_t run, int64_t job,
                      struct error *err);

/* store_begin.c - the job that this store works on. */
void store_know_job(struct store *s, int64_t job, const double *cell);

/* Of all jobs together: a preview shows frames that its full job has too (SCIENCE 22). job: a column. */
#define STORE_NO_PREVIEW(job) job " NOT IN (SELECT id FROM job WHERE preview=1)"

/* attempt.c - store_begin of an attempt that was claimed. */
bool store_begin_given(struct store *s, const struct store_begin *b, struct store_job *out,
                       struct error *err);

/* attempt.c - within a transaction: make the lease of the attempt that we hold last longer when that is due. */
bool store_renew(struct store *s, struct error *err);

/* results.c - forget what is known of writers: their next use reads it anew. */
void store_forget_writers(struct store *s);

/* results.c - slow rows that a dead attempt left behind (its roll_change rows are gone) are made from its frames. */
bool store_mend_rolls(struct store *s, const struct store_job *j, struct error *err);

/* store.c - another process has the job; false. */
bool store_is_superseded(struct store *s, struct error *err);

/* lock.c - one process at a time works on a job: a lock that the kernel (SQLite: a byte of "<file>.lock"; of this machine, or of the
 * file server where it locks) or the server drops when the process or its connection ends. job 0: the whole file against every job;
 * on a server nothing. */
bool store_lock(struct store *s, int64_t job, bool *elsewhere, struct error *err);
void store_unlock(struct store *s);

/* migrate.c - the schema: make it, bring it up to date; which version it is (0: none). */
bool store_migrate(struct store *s, bool read_only, struct error *err);
bool store_version(struct store *s, int64_t *version, struct error *err);

/* move.c - from now to the next sql_rollback everything is read as it is at this moment. */
bool store_snapshot(struct store *s, struct error *err);

/* Do work(s, arg) as one transaction, again from its start when that may help (locked, connection lost, statements to be prepared
 * again). A database that is away: up to about half a minute, less than a second while the job works (results are in journals and come
 * later). A new connection takes the job's lock again; where another process has the job: store_was_superseded. */
bool store_transaction(struct store *s, bool (*work)(struct store *s, void *arg, struct error *err),
                       void *arg, struct error *err);

/* store.c - one try of work, whose last statement commits by itself; what it left open is rolled back. Where it fails, for whatever
 * reason, store_transaction does the same with all its patience. */
bool store_at_once(struct store *s, bool (*work)(struct store *s, void *arg, struct error *err), void *arg,
                   struct error *err);

/* store.c - likewise, but nothing is written: work reads everything as it is at one moment. */
bool store_reading(struct store *s, bool (*work)(struct store *s, void *arg, struct error *err), void *arg,
                   struct error *err);

/* What happened, in the transaction in which it does (WORDS 4.2). Ids 0: none. */
enum { STORE_INFO = 1, STORE_WARNING = 2, STORE_ERROR = 3 };
struct store_happened {
    const char *kind;
    int level; /* 0: STORE_INFO */
    int64_t run, job, attempt;
    const char *body; /* NULL: "" */
};
bool store_happens(struct store *s, const struct store_happened *e, int64_t now, struct error *err);

/* A text as far as a column of `most` characters holds it. false: it was cut. */
bool store_fits(const char *text, size_t most, struct arena *a, const char **out);

/* A text column of any length, in the arena; NULL: "". */
const char *store_text(struct sql *s, struct sql_stmt *q, int i, struct arena *a);

/* campaign_claim.c - what roll-ups say of a job and its attempts into their rows: job.n_final, n_lattices, attempt.n_new. */
bool store_count_job(struct store *s, int64_t job, struct error *err);

#endif
