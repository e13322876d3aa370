/* lsf.c - bsub, bjobs, bkill of LSF (FACILITY 6.5). */
#include "batch/command.h"

#include <string.h>

/* bsub reads its options from a script on standard input only. */
static bool submit(const struct batch_site *s, const char *script, struct batch_answer *out,
                   struct error *err)
{
    struct command_line c = {0};
    struct child_answer a = {0};
    struct bytes text = {0};
    command_add(&c, "bsub");
    bool good = fs_read(script, 1 << 24, &text, err) &&
                command_run(s, &c, fs_folder(&c.arena, script), &text, &a, err);
    if (good)
        command_judge(&a, lsf_read_id, lsf_texts, out);
    bytes_free(&text);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

static bool ask(const struct batch_site *s, const char *const *which, struct batch_table *out,
                struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    command_add_all(&c, (const char *const[]){"bjobs", "-a", "-noheader", "-o", LSF_FORMAT, NULL});
    command_add_all(&c, which);
    bool good = command_run(s, &c, NULL, NULL, &a, err);
    bool unknown = good && (strstr(answer_text(&a.err), "not found") || strstr(answer_text(&a.err), "No "));
    if (good && a.exit_code != 0 && !unknown)
        good = command_failed(&c, &a, err);
    else if (good)
        lsf_read_jobs(answer_text(&a.out), out);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

static bool status(const struct batch_site *s, const char *const *ids, size_t n, struct batch_table *out,
                   struct error *err)
{
    struct arena a = {0};
    const char **which = arena_array(&a, n + 1, sizeof *which);
    memcpy(which, ids, n * sizeof *which);
    bool good = n == 0 || ask(s, which, out, err);
    arena_free(&a);
    return good;
}

static bool find(const struct batch_site *s, const char *name, int64_t since, struct batch_table *out,
                 struct error *err)
{
    (void)since; /* names of attempts are unique */
    return ask(s, (const char *const[]){"-J", name, NULL}, out, err);
}

static bool cancel(const struct batch_site *s, const char *id, struct error *err)
{
    struct command_line c = {0};
    struct child_answer a;
    if (id[strspn(id, "0")] == 0) /* bkill 0 ends all of the user's jobs */
        return error_set(err, ERROR_INTERNAL, "LSF job \"%s\" cannot be cancelled", id);
    command_add_all(&c, (const char *const[]){"bkill", id, NULL});
    bool good = command_run(s, &c, NULL, NULL, &a, err);
    bool gone = good && (strstr(answer_text(&a.err), "already finished") ||
                         strstr(answer_text(&a.err), "No matching job"));
    if (good && a.exit_code != 0 && !gone)
        good = command_failed(&c, &a, err);
    child_answer_free(&a);
    command_free(&c);
    return good;
}

const struct batch_ops batch_lsf = {"lsf", "LSF", submit, status, find, cancel};
