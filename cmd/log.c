/* log.c - `xfelx log`: the log book of a beam time: what people wrote, who changed what, alarms, runs. */
#include "cmd/book.h"

#include "report/report.h"

#include <string.h>

/* ---- list ---- */

static const struct book_column columns[] = {{"time", false, false},
                                             {"what", false, false},
                                             {"who", false, false},
                                             {"about", false, false},
                                             {"", false, true}};

/* "14:02" of "2026-11-26 14:02:07". */
static const char *minute_of(struct book *b, int64_t ns)
{
    return arena_strndup(b->a, book_time(b, ns) + strlen("2026-11-26 "), strlen("14:02"));
}

/* A line has one line: white space, as of parameters, becomes one blank. */
static const char *flat(struct book *b, const char *text)
{
    char *out = arena_strndup(b->a, text, strlen(text)), *to = out;
    for (const char *p = text + strspn(text, " \t\r\n"); *p; p += strspn(p, " \t\r\n")) {
        size_t n = strcspn(p, " \t\r\n");
        if (to > out)
            *to++ = ' ';
        memcpy(to, p, n);
        to += n, p += n;
    }
    *to = 0;
    return out;
}

/* What belongs to an alarm or a run stands first: the end of a long line may be cut. */
static const char *text_of(struct book *b, const struct logbook_line *l)
{
    if (l->kind == LOGBOOK_ALARM)
        return arena_printf(b->a, "%lld%s, %s%s: %s", (long long)l->id, l->seen ? ", seen" : "",
                            l->until ? "until " : "stands", l->until ? minute_of(b, l->until) : "", l->text);
    return l->kind == LOGBOOK_RUN && l->until
               ? arena_printf(b->a, "until %s: %s", minute_of(b, l->until), l->text)
               : l->text;
}

static void put_cells(struct book *b, const void *row, const char **c)
{
    const struct logbook_line *l = row;
    *c++ = arena_strndup(b->a, book_time(b, l->t), strlen("2026-11-26 14:02"));
    *c++ = logbook_word(l->kind);
    *c++ = l->who;
    *c++ = l->about;
    *c++ = flat(b, text_of(b, l));
}

static void put_row(struct book *b, struct json_writer *w, const void *row)
{
    (void)b;
    logbook_json(row, w);
}

static const struct book_list listing = {.key = "lines",
                                         .none = "nothing is written yet",
                                         .size = sizeof(struct logbook_line),
                                         .columns = columns,
                                         .n_columns = sizeof columns / sizeof *columns,
                                         .cells = put_cells,
                                         .json = put_row};

/* Of --kind, which may be given several times; none: all. */
static bool read_kinds(struct cli *cli, unsigned *kinds, struct error *err)
{
    const char *const *words;
    size_t n = cli_values(cli, "kind", &words);
    *kinds = n ? 0 : LOGBOOK_ALL;
    for (size_t i = 0; i < n; i++) {
        int k = 0;
        while (k < LOGBOOK_END && strcmp(logbook_word((enum logbook_kind)k), words[i]) != 0)
            k++;
        if (k == LOGBOOK_END)
            return error_set(err, ERROR_USAGE, "there are no lines of kind \"%s\"", words[i]),
                   error_hint(err, "note, change, alarm, run");
        *kinds |= 1u << k;
    }
    return true;
}

static bool list_lines(struct book *b, struct error *err)
{
    enum { USUAL = 50 };
    unsigned kinds;
    int64_t newest;
    struct logbook_line *lines;
    size_t n;
    if (!read_kinds(b->cli, &kinds, err) || !cli_int(b->cli, "newest", 1, 100000, USUAL, &newest, err) ||
        !logbook_read(b->store, kinds, (size_t)newest, b->a, &lines, &n, err))
        return false;
    if (cli_has(b->cli, "markdown"))
        return logbook_markdown(lines, n, &b->out), true;
    return book_list(b, &listing, lines, n);
}

/* ---- write ---- */

static bool add_note(struct book *b, struct error *err)
{
    if (!store_note_add(b->store, &b->by, NOTE_SHIFT, 0, b->cli->operands[0], err))
        return false;
    str_add(&b->out, "it is in the log book\n");
    return true;
}

static bool say_seen(struct book *b, struct error *err)
{
    int64_t *alarms;
    size_t n;
    if (!book_numbers(b, b->cli->n_operands, "alarm", &alarms, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!store_alarm_seen(b->store, &b->by, alarms[i], err))
            return false;
    str_printf(&b->out, "%s seen\n", COUNT(n, "alarm"));
    return true;
}

static const struct command log_list = {
    .name = "log list",
    .summary = "the log book, the newest lines last",
    .usage = "[OPTIONS]",
    .text =
        "What people wrote, who changed what, alarms, and runs that began, as one time line; times in UTC.",
    .options =
        (const struct option_row[]){
            {0, "newest", "N", "so many lines (50)"},
            {0, "kind", "KIND", "only note, change, alarm or run; may be given several times"},
            {0, "markdown", NULL, "a table for each day, for a wiki or an electronic log book"},
            BOOK_JSON,
            BOOK_OPTIONS,
            {0}},
    .examples = (const struct example[]){{"xfelx log list --kind note --kind alarm --newest 20",
                                          "what the shift wrote, and what went wrong"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, 0, "", list_lines},
};

static const struct command log_add = {
    .name = "log add",
    .summary = "write a line into the log book",
    .usage = "[OPTIONS] TEXT",
    .text = "Writes what somebody should know later. What is about runs belongs to them: xfelx run note.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx log add 'nozzle exchanged, jet is stable again'",
                                          "a line with your name and the time"},
                                         {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, 1, "TEXT", add_note},
};

static const struct command log_seen = {
    .name = "log seen",
    .summary = "say that alarms were seen",
    .usage = "[OPTIONS] ALARM...",
    .text = "Others see that somebody knows. The alarm stands on until its reason is gone. Numbers: xfelx "
            "log list --kind alarm.",
    .options = (const struct option_row[]){BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx log seen 7", "alarm 7 is known to you"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_CHANGES, 1, SIZE_MAX, "ALARM", say_seen},
};

static const struct command *const verbs[] = {&log_list, &log_add, &log_seen, NULL};

const struct command command_log = {
    .name = "log",
    .summary = "read the log book, write into it",
    .usage = "VERB [OPTIONS] ...",
    .text = "The log book of a beam time keeps itself: runs, alarms, and who changed what are in it; people "
            "add what they see. The page Log "
            "book shows the same.",
    .examples = (const struct example[]){{"xfelx log list", "the last 50 lines"},
                                         {"xfelx log add 'sample B from here on'", "a line of your own"},
                                         {0}},
    .verbs = verbs,
};
