/* book.c - see book.h. */
#include "cmd/book.h"

#include "cmd/database.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- opening ---- */

bool book_settings(struct cli *cli, struct params **out, struct error *err)
{
    const char *const *set = NULL;
    struct params *p = params_make(&cli->arena);
    size_t n = cli_values(cli, "set", &set);
    if (!params_load_settings(p, cli_value(cli, "config", NULL), err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!params_merge_argument(p, set[i], err))
            return false;
    *out = p;
    return true;
}

struct store_by book_user(struct arena *a)
{
    struct passwd *p = getpwuid(geteuid());
    const char *name = p && p->pw_name && *p->pw_name ? arena_strdup(a, p->pw_name)
                                                      : arena_printf(a, "uid %lld", (long long)geteuid());
    /* the watcher does for somebody what a page asked for (cycle/requests.c) */
    const char *asked_by = getenv("XFELX_ASKED_BY");
    return asked_by && *asked_by ? (struct store_by){asked_by, STORE_VIA_WEB}
                                 : (struct store_by){name, STORE_VIA_COMMAND};
}

static bool has_option(const struct cli *cli, const char *name)
{
    for (const struct option_row *o = cli->command->options; o && o->name; o++)
        if (!strcmp(o->name, name))
            return cli_has(cli, name);
    return false;
}

bool book_open(struct cli *cli, bool read_only, struct book *out, struct error *err)
{
    struct store_options o;
    *out = (struct book){.cli = cli, .a = &cli->arena, .json = has_option(cli, "json")};
    out->by = book_user(out->a);
    return book_settings(cli, &out->params, err) &&
           database_options_at(cli, out->params, cli_value(cli, "in", NULL), &o, err) &&
           store_open_existing(&o, read_only, false, &out->store, err);
}

int book_end(struct book *b, bool ok, struct error *err)
{
    if (ok)
        cli_print(&b->out);
    str_free(&b->out);
    store_close(b->store);
    return ok ? EXIT_CODE_DONE : cli_fail(err);
}

const char *book_run_state(const struct store_run_row *r)
{
    return r->ignored ? "ignored" : !r->readable ? "unreadable" : run_state_word((int)r->state);
}

/* ---- what people name ---- */

static bool need_some(const struct book *b, size_t n, const char *what, struct error *err)
{
    return n > 0 || error_set(err, ERROR_USAGE, "%s needs the number of a %s", b->cli->command->name, what);
}

bool book_runs(struct book *b, size_t n, int64_t **runs, size_t *n_runs, struct error *err)
{
    return need_some(b, n, "run", err) &&
           store_find_runs(b->store, (const char *const *)b->cli->operands, n, b->a, runs, n_runs, err);
}

static bool expand(struct book *b, const char *const *words, size_t n, const char *what, int64_t most,
                   int64_t **out, size_t *n_out, struct error *err)
{
    enum { MOST = 100000 };
    struct store_range *r;
    size_t n_ranges;
    int64_t count = 0;
    if (!store_ranges(words, n, what, b->a, &r, &n_ranges, err))
        return false;
    for (size_t i = 0; i < n_ranges; i++) {
        if (r[i].last > most || r[i].last - r[i].first >= MOST - count)
            return error_set(err, ERROR_USAGE, "there are not so many %ss", what);
        count += r[i].last - r[i].first + 1;
    }
    *out = arena_array(b->a, (size_t)count, sizeof **out);
    *n_out = 0;
    for (size_t i = 0; i < n_ranges; i++)
        for (int64_t k = r[i].first; k <= r[i].last; k++)
            (*out)[(*n_out)++] = k;
    return true;
}

bool book_numbers(struct book *b, size_t n, const char *what, int64_t **numbers, size_t *n_numbers,
                  struct error *err)
{
    return need_some(b, n, what, err) &&
           expand(b, (const char *const *)b->cli->operands, n, what, INT64_MAX / 2, numbers, n_numbers, err);
}

static bool as_trials(struct book *b, const char *const *words, size_t n, uint32_t **nums, size_t *n_nums,
                      struct error *err)
{
    int64_t *numbers;
    if (!expand(b, words, n, "trial", UINT32_MAX, &numbers, n_nums, err))
        return false;
    *nums = arena_array(b->a, *n_nums, sizeof **nums);
    for (size_t i = 0; i < *n_nums; i++)
        (*nums)[i] = (uint32_t)numbers[i];
    return true;
}

bool book_trials(struct book *b, size_t n, uint32_t **nums, size_t *n_nums, struct error *err)
{
    return need_some(b, n, "trial", err) &&
           as_trials(b, (const char *const *)b->cli->operands, n, nums, n_nums, err);
}

bool book_option_runs(struct book *b, const char *name, int64_t **runs, size_t *n_runs, struct error *err)
{
    const char *const *words = NULL;
    size_t n = cli_values(b->cli, name, &words);
    *runs = NULL;
    *n_runs = 0;
    return n == 0 || store_find_runs(b->store, words, n, b->a, runs, n_runs, err);
}

bool book_option_trials(struct book *b, const char *name, uint32_t **nums, size_t *n, struct error *err)
{
    const char *const *words = NULL;
    size_t n_words = cli_values(b->cli, name, &words);
    return as_trials(b, words, n_words, nums, n, err);
}

size_t book_names(struct book *b, const char *list, const char *whole, const char *const **names)
{
    const char *const *values = NULL;
    const char **out = NULL;
    size_t n = 0, n_values = cli_values(b->cli, list, &values);
    for (size_t i = 0; i < n_values; i++)
        for (const char *p = values[i]; *p;) {
            size_t length = strcspn(p, ",");
            out = arena_grow(b->a, out, n, sizeof *out);
            out[n++] = arena_strndup(b->a, p, length);
            p += length + (p[length] == ',');
        }
    n_values = cli_values(b->cli, whole, &values);
    for (size_t i = 0; i < n_values; i++) {
        out = arena_grow(b->a, out, n, sizeof *out);
        out[n++] = values[i];
    }
    *names = out;
    return n;
}

/* ---- words ---- */

const char *book_shown(struct book *b, const char *text)
{
    size_t room = 4 * strlen(text) + 1;
    return *text ? str_visible(text, arena_alloc(b->a, room), room) : "-";
}

const char *book_time(struct book *b, int64_t ns)
{
    char text[32];
    if (!ns)
        return "-";
    clock_text(ns, text);
    text[10] = ' ';
    return arena_strndup(b->a, text, 19);
}

const char *book_bytes(struct book *b, int64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double value = (double)bytes;
    size_t i = 0;
    for (; value >= 999.5 && i + 1 < sizeof units / sizeof *units; i++)
        value /= 1000;
    return arena_printf(b->a, i && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[i]);
}

const char *book_run_label(struct book *b, const struct store_run_row *r)
{
    return r->shared ? arena_printf(b->a, "%lld#%lld", (long long)r->ord, (long long)r->id)
                     : arena_printf(b->a, "%lld", (long long)r->ord);
}

/* In the order in which they become done. */
static const enum job_state order[] = {JOB_DONE,  JOB_RUNNING, JOB_QUEUED, JOB_FAILED,
                                       JOB_AGAIN, JOB_WAITING, JOB_READY,  JOB_CANCELLED};

const char *book_jobs_text(struct book *b, const struct store_job_counts *c)
{
    struct str s = {0};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (c->by[order[i]])
            str_printf(&s, "%s%u %s", s.len ? ", " : "", c->by[order[i]], job_state_word(order[i]));
    const char *text = s.len ? arena_strdup(b->a, s.text) : "-";
    str_free(&s);
    return text;
}

void book_jobs_json(struct json_writer *w, const struct store_job_counts *c)
{
    json_object(w, "jobs");
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (c->by[order[i]])
            json_put_int(w, job_state_word(order[i]), c->by[order[i]]);
    json_end_object(w);
}

void book_texts_json(struct json_writer *w, const char *key, const char *const *texts, size_t n)
{
    json_array(w, key, false);
    for (size_t i = 0; i < n; i++)
        json_put_text(w, NULL, texts[i]);
    json_end_array(w);
}

/* ---- tables ---- */

enum { WIDTH = 80, GAP = 2, LEAST = 8 };

/* Columns that a text takes: one a character, combining marks none. */
static size_t width_of(const char *text)
{
    size_t n = 0;
    uint32_t code;
    for (const char *p = text; *p;) {
        int length = str_utf8(p, &code);
        n += !(code >= 0x300 && code < 0x370);
        p += length ? length : 1;
    }
    return n;
}

/* At most so many columns; what is cut ends in "…". */
static void add_cut(struct str *out, const char *text, size_t width)
{
    size_t n = width_of(text), at = 0;
    uint32_t code;
    if (n <= width) {
        str_add(out, text);
        return;
    }
    for (const char *p = text; *p && at + 1 < width; at++) {
        int length = str_utf8(p, &code);
        str_addn(out, p, (size_t)(length ? length : 1));
        p += length ? length : 1;
    }
    str_add(out, "…");
}

static void add_line(struct str *out, const struct book_column *columns, size_t n, const char *const *cells,
                     const size_t *widths)
{
    size_t start = out->len, gap = 0;
    for (size_t i = 0; i < n; i++) {
        size_t width = width_of(cells[i]), pad = width < widths[i] ? widths[i] - width : 0;
        str_printf(out, "%*s", (int)(gap + (columns[i].right ? pad : 0)), "");
        add_cut(out, cells[i], widths[i]);
        gap = GAP + (columns[i].right ? 0 : pad);
    }
    while (out->len > start && out->text[out->len - 1] == ' ')
        out->text[--out->len] = 0;
    str_addc(out, '\n');
}

void book_table(struct str *out, const struct book_column *columns, size_t n_columns,
                const char *const *cells, size_t n_rows)
{
    enum { COLUMNS = 16 };
    const char *titles[COLUMNS];
    size_t widths[COLUMNS] = {0}, total = 0;
    struct arena a = {0};
    const char **shown = arena_array(&a, n_rows * n_columns + 1, sizeof *shown);
    for (size_t i = 0; i < n_rows * n_columns; i++) {
        size_t room = 4 * strlen(cells[i]) + 1;
        shown[i] = str_visible(cells[i], arena_alloc(&a, room), room);
    }
    for (size_t k = 0; k < n_columns && k < COLUMNS; k++) {
        titles[k] = columns[k].title;
        widths[k] = width_of(titles[k]);
        for (size_t i = 0; i < n_rows; i++) {
            size_t w = width_of(shown[i * n_columns + k]);
            widths[k] = w > widths[k] ? w : widths[k];
        }
        total += widths[k] + (k ? GAP : 0);
    }
    while (total > WIDTH) { /* the widest that may gives way, a column at a time */
        size_t widest = n_columns;
        for (size_t k = 0; k < n_columns; k++)
            if (columns[k].flex && widths[k] > LEAST && (widest == n_columns || widths[k] > widths[widest]))
                widest = k;
        if (widest == n_columns)
            break;
        widths[widest]--;
        total--;
    }
    add_line(out, columns, n_columns, titles, widths);
    for (size_t i = 0; i < n_rows; i++)
        add_line(out, columns, n_columns, shown + i * n_columns, widths);
    arena_free(&a);
}

void book_field(struct str *out, const char *name, const char *value)
{
    enum { COLUMN = 12 };
    str_printf(out, "%-*s", COLUMN, name);
    for (const char *p = value; *p;) { /* lines stay lines; what else would garble a terminal is shown */
        size_t n = strcspn(p, "\n"), room = 4 * n + 1;
        struct arena a = {0};
        str_add(out, str_visible(arena_strndup(&a, p, n), arena_alloc(&a, room), room));
        arena_free(&a);
        p += n + (p[n] == '\n');
        if (*p)
            str_printf(out, "\n%*s", COLUMN, "");
    }
    str_addc(out, '\n');
}

void book_fieldf(struct str *out, const char *name, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    book_field(out, name, text);
}

void book_changed(struct str *out, size_t changed, size_t n, const char *what, const char *how)
{
    const char *s = n == 1 ? "" : "s";
    if (changed == n)
        str_printf(out, "%zu %s%s %s\n", n, what, s, how);
    else if (changed == 0)
        str_printf(out, "nothing to change: %zu %s%s %s already\n", n, what, s, how);
    else
        str_printf(out, "%zu of %zu %s%s %s; the rest %s so already\n", changed, n, what, s, how,
                   n - changed == 1 ? "was" : "were");
}
