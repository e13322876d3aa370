/* dataset.c - `xfelx dataset`: runs by their tags, and the tasks that follow. */
#include "cmd/book.h"
#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *tags_of(struct book *b, const struct store_dataset_row *d)
{
    struct str s = {0};
    for (size_t i = 0; i < d->n_tags; i++)
        str_printf(&s, "%s%s", i ? d->all ? " and " : " or " : "", d->tags[i]);
    const char *text = s.len ? arena_strdup(b->a, s.text) : "";
    str_free(&s);
    return text;
}

static const char *tasks_of(struct book *b, const struct store_dataset_row *d)
{
    struct str s = {0};
    for (size_t i = 0; i < d->n_tasks; i++)
        str_printf(&s, "%s%s:%u", i ? ", " : "", d->tasks[i].name, d->tasks[i].rev);
    const char *text = s.len ? arena_strdup(b->a, s.text) : "";
    str_free(&s);
    return text;
}

/* A dataset; of one that is shown also what merging came to. */
struct row {
    struct store_dataset_row dataset;
    struct summary_dataset more;
    bool one;
};

static const struct book_column columns[] = {
    {"dataset", false, true}, {"state", false, false}, {"runs", true, false},    {"of", false, true},
    {"tasks", false, true},   {"goal", true, false},   {"version", true, false}, {"comment", false, true}};

static void put_cells(struct book *b, const void *row, const char **c)
{
    const struct store_dataset_row *d = &((const struct row *)row)->dataset;
    *c++ = d->name;
    *c++ = d->active ? "active" : "off";
    *c++ = arena_printf(b->a, "%u", d->n_runs);
    *c++ = tags_of(b, d);
    *c++ = tasks_of(b, d);
    *c++ = d->goal ? arena_printf(b->a, "%llu", (unsigned long long)d->goal) : "";
    *c++ = d->n_versions ? arena_printf(b->a, "%u", d->versions[d->n_versions - 1].version) : "";
    *c++ = d->comment;
}

static void put_row(struct book *b, struct json_writer *w, const void *row)
{
    const struct row *r = row;
    const struct store_dataset_row *d = &r->dataset;
    (void)b;
    json_object(w, NULL);
    json_put_text(w, "dataset", d->name);
    json_put_bool(w, "active", d->active);
    json_put_bool(w, "all_tags", d->all);
    book_texts_json(w, "tags", d->tags, d->n_tags);
    json_put_int(w, "runs", d->n_runs);
    json_put_int(w, "goal", (int64_t)d->goal);
    json_put_text(w, "comment", d->comment);
    json_array(w, "tasks", false);
    for (size_t i = 0; i < d->n_tasks; i++) {
        json_object(w, NULL);
        json_put_text(w, "task", d->tasks[i].name);
        json_put_int(w, "revision", d->tasks[i].rev);
        json_end_object(w);
    }
    json_end_array(w);
    json_array(w, "versions", false);
    for (size_t i = 0; i < d->n_versions; i++) {
        json_object(w, NULL);
        json_put_int(w, "version", d->versions[i].version);
        json_put_int(w, "created_ns", d->versions[i].created_t);
        json_put_int(w, "inputs", d->versions[i].n_inputs);
        book_jobs_json(w, &d->versions[i].jobs);
        json_end_object(w);
    }
    json_end_array(w);
    if (r->one) {
        json_put_int(w, "trial", r->more.trial);
        json_put_int(w, "lattices", (int64_t)r->more.lattices);
        coverage_json(&r->more.coverage, r->more.lattices, NAN, w);
        json_array(w, "shells", false);
        for (size_t i = 0; i < r->more.n_shells; i++)
            merge_json(w, r->more.shells + i);
        json_end_array(w);
    }
    json_end_object(w);
}

static const struct book_list listing = {.key = "datasets",
                                         .none = "no datasets; xfelx dataset add makes one",
                                         .size = sizeof(struct row),
                                         .columns = columns,
                                         .n_columns = sizeof columns / sizeof *columns,
                                         .cells = put_cells,
                                         .json = put_row};

static void say_merges(struct book *b, uint32_t version, const struct row *row)
{
    for (size_t i = 0; i < row->more.n_shells; i++) {
        const struct store_merge_shell *r = row->more.shells + i;
        struct str text = {0};
        if (r->version != version || r->shell != 0)
            continue;
        str_add(&text, r->job ? arena_printf(b->a, "   job %lld: ", (long long)r->job) : "   by hand: ");
        merge_text(r, &text);
        book_field(&b->out, "", text.text);
        str_free(&text);
    }
}

static void say_dataset(struct book *b, const struct row *row)
{
    const struct store_dataset_row *d = &row->dataset;
    struct str *out = &b->out;
    book_fieldf(out, "dataset", "%s: %s", book_shown(b, d->name), d->active ? "active" : "off");
    book_fieldf(out, "runs", "%u with %s", d->n_runs,
                d->n_tags ? book_shown(b, tags_of(b, d)) : "its tags: it has none");
    book_field(out, "tasks", d->n_tasks ? book_shown(b, tasks_of(b, d)) : "-");
    if (d->goal)
        book_fieldf(out, "goal", "%llu lattices", (unsigned long long)d->goal);
    if (row->more.lattices) {
        struct str text = {0};
        coverage_text(&row->more.coverage, row->more.lattices, &text);
        book_fieldf(out, "lattices", "%llu of trial %u", (unsigned long long)row->more.lattices,
                    row->more.trial);
        book_field(out, "outer shell", text.text);
        str_free(&text);
    }
    if (*d->comment)
        book_field(out, "comment", d->comment);
    for (size_t i = 0; i < d->n_versions; i++) {
        const struct store_dataset_version *v = d->versions + i;
        book_fieldf(out, i ? "" : "versions", "%u: %s, %s; %s", v->version, book_time(b, v->created_t),
                    COUNT(v->n_inputs, "input"), book_jobs_text(b, &v->jobs));
        say_merges(b, v->version, row);
    }
}

/* All of them, or the one that is named. */
static bool list_datasets(struct book *b, struct error *err)
{
    const char *name = b->cli->n_operands ? b->cli->operands[0] : NULL;
    struct store_dataset_row *all;
    size_t n, kept = 0;
    if (!store_datasets(b->store, b->a, &all, &n, err))
        return false;
    struct row *rows = arena_array(b->a, n, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        if (!name || !strcmp(all[i].name, name))
            rows[kept++] = (struct row){.dataset = all[i], .one = name != NULL};
    if (!name)
        return book_list(b, &listing, rows, kept);
    if (!kept)
        return error_set(err, ERROR_USAGE, "there is no dataset \"%s\"", name),
               error_hint(err, "xfelx dataset list shows them all");
    if (!summary_dataset_read(b->store, &rows->dataset, b->a, &rows->more, err))
        return false;
    if (b->json)
        return book_list(b, &listing, rows, kept);
    say_dataset(b, rows);
    return true;
}

static bool read_edit(struct book *b, struct store_dataset_edit *e, struct error *err)
{
    struct cli *cli = b->cli;
    *e = (struct store_dataset_edit){.comment = cli_value(cli, "comment", NULL),
                                     .all = cli_has(cli, "all")   ? 1
                                            : cli_has(cli, "any") ? 0
                                                                  : -1,
                                     .active = -1};
    if (cli_has(cli, "all") && cli_has(cli, "any"))
        return error_set(err, ERROR_USAGE, "--all and --any say different things");
    e->n_tags = book_names(b, "tags", "tag", &e->tags);
    e->n_tasks = book_names(b, "tasks", "task", &e->tasks);
    /* given as nothing: none */
    static const char *const none[] = {""};
    if (!e->n_tags)
        e->tags = cli_has(cli, "tags") ? none : NULL;
    if (!e->n_tasks)
        e->tasks = cli_has(cli, "tasks") ? none : NULL;
    return cli_int(cli, "goal", 0, INT64_MAX / 2, -1, &e->goal, err);
}

static bool add_dataset(struct book *b, struct error *err)
{
    struct store_dataset_edit e;
    if (!read_edit(b, &e, err))
        return false;
    e.name = b->cli->operands[0];
    if (!store_dataset_add(b->store, &b->by, &e, err))
        return false;
    str_printf(&b->out, "dataset %s is there, and active\n", book_shown(b, e.name));
    return true;
}

static bool edit_dataset(struct book *b, struct error *err)
{
    const char *name = b->cli->operands[0];
    struct store_dataset_edit e;
    if (!read_edit(b, &e, err))
        return false;
    e.name = cli_value(b->cli, "rename", NULL);
    if (!store_dataset_edit(b->store, &b->by, name, &e, err))
        return false;
    str_printf(&b->out, "dataset %s is as you say\n", book_shown(b, e.name ? e.name : name));
    return true;
}

static bool switch_datasets(struct book *b, struct error *err)
{
    bool on = !strcmp(command_word(b->cli->command), "activate");
    struct store_dataset_edit e = {.all = -1, .active = on, .goal = -1};
    for (size_t i = 0; i < b->cli->n_operands; i++) {
        const char *name = b->cli->operands[i];
        if (!store_dataset_edit(b->store, &b->by, name, &e, err))
            return false;
        str_printf(&b->out, "dataset %s is %s\n", book_shown(b, name), on ? "active" : "off");
    }
    return true;
}

static bool put_merge(struct book *b, struct error *err)
{
    const struct cli *cli = b->cli;
    struct store_merge_shell *shells;
    size_t n;
    int64_t version, job;
    if (!str_to_i64(cli->operands[1], &version) || version <= 0 || version > UINT32_MAX)
        return error_set(err, ERROR_USAGE, "\"%s\" is no version: 1, 2, …", cli->operands[1]);
    if (!cli_int(cli, "job", 0, INT64_MAX / 2, -1, &job, err) ||
        !merge_log_read(cli->operands[2], b->a, &shells, &n, err))
        return false;
    const struct store_merge m = {cli->operands[0], (uint32_t)version, job};
    if (!store_put_merge(b->store, &b->by, &m, shells, n, &job, err))
        return false;
    str_printf(&b->out, "dataset %s, version %lld, ", book_shown(b, cli->operands[0]), (long long)version);
    str_add(&b->out, job ? arena_printf(b->a, "job %lld: ", (long long)job) : "merged by hand: ");
    merge_text(shells, &b->out);
    str_printf(&b->out, "; %zu shell%s\n", n - 1, n == 2 ? "" : "s");
    return true;
}

#define DATASET_OPTIONS                                                                                      \
    {0, "tags", "A,B", "its tags"}, {0, "tag", "TAG", "one of them, whole (names with commas)"},             \
        {0, "any", NULL, "runs that have any of the tags"}, {0, "all", NULL, "runs that have all of them"},  \
        {0, "tasks", "X,Y", "its tasks, in this order; X:2 is revision 2"},                                  \
        {0, "task", "TASK", "one of them, whole"}, {0, "goal", "N", "lattices that are enough; 0: none"},    \
    {                                                                                                        \
        0, "comment", "TEXT", "what it is for"                                                               \
    }

static const struct command dataset_list = {
    .name = "dataset list",
    .summary = "the datasets, a line each",
    .usage = "[OPTIONS]",
    .text = "Lists datasets: runs they have now, their tags and tasks, goal, and newest version.",
    .options = (const struct option_row[]){BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx dataset list", "all datasets"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, 0, "", list_datasets},
};

static const struct command dataset_show = {
    .name = "dataset show",
    .summary = "a dataset with its versions",
    .usage = "[OPTIONS] NAME",
    .text = "Shows a dataset with every version: when it was made, from how many jobs, and what became of "
            "its own jobs, and, where it was merged, what that came to (--json: by shells of resolution).",
    .options = (const struct option_row[]){BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx dataset show light", "of the dataset light"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 1, 1, "NAME", list_datasets},
};

static const struct command dataset_add = {
    .name = "dataset add",
    .summary = "make a dataset of tags and tasks",
    .usage = "[OPTIONS] NAME",
    .text = "A dataset is the runs that have its tags (any of them, or all), and what is done with them "
            "after indexing, in order: tasks on "
            "each run first, then those on the whole. It follows the active trial of the highest number. "
            "Each time runs "
            "were added, and it has been quiet for merge.quiet, its next version is made.",
    .options = (const struct option_row[]){DATASET_OPTIONS, BOOK_OPTIONS, {0}},
    .examples =
        (const struct example[]){
            {"xfelx dataset add light --tags laser,sampleA --all --tasks scale,merge --goal 15000",
             "runs with both tags, scaled each, merged together, until 15000 lattices"},
            {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, 1, "NAME", add_dataset},
};

static const struct command dataset_edit = {
    .name = "dataset edit",
    .summary = "change a dataset",
    .usage = "[OPTIONS] NAME",
    .text = "What is not given stays. Tags and tasks that are given are all there are afterwards; --tasks '' "
            "is none. Versions that "
            "are made stay as they are.",
    .options =
        (const struct option_row[]){
            {0, "rename", "NAME", "another name"}, DATASET_OPTIONS, BOOK_OPTIONS, {0}},
    .examples =
        (const struct example[]){
            {"xfelx dataset edit light --tasks scale:2,merge", "with revision 2 of scale from now on"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, 1, "NAME", edit_dataset},
};

static const struct command dataset_activate = {
    .name = "dataset activate",
    .summary = "do the tasks of datasets",
    .usage = "[OPTIONS] NAME...",
    .text = "Takes back xfelx dataset deactivate. A new dataset is active.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx dataset activate light", "go on with light"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, SIZE_MAX, "NAME", switch_datasets},
};

static const struct command dataset_deactivate = {
    .name = "dataset deactivate",
    .summary = "start nothing more of datasets",
    .usage = "[OPTIONS] NAME...",
    .text = "No task of the datasets is started any more; jobs that are there go on.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx dataset deactivate light", "light is settled"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, SIZE_MAX, "NAME", switch_datasets},
};

static const struct command dataset_merged = {
    .name = "dataset merged",
    .summary = "take in what a merge came to",
    .usage = "[OPTIONS] NAME VERSION LOG",
    .text =
        "Reads the main log of cctbx.xfel.merge (PREFIX_main.log) and keeps its statistics by shells of "
        "resolution with the version of the dataset: completeness, multiplicity, I/σ, CC½, R split, number "
        "of "
        "lattices. They stand in xfelx dataset show and on the page of the dataset. What was known of the "
        "same "
        "job is replaced. Of merges that are tasks of the dataset xfelx watch does so by itself; this is for "
        "what was merged by hand.",
    .options = (const struct option_row[]){{0, "job", "N",
                                            "the job that merged it; else the newest of a task of kind merge "
                                            "of that version; 0: none"},
                                           BOOK_OPTIONS,
                                           {0}},
    .examples = (const struct example[]){{"xfelx dataset merged light 3 merge/light_main.log",
                                          "version 3 of light was merged by hand"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 3, 3, "NAME VERSION LOG", put_merge},
};

static const struct command *const verbs[] = {
    &dataset_list,     &dataset_show,       &dataset_add,    &dataset_edit,
    &dataset_activate, &dataset_deactivate, &dataset_merged, NULL};

const struct command command_dataset = {
    .name = "dataset",
    .summary = "make and change datasets: tags, tasks, goals",
    .usage = "VERB [OPTIONS] ...",
    .text = "A dataset says which runs belong together (by their tags) and what is done with them after "
            "indexing (tasks, in order). "
            "What is done on the whole is done for versions: a version is made of the jobs that were done by "
            "then, and never changes.",
    .examples = (const struct example[]){{"xfelx dataset add light --tags laser --tasks scale,merge",
                                          "merge what has the tag laser"},
                                         {0}},
    .verbs = verbs,
};
