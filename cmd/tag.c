/* tag.c - `xfelx tag`: the tags themselves. Putting them on runs: run.c. */
#include "cmd/book.h"

#include <stdlib.h>
#include <string.h>

static const struct book_column columns[] = {{"tag", false, true},      {"runs", true, false},
                                             {"datasets", true, false}, {"auto", false, false},
                                             {"colour", false, false},  {"comment", false, true}};

static const char *colour_of(struct book *b, const struct store_tag_row *t)
{
    return t->colour < 0 ? "" : arena_printf(b->a, "#%06llx", (long long)t->colour);
}

static void put_cells(struct book *b, const void *row, const char **c)
{
    const struct store_tag_row *t = row;
    *c++ = t->name;
    *c++ = arena_printf(b->a, "%u", t->n_runs);
    *c++ = arena_printf(b->a, "%u", t->n_datasets);
    *c++ = t->automatic ? "yes" : "";
    *c++ = colour_of(b, t);
    *c++ = t->comment;
}

static void put_row(struct book *b, struct json_writer *w, const void *row)
{
    const struct store_tag_row *t = row;
    json_object(w, NULL);
    json_put_text(w, "name", t->name);
    json_put_text(w, "colour", t->colour < 0 ? NULL : colour_of(b, t));
    json_put_bool(w, "auto", t->automatic);
    json_put_text(w, "comment", t->comment);
    json_put_int(w, "runs", t->n_runs);
    json_put_int(w, "datasets", t->n_datasets);
    json_end_object(w);
}

static const struct book_list listing = {.key = "tags",
                                         .none = "no tags",
                                         .size = sizeof(struct store_tag_row),
                                         .columns = columns,
                                         .n_columns = sizeof columns / sizeof *columns,
                                         .cells = put_cells,
                                         .json = put_row};

static bool list_tags(struct book *b, struct error *err)
{
    struct store_tag_row *rows;
    size_t n;
    return store_tags(b->store, b->a, &rows, &n, err) && book_list(b, &listing, rows, n);
}

/* "ff8800", "#ff8800", "none". */
static bool read_colour(const struct cli *cli, int64_t *colour, struct error *err)
{
    const char *text = cli_value(cli, "colour", NULL);
    *colour = text && !strcmp(text, "none") ? -2 : -1;
    if (!text || *colour == -2)
        return true;
    const char *digits = text + (*text == '#');
    if (strlen(digits) != 6 || strspn(digits, "0123456789abcdefABCDEF") != 6)
        return error_set(err, ERROR_USAGE, "--colour takes six hexadecimal digits or none, not \"%s\"", text);
    *colour = strtol(digits, NULL, 16);
    return true;
}

static bool read_edit(const struct cli *cli, struct store_tag_edit *e, struct error *err)
{
    *e = (struct store_tag_edit){.comment = cli_value(cli, "comment", NULL),
                                 .automatic = cli_has(cli, "auto")      ? 1
                                              : cli_has(cli, "no-auto") ? 0
                                                                        : -1};
    return read_colour(cli, &e->colour, err);
}

static bool add_tags(struct book *b, struct error *err)
{
    struct store_tag_edit e;
    if (!read_edit(b->cli, &e, err))
        return false;
    for (size_t i = 0; i < b->cli->n_operands; i++) {
        e.name = b->cli->operands[i];
        if (!store_tag_add(b->store, &b->by, &e, err))
            return false;
        str_printf(&b->out, "tag %s is there\n", book_shown(b, e.name));
    }
    return true;
}

static bool edit_tag(struct book *b, struct error *err)
{
    const char *name = b->cli->operands[0];
    struct store_tag_edit e;
    if (!read_edit(b->cli, &e, err))
        return false;
    e.name = cli_value(b->cli, "rename", NULL);
    if (!store_tag_edit(b->store, &b->by, name, &e, err))
        return false;
    str_printf(&b->out, "tag %s is as you say\n", book_shown(b, e.name ? e.name : name));
    return true;
}

static bool drop_tags(struct book *b, struct error *err)
{
    for (size_t i = 0; i < b->cli->n_operands; i++) {
        const char *name = b->cli->operands[i];
        if (!store_tag_remove(b->store, &b->by, name, err))
            return false;
        str_printf(&b->out, "tag %s is off all runs and gone\n", book_shown(b, name));
    }
    return true;
}

#define TAG_FIELDS                                                                                           \
    {0, "comment", "TEXT", "what it means"}, {0, "colour", "RRGGBB", "colour on pages; none: no colour"},    \
    {                                                                                                        \
        0, "auto", NULL, "every run that is new from now on gets it"                                         \
    }

static const struct command tag_list = {
    .name = "tag list",
    .summary = "the tags, and how many runs have them",
    .usage = "[OPTIONS]",
    .text = "Lists tags by name. Runs that have one: xfelx run list --tag NAME.",
    .options = (const struct option_row[]){BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx tag list", "all tags"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, 0, "", list_tags},
};

static const struct command tag_add = {
    .name = "tag add",
    .summary = "make tags",
    .usage = "[OPTIONS] NAME...",
    .text = "Makes tags. A name is any text of at most 128 characters that does not begin or end with a "
            "blank; one "
            "that begins with a dash goes behind --. xfelx run tag makes tags too, as they are needed.\n\n"
            "A tag with --auto is put on each run when it is first seen, as long as the tag is automatic: "
            "samples of "
            "a shift are tagged this way (switch it off with xfelx tag edit NAME --no-auto).",
    .options =
        (const struct option_row[]){
            TAG_FIELDS, {0, "no-auto", NULL, "only runs that are given it (as without)"}, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx tag add 'Ba soak 5 min' --auto --colour ff8800",
                                          "a tag that all runs get from now on"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, SIZE_MAX, "NAME", add_tags},
};

static const struct command tag_edit = {
    .name = "tag edit",
    .summary = "rename a tag, change what it says",
    .usage = "[OPTIONS] NAME",
    .text = "Changes what is named; runs and datasets keep the tag under its new name.",
    .options = (const struct option_row[]){{0, "rename", "NAME", "another name"},
                                           TAG_FIELDS,
                                           {0, "no-auto", NULL, "new runs do not get it any more"},
                                           BOOK_OPTIONS,
                                           {0}},
    .examples = (const struct example[]){{"xfelx tag edit dark --rename 'dark, no laser' --no-auto",
                                          "another name, and no new run gets it"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, 1, "NAME", edit_tag},
};

static const struct command tag_remove = {
    .name = "tag remove",
    .summary = "take tags off all runs, and forget them",
    .usage = "[OPTIONS] NAME...",
    .text = "Removes tags from all runs. Refused while a dataset is made of one.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx tag remove test", "no run has the tag test any more"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, SIZE_MAX, "NAME", drop_tags},
};

static const struct command *const verbs[] = {&tag_list, &tag_add, &tag_edit, &tag_remove, NULL};

const struct command command_tag = {
    .name = "tag",
    .summary = "make, rename and remove the tags of runs",
    .usage = "VERB [OPTIONS] ...",
    .text = "A tag is a word on runs: a sample, a laser setting, \"dark\". Runs are tagged with xfelx run "
            "tag, listed by "
            "tags with xfelx run list --tag, and merged by tags as datasets (xfelx dataset).",
    .examples = (const struct example[]){{"xfelx tag list", "all tags, and how many runs have them"},
                                         {"xfelx tag add dark --auto", "each new run is dark from now on"},
                                         {0}},
    .verbs = verbs,
};
