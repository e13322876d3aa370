/* campaign.h - a small campaign for the tests of a cycle: a folder of data, a database with trial 1 and an open rungroup, and a
 * scheduler of the test's own, which does what the test says and remembers what it was asked. */
#ifndef XFELX_TEST_CYCLE_CAMPAIGN_H
#define XFELX_TEST_CYCLE_CAMPAIGN_H

#include "cycle/cycle.h"
#include "store/database.h"

#include "support.h"

#include <string.h>

/* ---- the scheduler ---- */

enum { TOY_JOBS = 64 };

static struct toy {
    struct batch_job jobs[TOY_JOBS];
    size_t n, n_submit, n_status, n_find, n_cancel;
    bool down;                      /* its commands cannot be run */
    enum batch_verdict verdicts[8]; /* of the next submissions; ACCEPTED after them */
    bool takes_silently;            /* UNCLEAR, and yet the job is there */
    char cancelled[64];
} toy;

/* The name of the attempt stands in its script. */
static void toy_take(const char *script)
{
    struct bytes b = {0};
    struct error err = {0};
    struct batch_job *j = &toy.jobs[toy.n++];
    assert_true(toy.n <= TOY_JOBS);
    if (!fs_read(script, 1 << 20, &b, &err))
        fail_msg("%s %s", err.fact, err.detail);
    b.data[b.size - 1] = 0;
    const char *name = strstr((const char *)b.data, "--job-name=");
    assert_non_null(name);
    *j = (struct batch_job){.task = -1, .state = ATTEMPT_QUEUED, .submit_t = clock_now()};
    snprintf(j->id, sizeof j->id, "%zu", 100 + toy.n);
    snprintf(j->name, sizeof j->name, "%.*s", (int)strcspn(name + 11, "\n"), name + 11);
    bytes_free(&b);
}

static bool toy_submit(const struct batch_site *s, const char *script, struct batch_answer *out,
                       struct error *err)
{
    (void)s;
    size_t i = toy.n_submit++;
    if (toy.down)
        return error_set(err, ERROR_FAILED, "cannot start toy");
    out->verdict = i < sizeof toy.verdicts / sizeof *toy.verdicts ? toy.verdicts[i] : BATCH_ACCEPTED;
    snprintf(out->text, sizeof out->text, "%s", out->verdict == BATCH_ACCEPTED ? "" : "it says no");
    if (out->verdict == BATCH_ACCEPTED || (out->verdict == BATCH_UNCLEAR && toy.takes_silently))
        toy_take(script);
    if (out->verdict == BATCH_ACCEPTED)
        snprintf(out->id, sizeof out->id, "%s", toy.jobs[toy.n - 1].id);
    return true;
}

static bool toy_status(const struct batch_site *s, const char *const *ids, size_t n, struct batch_table *out,
                       struct error *err)
{
    (void)s;
    toy.n_status++;
    if (toy.down)
        return error_set(err, ERROR_FAILED, "toy does not answer");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < toy.n; k++)
            if (strcmp(toy.jobs[k].id, ids[i]) == 0)
                *batch_table_add(out) = toy.jobs[k];
    return true;
}

static bool toy_find(const struct batch_site *s, const char *name, int64_t since, struct batch_table *out,
                     struct error *err)
{
    (void)s;
    (void)since;
    toy.n_find++;
    if (toy.down)
        return error_set(err, ERROR_FAILED, "toy does not answer");
    for (size_t k = 0; k < toy.n; k++)
        if (strcmp(toy.jobs[k].name, name) == 0)
            *batch_table_add(out) = toy.jobs[k];
    return true;
}

static bool toy_cancel(const struct batch_site *s, const char *id, struct error *err)
{
    (void)s;
    (void)err;
    toy.n_cancel++;
    snprintf(toy.cancelled, sizeof toy.cancelled, "%s", id);
    return true;
}

static const struct batch_ops toy_ops = {"slurm", "a toy", toy_submit, toy_status, toy_find, toy_cancel};

/* ---- the campaign ---- */

static struct campaign {
    struct arena arena;
    struct store *store;
    struct params *params;
    struct cycle cycle;
    char data[128], out[128];
} here;

static inline void campaign_make(void)
{
    struct error err = {0};
    char text[512];
    database_place();
    toy = (struct toy){0};
    for (size_t i = 0; i < sizeof toy.verdicts / sizeof *toy.verdicts; i++)
        toy.verdicts[i] = BATCH_ACCEPTED;
    here = (struct campaign){0};
    snprintf(here.data, sizeof here.data, "%s/data", database_folder);
    snprintf(here.out, sizeof here.out, "%s/out", database_folder);
    assert_true(fs_make_folders(here.data, &err) && fs_make_folders(here.out, &err));
    here.params = params_make(&here.arena);
    snprintf(text, sizeof text,
             "output_folder = %s\nfacility.standalone.data_dir = %s\nmp.method = slurm\nsubmit.rate = 100\n"
             "facility.standalone.regex = '([0-9]+)[.]h5'\nfacility.standalone.files.last_modified = 0\n",
             here.out, here.data);
    if (!params_merge_text(here.params, "test", text, &err) || !database_open(false, &here.store, &err) ||
        !cycle_open(here.params, here.store, &here.arena, &here.cycle, &err))
        fail_msg("%s %s", err.fact, err.detail);
    here.cycle.site.ops = &toy_ops;
    here.cycle.version = "xfelx test";
    database_do("INSERT INTO trial(num,recipe_hash,phil,body,active,used,created,who) VALUES(1,x'"
                "0102030405060708090a0b0c0d0e0f100102030405060708090a0b0c0d0e0f10','a = 1','',1,0,0,'')");
    database_do("INSERT INTO rungroup(first_ord,active,phil,body,created,who) VALUES(1,1,'b = 2','',0,'')");
    database_do("INSERT INTO trial_rungroup(trial,rungroup,active) VALUES(1,1,1)");
}

static inline void campaign_drop(void)
{
    store_close(here.store);
    arena_free(&here.arena);
    database_drop();
}

/* A file of the data folder. */
static inline void campaign_file(const char *name, const char *content)
{
    char path[512];
    struct error err = {0};
    snprintf(path, sizeof path, "%s/%s", here.data, name);
    if (!fs_write_atomic(path, content, strlen(content), &err))
        fail_msg("%s %s", err.fact, err.detail);
}

static inline struct cycle_report campaign_observe(void)
{
    struct cycle_report r = {0};
    struct error err = {0};
    if (!cycle_observe(&here.cycle, NULL, &r, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return r;
}

static inline struct cycle_report campaign_poll(void)
{
    struct cycle_report r = {0};
    struct error err = {0};
    if (!cycle_poll(&here.cycle, &r, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return r;
}

static inline struct cycle_report campaign_act(void)
{
    struct cycle_report r = {0};
    struct cycle_plan plan;
    struct arena a = {0};
    struct error err = {0};
    if (!cycle_plan(&here.cycle, &a, &plan, &err) || !cycle_act(&here.cycle, &plan, &r, &err))
        fail_msg("%s %s", err.fact, err.detail);
    arena_free(&a);
    return r;
}

/* What an attempt's job script leaves. */
static inline void campaign_record(int64_t attempt, const char *ending, const char *more)
{
    char path[256], text[512];
    struct error err = {0};
    snprintf(path, sizeof path, "%s/.xfelx/jobs/%lld.%s", here.out, (long long)attempt, ending);
    snprintf(text, sizeof text, "xfelx-%s 1\nattempt=%lld\nt=%lld\n%s", ending, (long long)attempt,
             (long long)(clock_now() / 1000000000), more);
    if (!fs_write_atomic(path, text, strlen(text), &err))
        fail_msg("%s %s", err.fact, err.detail);
}

#endif
