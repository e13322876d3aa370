/* cif.c - a tokenizer for the part of CIF that detectors' files use, and the tables it fills.
 *
 * Files come from many writers: line ends are mixed, categories are loops or single items, names are of any
 * case. Limits keep a hostile file from costing more than its size.
 */
#include "source/cif.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LIMIT ((size_t)4 << 20) /* everything outside binary sections */
enum {
    LINE_LIMIT = 65536, /* a bare word or quoted text; blocks may be longer */
    ROW_LIMIT = 100000,
    COLUMN_LIMIT = 256,
    TABLE_LIMIT = 512,
    SECTION_LIMIT = 4096,
};

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_LOOP, TOKEN_DATA, TOKEN_VALUE };

struct token {
    enum token_kind kind;
    const char *text; /* name in lower case, value; NULL for "." and "?" */
    int section;
};

struct parser {
    const uint8_t *data, *at, *end;
    const char *path;
    struct arena *arena;
    struct cif *out;
    size_t text; /* bytes outside sections so far */
    size_t tables_room, sections_room;
    struct error *err;
};

static size_t line_number(const struct parser *p)
{
    size_t line = 1;
    for (const uint8_t *q = p->data; q < p->at; q++)
        line += *q == '\n';
    return line;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0 || c == '\f';
}

static bool at_line_start(const struct parser *p)
{
    return p->at == p->data || p->at[-1] == '\n' || p->at[-1] == '\r';
}

static const uint8_t *line_end(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *nl = memchr(at, '\n', (size_t)(end - at));
    return nl ? nl : end;
}

static void skip_blank(struct parser *p)
{
    while (p->at < p->end && (is_blank(*p->at) || *p->at == '#')) {
        if (*p->at == '#')
            p->at = line_end(p->at, p->end);
        else
            p->at++;
    }
}

static bool spend(struct parser *p, size_t bytes)
{
    p->text += bytes;
    if (p->text > TEXT_LIMIT)
        return error_set(p->err, ERROR_UNSUPPORTED, "%s has more than %zu MiB of header", p->path,
                         TEXT_LIMIT >> 20);
    return true;
}

/* ---- tokens ---- */

static bool take_section(struct parser *p, const uint8_t *from, struct token *t)
{
    struct cif *c = p->out;
    if (c->n_sections == SECTION_LIMIT)
        return error_set(p->err, ERROR_UNSUPPORTED, "%s has more than %d binary sections", p->path,
                         SECTION_LIMIT);
    if (c->n_sections == p->sections_room) {
        size_t room = p->sections_room ? p->sections_room * 2 : 4;
        struct cbf_section *more = arena_array(p->arena, room, sizeof *more);
        if (c->n_sections)
            memcpy(more, c->sections, c->n_sections * sizeof *more);
        c->sections = more;
        p->sections_room = room;
    }
    size_t used;
    if (!cbf_section_parse(from, (size_t)(p->end - from), p->path, &c->sections[c->n_sections], &used,
                           p->err))
        return false;
    t->section = (int)c->n_sections++;
    t->text = NULL;
    /* Padding and the end marker follow, then a line with a lone ';'; all of it may be cut off. */
    const uint8_t *q = from + used;
    while (q < p->end && !(q > from + used && q[-1] == '\n' && *q == ';'))
        q++;
    p->at = q < p->end ? q + 1 : q;
    return true;
}

/* A ';' at the start of a line: text up to the next one, or a binary section. */
static bool take_block(struct parser *p, struct token *t)
{
    static const char marker[] = "--CIF-BINARY-FORMAT-SECTION--";
    const uint8_t *q = p->at + 1;
    while (q < p->end && is_blank(*q))
        q++;
    if ((size_t)(p->end - q) >= sizeof marker - 1 && memcmp(q, marker, sizeof marker - 1) == 0)
        return take_section(p, q, t);
    const uint8_t *from = p->at + 1, *stop = from;
    for (;;) {
        stop = line_end(stop, p->end);
        if (stop == p->end)
            return error_set(p->err, ERROR_TRUNCATED, "%s ends inside a text block of its header", p->path);
        if (++stop < p->end && *stop == ';')
            break;
    }
    if (!spend(p, (size_t)(stop - from)))
        return false;
    t->text = arena_strndup(p->arena, (const char *)from, (size_t)(stop - from));
    p->at = stop + 1;
    return true;
}

/* '…' or "…": the closing quote is one that a blank or the line's end follows. */
static bool take_quoted(struct parser *p, struct token *t)
{
    uint8_t quote = *p->at;
    const uint8_t *from = p->at + 1, *q = from, *stop = line_end(from, p->end);
    while (q < stop && !(*q == quote && (q + 1 == p->end || is_blank(q[1]))))
        q++;
    if (q == stop)
        return error_set(p->err, stop == p->end ? ERROR_TRUNCATED : ERROR_DAMAGED,
                         "%s, line %zu: a quoted text does not end", p->path, line_number(p));
    if (!spend(p, (size_t)(q - from)))
        return false;
    t->text = arena_strndup(p->arena, (const char *)from, (size_t)(q - from));
    p->at = q + 1;
    return true;
}

static bool same_word(const uint8_t *at, size_t n, const char *word)
{
    if (n != strlen(word))
        return false;
    for (size_t i = 0; i < n; i++)
        if ((at[i] >= 'A' && at[i] <= 'Z' ? at[i] + ('a' - 'A') : at[i]) != word[i])
            return false;
    return true;
}

static bool take_word(struct parser *p, struct token *t)
{
    const uint8_t *from = p->at;
    while (p->at < p->end && !is_blank(*p->at))
        p->at++;
    size_t n = (size_t)(p->at - from);
    if (n > LINE_LIMIT)
        return error_set(p->err, ERROR_DAMAGED, "%s, line %zu: a word of %s", p->path, line_number(p),
                         COUNT(n, "byte"));
    if (!spend(p, n))
        return false;
    if (same_word(from, n, "loop_"))
        t->kind = TOKEN_LOOP;
    else if (n >= 5 && same_word(from, 5, "data_"))
        t->kind = TOKEN_DATA;
    else if (*from == '_') {
        char *name = arena_strndup(p->arena, (const char *)from, n);
        for (char *c = name; *c; c++)
            if (*c >= 'A' && *c <= 'Z')
                *c = (char)(*c + ('a' - 'A'));
        t->kind = TOKEN_NAME;
        t->text = name;
    } else if (n > 1 || (*from != '.' && *from != '?'))
        t->text = arena_strndup(p->arena, (const char *)from, n);
    return true;
}

static bool next_token(struct parser *p, struct token *t)
{
    skip_blank(p);
    *t = (struct token){.kind = TOKEN_VALUE, .section = -1};
    if (p->at == p->end) {
        t->kind = TOKEN_END;
        return true;
    }
    if (*p->at == ';' && at_line_start(p))
        return take_block(p, t);
    if (*p->at == '\'' || *p->at == '"')
        return take_quoted(p, t);
    return take_word(p, t);
}

/* ---- tables ---- */

/* "_axis.vector[1]" → category and item; names without a dot have the item "". */
static void split_name(struct parser *p, const char *name, const char **category, const char **item)
{
    const char *dot = strchr(name, '.');
    size_t n = dot ? (size_t)(dot - name) - 1 : strlen(name) - 1;
    *category = arena_strndup(p->arena, name + 1, n);
    *item = dot ? dot + 1 : "";
}

static struct cif_table *add_table(struct parser *p, const char *category)
{
    struct cif *c = p->out;
    if (c->n_tables == TABLE_LIMIT) {
        error_set(p->err, ERROR_UNSUPPORTED, "%s has more than %d tables in its header", p->path,
                  TABLE_LIMIT);
        return NULL;
    }
    if (c->n_tables == p->tables_room) {
        size_t room = p->tables_room ? p->tables_room * 2 : 32;
        struct cif_table *more = arena_array(p->arena, room, sizeof *more);
        if (c->n_tables)
            memcpy(more, c->tables, c->n_tables * sizeof *more);
        c->tables = more;
        p->tables_room = room;
    }
    struct cif_table *t = &c->tables[c->n_tables++];
    *t = (struct cif_table){.category = category};
    t->columns = arena_array(p->arena, COLUMN_LIMIT, sizeof *t->columns);
    return t;
}

static bool add_column(struct parser *p, struct cif_table *t, const char *item)
{
    if (t->n_columns == COLUMN_LIMIT)
        return error_set(p->err, ERROR_UNSUPPORTED, "%s: table %s has more than %d columns", p->path,
                         t->category, COLUMN_LIMIT);
    t->columns[t->n_columns++] = item;
    return true;
}

/* Room for one more cell; loops grow by doubling. */
static struct cif_value *add_cell(struct parser *p, struct cif_table *t, size_t used)
{
    if (used == t->room) {
        size_t room = t->room ? t->room * 2 : 16;
        struct cif_value *more = arena_array(p->arena, room, sizeof *more);
        if (used)
            memcpy(more, t->cells, used * sizeof *more);
        t->cells = more;
        t->room = room;
    }
    return &t->cells[used];
}

/* _category.item value: goes into the category's table of single items. */
static bool parse_item(struct parser *p, const char *name, struct token *next)
{
    const char *category, *item;
    split_name(p, name, &category, &item);
    if (next->kind != TOKEN_VALUE)
        return error_set(p->err, next->kind == TOKEN_END ? ERROR_TRUNCATED : ERROR_DAMAGED,
                         "%s, line %zu: %s has no value", p->path, line_number(p), name);
    struct cif_table *t = NULL;
    for (size_t i = p->out->n_tables; i-- > 0 && !t;)
        if (!p->out->tables[i].loop && strcmp(p->out->tables[i].category, category) == 0)
            t = &p->out->tables[i];
    if (!t && !(t = add_table(p, category)))
        return false;
    if (!add_column(p, t, item))
        return false;
    *add_cell(p, t, t->n_columns - 1) = (struct cif_value){next->text, next->section};
    t->n_rows = 1;
    return next_token(p, next);
}

static bool parse_loop(struct parser *p, struct token *next)
{
    struct cif_table *t = NULL;
    for (; next->kind == TOKEN_NAME;) {
        const char *category, *item;
        split_name(p, next->text, &category, &item);
        if (!t && !(t = add_table(p, category)))
            return false;
        t->loop = true;
        if (!add_column(p, t, item) || !next_token(p, next))
            return false;
    }
    if (!t)
        return error_set(p->err, ERROR_DAMAGED, "%s, line %zu: a loop without names", p->path,
                         line_number(p));
    size_t cells = 0;
    while (next->kind == TOKEN_VALUE) {
        *add_cell(p, t, cells++) = (struct cif_value){next->text, next->section};
        if (cells > (size_t)ROW_LIMIT * t->n_columns)
            return error_set(p->err, ERROR_UNSUPPORTED, "%s: table %s has more than %d rows", p->path,
                             t->category, ROW_LIMIT);
        if (!next_token(p, next))
            return false;
    }
    if (cells % t->n_columns)
        return error_set(p->err, next->kind == TOKEN_END ? ERROR_TRUNCATED : ERROR_DAMAGED,
                         "%s, line %zu: the last row of table %s is not complete", p->path, line_number(p),
                         t->category);
    t->n_rows = cells / t->n_columns;
    return true;
}

bool cif_parse(const uint8_t *data, size_t n, const char *path, struct arena *a, struct cif *out,
               struct error *err)
{
    *out = (struct cif){0};
    struct parser p = {
        .data = data, .at = data, .end = data + n, .path = path, .arena = a, .out = out, .err = err};
    struct token next;
    if (!next_token(&p, &next))
        return false;
    while (next.kind != TOKEN_END) {
        if (next.kind == TOKEN_NAME) {
            const char *name = next.text;
            if (!next_token(&p, &next) || !parse_item(&p, name, &next))
                return false;
        } else if (next.kind == TOKEN_LOOP) {
            if (!next_token(&p, &next) || !parse_loop(&p, &next))
                return false;
        } else if (!next_token(&p, &next)) { /* data_ heads; a stray value is stepped over, as CBFlib does */
            return false;
        }
    }
    return true;
}

/* ---- questions ---- */

int cif_column(const struct cif_table *t, const char *item)
{
    for (size_t i = 0; t && i < t->n_columns; i++)
        if (strcmp(t->columns[i], item) == 0)
            return (int)i;
    return -1;
}

const struct cif_table *cif_find(const struct cif *c, const char *category, const char *item)
{
    for (size_t i = 0; i < c->n_tables; i++)
        if (strcmp(c->tables[i].category, category) == 0 && (!item || cif_column(&c->tables[i], item) >= 0))
            return &c->tables[i];
    return NULL;
}

const char *cif_text(const struct cif_table *t, size_t row, const char *item)
{
    int column = cif_column(t, item);
    return column >= 0 && row < t->n_rows ? t->cells[row * t->n_columns + (size_t)column].text : NULL;
}

bool cif_number(const struct cif_table *t, size_t row, const char *item, double fallback, double *out)
{
    const char *text = cif_text(t, row, item);
    *out = fallback;
    return !text || (str_to_double(text, out) && isfinite(*out));
}

bool cif_integer(const struct cif_table *t, size_t row, const char *item, int64_t fallback, int64_t *out)
{
    const char *text = cif_text(t, row, item);
    *out = fallback;
    return !text || str_to_i64(text, out);
}

static int key_order(const void *a, const void *b)
{
    const struct cif_key *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

void cif_index_make(const struct cif_table *t, const char *item, struct arena *a, struct cif_index *out)
{
    size_t rows = t ? t->n_rows : 0;
    out->n = 0;
    out->keys = arena_array(a, rows, sizeof *out->keys);
    for (size_t row = 0; row < rows; row++) {
        const char *text = cif_text(t, row, item);
        if (text)
            out->keys[out->n++] = (struct cif_key){text, row};
    }
    qsort(out->keys, out->n, sizeof *out->keys, key_order);
}

size_t cif_index_first(const struct cif_index *x, const char *text)
{
    size_t low = 0, high = x->n;
    while (text && low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(x->keys[middle].text, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return text && low < x->n && strcmp(x->keys[low].text, text) == 0 ? low : x->n;
}

long cif_index_row(const struct cif_index *x, const char *text)
{
    size_t key = cif_index_first(x, text);
    return key < x->n ? (long)x->keys[key].row : -1;
}
