/* run.c - `xfelx run`: runs as they are known; what is said of them; tags on and off. Bringing files here: run_fetch.c. */
#include "cmd/book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct command run_fetch, run_label;

/* ---- list ---- */

static const char *files_of(struct book *b, const struct store_run_row *r)
{
    return r->n_here == r->n_files ? arena_printf(b->a, "%u", r->n_files)
                                   : arena_printf(b->a, "%u/%u", r->n_here, r->n_files);
}

struct listed_run {
    const struct store_run_row *run;
    uint32_t stale; /* of its jobs (SCIENCE 21) */
};

static const struct book_column columns[] = {
    {"run", true, false},  {"name", false, true}, {"state", false, false}, {"files", true, false},
    {"size", true, false}, {"jobs", false, true}, {"tags", false, true},   {"comment", false, true}};

static void put_cells(struct book *b, const void *row, const char **c)
{
    const struct listed_run *x = row;
    const struct store_run_row *r = x->run;
    *c++ = book_run_label(b, r);
    *c++ = r->name;
    *c++ = book_run_state(r);
    *c++ = files_of(b, r);
    *c++ = book_bytes(b, r->bytes_here);
    *c++ = x->stale ? arena_printf(b->a, "%s, %u stale", book_jobs_text(b, &r->jobs), x->stale)
                    : book_jobs_text(b, &r->jobs);
    *c++ = book_joined(b, r->tags, r->n_tags);
    *c++ = r->comment;
}

static void put_row(struct book *b, struct json_writer *w, const void *row)
{
    const struct listed_run *x = row;
    const struct store_run_row *r = x->run;
    json_object(w, NULL);
    json_put_text(w, "run", book_run_label(b, r));
    json_put_int(w, "id", r->id);
    json_put_int(w, "ord", r->ord);
    json_put_text(w, "name", r->name);
    json_put_text(w, "path", book_shown(b, r->path));
    json_put_text(w, "facility", r->facility);
    json_put_text(w, "state", run_state_word((int)r->state));
    json_put_bool(w, "readable", r->readable);
    json_put_bool(w, "ignored", r->ignored);
    json_put_text(w, "why", *r->why ? r->why : NULL);
    json_put_text(w, "comment", r->comment);
    book_texts_json(w, "tags", r->tags, r->n_tags);
    json_put_int(w, "files", r->n_files);
    json_put_int(w, "files_here", r->n_here);
    json_put_int(w, "bytes_here", r->bytes_here);
    json_put_int(w, "seen_ns", r->seen_t);
    json_put_int(w, "begin_ns", r->begin_t);
    json_put_int(w, "end_ns", r->end_t);
    json_put_int(w, "notes", r->n_notes);
    json_put_int(w, "stale_jobs", x->stale);
    book_jobs_json(w, &r->jobs);
    json_end_object(w);
}

static const struct book_list listing = {.key = "runs",
                                         .none = "no runs",
                                         .size = sizeof(struct listed_run),
                                         .columns = columns,
                                         .n_columns = sizeof columns / sizeof *columns,
                                         .cells = put_cells,
                                         .json = put_row};

static bool read_filter(struct book *b, struct store_run_filter *f, struct error *err)
{
    struct cli *cli = b->cli;
    const char *state = cli_value(cli, "state", NULL);
    int64_t newest = 0, *ids = NULL;
    *f = (struct store_run_filter){.tag = cli_value(cli, "tag", NULL),
                                   .ignored_only = cli_has(cli, "ignored")};
    for (int i = 1; state && i < RUN_STATE_END; i++)
        if (!strcmp(run_state_word(i), state))
            f->state = i;
    if (state && !f->state)
        return error_set(err, ERROR_USAGE, "a run has no state \"%s\"", state),
               error_hint(err, "ongoing, transferring, present, empty, vanished");
    if (!cli_int(cli, "newest", 1, INT32_MAX, 0, &newest, err))
        return false;
    f->newest = (size_t)newest;
    if (cli->n_operands) {
        if (!book_runs(b, cli->n_operands, &ids, &f->n_ids, err))
            return false;
        f->ids = ids;
    }
    return true;
}

static int by_run(const void *x, const void *y)
{
    const struct store_stale *a = x, *b = y;
    if (a->run != b->run)
        return a->run < b->run ? -1 : 1;
    return (a->job > b->job) - (a->job < b->job);
}

/* Each run with the number of its jobs that are stale. */
static bool count_stale(struct book *b, const struct store_run_row *rows, size_t n, struct listed_run **out,
                        struct error *err)
{
    struct store_stale *stale;
    size_t n_stale;
    *out = arena_array(b->a, n + 1, sizeof **out);
    if (!store_stale_jobs(b->store, b->a, &stale, &n_stale, err))
        return false;
    if (n_stale)
        qsort(stale, n_stale, sizeof *stale, by_run);
    for (size_t i = 0; i < n; i++) {
        size_t at =
            sorted_place(&(struct store_stale){.run = rows[i].id}, stale, n_stale, sizeof *stale, by_run);
        (*out)[i].run = rows + i;
        while (at < n_stale && stale[at++].run == rows[i].id)
            (*out)[i].stale++;
    }
    return true;
}

static bool list_runs(struct book *b, struct error *err)
{
    struct store_run_filter f;
    struct store_run_row *rows;
    struct listed_run *listed;
    size_t n;
    return read_filter(b, &f, err) && store_runs(b->store, &f, b->a, &rows, &n, err) &&
           count_stale(b, rows, n, &listed, err) && book_list(b, &listing, listed, n);
}

static const struct command run_list = {
    .name = "run list",
    .summary = "the runs, a line each",
    .usage = "[OPTIONS] [RUN]...",
    .text =
        "Lists runs by their numbers: state, files that are here (of how many), size, jobs by state, tags "
        "and "
        "comment. What does not fit into 80 columns ends in …; xfelx run show N tells all of one.\n\n"
        "A run whose format cannot be read, or that is ignored, says so in place of its state. Two runs may "
        "have one number (files of one name in two folders); they are shown, and named, as 12#7.",
    .options =
        (const struct option_row[]){
            {0, "tag", "TAG", "only runs with this tag"},
            {0, "state", "STATE", "only runs in this state: ongoing, transferring, present, empty, vanished"},
            {0, "ignored", NULL, "only runs that are ignored"},
            {0, "newest", "N", "only the last N"},
            BOOK_JSON,
            BOOK_OPTIONS,
            {0}},
    .examples = (const struct example[]){{"xfelx run list", "all runs"},
                                         {"xfelx run list --tag dark --newest 20",
                                          "the last 20 runs with the tag dark"},
                                         {"xfelx run list 12-15,20 --json", "some of them, for programs"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, SIZE_MAX, "RUN", list_runs},
};

/* ---- show ---- */

/* A job has opened it, and here lies another file under its name, or the same one with more in it. */
static const char *since_opened(const struct store_source_row *s)
{
    int64_t size, modified;
    if (s->n_frames < 0 || s->size < 0 || !fs_size(s->path, &size, &modified) ||
        (size == s->size && modified == s->modified_t))
        return NULL;
    return size > s->size ? "larger than when it was processed" : "not the file that was processed";
}

static void say_sources(struct book *b, const struct store_source_row *rows, size_t n)
{
    enum { MOST = 20 };
    for (size_t i = 0; i < n && i < MOST; i++) {
        const struct store_source_row *s = rows + i;
        struct str line = {0};
        str_printf(&line, "%s", book_shown(b, s->path));
        if (s->size >= 0)
            str_printf(&line, "  %s", book_bytes(b, s->size));
        if (*s->format)
            str_printf(&line, "  %s, %s", s->format, COUNT(s->n_frames, "frame"));
        if (!s->here)
            str_add(&line, "  not here");
        else if (since_opened(s))
            str_printf(&line, "  %s", since_opened(s));
        book_field(&b->out, i ? "" : "files", line.text);
        str_free(&line);
    }
    if (n > MOST)
        book_fieldf(&b->out, "", "… and %zu more; --json lists them all", n - MOST);
}

static void say_jobs(struct book *b, const struct store_book_job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct store_book_job *j = jobs + i;
        struct str line = {0};
        str_printf(&line, "job %lld: trial %u, rungroup %lld", (long long)j->id, j->trial,
                   (long long)j->key.rungroup);
        if (*j->task)
            str_printf(&line, ", task %s:%u", book_shown(b, j->task), j->task_rev);
        str_printf(&line, ": %s, %lld of %s", job_state_word((int)j->state), (long long)j->n_final,
                   COUNT(j->n_expected, "frame"));
        if (j->preview)
            str_add(&line, ", preview");
        if (*j->stale)
            str_printf(&line, "; stale: %s", j->stale);
        book_field(&b->out, i ? "" : "jobs", line.text);
        str_free(&line);
    }
}

static void say_notes(struct book *b, const struct store_note *notes, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        struct str text = {0};
        str_printf(&text, "%s %s: %s", book_time(b, notes[i].t), notes[i].who, notes[i].body);
        book_field(&b->out, i + 1 == n ? "notes" : "", text.text);
        str_free(&text);
    }
}

static void say_changes(struct book *b, const struct store_audit *rows, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        struct str text = {0};
        str_printf(&text, "%s %s %s: %s", book_time(b, rows[i].t), rows[i].who, rows[i].verb,
                   *rows[i].becomes ? rows[i].becomes : rows[i].was);
        book_field(&b->out, i + 1 == n ? "changes" : "", text.text);
        str_free(&text);
    }
}

struct all_of_run {
    struct store_source_row *sources;
    struct store_book_job *jobs;
    struct store_note *notes;
    struct store_audit *changes;
    size_t n_sources, n_jobs, n_notes, n_changes;
};

static bool read_all(struct book *b, const struct store_run_row *r, struct all_of_run *x, struct error *err)
{
    enum { NOTES = 100, CHANGES = 10 };
    char target[48];
    snprintf(target, sizeof target, "run %lld", (long long)r->id);
    struct store_job_filter f = {.trial = -1, .runs = &r->id, .n_runs = 1, .stale = true};
    return store_run_sources(b->store, r->id, b->a, &x->sources, &x->n_sources, err) &&
           store_book_jobs(b->store, &f, b->a, &x->jobs, &x->n_jobs, err) &&
           store_notes(b->store, NOTE_RUN, r->id, NOTES, b->a, &x->notes, &x->n_notes, err) &&
           store_audits(b->store, target, CHANGES, b->a, &x->changes, &x->n_changes, err);
}

static void say_run(struct book *b, const struct store_run_row *r, const struct all_of_run *x)
{
    struct str *out = &b->out;
    book_fieldf(out, "run", "%s  %s", book_run_label(b, r), book_shown(b, r->name));
    book_field(out, "path", book_shown(b, r->path));
    book_fieldf(out, "state", "%s since %s%s%s", run_state_word((int)r->state), book_time(b, r->state_t),
                r->ignored ? "; ignored" : "", r->readable ? "" : "; cannot be read");
    if (*r->why)
        book_field(out, "why", r->why);
    if (r->begin_t || r->end_t)
        book_fieldf(out, "taken", "%s to %s", book_time(b, r->begin_t), book_time(b, r->end_t));
    book_fieldf(out, "here", "%u of %u files, %s", r->n_here, r->n_files, book_bytes(b, r->bytes_here));
    if (r->n_tags)
        book_field(out, "tags", book_joined(b, r->tags, r->n_tags));
    if (*r->comment)
        book_field(out, "comment", r->comment);
    say_sources(b, x->sources, x->n_sources);
    say_jobs(b, x->jobs, x->n_jobs);
    say_notes(b, x->notes, x->n_notes);
    say_changes(b, x->changes, x->n_changes);
}

static void json_run(struct book *b, struct json_writer *w, const struct store_run_row *r,
                     const struct all_of_run *x)
{
    json_object(w, NULL);
    json_array(w, "run", false);
    struct listed_run listed = {.run = r};
    for (size_t i = 0; i < x->n_jobs; i++)
        listed.stale += *x->jobs[i].stale != 0;
    put_row(b, w, &listed);
    json_end_array(w);
    json_array(w, "sources", false);
    for (size_t i = 0; i < x->n_sources; i++) {
        json_object(w, NULL);
        json_put_int(w, "no", x->sources[i].no);
        json_put_text(w, "path", book_shown(b, x->sources[i].path));
        json_put_int(w, "size", x->sources[i].size);
        json_put_bool(w, "here", x->sources[i].here);
        json_end_object(w);
    }
    json_end_array(w);
    json_array(w, "notes", false);
    for (size_t i = 0; i < x->n_notes; i++) {
        json_object(w, NULL);
        json_put_int(w, "t_ns", x->notes[i].t);
        json_put_text(w, "who", x->notes[i].who);
        json_put_text(w, "text", x->notes[i].body);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static bool show_runs(struct book *b, struct error *err)
{
    struct store_run_filter f = {0};
    int64_t *ids;
    struct store_run_row *rows;
    size_t n;
    if (!book_runs(b, b->cli->n_operands, &ids, &f.n_ids, err))
        return false;
    f.ids = ids;
    if (!store_runs(b->store, &f, b->a, &rows, &n, err))
        return false;
    struct json_writer w = {.out = &b->out, .indent = 2};
    if (b->json)
        json_array(&w, NULL, false);
    for (size_t i = 0; i < n; i++) {
        struct all_of_run x = {0};
        if (!read_all(b, rows + i, &x, err))
            return false;
        if (b->json) {
            json_run(b, &w, rows + i, &x);
        } else {
            str_add(&b->out, i ? "\n" : "");
            say_run(b, rows + i, &x);
        }
    }
    if (b->json) {
        json_end_array(&w);
        str_addc(&b->out, '\n');
    }
    return true;
}

static const struct command run_show = {
    .name = "run show",
    .summary = "all that is known of runs",
    .usage = "[OPTIONS] RUN...",
    .text = "Tells of each run its state and since when, why it waits or cannot be read, its files, tags, "
            "comment, "
            "jobs, the notes of the log book, and who changed what last. xfelx run 12 is the same.\n\n"
            "Why a run is not being processed: xfelx submit --explain 12.",
    .options = (const struct option_row[]){BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx run show 12", "of run 12"},
                                         {"xfelx run 12-15", "of four runs"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, SIZE_MAX, "RUN", show_runs},
};

/* ---- changes ---- */

/* Runs, then one text. */
static bool read_runs_and_text(struct book *b, const char *what, int64_t **runs, size_t *n, const char **text,
                               struct error *err)
{
    const struct cli *cli = b->cli;
    if (cli->n_operands < 2)
        return error_set(err, ERROR_USAGE, "%s needs runs and %s", cli->command->name, what),
               error_hint(err, "xfelx %s 12-15,20 '%s'", cli->command->name, strchr(what, ' ') + 1);
    *text = cli->operands[cli->n_operands - 1];
    return book_runs(b, cli->n_operands - 1, runs, n, err);
}

static bool comment_runs(struct book *b, struct error *err)
{
    int64_t *runs;
    size_t n, changed = 0;
    const char *text = "";
    if (!read_runs_and_text(b, "a text", &runs, &n, &text, err) ||
        !store_run_comment(b->store, &b->by, runs, n, text, &changed, err))
        return false;
    book_changed(&b->out, changed, n, "run", *text ? "commented" : "without comment");
    return true;
}

static bool note_runs(struct book *b, struct error *err)
{
    int64_t *runs;
    size_t n;
    const char *text = "";
    if (!read_runs_and_text(b, "a text", &runs, &n, &text, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!store_note_add(b->store, &b->by, NOTE_RUN, runs[i], text, err))
            return false;
    book_changed(&b->out, n, n, "run", "noted");
    return true;
}

static bool ignore_runs(struct book *b, struct error *err)
{
    int64_t *runs;
    size_t n, changed = 0;
    bool on = !strcmp(command_word(b->cli->command), "ignore");
    if (!book_runs(b, b->cli->n_operands, &runs, &n, err) ||
        !store_run_ignore(b->store, &b->by, runs, n, on, &changed, err))
        return false;
    book_changed(&b->out, changed, n, "run", on ? "ignored" : "not ignored");
    return true;
}

static bool tag_runs(struct book *b, struct error *err)
{
    int64_t *runs;
    size_t n, changed = 0;
    const char *name = "";
    bool on = !strcmp(command_word(b->cli->command), "tag");
    if (!read_runs_and_text(b, "a tag", &runs, &n, &name, err) ||
        !store_run_tag(b->store, &b->by, runs, n, name, on, true, &changed, err))
        return false;
    book_changed(&b->out, changed, n, "run", on ? "tagged" : "untagged");
    return true;
}

#define CHANGE(variable, verb, summary_, usage_, text_, example_, does_, function)                           \
    static const struct command variable = {                                                                 \
        .name = verb,                                                                                        \
        .summary = summary_,                                                                                 \
        .usage = usage_,                                                                                     \
        .text = text_,                                                                                       \
        .options = (const struct option_row[]){BOOK_OPTIONS, {0}},                                           \
        .examples = (const struct example[]){{example_, does_}, {0}},                                        \
        .run = book_run,                                                                                     \
        .own = &(const struct book_verb){BOOK_CHANGES, 0, SIZE_MAX, "RUN", function},                        \
    }

CHANGE(run_comment, "run comment", "say something of runs", "[OPTIONS] RUN... TEXT",
       "Sets the comment of runs; an empty text removes it. What stood there before is kept in the changes "
       "(xfelx run show). A text that begins with a dash goes behind --.",
       "xfelx run comment 12-15 'jet unstable'", "comment four runs", comment_runs);
CHANGE(run_note, "run note", "write into the log book of runs", "[OPTIONS] RUN... TEXT",
       "Adds a note, with time and name, to runs; notes are never changed or removed.",
       "xfelx run note 12 'nozzle exchanged before this run'", "note it at run 12", note_runs);
CHANGE(run_ignore, "run ignore", "leave runs out of processing", "[OPTIONS] RUN...",
       "Ignored runs stay listed, and nothing new is started for them, whatever rungroup they belong to. "
       "Jobs that "
       "are there go on: xfelx job cancel ends them.",
       "xfelx run ignore 7,9", "do not process runs 7 and 9", ignore_runs);
CHANGE(run_unignore, "run unignore", "take runs in again", "[OPTIONS] RUN...", "Takes back xfelx run ignore.",
       "xfelx run unignore 7", "process run 7 after all", ignore_runs);
CHANGE(run_tag, "run tag", "put a tag on runs", "[OPTIONS] RUN... TAG",
       "Puts a tag on runs; a tag that is not there is made. Tags are what datasets are made of, and what "
       "runs can "
       "be listed by. Tags that every new run gets: xfelx tag add --auto.",
       "xfelx run tag 12-15,20 'Ba soak 5 min'", "tag five runs", tag_runs);
CHANGE(run_untag, "run untag", "take a tag off runs", "[OPTIONS] RUN... TAG",
       "Takes a tag off runs. A run that was in a dataset by it is left out of the next version.",
       "xfelx run untag 14 dark", "run 14 was not dark", tag_runs);

static const struct command *const verbs[] = {&run_list,   &run_show,     &run_comment, &run_note,
                                              &run_ignore, &run_unignore, &run_tag,     &run_untag,
                                              &run_label,  &run_fetch,    NULL};

const struct command command_runs = {
    /* command_run is a function of batch/ */
    .name = "run",
    .summary = "look at runs, tag, comment and ignore them",
    .usage = "VERB [OPTIONS] ...",
    .text = "A run is what was taken in one go: a file, a folder of files, or a run of LCLS. xfelx watch "
            "finds them; "
            "here they are looked at, and said what they are.\n\n"
            "Runs are named by the numbers that the list shows: 12, 12-15,20 (any number of such words), "
            "12#7 where "
            "two runs have the number 12, or by their whole name. Without a verb runs are listed; xfelx run "
            "12 shows "
            "one.\n\n"
            "Which database is meant: --in, else what the settings db.* and output_folder name, else "
            "xfelx.db of the "
            "present folder.",
    .examples = (const struct example[]){{"xfelx run list --newest 20", "the last 20 runs"},
                                         {"xfelx run tag 12-15,20 dark", "tag five runs"},
                                         {0}},
    .verbs = verbs,
};
