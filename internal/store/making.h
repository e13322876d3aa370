/* making.h - what a job is made of, what happened, and what the watcher says of itself. Part of the store's face: store.h includes it. */
#ifndef XFELX_STORE_MAKING_H
#define XFELX_STORE_MAKING_H

#include "base/base.h"
#include "store/snapshot.h"

struct store;

/* Everything that the script of a job is made from. Texts are never NULL; what the identity has not is "" and 0.
 *
 * run_num       -1: the run has no number, or there is no run
 * twin          the run's row where an earlier run has the same number (or, both without one, the same name); else 0
 * task, kind    the task's number (of folders), TASK_INDEXING without one
 * folder        the job's own, which it keeps whatever its run or the settings are called now; "": there is no job yet
 * inputs        folders of the jobs whose results it takes: of `before`, else those of its version
 * preview       per cent of the frames, of a preview; else 0
 */
struct store_making {
    int64_t run_num, twin, task;
    uint32_t trial_num, version;
    int kind, preview;
    uint8_t recipe_hash[32];
    const char *run_name, *recipe_text, *rungroup_text, *task_name, *task_text, *resources, *dataset, *folder;
    const char **inputs;
    size_t n_inputs;
};

/* before: the job whose files are its input, 0: none. ERROR_MISSING: a part of the identity is not there. In the arena. */
bool store_read_making(struct store *s, const struct campaign_key *key, int64_t before, struct arena *a,
                       struct store_making *out, struct error *err);

/* ---- what happened (WORDS 4.2) ---- */

struct store_event {
    int64_t id, t, run, job, attempt; /* 0: none */
    char kind[33];
    int level;
    const char *run_name, *body; /* "": none */
};

/* Events with greater ids, in their order, at most `limit`. In the arena. */
bool store_events(struct store *s, int64_t after, size_t limit, struct arena *a, struct store_event **rows,
                  size_t *n, struct error *err);
bool store_last_event(struct store *s, int64_t *id, struct error *err); /* 0: none yet */

/* ---- words that are kept under a name: how the watcher fares, what hooks have seen ---- */

/* Names of at most 64 bytes: "watch" (JSON, cycle/watching.h says what is in it), "hooks". NULL: nothing is kept; an error too,
 * and then err says so. */
bool store_keep_word(struct store *s, const char *name, const char *text, struct error *err);
const char *store_kept_word(struct store *s, const char *name, struct arena *a, struct error *err);

#endif
