/* slurm.c - sbatch, squeue, sacct, scancel (FACILITY 6.2). */
#include "batch/command.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool submit(const struct batch_site *s, const char *script, struct batch_answer *out,
                   struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"sbatch", "--parsable", fs_name(script), NULL});
    bool good = command_run(s, &c, fs_folder(&c.arena, script), NULL, &a, err);
    if (good)
        command_judge(&a, slurm_read_id, slurm_texts, out);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

/* One squeue; a single id that is not known makes it fail, which is no failure. */
static bool ask_queue(const struct batch_site *s, const char *option, struct batch_table *out,
                      struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(
        &c, (const char *const[]){"squeue", "-h", "-a", "-t", "all", "-o", SLURM_QUEUE_FORMAT, option, NULL});
    bool good = command_run(s, &c, NULL, NULL, &a, err);
    if (good && a.exit_code != 0 && !strstr(answer_text(&a.err), "Invalid job id"))
        good = command_failed(&c, &a, err);
    else if (good)
        slurm_read_queue(SLURM_QUEUE_FORMAT, answer_text(&a.out), out);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

/* Accounting, where there is one: what squeue has forgotten. */
static bool ask_account(const struct batch_site *s, const char *const *options, struct batch_table *out,
                        struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"sacct", "-X", "-n", "-P", "-o", SLURM_ACCOUNT_FORMAT, NULL});
    command_add_all(&c, options);
    bool good = command_run(s, &c, NULL, NULL, &a, err);
    bool none = good && strstr(answer_text(&a.err), "accounting storage is disabled");
    if (good && a.exit_code != 0 && !none)
        good = command_failed(&c, &a, err);
    else if (good && !none)
        slurm_read_account(SLURM_ACCOUNT_FORMAT, answer_text(&a.out), out);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

static bool status(const struct batch_site *s, const char *const *ids, size_t n, struct batch_table *out,
                   struct error *err)
{
    struct arena a = {0};
    struct batch_table queue = {.arena = &a}, account = {.arena = &a};
    if (n == 0)
        return true;
    bool good = ask_queue(s, arena_printf(&a, "--jobs=%s", join_ids(&a, ids, n, ',')), &queue, err);
    /* accounting knows what squeue has forgotten, and how a job ended: exit codes are not in squeue's list */
    const char **asked = arena_array(&a, n, sizeof *asked);
    size_t n_asked = 0;
    for (size_t i = 0; good && i < n; i++) {
        const struct batch_job *q = batch_table_find(&queue, ids[i]);
        if (!q || q->state == ATTEMPT_ENDED)
            asked[n_asked++] = ids[i];
    }
    if (good && n_asked) {
        const char *const options[] = {"-S", "1970-01-02", "-j", join_ids(&a, asked, n_asked, ','), NULL};
        good = ask_account(s, options, &account, err);
    }
    for (size_t i = 0; good && i < n; i++) {
        const struct batch_job *q = batch_table_find(&queue, ids[i]), *k = batch_table_find(&account, ids[i]);
        const struct batch_job *best =
            k && (!q || (q->state == ATTEMPT_ENDED && k->state == ATTEMPT_ENDED)) ? k : q;
        if (best)
            *batch_table_add(out) = *best;
    }
    arena_free(&a);
    return good;
}

static bool find(const struct batch_site *s, const char *name, int64_t since, struct batch_table *out,
                 struct error *err)
{
    struct arena a = {0};
    char from[32];
    time_t seconds = (time_t)(since / 1000000000) - 600; /* its clock and ours differ */
    struct tm t;
    localtime_r(&seconds, &t);
    strftime(from, sizeof from, "%Y-%m-%dT%H:%M:%S", &t);
    bool good = ask_queue(s, arena_printf(&a, "--name=%s", name), out, err);
    if (good && out->n == 0) {
        const char *const options[] = {"-S", from, arena_printf(&a, "--name=%s", name), NULL};
        good = ask_account(s, options, out, err);
    }
    arena_free(&a);
    return good;
}

/* scancel is silent about jobs it does not know: the next status tells. */
static bool cancel(const struct batch_site *s, const char *id, struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"scancel", id, NULL});
    bool good = command_run(s, &c, NULL, NULL, &a, err);
    if (good && a.exit_code != 0 && !strstr(answer_text(&a.err), "Invalid job id"))
        good = command_failed(&c, &a, err);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

const struct batch_ops batch_slurm = {"slurm", "Slurm", submit, status, find, cancel};
