/* job.c - `xfelx job`: what is to be done, what became of it; cancel, try again. Removing results: job_delete.c. */
#include "cmd/book.h"

#include <string.h>

extern const struct command job_delete;

/* ---- which ---- */

static bool read_filter(struct book *b, struct store_job_filter *f, struct error *err)
{
    struct cli *cli = b->cli;
    const char *state = cli_value(cli, "state", NULL);
    int64_t newest = 0, *runs;
    struct store_range *jobs = NULL;
    *f = (struct store_job_filter){.trial = -1, .stale = true};
    for (int i = 1; state && i < JOB_STATE_END; i++)
        if (!strcmp(job_state_word(i), state))
            f->state = i;
    if (state && !f->state)
        return error_set(err, ERROR_USAGE, "a job has no state \"%s\"", state),
               error_hint(err, "done, running, queued, cancelled, failed, again, waiting, ready");
    if (!cli_int(cli, "newest", 1, INT32_MAX, 0, &newest, err) ||
        !cli_int(cli, "trial", 0, UINT32_MAX, -1, &f->trial, err) ||
        !cli_int(cli, "group", 1, INT64_MAX, 0, &f->group, err) ||
        !book_option_runs(b, "run", &runs, &f->n_runs, err))
        return false;
    f->runs = cli_has(cli, "run") ? runs : NULL;
    f->newest = (size_t)newest;
    if (cli->n_operands && !store_ranges((const char *const *)cli->operands, cli->n_operands, "job", b->a,
                                         &jobs, &f->n_jobs, err))
        return false;
    f->jobs = jobs;
    return true;
}

/* The jobs of all operands, each with its attempts; one that is not there is an error. */
static bool read_named(struct book *b, struct store_book_job **rows, size_t *n, struct error *err)
{
    int64_t *numbers;
    struct store_range *r;
    size_t n_numbers;
    struct store_job_filter f = {.trial = -1, .all_attempts = true, .stale = true};
    if (!book_numbers(b, b->cli->n_operands, "job", &numbers, &n_numbers, err) ||
        !store_ranges((const char *const *)b->cli->operands, b->cli->n_operands, "job", b->a, &r, &f.n_jobs,
                      err))
        return false;
    f.jobs = r;
    if (!store_book_jobs(b->store, &f, b->a, rows, n, err))
        return false;
    for (size_t i = 0; i < n_numbers; i++)
        if (i >= *n || (*rows)[i].id != numbers[i])
            return error_set(err, ERROR_USAGE, "there is no job %lld", (long long)numbers[i]),
                   error_hint(err, "xfelx job list shows them all");
    return true;
}

/* ---- list ---- */

static const char *subject(struct book *b, const struct store_book_job *j)
{
    if (*j->dataset)
        return arena_printf(b->a, "%s v%03u", j->dataset, j->version);
    return j->run_ord ? arena_printf(b->a, "%lld %s", (long long)j->run_ord, j->run) : j->run;
}

/* What a person wants to read at a glance: why it is not done. */
static const char *remark(struct book *b, const struct store_book_job *j)
{
    const struct store_book_attempt *x = j->n_attempts ? j->attempts + j->n_attempts - 1 : NULL;
    if (j->cancelled && x && x->live)
        return arena_printf(b->a, "being cancelled (%s)", j->cancelled_by);
    if (j->cancelled)
        return arena_printf(b->a, "by %s", j->cancelled_by);
    if (*j->stale && (!x || !x->live))
        return arena_printf(b->a, "stale: %s", j->stale);
    if (!x || j->state == JOB_DONE)
        return "";
    if (x->live)
        return *x->sched_id ? arena_printf(b->a, "%s %s", x->scheduler, x->sched_id) : x->scheduler;
    return arena_printf(b->a, "%s%s%s", end_kind_word((int)x->end), *x->reason ? ": " : "", x->reason);
}

static const struct book_column columns[] = {
    {"job", true, false},   {"run", false, true},  {"trial", true, false},
    {"group", true, false}, {"task", false, true}, {"state", false, false},
    {"tries", true, false}, {"done", true, false}, {"", false, true}};

static void put_cells(struct book *b, const void *row, const char **c)
{
    const struct store_book_job *j = row;
    *c++ = arena_printf(b->a, "%lld", (long long)j->id);
    *c++ = subject(b, j);
    *c++ = arena_printf(b->a, "%u", j->trial);
    *c++ = j->key.rungroup ? arena_printf(b->a, "%lld", (long long)j->key.rungroup) : "";
    *c++ = j->preview ? "preview" : *j->task ? arena_printf(b->a, "%s:%u", j->task, j->task_rev) : "";
    *c++ = job_state_word((int)j->state);
    *c++ = arena_printf(b->a, "%u", j->n_tries);
    *c++ =
        j->n_expected ? arena_printf(b->a, "%lld/%lld", (long long)j->n_final, (long long)j->n_expected) : "";
    *c++ = remark(b, j);
}

static void put_attempt(struct book *b, struct json_writer *w, const struct store_book_attempt *x)
{
    json_object(w, NULL);
    json_put_int(w, "attempt", x->id);
    json_put_int(w, "no", x->no);
    json_put_text(w, "name", x->name);
    json_put_text(w, "state", attempt_state_word((int)x->state));
    json_put_bool(w, "live", x->live);
    json_put_text(w, "end", x->end ? end_kind_word((int)x->end) : NULL);
    json_put_int(w, "exit_code", x->exit_code);
    json_put_int(w, "exit_signal", x->exit_signal);
    json_put_text(w, "scheduler", x->scheduler);
    json_put_text(w, "id", x->sched_id);
    json_put_text(w, "scheduler_state", x->raw);
    json_put_text(w, "reason", x->reason);
    json_put_text(w, "host", x->host);
    json_put_text(w, "program", x->program);
    json_put_text(w, "log", book_shown(b, x->log_path));
    json_put_int(w, "submit_ns", x->submit_t);
    json_put_int(w, "start_ns", x->start_t);
    json_put_int(w, "end_ns", x->end_t);
    json_end_object(w);
}

static void put_row(struct book *b, struct json_writer *w, const void *row)
{
    const struct store_book_job *j = row;
    const struct job_standing now = store_book_standing(j);
    json_object(w, NULL);
    json_put_int(w, "job", j->id);
    json_put_text(w, "run", j->run);
    json_put_int(w, "run_id", j->key.run);
    json_put_int(w, "trial", j->trial);
    json_put_int(w, "rungroup", j->key.rungroup);
    json_put_text(w, "task", *j->task ? j->task : NULL);
    json_put_int(w, "revision", j->task_rev);
    json_put_text(w, "dataset", *j->dataset ? j->dataset : NULL);
    json_put_int(w, "dataset_version", j->version);
    json_put_text(w, "state", job_state_word((int)j->state));
    json_put_bool(w, "cancelled", j->cancelled);
    json_put_text(w, "cancelled_by", *j->cancelled_by ? j->cancelled_by : NULL);
    json_put_bool(w, "published", j->published);
    json_put_bool(w, "preview", j->preview);
    json_put_bool(w, "stale", *j->stale != 0);
    json_put_text(w, "stale_because", *j->stale ? j->stale : NULL);
    job_may_json(&now, w);
    json_put_int(w, "tries", j->n_tries);
    json_put_int(w, "retry_ns", j->retry_t);
    json_put_int(w, "expected", j->n_expected);
    json_put_int(w, "done", j->n_final);
    json_put_int(w, "lattices", j->n_lattices);
    json_put_text(w, "folder", book_shown(b, j->folder));
    json_array(w, "attempts", false);
    for (size_t k = 0; k < j->n_attempts; k++)
        put_attempt(b, w, j->attempts + k);
    json_end_array(w);
    json_end_object(w);
}

static const struct book_list listing = {.key = "jobs",
                                         .none = "no jobs",
                                         .size = sizeof(struct store_book_job),
                                         .columns = columns,
                                         .n_columns = sizeof columns / sizeof *columns,
                                         .cells = put_cells,
                                         .json = put_row};

static bool list_jobs(struct book *b, struct error *err)
{
    struct store_job_filter f;
    struct store_book_job *rows;
    size_t n;
    return read_filter(b, &f, err) && store_book_jobs(b->store, &f, b->a, &rows, &n, err) &&
           book_list(b, &listing, rows, n);
}

/* ---- show ---- */

static void say_attempt(struct book *b, const struct store_book_attempt *x)
{
    struct str line = {0};
    str_printf(&line, "%u: %s", x->no, attempt_state_word((int)x->state));
    if (x->end)
        str_printf(&line, ", %s", end_kind_word((int)x->end));
    if (x->exit_code >= 0)
        str_printf(&line, ", code %d", x->exit_code);
    if (x->exit_signal > 0)
        str_printf(&line, ", signal %d", x->exit_signal);
    str_printf(&line, "; %s%s%s", x->scheduler, *x->sched_id ? " " : "", x->sched_id);
    if (*x->host)
        str_printf(&line, " on %s", x->host);
    str_printf(&line, "\nsubmitted %s, started %s, ended %s", book_time(b, x->submit_t),
               book_time(b, x->start_t), book_time(b, x->end_t));
    if (*x->reason)
        str_printf(&line, "\n%s", x->reason);
    if (*x->log_path)
        str_printf(&line, "\nlog %s", x->log_path);
    book_field(&b->out, x->no == 1 ? "attempts" : "", line.text);
    str_free(&line);
}

/* The commands that would change it. */
static void say_what_may(struct book *b, const struct store_book_job *j)
{
    const struct job_standing now = store_book_standing(j);
    struct str line = {0};
    for (int c = 0; c < JOB_CHANGES; c++)
        if (job_may((enum job_change)c, &now))
            str_printf(&line, "%sxfelx job %s %lld", line.len ? ", " : "",
                       job_change_word((enum job_change)c), (long long)j->id);
    book_field(&b->out, "you may", line.text ? line.text : "wait until it has ended");
    str_free(&line);
}

static void say_job(struct book *b, const struct store_book_job *j)
{
    struct str *out = &b->out;
    book_fieldf(out, "job", "%lld: %s%s, trial %u, rungroup %lld", (long long)j->id, j->run_ord ? "run " : "",
                book_shown(b, subject(b, j)), j->trial, (long long)j->key.rungroup);
    if (*j->task)
        book_fieldf(out, "task", "%s, revision %u", book_shown(b, j->task), j->task_rev);
    book_fieldf(out, "state", "%s since %s%s", job_state_word((int)j->state), book_time(b, j->state_t),
                j->published ? ", files written" : "");
    if (j->cancelled)
        book_fieldf(out, "cancelled", "by %s", book_shown(b, j->cancelled_by));
    if (j->retry_t)
        book_field(out, "next try", book_time(b, j->retry_t));
    if (*j->stale)
        book_field(out, "stale", j->stale);
    if (j->n_expected)
        book_fieldf(out, "frames", "%lld of %lld, %lld lattices", (long long)j->n_final,
                    (long long)j->n_expected, (long long)j->n_lattices);
    book_field(out, "folder", book_shown(b, j->folder));
    say_what_may(b, j);
    for (size_t i = 0; i < j->n_attempts; i++)
        say_attempt(b, j->attempts + i);
}

static bool show_jobs(struct book *b, struct error *err)
{
    struct store_book_job *rows;
    size_t n;
    if (!read_named(b, &rows, &n, err))
        return false;
    if (b->json)
        return book_list(b, &listing, rows, n);
    for (size_t i = 0; i < n; i++) {
        str_add(&b->out, i ? "\n" : "");
        say_job(b, rows + i);
    }
    return true;
}

/* ---- log ---- */

/* The last lines of a file, as they may be shown. */
static bool add_tail(struct book *b, const char *path, size_t lines, struct error *err)
{
    enum { MOST = 1 << 20 };
    struct bytes tail = {0};
    uint64_t size = 0;
    if (!fs_tail(path, MOST, &tail, &size, err))
        return error_hint(err, "an attempt has a log from its start on, until xfelx job delete removes it");
    size_t n = tail.size;
    char *text = n ? arena_memdup(b->a, tail.data, n) : NULL;
    bytes_free(&tail);
    size_t from = n;
    for (size_t seen = 0; from > 0; from--)
        if (text[from - 1] == '\n' && from < n && ++seen == lines)
            break;
    for (char *p = text + from; p < text + n;) {
        char *end = memchr(p, '\n', (size_t)(text + n - p));
        size_t length = (size_t)((end ? end : text + n) - p);
        for (size_t i = 0; i < length; i++)
            p[i] = p[i] == '\t' || p[i] == 0 ? ' ' : p[i];
        str_printf(&b->out, "%s\n", length ? book_shown(b, arena_strndup(b->a, p, length)) : "");
        p += length + 1;
    }
    return true;
}

static bool show_log(struct book *b, struct error *err)
{
    const struct cli *cli = b->cli;
    const struct store_book_attempt *x = NULL;
    struct store_book_job *rows;
    size_t n;
    int64_t lines, no;
    if (!cli_int(cli, "lines", 1, 100000, 40, &lines, err) ||
        !cli_int(cli, "attempt", 1, UINT32_MAX, 0, &no, err) || !read_named(b, &rows, &n, err))
        return false;
    for (size_t i = 0; n == 1 && i < rows->n_attempts; i++)
        if (!no || rows->attempts[i].no == no)
            x = rows->attempts + i;
    if (!x)
        return error_set(err, ERROR_USAGE, no ? "job %s has no attempt %lld" : "job %s was never started",
                         cli->operands[0], (long long)no);
    if (!*x->log_path)
        return error_set(err, ERROR_MISSING, "attempt %u of job %s has no log file", x->no, cli->operands[0]),
               error_hint(err, "what `process` says by hand goes to the terminal it was typed on");
    str_printf(&b->out, "==> %s <==\n", book_shown(b, x->log_path));
    return add_tail(b, x->log_path, (size_t)lines, err);
}

/* ---- cancel, retry ---- */

static bool mark_jobs(struct book *b, struct error *err)
{
    int64_t *jobs;
    size_t n, changed = 0;
    bool retry = !strcmp(command_word(b->cli->command), "retry");
    if (!book_numbers(b, b->cli->n_operands, "job", &jobs, &n, err) ||
        !(retry ? store_job_retry : store_job_cancel)(b->store, &b->by, jobs, n, &changed, err))
        return false;
    book_changed(&b->out, changed, n, "job", retry ? "to be tried again" : "cancelled");
    return true;
}

static const struct command job_list = {
    .name = "job list",
    .summary = "the jobs, a line each",
    .usage = "[OPTIONS] [JOB]...",
    .text = "Lists jobs: the run (or version of a dataset), trial, rungroup, task, state, how often it was "
            "tried, frames that "
            "are done, and what there is to say: where it waits or runs, or how it ended.",
    .options =
        (const struct option_row[]){
            {0, "state", "STATE", "done, running, queued, cancelled, failed, again, waiting or ready"},
            {0, "run", "RUN", "only of these runs (12, 12-15,20)"},
            {0, "trial", "N", "only of this trial"},
            {0, "group", "N", "only of this rungroup"},
            {0, "newest", "N", "only the last N"},
            BOOK_JSON,
            BOOK_OPTIONS,
            {0}},
    .examples =
        (const struct example[]){{"xfelx job list --state failed", "what failed, and how"},
                                 {"xfelx job list --run 12-15 --trial 3", "of four runs and one trial"},
                                 {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, SIZE_MAX, "JOB", list_jobs},
};

static const struct command job_show = {
    .name = "job show",
    .summary = "all that is known of jobs, with every attempt",
    .usage = "[OPTIONS] JOB...",
    .text = "Tells of each job what it works on, its state, frames, folder, and of every attempt when it was "
            "submitted, "
            "started and ended, how it ended and why, and where its log is.",
    .options = (const struct option_row[]){BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx job show 17", "of job 17; xfelx job 17 is the same"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, SIZE_MAX, "JOB", show_jobs},
};

static const struct command job_log_command = {
    .name = "job log",
    .summary = "the end of a job's log",
    .usage = "[OPTIONS] JOB",
    .text = "Prints the last lines of the log of the last attempt, and the file's name first. Control "
            "characters are "
            "shown, not obeyed.",
    .options = (const struct option_row[]){{'n', "lines", "N", "so many lines (40)"},
                                           {0, "attempt", "N", "of this attempt"},
                                           BOOK_OPTIONS,
                                           {0}},
    .examples = (const struct example[]){{"xfelx job log 17 -n 200", "the last 200 lines"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 1, 1, "JOB", show_log},
};

static const struct command job_cancel = {
    .name = "job cancel",
    .summary = "end jobs, and start them no more",
    .usage = "[OPTIONS] JOB...",
    .text = "Marks jobs as cancelled: nothing starts them any more. What waits or runs is ended at the "
            "scheduler by the next cycle of "
            "xfelx watch or xfelx submit. Frames that are done stay; xfelx job retry goes on with them.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx job cancel 17,20-25", "end seven jobs"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "JOB", mark_jobs},
};

static const struct command job_retry = {
    .name = "job retry",
    .summary = "forgive what failed, and try jobs again",
    .usage = "[OPTIONS] JOB...",
    .text = "Jobs that failed or were cancelled become ready: attempts so far do not count any more. Frames "
            "that are done "
            "are not done again; to begin from nothing, xfelx job delete first.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx job retry 17", "try job 17 again in the next cycle"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "JOB", mark_jobs},
};

static const struct command *const verbs[] = {
    &job_list, &job_show, &job_log_command, &job_cancel, &job_retry, &job_delete, NULL};

const struct command command_job = {
    .name = "job",
    .summary = "look at jobs and logs; cancel, retry, delete",
    .usage = "VERB [OPTIONS] ...",
    .text = "A job is one run of one rungroup with the parameters of one trial, or what a task makes of it. "
            "It is tried in "
            "one or more attempts, each given to the scheduler once. Which jobs there will be, and why: "
            "xfelx submit "
            "--dry-run.",
    .examples = (const struct example[]){{"xfelx job list --state failed", "what failed, and how"},
                                         {"xfelx job log 17", "the end of a log"},
                                         {0}},
    .verbs = verbs,
};
