/* book_private.h - what the files of the book share (book*.c). Private to store/. */
#ifndef XFELX_STORE_BOOK_PRIVATE_H
#define XFELX_STORE_BOOK_PRIVATE_H

#include "store/store_private.h"

/* Do work as one transaction; inside another change (a request that does its verb) as a part of it. */
bool book_change(struct store *s, bool (*work)(struct store *s, void *arg, struct error *err), void *arg,
                 struct error *err);

/* Who changed what: `target` as "run 12". was, becomes NULL: nothing stood there, nothing does any more. */
bool book_audit(struct store *s, const struct store_by *by, const char *verb, const char *target,
                const char *was, const char *becomes, struct error *err);
/* The same with a number for what is changed. */
bool book_audit_id(struct store *s, const struct store_by *by, const char *verb, const char *kind, int64_t id,
                   const char *was, const char *becomes, struct error *err);

/* May these bytes be kept as they are? ERROR_USAGE. A name: 1 to BOOK_NAME characters, no blank at its ends (servers would take "a " for
 * "a"); a text: at most BOOK_TEXT bytes. what: "tag", for messages. */
bool book_name_good(const char *what, const char *name, struct error *err);
bool book_text_good(const char *what, const char *text, struct error *err);

/* A text of any length in the arena; NULL of the database is "". */
const char *book_text(struct sql *s, struct sql_stmt *q, int column, struct arena *a);

/* A text of the first row, in the arena; *there: is there a row? */
bool book_look(struct store *s, struct arena *a, const char **out, bool *there, struct error *err,
               const char *sql, int64_t id);

/* Where the row of an id is in a list. */
struct book_place {
    int64_t id;
    size_t at;
};
struct book_places {
    struct book_place *rows;
    size_t n;
};
/* Of n rows of size bytes, with an int64_t id at an offset. */
struct book_places book_places_of(struct arena *a, const void *rows, size_t n, size_t size, size_t offset);
bool book_places_find(const struct book_places *p, int64_t id, size_t *at);

/* Step to the next row of a statement whose first column is an id of the list, and say where. As sql_step: 1, 0: no more, -1. */
int book_next(struct sql *s, struct sql_stmt *q, const struct book_places *p, size_t *at, struct error *err);

/* Numbers of jobs by state, from rows (id, state, count) of a statement. offset: of the struct store_job_counts in a row of the list. */
bool book_count_jobs(struct store *s, const char *sql, const struct book_places *p, void *rows, size_t size,
                     size_t offset, struct error *err);

/* The id of a row by its name; 0: there is none. table: a word of ours. */
bool book_id_of(struct store *s, const char *table, const char *name, int64_t *id, struct error *err);
bool book_tag_id(struct store *s, const char *name, int64_t *id, struct error *err); /* ERROR_USAGE: none */
bool book_trial_id(struct store *s, uint32_t num, int64_t *id, struct error *err);   /* likewise */

/* ---- verbs ---- */

/* One request's arguments, and where its answer goes. */
struct book_asked {
    struct store *s;
    const struct store_by *by;
    const struct json *args;
    struct arena *a;
    struct str *answer;
};

struct book_verb {
    struct store_verb face;
    bool (*run)(struct book_asked *r,
                struct error *err); /* NULL: the watcher's business, which may touch files and schedulers */
    const char *waits; /* a field that makes it the watcher's business: it has to be checked first */
};

const struct book_verb *book_verb_find(const char *name); /* NULL: none */

/* prune.c - rows of frames, lattices and roll-ups of a job, at most so many frames; *left: there are more. */
bool book_forget_results(struct store *s, int64_t job, bool *left, struct error *err);

#endif
