/* fetch.c - files that are somewhere else come here by themselves (transfer.policy=auto), by a process of its own: bringing a run takes as
 * long as it takes, and the watcher may come from cron. One such process acts for an experiment; it holds a lease. */
#include "cycle/cycle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* The program in a process that lives on. */
struct fetching {
    const char *const *argv, *const *environment;
    const char *log;
};

static int fetch_all(int fd, void *arg)
{
    const struct fetching *f = arg;
    struct error err = {0};
    int signal;
    pid_t pid;
    if (!proc_start(f->argv, ".", f->log, f->environment, &pid, &err) || write(fd, "", 1) != 1)
        return 1;
    close(fd);
    return proc_wait(pid, &signal);
}

/* Ours with what tells the database, and where results are. */
static const char *const *environment_of(const struct cycle *c, struct arena *a)
{
    const char **set = NULL;
    size_t n = 0;
    for (char **e = environ; *e; e++) {
        set = arena_grow(a, set, n, sizeof *set);
        set[n++] = *e;
    }
    for (const char *const *d = c->database; d && *d; d++) {
        set = arena_grow(a, set, n, sizeof *set);
        set[n++] = *d;
    }
    set = arena_grow(a, set, n + 1, sizeof *set);
    set[n] = arena_printf(a, "XFELX_OUTPUT_FOLDER=%s", c->folder);
    set = arena_grow(a, set, n + 1, sizeof *set);
    set[n + 1] = NULL;
    return set;
}

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
        char program[4096] = "";
        if (readlink(c->program, program, sizeof program - 1) < 0)
            strncpy(program, c->program, sizeof program - 1);
        const char *const argv[] = {program, "run", "fetch", "--missing", NULL};
        struct fetching f = {argv, environment_of(c, &a), fs_join(&a, c->folder, ".xfelx/fetch.log")};
        good = fs_make_folders(fs_join(&a, c->folder, ".xfelx"), err) && proc_detach(fetch_all, &f, err);
        *begun = good;
    }
    arena_free(&a);
    return good;
}
