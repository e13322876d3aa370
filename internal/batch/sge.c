/* sge.c - qsub, qstat, qacct, qdel of Grid Engine (FACILITY 6.3). */
#include "batch/command.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool submit(const struct batch_site *s, const char *script, struct batch_answer *out,
                   struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"qsub", "-terse", fs_name(script), NULL});
    bool good = command_run(s, &c, fs_folder(&c.arena, script), NULL, &a, err);
    if (good)
        command_judge(&a, sge_read_id, sge_texts, out);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

/* Everybody's jobs when we have no name. */
static const char *user_name(void)
{
    const struct passwd *p = getpwuid(getuid());
    return p ? p->pw_name : "*";
}

static bool ask_queue(const struct batch_site *s, struct batch_table *out, struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"qstat", "-xml", "-u", user_name(), NULL});
    bool good = command_run(s, &c, NULL, NULL, &a, err);
    if (good && (a.exit_code != 0 || !strstr(answer_text(&a.out), "<job_info")))
        good = command_failed(&c, &a, err);
    else if (good)
        sge_read_queue(a.out.text, out);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

/* By number or name; one that is not there (yet: records come late) has no row. */
static bool ask_account(const struct batch_site *s, const char *what, struct batch_table *out,
                        struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"qacct", "-j", what, NULL});
    bool good = command_run(s, &c, NULL, NULL, &a, err);
    if (good)
        sge_read_account(answer_text(&a.out), out);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

/* Why a job is in error; it stays as it is where this is not said. */
static void ask_error(const struct batch_site *s, struct batch_job *job)
{
    struct command_line c = {0};
    struct child_answer a;
    char reason[sizeof job->reason];
    command_add_all(&c, (const char *const[]){"qstat", "-j", job->id, NULL});
    if (command_run(s, &c, NULL, NULL, &a, NULL) &&
        sge_read_error(answer_text(&a.out), reason, sizeof reason))
        memcpy(job->reason, reason, sizeof reason);
    child_answer_free(&a);
    command_free(&c);
}

static bool status(const struct batch_site *s, const char *const *ids, size_t n, struct batch_table *out,
                   struct error *err)
{
    enum {
        ACCOUNTS_MAX = 100,
        ERRORS_MAX = 20
    }; /* qacct reads its whole file each time: the rest in the next cycle */
    struct arena a = {0};
    struct batch_table queue = {.arena = &a}, account = {.arena = &a};
    bool good = n == 0 || ask_queue(s, &queue, err);
    size_t asked = 0, errors = 0;
    for (size_t i = 0; good && i < n; i++) {
        const struct batch_job *job = batch_table_find(&queue, ids[i]);
        if (!job && asked++ < ACCOUNTS_MAX) {
            good = ask_account(s, ids[i], &account, err);
            job = batch_table_find(&account, ids[i]);
        }
        if (!job)
            continue;
        struct batch_job *row = batch_table_add(out);
        *row = *job;
        if (row->state == ATTEMPT_BLOCKED && strchr(row->raw, 'E') && errors++ < ERRORS_MAX)
            ask_error(s, row);
    }
    arena_free(&a);
    return good;
}

static bool find(const struct batch_site *s, const char *name, int64_t since, struct batch_table *out,
                 struct error *err)
{
    struct arena a = {0};
    struct batch_table queue = {.arena = &a}, account = {.arena = &a};
    bool good = ask_queue(s, &queue, err) && ask_account(s, name, &account, err);
    for (size_t i = 0; good && i < queue.n; i++)
        if (!strcmp(queue.jobs[i].name, name))
            *batch_table_add(out) = queue.jobs[i];
    for (size_t i = 0; good && i < account.n; i++)
        if (!strcmp(account.jobs[i].name, name) &&
            account.jobs[i].submit_t >= since - (int64_t)600 * 1000000000)
            *batch_table_add(out) = account.jobs[i];
    arena_free(&a);
    return good;
}

static bool cancel(const struct batch_site *s, const char *id, struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"qdel", id, NULL});
    bool good = command_run(s, &c, NULL, NULL, &a, err);
    if (good && a.exit_code != 0 && !strstr(answer_text(&a.out), "does not exist"))
        good = command_failed(&c, &a, err);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

const struct batch_ops batch_sge = {"sge", "Grid Engine", submit, status, find, cancel};
