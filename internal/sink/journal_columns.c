/* journal_columns.c - tables of a frame as columns: which members of which struct have which number in the file.
 *
 * Numbers are stored for ever and never used again for something else; a new member of a struct gets a row here with a new
 * number, or its value is lost (journal_test.c counts the bytes). Types say how wide a cell is; cells are little-endian.
 */
#include "sink/journal_format.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are written as they lie in memory");

enum cell { HKL = 1, REAL, INT, REAL2, REAL3, INT4, PIXEL, REAL21, STAGES, BYTE, CELLS };
static const uint16_t cell_size[CELLS] = {
    [HKL] = 12,  [REAL] = 8,  [INT] = 4,      [REAL2] = 16,  [REAL3] = 24,
    [INT4] = 16, [PIXEL] = 8, [REAL21] = 168, [STAGES] = 72, [BYTE] = 1,
};

struct column {
    uint16_t number, cell;
    size_t offset;
};

// clang-format off
#define R(member) offsetof(struct reflection, member)
static const struct column reflection_columns[] = {
    { 1, HKL,   R(hkl)},         { 2, REAL,  R(intensity)},  { 3, REAL,  R(variance)},   { 4, REAL,  R(variance_background)},
    { 5, REAL3, R(s1)},          { 6, REAL3, R(rlp)},        { 7, REAL2, R(cal_px)},     { 8, REAL2, R(cal_mm)},
    { 9, REAL2, R(obs_px)},      {10, REAL2, R(obs_px_var)}, {11, REAL2, R(obs_mm)},     {12, REAL2, R(obs_mm_var)},
    {13, REAL,  R(delpsi)},      {14, REAL,  R(d)},          {15, REAL,  R(partiality)}, {16, INT,   R(panel)},
    {17, INT,   R(flags)},       {18, INT,   R(spot)},       {19, INT4,  R(x0)},         {20, REAL,  R(bg_mean)},
    {21, REAL,  R(bg_sum)},      {22, REAL,  R(bg_sum_var)}, {23, REAL,  R(bg_mse)},     {24, REAL,  R(bg_dispersion)},
    {25, INT,   R(n_valid)},     {26, INT,   R(n_background)}, {27, INT, R(n_background_used)}, {28, INT, R(n_foreground)},
    {29, INT,   R(lattice)},     {30, REAL,  R(prf)},        {31, REAL,  R(prf_variance)},
};
#define S(member) offsetof(struct spot, member)
static const struct column spot_columns[] = {
    {40, REAL2, S(x)},           {41, REAL2, S(var_x)},      {42, REAL,  S(intensity)},  {43, REAL,  S(peak)},
    {44, INT,   S(panel)},       {45, INT,   S(n_pixels)},   {46, INT4,  S(x0)},         {47, INT,   S(first_pixel)},
    {48, INT,   S(n_saturated)},
};
static const struct column pixel_columns[] = {{50, PIXEL, 0}};
#define F(member) offsetof(struct frame_extra, member)
static const struct column frame_columns[] = {
    {60, REAL,  F(wavelength)},  {61, REAL3, F(direction)},  {62, REAL3, F(normal)},     {63, REAL,  F(fraction)},
    {64, REAL,  F(energy_recorded)}, {65, REAL, F(distance)}, {66, STAGES, F(stage_ns)}, {67, INT,   F(detector)},
    {68, INT,   F(single)},      {69, INT,   F(energy_source)}, {70, INT, F(n_stages)},  {71, INT,   F(thread)},
    {72, INT,   F(n_ice)},       {73, INT,   F(ice_known)},  {74, REAL,  F(ring)},       {75, REAL,  F(low)},
    {76, REAL,  F(ice)},         {77, REAL,  F(spot_length)},
};
#define L(member) offsetof(struct lattice, member)
static const struct column lattice_columns[] = {
    {80, REAL21, L(free_cov)},   {81, REAL,  L(evidence)},   {82, REAL2, L(rmsd_x)},     {83, REAL,  L(rmsd_psi)},
    {84, REAL,  L(half_mosaicity_deg)}, {85, REAL, L(domain_size_ang)}, {86, REAL, L(sigma_b)}, {87, REAL2, L(shift_px)},
    {88, REAL,  L(res_a)},       {89, INT,   L(flags)},
};
static const struct column message_columns[] = {{99, BYTE, 0}};

static const struct kind {
    size_t row_size;
    const struct column *columns;
    size_t n;
} kinds[JOURNAL_TABLES] = {
#define KIND(row, columns) {sizeof(row), columns, sizeof columns / sizeof *columns}
    [TABLE_ROWS_INDEXED]    = KIND(struct reflection, reflection_columns),
    [TABLE_ROWS_INTEGRATED] = KIND(struct reflection, reflection_columns),
    [TABLE_SPOTS]           = KIND(struct spot, spot_columns),
    [TABLE_PIXELS]          = KIND(struct strong_pixel, pixel_columns),
    [TABLE_FRAME]           = KIND(struct frame_extra, frame_columns),
    [TABLE_LATTICES]        = KIND(struct lattice, lattice_columns),
    [TABLE_MESSAGE]         = KIND(char, message_columns),
};
// clang-format on
/* cells that hold several members of a struct */
_Static_assert(R(y1) == R(x0) + 12 && S(y1) == S(x0) + 12 && S(y) == S(x) + 8 && S(var_y) == S(var_x) + 8 &&
                   L(rmsd_y) == L(rmsd_x) + 8 && sizeof(struct strong_pixel) == 8,
               "members lie side by side");

size_t journal_row_size(unsigned kind)
{
    return kind < JOURNAL_TABLES ? kinds[kind].row_size : 0;
}

/* ---- writing */

static void pad(struct str *out, size_t n)
{
    while (n++ % 8)
        str_addc(out, 0);
}

/* Room for n bytes at the end, which count already. */
static char *grow(struct str *out, size_t n)
{
    str_reserve(out, n);
    out->len += n;
    out->text[out->len] = 0;
    return out->text + out->len - n;
}

static bool all_zero(const char *at, size_t step, size_t n, size_t size)
{
    static const char zeros[256];
    for (size_t i = 0; i < n; i++, at += step)
        if (memcmp(at, zeros, size) != 0)
            return false;
    return true;
}

void journal_columns_put(struct str *out, enum journal_table kind, unsigned lattice, const void *rows,
                         size_t n)
{
    const struct kind *k = &kinds[kind];
    uint32_t n_columns = 0;
    str_reserve(out, n * k->row_size + 16 * (k->n + 1)); /* most of it at once */
    wire_u16(out, (uint16_t)kind);
    wire_u16(out, (uint16_t)lattice);
    wire_u32(out, (uint32_t)n);
    size_t count_at = out->len;
    wire_u32(out, 0);
    wire_u32(out, 0);
    for (size_t c = 0; c < k->n; c++) {
        size_t size = cell_size[k->columns[c].cell];
        const char *at = (const char *)rows + k->columns[c].offset;
        if (all_zero(at, k->row_size, n, size))
            continue;
        wire_u16(out, k->columns[c].number);
        wire_u16(out, k->columns[c].cell);
        wire_u32(out, (uint32_t)(n * size));
        char *to = grow(out, n * size);
        for (size_t i = 0; i < n; i++, at += k->row_size)
            memcpy(to + i * size, at, size);
        pad(out, n * size);
        n_columns++;
    }
    memcpy(out->text + count_at, &n_columns, 4);
}

/* ---- reading */

static const struct column *find_column(const struct kind *k, unsigned number)
{
    for (size_t c = 0; c < k->n; c++)
        if (k->columns[c].number == number)
            return &k->columns[c];
    return NULL;
}

static bool get_column(struct unwire *g, const struct table_head *head, char *rows, struct error *err)
{
    const struct kind *k = &kinds[head->kind];
    unsigned number = unwire_u16(g), cell = unwire_u16(g);
    size_t bytes = unwire_u32(g), padded = (bytes + 7) / 8 * 8;
    const struct column *c = find_column(k, number);
    if (g->bad)
        return error_set(err, ERROR_DAMAGED, "a table ends early");
    if (!c)
        return error_set(err, ERROR_UNSUPPORTED, "column %u of a table of kind %u is not known", number,
                         head->kind);
    if (cell != c->cell)
        return error_set(err, ERROR_UNSUPPORTED, "column %u has type %u, not %u", number, cell, c->cell);
    size_t size = cell_size[cell];
    if (bytes != head->rows * size || padded > (size_t)(g->end - g->at))
        return error_set(err, ERROR_DAMAGED, "column %u is not as long as its table", number);
    for (size_t i = 0; i < head->rows; i++)
        memcpy(rows + i * k->row_size + c->offset, g->at + i * size, size);
    g->at += padded;
    return true;
}

bool journal_columns_get(struct unwire *g, const struct table_head *head, void *rows, struct error *err)
{
    for (uint32_t c = 0; c < head->columns; c++)
        if (!get_column(g, head, rows, err))
            return false;
    return true;
}
