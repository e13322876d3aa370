/* book.c - what all changes share: one transaction with its row of the audit, texts that may be kept, numbers that people type. */
#include "store/book_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool book_change(struct store *s, bool (*work)(struct store *s, void *arg, struct error *err), void *arg,
                 struct error *err)
{
    return s->changing ? work(s, arg, err) : store_transaction(s, work, arg, err);
}

bool book_audit(struct store *s, const struct store_by *by, const char *verb, const char *target,
                const char *was, const char *becomes, struct error *err)
{
    int64_t now = 0;
    return book_name_good("user", by->who, err) && sql_now(&s->sql, &now, err) &&
           sql_do(&s->sql, NULL, err,
                  "INSERT INTO audit(t,who,via,verb,target,was,becomes) VALUES(?,?,?,?,?,?,?)", "ititttt",
                  now, by->who, (int64_t)by->via, verb, target, was, becomes);
}

bool book_audit_id(struct store *s, const struct store_by *by, const char *verb, const char *kind, int64_t id,
                   const char *was, const char *becomes, struct error *err)
{
    char target[64];
    snprintf(target, sizeof target, "%s %lld", kind, (long long)id);
    return book_audit(s, by, verb, target, was, becomes, err);
}

/* ---- texts ---- */

/* Characters of a text that is UTF-8 throughout; false: it is none. */
static bool utf8_length(const char *text, size_t *n)
{
    uint32_t code;
    *n = 0;
    for (const char *p = text; *p; ++*n) {
        int length = str_utf8(p, &code);
        if (length == 0)
            return false;
        p += length;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool book_name_good(const char *what, const char *name, struct error *err)
{
    size_t n = 0;
    if (!name || !*name)
        return error_set(err, ERROR_USAGE, "a %s needs a name", what);
    if (!utf8_length(name, &n))
        return error_set(err, ERROR_USAGE, "the name of a %s must be UTF-8", what);
    if (n > BOOK_NAME)
        return error_set(err, ERROR_USAGE, "the name of a %s has at most %d characters, not %zu", what,
                         (int)BOOK_NAME, n);
    if (is_blank(*name) || is_blank(name[strlen(name) - 1]))
        return error_set(err, ERROR_USAGE, "the name of a %s cannot begin or end with a blank", what);
    return true;
}

bool book_text_good(const char *what, const char *text, struct error *err)
{
    size_t n = 0;
    if (text && strlen(text) > BOOK_TEXT)
        return error_set(err, ERROR_USAGE, "a %s has at most %d bytes", what, (int)BOOK_TEXT);
    if (text && !utf8_length(text, &n))
        return error_set(err, ERROR_USAGE, "a %s must be UTF-8", what);
    return true;
}

const char *book_text(struct sql *s, struct sql_stmt *q, int column, struct arena *a)
{
    size_t n = 0;
    const uint8_t *bytes = sql_bytes(s, q, column, &n);
    return n ? arena_strndup(a, (const char *)bytes, n) : "";
}

bool book_look(struct store *s, struct arena *a, const char **out, bool *there, struct error *err,
               const char *sql, int64_t id)
{
    struct sql_stmt *q = sql_query(&s->sql, err, sql, "i", id);
    int step = sql_step(&s->sql, q, err);
    *there = step == 1;
    *out = "";
    if (step == 1) {
        *out = book_text(&s->sql, q, 0, a);
        sql_reset(&s->sql, q);
    }
    return step >= 0;
}

bool book_id_of(struct store *s, const char *table, const char *name, int64_t *id, struct error *err)
{
    struct str text = {0};
    str_printf(&text, "SELECT id FROM `%s` WHERE name=?", table);
    bool ok = sql_number(&s->sql, id, 0, err, text.text, "t", name);
    str_free(&text);
    return ok;
}

bool book_tag_id(struct store *s, const char *name, int64_t *id, struct error *err)
{
    if (!book_name_good("tag", name, err) || !book_id_of(s, "tag", name, id, err))
        return false;
    return *id || (error_set(err, ERROR_USAGE, "there is no tag \"%s\"", name),
                   error_hint(err, "xfelx tag list shows them all"));
}

bool book_trial_id(struct store *s, uint32_t num, int64_t *id, struct error *err)
{
    if (!sql_number(&s->sql, id, 0, err, "SELECT id FROM trial WHERE num=?", "i", (int64_t)num))
        return false;
    return *id || (error_set(err, ERROR_USAGE, "there is no trial %u", num),
                   error_hint(err, "xfelx trial list shows them all"));
}

/* ---- numbers that people type ---- */

static int by_first(const void *a, const void *b)
{
    const struct store_range *x = a, *y = b;
    return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
                                : (x->last > y->last) - (x->last < y->last);
}

/* "12" or "12-15", the next of a word; moves behind it and its comma. */
static bool next_range(const char **text, struct store_range *r)
{
    const char *p = *text;
    int64_t number[2] = {0, 0};
    for (int side = 0; side < 2; side++) {
        if (*p < '0' || *p > '9')
            return false;
        for (; *p >= '0' && *p <= '9'; p++) {
            if (number[side] > (INT64_MAX - 9) / 10)
                return false;
            number[side] = 10 * number[side] + (*p - '0');
        }
        if (side == 0 && *p != '-') {
            number[1] = number[0];
            break;
        }
        p += side == 0;
    }
    if ((*p && *p != ',') || number[1] < number[0] || (*p == ',' && !p[1]))
        return false;
    *r = (struct store_range){number[0], number[1]};
    *text = p + (*p == ',');
    return true;
}

/* Those of one word; false: it is none. */
static bool word_ranges(const char *word, struct arena *a, struct store_range **out, size_t *n)
{
    size_t before = *n;
    for (const char *p = word; *p || p == word;) {
        struct store_range r;
        if (!next_range(&p, &r)) {
            *n = before;
            return false;
        }
        *out = arena_grow(a, *out, *n, sizeof **out);
        (*out)[(*n)++] = r;
    }
    return true;
}

static void join_ranges(struct store_range *r, size_t *n)
{
    size_t kept = 0;
    if (*n)
        qsort(r, *n, sizeof *r, by_first);
    for (size_t i = 0; i < *n; i++) {
        if (kept && r[i].first <= r[kept - 1].last + 1)
            r[kept - 1].last = r[i].last > r[kept - 1].last ? r[i].last : r[kept - 1].last;
        else
            r[kept++] = r[i];
    }
    *n = kept;
}

bool store_ranges(const char *const *words, size_t n_words, const char *what, struct arena *a,
                  struct store_range **out, size_t *n, struct error *err)
{
    *out = NULL;
    *n = 0;
    for (size_t i = 0; i < n_words; i++)
        if (!word_ranges(words[i], a, out, n)) {
            error_set(err, ERROR_USAGE, "\"%s\" is no number of a %s", words[i], what);
            return error_hint(err, "numbers are written as 7, 12-15 or 12-15,20");
        }
    join_ranges(*out, n);
    return true;
}

/* ---- where rows are in a list ---- */

static int by_id(const void *a, const void *b)
{
    const struct book_place *x = a, *y = b;
    return x->id != y->id ? (x->id > y->id) - (x->id < y->id) : (x->at > y->at) - (x->at < y->at);
}

struct book_places book_places_of(struct arena *a, const void *rows, size_t n, size_t size, size_t offset)
{
    struct book_places p = {arena_array(a, n, sizeof *p.rows), n};
    for (size_t i = 0; i < n; i++)
        p.rows[i] =
            (struct book_place){*(const int64_t *)(const void *)((const char *)rows + i * size + offset), i};
    if (n)
        qsort(p.rows, n, sizeof *p.rows, by_id);
    return p;
}

bool book_places_find(const struct book_places *p, int64_t id, size_t *at)
{
    const struct book_place *place = sorted_find(&id, p->rows, p->n, sizeof *p->rows, sorted_by_i64);
    if (place)
        *at = place->at;
    return place != NULL;
}

int book_next(struct sql *s, struct sql_stmt *q, const struct book_places *p, size_t *at, struct error *err)
{
    int step;
    do
        step = sql_step(s, q, err);
    while (step == 1 && !book_places_find(p, sql_int(s, q, 0), at));
    return step;
}

bool book_count_jobs(struct store *s, const char *sql, const struct book_places *p, void *rows, size_t size,
                     size_t offset, struct error *err)
{
    struct sql_stmt *q = sql_query(&s->sql, err, sql, "");
    int step;
    size_t at;
    while ((step = book_next(&s->sql, q, p, &at, err)) == 1) {
        int64_t state = sql_int(&s->sql, q, 1);
        if (state <= 0 || state >= JOB_STATE_END)
            continue;
        struct store_job_counts *c = (void *)((char *)rows + at * size + offset);
        c->by[state] += (uint32_t)sql_int(&s->sql, q, 2);
    }
    return step == 0;
}
