/* intensities.c - text tables of intensities, and one entry an orbit; see intensities.h. */
#include "model/intensities_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void laue_representative(const struct space_group *g, const int32_t hkl[3], int32_t out[3])
{
    out[0] = out[1] = out[2] = INT32_MIN;
    for (int i = 0; i < g->n_ops; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            const int8_t *r = g->ops[i].r;
            int32_t v[3];
            for (int k = 0; k < 3; k++)
                v[k] = sign * (hkl[0] * r[k] + hkl[1] * r[3 + k] + hkl[2] * r[6 + k]);
            bool larger = v[0] != out[0] ? v[0] > out[0] : v[1] != out[1] ? v[1] > out[1] : v[2] > out[2];
            if (larger)
                memcpy(out, v, sizeof v);
        }
}

bool raw_intensities_add(struct raw_intensities *r, const double hkl[3], double value, const char *name,
                         size_t place, struct error *err)
{
    if (r->n == INTENSITIES_MAX)
        return error_set(err, ERROR_UNSUPPORTED, "%s has more than %d reflections", name, INTENSITIES_MAX);
    r->rows = arena_grow(r->arena, r->rows, r->n, sizeof *r->rows);
    for (int i = 0; i < 3; i++) {
        if (!(fabs(hkl[i]) < INDEX_LIMIT) || hkl[i] != floor(hkl[i]))
            return error_set(err, ERROR_METADATA, "%s: the index %g of row %zu is no Miller index", name,
                             hkl[i], place);
        r->rows[r->n].hkl[i] = (int32_t)hkl[i];
    }
    r->rows[r->n++].value = value;
    return true;
}

/* ---- text: CrystFEL's list, or a plain table ---- */

enum { FIELDS = 8 };

/* Numbers at the start of a line, blanks or commas between; how many there are. */
static int read_fields(const char *line, size_t n, double out[FIELDS])
{
    int fields = 0;
    size_t i = 0;
    while (fields < FIELDS) {
        char word[64];
        size_t length = 0;
        while (i < n &&
               (line[i] == ' ' || line[i] == '\t' || line[i] == ',' || line[i] == ';' || line[i] == '\r'))
            i++;
        while (i < n && !strchr(" \t,;\r", line[i]) && length < sizeof word - 1)
            word[length++] = line[i++];
        word[length] = 0;
        if (!length || !str_to_double(word, &out[fields]))
            break;
        fields++;
    }
    return fields;
}

static bool starts(const char *line, size_t n, const char *word)
{
    return n >= strlen(word) && !memcmp(line, word, strlen(word));
}

static bool text_read(const char *text, size_t n, const char *name, struct raw_intensities *out,
                      struct error *err)
{
    size_t line = 0, seen = 0;
    for (size_t at = 0; at < n; line++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t length = end ? (size_t)(end - text) - at : n - at;
        double v[FIELDS];
        if (starts(text + at, length, "End of reflections"))
            break;
        int fields = read_fields(text + at, length, v);
        if (fields >= 4) {
            if (isfinite(v[3]) && !raw_intensities_add(out, v, v[3], name, line + 1, err))
                return false;
            seen++;
        } else if (seen && length && text[at] != '\r' && text[at] != '#') {
            error_set(err, ERROR_DAMAGED, "%s: line %zu is no row \"h k l intensity\"", name, line + 1);
            return error_detail(err, "%.*s", (int)(length < 60 ? length : 60), text + at);
        }
        at += length + 1;
    }
    return seen || error_set(err, ERROR_METADATA, "%s holds no row \"h k l intensity\"", name);
}

/* ---- one entry an orbit ---- */

static int by_index(const void *x, const void *y)
{
    const struct intensity *a = x, *b = y;
    for (int i = 0; i < 3; i++)
        if (a->hkl[i] != b->hkl[i])
            return a->hkl[i] < b->hkl[i] ? -1 : 1;
    return (a->value > b->value) -
           (a->value < b->value); /* a total order: sums do not depend on the file's order */
}

static bool same_index(const struct intensity *a, const struct intensity *b)
{
    return !memcmp(a->hkl, b->hkl, sizeof a->hkl);
}

/* Sorted rows: mean of each run of the same index. */
static size_t merge(struct intensity *rows, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0, next; i < n; i = next) {
        double sum = 0;
        for (next = i; next < n && same_index(&rows[next], &rows[i]); next++)
            sum += rows[next].value;
        rows[kept] = rows[i];
        rows[kept++].value = sum / (double)(next - i);
    }
    return kept;
}

bool intensities_parse(const uint8_t *data, size_t n, const char *name, const char *label,
                       const struct space_group *g, struct arena *a, struct intensities *out,
                       struct error *err)
{
    struct raw_intensities raw = {.arena = a};
    bool mtz = mtz_known(data, n);
    if (label && !mtz)
        return error_set(err, ERROR_USAGE, "%s is no MTZ file: it has no column %s", name, label);
    if (!(mtz ? mtz_read(data, n, name, label, &raw, err)
              : text_read((const char *)data, n, name, &raw, err)))
        return false;
    for (size_t i = 0; i < raw.n; i++) {
        int32_t hkl[3];
        laue_representative(g, raw.rows[i].hkl, hkl);
        memcpy(raw.rows[i].hkl, hkl, sizeof hkl);
    }
    if (raw.n)
        qsort(raw.rows, raw.n, sizeof *raw.rows, by_index);
    *out = (struct intensities){.rows = raw.rows, .n = merge(raw.rows, raw.n)};
    memcpy(out->cell, raw.cell, sizeof out->cell);
    return true;
}

static int index_only(const void *x, const void *y)
{
    const struct intensity *a = x, *b = y;
    for (int i = 0; i < 3; i++)
        if (a->hkl[i] != b->hkl[i])
            return a->hkl[i] < b->hkl[i] ? -1 : 1;
    return 0;
}

const double *intensities_find(const struct intensities *list, const struct space_group *g,
                               const int32_t hkl[3])
{
    struct intensity key = {.value = 0};
    laue_representative(g, hkl, key.hkl);
    const struct intensity *found =
        list->n ? bsearch(&key, list->rows, list->n, sizeof key, index_only) : NULL;
    return found ? &found->value : NULL;
}
