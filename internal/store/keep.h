/* keep.h - looking after a database: opening what is there, what it is, bringing it up to date, making it smaller. What `xfelx db`
 * does (STORE 9). Part of the store's face: store.h includes it.
 *
 * Everything here is done by one process for one database, on a connection of its own; jobs may run meanwhile where it is
 * not said otherwise.
 */
#ifndef XFELX_STORE_KEEP_H
#define XFELX_STORE_KEEP_H

#include "base/base.h"

struct store;
struct store_options;

/* Open a database that is there; nothing is made or brought up to date. any_schema: whatever its version is (then only functions that
 * say so may be called), else it must be one that this program reads. */
bool store_open_existing(const struct store_options *o, bool read_only, bool any_schema, struct store **out,
                         struct error *err);

/* What store_open had to make. */
struct store_made {
    bool database, tables; /* false: another process made them, or they were there */
    int64_t from;          /* older schema that was brought up to date; 0: none */
};
struct store_made store_made(const struct store *s);

/* Does any process work on one of its jobs? Any schema. */
bool store_anybody_works(struct store *s);

/* ---- what it is: about.c; any schema ---- */

enum { STORE_TABLES_MAX = 64, STORE_COUNT_MAX = 100000 };

struct store_about {
    const char *kind;    /* "sqlite", "mariadb", "mysql" */
    char place[4200];    /* file, or NAME on HOST */
    char server[128];    /* its version, or that of SQLite */
    char tls[64];        /* cipher; "": none */
    char journal[16];    /* SQLite: "wal", "delete"; else "" */
    const char *shared;  /* SQLite: the shared file system it lies on ("Lustre", …); NULL: none */
    int64_t bytes, free; /* of tables and indexes; unused within them */
    int64_t connections; /* server: to this database, as far as we may see; -1: not a server */
    int64_t schema, min_reader, min_writer, ours;
    char instance[64], created[64], exported[64], imported[64]; /* "": none */
    size_t n_tables;
    struct {
        char name[32];
        int64_t rows;
        bool more; /* rows is STORE_COUNT_MAX, and there are more */
    } tables[STORE_TABLES_MAX];
};

/* count: all rows, however many there are (reads whole tables). */
bool store_about(struct store *s, bool count, struct store_about *out, struct error *err);

/* Attempts that say they are alive, and whether their process is. */
struct store_worker {
    int64_t job, attempt, run, start_t, pending, lag; /* lag: ns from a result to its row */
    char run_name[256], host[256];
    int state; /* WORDS 4, attempt state */
    bool alive;
};
bool store_workers(struct store *s, struct arena *a, struct store_worker **rows, size_t *n,
                   struct error *err);

/* ---- whether it is right: check.c ---- */

struct store_check {
    void (*say)(void *arg, const char *line); /* each difference, in words */
    void *arg;
    int64_t n_differences, writers,
        frames; /* out: found; writers and frames whose roll-ups were counted again */
};

/* Look at everything: the backend's files, references, sums, and roll-ups against the rows they were made from, but those of jobs
 * whose rows were pruned. Reads whole tables, changes nothing. false: it could not be looked at. */
bool store_check(struct store *s, struct store_check *out, struct error *err);

/* ---- upkeep: upkeep.c ---- */

/* Bring the schema up to date. On SQLite a copy is made first, beside the file: its name in backup, "" when there was nothing to do
 * (and on servers: their own tools do that). ERROR_BUSY while somebody works on it. Any schema. */
bool store_bring_up(struct store *s, char *backup, size_t size, struct store_made *made, struct error *err);

/* Give unused space back: SQLite writes its file anew (nobody may work on it: ERROR_BUSY), a server its tables. */
bool store_vacuum(struct store *s, struct error *err);

/* ---- taking a job to replay its journals: take.c ---- */

struct store_replayable {
    int64_t job;
    char folder[4200], recipe_hash[65]; /* of its results; hexadecimal */
    const char *recipe_text;            /* PHIL: the trial's, over it that of its rungroup */
    bool campaign;                      /* of a campaign, else of `process` alone: its files lie elsewhere */
};

/* All jobs but those whose rows were pruned: they are not to come back. In the arena. */
bool store_replayable(struct store *s, struct arena *a, struct store_replayable **rows, size_t *n,
                      struct error *err);

/* Hold a job as store_begin does, without starting an attempt: store_put_results takes rows for it then, and store_write_rolls(all)
 * ends it; closing the store gives it up. An attempt that looked alive is lost. cell: as in store_begin. ERROR_BUSY with
 * out->elsewhere: a process works on it. One store takes one job. */
struct store_job;
bool store_take(struct store *s, int64_t job, const double *cell, struct store_job *out, struct error *err);

/* ---- moving: move.c ---- */

/* Called now and then during long work: rows so far, and the table that is being copied. */
struct store_progress {
    void (*say)(void *arg, const char *table, int64_t rows);
    void *arg;
};

/* Everything in one SQLite file of the same schema, as it was at one moment; jobs may go on. The file must not be there, and is there
 * only when it is whole. meta has the key "exported". Memory is bounded; the database must have this program's schema. */
bool store_export(struct store *s, const char *path, const struct store_progress *progress, int64_t *rows,
                  struct error *err);

struct store_map {
    const char *from, *to;
};

/* Where results, logs and journals lie that the file knows under FROM is looked for under TO (the first map that fits); recorded
 * paths of data stay, since runs and frames are known by them. */
struct store_import {
    const char *file;
    const struct store_map *maps;
    size_t n_maps;
    const struct store_progress *progress; /* NULL: none */
};

struct store_imported {
    int64_t rows;
    int64_t lost; /* attempts that were alive: whoever worked on them did so elsewhere */
    int64_t jobs, folders_missing, journals, journals_missing; /* not found here */
};

/* An exported file (or any xfelx.db) into a database without rows (ERROR_USAGE when there are some), opened for writing. Keys are
 * kept. One transaction: an import that was interrupted has done nothing. */
bool store_import(struct store *s, const struct store_import *how, struct store_imported *out,
                  struct error *err);

/* ---- making it smaller: prune.c ---- */

/* Which jobs: those whose last attempt ended before (0: any time), of the trial of this number (-1: any). */
struct store_prune {
    int64_t before, trial;
};

struct store_prunable {
    int64_t job, run, trial, ended, frames;
    char folder[4200];
    bool campaign; /* as above */
};

/* Jobs whose rows may go: done, published, not worked on, and not pruned yet. In the arena. */
bool store_prunable(struct store *s, const struct store_prune *how, struct arena *a,
                    struct store_prunable **rows, size_t *n, struct error *err);

/* Delete the rows of a job's frames, lattices, failures and refused texts in steps of 5000 frames, and the labels of its run with the
 * run's last frame. Roll-ups stay, an event says so. Cut short, it is gone on with by the next call. */
bool store_prune_job(struct store *s, const struct store_prunable *job, const struct store_progress *progress,
                     int64_t *frames, struct error *err);

/* Delete the database with everything in it; afterwards the store can only be closed. ERROR_BUSY while somebody works on it,
 * ERROR_USAGE where it holds tables that are not ours. Any schema. */
bool store_drop(struct store *s, struct error *err);

#endif
