/* task.c - `xfelx task`: what follows a trial: scaling, merging, commands of your own. */
#include "cmd/book.h"

#include "cmd/parameters.h"

#include <stdio.h>
#include <string.h>

/* ---- list, show ---- */

static const char *kind_word(const struct store_task_row *t)
{
    const struct task_kind_row *k = task_kind_row(t->kind);
    return k ? k->word : "?";
}

static const struct book_column columns[] = {{"task", false, true},     {"revision", true, false},
                                             {"kind", false, false},    {"jobs", false, false},
                                             {"datasets", false, true}, {"", false, true}};

static void put_cells(struct book *b, const void *row, const char **c)
{
    const struct store_task_row *t = row;
    *c++ = t->name;
    *c++ = arena_printf(b->a, "%u", t->rev);
    *c++ = kind_word(t);
    *c++ = t->used ? "yes" : "";
    *c++ = book_joined(b, t->datasets, t->n_datasets);
    *c++ = arena_strndup(b->a, t->phil, strcspn(t->phil, "\n"));
}

static void put_row(struct book *b, struct json_writer *w, const void *row)
{
    const struct store_task_row *t = row;
    (void)b;
    json_object(w, NULL);
    json_put_text(w, "task", t->name);
    json_put_int(w, "revision", t->rev);
    json_put_text(w, "kind", kind_word(t));
    json_put_bool(w, "used", t->used);
    json_put_bool(w, "newest", t->newest);
    json_put_text(w, "text", t->phil);
    json_put_text(w, "resources", t->resources);
    json_put_int(w, "created_ns", t->created_t);
    json_put_text(w, "who", t->who);
    book_texts_json(w, "datasets", t->datasets, t->n_datasets);
    json_end_object(w);
}

static const struct book_list listing = {.key = "revisions",
                                         .none = "no tasks; xfelx task add makes one",
                                         .size = sizeof(struct store_task_row),
                                         .columns = columns,
                                         .n_columns = sizeof columns / sizeof *columns,
                                         .cells = put_cells,
                                         .json = put_row};

static bool list_tasks(struct book *b, struct error *err)
{
    struct store_task_row *rows;
    size_t n;
    return store_tasks(b->store, b->a, &rows, &n, err) && book_list(b, &listing, rows, n);
}

static void say_task(struct book *b, const struct store_task_row *t)
{
    book_fieldf(&b->out, "task", "%s, revision %u: %s%s", book_shown(b, t->name), t->rev, kind_word(t),
                t->used ? ", has jobs" : "");
    book_fieldf(&b->out, "made", "%s by %s", book_time(b, t->created_t), book_shown(b, t->who));
    book_field(&b->out, "datasets", t->n_datasets ? book_joined(b, t->datasets, t->n_datasets) : "-");
    if (*t->resources)
        book_field(&b->out, "resources", t->resources);
    if (*t->phil)
        book_field(&b->out, "text", t->phil);
}

static bool show_task(struct book *b, struct error *err)
{
    const char *name = b->cli->operands[0];
    struct store_task_row *rows;
    size_t n, found = 0;
    if (!store_tasks(b->store, b->a, &rows, &n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].name, name) != 0)
            continue;
        str_add(&b->out, found++ ? "\n" : "");
        say_task(b, rows + i);
    }
    return found > 0 || (error_set(err, ERROR_USAGE, "there is no task \"%s\"", name),
                         error_hint(err, "xfelx task list shows them all"));
}

/* ---- add, revise ---- */

/* The text: a command as its first line, then what --file holds. NULL: neither was given. */
static bool read_text(struct book *b, const char **out, struct error *err)
{
    const char *command = cli_value(b->cli, "command", NULL), *file = cli_value(b->cli, "file", NULL);
    struct bytes bytes = {0};
    *out = command;
    if (!file)
        return true;
    if (!fs_read(file, BOOK_TEXT, &bytes, err))
        return false;
    bool text = !bytes.size || !memchr(bytes.data, 0, bytes.size);
    *out = arena_printf(b->a, "%s%s%.*s", command ? command : "", command ? "\n" : "", (int)bytes.size,
                        bytes.size ? (const char *)bytes.data : "");
    bytes_free(&bytes);
    return text || error_set(err, ERROR_USAGE, "%s is no text", file);
}

/* mp.* and the like, each checked; as lines of PHIL. NULL: none was given. */
static bool read_resources(struct book *b, const char **out, struct error *err)
{
    const char *const *values = NULL;
    struct params *before = params_make(b->a), *p = params_make(b->a);
    struct param_difference *d;
    struct str text = {0};
    size_t n = cli_values(b->cli, "resource", &values);
    *out = NULL;
    if (!n)
        return true;
    for (size_t i = 0; i < n; i++)
        if (!params_merge_argument(p, values[i], err))
            return false;
    if (params_differences(before, p, PARAM_RECIPE, b->a, &d))
        return error_set(err, ERROR_USAGE, "%s is no resource", d->path),
               error_hint(err, "resources are mp.nnodes, mp.queue, mp.wall_time and the like");
    params_show(
        p, &(struct param_show_options){.what = PARAM_SHOW_CHANGED, .expert = -1, .tree = PARAM_SETTINGS},
        &text);
    *out = arena_strdup(b->a, text.text ? text.text : "");
    str_free(&text);
    return true;
}

static bool add_task(struct book *b, struct error *err)
{
    struct store_task_new t = {.name = b->cli->operands[0]};
    const char *kind = cli_value(b->cli, "kind", NULL);
    t.kind = kind ? task_kind_find(kind) : 0;
    if (!t.kind)
        return error_set(err, ERROR_USAGE,
                         kind ? "there is no kind of tasks \"%s\"" : "task add needs --kind KIND", kind),
               error_hint(err, "refine, scale, script (of a run); merge, phenix, script_all (of a dataset)");
    if (!read_text(b, &t.phil, err) || !read_resources(b, &t.resources, err) ||
        !store_task_add(b->store, &b->by, &t, NULL, err))
        return false;
    str_printf(&b->out, "task %s is there; xfelx dataset add … --task says of which runs\n",
               book_shown(b, t.name));
    return true;
}

static bool revise_task(struct book *b, struct error *err)
{
    struct store_task_new t = {.name = b->cli->operands[0]};
    uint32_t rev = 0;
    if (!read_text(b, &t.phil, err) || !read_resources(b, &t.resources, err) ||
        !store_task_revise(b->store, &b->by, &t, cli_has(b->cli, "everywhere"), &rev, err))
        return false;
    str_printf(&b->out, "task %s: revision %u\n", book_shown(b, t.name), rev);
    return true;
}

#define TASK_OPTIONS                                                                                         \
    {0, "command", "COMMAND", "first line of its text: what a script does"},                                 \
        {0, "file", "FILE", "its parameters, as text"},                                                      \
    {                                                                                                        \
        0, "resource", "NAME=VALUE", "of its jobs, as mp.nnodes=4; may be given several times"               \
    }

static const struct command task_list = {
    .name = "task list",
    .summary = "the tasks and their revisions",
    .usage = "[OPTIONS]",
    .text = "Lists each revision of each task: its kind, whether it has jobs, and which datasets have it.",
    .options = (const struct option_row[]){BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx task list", "all tasks"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, 0, "", list_tasks},
};

static const struct command task_show = {
    .name = "task show",
    .summary = "a task with all its revisions",
    .usage = "[OPTIONS] NAME",
    .text = "Shows text, resources and datasets of each revision.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx task show scale", "of the task scale"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 1, 1, "NAME", show_task},
};

static const struct command task_add = {
    .name = "task add",
    .summary = "make a task",
    .usage = "[OPTIONS] --kind KIND NAME",
    .text = "A task is what is done after indexing. Kinds that work on each run: refine, scale, script; on a "
            "version of a dataset: "
            "merge, phenix, script_all. Its text holds parameters (--file) or, for scripts, a command "
            "(--command), in which "
            "<fields> stand for folders and files of the job. Its resources lie over the settings mp.*.\n\n"
            "A task does nothing by itself: datasets have tasks (xfelx dataset add).",
    .options =
        (const struct option_row[]){{0, "kind", "KIND", "refine, scale, script, merge, phenix or script_all"},
                                    TASK_OPTIONS,
                                    BOOK_OPTIONS,
                                    {0}},
    .examples =
        (const struct example[]){
            {"xfelx task add scale --kind scale --file scale.phil --resource mp.nnodes=2", "scale each run"},
            {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, 1, "NAME", add_task},
};

static const struct command task_revise = {
    .name = "task revise",
    .summary = "give a task other parameters or resources",
    .usage = "[OPTIONS] NAME",
    .text =
        "What is not given stays. A revision without jobs is changed; one that has jobs stays, and the next "
        "revision is made. "
        "Datasets keep the revision they have unless --everywhere is said, or xfelx dataset edit names it.",
    .options =
        (const struct option_row[]){TASK_OPTIONS,
                                    {0, "everywhere", NULL, "datasets that have an older revision get it"},
                                    BOOK_OPTIONS,
                                    {0}},
    .examples = (const struct example[]){{"xfelx task revise scale --file scale2.phil --everywhere",
                                          "other parameters, in all datasets"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, 1, "NAME", revise_task},
};

static const struct command *const verbs[] = {&task_list, &task_show, &task_add, &task_revise, NULL};

const struct command command_task = {
    .name = "task",
    .summary = "make and revise tasks: what follows indexing",
    .usage = "VERB [OPTIONS] ...",
    .text = "Indexing is what a trial does with a run; tasks follow it, in the order in which a dataset has "
            "them.",
    .examples =
        (const struct example[]){
            {"xfelx task add merge --kind merge --file merge.phil", "merge the runs of a dataset"}, {0}},
    .verbs = verbs,
};
