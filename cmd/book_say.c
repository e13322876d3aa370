/* book_say.c - what the bookkeeping commands print: words, tables, lists, fields; see book.h. */
#include "cmd/book.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

const char *book_joined(struct book *b, const char *const *texts, size_t n)
{
    struct str s = {0};
    for (size_t i = 0; i < n; i++)
        str_printf(&s, "%s%s", i ? ", " : "", texts[i]);
    const char *text = s.len ? arena_strdup(b->a, s.text) : "";
    str_free(&s);
    return text;
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

const char *book_run_state(const struct store_run_row *r)
{
    return r->ignored ? "ignored" : !r->readable ? "unreadable" : run_state_word((int)r->state);
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

static void add_line(struct str *out, const struct book_column *columns, size_t n, const char *const *cells,
                     const size_t *widths)
{
    size_t start = out->len, gap = 0;
    for (size_t i = 0; i < n; i++) {
        size_t width = columns_taken(cells[i]), pad = width < widths[i] ? widths[i] - width : 0;
        str_printf(out, "%*s", (int)(gap + (columns[i].right ? pad : 0)), "");
        (columns[i].flex == BOOK_FLEX_END ? columns_cut_front : columns_cut)(out, cells[i], widths[i]);
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
        widths[k] = columns_taken(titles[k]);
        for (size_t i = 0; i < n_rows; i++) {
            size_t w = columns_taken(shown[i * n_columns + k]);
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

/* ---- lists ---- */

struct json_writer book_json(struct book *b, const char *key)
{
    struct json_writer w = {.out = &b->out, .indent = 2};
    json_object(&w, NULL);
    json_put_int(&w, "version", 1);
    json_array(&w, key, false);
    return w;
}

void book_json_end(struct json_writer *w)
{
    json_end_array(w);
    json_end_object(w);
    str_addc(w->out, '\n');
}

void book_list_json(struct book *b, const struct book_list *list, const void *rows, size_t n)
{
    struct json_writer w = book_json(b, list->key);
    for (size_t i = 0; i < n; i++)
        list->json(b, &w, (const char *)rows + i * list->size);
    book_json_end(&w);
}

bool book_list(struct book *b, const struct book_list *list, const void *rows, size_t n)
{
    if (b->json) {
        book_list_json(b, list, rows, n);
        return true;
    }
    if (n == 0) {
        str_printf(&b->out, "%s\n", list->none);
        return true;
    }
    const char **cells = arena_array(b->a, n * list->n_columns, sizeof *cells);
    for (size_t i = 0; i < n; i++)
        list->cells(b, (const char *)rows + i * list->size, cells + i * list->n_columns);
    book_table(&b->out, list->columns, list->n_columns, cells, n);
    return true;
}

/* ---- fields ---- */

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
    const char *all = COUNT(n, what);
    if (changed == n)
        str_printf(out, "%s %s\n", all, how);
    else if (changed == 0)
        str_printf(out, "nothing to change: %s %s already\n", all, how);
    else
        str_printf(out, "%zu of %s %s; the rest %s so already\n", changed, all, how,
                   n - changed == 1 ? "was" : "were");
}
