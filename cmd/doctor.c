/* doctor.c - `xfelx doctor`: is everything here as it must be for a campaign? */
#include "cmd/doctor.h"

#include "cmd/parameters.h"
#include "parallel/parallel.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// clang-format off
static const struct option_row options[] = {
    {0, "config", "FILE", "settings file, read after the others (also $XFELX_CONFIG)"},
    {0, "phil", "FILE", "a parameter file"},
    {0, "mpi", NULL, "submit a job of two ranks and wait until it has run"},
    {0, "wait", "S", "seconds that the job of --mpi may take (default 300)"},
    {'j', "json", NULL, "the same as JSON"},
    {0, "keep", NULL, "leave what is found in the database, where pages show it"},
    {0, "rank", NULL, "what the job of --mpi runs: say which rank this is"},
    {0},
};

static const struct example examples[] = {
    {"xfelx doctor", "before a beamtime: what is right, what is not, and what helps"},
    {"xfelx doctor --mpi", "also run a job of two ranks through the scheduler"},
    {0},
};

static const struct { const char *word, *shown; } levels[DOCTOR_LEVELS] = {{"ok", "ok"}, {"note", "note"}, {"bad", "BAD"}};
// clang-format on

void doctor_say(struct doctor *d, enum doctor_level level, const char *hint, const char *format, ...)
{
    char text[2048];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    d->findings = arena_grow(d->arena, d->findings, d->n, sizeof *d->findings);
    d->findings[d->n++] =
        (struct doctor_finding){d->check, level, arena_strdup(d->arena, text), arena_strdup(d->arena, hint)};
}

void doctor_say_error(struct doctor *d, const struct error *err)
{
    doctor_say(d, DOCTOR_ILL, err->hint, "%s%s%s", err->fact, *err->detail ? ": " : "", err->detail);
}

/* ---- a rank of the job that --mpi submits ---- */

static int say_rank(void)
{
    struct launch how;
    struct farm *farm = NULL;
    struct error err = {0};
    if (!launch_detect(&how, &err))
        return cli_fail(&err);
    bool good = farm_open(&how, version_number(), &farm, &err);
    int code = good ? EXIT_CODE_DONE : cli_fail(&err);
    if (good)
        printf("rank %u of %u\n", farm_rank(farm), farm_ranks(farm));
    fflush(stdout);
    code = good ? farm_end(farm, code) : code;
    farm_close(farm, code);
    return code;
}

/* ---- what was found, in words ---- */

static void write_text(const struct doctor *d, struct str *out)
{
    const char *last = "";
    for (size_t i = 0; i < d->n; i++) {
        const struct doctor_finding *f = &d->findings[i];
        char fact[2048];
        str_printf(out, "%-13s %-5s %s\n", strcmp(last, f->check) ? f->check : "", levels[f->level].shown,
                   str_visible(f->fact, fact, sizeof fact));
        if (*f->hint)
            str_printf(out, "%20s%s\n", "", f->hint);
        last = f->check;
    }
}

static void write_json(const struct doctor *d, bool well, struct str *out)
{
    struct json_writer w = {.out = out, .indent = 1};
    json_object(&w, NULL);
    json_put_int(&w, "version", 1);
    json_put_real(&w, "t", 1e-9 * (double)clock_now());
    json_put_text(&w, "host", proc_host(d->arena));
    json_put_bool(&w, "well", well);
    json_array(&w, "findings", false);
    for (size_t i = 0; i < d->n; i++) {
        json_object(&w, NULL);
        json_put_text(&w, "check", d->findings[i].check);
        json_put_text(&w, "level", levels[d->findings[i].level].word);
        json_put_text(&w, "fact", d->findings[i].fact);
        json_put_text(&w, "hint", *d->findings[i].hint ? d->findings[i].hint : NULL);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    str_addc(out, '\n');
}

/* For the pages; a database that is not there is a finding already. */
static bool keep(const struct doctor *d, bool well, struct error *err)
{
    struct str text = {0};
    write_json(d, well, &text);
    bool good = !d->store || store_keep_word(d->store, "doctor", text.text, err);
    str_free(&text);
    return good;
}

static bool open_settings(struct doctor *d, struct error *err)
{
    char **others;
    size_t n = 0;
    if (!parameters_read(d->cli, &d->params, &others, &n, err))
        return false;
    const char *folder = param_text(d->params, "output_folder", NULL);
    d->folder = folder && *folder ? fs_absolute(d->arena, folder) : NULL;
    return n == 0 || error_set(err, ERROR_USAGE, "doctor takes settings only, not \"%s\"", others[0]);
}

static int run(struct cli *cli)
{
    struct doctor d = {.cli = cli, .arena = &cli->arena};
    struct error err = {0};
    struct str out = {0};
    bool well = true;
    if (cli_has(cli, "rank"))
        return say_rank();
    if (!cli_real(cli, "wait", 1, 1e6, 300, &d.wait, &err) || !open_settings(&d, &err))
        return cli_fail(&err);
    d.wait = cli_has(cli, "mpi") ? d.wait : 0;
    for (const struct doctor_check *c = doctor_checks; c->name; c++) {
        d.check = c->name;
        c->run(&d);
    }
    for (size_t i = 0; i < d.n; i++)
        well = well && d.findings[i].level != DOCTOR_ILL;
    if (cli_has(cli, "json"))
        write_json(&d, well, &out);
    else
        write_text(&d, &out);
    cli_print(&out);
    str_free(&out);
    bool kept = !cli_has(cli, "keep") || keep(&d, well, &err);
    store_close(d.store);
    if (!kept)
        return cli_fail(&err);
    return well ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "look whether everything here is as a campaign needs it",
    .usage = "[OPTIONS] [name=value]...",
    .text = "Looks at this machine, the folders, the database, the clocks, the facility, the scheduler and "
            "what there is to do, with "
            "the settings that watch and submit would use, and says in a line each what is right, what is "
            "worth a note, and what is "
            "bad, with what helps. Nothing is changed; --mpi submits one small job.\n\n"
            "The exit code is 1 when something is bad.",
    .options = options,
    .examples = examples,
    .run = run,
};
