/* group.c - `xfelx group`: rungroups, stretches of beam time with parameters of their own. */
#include "cmd/book_recipe.h"

#include <stdio.h>
#include <string.h>

/* ---- list, show ---- */

static const char *range_of(struct book *b, const struct store_group_row *g)
{
    return g->last < 0           ? arena_printf(b->a, "%lld-", (long long)g->first)
           : g->last == g->first ? arena_printf(b->a, "%lld", (long long)g->first)
                                 : arena_printf(b->a, "%lld-%lld", (long long)g->first, (long long)g->last);
}

static const char *exceptions_of(struct book *b, const struct store_group_row *g)
{
    struct str s = {0};
    for (size_t i = 0; i < g->n_exceptions; i++)
        str_printf(&s, " %c%lld", g->exceptions[i].include ? '+' : '-', (long long)g->exceptions[i].ord);
    const char *text = s.len ? arena_strdup(b->a, s.text) : "";
    str_free(&s);
    return text;
}

static const char *trials_of(struct book *b, const struct store_group_row *g)
{
    struct str s = {0};
    for (size_t i = 0; i < g->n_uses; i++)
        if (g->uses[i].active)
            str_printf(&s, "%s%u", s.len ? "," : "", g->uses[i].trial);
    const char *text = s.len ? arena_strdup(b->a, s.text) : "";
    str_free(&s);
    return text;
}

static const char *state_of(const struct store_group_row *g)
{
    return *g->bad_input ? "bad input" : g->active ? "active" : "off";
}

static const struct book_column columns[] = {
    {"group", true, false},  {"state", false, false}, {"runs", false, true},       {"", true, false},
    {"trials", false, true}, {"jobs", false, true},   {"parameters", false, true}, {"comment", false, true}};

static void put_cells(struct book *b, const void *row, const char **c)
{
    const struct store_group_row *g = row;
    *c++ = arena_printf(b->a, "%lld", (long long)g->id);
    *c++ = state_of(g);
    *c++ = arena_printf(b->a, "%s%s", range_of(b, g), exceptions_of(b, g));
    *c++ = arena_printf(b->a, "%u", g->n_runs);
    *c++ = trials_of(b, g);
    *c++ = book_jobs_text(b, &g->jobs);
    *c++ = *g->phil ? "own" : "";
    *c++ = g->comment;
}

static void put_row(struct book *b, struct json_writer *w, const void *row)
{
    const struct store_group_row *g = row;
    (void)b;
    json_object(w, NULL);
    json_put_int(w, "rungroup", g->id);
    json_put_int(w, "first", g->first);
    if (g->last < 0)
        json_put_null(w, "last");
    else
        json_put_int(w, "last", g->last);
    json_put_bool(w, "open", g->last < 0);
    json_put_bool(w, "active", g->active);
    json_put_bool(w, "used", g->used);
    json_put_int(w, "runs", g->n_runs);
    json_array(w, "include", true);
    for (size_t k = 0; k < g->n_exceptions; k++)
        if (g->exceptions[k].include)
            json_put_int(w, NULL, g->exceptions[k].ord);
    json_end_array(w);
    json_array(w, "exclude", true);
    for (size_t k = 0; k < g->n_exceptions; k++)
        if (!g->exceptions[k].include)
            json_put_int(w, NULL, g->exceptions[k].ord);
    json_end_array(w);
    json_array(w, "trials", true);
    for (size_t k = 0; k < g->n_uses; k++)
        if (g->uses[k].active)
            json_put_int(w, NULL, g->uses[k].trial);
    json_end_array(w);
    json_put_text(w, "comment", g->comment);
    json_put_text(w, "phil", g->phil);
    json_put_text(w, "bad_input", *g->bad_input ? g->bad_input : NULL);
    json_put_int(w, "created_ns", g->created_t);
    json_put_text(w, "who", g->who);
    book_jobs_json(w, &g->jobs);
    json_end_object(w);
}

static const struct book_list listing = {.key = "rungroups",
                                         .none = "no rungroups; xfelx group add makes one",
                                         .size = sizeof(struct store_group_row),
                                         .columns = columns,
                                         .n_columns = sizeof columns / sizeof *columns,
                                         .cells = put_cells,
                                         .json = put_row};

static bool list_groups(struct book *b, struct error *err)
{
    struct store_group_row *rows;
    size_t n;
    return store_groups(b->store, b->a, &rows, &n, err) && book_list(b, &listing, rows, n);
}

static void say_group(struct book *b, const struct store_group_row *g)
{
    struct str *out = &b->out;
    book_fieldf(out, "rungroup", "%lld: %s%s", (long long)g->id, g->active ? "active" : "off",
                g->used ? ", has jobs" : "");
    book_fieldf(out, "runs", "%s%s (%u now)%s", range_of(b, g), exceptions_of(b, g), g->n_runs,
                g->last < 0 ? ", open: every later run belongs to it" : "");
    book_fieldf(out, "made", "%s by %s", book_time(b, g->created_t), book_shown(b, g->who));
    if (*g->comment)
        book_field(out, "comment", g->comment);
    if (*g->bad_input)
        book_field(out, "bad input", g->bad_input);
    book_field(out, "trials", *trials_of(b, g) ? trials_of(b, g) : "-");
    book_field(out, "jobs", book_jobs_text(b, &g->jobs));
    if (*g->phil)
        str_printf(out, "\n%s", g->phil);
}

static bool find_row(struct book *b, int64_t id, const struct store_group_row **out, struct error *err)
{
    struct store_group_row *rows;
    size_t n;
    if (!store_groups(b->store, b->a, &rows, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (rows[i].id == id) {
            *out = rows + i;
            return true;
        }
    error_set(err, ERROR_USAGE, "there is no rungroup %lld", (long long)id);
    return error_hint(err, "xfelx group list shows them all");
}

static bool show_groups(struct book *b, struct error *err)
{
    int64_t *ids;
    size_t n;
    if (!book_numbers(b, b->cli->n_operands, "rungroup", &ids, &n, err))
        return false;
    struct store_group_row *rows = arena_array(b->a, n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        const struct store_group_row *g = NULL;
        if (!find_row(b, ids[i], &g, err))
            return false;
        rows[i] = *g;
        if (b->json)
            continue;
        str_add(&b->out, i ? "\n" : "");
        say_group(b, g);
    }
    if (b->json)
        book_list_json(b, &listing, rows, n);
    return true;
}

/* ---- add, edit ---- */

static bool texts_of(struct book *b, const uint32_t *nums, size_t n, const char ***texts, struct error *err)
{
    *texts = arena_array(b->a, n + 1, sizeof **texts);
    for (size_t i = 0; i < n; i++) {
        const struct store_trial_row *t;
        if (!book_trial_row(b, nums[i], &t, err))
            return false;
        (*texts)[i] = t->phil;
    }
    return true;
}

/* Runs, comment and trials as the options say; first and last stay BOOK_KEEP when they are not given. */
static bool read_edit(struct book *b, struct store_group_edit *e, struct error *err)
{
    struct cli *cli = b->cli;
    uint32_t *trials;
    int64_t *include, *exclude;
    *e = (struct store_group_edit){.comment = cli_value(cli, "comment", NULL)};
    if (cli_has(cli, "open") && cli_has(cli, "last"))
        return error_set(err, ERROR_USAGE, "--open and --last say different things");
    if (!cli_int(cli, "first", 0, INT64_MAX / 2, BOOK_KEEP, &e->first, err) ||
        !cli_int(cli, "last", 0, INT64_MAX / 2, BOOK_KEEP, &e->last, err) ||
        !book_option_trials(b, "trial", &trials, &e->n_trials, err) ||
        !book_option_runs(b, "include", &include, &e->n_include, err) ||
        !book_option_runs(b, "exclude", &exclude, &e->n_exclude, err))
        return false;
    e->trials = trials;
    e->include = include;
    e->exclude = exclude;
    e->last = cli_has(cli, "open") ? -1 : e->last;
    return true;
}

/* A run in two rungroups of one trial is processed twice: often meant, as often not. */
static bool say_overlaps(struct book *b, const struct store_group_row *mine, struct error *err)
{
    struct store_group_row *rows;
    size_t n;
    if (!store_groups(b->store, b->a, &rows, &n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct store_group_row *g = rows + i;
        bool apart = (g->last >= 0 && g->last < mine->first) || (mine->last >= 0 && mine->last < g->first);
        if (g->id == mine->id || !g->active || apart)
            continue;
        for (size_t k = 0; k < g->n_uses; k++)
            for (size_t m = 0; m < mine->n_uses; m++)
                if (g->uses[k].active && mine->uses[m].active && g->uses[k].trial == mine->uses[m].trial)
                    str_printf(
                        &b->out,
                        "rungroup %lld (runs %s) has some of these runs in trial %u too: they are processed "
                        "in both; xfelx group edit %lld --last %lld ends that one before\n",
                        (long long)g->id, range_of(b, g), g->uses[k].trial, (long long)g->id,
                        (long long)(mine->first > 0 ? mine->first - 1 : 0));
    }
    return true;
}

static bool add_group(struct book *b, struct error *err)
{
    struct store_group_edit e;
    struct book_recipe r;
    const char **texts;
    int64_t id = 0;
    const struct store_group_row *g = NULL;
    if (!read_edit(b, &e, err))
        return false;
    if (e.first == BOOK_KEEP && !e.n_include)
        return error_set(err, ERROR_USAGE, "group add needs --first RUN (or --include RUN)"),
               error_hint(err,
                          "--first 12: this run; --first 12 --last 20; --first 12 --open: all from 12 on");
    /* of single runs only: a range that holds none */
    e.first = e.first == BOOK_KEEP ? INT64_MAX / 2 : e.first;
    e.last = e.last == BOOK_KEEP ? e.first : e.last;
    if (!texts_of(b, e.trials, e.n_trials, &texts, err) ||
        !book_recipe_group(b, "", 0, texts, e.n_trials, cli_has(b->cli, "anyway"), &r, err))
        return false;
    e.phil = r.text;
    e.bad_input = r.bad_input;
    if (!store_group_add(b->store, &b->by, &e, &id, err) || !find_row(b, id, &g, err))
        return false;
    str_printf(&b->out, "rungroup %lld: runs %s%s (%u now)\n", (long long)id, range_of(b, g),
               exceptions_of(b, g), g->n_runs);
    if (!e.n_trials)
        str_printf(&b->out, "no trial uses it yet: xfelx group use %lld --trial N\n", (long long)id);
    return g->first >= INT64_MAX / 2 || say_overlaps(b, g, err);
}

/* The trials on which changed parameters are tried: those that are named, else all that use it. */
static bool trials_to_check(struct book *b, const struct store_group_row *g, const struct store_group_edit *e,
                            const char ***texts, size_t *n, struct error *err)
{
    uint32_t *nums = arena_array(b->a, g->n_uses + 1, sizeof *nums);
    *n = e->n_trials;
    if (e->n_trials)
        return texts_of(b, e->trials, e->n_trials, texts, err);
    for (size_t i = 0; i < g->n_uses; i++)
        if (g->uses[i].active)
            nums[(*n)++] = g->uses[i].trial;
    return texts_of(b, nums, *n, texts, err);
}

static bool edit_group(struct book *b, struct error *err)
{
    struct store_group_edit e;
    struct book_recipe r;
    const char **texts;
    int64_t *ids, *plain, now = 0;
    size_t n, n_trials;
    const struct store_group_row *g = NULL;
    if (!book_numbers(b, 1, "rungroup", &ids, &n, err) || !find_row(b, ids[0], &g, err) ||
        !read_edit(b, &e, err) || !book_option_runs(b, "plain", &plain, &e.n_plain, err))
        return false;
    e.plain = plain;
    if (b->cli->n_operands > 1 || cli_has(b->cli, "reset")) {
        if (!trials_to_check(b, g, &e, &texts, &n_trials, err) ||
            !book_recipe_group(b, cli_has(b->cli, "reset") ? "" : g->phil, 1, texts, n_trials,
                               cli_has(b->cli, "anyway"), &r, err))
            return false;
        e.phil = r.text;
        e.bad_input = r.bad_input;
    }
    if (!store_group_edit(b->store, &b->by, ids[0], &e, &now, err) || !find_row(b, now, &g, err))
        return false;
    if (now != ids[0])
        str_printf(&b->out, "rungroup %lld has jobs and stays as it is; rungroup %lld takes its place\n",
                   (long long)ids[0], (long long)now);
    str_printf(&b->out, "rungroup %lld: runs %s%s (%u now)\n", (long long)now, range_of(b, g),
               exceptions_of(b, g), g->n_runs);
    return true;
}

/* ---- switches ---- */

static bool switch_groups(struct book *b, struct error *err)
{
    int64_t *ids;
    size_t n, changed = 0;
    bool on = !strcmp(command_word(b->cli->command), "activate");
    if (!book_numbers(b, b->cli->n_operands, "rungroup", &ids, &n, err) ||
        !store_group_active(b->store, &b->by, ids, n, on, &changed, err))
        return false;
    book_changed(&b->out, changed, n, "rungroup", on ? "active" : "off");
    return true;
}

static bool use_groups(struct book *b, struct error *err)
{
    int64_t *ids;
    uint32_t *trials;
    size_t n, n_trials, changed = 0, all = 0;
    bool on = !strcmp(command_word(b->cli->command), "use");
    if (!book_numbers(b, b->cli->n_operands, "rungroup", &ids, &n, err) ||
        !book_option_trials(b, "trial", &trials, &n_trials, err))
        return false;
    if (!n_trials)
        return error_set(err, ERROR_USAGE, "%s needs --trial N", b->cli->command->name);
    for (size_t i = 0; i < n_trials; i++) {
        if (!store_group_use(b->store, &b->by, ids, n, trials[i], on, &changed, err))
            return false;
        all += changed;
    }
    book_changed(&b->out, all, n * n_trials, "rungroup", on ? "in use" : "not in use");
    return true;
}

#define RANGE_OPTIONS                                                                                        \
    {0, "first", "RUN", "number of the first run"}, {0, "last", "RUN", "number of the last run"},            \
        {0, "open", NULL, "no last run: every later one belongs to it"},                                     \
        {0, "include", "RUN", "this run belongs to it whatever its number"},                                 \
        {0, "exclude", "RUN", "this run does not"}, {0, "comment", "TEXT", "what is special about it"},      \
    {                                                                                                        \
        0, "anyway", NULL, "keep it also when a file that it names cannot be used"                           \
    }

static const struct command group_list = {
    .name = "group list",
    .summary = "the rungroups, a line each",
    .usage = "[OPTIONS]",
    .text = "Lists rungroups: which runs (12- is open: all from 12 on; +7 put in, -14 taken out), how many "
            "there are now, which "
            "trials use it, jobs by state, whether it has parameters of its own.",
    .options = (const struct option_row[]){BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx group list", "all rungroups"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, 0, "", list_groups},
};

static const struct command group_show = {
    .name = "group show",
    .summary = "all of a rungroup, with its parameters",
    .usage = "[OPTIONS] GROUP...",
    .text = "Shows runs, trials, jobs and parameters of rungroups.",
    .options = (const struct option_row[]){BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples =
        (const struct example[]){{"xfelx group show 2", "of rungroup 2; xfelx group 2 is the same"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, SIZE_MAX, "GROUP", show_groups},
};

static const struct command group_add = {
    .name = "group add",
    .summary = "make a rungroup",
    .usage = "[OPTIONS] --first RUN [--last RUN|--open] [PARAMETERS.phil]... [NAME=VALUE]...",
    .text = "Makes a rungroup of the runs from first to last: one run when neither --last nor --open is "
            "said. The parameters "
            "that are given lie over those of each trial that uses it: geometry, mask, energy, whatever is "
            "of this stretch "
            "of beam time. They are checked now, together with the trials that are named.",
    .options =
        (const struct option_row[]){
            RANGE_OPTIONS, {0, "trial", "N", "trials that use it (3, 3-5)"}, BOOK_OPTIONS, {0}},
    .examples =
        (const struct example[]){
            {"xfelx group add --first 12 --open --trial 1 input.reference_geometry=day2.expt",
             "all runs from 12 on, with the geometry of day 2, in trial 1"},
            {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "", add_group},
};

static const struct command group_edit = {
    .name = "group edit",
    .summary = "change a rungroup",
    .usage = "[OPTIONS] GROUP [PARAMETERS.phil]... [NAME=VALUE]...",
    .text = "Which runs belong to it, and the comment, are changed in place: runs that are new to it are "
            "processed, jobs of runs "
            "that are not in it any more stay. Other parameters: a rungroup without jobs is changed too; one "
            "that has jobs stays "
            "as it is, and a new one with the changed parameters takes its place in all trials that use it, "
            "or in those of "
            "--trial only. So a number always means the same parameters.",
    .options =
        (const struct option_row[]){RANGE_OPTIONS,
                                    {0, "plain", "RUN", "this run belongs to it as its number says, again"},
                                    {0, "reset", NULL, "leave the parameters that stand there out"},
                                    {0, "trial", "N", "trials in which a new one takes its place"},
                                    BOOK_OPTIONS,
                                    {0}},
    .examples = (const struct example[]){{"xfelx group edit 1 --last 40", "close rungroup 1 after run 40"},
                                         {"xfelx group edit 1 --exclude 17", "but for run 17"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, SIZE_MAX, "GROUP", edit_group},
};

static const struct command group_activate = {
    .name = "group activate",
    .summary = "process the runs of rungroups",
    .usage = "[OPTIONS] GROUP...",
    .text = "Takes back xfelx group deactivate. A new rungroup is active.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx group activate 2", "process rungroup 2 again"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "GROUP", switch_groups},
};

static const struct command group_deactivate = {
    .name = "group deactivate",
    .summary = "start nothing more of rungroups, in any trial",
    .usage = "[OPTIONS] GROUP...",
    .text =
        "Nothing new is started for its runs, whichever trial uses it; in one trial only: xfelx group drop.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx group deactivate 2", "leave rungroup 2 out"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "GROUP", switch_groups},
};

static const struct command group_use_command = {
    .name = "group use",
    .summary = "let trials use rungroups",
    .usage = "[OPTIONS] --trial N GROUP...",
    .text = "Each run of the rungroups is processed with each of the trials, when they are active.",
    .options = (const struct option_row[]){{0, "trial", "N", "the trials (3, 3-5)"}, BOOK_OPTIONS, {0}},
    .examples =
        (const struct example[]){
            {"xfelx group use 1-3 --trial 4", "process three rungroups with trial 4 too"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "GROUP", use_groups},
};

static const struct command group_drop = {
    .name = "group drop",
    .summary = "trials do not use rungroups any more",
    .usage = "[OPTIONS] --trial N GROUP...",
    .text = "Takes back xfelx group use. Jobs that are there stay.",
    .options = (const struct option_row[]){{0, "trial", "N", "the trials (3, 3-5)"}, BOOK_OPTIONS, {0}},
    .examples =
        (const struct example[]){{"xfelx group drop 2 --trial 4", "leave rungroup 2 out of trial 4"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "GROUP", use_groups},
};

static const struct command *const verbs[] = {&group_list,        &group_show,     &group_add,
                                              &group_edit,        &group_activate, &group_deactivate,
                                              &group_use_command, &group_drop,     NULL};

const struct command command_group = {
    .name = "group",
    .summary = "make and change rungroups: runs with own parameters",
    .usage = "VERB [OPTIONS] ...",
    .text = "A rungroup is a stretch of beam time: runs from a first to a last one, or open, and the "
            "parameters that belong to it "
            "(geometry, mask, energy). A trial that uses it processes its runs with the trial's parameters "
            "and, over them, "
            "those of the rungroup.",
    .examples = (const struct example[]){{"xfelx group add --first 12 --open --trial 1",
                                          "all runs from 12 on, in trial 1"},
                                         {"xfelx group list", "which there are"},
                                         {0}},
    .verbs = verbs,
};
