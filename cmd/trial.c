/* trial.c - `xfelx trial`: parameters under a number. */
#include "cmd/book_recipe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- list, show ---- */

static const char *groups_of(struct book *b, const struct store_trial_row *t)
{
    struct str s = {0};
    for (size_t i = 0; i < t->n_rungroups; i++)
        str_printf(&s, "%s%lld", i ? "," : "", (long long)t->rungroups[i]);
    const char *text = s.len ? arena_strdup(b->a, s.text) : "";
    str_free(&s);
    return text;
}

static const char *state_of(const struct store_trial_row *t)
{
    return *t->bad_input ? "bad input" : t->active ? "active" : "off";
}

static const struct book_column columns[] = {{"trial", true, false},   {"state", false, false},
                                             {"recipe", false, false}, {"groups", false, true},
                                             {"jobs", false, true},    {"comment", false, true}};

static void put_cells(struct book *b, const void *row, const char **c)
{
    const struct store_trial_row *t = row;
    char hash[17];
    *c++ = arena_printf(b->a, "%u", t->num);
    *c++ = state_of(t);
    *c++ = arena_strdup(b->a, hash_hex(t->recipe_hash, 8, hash));
    *c++ = groups_of(b, t);
    *c++ = book_jobs_text(b, &t->jobs);
    *c++ = t->comment;
}

static void put_trial(struct json_writer *w, const struct store_trial_row *t)
{
    char hash[65];
    json_object(w, NULL);
    json_put_int(w, "trial", t->num);
    json_put_text(w, "recipe", hash_hex(t->recipe_hash, 32, hash));
    json_put_bool(w, "active", t->active);
    json_put_bool(w, "used", t->used);
    json_put_text(w, "comment", t->comment);
    json_put_text(w, "bad_input", *t->bad_input ? t->bad_input : NULL);
    json_put_int(w, "created_ns", t->created_t);
    json_put_text(w, "who", t->who);
    json_array(w, "rungroups", true);
    for (size_t i = 0; i < t->n_rungroups; i++)
        json_put_int(w, NULL, t->rungroups[i]);
    json_end_array(w);
    book_jobs_json(w, &t->jobs);
}

static void put_row(struct book *b, struct json_writer *w, const void *row)
{
    (void)b;
    put_trial(w, row);
    json_end_object(w);
}

static void put_row_with_text(struct book *b, struct json_writer *w, const void *row)
{
    const struct store_trial_row *t = row;
    (void)b;
    put_trial(w, t);
    json_put_text(w, "phil", t->phil);
    json_end_object(w);
}

static const struct book_list listing = {.key = "trials",
                                         .none = "no trials; xfelx trial add makes one",
                                         .size = sizeof(struct store_trial_row),
                                         .columns = columns,
                                         .n_columns = sizeof columns / sizeof *columns,
                                         .cells = put_cells,
                                         .json = put_row};
static const struct book_list shown = {
    .key = "trials", .size = sizeof(struct store_trial_row), .json = put_row_with_text};

static bool list_trials(struct book *b, struct error *err)
{
    struct store_trial_row *rows;
    size_t n;
    return store_trials(b->store, b->a, &rows, &n, err) && book_list(b, &listing, rows, n);
}

/* What it changes from the defaults of this program. */
static const char *changed_text(struct book *b, const struct store_trial_row *t, struct error *err)
{
    struct str text = {0};
    struct params *p = params_make(b->a);
    if (!params_merge_text(p, "the trial", t->phil, err))
        return NULL;
    params_show(p,
                &(struct param_show_options){.what = PARAM_SHOW_CHANGED, .expert = -1, .tree = PARAM_RECIPE},
                &text);
    const char *kept = arena_strdup(b->a, text.text ? text.text : "");
    str_free(&text);
    return kept;
}

static bool say_trial(struct book *b, const struct store_trial_row *t, struct error *err)
{
    struct str *out = &b->out;
    char hash[17];
    if (cli_has(b->cli, "phil")) { /* to be kept in a file */
        str_add(out, t->phil);
        return true;
    }
    const char *text = cli_has(b->cli, "all") ? t->phil : changed_text(b, t, err);
    book_fieldf(out, "trial", "%u: %s%s", t->num, t->active ? "active" : "off", t->used ? ", has jobs" : "");
    book_field(out, "recipe", hash_hex(t->recipe_hash, 8, hash));
    book_fieldf(out, "made", "%s by %s", book_time(b, t->created_t), book_shown(b, t->who));
    if (t->preview)
        book_fieldf(out, "preview", "%d %% of the frames", t->preview);
    if (*t->comment)
        book_field(out, "comment", t->comment);
    if (*t->bad_input)
        book_field(out, "bad input", t->bad_input);
    book_field(out, "rungroups", t->n_rungroups ? groups_of(b, t) : "-");
    book_field(out, "jobs", book_jobs_text(b, &t->jobs));
    if (text)
        str_printf(out, "\n%s", *text ? text : "# all parameters have their defaults\n");
    return text != NULL;
}

static bool show_trials(struct book *b, struct error *err)
{
    uint32_t *nums;
    size_t n;
    if (!book_trials(b, b->cli->n_operands, &nums, &n, err))
        return false;
    struct store_trial_row *rows = arena_array(b->a, n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        const struct store_trial_row *t;
        if (!book_trial_row(b, nums[i], &t, err))
            return false;
        rows[i] = *t;
        if (b->json)
            continue;
        str_add(&b->out, i ? "\n" : "");
        if (!say_trial(b, t, err))
            return false;
    }
    if (b->json)
        book_list_json(b, &shown, rows, n);
    return true;
}

/* ---- add, copy ---- */

static void say_added(struct book *b, uint32_t num, const struct book_recipe *r, const struct params *base,
                      const char *than)
{
    char hash[17];
    struct param_difference *d;
    size_t n = params_differences(base, r->params, PARAM_RECIPE, b->a, &d);
    str_printf(&b->out, "trial %u: recipe %s, %s other than %s\n", num, hash_hex(r->hash, 8, hash),
               COUNT(n, "parameter"), than);
    if (r->bad_input)
        str_printf(&b->out, "it cannot be used as it is: %s\n", book_shown(b, r->bad_input));
    if (!cli_has(b->cli, "active"))
        str_printf(&b->out, "xfelx trial activate %u lets it process runs\n", num);
}

static bool add_trial(struct book *b, const struct store_trial_row *from, size_t first, struct error *err)
{
    struct book_recipe r;
    struct params *base = params_make(b->a);
    int64_t *groups = NULL;
    const char *const *words = NULL;
    struct store_range *ranges;
    size_t n_groups = 0, n_ranges, n_words = cli_values(b->cli, "group", &words);
    uint32_t num = 0;
    if (!store_ranges(words, n_words, "rungroup", b->a, &ranges, &n_ranges, err))
        return false;
    for (size_t i = 0; i < n_ranges; i++)
        for (int64_t k = ranges[i].first; k <= ranges[i].last && n_groups < 10000; k++) {
            groups = arena_grow(b->a, groups, n_groups, sizeof *groups);
            groups[n_groups++] = k;
        }
    if (!params_merge_text(base, "the trial", from ? from->phil : "", err) ||
        !book_recipe_trial(b, from ? from->phil : "", first, cli_has(b->cli, "anyway"), &r, err))
        return false;
    struct store_trial_new t = {
        .recipe_hash = r.hash,
        .phil = r.text,
        .comment = cli_value(b->cli, "comment", NULL),
        .bad_input = r.bad_input,
        .percent = param_real(r.params, "dispatch.process_percent", NAN),
        .d_min = param_real(r.params, "prediction.d_min", NAN),
        .active = cli_has(b->cli, "active"),
        .rungroups = groups ? groups
                     : from ? from->rungroups
                            : NULL,
        .n_rungroups = groups ? n_groups
                       : from ? from->n_rungroups
                              : 0,
    };
    if (!store_trial_add(b->store, &b->by, &t, &num, err))
        return false;
    say_added(b, num, &r, base, from ? arena_printf(b->a, "those of trial %u", from->num) : "the defaults");
    return true;
}

static bool add_new_trial(struct book *b, struct error *err)
{
    return add_trial(b, NULL, 0, err);
}

static bool copy_trial(struct book *b, struct error *err)
{
    uint32_t *nums;
    size_t n;
    const struct store_trial_row *from;
    return book_trials(b, 1, &nums, &n, err) && book_trial_row(b, nums[0], &from, err) &&
           add_trial(b, from, 1, err);
}

/* ---- diff ---- */

static void say_differences(struct book *b, const struct param_difference *d, size_t n,
                            const uint32_t nums[2])
{
    const struct book_column differences[] = {{"parameter", false, false},
                                              {arena_printf(b->a, "trial %u", nums[0]), false, true},
                                              {arena_printf(b->a, "trial %u", nums[1]), false, true}};
    const char **cells = arena_array(b->a, 3 * n + 1, sizeof *cells);
    for (size_t i = 0; i < n; i++) {
        cells[3 * i] = d[i].path;
        cells[3 * i + 1] = d[i].was ? d[i].was : "";
        cells[3 * i + 2] = d[i].is ? d[i].is : "";
    }
    if (n)
        book_table(&b->out, differences, 3, cells, n);
    else
        str_add(&b->out, "no parameter differs (the files that they name may)\n");
}

static void put_differences(struct book *b, const struct param_difference *d, size_t n)
{
    struct json_writer w = {.out = &b->out, .indent = 2};
    json_object(&w, NULL);
    json_put_int(&w, "version", 1);
    json_array(&w, "differences", false);
    for (size_t i = 0; i < n; i++) {
        json_object(&w, NULL);
        json_put_text(&w, "parameter", d[i].path);
        json_put_text(&w, "was", d[i].was);
        json_put_text(&w, "is", d[i].is);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    str_addc(&b->out, '\n');
}

/* The parameters of the trial that the i-th operand names. */
static bool read_trial(struct book *b, size_t i, uint32_t *num, struct params **out, struct error *err)
{
    const char *text = b->cli->operands[i];
    const struct store_trial_row *t;
    int64_t n;
    if (!str_to_i64(text, &n) || n < 0 || n > UINT32_MAX)
        return error_set(err, ERROR_USAGE, "\"%s\" is no number of a trial", text);
    *num = (uint32_t)n;
    *out = params_make(b->a);
    return book_trial_row(b, *num, &t, err) && params_merge_text(*out, "the trial", t->phil, err);
}

static bool diff_trials(struct book *b, struct error *err)
{
    struct params *p[2];
    struct param_difference *d = NULL;
    uint32_t nums[2];
    if (!read_trial(b, 0, nums, p, err) || !read_trial(b, 1, nums + 1, p + 1, err))
        return false;
    size_t n = params_differences(p[0], p[1], PARAM_RECIPE, b->a, &d);
    if (b->json)
        put_differences(b, d, n);
    else
        say_differences(b, d, n, nums);
    return true;
}

/* ---- comment, active ---- */

static bool comment_trials(struct book *b, struct error *err)
{
    const struct cli *cli = b->cli;
    uint32_t *nums;
    size_t n;
    if (!book_trials(b, cli->n_operands - 1, &nums, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!store_trial_comment(b->store, &b->by, nums[i], cli->operands[cli->n_operands - 1], err))
            return false;
    book_changed(&b->out, n, n, "trial", "commented");
    return true;
}

static bool preview_trials(struct book *b, struct error *err)
{
    const char *text = b->cli->operands[b->cli->n_operands - 1];
    uint32_t *nums;
    size_t n, changed = 0;
    int64_t percent = 0;
    if (strcmp(text, "off") != 0 && (!str_to_i64(text, &percent) || percent < 0 || percent > 100))
        return error_set(err, ERROR_USAGE, "a preview is of 1 to 100 per cent of the frames, not %s", text),
               error_hint(err, "xfelx trial preview 3 5; xfelx trial preview 3 off");
    if (!book_trials(b, b->cli->n_operands - 1, &nums, &n, err) ||
        !store_trial_preview(b->store, &b->by, nums, n, (int)percent, &changed, err))
        return false;
    book_changed(&b->out, changed, n, "trial", percent ? "with preview" : "without preview");
    return true;
}

static bool switch_trials(struct book *b, struct error *err)
{
    uint32_t *nums;
    size_t n, changed = 0;
    bool on = !strcmp(command_word(b->cli->command), "activate");
    if (!book_trials(b, b->cli->n_operands, &nums, &n, err) ||
        !store_trial_active(b->store, &b->by, nums, n, on, &changed, err))
        return false;
    book_changed(&b->out, changed, n, "trial", on ? "active" : "off");
    return true;
}

#define ADD_OPTIONS                                                                                          \
    {0, "comment", "TEXT", "what it is for"}, {0, "active", NULL, "let it process runs at once"},            \
        {0, "group", "N", "rungroups that it uses (3, 3-5,7)"},                                              \
    {                                                                                                        \
        0, "anyway", NULL,                                                                                   \
            "keep it also when a file that it names cannot be used; nothing is started with it"              \
    }

static const struct command trial_list = {
    .name = "trial list",
    .summary = "the trials, a line each",
    .usage = "[OPTIONS]",
    .text = "Lists trials: whether they are active, the short hash of their recipe, the rungroups they use, "
            "their jobs by "
            "state, and the comment.",
    .options = (const struct option_row[]){BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx trial list", "all trials"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, 0, "", list_trials},
};

static const struct command trial_show = {
    .name = "trial show",
    .summary = "what a trial does: its parameters",
    .usage = "[OPTIONS] TRIAL...",
    .text = "Shows a trial with the parameters that differ from the defaults; --all shows all of them, "
            "--phil nothing else, "
            "in a form that process reads.",
    .options = (const struct option_row[]){{0, "all", NULL,
                                            "all parameters, not only those that differ from the defaults"},
                                           {0, "phil", NULL, "print only the parameters, all of them"},
                                           BOOK_JSON,
                                           BOOK_OPTIONS,
                                           {0}},
    .examples =
        (const struct example[]){{"xfelx trial show 3", "of trial 3; xfelx trial 3 is the same"},
                                 {"xfelx trial show 3 --phil >trial3.phil", "its parameters as a file"},
                                 {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, SIZE_MAX, "TRIAL", show_trials},
};

static const struct command trial_add = {
    .name = "trial add",
    .summary = "make a trial from parameters",
    .usage = "[OPTIONS] [PARAMETERS.phil]... [NAME=VALUE]...",
    .text = "Makes a trial with the next number. Parameters have the names of dials.stills_process; each is "
            "checked now: a "
            "name that does not exist is refused with the nearest one, a value with what is allowed, and the "
            "files that "
            "are named (mask, geometry, reference) are opened. Relative paths become absolute.\n\n"
            "A trial never changes: other parameters are another trial. It processes runs when it is active "
            "and uses a "
            "rungroup (--group, or xfelx group add --trial).",
    .options = (const struct option_row[]){ADD_OPTIONS, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx trial add lysozyme.phil spotfinder.filter.min_spot_size=3 "
                                          "--comment 'small spots' --group 1 --active",
                                          "a trial from a file and one more parameter, which starts at once"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "", add_new_trial},
};

static const struct command trial_copy = {
    .name = "trial copy",
    .summary = "make a trial from another one, with changes",
    .usage = "[OPTIONS] TRIAL [PARAMETERS.phil]... [NAME=VALUE]...",
    .text = "Makes a trial with the parameters of another one and what is given here over them. It uses the "
            "same rungroups "
            "unless --group names others.",
    .options = (const struct option_row[]){ADD_OPTIONS, BOOK_OPTIONS, {0}},
    .examples =
        (const struct example[]){
            {"xfelx trial copy 3 dispatch.process_percent=10", "trial 3 on a tenth of the frames"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, SIZE_MAX, "TRIAL", copy_trial},
};

static const struct command trial_diff = {
    .name = "trial diff",
    .summary = "the parameters in which two trials differ",
    .usage = "[OPTIONS] TRIAL TRIAL",
    .text = "Prints each parameter whose value differs, with both values, defaults included.",
    .options = (const struct option_row[]){BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx trial diff 3 5", "what is different in trial 5"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 2, 2, "TRIAL", diff_trials},
};

static const struct command trial_comment = {
    .name = "trial comment",
    .summary = "say something of trials",
    .usage = "[OPTIONS] TRIAL... TEXT",
    .text = "Sets the comment; an empty text removes it.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples =
        (const struct example[]){{"xfelx trial comment 3 'the one for the paper'", "comment trial 3"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 2, SIZE_MAX, "TRIAL... TEXT", comment_trials},
};

static const struct command trial_preview = {
    .name = "trial preview",
    .summary = "look at a share of the frames first",
    .usage = "[OPTIONS] TRIAL... PERCENT|off",
    .text = "Makes preview jobs for trials, active or not: each looks at so many per cent of a run's frames, "
            "the same "
            "ones for every trial (chosen by hash), with the trial's parameters, and in folders of its own. "
            "They come "
            "behind all other jobs, with what submit.preview_resources says. Their numbers are never added "
            "to those "
            "of full jobs (report --preview shows them), and nothing more is previewed of a run whose full "
            "job is "
            "done.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx trial preview 3-6 5",
                                          "compare four trials on a twentieth of the frames"},
                                         {"xfelx trial preview 3 off", "no more of trial 3"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 2, 1000, "TRIAL", preview_trials},
};

static const struct command trial_activate = {
    .name = "trial activate",
    .summary = "let trials process runs",
    .usage = "[OPTIONS] TRIAL...",
    .text = "Every run of every active rungroup that the trial uses is processed, once. How many jobs that "
            "is: xfelx submit "
            "--dry-run.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx trial activate 3", "trial 3 may process runs"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "TRIAL", switch_trials},
};

static const struct command trial_deactivate = {
    .name = "trial deactivate",
    .summary = "start nothing more of trials",
    .usage = "[OPTIONS] TRIAL...",
    .text = "Nothing new is started; jobs that are there go on (xfelx job cancel ends them).",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx trial deactivate 1,2", "trials 1 and 2 are settled"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "TRIAL", switch_trials},
};

static const struct command *const verbs[] = {
    &trial_list,    &trial_show,     &trial_add,        &trial_copy,    &trial_diff,
    &trial_comment, &trial_activate, &trial_deactivate, &trial_preview, NULL};

const struct command command_trial = {
    .name = "trial",
    .summary = "make, compare and switch sets of parameters",
    .usage = "VERB [OPTIONS] ...",
    .text = "A trial is a set of parameters under a number. It never changes, so that a number always means "
            "the same; what "
            "is processed with it belongs to it. Parameters of a stretch of beam time (geometry, mask, "
            "energy) belong "
            "into a rungroup (xfelx group) and lie over those of the trial.",
    .examples = (const struct example[]){{"xfelx trial add lysozyme.phil --group 1 --active",
                                          "process with these parameters"},
                                         {"xfelx trial diff 3 5", "what is different in trial 5"},
                                         {0}},
    .verbs = verbs,
};
