/* submit.c - `xfelx submit`: one cycle by hand, or only what it would do and why. */
#include "cmd/cycling.h"

#include "campaign/campaign.h"

#include <stdio.h>
#include <string.h>

enum { AT_ONCE = 60 }; /* submissions of one command; the next one, or the watcher, goes on */

// clang-format off
static const struct option_row options[] = {
    CYCLING_OPTIONS,
    {'n', "dry-run", NULL, "only print what would be done, a line for each job, and why"},
    {0, "explain", "RUN", "only say why this run (its number or name) is processed or not"},
    {0, "show-script", NULL, "only print the job script of the first job that would be submitted"},
    {'y', "yes", NULL, "submit also more new jobs than submit.confirm_above"},
    {0},
};

static const struct example examples[] = {
    {"xfelx submit --dry-run", "what would be submitted now, and why the rest would not"},
    {"xfelx submit --explain 12", "why run 12 is not being processed"},
    {"xfelx submit --yes", "submit all there is to do"},
    {0},
};
// clang-format on

static bool stop_never(void)
{
    return false;
}

/* The run that a person means: by number, else by name. 0: none. */
static int64_t find_run(const struct snapshot *s, const char *text)
{
    int64_t number = 0;
    bool is_number = str_to_i64(text, &number);
    for (size_t i = 0; is_number && i < s->n_runs; i++)
        if (s->runs[i].ord == number)
            return s->runs[i].id;
    for (size_t i = 0; i < s->n_runs; i++)
        if (strcmp(s->runs[i].name, text) == 0)
            return s->runs[i].id;
    return 0;
}

static int explain(struct cycling *g, const char *text, struct arena *a)
{
    struct cycle_plan plan;
    struct error err = {0};
    struct str out = {0};
    if (!cycle_plan(&g->cycle, a, &plan, &err))
        return cli_fail(&err);
    int64_t run = find_run(&plan.snapshot, text);
    if (!run) {
        error_set(&err, ERROR_FAILED, "no run is known as %s", text);
        error_hint(&err, "`xfelx run list` shows those that are");
        return cli_fail(&err);
    }
    g->cycle.policy.explain_run = run;
    if (!cycle_plan(&g->cycle, a, &plan, &err))
        return cli_fail(&err);
    explain_plan(&plan.snapshot, plan.actions, plan.n, run, &out);
    cli_print(&out);
    str_free(&out);
    return EXIT_CODE_DONE;
}

static int dry_run(struct cycling *g, struct arena *a)
{
    struct cycle_plan plan;
    struct error err = {0};
    struct str out = {0};
    if (!cycle_plan(&g->cycle, a, &plan, &err))
        return cli_fail(&err);
    explain_plan(&plan.snapshot, plan.actions, plan.n, 0, &out);
    cli_print(&out);
    str_free(&out);
    return EXIT_CODE_DONE;
}

static int show_script(struct cycling *g, struct arena *a)
{
    struct cycle_plan plan;
    struct error err = {0};
    struct str out = {0};
    if (!cycle_plan(&g->cycle, a, &plan, &err))
        return cli_fail(&err);
    const struct action *first = NULL;
    for (size_t i = 0; i < plan.n && !first; i++)
        if (plan.actions[i].kind == ACTION_SUBMIT && !plan.actions[i].new_version)
            first = &plan.actions[i];
    if (!first) {
        error_set(&err, ERROR_FAILED, "no job would be submitted now");
        error_hint(&err, "`xfelx submit --dry-run` says why");
        return cli_fail(&err);
    }
    if (!cycle_script(&g->cycle, first, &out, &err))
        return cli_fail(&err);
    cli_print(&out);
    str_free(&out);
    return EXIT_CODE_DONE;
}

/* Observe, poll, decide, act; what fails at looking and asking is said, and the rest is done. */
static int act(struct cycling *g, struct arena *a)
{
    struct cycle_report r = {0};
    struct cycle_plan plan;
    struct error err = {0};
    struct str out = {0};
    int code = EXIT_CODE_DONE;
    if (!cycle_observe(&g->cycle, NULL, &r, &err))
        code = cli_fail(&err);
    if (!cycle_poll(&g->cycle, &r, &err)) {
        code = cli_fail(&err);
        g->cycle.policy.site_down = arena_strdup(a, err.fact);
    }
    g->cycle.policy.rate_left = AT_ONCE;
    if (!cycle_plan(&g->cycle, a, &plan, &err) || !cycle_act(&g->cycle, &plan, &r, &err))
        return cli_fail(&err);
    cycling_say(&r, &out);
    str_addc(&out, '\n');
    cli_print(&out);
    str_free(&out);
    return r.n_refused || r.n_unclear ? EXIT_CODE_FAILED : code;
}

static int act_with_lease(struct cycling *g, struct arena *a)
{
    bool held = false;
    char holder[OWNER] = "";
    struct error err = {0};
    if (!cycling_lease(g, &held, holder, &err))
        return cli_fail(&err);
    if (held || g->cycle.policy.yes) /* two who act never start one job twice: each claims it first */
        return act(g, a);
    printf("%s acts for this experiment and submits by itself; --dry-run shows what it will do\n", holder);
    return EXIT_CODE_DONE;
}

static int run(struct cli *cli)
{
    struct cycling g;
    struct error err = {0};
    struct arena a = {0};
    int code;
    if (!cycling_open(cli, &g, &err)) {
        code = cli_fail(&err);
    } else {
        g.stopped = stop_never;
        g.cycle.policy.yes = cli_has(cli, "yes");
        code = cli_has(cli, "explain")       ? explain(&g, cli_value(cli, "explain", ""), &a)
               : cli_has(cli, "show-script") ? show_script(&g, &a)
               : cli_has(cli, "dry-run")     ? dry_run(&g, &a)
                                             : act_with_lease(&g, &a);
    }
    cycling_close(&g);
    arena_free(&a);
    return code;
}

const struct command command_submit = {
    .name = "submit",
    .summary = "submit what is not processed yet, or say what would be and why",
    .usage = "[OPTIONS] [name=value]...",
    .text = "Looks once at the facility and at the jobs that run, decides for every trial, rungroup and run "
            "what is to be "
            "done, and submits it. That is one cycle of `xfelx watch`, by hand. Nothing is ever submitted "
            "twice: each job is "
            "claimed in the database before the scheduler is called, and a submission whose answer was lost "
            "is looked up by "
            "its name before anything else.\n\n"
            "--dry-run, --explain and --show-script change nothing, and look at what is known: not at the "
            "facility again.",
    .options = options,
    .examples = examples,
    .run = run,
};
