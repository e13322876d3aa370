/* fetch.c - files that are somewhere else come here by themselves (transfer.policy=auto), by a process of its own: bringing a run takes as
 * long as it takes, and the watcher may come from cron. One such process acts for an experiment; it holds a lease. */
#include "cycle/requests.h"

#include <string.h>
#include <unistd.h>

/* Does a process bring files here now? Asked by taking its lease for a moment. */
static bool is_free(struct cycle *c, bool *is, struct error *err)
{
    char owner[OWNER];
    struct store_lease lease;
    owner_of(getpid(), owner);
    if (!store_lease(c->store, "fetch", owner, 1, &lease, err))
        return false;
    *is = lease.held;
    return !lease.held || store_lease_end(c->store, "fetch", owner, err);
}

bool cycle_fetch(struct cycle *c, size_t *n_missing, bool *begun, struct error *err)
{
    struct arena a = {0};
    int64_t *runs;
    bool is = false;
    *n_missing = 0;
    *begun = false;
    if (!param_is_auto(c->params, "transfer.policy")) /* the word, said by a person, is PHIL's Auto */
        return true;
    bool good = store_runs_missing(c->store, &a, &runs, n_missing, err);
    if (good && *n_missing && (good = is_free(c, &is, err)) && is) {
        static const char *const words[] = {"run", "fetch", "--missing", NULL};
        struct child_answer said = {0};
        good = fs_make_folders(fs_join(&a, c->folder, ".xfelx"), err) &&
               run_own(c, &a, words, "watch", true, fs_join(&a, c->folder, ".xfelx/fetch.log"), &said, err);
        child_answer_free(&said);
        *begun = good;
    }
    arena_free(&a);
    return good;
}
