/* status.c - where things stand: runs, frames, hits, indexed, stage times. Reads the database only. */
#include "cmd/cli.h"
#include "cmd/database.h"
#include "cmd/status.h"

#include "pipeline/pipeline.h"
#include "report/report.h"

#include <math.h>
#include <string.h>

/* It says it is running, but its process on this machine is no more. */
static bool died(struct store *s, struct cli *cli, const struct store_job_row *j)
{
    return j->state == JOB_RUNNING && strcmp(j->host, proc_host(&cli->arena)) == 0 &&
           !store_is_alive(s, j->job);
}

/* "  why not    no_spots 20 few_spots 1": nothing at all when every frame has its lattice. */
static void add_reasons(struct str *out, const struct store_counts *c)
{
    bool any = false;
    for (int r = 1; r < 64; r++)
        if (c->by_reason[r]) {
            str_printf(out, "%s%s %llu", any ? " " : "  why not    ", reason_word((enum reason)r),
                       (unsigned long long)c->by_reason[r]);
            any = true;
        }
    str_add(out, any ? "\n" : "");
}

static void add_state(struct str *out, const struct store_job_row *j, bool dead)
{
    char when[32];
    str_printf(out, "  state      %s", dead ? "killed" : job_state_word(j->state));
    if (dead)
        str_printf(out, " without a word; the same command goes on");
    else if (j->state == JOB_RUNNING)
        str_printf(out, " on %s since %s", j->host, clock_text(j->start_t, when));
    else if (j->end_t)
        str_printf(out, " at %s, %.1f s", clock_text(j->end_t, when), 1e-9 * (double)(j->end_t - j->start_t));
    str_printf(out, ", attempt %d, ", j->attempts);
    if (j->n_ranks > 1)
        str_printf(out, "%u ranks × ", j->n_ranks);
    str_printf(out, "%u thread%s\n", j->n_threads, j->n_threads == 1 ? "" : "s");
}

static void add_figures(struct str *out, const struct store_job_row *j, const struct figures *f)
{
    char text[96];
    str_printf(out, "  frames     %llu of %llu\n", (unsigned long long)f->frames,
               (unsigned long long)j->n_expected);
    str_printf(out, "  hits       %s\n", rate_text(&f->hit_rate, text));
    str_printf(out, "  indexed    %s", rate_text(&f->indexing_rate, text));
    if (f->indexed_below)
        str_printf(out, ", and %llu weak frames", (unsigned long long)f->indexed_below);
    str_printf(out, "\n  integrated %llu, %llu lattice%s, %llu reflections\n",
               (unsigned long long)f->integrated, (unsigned long long)f->lattices,
               f->lattices == 1 ? "" : "s", (unsigned long long)f->reflections);
}

static void add_medians(struct str *out, const struct store_job_row *j)
{
    str_add(out, "  cell      ");
    for (int i = 0; i < 6; i++)
        str_printf(out, " %.2f", j->cell_median[i]);
    str_printf(out, "  (medians; a %.2f to %.2f)\n", j->cell_lo[0], j->cell_hi[0]);
    str_printf(out, "  rmsd       %.2f px", j->rmsd_px_median);
    if (isfinite(j->res_a_median))
        str_printf(out, ", resolution %.2f Å", j->res_a_median);
    str_add(out, " (medians)\n");
}

static void add_times(struct str *out, const struct store_job_row *j)
{
    str_add(out, "  times      ");
    for (int i = 0; i < STAGE_MAX && stage_info((size_t)i); i++)
        if (j->stage_n[i])
            str_printf(out, "%s %.1f  ", stage_info((size_t)i)->name, j->stage_ms[i] / (double)j->stage_n[i]);
    str_add(out, "ms a frame\n");
}

/* Some of the failed frames by name, with the reason. */
static void add_failed(struct str *out, struct store *s, struct cli *cli, int64_t job, uint64_t n_failed)
{
    struct store_failed *failed = NULL;
    size_t n = 0;
    struct error err = {0};
    char name[NAME_VISIBLE];
    if (!store_failures(s, job, 10, &cli->arena, &failed, &n, &err))
        return;
    str_printf(out, "  failed     %llu\n", (unsigned long long)n_failed);
    for (size_t i = 0; i < n; i++)
        if (strstr(failed[i].message, fs_name(failed[i].path))) /* most messages name their file */
            str_printf(out, "    %s\n", failed[i].message);
        else
            str_printf(out, "    %s frame %u: %s\n", str_visible(fs_name(failed[i].path), name, sizeof name),
                       failed[i].frame, failed[i].message);
    if (n_failed > n)
        str_printf(out, "    and %llu more\n", (unsigned long long)(n_failed - n));
}

/* The number of people's first question, and what to look at next. */
static void print_job(struct store *s, struct cli *cli, const struct store_job_row *j, struct str *out)
{
    struct figures f;
    char name[NAME_VISIBLE];
    figures_of(&j->counts, &f);
    str_printf(out, "run %lld  %s\n", (long long)j->run, str_visible(j->run_name, name, sizeof name));
    str_printf(out, "  trial      %s in %s\n", j->trial_hash, str_visible(j->folder, name, sizeof name));
    add_state(out, j, died(s, cli, j));
    add_figures(out, j, &f);
    if (f.lattices)
        add_medians(out, j);
    add_reasons(out, &j->counts);
    add_times(out, j);
    if (f.failed)
        add_failed(out, s, cli, j->job, f.failed);
}

static void put_rate(struct json_writer *w, const char *key, const struct rate *r)
{
    json_object(w, key);
    json_put_int(w, "n", (int64_t)r->n);
    json_put_int(w, "of", (int64_t)r->of);
    json_put_real(w, "share", r->share);
    json_put_reals(w, "interval95", (double[]){r->lo, r->hi}, 2);
    json_end_object(w);
}

static void put_job(struct json_writer *w, const struct store_job_row *j, bool dead)
{
    struct figures f;
    figures_of(&j->counts, &f);
    json_object(w, NULL);
    json_put_int(w, "job", j->job);
    json_put_int(w, "run", j->run);
    json_put_text(w, "run_name", j->run_name);
    json_put_text(w, "trial", j->trial_hash);
    json_put_text(w, "folder", j->folder);
    json_put_text(w, "state", job_state_word(j->state));
    json_put_bool(w, "died", dead); /* "running", but its process is no more */
    json_put_text(w, "end", end_kind_word(j->end_kind));
    json_put_text(w, "program", j->program);
    json_put_int(w, "attempts", j->attempts);
    json_put_int(w, "ranks", j->n_ranks);
    json_put_int(w, "threads", j->n_threads);
    json_put_int(w, "start_ns", j->start_t);
    json_put_int(w, "end_ns", j->end_t);
    json_put_int(w, "newest_ns", j->newest_t);
    json_put_int(w, "expected", (int64_t)j->n_expected);
    json_put_int(w, "frames", (int64_t)f.frames);
    for (enum outcome o = OUTCOME_BLANK; o < OUTCOME_END; o++)
        json_put_int(w, outcome_word(o), (int64_t)j->counts.by_outcome[o]);
    put_rate(w, "hit_rate", &f.hit_rate);
    put_rate(w, "indexing_rate", &f.indexing_rate);
    json_put_int(w, "lattices", (int64_t)f.lattices);
    json_put_int(w, "reflections", (int64_t)f.reflections);
    json_object(w, "reasons");
    for (int r = 1; r < 64; r++)
        if (j->counts.by_reason[r])
            json_put_int(w, reason_word((enum reason)r), (int64_t)j->counts.by_reason[r]);
    json_end_object(w);
    json_put_reals(w, "cell_median", j->cell_median, 6);
    json_put_real(w, "rmsd_px_median", j->rmsd_px_median);
    json_put_real(w, "resolution_a_median", j->res_a_median);
    json_object(w, "stage_ms_per_frame");
    for (int i = 0; i < STAGE_MAX && stage_info((size_t)i); i++)
        json_put_real(w, stage_info((size_t)i)->name,
                      j->stage_n[i] ? j->stage_ms[i] / (double)j->stage_n[i] : NAN);
    json_end_object(w);
    json_end_object(w);
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct store *s = NULL;
    struct store_job_row *jobs = NULL;
    size_t n = 0;
    if (!cli_operands(cli, 0, 1, "FOLDER", &err))
        return cli_misuse(cli, &err);
    struct params *p = params_make(&cli->arena);
    if (!params_load_settings(p, cli_value(cli, "config", NULL), &err))
        return cli_fail(&err);
    if (cli_has(cli, "serve"))
        return status_serve(cli, p);
    if (!database_open_at(cli, p, cli->n_operands ? cli->operands[0] : NULL, true, &s, &err))
        return cli_fail(&err);
    bool ok = store_jobs(s, &cli->arena, &jobs, &n, &err);
    struct str text = {0};
    if (ok && cli_has(cli, "json")) {
        struct json_writer w = {.out = &text, .indent = 2};
        json_object(&w, NULL);
        json_put_int(&w, "version", 1);
        json_put_int(&w, "now_ns", clock_now());
        json_array(&w, "jobs", false);
        for (size_t i = 0; i < n; i++)
            put_job(&w, jobs + i, died(s, cli, jobs + i));
        json_end_array(&w);
        json_end_object(&w);
        str_addc(&text, '\n');
    } else if (ok) {
        for (size_t i = 0; i < n; i++)
            print_job(s, cli, jobs + i, &text);
        if (n == 0)
            str_add(&text, "nothing was processed yet\n");
    }
    if (ok)
        cli_print(&text);
    str_free(&text);
    store_close(s);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

static const struct option_row options[] = {
    {0, "json", NULL, "print as JSON, with every count and interval"},
    {0, "config", "FILE", "settings file, read after the others (also $XFELX_CONFIG)"},
    STATUS_SERVE_OPTIONS,
    {0},
};

static const struct example examples[] = {
    {"xfelx status results", "show what became of the frames that were processed into the folder results"},
    {"xfelx status results --json", "the same for programs"},
    {"xfelx status --serve 8080 results",
     "pages about it for a browser on this machine (elsewhere: ssh -L 8080:127.0.0.1:8080 HOST)"},
    {0},
};

const struct command command_status = {
    .name = "status",
    .summary = "show where things stand: frames, hits, indexed, times",
    .usage = "[OPTIONS] [FOLDER]",
    .text =
        "Reads the database that process keeps in its output folder (xfelx.db; without FOLDER: the server "
        "or file that the settings db.* name, else that of the present folder) and "
        "says what became of each run: how many frames, how many of them hits, how many of these "
        "indexed, what was the "
        "reason for the others, and how long each stage took.\n\n"
        "hits: frames with at least as many strong spots as dispatch.hit_finder asks for; the hit rate "
        "is hits of the frames "
        "that could be read, with its 95 % interval. indexed: hits with an accepted lattice. weak "
        "frames: below the hit cut, "
        "indexed all the same, and counted in neither.",
    .options = options,
    .examples = examples,
    .run = run,
};
