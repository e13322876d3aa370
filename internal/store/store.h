/* store.h - what the program keeps about runs, trials, jobs and frames, and what may be asked of it. Callers
 * never see SQL.
 *
 * Two backends with one schema: SQLite (one file, needs nothing) and MariaDB or MySQL (db.host, db.socket).
 * Names, keys and columns are those of STORE 3; one command = one job. A frame's row is final and inserted once: a second put
 * of the same (job, source, frame) changes nothing.
 */
#ifndef XFELX_STORE_STORE_H
#define XFELX_STORE_STORE_H

#include "base/base.h"
#include "model/model.h"
#include "store/alarm.h"
#include "store/book.h"
#include "store/campaign.h"
#include "store/calib.h"
#include "store/changes.h"
#include "store/history.h"
#include "store/keep.h"
#include "store/label.h"
#include "store/look.h"
#include "store/tally.h"
#include "store/making.h"
#include "store/merge_log.h"
#include "store/merges.h"
#include "store/overview.h"
#include "store/paired.h"
#include "store/reach.h"
#include "store/shots.h"
#include "store/spent.h"

struct store;

enum store_tls { STORE_TLS_AUTO, STORE_TLS_ON, STORE_TLS_OFF };

/* Where the database is. file: SQLite. host (a list "a,b" is tried in order) or socket: a server, and name on it.
 *
 * tls          auto: over TCP to another machine; off is refused there
 * ca           certificates that the server's must come from; NULL: those of this machine
 * fingerprint  SHA-1 of the server's certificate instead
 */
struct store_options {
    const char *file;
    const char *host, *socket, *name, *user, *password;
    int port; /* 0: 3306 */
    enum store_tls tls;
    const char *ca, *cert, *key, *fingerprint;
    const char *label; /* for messages; NULL: the file */
};

/* Options that cannot be are ERROR_USAGE; nothing is opened. */
bool store_options_good(const struct store_options *o, struct error *err);

/* Open the database; create it and bring an older schema up to date unless read_only, refuse a newer one in one line.
 * Texts are copied. ERROR_BUSY: a server that cannot be reached now, ERROR_USAGE: options that cannot be. */
bool store_open(const struct store_options *o, bool read_only, struct store **out, struct error *err);
bool store_open_file(const char *path, bool read_only, struct store **out, struct error *err);
void store_close(struct store *s);

/* A file is read as long as it is open, wherever it was moved, and whatever has taken its place; in a folder where we may not write, also as
 * it was when it was opened. true: another file is there or none, or it is written since: close it and open it anew. A few looks at the
 * file system. Never of a server. */
bool store_has_moved(const struct store *s);

struct store_source {
    const char *path;    /* recorded path */
    int64_t size, mtime; /* -1, 0: not there */
    uint32_t n_frames;
    const char *format; /* NULL: could not be opened */
};

/* What `process` alone is doing: a run, a trial, a job, an attempt (STORE 2, "process without a campaign").
 *
 * given, owner   an attempt that was claimed, and this process (owner_of): run, trial, job and folder are in the store then
 *                (store_read_work), and those members here do not count
 */
struct store_begin {
    const char *run_name;
    const uint8_t *run_hash; /* 16 bytes: hash of the sorted absolute paths */
    const char *folder;
    const struct store_source *sources;
    size_t n_sources;
    uint64_t n_expected;
    const uint8_t *recipe_hash; /* 32 bytes */
    const char *recipe_text;    /* PHIL that reads back to it */
    const char *program;        /* version */
    const char *host;
    uint32_t n_ranks, n_threads;
    int64_t
        last_attempt; /* the largest number that journals of this job know: the database may be younger than they are. 0: none */
    const double *cell; /* the trial's, NULL: not known: bounds of histograms */
    int64_t given;      /* 0: none */
    const char *owner;
};

struct store_job {
    int64_t job, attempt;
    int64_t run_number;     /* number in lists */
    uint32_t earlier_ranks; /* of the attempts before, the most; 0: there was none */
    uint64_t n_done;        /* frames that have a final outcome already */
    bool finished; /* nothing to do: all frames are final and the files published; no attempt was started */
    char folder[4096]; /* finished: where its results are */
    bool elsewhere; /* store_begin failed because another process works on it, or has ended it (ERROR_BUSY) */
};

/* Find or make run, trial and job, and start an attempt, unless the job is finished. The same command again
 * goes on with the same job. A folder that holds results of another job is refused (ERROR_USAGE "results of
 * trial … are in …"); a database that another process is working with is ERROR_BUSY. */
bool store_begin(struct store *s, const struct store_begin *b, struct store_job *out, struct error *err);

/* A given attempt is taken once, with a lease of two minutes. Whoever comes second fails with `elsewhere`: another one works on it, or
 * it has ended. One whose process died is ended as lost: the next attempt goes on with what it left. */

/* Every half minute or more often: makes the lease last, and tells people how the attempt fares. waits: what it waits for, in words
 * ("disk full since …"); NULL: nothing. ERROR_BUSY: not now. */
enum { STORE_LEASE_SECONDS = 120, STORE_BEAT_SECONDS = 10 };
struct store_beat {
    uint32_t n_pending; /* frames that are safe in a journal and have no row yet, as far as is known */
    int64_t lag;        /* ns from a result to its row, of the last batch */
    const char *waits;
};
bool store_beat(struct store *s, const struct store_job *j, const struct store_beat *b, struct error *err);

/* Who writes: the ranks of the attempt and their journals. */
struct store_writer {
    uint32_t writer;
    const char *host, *journal;
};
bool store_put_writers(struct store *s, const struct store_job *j, const struct store_writer *writers,
                       size_t n, struct error *err);

/* Is a process working on this job? Sees locks that the kernel (SQLite) or the server drops when that process ends. */
bool store_is_alive(struct store *s, int64_t job);

/* Frames of one writer. */
struct store_batch {
    int64_t
        attempt; /* that found them: this one, or an earlier one of the job (replay); one that the database does not know: this one */
    uint32_t writer; /* rank */
    const struct result *const *results;
    size_t n;
};

/* Insert frames, their lattices and the roll-ups of their writers, each batch in a transaction. A frame that is there stays as it
 * is: rows are final, whoever brought them.
 *
 * false: ERROR_BUSY, ERROR_NO_SPACE: not now; the same batches may be put again, whatever became of the last try.
 * store_was_superseded: another process has the job, nothing more of this one is taken.
 * recipe_hash: hexadecimal, for the identifiers. */
bool store_put_results(struct store *s, const struct store_job *j, const struct store_batch *batches,
                       size_t n, const char *recipe_hash, struct error *err);
bool store_was_superseded(const struct store *s);

/* What pages read lags behind by up to half a second: write what is due, or all; to be called now and then. */
bool store_write_rolls(struct store *s, bool all, struct error *err);

/* The statistics of a lattice's reflections as they are stored (lattice.shells): what another rank sends in their place. */
void store_shells(const struct result *r, uint32_t lattice, uint8_t out[RESULT_SHELLS]);

/* The resolution to which they reach: the farthest corner of the frame's detector. Å. */
double store_shell_limit(const struct result *r);

/* The attempt is over. end_kind of WORDS 4 (1 ok, 10 deadline, 12 unfinished, …); published: result files are written. The job is done
 * when the counts say so. A run that has grown since it was begun leaves its attempt unfinished. */
bool store_end(struct store *s, const struct store_job *j, int end_kind, int exit_code, bool published,
               struct error *err);

/* ---- reading, for status and report ---- */

struct store_counts {
    uint64_t frames, by_outcome[8], by_reason[REASON_END], lattices, reflections;
};

struct store_job_row {
    int64_t job, run;
    char run_name[256];
    char folder[1024];   /* where its files are */
    char trial_hash[17]; /* short recipe hash */
    uint64_t n_expected;
    int attempts;
    int state;    /* WORDS 4, job state */
    int end_kind; /* of the last attempt, 0: it has not ended */
    char host[256], program[64];
    int64_t start_t, end_t; /* ns of the last attempt; end 0: not ended */
    int64_t newest_t;       /* t_done of its newest frame; 0: none */
    uint32_t n_ranks, n_threads;
    struct store_counts counts;
    double stage_ms[STAGE_MAX]; /* total per stage */
    uint64_t stage_n[STAGE_MAX];
    /* [16, 84] percentiles of the restrained cells; NaN without lattices */
    double cell_median[6], cell_lo[6], cell_hi[6];
    double rmsd_px_median, res_a_median; /* NaN without */
};
bool store_jobs(struct store *s, struct arena *a, struct store_job_row **rows, size_t *n, struct error *err);

/* One of them; n 0: there is none of this number. */
bool store_job_row(struct store *s, int64_t job, struct arena *a, struct store_job_row **rows, size_t *n,
                   struct error *err);

/* The frames of a job that have their row, in the order (source, frame). */
struct store_frame {
    uint32_t source, frame;
    int64_t attempt; /* who found it */
    uint32_t writer;
};
bool store_frames(struct store *s, int64_t job, struct arena *a, struct store_frame **rows, size_t *n,
                  struct error *err);

struct store_failed {
    char path[4096];
    uint32_t frame;
    enum reason reason;
    char message[1024];
};
bool store_failures(struct store *s, int64_t job, size_t limit, struct arena *a, struct store_failed **rows,
                    size_t *n, struct error *err);

/* ---- other programs ---- */

/* cctbx.xfel's tables as views PREFIX_run, PREFIX_event … over ours, for its programs and people's own queries (STORE 9.6): made
 * anew when they are there. They cannot be written to. refused_jobs: too large for the views' numbers, their frames are not shown.
 * ERROR_USAGE: a prefix that is none. */
struct store_views {
    int made;
    int64_t refused_jobs;
};
bool store_views(struct store *s, const char *prefix, struct store_views *out, struct error *err);

/* What cctbx.xfel knows of an experiment (its tables PREFIX_… in a database of a server) into this database, which must be empty:
 * runs, tags, trials, rungroups, tasks, datasets, versions, jobs; by one transaction. What stays behind is counted (STORE 9.8).
 * ERROR_USAGE: this database is not empty, no server, no such prefix. */
struct store_imported_cctbx {
    int64_t runs, tags, trials, rungroups, tasks, datasets, versions, jobs, attempts;
    int64_t events_left, crystals_left, isoforms_left, texts_cut;
};
bool store_import_cctbx(struct store *s, const struct store_options *from, const char *prefix,
                        struct store_imported_cctbx *out, struct error *err);

#endif
