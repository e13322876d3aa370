/* merge_log.c - see merge_log.h. A line becomes words, the words of a row become a shell; what does not fit is refused with its line. */
#include "store/merge_log.h"

#include <math.h>
#include <string.h>

enum { WORDS_MOST = 24, WORD_ROOM = 32 };

struct words {
    char text[WORDS_MOST][WORD_ROOM];
    size_t n;
};

enum table { TABLE_NONE, TABLE_INTENSITY, TABLE_CC, TABLE_SCALING };

struct pairs {
    int64_t pairs, possible;
    double cc;
};

struct reading {
    const char *name;
    struct arena *a;
    enum table in;
    size_t line;
    int64_t lattices; /* -1: not said yet */
    struct store_merge_shell all, *shells;
    struct pairs all_pairs, *pairs; /* rows have no number: theirs is their place */
    size_t n_shells, n_pairs;
    bool begun, has_all, cc_all_next, has_cc_all;
};

/* ---- words ---- */

/* "[ 53/2486] 50.3%" is four words: brackets, slashes and per cent only part them. A line with more or longer words than a row of ours
 * has none. */
static void split(const char *p, const char *end, struct words *w)
{
    static const char apart[] = " \t\r[]/%,";
    w->n = 0;
    while (p < end) {
        size_t n = 0;
        while (p < end && *p && strchr(apart, *p))
            p++;
        while (p + n < end && p[n] && !strchr(apart, p[n]))
            n++;
        if (n == 0 && p < end)
            n = WORD_ROOM; /* a NUL: no text of a log */
        if (n >= WORD_ROOM || (n && w->n == WORDS_MOST)) {
            w->n = 0;
            return;
        }
        if (n) {
            memcpy(w->text[w->n], p, n);
            w->text[w->n++][n] = 0;
        }
        p += n;
    }
}

static bool count_of(const char *word, int64_t *out)
{
    return str_to_i64(word, out) && *out >= 0 && *out <= INT64_C(1000000000000);
}

/* NaN: "--", "None", and what else is no number. */
static double real_of(const char *word)
{
    double v = NAN;
    return str_to_double(word, &v) && isfinite(v) ? v : NAN;
}

static bool is_line(const char *p, const char *end, const char *begins)
{
    size_t n = strlen(begins);
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return (size_t)(end - p) >= n && memcmp(p, begins, n) == 0;
}

static bool not_ours(const struct reading *r, const char *what, struct error *err)
{
    error_set(err, ERROR_METADATA, "%s: line %zu is no row of the table of %s that we know", r->name, r->line,
              what);
    return error_hint(err, "tables as cctbx.xfel.merge 2022 and later writes them are read");
}

/* ---- rows ---- */

/* Of "3 4.0716 - 3.5569 …" the number and the range; of "All …" 0. *at: the first word behind. false: no such row. */
static bool row_begins(const struct words *w, int64_t *shell, double *d_max, double *d_min, size_t *at)
{
    *d_max = *d_min = NAN;
    *shell = 0;
    *at = 1;
    if (w->n && strcmp(w->text[0], "All") == 0)
        return true;
    if (w->n < 4 || !count_of(w->text[0], shell) || *shell < 1 || *shell > MERGE_LOG_SHELLS ||
        strcmp(w->text[2], "-") != 0)
        return false;
    *d_max = real_of(w->text[1]);
    *d_min = real_of(w->text[3]);
    *at = 4;
    if (!(*d_max > 0)) /* -1: no limit */
        *d_max = NAN;
    return *d_min > 0 && (isnan(*d_max) || *d_max > *d_min);
}

/* A figure that the log rounded to two decimals. */
static bool is_near(const char *word, double v)
{
    return fabs(real_of(word) - v) < 0.0051;
}

/* The columns have no names that a program could go by: that per cent and multiplicities are what the numbers give says that they are
 * where we think. */
static bool take_intensity(struct reading *r, const struct words *w, struct error *err)
{
    enum {
        POSSIBLE = 1,
        PERCENT,
        ASU_MULTI,
        OBS_MULTI,
        MEASURED,
        MORE_THAN_ONCE,
        MEAN_I,
        I_SIGMA,
        COLUMNS = 12
    };
    int64_t shell;
    size_t at;
    struct store_merge_shell s = {
        .cc_pairs = -1, .cc_half = NAN, .cc_star = NAN, .r_split = NAN, .wilson_b = NAN};
    if (!row_begins(w, &shell, &s.d_max, &s.d_min, &at) || w->n < at + COLUMNS)
        return not_ours(r, "intensities", err);
    const char(*x)[WORD_ROOM] = w->text + at;
    if (!count_of(x[0], &s.unique) || !count_of(x[POSSIBLE], &s.possible) ||
        !count_of(x[MEASURED], &s.measured) || s.unique > s.possible || s.measured < s.unique)
        return not_ours(r, "intensities", err);
    s.shell = (uint32_t)shell;
    s.completeness = s.possible ? (double)s.unique / (double)s.possible : NAN;
    s.multiplicity = s.unique ? (double)s.measured / (double)s.unique : NAN;
    s.mean_i = s.unique ? real_of(x[MEAN_I]) : NAN;
    s.i_over_sigma = s.unique ? real_of(x[I_SIGMA]) : NAN;
    if (!is_near(x[PERCENT], s.possible ? 100 * s.completeness : 0) ||
        !is_near(x[OBS_MULTI], s.unique ? s.multiplicity : 0))
        return not_ours(r, "intensities", err);
    if (shell == 0) {
        r->all = s;
        r->has_all = true;
        r->in = TABLE_NONE;
        return true;
    }
    if (r->n_shells == MERGE_LOG_SHELLS || (r->n_shells && r->shells[r->n_shells - 1].shell >= s.shell))
        return not_ours(r, "intensities", err);
    r->shells = arena_grow(r->a, r->shells, r->n_shells, sizeof *r->shells);
    r->shells[r->n_shells++] = s;
    return true;
}

/* "53/2486  0.502658", one a shell, a line, and that of all. */
static bool take_pairs(struct reading *r, const struct words *w, bool all, struct error *err)
{
    struct pairs p;
    if (w->n != 3 || !count_of(w->text[0], &p.pairs) || !count_of(w->text[1], &p.possible) ||
        p.pairs > p.possible || r->n_pairs > MERGE_LOG_SHELLS)
        return not_ours(r, "CC 1/2", err);
    p.cc = real_of(w->text[2]);
    if (fabs(p.cc) > 1.000001)
        return not_ours(r, "CC 1/2", err);
    if (all) {
        r->all_pairs = p;
        r->has_cc_all = true;
        r->in = TABLE_NONE;
        return true;
    }
    r->pairs = arena_grow(r->a, r->pairs, r->n_pairs, sizeof *r->pairs);
    r->pairs[r->n_pairs++] = p;
    return true;
}

/* R split only: its CC is that of the other table, rounded. A row that we do not know is passed over: all else is known without. */
static void take_scaling(struct reading *r, const struct words *w)
{
    enum { R_SPLIT = 7 };
    int64_t shell;
    size_t at;
    double d_max, d_min;
    if (!row_begins(w, &shell, &d_max, &d_min, &at) || w->n <= at + R_SPLIT)
        return;
    double split = real_of(w->text[at + R_SPLIT]) / 100;
    if (shell == 0) {
        r->all.r_split = split;
        r->in = TABLE_NONE;
        return;
    }
    for (size_t i = 0; i < r->n_shells; i++)
        if (r->shells[i].shell == (uint32_t)shell && fabs(r->shells[i].d_min - d_min) < 1e-3)
            r->shells[i].r_split = split;
}

/* ---- lines ---- */

static void begin_again(struct reading *r)
{
    *r = (struct reading){.name = r->name, .a = r->a, .line = r->line, .lattices = -1};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_line(struct reading *r, const char *p, const char *end, struct error *err)
{
    struct words w;
    split(p, end, &w);
    const char *first = w.n ? w.text[0] : "";
    bool row = is_digit(*first) || strcmp(first, "All") == 0;
    if (is_line(p, end, "STEP 1:"))
        begin_again(r);
    else if (is_line(p, end, "STEP ") || is_line(p, end, "Intensity Statistics (odd") ||
             is_line(p, end, "Intensity Statistics (even") || is_line(p, end, "CC ISO"))
        r->in = TABLE_NONE;
    else if (is_line(p, end, "Intensity Statistics (all accepted experiments)"))
        r->in = TABLE_INTENSITY, r->begun = true;
    else if (is_line(p, end, "CC 1/2"))
        r->in = TABLE_CC;
    else if (is_line(p, end, "Table of Scaling Results"))
        r->in = TABLE_SCALING;
    else if (is_line(p, end, "Experiments: (total,min,max):") && w.n > 2 && !r->has_all)
        return count_of(w.text[w.n - 3], &r->lattices) || not_ours(r, "numbers of experiments", err);
    else if (r->in == TABLE_INTENSITY && row)
        return take_intensity(r, &w, err);
    else if (r->in == TABLE_CC && row)
        return take_pairs(r, &w, r->cc_all_next, err);
    else if (r->in == TABLE_CC && is_line(p, end, "----"))
        r->cc_all_next = true;
    else if (r->in == TABLE_SCALING && row)
        take_scaling(r, &w);
    return true;
}

/* ---- the whole ---- */

static void put_pairs(struct store_merge_shell *s, const struct pairs *p)
{
    enum { FEWEST = 3 };
    s->cc_pairs = p->pairs;
    if (p->pairs < FEWEST)
        return;
    s->cc_half = p->cc;
    s->cc_star = p->cc >= 0 ? sqrt(2 * p->cc / (1 + p->cc)) : NAN;
}

static bool join(struct reading *r, struct error *err)
{
    int64_t unique = 0, measured = 0;
    r->all.d_max = r->shells[0].d_max;
    r->all.d_min = r->shells[r->n_shells - 1].d_min;
    for (size_t i = 0; i < r->n_shells; i++) {
        unique += r->shells[i].unique;
        measured += r->shells[i].measured;
    }
    if (unique != r->all.unique || measured != r->all.measured)
        return error_set(err, ERROR_METADATA, "%s: the shells do not add up to what stands for all of them",
                         r->name);
    if (!r->n_pairs)
        return true;
    put_pairs(&r->all, &r->all_pairs);
    for (size_t i = 0; i < r->n_shells; i++) {
        size_t at = r->shells[i].shell - 1;
        if (at >= r->n_pairs || r->pairs[at].possible != r->shells[i].possible)
            return error_set(err, ERROR_METADATA, "%s: CC 1/2 is of other shells than the intensities",
                             r->name);
        put_pairs(r->shells + i, r->pairs + at);
    }
    return true;
}

static bool is_whole(const struct reading *r, struct error *err)
{
    if (!r->begun)
        return error_set(err, ERROR_METADATA, "%s has no statistics of a merge", r->name),
               error_hint(err,
                          "the log of cctbx.xfel.merge is called PREFIX_main.log; a merge that died left "
                          "none in it");
    if (!r->has_all && !r->n_shells && r->in != TABLE_INTENSITY)
        return error_set(err, ERROR_METADATA, "%s: no reflection was merged", r->name);
    if (!r->has_all || (r->n_pairs && !r->has_cc_all))
        return error_set(err, ERROR_TRUNCATED, "%s ends before the table of its statistics does", r->name);
    if (!r->n_shells)
        return error_set(err, ERROR_METADATA, "%s: no reflection was merged", r->name);
    return r->lattices >= 0 ||
           error_set(err, ERROR_METADATA, "%s does not say how many experiments were merged", r->name);
}

bool merge_log_parse(const char *text, size_t size, const char *name, struct arena *a,
                     struct store_merge_shell **rows, size_t *n, struct error *err)
{
    struct reading r = {.name = name, .a = a, .lattices = -1};
    const char *p = text, *end = text + size, *stop;
    *n = 0;
    /* a last line without its end may be half of one */
    for (; p < end && (stop = memchr(p, '\n', (size_t)(end - p))); p = stop + 1) {
        r.line++;
        if (!take_line(&r, p, stop, err))
            return false;
    }
    if (!is_whole(&r, err) || !join(&r, err))
        return false;
    *rows = arena_array(a, r.n_shells + 1, sizeof **rows);
    (*rows)[(*n)++] = r.all;
    for (size_t i = 0; i < r.n_shells; i++)
        (*rows)[(*n)++] = r.shells[i];
    for (size_t i = 0; i < *n; i++)
        (*rows)[i].lattices = r.lattices;
    return true;
}

bool merge_log_read(const char *path, struct arena *a, struct store_merge_shell **rows, size_t *n,
                    struct error *err)
{
    struct bytes b = {0};
    uint64_t size;
    bool ok = fs_tail(path, MERGE_LOG_BYTES, &b, &size, err) &&
              merge_log_parse((const char *)b.data, b.size, path, a, rows, n, err);
    bytes_free(&b);
    return ok;
}
