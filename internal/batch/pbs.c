/* pbs.c - qsub, qstat, qselect, qdel of PBS Professional and OpenPBS (FACILITY 6.4). */
#include "batch/command.h"
#include "batch/text.h"

#include <string.h>

/* Error numbers modulo 256 as exit codes: a job that has finished, one that is not known. */
enum { PBS_HISTORY = 35, PBS_UNKNOWN = 153, CHUNK = 500 };

static bool submit(const struct batch_site *s, const char *script, struct batch_answer *out,
                   struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"qsub", fs_name(script), NULL});
    bool good = command_run(s, &c, fs_folder(&c.arena, script), NULL, &a, err);
    if (good)
        command_judge(&a, pbs_read_id, pbs_texts, out);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

/* Finished ones too; unknown ids make it complain and answer for the others. */
static bool ask(const struct batch_site *s, const char *const *ids, size_t n, struct batch_table *out,
                struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"qstat", "-x", "-f", "-F", "json", NULL});
    for (size_t i = 0; i < n; i++)
        command_add(&c, ids[i]);
    bool good = command_run(s, &c, NULL, NULL, &a, err);
    bool answered =
        good && (a.exit_code == 0 || a.exit_code == PBS_UNKNOWN || a.exit_code == PBS_HISTORY || a.out.len);
    if (good && !answered)
        good = command_failed(&c, &a, err);
    else if (good)
        pbs_read_json(answer_text(&a.out), a.out.len, out);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

static bool status(const struct batch_site *s, const char *const *ids, size_t n, struct batch_table *out,
                   struct error *err)
{
    for (size_t i = 0; i < n; i += CHUNK)
        if (!ask(s, ids + i, n - i < CHUNK ? n - i : CHUNK, out, err))
            return false;
    return true;
}

/* Ids of all jobs of this name, by qselect. */
static bool select_ids(const struct batch_site *s, const char *name, struct command_line *c,
                       const char ***ids, size_t *n, struct error *err)
{
    struct child_answer a;
    struct piece line;
    command_add_all(c, (const char *const[]){"qselect", "-x", "-N", name, NULL});
    bool good = command_run(s, c, NULL, NULL, &a, err);
    if (good && a.exit_code != 0)
        good = command_failed(c, &a, err);
    const char *text = good ? answer_text(&a.out) : "";
    while (take_line(&text, &line))
        if (trim(line).n) {
            *ids = arena_grow(&c->arena, *ids, *n, sizeof **ids);
            (*ids)[(*n)++] = arena_strndup(&c->arena, trim(line).at, trim(line).n);
        }
    child_answer_free(&a);
    return good;
}

/* Where qselect is not installed: all jobs, and those of the name taken. */
static bool find_among_all(const struct batch_site *s, const char *name, struct batch_table *out,
                           struct error *err)
{
    struct arena a = {0};
    struct batch_table all = {.arena = &a};
    bool good = ask(s, NULL, 0, &all, err);
    for (size_t i = 0; good && i < all.n; i++)
        if (!strcmp(all.jobs[i].name, name))
            *batch_table_add(out) = all.jobs[i];
    arena_free(&a);
    return good;
}

static bool find(const struct batch_site *s, const char *name, int64_t since, struct batch_table *out,
                 struct error *err)
{
    struct command_line c = {0};
    const char **ids = NULL;
    size_t n = 0;
    (void)since; /* names of attempts are unique */
    bool selected = select_ids(s, name, &c, &ids, &n, err);
    bool good = selected ? status(s, ids, n, out, err) : find_among_all(s, name, out, err);
    command_free(&c);
    return good;
}

static bool cancel(const struct batch_site *s, const char *id, struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"qdel", id, NULL});
    bool good = command_run(s, &c, NULL, NULL, &a, err);
    if (good && a.exit_code != 0 && a.exit_code != PBS_HISTORY && a.exit_code != PBS_UNKNOWN)
        good = command_failed(&c, &a, err);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

const struct batch_ops batch_pbs = {"pbs", "PBS Professional, OpenPBS", submit, status, find, cancel};
