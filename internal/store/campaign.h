/* campaign.h - the slow flow's rows: what runs exist, what is worked on, who may act. Part of the store's face: store.h includes it.
 *
 * observe  store_looks, store_see: runs as the facility shows them
 * decide   store_read_snapshot: everything that the plan needs, as of one moment
 * act      store_claim, store_news, store_live: attempts from the claim to their end
 * lease    store_lease: one acting watcher an experiment
 *
 * All times are UTC nanoseconds by the database's clock where the store makes them. Every function is one transaction: it has happened
 * whole or not at all, and may be called again after any error (ERROR_BUSY: not now). What persons and pages change: book.h.
 */
#ifndef XFELX_STORE_CAMPAIGN_H
#define XFELX_STORE_CAMPAIGN_H

#include "base/base.h"
#include "store/snapshot.h"

struct store;

/* ---- observe ---- */

/* What a facility's next look needs to know of the last one; the store only keeps it. */
struct store_look {
    uint64_t inode, print;
    int64_t modified_t, since_t, looked_t;
    int64_t looks;
};

/* A run as it was seen. Texts may hold any bytes but NUL.
 *
 * path     what the run is known by, of its facility; was: its path of the last look when it was renamed since, else NULL
 * num      its number, -1: none
 * why      readable false: why it cannot be read, in words; else what it waits for, or ""
 * files    paths of all its files on this machine, in order of names; size -1: not here yet. A file keeps the number that it got at
 *          first sight for ever, new ones get the next. NULL: as they stand (n_files then still counts)
 */
struct store_seen_file {
    const char *path;
    int64_t size, modified_t;
};
struct store_seen {
    const char *path, *was, *name, *facility, *why;
    int64_t num;
    enum run_state state;
    bool readable;
    int64_t begin_t, end_t; /* 0: not known */
    uint32_t n_files, n_here;
    int64_t bytes_here;
    double rate; /* bytes per second since the last look */
    const struct store_seen_file *files;
    struct store_look look;
};

/* Insert new runs (with all automatic tags, and an event run_seen), change the others; events run_closed and run_present when they come
 * to that. A run keeps id and order. n_new: runs that were not known. Jobs of a run that has
 * more files than they saw get more to do. The cost is that of the runs given: give those that changed. */
bool store_see(struct store *s, const struct store_seen *runs, size_t n, size_t *n_new, struct error *err);

/* All runs of a facility as they stand, files left out (NULL). In the arena, by path bytewise. */
bool store_looks(struct store *s, const char *facility, struct arena *a, struct store_seen **runs, size_t *n,
                 struct error *err);

/* ---- decide ---- */

/* Everything the plan needs, as of one moment and a number of statements that does not depend on the rows. */
bool store_read_snapshot(struct store *s, struct arena *a, struct snapshot *out, struct error *err);

/* The states that the plan found for jobs (job_state): what pages show. Rows that stand so already are left alone. */
struct store_job_state {
    int64_t job, retry_t; /* retry_t 0: none */
    enum job_state state;
};
bool store_set_job_states(struct store *s, const struct store_job_state *states, size_t n, struct error *err);

/* What was found of the files that trials and rungroups name: an error in words, "" when all are well. Who stands so already is left alone. */
struct store_bad_input {
    bool rungroup; /* else a trial */
    int64_t id;
    const char *text;
};
bool store_put_bad_inputs(struct store *s, const struct store_bad_input *found, size_t n, struct error *err);

/* The next version of a dataset with its inputs, unless it is there. id: its row. */
bool store_new_version(struct store *s, int64_t dataset, uint32_t version, const int64_t *jobs, size_t n,
                       int64_t *id, struct error *err);

/* ---- act ---- */

/* Claim a job before the scheduler is called: the job's row (made when it is not there), and an attempt of it in state claimed.
 * false with claimed.taken: another one has a live attempt of this job. The name is unique for ever: "xf<8 hex of the
 * database>-<attempt>". used marks of trial and task revision are set: they never change any more. */
struct store_claim {
    struct campaign_key key;
    const char *folder;                       /* of the job, absolute */
    const char *scheduler;                    /* slurm, local … */
    const char *program;                      /* version that will run */
    const uint8_t *recipe_hash, *binary_hash; /* 32 bytes each; NULL: none */
    uint32_t n_ranks, n_threads;
};
struct store_claimed {
    int64_t job, attempt;
    uint32_t no;
    char name[64];
    int64_t claim_t; /* tells it from an attempt of the same number that a restored database makes again */
    bool taken;
};
bool store_claim(struct store *s, const struct store_claim *c, struct store_claimed *out, struct error *err);

/* What became known of an attempt. Times 0, texts NULL, state 0: as they stand. An attempt that has ended stays so. state ended or lost
 * makes it no longer live; the job's state follows in the same transaction (done when the counts say so, else again), events job_started,
 * job_done, job_failed, job_again with it. */
struct store_news {
    int64_t attempt;
    enum attempt_state state;
    const char *sched_id, *raw, *reason, *host, *log_path;
    int64_t submit_t, start_t, end_t;
    enum end_kind end;
    int exit_code, exit_signal; /* -1: not known */
    bool transient;             /* end launch: the text is of a kind that passes */
    bool outputs;               /* a task without frames: what it should make is there */
};
bool store_put_news(struct store *s, const struct store_news *news, size_t n, struct error *err);

/* Live attempts, and those that ended last (up to n_ended of them), for polling and lists. In the arena. */
struct store_attempt {
    int64_t attempt, job;
    uint32_t no;
    struct campaign_key key;
    char name[64], scheduler[17], sched_id[129], host[256], raw[65], run_name[256];
    const char *folder, *log_path, *reason; /* of the arena; "" : none */
    bool live, alive;                       /* alive: a process holds its lease now */
    enum attempt_state state;
    enum end_kind end;
    int exit_code, exit_signal;
    int64_t claim_t, submit_t, start_t, end_t, since_t,
        lease_t; /* lease_t: when the lease ends; 0: never taken */
    bool cancel_asked;
};
bool store_live(struct store *s, size_t n_ended, struct arena *a, struct store_attempt **rows, size_t *n,
                struct error *err);

/* ---- an attempt takes itself: what `process` in a job script does ---- */

/* What an attempt is to work on. Sources in the order of their numbers, which name the frames for ever. */
struct store_work {
    int64_t attempt, job, run, claim_t;
    const char *run_name, *folder, *recipe_text, *rungroup_text, *task_text;
    const char **paths; /* [n_paths], as recorded: facility.path_map applies */
    bool *here;         /* [n_paths]: has been seen here */
    size_t n_paths;
    bool live; /* false: it has ended, or never was */
};
bool store_read_work(struct store *s, int64_t attempt, struct arena *a, struct store_work *out,
                     struct error *err);

/* ---- leases: one acts, however many run ---- */

struct store_lease {
    bool held; /* by the owner who asked */
    int64_t token, expires_t;
    char owner[256]; /* who holds it */
};

/* Take or renew. An owner of this machine (owner_of) whose process is gone is not waited for. token changes when the lease changes
 * hands, or was left to end. */
bool store_lease(struct store *s, const char *name, const char *owner, double seconds,
                 struct store_lease *out, struct error *err);
bool store_lease_end(struct store *s, const char *name, const char *owner, struct error *err);

#endif
