/* refl.c - reflection tables, column by column; see refl.h.
 *
 * One table says which columns exist, in which kinds of file, of which type, and where each number comes from. What follows a
 * column's header is the memory of x86-64: little-endian, rows one after the other.
 */
#include "sink/refl.h"

#include "sink/msgpack.h"

#include "base/base.h"

#include <math.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are written as they lie in memory");

/* One row of any table. */
struct row {
    const struct kept_frame *frame;
    const struct reflection *r; /* NULL in strong tables */
    const struct spot *spot;    /* NULL when the frame's spots were not kept */
    int32_t id, imageset;
    uint64_t number; /* of the row in its experiment */
};

union cell {
    uint8_t bool1;
    int32_t int6[6];
    uint64_t size1;
    double real3[3];
};

struct column {
    const char *name;
    enum column_type { BOOL, INT, SIZE, REAL, VEC3, INT6, HKL, SHOEBOX } type;
    unsigned kinds; /* tables that have it */
    void (*value)(const struct row *row, const struct column *c, union cell *out);
    size_t offset; /* of the number in struct reflection or struct spot */
    double z;      /* third component of vectors that have two: stills have no third dimension */
};

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [BOOL] = {"bool", 1},
    [INT] = {"int", 4},
    [SIZE] = {"std::size_t", 8},
    [REAL] = {"double", 8},
    [VEC3] = {"vec3<double>", 24},
    [INT6] = {"int6", 24},
    [HKL] = {"cctbx::miller::index<>", 12},
    [SHOEBOX] = {"Shoebox<>", 0},
};

/* ---- where numbers come from */

static const void *field(const struct row *row, const struct column *c)
{
    return (const char *)row->r + c->offset;
}

static void from_real(const struct row *row, const struct column *c, union cell *out)
{
    memcpy(out->real3, field(row, c), sizeof(double));
}

static void from_real2(const struct row *row, const struct column *c, union cell *out)
{
    memcpy(out->real3, field(row, c), 2 * sizeof(double));
    out->real3[2] = c->z;
}

static void from_real3(const struct row *row, const struct column *c, union cell *out)
{
    memcpy(out->real3, field(row, c), 3 * sizeof(double));
}

static void from_int(const struct row *row, const struct column *c, union cell *out)
{
    memcpy(out->int6, field(row, c), sizeof(int32_t));
}

static void from_uint(const struct row *row, const struct column *c, union cell *out)
{
    uint32_t v;
    memcpy(&v, field(row, c), sizeof v);
    out->size1 = v;
}

static void from_hkl(const struct row *row, const struct column *c, union cell *out)
{
    memcpy(out->int6, field(row, c), 3 * sizeof(int32_t));
}

static void from_box(const struct row *row, const struct column *c, union cell *out)
{
    (void)c;
    const struct reflection *r = row->r;
    memcpy(out->int6, (int32_t[6]){r->x0, r->x1, r->y0, r->y1, 0, 1}, sizeof out->int6);
}

static void spot_box(const struct row *row, const struct column *c, union cell *out)
{
    (void)c;
    const struct spot *s = row->spot;
    memcpy(out->int6, (int32_t[6]){s->x0, s->x1, s->y0, s->y1, 0, 1}, sizeof out->int6);
}

static void spot_panel(const struct row *row, const struct column *c, union cell *out)
{
    (void)c;
    out->size1 = row->spot->panel;
}

static void spot_flags(const struct row *row, const struct column *c, union cell *out)
{
    (void)row, (void)c;
    out->size1 = REFL_STRONG;
}

static void spot_intensity(const struct row *row, const struct column *c, union cell *out)
{
    (void)c;
    out->real3[0] = row->spot->intensity;
}

static void spot_variance(const struct row *row, const struct column *c, union cell *out)
{
    (void)c;
    out->real3[0] = fabs(row->spot->intensity);
}

/* x and y lie side by side in struct spot, as do their variances. */
static void spot_real2(const struct row *row, const struct column *c, union cell *out)
{
    memcpy(out->real3, (const char *)row->spot + c->offset, 2 * sizeof(double));
    out->real3[2] = c->z;
}
_Static_assert(offsetof(struct spot, y) == offsetof(struct spot, x) + sizeof(double), "spot_real2");
_Static_assert(offsetof(struct spot, var_y) == offsetof(struct spot, var_x) + sizeof(double), "spot_real2");

static void row_id(const struct row *row, const struct column *c, union cell *out)
{
    (void)c;
    out->int6[0] = row->id;
}

static void row_imageset(const struct row *row, const struct column *c, union cell *out)
{
    (void)c;
    out->int6[0] = row->imageset;
}

static void row_number(const struct row *row, const struct column *c, union cell *out)
{
    (void)c;
    out->size1 = row->number;
}

static void always_false(const struct row *row, const struct column *c, union cell *out)
{
    (void)row, (void)c;
    out->bool1 = 0;
}

static void always_one(const struct row *row, const struct column *c, union cell *out)
{
    (void)row, (void)c;
    out->real3[0] = 1;
}

static void delpsi_squared(const struct row *row, const struct column *c, union cell *out)
{
    (void)c;
    out->real3[0] = row->r->delpsi * row->r->delpsi;
}

/* Calculated minus observed, mm; offset: 0 along fast, 1 along slow. */
static void residual(const struct row *row, const struct column *c, union cell *out)
{
    out->real3[0] = row->r->cal_mm[c->offset] - row->r->obs_mm[c->offset];
}

static void residual_squared(const struct row *row, const struct column *c, union cell *out)
{
    residual(row, c, out);
    out->real3[0] *= out->real3[0];
}

/* ---- the columns, names ascending */

#define S TABLE_STRONG
#define X TABLE_INDEXED
#define I TABLE_INTEGRATED
#define R(member) offsetof(struct reflection, member)
#define TWELFTH (1.0 / 12) /* variance of a position that is only known to lie in one image */

static const struct column columns[] = {
    // clang-format off
    {"background.dispersion",      REAL, I,         from_real, R(bg_dispersion), 0},
    {"background.mean",            REAL, I,         from_real, R(bg_mean), 0},
    {"background.mse",             REAL, I,         from_real, R(bg_mse), 0},
    {"background.sum.value",       REAL, I,         from_real, R(bg_sum), 0},
    {"background.sum.variance",    REAL, I,         from_real, R(bg_sum_var), 0},
    {"bbox",                       INT6, S,         spot_box, 0, 0},
    {"bbox",                       INT6, X | I,     from_box, 0, 0},
    {"d",                          REAL, I,         from_real, R(d), 0},
    {"delpsical.rad",              REAL, X | I,     from_real, R(delpsi), 0},
    {"delpsical2",                 REAL, X,         delpsi_squared, 0, 0},
    {"entering",                   BOOL, X | I,     always_false, 0, 0},
    {"flags",                      SIZE, S,         spot_flags, 0, 0},
    {"flags",                      SIZE, X | I,     from_uint, R(flags), 0},
    {"id",                         INT,  S | X | I, row_id, 0, 0},
    {"imageset_id",                INT,  X,         row_imageset, 0, 0},
    {"intensity.prf.value",        REAL, I,         from_real, R(prf), 0},
    {"intensity.prf.variance",     REAL, I,         from_real, R(prf_variance), 0},
    {"intensity.sum.value",        REAL, S,         spot_intensity, 0, 0},
    {"intensity.sum.value",        REAL, X | I,     from_real, R(intensity), 0},
    {"intensity.sum.variance",     REAL, S,         spot_variance, 0, 0},
    {"intensity.sum.variance",     REAL, X | I,     from_real, R(variance), 0},
    {"miller_index",               HKL,  X | I,     from_hkl, R(hkl), 0},
    {"num_pixels.background",      INT,  I,         from_int, R(n_background), 0},
    {"num_pixels.background_used", INT,  I,         from_int, R(n_background_used), 0},
    {"num_pixels.foreground",      INT,  I,         from_int, R(n_foreground), 0},
    {"num_pixels.valid",           INT,  I,         from_int, R(n_valid), 0},
    {"panel",                      SIZE, S,         spot_panel, 0, 0},
    {"panel",                      SIZE, X | I,     from_uint, R(panel), 0},
    {"partial_id",                 SIZE, I,         row_number, 0, 0},
    {"partiality",                 REAL, I,         always_one, 0, 0},
    {"rlp",                        VEC3, X,         from_real3, R(rlp), 0},
    {"s1",                         VEC3, X | I,     from_real3, R(s1), 0},
    {"shoebox",                    SHOEBOX, S | X,  NULL, 0, 0},
    {"x_resid",                    REAL, X,         residual, 0, 0},
    {"x_resid2",                   REAL, X,         residual_squared, 0, 0},
    {"xfelx.partiality",           REAL, I,         from_real, R(partiality), 0},
    {"xfelx.variance.background",  REAL, I,         from_real, R(variance_background), 0},
    {"xyzcal.mm",                  VEC3, X | I,     from_real2, R(cal_mm), 0},
    {"xyzcal.px",                  VEC3, X | I,     from_real2, R(cal_px), 0},
    {"xyzobs.mm.value",            VEC3, X | I,     from_real2, R(obs_mm), 0},
    {"xyzobs.mm.variance",         VEC3, X | I,     from_real2, R(obs_mm_var), 0},
    {"xyzobs.px.value",            VEC3, S,         spot_real2, offsetof(struct spot, x), 0},
    {"xyzobs.px.value",            VEC3, X,         from_real2, R(obs_px), 0},
    {"xyzobs.px.value",            VEC3, I,         from_real2, R(obs_px), 0.5},
    {"xyzobs.px.variance",         VEC3, S,         spot_real2, offsetof(struct spot, var_x), TWELFTH},
    {"xyzobs.px.variance",         VEC3, X | I,     from_real2, R(obs_px_var), TWELFTH},
    {"y_resid",                    REAL, X,         residual, 1, 0},
    {"y_resid2",                   REAL, X,         residual_squared, 1, 0},
    // clang-format on
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };
#undef S
#undef X
#undef I
#undef R

/* ---- writing */

static struct row row_make(const struct table *t, size_t i, size_t k)
{
    const struct experiment *e = &t->experiments[i];
    const struct kept_frame *f = t->frames[e->frame];
    size_t n = 0, at = e->first_row + k;
    struct row row = {.frame = f, .id = (int32_t)i, .imageset = (int32_t)e->frame, .number = k};
    if (t->kind == TABLE_STRONG) {
        row.spot = &f->spots[at];
    } else {
        row.r = &kept_rows(f, t->kind, &n)[at];
        row.spot = f->spots && row.r->spot >= 0 ? &f->spots[row.r->spot] : NULL;
    }
    return row;
}

/* Panel, box, marker 1; then n values, n masks, n backgrounds (FORMATS 2.2). */
enum { BOX_HEAD = 29, BOX_PIXEL = 12, MASK_SPOT = 5 /* valid, foreground */ };

static size_t shoebox_size(const struct spot *s)
{
    return BOX_HEAD + BOX_PIXEL * (size_t)(s->x1 - s->x0) * (size_t)(s->y1 - s->y0);
}

/* Only the spot's own pixels are filled, as the spot finder of DIALS leaves them. out: shoebox_size() bytes of zeros. */
static void shoebox_fill(const struct kept_frame *f, const struct spot *s, uint8_t *out)
{
    size_t width = (size_t)(s->x1 - s->x0), n = width * (size_t)(s->y1 - s->y0);
    int32_t box[6] = {s->x0, s->x1, s->y0, s->y1, 0, 1}, mask = MASK_SPOT;
    memcpy(out, &s->panel, 4);
    memcpy(out + 4, box, 24);
    out[28] = 1;
    for (uint32_t k = 0; k < s->n_pixels; k++) {
        const struct strong_pixel *p = &f->pixels[s->first_pixel + k];
        size_t at = (size_t)(p->y - s->y0) * width + (size_t)(p->x - s->x0);
        memcpy(out + BOX_HEAD + 4 * at, &p->value, 4);
        memcpy(out + BOX_HEAD + 4 * (n + at), &mask, 4);
    }
}

static void add_shoebox(const struct row *row, struct str *out)
{
    static const char zeros[256];
    size_t size = shoebox_size(row->spot), start = out->len;
    for (size_t left = size; left > 0; left -= left < sizeof zeros ? left : sizeof zeros)
        str_addn(out, zeros, left < sizeof zeros ? left : sizeof zeros);
    shoebox_fill(row->frame, row->spot, (uint8_t *)out->text + start);
}

static uint64_t column_size(const struct table *t, const struct column *c)
{
    if (c->type != SHOEBOX)
        return (uint64_t)t->n_rows * types[c->type].size;
    uint64_t size = 0;
    for (size_t i = 0; i < t->n_experiments; i++)
        for (size_t k = 0; k < t->experiments[i].n_rows; k++)
            size += shoebox_size(row_make(t, i, k).spot);
    return size;
}

static void add_column_head(const struct table *t, const struct column *c, struct str *out)
{
    msgpack_text(out, c->name);
    msgpack_array(out, 2);
    msgpack_text(out, types[c->type].name);
    msgpack_array(out, 2);
    msgpack_uint(out, t->n_rows);
    msgpack_bytes(out, (uint32_t)column_size(t, c));
}

/* A column of the rows of some experiments. */
static void add_values(const struct table *t, const struct column *c, size_t first, size_t end,
                       struct str *out)
{
    for (size_t i = first; i < end; i++)
        for (size_t k = 0; k < t->experiments[i].n_rows; k++) {
            struct row row = row_make(t, i, k);
            union cell cell;
            if (c->type == SHOEBOX) {
                add_shoebox(&row, out);
                continue;
            }
            c->value(&row, c, &cell);
            str_addn(out, (const char *)&cell, types[c->type].size);
        }
}

static bool has_column(const struct table *t, const struct column *c, bool shoeboxes)
{
    return (c->kinds & t->kind) && (c->type != SHOEBOX || shoeboxes);
}

/* Number of columns and room for them; false when one is larger than the format can say. */
static bool measure(const struct table *t, bool shoeboxes, uint32_t *n_columns, uint64_t *total,
                    struct error *err)
{
    *n_columns = 0;
    *total = 64 + 48 * (uint64_t)t->n_experiments;
    for (size_t i = 0; i < N_COLUMNS; i++) {
        if (!has_column(t, &columns[i], shoeboxes))
            continue;
        uint64_t size = column_size(t, &columns[i]);
        if (size > UINT32_MAX)
            return error_set(err, ERROR_UNSUPPORTED, "%s do not fit into one .refl file (column %s)",
                             COUNT(t->n_rows, "reflection"), columns[i].name),
                   error_hint(err, "use more ranks, so that each writes fewer frames");
        *total += 80 + size; /* name, type and headers take less than 80 */
        ++*n_columns;
    }
    return true;
}

/* All before the columns. */
static void add_head(const struct table *t, uint32_t n_columns, struct str *out)
{
    msgpack_array(out, 3);
    msgpack_text(out, "dials::af::reflection_table");
    msgpack_uint(out, 1); /* the version that old and new readers take */
    msgpack_map(out, 3);
    msgpack_text(out, "identifiers");
    msgpack_map(out, (uint32_t)t->n_experiments);
    for (size_t i = 0; i < t->n_experiments; i++) {
        msgpack_uint(out, i);
        msgpack_text(out, t->experiments[i].identifier);
    }
    msgpack_text(out, "nrows");
    msgpack_uint(out, t->n_rows);
    msgpack_text(out, "data");
    msgpack_map(out, n_columns);
}

bool refl_bytes(const struct table *t, bool shoeboxes, struct str *out, struct error *err)
{
    uint32_t n_columns;
    uint64_t total;
    if (!measure(t, shoeboxes, &n_columns, &total, err))
        return false;
    str_reserve(out, total); /* growing by doubling would hold large tables three times */
    add_head(t, n_columns, out);
    for (size_t i = 0; i < N_COLUMNS; i++)
        if (has_column(t, &columns[i], shoeboxes)) {
            add_column_head(t, &columns[i], out);
            add_values(t, &columns[i], 0, t->n_experiments, out);
        }
    return true;
}

/* ---- writing frame by frame: where each column lies in the file is known before */

struct layout {
    uint64_t at[N_COLUMNS]; /* of the column's first row; 0: there is no such column */
};

static bool write_heads(const struct table *t, struct layout *l, int fd, const char *path, struct error *err)
{
    uint32_t n_columns;
    uint64_t total, at = 0;
    struct str head = {0};
    *l = (struct layout){.at = {0}};
    bool ok = measure(t, false, &n_columns, &total, err);
    if (ok)
        add_head(t, n_columns, &head);
    for (size_t i = 0; ok && i < N_COLUMNS; i++) {
        if (!has_column(t, &columns[i], false))
            continue;
        add_column_head(t, &columns[i], &head);
        ok = fs_pwrite(fd, head.text, head.len, at, path, err);
        l->at[i] = at + head.len;
        at = l->at[i] + column_size(t, &columns[i]);
        str_clear(&head);
    }
    str_free(&head);
    return ok;
}

/* The rows of experiments of one frame, which is here now; row: number of their first in the table. */
static bool write_values(const struct table *t, const struct layout *l, size_t first, size_t end,
                         uint64_t row, int fd, const char *path, struct error *err)
{
    struct str values = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < N_COLUMNS; i++) {
        if (!l->at[i])
            continue;
        str_clear(&values);
        add_values(t, &columns[i], first, end, &values);
        ok = fs_pwrite(fd, values.text, values.len, l->at[i] + row * types[columns[i].type].size, path, err);
    }
    str_free(&values);
    return ok;
}

bool refl_write(const struct table *t, const struct refl_rows *rows, int fd, const char *path,
                struct error *err)
{
    struct layout l;
    uint64_t row = 0;
    bool ok = write_heads(t, &l, fd, path, err);
    for (size_t first = 0, end; ok && first < t->n_experiments; first = end) {
        uint32_t frame = t->experiments[first].frame;
        struct kept_frame *without = t->frames[frame];
        const struct kept_frame *f = rows->load(rows->arg, without, err);
        uint64_t n = 0;
        for (end = first; end < t->n_experiments && t->experiments[end].frame == frame; end++)
            n += t->experiments[end].n_rows;
        if (!f)
            return false;
        struct kept_frame with = *f;
        t->frames[frame] = &with;
        ok = write_values(t, &l, first, end, row, fd, path, err);
        t->frames[frame] = without;
        row += n;
    }
    return ok;
}
