/* book.h - what the bookkeeping commands (run, tag, trial, group, task, dataset, job) share: opening the database, tables that fit a
 * terminal, numbers that people type.
 *
 * Their operands are never taken for parameters: a tag may be called "a=b.phil". Settings come from the files, the environment, and
 * --set NAME=VALUE. What has no verb is `list`, a number alone `show`.
 */
#ifndef XFELX_CMD_BOOK_H
#define XFELX_CMD_BOOK_H

#include "cmd/cli.h"
#include "param/param.h"
#include "store/store.h"

/* The last rows of every verb's options. */
#define BOOK_OPTIONS                                                                                         \
    {0, "in", "PLACE", "folder of results or database file; else what the settings name"},                   \
        {0, "config", "FILE", "settings file, read after the others (also $XFELX_CONFIG)"},                  \
    {                                                                                                        \
        0, "set", "NAME=VALUE", "a setting, as db.host=db7; may be given several times"                      \
    }
#define BOOK_JSON                                                                                            \
    {                                                                                                        \
        0, "json", NULL, "print as JSON"                                                                     \
    }

struct book {
    struct cli *cli;
    struct arena *a;
    struct params *params; /* settings */
    struct store *store;
    struct store_by by; /* this user, from the command line */
    struct str out;     /* printed by book_end when all went well */
    bool json;
};

/* Read the settings and open the database that is there, for looking (read_only) or for changing. */
bool book_open(struct cli *cli, bool read_only, struct book *out, struct error *err);

/* Settings of the files, the environment and --set, upon nothing. */
bool book_settings(struct cli *cli, struct params **out, struct error *err);

/* Who types. */
struct store_by book_user(struct arena *a);

/* Print what was made, or the error; close. The exit code. */
int book_end(struct book *b, bool ok, struct error *err);

/* A verb that needs no more than the database: `own` of a command whose run is book_run. Operands are counted (cli_operands), the
 * database is opened, the verb is done, and what it said is printed as book_end does. */
enum book_access { BOOK_READS, BOOK_CHANGES };
struct book_verb {
    enum book_access access;
    size_t least, most; /* operands */
    const char *what;   /* they are called */
    bool (*does)(struct book *b, struct error *err);
};
int book_run(struct cli *cli);

/* The first n operands are numbers of `what` or what names runs; at least one. */
bool book_runs(struct book *b, size_t n, int64_t **runs, size_t *n_runs, struct error *err);
bool book_numbers(struct book *b, size_t n, const char *what, int64_t **numbers, size_t *n_numbers,
                  struct error *err);
bool book_trials(struct book *b, size_t n, uint32_t **nums, size_t *n_nums, struct error *err);

/* Values of an option that may be given several times and holds numbers or runs. */
bool book_option_runs(struct book *b, const char *name, int64_t **runs, size_t *n_runs, struct error *err);
bool book_option_trials(struct book *b, const char *name, uint32_t **nums, size_t *n, struct error *err);

/* "A,B" of one option and whole names of another, as a list. */
size_t book_names(struct book *b, const char *list, const char *whole, const char *const **names);

/* A text as it may be shown, in the arena; one line. "-" for "". */
const char *book_shown(struct book *b, const char *text);
const char *
book_run_state(const struct store_run_row *r); /* "present"; what keeps it from being processed before that */
const char *book_time(struct book *b, int64_t ns); /* "2026-11-26 14:02:07"; "-" for 0 */
const char *book_joined(struct book *b, const char *const *texts, size_t n); /* "a, b"; "": none */
const char *book_bytes(struct book *b, int64_t bytes);
const char *book_run_label(struct book *b, const struct store_run_row *r); /* "12", "12#7" */

/* "3 done, 1 failed"; "-": none. */
const char *book_jobs_text(struct book *b, const struct store_job_counts *c);
void book_jobs_json(struct json_writer *w, const struct store_job_counts *c);
void book_texts_json(struct json_writer *w, const char *key, const char *const *texts, size_t n);

/* ---- a table ---- */

/* …_END: the end tells (of a path), so the beginning is cut. */
enum book_flex { BOOK_FIXED, BOOK_FLEX, BOOK_FLEX_END };

struct book_column {
    const char *title;
    bool right; /* numbers */
    int flex;   /* enum book_flex: gives way where 80 columns are not enough */
};

/* Rows of cells, n_rows × n_columns, in columns as wide as they must be; blanks at the ends of lines are left out. Texts are shown
 * as they may be (str_visible). */
void book_table(struct str *out, const struct book_column *columns, size_t n_columns,
                const char *const *cells, size_t n_rows);

/* ---- a list: rows as a table, or as JSON {"version": 1, KEY: [ROW, …]} ---- */

struct book_list {
    const char *key;  /* of the rows in JSON */
    const char *none; /* the line where there are none */
    size_t size;      /* of a row, in bytes */
    const struct book_column *columns;
    size_t n_columns;
    void (*cells)(struct book *b, const void *row, const char **cells);   /* n_columns texts */
    void (*json)(struct book *b, struct json_writer *w, const void *row); /* one object */
};

/* What `list` prints of n rows. True: mostly the last step of a verb. */
bool book_list(struct book *b, const struct book_list *list, const void *rows, size_t n);

/* Its JSON alone, for `show`; needs key, size and json. */
void book_list_json(struct book *b, const struct book_list *list, const void *rows, size_t n);

/* The frame of that JSON, for rows that are read while they are written: array elements go between. */
struct json_writer book_json(struct book *b, const char *key);
void book_json_end(struct json_writer *w);

/* ---- fields ---- */

/* "name       value", for `show`. Several lines of a value are indented. */
void book_field(struct str *out, const char *name, const char *value);
void book_fieldf(struct str *out, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "2 runs changed", or that they were so already. */
void book_changed(struct str *out, size_t changed, size_t n, const char *what, const char *how);

#endif
