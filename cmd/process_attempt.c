/* process_attempt.c - `process` in a job script: the environment names the attempt (XFELX_ATTEMPT), the store says what it is to work
 * on. Its parameters come from the command line, as the script has them, else from the store too. See process.h. */
#include "cmd/process.h"

#include "cmd/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "12", or "12@TIME" with the time of its claim. */
static bool number_of(const char *text, int64_t *out, int64_t *claim, struct error *err)
{
    char number[24];
    *claim = 0;
    if (!text || !*text)
        return true;
    const char *at = strchr(text, '@');
    snprintf(number, sizeof number, "%.*s", at ? (int)(at - text) : 23, text);
    if (str_to_i64(number, out) && *out > 0 && (!at || (str_to_i64(at + 1, claim) && *claim > 0)))
        return true;
    *out = 0;
    error_set(err, ERROR_USAGE, "XFELX_ATTEMPT=%s in the environment is no number of an attempt", text);
    return error_hint(err,
                      "it is set by the scripts of jobs; `unset XFELX_ATTEMPT` to process files by hand");
}

/* Parameters of the trial, over them those of the rungroup, over them again what the command line says by name. */
static bool read_parameters(struct job *j, struct error *err)
{
    struct cli *cli = j->cli;
    const char *const *files = NULL;
    bool given = cli_values(cli, "phil", &files) > 0;
    for (size_t i = 0; i < cli->n_operands; i++)
        given = given || params_argument_kind(cli->operands[i]) == PARAM_ARGUMENT_PHIL;
    if (given)
        return true;
    if (!params_merge_text(j->params, "the trial", j->work.recipe_text, err) ||
        !params_merge_text(j->params, "the rungroup", j->work.rungroup_text, err))
        return false;
    for (size_t i = 0; i < cli->n_operands; i++)
        if (!params_merge_argument(j->params, cli->operands[i], err))
            return false;
    return true;
}

static bool names_no_files(const struct job *j, size_t n_inputs, struct error *err)
{
    const char *const *globs = NULL;
    if (n_inputs == 0 && param_texts(j->params, "input.glob", &globs) == 0 &&
        !param_text(j->params, "input.file_list", NULL))
        return true;
    error_set(err, ERROR_USAGE, "files are named, and the attempt %lld (XFELX_ATTEMPT) has its own",
              (long long)j->attempt);
    return error_hint(err, "`unset XFELX_ATTEMPT` to process files by hand");
}

static bool any_here(const struct store_work *w, struct error *err)
{
    bool any = false;
    for (size_t i = 0; i < w->n_paths; i++)
        any = any || w->here[i];
    return any || error_set(err, ERROR_BUSY, "no file of run %s is here", w->run_name);
}

bool attempt_read(struct job *j, size_t n_inputs, struct error *err)
{
    struct arena *a = &j->cli->arena;
    struct store_options database;
    int64_t claim;
    if (!number_of(getenv("XFELX_ATTEMPT"), &j->attempt, &claim, err))
        return false;
    if (!j->attempt)
        return true;
    if (!names_no_files(j, n_inputs, err) ||
        !database_options(a, j->params, param_text(j->params, "output_folder", "."), &database, err) ||
        !store_open_existing(&database, false, false, &j->store, err) ||
        !store_read_work(j->store, j->attempt, a, &j->work, err))
        return false;
    j->stored.elsewhere = !j->work.live || (claim && claim != j->work.claim_t);
    if (claim && claim != j->work.claim_t)
        return error_set(err, ERROR_BUSY, "attempt %lld was claimed anew, and not for this batch job",
                         (long long)j->attempt),
               error_hint(err, "the database was restored from a copy; its own attempts do the work");
    if (!j->work.live)
        return error_set(err, ERROR_BUSY, "attempt %lld has ended", (long long)j->attempt),
               error_hint(err, "`xfelx status` shows what became of it");
    return any_here(&j->work, err) && read_parameters(j, err);
}

/* For people: that it fails does no harm, and a database that is away is noticed soon enough. */
void attempt_writers(const struct job *j)
{
    struct arena *a = &j->cli->arena;
    struct error err = {0};
    uint32_t n = farm_ranks(j->farm);
    struct store_writer *writers = arena_array(a, n, sizeof *writers);
    for (uint32_t i = 0; i < n; i++)
        writers[i] = (struct store_writer){i, farm_host(j->farm, i),
                                           journals_path(a, j->journals, (uint64_t)j->stored.attempt, i)};
    if (!store_put_writers(j->store, &j->stored, writers, n, &err))
        log_warn("%s", err.fact);
}
