/* status.c - where things stand: runs, frames, hits, indexed, stage times. Reads the database only. */
#include "cmd/alarm.h"
#include "cmd/cli.h"
#include "cmd/database.h"
#include "cmd/status.h"

#include "pipeline/pipeline.h"
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* It says it is running, but its process on this machine is no more. */
static bool died(struct store *s, struct cli *cli, const struct store_job_row *j)
{
    return j->state == JOB_RUNNING && strcmp(j->host, proc_host(&cli->arena)) == 0 &&
           !store_is_alive(s, j->job);
}

/* "  why not    20 no spots", a line a reason: nothing at all when every frame has its lattice. */
static void add_reasons(struct str *out, const struct store_counts *c)
{
    const char *title = "why not";
    for (int r = 1; r < REASON_END; r++)
        if (c->by_reason[r]) {
            str_printf(out, "  %-10s %llu %s\n", title, (unsigned long long)c->by_reason[r],
                       reason_help((enum reason)r));
            title = "";
        }
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
        str_printf(out, "%s × ", COUNT(j->n_ranks, "rank"));
    str_printf(out, "%s\n", COUNT(j->n_threads, "thread"));
}

static void add_figures(struct str *out, const struct store_job_row *j, const struct figures *f)
{
    char text[96];
    str_printf(out, "  frames     %llu of %llu\n", (unsigned long long)f->frames,
               (unsigned long long)j->n_expected);
    str_printf(out, "  hits       %s\n", rate_text(&f->hit_rate, text));
    str_printf(out, "  indexed    %s", rate_text(&f->indexing_rate, text));
    if (f->indexed_below)
        str_printf(out, ", and %s", COUNT(f->indexed_below, "weak frame"));
    str_printf(out, "\n  integrated %llu, %s, %s\n", (unsigned long long)f->integrated,
               COUNT(f->lattices, "lattice"), COUNT(f->reflections, "reflection"));
}

static void add_medians(struct str *out, const struct store_job_row *j)
{
    if (!isfinite(j->cell_median[0]) || !isfinite(j->rmsd_px_median))
        return;
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
static void print_job(struct store *s, struct cli *cli, const struct store_job_row *j, int64_t ord,
                      const struct store_book_job *book, struct str *out)
{
    struct figures f;
    char name[NAME_VISIBLE];
    figures_of(&j->counts, &f);
    str_printf(out, "run %lld  %s", (long long)ord, str_visible(j->run_name, name, sizeof name));
    if (book && book->preview) /* of a share of the frames: in no sum */
        str_printf(out, "  (preview, n = %llu)", (unsigned long long)f.frames);
    str_addc(out, '\n');
    str_add(out, "  trial      ");
    if (book && book->key.rungroup) /* of a campaign: the numbers that people gave */
        str_printf(out, "%u, rungroup %lld, recipe ", book->trial, (long long)book->key.rungroup);
    str_printf(out, "%s in %s\n", j->trial_hash, str_visible(j->folder, name, sizeof name));
    add_state(out, j, died(s, cli, j));
    if (book && *book->stale)
        str_printf(out, "  stale      %s\n", str_visible(book->stale, name, sizeof name));
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

/* What one look at the database found. */
struct looked {
    struct cli *cli;
    const struct params *params;
    struct store *store; /* NULL: it is to be opened again */
    const char *name, *folder;
    struct arena arena;
    struct overview_sources in;
    struct standing overview;
    struct store_job_row *jobs; /* NULL: not asked for */
    size_t n_jobs;
};

size_t status_stages(const char *names[STAGE_MAX])
{
    size_t n = 0;
    for (; n < STAGE_MAX && stage_info(n); n++)
        names[n] = stage_info(n)->name;
    return n;
}

static bool look(struct looked *l, bool jobs, struct error *err)
{
    int64_t trial = 0;
    const char *stages[STAGE_MAX];
    struct overview_asked asked = {.folder = l->folder, .stages = stages, .n_stages = status_stages(stages)};
    arena_free(&l->arena);
    asked.limits = alarm_limits(&l->arena, l->params);
    l->jobs = NULL;
    l->n_jobs = 0;
    if (!cli_int(l->cli, "trial", 1, UINT32_MAX, 0, &trial, err))
        return false;
    asked.trial = (uint32_t)trial;
    if (!overview_read(l->store, &asked, &l->arena, &l->in, err) ||
        (jobs && !store_jobs(l->store, &l->arena, &l->jobs, &l->n_jobs, err)))
        return false;
    overview_make(&l->in, &l->arena, &l->overview);
    return true;
}

/* Results of `process` alone are told job by job; a campaign, or many of them, is one screen. */
static bool is_campaign(const struct overview_sources *in)
{
    enum { FEW_JOBS = 4 };
    for (size_t i = 0; i < in->n_runs; i++)
        if (strcmp(in->runs[i].facility, "process") != 0)
            return true;
    return in->n_jobs > FEW_JOBS;
}

static void add_json(struct looked *l, const struct split *split, struct str *text)
{
    struct json_writer w = {.out = text, .indent = 2};
    json_object(&w, NULL);
    overview_json(&l->overview, l->name, 0, &w);
    json_put_int(&w, "now_ns", clock_now());
    overview_json_runs(&l->overview, &w);
    json_array(&w, "jobs", false);
    for (size_t i = 0; i < l->n_jobs; i++)
        put_job(&w, l->jobs + i, died(l->store, l->cli, l->jobs + i));
    json_end_array(&w);
    if (split->label)
        split_json(split, "by", &w);
    json_end_object(&w);
    str_addc(text, '\n');
}

/* Where the time goes: quantiles within bins of a factor of two. */
static bool add_stage_table(struct looked *l, int64_t job, struct str *out, struct error *err)
{
    struct store_hist *h;
    size_t n = 0;
    if (!store_read_hists(l->store, (struct store_jobs_of){.jobs = &job, .n = 1}, &l->arena, &h, &n, err))
        return false;
    str_printf(out, "  %-10s %10s %9s %9s %9s %9s\n", "stage", "frames", "mean ms", "50 %", "95 %",
               "longest");
    for (size_t i = 0; i < n; i++) {
        int stage = h[i].kind - STORE_HIST_STAGE;
        if (stage >= 0 && l->in.stages[stage])
            str_printf(out, "  %-10s %10llu %9.1f %9.1f %9.1f %9.1f\n", l->in.stages[stage],
                       (unsigned long long)h[i].n, 0.1 * h[i].total / (double)h[i].n,
                       hist_quantile(h + i, 0.5), hist_quantile(h + i, 0.95), 0.1 * h[i].peak);
    }
    return true;
}

static const struct store_book_job *book_of(const struct overview_sources *in, int64_t job)
{
    for (size_t i = 0; i < in->n_jobs; i++)
        if (in->jobs[i].id == job)
            return in->jobs + i;
    return NULL;
}

/* The number that lists show for a run, and --run takes. */
static int64_t number_of(const struct overview_sources *in, int64_t run)
{
    for (size_t i = 0; i < in->n_runs; i++)
        if (in->runs[i].id == run)
            return in->runs[i].ord;
    return run;
}

/* The jobs of all runs, or of those that --run names. */
static bool add_jobs(struct looked *l, struct str *out, struct error *err)
{
    const char *word = cli_value(l->cli, "run", NULL);
    int64_t *runs = NULL;
    size_t n_runs = 0, shown = 0;
    if (word && !store_find_runs(l->store, &word, 1, &l->arena, &runs, &n_runs, err))
        return false;
    for (size_t i = 0; i < l->n_jobs; i++) {
        bool wanted = !word;
        for (size_t k = 0; k < n_runs; k++)
            wanted |= runs[k] == l->jobs[i].run;
        if (!wanted)
            continue;
        print_job(l->store, l->cli, l->jobs + i, number_of(&l->in, l->jobs[i].run),
                  book_of(&l->in, l->jobs[i].job), out);
        shown++;
        bool times = cli_has(l->cli, "times");
        if (times && word && !status_along(l->store, l->jobs[i].job, cli_has_utf8(), &l->arena, out, err))
            return false;
        if (times && !add_stage_table(l, l->jobs[i].job, out, err))
            return false;
    }
    if (shown == 0)
        str_add(out, word ? "no job has worked on it yet\n" : "nothing was processed yet\n");
    for (size_t k = 0; k < n_runs && cli_has(l->cli, "times"); k++)
        if (!status_history(l->store, runs[k], &l->arena, out, err))
            return false;
    return true;
}

/* Columns that $COLUMNS says, where stdout is no terminal. */
static int asked_width(void)
{
    enum { USUAL = 80, LEAST = 20, MOST = 1000 };
    const char *word = getenv("COLUMNS");
    int64_t n = 0;
    return word && str_to_i64(word, &n) && n >= LEAST && n <= MOST ? (int)n : USUAL;
}

static bool may_colour(void)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
}

static bool add_screen(struct looked *l, bool terminal, struct str *out)
{
    enum { ROWS = 8, HIGH = 40 }; /* runs, and from which height on there are more */
    struct status_look how = {.width = asked_width(), .utf8 = cli_has_utf8(), .rows = ROWS};
    int height = 0;
    if (terminal) {
        status_size(&how.width, &height);
        how.colour = may_colour();
        how.rows += height > HIGH ? (size_t)(height - HIGH) : 0;
    }
    status_screen(&l->overview, l->name, &how, out);
    return true;
}

static bool open_store(struct looked *l, struct error *err)
{
    const char *place = l->cli->n_operands ? l->cli->operands[0] : NULL;
    return database_open_at(l->cli, l->params, place, true, &l->store, err);
}

static bool make_followed(void *arg, bool jobs, struct str *out, struct error *err)
{
    struct looked *l = arg;
    jobs |= cli_has(l->cli, "run") || cli_has(l->cli, "jobs");
    if (l->store && store_has_moved(l->store)) {
        store_close(l->store);
        l->store = NULL;
    }
    if (!l->store && !open_store(l, err)) { /* it was there: it may come back */
        err->code = ERROR_BUSY;
        return false;
    }
    bool ok = look(l, jobs, err) && (jobs ? add_jobs(l, out, err) : add_screen(l, true, out));
    if (!ok && err->code == ERROR_BUSY) { /* a server that was away wants a new connection */
        store_close(l->store);
        l->store = NULL;
    }
    if (ok && !cli_has_utf8())
        cli_ascii(out);
    return ok;
}

/* Those that stand with what helps, then the log. */
static void add_alarms(const struct looked *l, struct str *out)
{
    char from[32], to[32];
    for (size_t i = 0; i < l->overview.n_alarms; i++) {
        const struct overview_alarm *x = l->overview.alarms + i;
        str_printf(out, "! %s since %s: %s\n", x->kind, x->since ? clock_text(x->since, from) : "now",
                   x->text);
        str_printf(out, "%s%s%s  what helps: %s\n", *x->with ? "  with it: " : "", x->with,
                   *x->with ? "\n" : "", x->hint);
    }
    if (l->overview.n_alarms == 0)
        str_add(out, "no alarm stands\n");
    for (size_t i = 0; i < l->in.n_log; i++) {
        const struct store_alarm *x = l->in.log + i;
        if (x->until)
            str_printf(out, "%s to %.5s  %-11s %s\n", clock_text(x->since, from),
                       clock_text(x->until, to) + 11, x->kind, x->text);
    }
}

/* 4: the newest number of a live run is too old to go by; 3: an alarm stands. */
static int code_of(const struct standing *o)
{
    return o->stale ? EXIT_CODE_STALE : o->n_alarms ? EXIT_CODE_ALARM : EXIT_CODE_DONE;
}

/* The label that frames are split by: --by, else "sample" where there is one, for hit rates are always shown by sample. label NULL: none. */
static bool read_split(struct looked *l, struct split *out, struct error *err)
{
    struct error none = {0};
    const char *by = cli_value(l->cli, "by", NULL);
    const struct store_jobs_of of = {.trial = l->in.trial ? l->in.trial->id : 0};
    *out = (struct split){0};
    if (by)
        return split_read(l->store, by, of, &l->arena, out, err);
    if (!split_read(l->store, "sample", of, &l->arena, out, &none))
        *out = (struct split){0};
    return none.code == ERROR_NONE || none.code == ERROR_USAGE || (*err = none, false);
}

static int show(struct looked *l)
{
    struct error err = {0};
    struct str text = {0};
    struct cli *cli = l->cli;
    if (cli_has(cli, "follow"))
        return status_follow(make_followed, l, &err);
    bool details = cli_has(cli, "jobs") || cli_has(cli, "run") || cli_has(cli, "times");
    bool brief = cli_has(cli, "line");
    bool ok = look(l, details || cli_has(cli, "json"), &err);
    if (ok && !details && !brief && !cli_has(cli, "alarms") && !is_campaign(&l->in) && !l->jobs)
        ok = details = store_jobs(l->store, &l->arena, &l->jobs, &l->n_jobs, &err);
    struct split split = {0};
    ok = ok && read_split(l, &split, &err);
    if (ok && cli_has(cli, "json"))
        add_json(l, &split, &text);
    else if (ok && cli_has(cli, "alarms"))
        add_alarms(l, &text);
    else if (ok && brief)
        status_line(&l->overview, l->name, &text);
    else if (ok)
        ok = details ? add_jobs(l, &text, &err) : add_screen(l, isatty(STDOUT_FILENO), &text);
    if (ok && split.label && !brief && !cli_has(cli, "json"))
        split_text(&split, &text);
    if (ok && cli_has(cli, "json"))
        cli_print(&text);
    else if (ok)
        cli_print_text(&text);
    str_free(&text);
    return ok ? code_of(&l->overview) : cli_fail(&err);
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct looked l = {.cli = cli};
    if (!cli_operands(cli, 0, 1, "FOLDER", &err))
        return cli_misuse(cli, &err);
    struct params *p = params_make(&cli->arena);
    if (!params_load_settings(p, cli_value(cli, "config", NULL), &err))
        return cli_fail(&err);
    if (cli_has(cli, "serve"))
        return status_serve(cli, p);
    l.params = p;
    l.folder = cli->n_operands ? cli->operands[0] : ".";
    if (!open_store(&l, &err))
        return cli_fail(&err);
    l.name = database_title(cli, l.params, cli->n_operands ? cli->operands[0] : NULL);
    int code = show(&l);
    arena_free(&l.arena);
    store_close(l.store);
    return code;
}

static const struct option_row options[] = {
    {0, "json", NULL, "print as JSON, with every count and interval"},
    {0, "follow", NULL,
     "show it again every two seconds; keys: q quit, j jobs, o overview, arrows, space and b to move, g and "
     "G to the ends"},
    {0, "jobs", NULL, "every job in detail, however many there are"},
    {0, "run", "N", "only the jobs of run N (a number as lists show it, or a name)"},
    {0, "by", "LABEL",
     "rates by the values of a label too (xfelx run label); without it by sample, where samples are "
     "labelled"},
    {0, "times", NULL,
     "with them where the time goes, stage by stage; with --run also its frames along it, and what happened "
     "to it when"},
    {0, "trial", "N", "figures of trial N (otherwise: of the newest active one that has frames)"},
    {0, "alarms", NULL, "the alarms that stand, and the log of those that cleared themselves"},
    {0, "line", NULL, "one line, for a prompt or a log"},
    {0, "config", "FILE", "settings file, read after the others (also $XFELX_CONFIG)"},
    STATUS_SERVE_OPTIONS,
    {0},
};

static const struct option_rule rules[] = {
    {"token-file no-token tls-cert tls-key behind-proxy allow-host prefix read-only", "serve", NULL, NULL},
    {"serve", NULL, "json follow jobs run by times trial alarms line", NULL},
    {"json alarms line", NULL, "json alarms line follow run times", NULL},
    {"alarms line", NULL, "jobs", NULL},
    {"by", NULL, "line follow", NULL},
    {0},
};

static const struct example examples[] = {
    {"xfelx status results", "show what became of the frames that were processed into the folder results"},
    {"xfelx status results --json", "the same for programs"},
    {"xfelx status --follow", "keep looking at the campaign that the settings name"},
    {"xfelx status --alarms", "what somebody has to look at, and what that was before"},
    {"xfelx status --by laser", "rates with the laser on and off"},
    {"xfelx status --run 12 --times", "what became of run 12, and where its time went"},
    {"xfelx status --serve 8080 results",
     "pages about it for a browser on this machine (elsewhere: ssh -L 8080:127.0.0.1:8080 HOST)"},
    {"xfelx status --serve 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem --token-file tokens "
     "--allow-host hutch.example.org",
     "the same for a hutch, over TLS, for who has a token"},
    {0},
};

const struct command command_status = {
    .tells_alarms = true,
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
        "indexed all the same, and counted in neither.\n\n"
        "A campaign, or more than four jobs, is shown as one screen: rates of the newest ten minutes, small "
        "plots of three hours, goals, reasons, runs, jobs, alarms. The exit code is 3 while an alarm stands "
        "and 4 while "
        "the newest number of a running job is older than 60 s.",
    .options = options,
    .rules = rules,
    .examples = examples,
    .run = run,
};
