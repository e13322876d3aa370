/* map.c - gain and pedestal maps: whatever the file, numbers that are laid onto the detector's panels; see source.h. */
#include "source/map.h"

#include "kernels/pixel.h"
#include "source/format.h"

#include <math.h>
#include <string.h>

#define MAP_LIMIT ((size_t)1 << 31) /* bytes of a file that is read whole */

const char *map_word(enum source_map_kind kind)
{
    return kind == SOURCE_MAP_GAIN ? "gain map" : "pedestal map";
}

float map_number(const uint8_t *p, enum pixel_type type)
{
    switch (type) {
#define X(name, ctype, whole)                                                                                \
    case name: {                                                                                             \
        ctype v;                                                                                             \
        memcpy(&v, p, sizeof v);                                                                             \
        return (float)v;                                                                                     \
    }
        PIXEL_TYPE_TABLE(X)
#undef X
    default:
        return 0;
    }
}

bool map_extent(const uint64_t *shape, size_t rank, struct map_content *out)
{
    uint64_t n = 1;
    for (size_t i = 0; i < rank && rank <= H5_ROLES; i++) {
        if (shape[i] < 1 || shape[i] > (uint64_t)1 << 28)
            return false;
        n *= shape[i];
        if (n > (uint64_t)1 << 28)
            return false;
    }
    uint64_t *e = out->extent;
    e[H5_FRAME] = e[H5_MODULE] = e[H5_SLOW] = 1;
    e[H5_FAST] = 0;
    out->n = (size_t)n;
    for (size_t i = 0; i < rank && rank > 1 && rank <= H5_ROLES; i++)
        e[H5_ROLES - rank + i] = shape[i];
    return rank >= 1 && rank <= H5_ROLES;
}

/* ---- which form a file is ---- */

static bool load(const char *path, enum source_map_kind kind, bool values, struct arena *a,
                 struct map_content *out, struct error *err)
{
    static const uint8_t hdf5[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'}, numpy[6] = "\x93NUMPY";
    uint8_t head[8];
    size_t n = 0;
    const char *dataset, *file = fs_file_of(a, path, &dataset);
    struct bytes content = {0};
    *out = (struct map_content){0};
    if (!source_read_head(file, head, sizeof head, &n, err))
        return false;
    if (n == sizeof hdf5 && memcmp(head, hdf5, n) == 0)
        return map_read_hdf5(file, dataset, kind, values, a, out, err);
    if (dataset)
        return error_set(err, ERROR_UNREADABLE, "%s: %s is no HDF5 file, it has no datasets", path, file);
    if (n >= 2 && head[0] == 0x80) {
        error_set(err, ERROR_UNSUPPORTED, "%s %s is a pickle, which is not read", map_word(kind), path);
        return error_hint(err, "HDF5 datasets (FILE:/DATASET), NumPy .npy arrays, and texts of one number a "
                               "panel are");
    }
    bool npy = n >= sizeof numpy && memcmp(head, numpy, sizeof numpy) == 0;
    bool ok = fs_read(file, MAP_LIMIT, &content, err) &&
              (npy ? map_read_npy : map_read_text)(content.data, content.size, path, a, out, err);
    bytes_free(&content);
    return ok;
}

/* ---- numbers ---- */

/* A number that cannot be one: a pixel without gain counts nothing. */
static float judged(enum source_map_kind kind, float v)
{
    return isfinite(v) && (kind == SOURCE_MAP_PEDESTAL || v > 0) ? v : NAN;
}

static bool no_numbers(const char *path, enum source_map_kind kind, struct error *err)
{
    return error_set(err, ERROR_METADATA, "%s %s: no pixel has a number%s", map_word(kind), path,
                     kind == SOURCE_MAP_GAIN ? " above 0" : "");
}

/* Can these be the numbers of a map? All of a list, one of those of pixels. */
static bool are_numbers(const char *path, enum source_map_kind kind, const struct map_content *m,
                        struct error *err)
{
    size_t good = 0;
    for (size_t i = 0; i < m->n && m->values; i++) {
        bool is = !isnan(judged(kind, m->values[i]));
        if (!is && m->extent[H5_FAST] == 0)
            return error_set(err, ERROR_METADATA, "%s %s: %g cannot be that of a panel", map_word(kind), path,
                             (double)m->values[i]);
        good += is;
    }
    return good > 0 || !m->values || no_numbers(path, kind, err);
}

bool source_map_check(const char *path, enum source_map_kind kind, struct error *err)
{
    struct arena a = {0};
    struct map_content m;
    bool ok = load(path, kind, false, &a, &m, err) && are_numbers(path, kind, &m, err);
    arena_free(&a);
    return ok;
}

/* ---- onto the panels ---- */

static bool misfit(const char *path, enum source_map_kind kind, const struct map_content *m,
                   const struct detector *d, struct error *err)
{
    const uint64_t *e = m->extent;
    if (e[H5_FAST] == 0)
        return error_set(err, ERROR_MASK, "%s %s has %zu numbers, the detector %zu panels", map_word(kind),
                         path, m->n, d->n_panels);
    error_set(err, ERROR_MASK,
              "%s %s of %llu x %llu x %llu x %llu does not fit the detector's %zu panels (%d x %d)",
              map_word(kind), path, (unsigned long long)e[H5_FRAME], (unsigned long long)e[H5_MODULE],
              (unsigned long long)e[H5_SLOW], (unsigned long long)e[H5_FAST], d->n_panels, d->panels->n_slow,
              d->panels->n_fast);
    if (e[H5_FRAME] == 3 || e[H5_MODULE] == 3)
        error_hint(err, "maps of three gains (JUNGFRAU) are not read: raw data of a detector that switches "
                        "its gain must be calibrated before");
    return false;
}

static bool take_pixels(const char *path, enum source_map_kind kind, const struct map_content *m,
                        const struct detector *d, struct arena *a, struct source_map *out, struct error *err)
{
    struct panel_place *places = arena_array(a, d->n_panels, sizeof *places);
    uint64_t extent[H5_ROLES];
    memcpy(extent, m->extent, sizeof extent);
    if (extent[H5_MODULE] == 1 && extent[H5_FRAME] == d->n_panels) { /* a layer a panel */
        extent[H5_MODULE] = extent[H5_FRAME];
        extent[H5_FRAME] = 1;
    }
    if (extent[H5_FRAME] != 1 || !hdf5_place_panels(d, extent, places))
        return misfit(path, kind, m, d, err);
    float *all = arena_array(a, d->n_pixels, sizeof *all);
    size_t good = 0;
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = d->panels + i;
        const struct panel_place *w = places + i;
        float *to = all + p->first_pixel;
        for (size_t row = 0; row < (size_t)p->n_slow; row++)
            for (size_t column = 0; column < (size_t)p->n_fast; column++, to++) {
                size_t at = ((size_t)w->module * extent[H5_SLOW] + w->slow + row) * extent[H5_FAST] +
                            w->fast + column;
                *to = judged(kind, m->values[at]);
                good += isnan(*to) ? 0 : 1;
            }
    }
    out->pixels = all;
    return good > 0 || no_numbers(path, kind, err);
}

/* The number of panel i in a list, by name where the list has names; n: none. */
static size_t row_of(const struct map_content *m, const struct detector *d, size_t i)
{
    size_t row = m->names ? 0 : m->n == 1 ? 0 : i;
    while (m->names && row < m->n && strcmp(m->names[row], d->info[i].name) != 0)
        row++;
    return row;
}

static bool take_panels(const char *path, enum source_map_kind kind, const struct map_content *m,
                        const struct detector *d, struct arena *a, struct source_map *out, struct error *err)
{
    double *all = arena_array(a, d->n_panels, sizeof *all);
    if (!m->names && m->n != 1 && m->n != d->n_panels)
        return misfit(path, kind, m, d, err);
    for (size_t i = 0; i < d->n_panels; i++) {
        size_t row = row_of(m, d, i);
        if (row == m->n)
            return error_set(err, ERROR_MASK, "%s %s has no panel \"%s\"", map_word(kind), path,
                             d->info[i].name);
        all[i] = (double)judged(kind, m->values[row]);
        if (isnan(all[i]))
            return error_set(err, ERROR_METADATA, "%s %s: %g cannot be that of panel %zu", map_word(kind),
                             path, (double)m->values[row], i);
    }
    out->panels = all;
    return true;
}

bool source_map_read(const char *path, enum source_map_kind kind, const struct detector *d, struct arena *a,
                     struct source_map *out, struct error *err)
{
    struct arena work = {0};
    struct map_content m;
    *out = (struct source_map){0};
    bool ok = load(path, kind, true, &work, &m, err) &&
              (m.extent[H5_FAST] ? take_pixels : take_panels)(path, kind, &m, d, a, out, err);
    arena_free(&work);
    return ok;
}
