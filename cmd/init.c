/* init.c - `xfelx init`: a few questions, a commented xfelx.phil, a database with a first trial and an open rungroup, so that watch has
 * something to do. Nothing that is there is overwritten. */
#include "cmd/book_recipe.h"
#include "cmd/database.h"
#include "cmd/init_numbers.h"

#include "facility/facility.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char file_name[] = "xfelx.phil";

enum {
    ASK_TAG,
    ASK_DATA,
    ASK_FILES,
    ASK_NUMBERS,
    ASK_OUT,
    ASK_DB,
    ASK_SCHEDULER,
    ASK_CONTAINER,
    ASK_CELL,
    QUESTIONS
};

struct asking {
    struct book b; /* settings as they are without the file */
    const char *answers[QUESTIONS];
    struct params *settings; /* with it */
    struct param_line *said; /* what --set says */
    size_t n_said;
    struct str text; /* of the file */
};

/* ---- what is offered ---- */

/* The present folder's name as one of a database. */
static const char *usual_tag(struct asking *q)
{
    const char *name = fs_name(fs_absolute(q->b.a, "."));
    struct str s = {0};
    for (const char *p = name; *p && s.len < 40; p++)
        if (isalnum((unsigned char)*p) && (unsigned char)*p < 128)
            str_addc(&s, (char)tolower((unsigned char)*p));
        else if (s.len && s.text[s.len - 1] != '_')
            str_addc(&s, '_');
    const char *tag = s.len ? arena_strdup(q->b.a, s.text) : "experiment";
    str_free(&s);
    return tag;
}

/* Files that a pattern finds now. */
static char **files_of(struct asking *q, const char *pattern, size_t *n)
{
    char **names = NULL;
    struct error err = {0};
    const char *whole =
        arena_printf(q->b.a, "%s/%s", fs_quoted(q->b.a, fs_absolute(q->b.a, q->answers[ASK_DATA])), pattern);
    if (!fs_glob(whole, q->b.a, &names, n, &err))
        *n = 0;
    return names;
}

/* Of the patterns that are usual, the first that some file has. */
static const char *usual_files(struct asking *q)
{
    static const char *const patterns[] = {"*_master.h5", "*.h5", "*.cxi", "*.nxs"};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        size_t n = 0;
        files_of(q, patterns[i], &n);
        if (n)
            return patterns[i];
    }
    return "*.h5";
}

/* What tells the files that are there apart. */
static const char *usual_numbers(struct asking *q)
{
    size_t n = 0;
    char **files = files_of(q, q->answers[ASK_FILES], &n);
    const char *usual = init_numbers_usual(files, n);
    return usual ? usual : "none";
}

static bool in_path(const char *program)
{
    const char *path = getenv("PATH");
    struct arena a = {0};
    bool found = false;
    for (const char *p = path ? path : ""; *p && !found;) {
        size_t n = strcspn(p, ":");
        found = access(fs_join(&a, arena_strndup(&a, p, n), program), X_OK) == 0;
        p += n + (p[n] == ':');
    }
    arena_free(&a);
    return found;
}

/* A command that is there although nobody answers it (a package left behind, a machine outside the cluster) is no scheduler. */
static bool answers(const char *command, const char *argument)
{
    enum { ANSWER_SECONDS = 3 };
    const char *const argv[] = {command, argument, NULL};
    struct child_answer a = {0};
    struct error err = {0};
    bool good =
        in_path(command) &&
        child_run(&(struct child){.argv = argv, .seconds = ANSWER_SECONDS, .limit = 4096}, &a, &err) &&
        a.exit_code == 0;
    child_answer_free(&a);
    return good;
}

static const char *usual_scheduler(struct asking *q)
{
    (void)q;
    return in_path("sbatch") && answers("sinfo", "-h")                         ? "slurm"
           : in_path("bsub") && answers("bqueues", "-w")                       ? "lsf"
           : in_path("qsub") && getenv("SGE_ROOT") && answers("qconf", "-sql") ? "sge"
           : in_path("qsub") && !getenv("SGE_ROOT") && answers("qstat", "-Q")  ? "pbs"
                                                                               : "local";
}

static const char *here(struct asking *q)
{
    (void)q;
    return "data";
}

static const char *results(struct asking *q)
{
    (void)q;
    return "results";
}

static const char *sqlite(struct asking *q)
{
    (void)q;
    return "sqlite";
}

static const char *none(struct asking *q)
{
    (void)q;
    return "none";
}

static const struct question {
    const char *option, *text;
    const char *(*usual)(struct asking *q);
} questions[QUESTIONS] = {
    [ASK_TAG] = {"tag", "Name of the experiment", usual_tag},
    [ASK_DATA] = {"data", "Where do data appear (a folder; at LCLS lcls:EXPERIMENT@LOCATION)", here},
    [ASK_FILES] = {"files", "Which files are a run (a pattern)", usual_files},
    [ASK_NUMBERS] = {"numbers",
                     "Their numbers (a regular expression: what its first parentheses match, as "
                     "run_([0-9]+); none: as they come)",
                     usual_numbers},
    [ASK_OUT] = {"out", "Folder for results", results},
    [ASK_DB] = {"db", "Database (sqlite: one file in the results; or HOST/NAME of a server)", sqlite},
    [ASK_SCHEDULER] = {"scheduler", "Where jobs run (local, slurm, pbs, sge, lsf; slurm:QUEUE:ACCOUNT)",
                       usual_scheduler},
    [ASK_CONTAINER] = {"container", "In a container (none, or RUNTIME:IMAGE)", none},
    [ASK_CELL] = {"cell", "Space group and cell (P43212 79 79 38 90 90 90; none: they are found)", none},
};

static bool is_lcls(const struct asking *q)
{
    return str_starts(q->answers[ASK_DATA], "lcls:");
}

/* ---- asking ---- */

static bool ask(struct asking *q, int i, struct error *err)
{
    const struct question *x = questions + i;
    const char *given = cli_value(q->b.cli, x->option, NULL);
    char line[4096];
    q->answers[i] = given;
    if (given)
        return true;
    q->answers[i] = (i == ASK_FILES || i == ASK_NUMBERS) && is_lcls(q) ? "" : x->usual(q);
    if (cli_has(q->b.cli, "defaults") || !*q->answers[i])
        return true;
    fprintf(stderr, "%s\n  [%s] ", x->text, q->answers[i]);
    if (!fgets(line, sizeof line, stdin)) {
        fputc('\n', stderr);
        error_set(err, ERROR_USAGE, "there was no answer for \"%s\"", x->text);
        return error_hint(err, "--%s says it; --defaults takes what is offered for the rest", x->option);
    }
    line[strcspn(line, "\n")] = 0;
    if (*line)
        q->answers[i] = arena_strdup(q->b.a, line);
    return true;
}

/* ---- the file ---- */

/* May it stand without quotes? */
static bool is_plain(const char *value)
{
    return strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:-") ==
               strlen(value) &&
           !str_same_nocase(value, "none") && !str_same_nocase(value, "auto");
}

/* A line of the file, as it reads back; NULL or "": left out as a remark that shows how. */
static bool put(struct asking *q, const char *path, const char *value, const char *remark, struct error *err)
{
    struct param_line *lines;
    if (remark)
        str_printf(&q->text, "\n# %s\n", remark);
    for (size_t i = 0; (!value || !*value) && i < q->n_said; i++)
        if (!strcmp(q->said[i].path, path)) {
            str_printf(&q->text, "%s = %s\n", path, q->said[i].value);
            return true;
        }
    if (!value || !*value) {
        str_printf(&q->text, "# %s = \n", path);
        return true;
    }
    if (!params_set_text(q->settings, path, value, err))
        return false;
    if (is_plain(value)) {
        str_printf(&q->text, "%s = %s\n", path, value);
        return true;
    }
    size_t n = params_lines(q->settings, PARAM_SETTINGS, q->b.a, &lines);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(lines[i].path, path))
            str_printf(&q->text, "%s = %s\n", path, lines[i].value);
    return true;
}

/* The part of "A:B:C" with this number; "": there is none. */
static const char *part(struct asking *q, const char *text, int number)
{
    for (; number > 0; number--) {
        text += strcspn(text, ":");
        text += *text == ':';
    }
    return arena_strndup(q->b.a, text, strcspn(text, ":"));
}

/* The expression that is to be written; NULL: none, or --set says it. */
static const char *numbers(const struct asking *q)
{
    const char *answer = q->answers[ASK_NUMBERS];
    for (size_t i = 0; i < q->n_said; i++)
        if (!strcmp(q->said[i].path, "facility.standalone.regex"))
            return NULL;
    return *answer && strcmp(answer, "none") != 0 ? answer : NULL;
}

/* What it makes of the files that are there. */
static bool look_at_numbers(struct asking *q, struct str *out, struct error *err)
{
    size_t n = 0;
    char **files = is_lcls(q) || !numbers(q) ? NULL : files_of(q, q->answers[ASK_FILES], &n);
    return is_lcls(q) || !numbers(q) || init_numbers_check(numbers(q), files, n, out, err);
}

static bool put_data(struct asking *q, struct error *err)
{
    const char *data = q->answers[ASK_DATA];
    if (!is_lcls(q))
        return put(q, "facility.name", "standalone", "where runs come from", err) &&
               put(q, "facility.standalone.data_dir", fs_absolute(q->b.a, data), NULL, err) &&
               put(q, "facility.standalone.template", q->answers[ASK_FILES],
                   "which files are runs; with facility.standalone.monitor_for = folders a run is a folder",
                   err) &&
               put(q, "facility.standalone.regex", numbers(q),
                   "the numbers of runs: what the first parentheses match, as 'run_([0-9]+)'; other files "
                   "are no runs\n"
                   "# (without it runs are numbered as they are first seen)",
                   err);
    const char *experiment = arena_strndup(q->b.a, data + 5, strcspn(data + 5, "@"));
    const char *at = strchr(data, '@');
    return put(q, "facility.name", "lcls", "where runs come from", err) &&
           put(q, "facility.lcls.experiment", experiment, NULL, err) &&
           put(q, "facility.lcls.web.location", at ? at + 1 : "SLAC", "where data must have arrived", err);
}

static bool put_database(struct asking *q, struct error *err)
{
    const char *db = q->answers[ASK_DB], *slash = strrchr(db, '/');
    if (!strcmp(db, "sqlite"))
        return put(q, "db.host", NULL, "the database: one file in output_folder, which needs no server", err);
    return put(q, "db.host", arena_strndup(q->b.a, db, slash ? (size_t)(slash - db) : strlen(db)),
               "the database: a MariaDB or MySQL server", err) &&
           put(q, "db.name", slash ? slash + 1 : q->answers[ASK_TAG], NULL, err) &&
           put(q, "db.user", NULL, NULL, err) &&
           put(q, "db.password_file", NULL,
               "a file that only you can read, with the password in its first line", err);
}

static bool put_jobs(struct asking *q, struct error *err)
{
    const char *scheduler = q->answers[ASK_SCHEDULER], *container = q->answers[ASK_CONTAINER];
    bool bare = !strcmp(container, "none");
    return put(q, "mp.method", part(q, scheduler, 0), "where jobs run, and what they get", err) &&
           put(q, "mp.queue", part(q, scheduler, 1), NULL, err) &&
           put(q, "mp.account", part(q, scheduler, 2), NULL, err) && put(q, "mp.nnodes", NULL, NULL, err) &&
           put(q, "mp.nproc_per_node", NULL, NULL, err) && put(q, "mp.wall_time", NULL, "minutes", err) &&
           put(q, "container.runtime", bare ? NULL : part(q, container, 0), "the container in which they run",
               err) &&
           put(q, "container.image",
               bare                     ? NULL
               : strchr(container, ':') ? strchr(container, ':') + 1
                                        : "",
               NULL, err);
}

/* What --set says, and only that: settings that are read from other files are not written into this one. */
static bool read_said(struct asking *q, struct error *err)
{
    const char *const *set = NULL;
    size_t n = cli_values(q->b.cli, "set", &set);
    struct params *said = params_make(q->b.a), *none = params_make(q->b.a);
    struct param_line *lines, *usual;
    for (size_t i = 0; i < n; i++)
        if (!params_merge_argument(said, set[i], err))
            return false;
    size_t n_lines = params_lines(said, PARAM_SETTINGS, q->b.a, &lines),
           n_usual = params_lines(none, PARAM_SETTINGS, q->b.a, &usual);
    q->said = lines;
    for (size_t i = 0; i < n_lines; i++) {
        bool as_usual = false;
        for (size_t k = 0; k < n_usual; k++)
            as_usual |= !strcmp(lines[i].path, usual[k].path) && !strcmp(lines[i].value, usual[k].value);
        if (!as_usual)
            q->said[q->n_said++] = lines[i];
    }
    return true;
}

/* What --set says of settings that have no line yet. */
static void put_said(struct asking *q)
{
    bool first = true;
    for (size_t i = 0; i < q->n_said; i++) {
        if (strstr(q->text.text, arena_printf(q->b.a, "\n%s = ", q->said[i].path)))
            continue;
        str_printf(&q->text, "%s%s = %s\n", first ? "\n# said with --set\n" : "", q->said[i].path,
                   q->said[i].value);
        first = false;
    }
}

static bool make_file(struct asking *q, struct error *err)
{
    struct str words = {0};
    bool good = read_said(q, err) && look_at_numbers(q, &words, err);
    str_free(&words);
    if (!good)
        return false;
    str_printf(&q->text, "# xfelx.phil - settings of this experiment: where data come from, where jobs run.\n"
                         "# Read by every xfelx command that is typed in this folder. All settings: xfelx "
                         "process --show-params -a 2.\n"
                         "# What is done with the frames is in trials: xfelx trial.\n");
    return put(q, "experiment_tag", q->answers[ASK_TAG], "name of the experiment", err) && put_data(q, err) &&
           put(q, "output_folder", fs_absolute(q->b.a, q->answers[ASK_OUT]), "folder of all results", err) &&
           put_database(q, err) && put_jobs(q, err) && (put_said(q), true);
}

static bool write_file(struct asking *q, struct error *err)
{
    int fd = open(file_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_system(err, errno == EEXIST ? ERROR_USAGE : ERROR_FAILED, "cannot make %s", file_name);
    bool ok = fs_pwrite(fd, q->text.text, q->text.len, 0, file_name, err);
    if (close(fd) != 0 && ok)
        ok = error_system(err, ERROR_FAILED, "cannot write %s", file_name);
    if (!ok)
        unlink(file_name);
    return ok;
}

/* What a pattern finds now: a wrong one is seen at once. */
static void say_found(struct asking *q)
{
    struct facility_settings s;
    struct observations o = {0};
    struct error err = {0};
    const struct facility_ops *ops = facility_find("standalone");
    if (is_lcls(q) || !facility_settings_read(q->settings, q->b.a, &s, &err))
        return;
    if (!fs_is_folder(s.data_dir))
        str_printf(&q->b.out, "%s is not there yet\n", book_shown(&q->b, s.data_dir));
    else if (ops->list(&s, NULL, &o, &err))
        str_printf(&q->b.out, "%s: %s now%s%s%s\n", book_shown(&q->b, s.data_dir), COUNT(o.n, "run"),
                   o.n ? ", as " : "", o.n ? book_shown(&q->b, o.at[0].name) : "",
                   o.n ? arena_printf(q->b.a, " (%s)", COUNT(o.at[0].n_files, "file")) : "");
    else
        str_printf(&q->b.out, "%s\n", err.fact);
    look_at_numbers(q, &q->b.out, &err);
    if (!s.regex || !*s.regex)
        str_printf(
            &q->b.out,
            "runs are numbered 1, 2, … as they are first seen; facility.standalone.regex in %s takes the "
            "numbers from their names\n",
            file_name);
    observations_free(&o);
}

/* ---- trial and rungroup ---- */

/* "P43212 79 79 38 90 90 90", either of the two, or "none". */
static const char *cell_text(struct asking *q, struct error *err)
{
    const char *answer = q->answers[ASK_CELL];
    char *text = arena_strdup(q->b.a, answer), *at = text;
    size_t letters = strcspn(text, " ");
    struct params *p = params_make(q->b.a);
    struct str out = {0};
    if (!strcmp(answer, "none"))
        return "";
    if (isalpha((unsigned char)*text)) {
        const char *group = arena_strndup(q->b.a, text, letters);
        if (!params_merge_argument(p, arena_printf(q->b.a, "indexing.known_symmetry.space_group=%s", group),
                                   err))
            return NULL;
        at += letters + strspn(text + letters, " ");
    }
    for (char *c = at; *c; c++)
        *c = *c == ' ' ? ',' : *c;
    if (*at &&
        !params_merge_argument(p, arena_printf(q->b.a, "indexing.known_symmetry.unit_cell=%s", at), err))
        return NULL;
    params_show(p,
                &(struct param_show_options){.what = PARAM_SHOW_CHANGED, .expert = -1, .tree = PARAM_RECIPE},
                &out);
    const char *kept = arena_strdup(q->b.a, out.text ? out.text : "");
    str_free(&out);
    return kept;
}

/* Where there is none, trial 1 and an open rungroup that it uses. */
static bool begin_books(struct asking *q, const struct book_recipe *r, struct error *err)
{
    struct book *b = &q->b;
    struct store_trial_row *trials;
    struct store_group_row *groups;
    size_t n_trials, n_groups;
    uint32_t num = 0;
    if (!store_trials(b->store, b->a, &trials, &n_trials, err) ||
        !store_groups(b->store, b->a, &groups, &n_groups, err))
        return false;
    if (n_trials || n_groups) {
        str_printf(&b->out, "the database has %s already; none was made\n", COUNT(n_trials, "trial"));
        return true;
    }
    struct store_trial_new t = {.recipe_hash = r->hash,
                                .phil = r->text,
                                .comment = "first trial",
                                .percent = param_real(r->params, "dispatch.process_percent", NAN),
                                .d_min = param_real(r->params, "prediction.d_min", NAN),
                                .active = true};
    if (!store_trial_add(b->store, &b->by, &t, &num, err))
        return false;
    struct store_group_edit g = {
        .first = 0, .last = -1, .comment = "all runs", .trials = &num, .n_trials = 1};
    if (!store_group_add(b->store, &b->by, &g, NULL, err))
        return false;
    str_printf(&b->out, "trial %u is active and processes every run (rungroup 1 is open)\n", num);
    return true;
}

static bool make_all(struct asking *q, const struct book_recipe *r, struct error *err)
{
    struct store_options o;
    const char *out = param_text(q->settings, "output_folder", ".");
    return fs_make_folders(out, err) && write_file(q, err) &&
           database_options(q->b.a, q->settings, out, &o, err) && store_open(&o, false, &q->b.store, err) &&
           begin_books(q, r, err);
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct asking q = {.b = {.cli = cli, .a = &cli->arena}};
    struct book_recipe r = {0};
    if (access(file_name, F_OK) == 0) {
        error_set(&err, ERROR_USAGE, "%s is there already", file_name);
        error_hint(&err, "change it with an editor; init never overwrites anything");
        return cli_fail(&err);
    }
    q.b.by = book_user(&cli->arena);
    bool ok = book_settings(cli, &q.b.params, &err) && book_settings(cli, &q.settings, &err);
    for (int i = 0; ok && i < QUESTIONS; i++)
        ok = ask(&q, i, &err);
    const char *cell = ok ? cell_text(&q, &err) : NULL;
    ok = ok && cell && make_file(&q, &err) && book_recipe_trial(&q.b, cell, 0, false, &r, &err) &&
         make_all(&q, &r, &err);
    if (ok) {
        str_printf(&q.b.out, "%s is written, results go to %s\n", file_name,
                   book_shown(&q.b, param_text(q.settings, "output_folder", "")));
        say_found(&q);
        str_add(&q.b.out, "\nnext:  xfelx doctor             whether all that is needed is there\n"
                          "       xfelx submit --dry-run   what would be done now, and why\n"
                          "       xfelx watch              find runs and process them, from now on\n");
    }
    str_free(&q.text);
    return book_end(&q.b, ok, &err);
}

static const struct option_row options[] = {
    {0, "defaults", NULL, "ask nothing: take what would be offered"},
    {0, "tag", "NAME", "name of the experiment"},
    {0, "data", "FOLDER", "where data appear; lcls:EXPERIMENT@LOCATION at LCLS"},
    {0, "files", "PATTERN", "which files are a run"},
    {0, "numbers", "REGEX",
     "their numbers: what its first parentheses match, as 'run_([0-9]+)'; none: as they come"},
    {0, "out", "FOLDER", "folder for results"},
    {0, "db", "DATABASE", "sqlite, or HOST/NAME of a server"},
    {0, "scheduler", "NAME", "local, slurm, pbs, sge, lsf; with queue and account: slurm:QUEUE:ACCOUNT"},
    {0, "container", "IMAGE", "RUNTIME:IMAGE, or none"},
    {0, "cell", "CELL", "space group and cell, as 'P43212 79 79 38 90 90 90'; none: they are found"},
    {0, "config", "FILE", "settings file that is read too (also $XFELX_CONFIG)"},
    {0, "set", "NAME=VALUE", "a setting that is written too; may be given several times"},
    {0},
};

static const struct example examples[] = {
    {"xfelx init", "begin an experiment in this folder, with nine questions"},
    {"xfelx init --defaults --data /data/xpp12345 --scheduler slurm:psana --cell 'P43212 79 79 38 90 90 90'",
     "without questions"},
    {"xfelx init lysozyme.phil", "with the parameters of the first trial in a file"},
    {0},
};

const struct command command_init = {
    .name = "init",
    .summary = "begin an experiment: settings, database, first trial",
    .usage = "[OPTIONS] [PARAMETERS.phil]... [NAME=VALUE]...",
    .text = "Asks where data come from, where results go and where jobs run, and offers an answer to each "
            "question. Then it "
            "writes xfelx.phil with remarks into the present folder, makes the database, and in it trial 1 "
            "and an open "
            "rungroup 1, so that xfelx watch processes every run from the first on. Parameters that are "
            "given here are those of "
            "the trial.\n\n"
            "What an option says is not asked. Nothing that is there is overwritten.",
    .options = options,
    .examples = examples,
    .run = run,
};
