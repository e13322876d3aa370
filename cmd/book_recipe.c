/* book_recipe.c - see book_recipe.h. */
#include "cmd/book_recipe.h"

#include "cmd/inputs.h"
#include "cycle/cycle.h"
#include "pipeline/pipeline.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool merge_operands(struct book *b, struct params *p, size_t first, struct error *err)
{
    for (size_t i = first; i < b->cli->n_operands; i++) {
        const char *text = b->cli->operands[i];
        enum param_argument kind = params_argument_kind(text);
        if (kind == PARAM_ARGUMENT_OTHER)
            return error_set(err, ERROR_USAGE, "\"%s\" is neither a parameter file nor NAME=VALUE", text);
        if (!(kind == PARAM_ARGUMENT_PHIL ? params_merge_file : params_merge_argument)(p, text, err))
            return false;
    }
    return true;
}

static bool has_no_settings(struct book *b, const struct params *p, const struct params *before,
                            struct error *err)
{
    struct param_difference *d;
    if (!params_differences(before, p, PARAM_SETTINGS, b->a, &d))
        return true;
    error_set(err, ERROR_USAGE, "%s is a setting, no part of a trial", d->path);
    return error_hint(err, "settings belong into xfelx.phil; resources of one task: xfelx task");
}

/* Files that a recipe reads, and folders: jobs run in other folders than the one in which this was typed. */
static bool make_absolute(struct book *b, struct params *p, struct error *err)
{
    bool good = true;
    for (size_t i = 0; good && i <= INPUTS_FILES; i++) {
        const char *name = i < INPUTS_FILES ? inputs_names[i] : "xfelx.output.journal_dir";
        const char *path = param_text(p, name, NULL);
        good = !path || !*path || *path == '/' || str_starts(path, "calib:") ||
               params_set_text(p, name, fs_absolute(b->a, path), err);
    }
    return good;
}

/* hash: of the recipe; where a file is missing, of the parameters alone. */
static bool check(struct book *b, struct params *p, bool anyway, struct book_recipe *out, struct error *err)
{
    struct recipe *r = NULL;
    struct str lines = {0};
    char line[1024];
    bool ok = calibs_resolve(b->store, p, 0, 0, b->a, &lines, err) &&
              (!lines.len || params_merge_text(p, "calibrations", lines.text, err)) &&
              inputs_open(p, b->a, &r, err);
    str_free(&lines);
    if (r)
        memcpy(out->hash, r->hash, sizeof out->hash);
    else
        params_hash(p, "", out->hash);
    if (ok || err->code == ERROR_USAGE)
        return ok;
    if (!anyway)
        return err->hint[0] ? false : error_hint(err, "--anyway keeps it; nothing is started with it");
    out->bad_input = arena_strdup(b->a, error_line(err, line, sizeof line));
    return true;
}

static const char *shown(struct book *b, const struct params *p, enum param_show what)
{
    struct str text = {0};
    params_show(p, &(struct param_show_options){.what = what, .expert = -1, .tree = PARAM_RECIPE}, &text);
    const char *kept = arena_strdup(b->a, text.text ? text.text : "");
    str_free(&text);
    return kept;
}

bool book_recipe_trial(struct book *b, const char *base, size_t first, bool anyway, struct book_recipe *out,
                       struct error *err)
{
    *out = (struct book_recipe){0};
    if (!book_settings(b->cli, &out->params, err) ||
        !params_merge_text(out->params, "the trial", base, err) ||
        !merge_operands(b, out->params, first, err) || !has_no_settings(b, out->params, b->params, err) ||
        !make_absolute(b, out->params, err))
        return false;
    out->text = shown(b, out->params, PARAM_SHOW_ALL); /* calibrations by their labels */
    return check(b, out->params, anyway, out, err);
}

bool book_recipe_group(struct book *b, const char *base, size_t first, const char *const *trials,
                       size_t n_trials, bool anyway, struct book_recipe *out, struct error *err)
{
    *out = (struct book_recipe){.params = params_make(b->a)};
    if (!params_merge_text(out->params, "the rungroup", base, err) ||
        !merge_operands(b, out->params, first, err) ||
        !has_no_settings(b, out->params, params_make(b->a), err) || !make_absolute(b, out->params, err))
        return false;
    out->text = shown(b, out->params, PARAM_SHOW_CHANGED);
    for (size_t i = 0; i < (n_trials ? n_trials : 1); i++) {
        struct params *p;
        if (!book_settings(b->cli, &p, err) ||
            !params_merge_text(p, "the trial", n_trials ? trials[i] : "", err) ||
            !params_merge_text(p, "the rungroup", out->text, err) || !check(b, p, anyway, out, err))
            return false;
    }
    return true;
}

bool book_trial_row(struct book *b, uint32_t num, const struct store_trial_row **out, struct error *err)
{
    struct store_trial_row *rows;
    size_t n;
    if (!store_trials(b->store, b->a, &rows, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (rows[i].num == num) {
            *out = rows + i;
            return true;
        }
    error_set(err, ERROR_USAGE, "there is no trial %u", num);
    return error_hint(err, "xfelx trial list shows them all");
}
