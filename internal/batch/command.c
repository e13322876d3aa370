/* command.c - running a scheduler's commands. */
#include "batch/command.h"

#include "batch/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void command_add(struct command_line *c, const char *word)
{
    c->words = arena_grow(&c->arena, c->words, c->n, sizeof *c->words);
    c->words[c->n++] = word ? arena_strdup(&c->arena, word) : NULL;
}

void command_add_all(struct command_line *c, const char *const *words)
{
    for (; *words; words++)
        command_add(c, *words);
}

void command_free(struct command_line *c)
{
    arena_free(&c->arena);
}

bool command_run(const struct batch_site *s, const struct command_line *c, const char *folder,
                 const struct bytes *input, struct child_answer *out, struct error *err)
{
    /* commands inside a job take the outer job's options from the environment (FACILITY 6.2.7) */
    static const char *const drop[] = {"SLURM_*", "SBATCH_*", "SQUEUE_*", "SACCT_*", "PBS_*",
                                       "SGE_O_*", "LSB_*",    "LC_*",     NULL};
    struct arena a = {0};
    const char *conf = getenv("SLURM_CONF"), **set = NULL;
    size_t n = 0;
    for (const char *const *e = s->set; e && *e; e++) {
        set = arena_grow(&a, set, n, sizeof *set);
        set[n++] = *e;
    }
    const char *const more[] = {"LC_ALL=C", "SLURM_TIME_FORMAT=%s",
                                conf ? arena_printf(&a, "SLURM_CONF=%s", conf) : NULL, NULL};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        set = arena_grow(&a, set, n, sizeof *set);
        set[n] = more[i];
        n += more[i] != NULL;
    }
    struct command_line whole = *c;
    const char **argv = arena_array(&a, whole.n + 1, sizeof *argv);
    memcpy(argv, whole.words, whole.n * sizeof *argv);
    bool good = child_run(&(struct child){.argv = argv,
                                          .set = set,
                                          .drop = drop,
                                          .folder = folder,
                                          .input = input ? (const char *)input->data : NULL,
                                          .n_input = input ? input->size : 0,
                                          .seconds = s->seconds > 0 ? s->seconds : 60},
                          out, err);
    arena_free(&a);
    return good;
}

const char *answer_text(const struct str *s)
{
    return s->text ? s->text : "";
}

void command_says(const struct child_answer *a, char *out, size_t size)
{
    const char *text = a->err.len ? a->err.text : answer_text(&a->out);
    struct piece line;
    *out = 0;
    while (!*out && take_line(&text, &line))
        piece_copy(trim(line), out, size);
    if (!*out)
        snprintf(out, size, a->timed_out ? "no answer in time" : "no answer (exit code %d, signal %d)",
                 a->exit_code, a->signal);
}

bool command_failed(const struct command_line *c, const struct child_answer *a, struct error *err)
{
    char says[400];
    command_says(a, says, sizeof says);
    error_set(err, ERROR_FAILED, "%s failed", c->words[0]);
    return error_detail(err, "%s", says);
}

void command_judge(const struct child_answer *a, bool (*read_id)(const char *text, char *id, size_t size),
                   const struct batch_text *texts, struct batch_answer *out)
{
    *out = (struct batch_answer){0};
    if (a->exit_code == 0 && read_id(answer_text(&a->out), out->id, sizeof out->id)) {
        out->verdict = BATCH_ACCEPTED;
        return;
    }
    out->id[0] = 0;
    enum batch_verdict by_err = batch_judge(texts, a->exit_code, answer_text(&a->err));
    enum batch_verdict by_out = batch_judge(texts, a->exit_code, answer_text(&a->out));
    out->verdict = by_err != BATCH_REFUSED ? by_err : by_out;
    command_says(a, out->text, sizeof out->text);
}

char *join_ids(struct arena *a, const char *const *ids, size_t n, char between)
{
    struct str s = {0};
    for (size_t i = 0; i < n; i++) {
        if (i)
            str_addc(&s, between);
        str_add(&s, ids[i]);
    }
    char *text = arena_strdup(a, answer_text(&s));
    str_free(&s);
    return text;
}
