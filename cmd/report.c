/* report.c - `xfelx report`: what became of a run, a tag, a trial, a dataset or all of it, for the log book. */
#include "cmd/cli.h"
#include "cmd/database.h"
#include "cmd/report_post.h"
#include "cmd/report_trials.h"

#include "pipeline/pipeline.h"
#include "report/report.h"

#include <math.h>
#include <string.h>

static bool is_in(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

/* Runs of a tag or a dataset, by row. */
static bool runs_of(struct store *s, struct cli *cli, int64_t **ids, size_t *n, struct error *err)
{
    const char *word = cli_value(cli, "run", NULL), *tag = cli_value(cli, "tag", NULL),
               *name = cli_value(cli, "dataset", NULL);
    if (word)
        return store_find_runs(s, &word, 1, &cli->arena, ids, n, err);
    struct store_run_row *rows;
    struct store_dataset_row *sets;
    size_t n_rows = 0, n_sets = 0, at = 0;
    const struct store_run_filter any = {.tag = tag};
    if (!store_runs(s, &any, &cli->arena, &rows, &n_rows, err) ||
        !store_datasets(s, &cli->arena, &sets, &n_sets, err))
        return false;
    while (name && at < n_sets && strcmp(sets[at].name, name) != 0)
        at++;
    if (name && at == n_sets)
        return error_set(err, ERROR_USAGE, "there is no dataset %s", name);
    *ids = arena_array(&cli->arena, n_rows + 1, sizeof **ids);
    *n = 0;
    for (size_t i = 0; i < n_rows; i++)
        if (!name || dataset_has_run(sets + at, rows + i))
            (*ids)[(*n)++] = rows[i].id;
    return true;
}

/* Of whom: "run", "tag" or "dataset"; NULL: of all runs. */
static const char *whose(const struct cli *cli)
{
    static const char *const words[] = {"run", "tag", "dataset"};
    for (int i = 0; i < 3; i++)
        if (cli_has(cli, words[i]))
            return words[i];
    return NULL;
}

/* The trial that is asked for, or the newest active one that has frames of these runs: frames of two are never added. */
static bool find_trial(struct store *s, struct cli *cli, const struct store_book_job *jobs, size_t n_jobs,
                       const struct store_trial_row **trial, struct error *err)
{
    int64_t num = 0;
    struct store_trial_row *trials;
    struct store_tally *tallies;
    size_t n = 0, n_tallies = 0, kept = 0, at = 0;
    *trial = NULL;
    if (!cli_int(cli, "trial", 0, UINT32_MAX, 0, &num, err) ||
        !store_trials(s, &cli->arena, &trials, &n, err) ||
        !store_tally_counts(s, &cli->arena, &tallies, &n_tallies, err))
        return false;
    for (size_t i = 0; i < n_tallies; i++) { /* both are by number */
        while (at < n_jobs && jobs[at].id < tallies[i].job)
            at++;
        if (at < n_jobs && jobs[at].id == tallies[i].job)
            tallies[kept++] = tallies[i];
    }
    if (!cli_has(cli, "trial"))
        *trial = overview_trial(trials, n, tallies, kept);
    for (size_t i = 0; i < n && cli_has(cli, "trial"); i++)
        *trial = trials[i].num == num ? trials + i : *trial;
    return true;
}

/* The jobs that are asked for: of frames, not of tasks, of one trial. */
static bool choose(struct store *s, struct cli *cli, struct store_jobs_of *of, const char **title,
                   struct error *err)
{
    const char *given = whose(cli);
    const struct store_trial_row *trial;
    const struct store_job_filter any = {.trial = -1};
    struct store_book_job *jobs;
    int64_t *runs = NULL;
    size_t n_jobs = 0, n_runs = 0, n = 0;
    int64_t version = cli_has(cli, "preview") ? CAMPAIGN_PREVIEW : 0;
    *of = (struct store_jobs_of){0};
    if ((given && !runs_of(s, cli, &runs, &n_runs, err)) ||
        !store_book_jobs(s, &any, &cli->arena, &jobs, &n_jobs, err))
        return false;
    for (size_t i = 0; i < n_jobs; i++)
        if (!jobs[i].key.task_rev && jobs[i].key.version == version &&
            (!given || is_in(runs, n_runs, jobs[i].key.run)))
            jobs[n++] = jobs[i];
    if (!find_trial(s, cli, jobs, n, &trial, err))
        return false;
    *title = given ? arena_printf(&cli->arena, "%s %s", given, cli_value(cli, given, "")) : "all runs";
    if (cli_has(cli, "trial"))
        *title = given ? arena_printf(&cli->arena, "%s, trial %s", *title, cli_value(cli, "trial", ""))
                       : arena_printf(&cli->arena, "trial %s", cli_value(cli, "trial", ""));
    int64_t *ids = arena_array(&cli->arena, n + 1, sizeof *ids);
    of->jobs = ids;
    for (size_t i = 0; i < n; i++)
        if (trial && jobs[i].key.trial == trial->id)
            ids[of->n++] = jobs[i].id;
    if (of->n == 0 && !given && !cli_has(cli, "trial"))
        return true; /* an empty database has an empty report */
    return of->n > 0 || (error_set(err, ERROR_USAGE, "no job belongs to %s", *title),
                         error_hint(err, "xfelx job list shows the jobs with their runs and trials"));
}

/* What is printed: the first row whose options are all given. */
static const struct form {
    const char *option, *with; /* NULL: none */
    bool for_people;           /* else for programs, byte by byte */
    void (*write)(const struct summary *s, struct str *out);
} forms[] = {{"panels", "json", false, summary_panels_json},
             {"panels", NULL, true, summary_panels},
             {"json", NULL, false, summary_json},
             {"csv", NULL, false, summary_csv},
             {"cells", NULL, false, summary_cells},
             {"weather", NULL, true, summary_weather},
             {"powder", NULL, true, summary_powder},
             {NULL, NULL, true, summary_text}};

static bool write_html(const struct summary *s, const char *path, struct error *err)
{
    struct str text = {0};
    summary_html(s, &text);
    bool ok = fs_write_atomic(path, text.text, text.len, err);
    str_free(&text);
    return ok;
}

/* The numbers for merging; the name's end says in which form. */
static bool write_covariance(struct cli *cli, const struct summary *s, const char *path, struct error *err)
{
    const char *word = cli_value(cli, "eps", NULL);
    double eps = NAN;
    struct cell_forms found;
    struct str text = {0};
    if (word && (!str_to_double(word, &eps) || !(eps >= 0)))
        return error_set(err, ERROR_USAGE, "--eps is a number of Å, not \"%s\"", word);
    forms_of(s->sample, s->n_sample, eps, &cli->arena, &found);
    bool ok = covariance_text(&found, s->title, str_ends(path, ".json"), &text, err) &&
              fs_write_atomic(path, text.text, text.len, err);
    str_free(&text);
    return ok;
}

/* Of a trial's parameters those that differ from the defaults; all of them where an other version's cannot be read. */
static void put_parameters(struct cli *cli, struct summary *s)
{
    struct params *base = params_make(&cli->arena), *p = params_make(&cli->arena);
    struct param_difference *rows = NULL;
    if (!params_merge_text(p, "the trial", s->phil, NULL))
        return;
    struct str text = {0};
    size_t n = params_differences(base, p, PARAM_RECIPE, &cli->arena, &rows);
    for (size_t i = 0; i < n; i++)
        str_printf(&text, "%s = %s\n", rows[i].path, rows[i].is ? rows[i].is : "(none)");
    s->phil = arena_strdup(&cli->arena, text.text ? text.text : "all as built in\n");
    s->space_group = param_text(p, "indexing.known_symmetry.space_group", NULL);
    str_free(&text);
}

/* The label that the numbers are split by: --by, else "sample" where there is one, for hit rates are always shown by sample. */
static bool read_split(struct store *s, struct cli *cli, struct store_jobs_of of, struct split *out,
                       struct error *err)
{
    struct error none = {0};
    const char *by = cli_value(cli, "by", NULL);
    *out = (struct split){0};
    if (by)
        return split_read(s, by, of, &cli->arena, out, err);
    if (!split_read(s, "sample", of, &cli->arena, out, &none))
        *out = (struct split){0};
    return none.code == ERROR_NONE || none.code == ERROR_USAGE || (*err = none, false);
}

/* The split alone, where it is asked for with a form that the whole report has too. */
static bool write_split(struct cli *cli, const struct split *s, const char *title, struct str *out)
{
    struct json_writer w = {.out = out, .indent = 2};
    if (!cli_has(cli, "by") || (!cli_has(cli, "csv") && !cli_has(cli, "json")))
        return false;
    if (cli_has(cli, "csv"))
        return split_csv(s, out), true;
    json_object(&w, NULL);
    json_put_int(&w, "version", 1);
    json_put_text(&w, "of", title);
    split_json(s, "by", &w);
    json_end_object(&w);
    str_addc(out, '\n');
    return true;
}

/* Trials side by side are a report of their own: of the runs of a run, tag or dataset, or all. */
static bool side_by_side(struct store *s, struct cli *cli, struct error *err)
{
    const char *given = whose(cli);
    int64_t *runs = NULL;
    size_t n = 0;
    if (given && !runs_of(s, cli, &runs, &n, err))
        return false;
    if (given && n == 0)
        return error_set(err, ERROR_USAGE, "no run belongs to %s %s", given, cli_value(cli, given, ""));
    return report_trials(cli, s, runs, n, err);
}

/* What each rank did when, for those forms that draw it. Reads frames, of the newest jobs alone where they are too many. */
static bool read_weather(struct store *s, struct cli *cli, struct summary *out, struct error *err)
{
    enum { FRAMES_MOST = 2000000 };
    if (!cli_has(cli, "weather") && !cli_has(cli, "html") && !cli_has(cli, "post"))
        return true;
    struct weather *w = arena_array(&cli->arena, 1, sizeof *w);
    out->weather = w;
    return weather_read(s, out->ranks, out->n_ranks, out->jobs, out->n_jobs, FRAMES_MOST, &cli->arena, w,
                        &out->weather_left, err);
}

/* Of a dataset also whether it is enough, and its merges. */
static bool read_dataset(struct store *s, struct cli *cli, struct summary *out, struct error *err)
{
    const char *name = cli_value(cli, "dataset", NULL);
    struct store_dataset_row *sets;
    struct summary_dataset *more = arena_array(&cli->arena, 1, sizeof *more);
    size_t n = 0;
    if (!name || !store_datasets(s, &cli->arena, &sets, &n, err))
        return !name;
    for (size_t i = 0; i < n; i++)
        if (strcmp(sets[i].name, name) == 0) {
            out->dataset = more;
            return summary_dataset_read(s, sets + i, &cli->arena, more, err);
        }
    return true;
}

/* All that is told of the jobs that are asked for. */
static bool read_summary(struct store *s, struct cli *cli, const struct params *p, struct summary *out,
                         struct split *split, struct error *err)
{
    struct store_jobs_of of;
    const char *title;
    if (!choose(s, cli, &of, &title, err) || !summary_read(s, of, &cli->arena, out, err) ||
        !read_split(s, cli, of, split, err) || !read_weather(s, cli, out, err) ||
        !read_dataset(s, cli, out, err))
        return false;
    out->title = !cli_has(cli, "preview") ? title
                                          : arena_printf(&cli->arena, "%s, preview, n = %llu", title,
                                                         (unsigned long long)out->all.frames);
    for (int i = 0; i < STAGE_MAX && stage_info((size_t)i); i++)
        out->stages[i] = stage_info((size_t)i)->name;
    out->split = split->label ? split : NULL;
    out->place = database_title(cli, p, cli->n_operands ? cli->operands[0] : NULL);
    put_parameters(cli, out);
    return true;
}

static void print(struct cli *cli, const struct summary *summary, const struct split *split)
{
    struct str text = {0};
    const struct form *f = forms;
    while (f->option && !(cli_has(cli, f->option) && (!f->with || cli_has(cli, f->with))))
        f++;
    if (!write_split(cli, split, summary->title, &text))
        f->write(summary, &text);
    if (f->for_people)
        cli_print_text(&text);
    else
        cli_print(&text);
    str_free(&text);
}

/* Into files and to the log book, or printed. */
static bool give(struct cli *cli, struct params *p, const struct summary *summary, const struct split *split,
                 struct error *err)
{
    const char *html = cli_value(cli, "html", NULL), *covariance = cli_value(cli, "covariance", NULL);
    bool post = cli_has(cli, "post");
    if (!html && !covariance && !post) {
        print(cli, summary, split);
        return true;
    }
    return (!html || write_html(summary, html, err)) &&
           (!covariance || write_covariance(cli, summary, covariance, err)) &&
           (!post || report_post(cli, p, summary, err));
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct store *s = NULL;
    struct summary summary;
    struct split split;
    if (!cli_operands(cli, 0, 1, "FOLDER", &err))
        return cli_misuse(cli, &err);
    struct params *p = params_make(&cli->arena);
    bool trials = cli_has(cli, "trials");
    bool ok = params_load_settings(p, cli_value(cli, "config", NULL), &err) &&
              database_open_at(cli, p, cli->n_operands ? cli->operands[0] : NULL, true, &s, &err) &&
              (trials ? side_by_side(s, cli, &err) : read_summary(s, cli, p, &summary, &split, &err));
    store_close(s);
    ok = ok && (trials || give(cli, p, &summary, &split, &err));
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

static const struct option_row options[] = {
    {0, "run", "N", "of run N (a number as lists show it, or a name); several: 12-15,20"},
    {0, "tag", "T", "of all runs with this tag"},
    {0, "trial", "N", "of trial N"},
    {0, "trials", "A,B", "trials side by side over the same runs, frame by frame against the first"},
    {0, "dataset", "D", "of the runs of a dataset"},
    {0, "by", "LABEL",
     "split by the values of a label (xfelx run label): frames, hits and indexed of each; with --csv or "
     "--json these alone. "
     "Without it by sample, where samples are labelled"},
    {0, "preview", NULL, "of preview jobs (xfelx trial preview), which are in no other report"},
    {0, "json", NULL, "as JSON"},
    {0, "csv", NULL, "as CSV, a line a number with its interval"},
    {0, "cells", NULL, "as CSV, the cells of a sample of the lattices, with the crystal form of each"},
    {0, "covariance", "FILE",
     "write mean and covariance of the cells of each form, for filter.unit_cell.cluster.covariance.file of "
     "cctbx.xfel.merge (.json: as JSON)"},
    {0, "eps", "A",
     "with --covariance: how near cells of one form lie, in Å (else found from their density)"},
    {0, "powder", NULL, "the powder pictures of its jobs: where they are, frames, hot and dead pixels"},
    {0, "panels", NULL,
     "where spots lie beside where the lattices have them, panel by panel, worst first: has one moved? With "
     "--json as JSON"},
    {0, "weather", NULL, "what each rank did when, frame by frame; duty cycle, who was waited for"},
    {0, "html", "FILE", "write a page that needs nothing else and prints on A4"},
    {0, "post", "elog",
     "post text and page to the experiment's log book at LCLS (facility.lcls.*, facility.auth); with --run N "
     "to that run"},
    {0, "dry-run", NULL, "with --post: say what would be posted, and where"},
    {0, "config", "FILE", "settings file, read after the others (also $XFELX_CONFIG)"},
    {0},
};

static const struct option_rule rules[] = {
    {"run tag dataset", NULL, "run tag dataset", "a report is of a run, a tag or a dataset, of one"},
    {"trial", NULL, "trials", "--trial is of one trial, --trials of several side by side"},
    {"trials", NULL, "by preview cells weather powder panels html covariance post", NULL},
    {"by", NULL, "cells weather powder panels covariance", NULL},
    {"panels", NULL, "csv cells weather powder html covariance post", NULL},
    {"json csv cells weather powder", NULL, "json csv cells weather powder html covariance post", NULL},
    {"eps", "covariance", NULL, NULL},
    {"dry-run", "post", NULL, NULL},
    {0},
};

static const struct example examples[] = {
    {"xfelx report results", "what became of everything in the folder results"},
    {"xfelx report --run 12 --html run12.html", "a page about run 12 for the log book"},
    {"xfelx report --run 12 --post elog --dry-run", "what the log book would get of run 12"},
    {"xfelx report --tag dark --csv", "the numbers of all runs tagged dark"},
    {"xfelx report --trial 4 --by delay --csv", "hit and indexing rates of trial 4 by pump-probe delay"},
    {"xfelx report --trials 3,5 --tag dark", "is trial 5 better than trial 3, on the runs tagged dark?"},
    {"xfelx report --trial 4 --covariance cells.pickle", "the crystal forms of trial 4, for merging"},
    {0},
};

const struct command command_report = {
    .name = "report",
    .summary = "sum up a run, a tag, a trial or a dataset for the log book",
    .usage = "[OPTIONS] [FOLDER]",
    .text = "Adds up what is in the database (found as by status): frames, hits, indexed, lattices, with "
            "intervals; cells, "
            "resolution and rmsd as medians with their 16 and 84 percentiles over an even sample of the "
            "lattices; "
            "reasons; what each rank did. Only counts are read, so that it is quick for millions; --trials, "
            "--weather and --html read frames.",
    .options = options,
    .rules = rules,
    .examples = examples,
    .run = run,
};
