/* mask.c - masks from files: which pixels people trust. DIALS' pickles, HDF5 files, and a plain form of our own.
 *
 * The plain form: the line "XFELXMASK1", a line "n_fast n_slow" for each panel, an empty line, then one byte for each pixel of
 * each panel, 0 = never use, 1 = use.
 */
#include "source/format.h"
#include "source/pickle.h"

#include <string.h>

#define MASK_LIMIT ((size_t)1 << 29)
static const char raw_magic[] = "XFELXMASK1\n";
static const uint8_t hdf5_magic[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

static bool shape_differs(const char *path, size_t panel, size_t n_fast, size_t n_slow, const struct panel *p,
                          struct error *err)
{
    return error_set(err, ERROR_MASK, "mask %s: panel %zu has %zu x %s, in the detector %d x %d", path, panel,
                     n_fast, COUNT(n_slow, "pixel"), p->n_fast, p->n_slow);
}

static bool count_differs(const char *path, size_t n, const struct detector *d, struct error *err)
{
    return error_set(err, ERROR_MASK, "mask %s has %s, the detector %zu", path, COUNT(n, "panel"),
                     d->n_panels);
}

static bool read_pickle(const uint8_t *data, size_t n, const char *path, const struct detector *d,
                        struct arena *a, uint8_t **out, struct error *err)
{
    struct pickle_mask mask;
    struct arena scratch = {0};
    bool ok = pickle_read_mask(data, n, path, &scratch, &mask, err);
    if (ok && mask.n_arrays != d->n_panels)
        ok = count_differs(path, mask.n_arrays, d, err);
    for (size_t i = 0; ok && i < d->n_panels; i++)
        if (mask.arrays[i].n_fast != (size_t)d->panels[i].n_fast ||
            mask.arrays[i].n_slow != (size_t)d->panels[i].n_slow)
            ok = shape_differs(path, i, mask.arrays[i].n_fast, mask.arrays[i].n_slow, &d->panels[i], err);
    if (ok)
        *out = arena_alloc(a, d->n_pixels);
    for (size_t i = 0; ok && i < d->n_panels; i++)
        for (size_t k = 0; k < mask.arrays[i].n_fast * mask.arrays[i].n_slow; k++)
            (*out)[d->panels[i].first_pixel + k] = mask.arrays[i].values[k] == '1';
    arena_free(&scratch);
    return ok;
}

/* One line "n_fast n_slow"; *at moves behind it. Returns 1: read, 0: the empty line, -1: neither. */
static int size_line(const uint8_t *data, size_t n, size_t *at, size_t size[2])
{
    char line[64];
    const uint8_t *stop = memchr(data + *at, '\n', n - *at);
    size_t length = stop ? (size_t)(stop - data) - *at : sizeof line;
    if (length >= sizeof line)
        return -1;
    memcpy(line, data + *at, length);
    line[length] = 0;
    *at += length + 1;
    if (length == 0)
        return 0;
    char *blank = strchr(line, ' ');
    int64_t fast, slow;
    if (!blank)
        return -1;
    *blank = 0;
    if (!str_to_i64(line, &fast) || !str_to_i64(blank + 1, &slow) || fast < 1 || slow < 1 || fast > 65536 ||
        slow > 65536)
        return -1;
    size[0] = (size_t)fast;
    size[1] = (size_t)slow;
    return 1;
}

static bool read_raw(const uint8_t *data, size_t n, const char *path, const struct detector *d,
                     struct arena *a, uint8_t **out, struct error *err)
{
    size_t at = sizeof raw_magic - 1, size[2];
    for (size_t panel = 0;; panel++) {
        int kind = size_line(data, n, &at, size);
        if (kind < 0)
            return error_set(err, ERROR_DAMAGED, "mask %s: its header is damaged", path);
        if (panel == d->n_panels || kind == 0) {
            if (panel != d->n_panels || kind != 0)
                return count_differs(path, panel + (size_t)kind, d, err);
            break;
        }
        if (size[0] != (size_t)d->panels[panel].n_fast || size[1] != (size_t)d->panels[panel].n_slow)
            return shape_differs(path, panel, size[0], size[1], &d->panels[panel], err);
    }
    if (n - at != d->n_pixels)
        return error_set(err, n - at < d->n_pixels ? ERROR_TRUNCATED : ERROR_DAMAGED, "mask %s has %s for %s",
                         path, COUNT(n - at, "byte"), COUNT(d->n_pixels, "pixel"));
    for (size_t i = 0; i < d->n_pixels; i++)
        if (data[at + i] > 1)
            return error_set(err, ERROR_DAMAGED, "mask %s: pixel %zu is %u, not 0 or 1", path, i,
                             data[at + i]);
    *out = arena_memdup(a, data + at, d->n_pixels);
    return true;
}

/* ---- whether a file is a mask at all ---- */

static bool check_raw(const uint8_t *data, size_t n, const char *path, struct error *err)
{
    size_t at = sizeof raw_magic - 1, size[2], pixels = 0;
    int kind;
    while ((kind = size_line(data, n, &at, size)) == 1 && pixels <= MASK_LIMIT)
        pixels += size[0] * size[1];
    if (kind != 0 || pixels == 0)
        return error_set(err, ERROR_DAMAGED, "mask %s: its header is damaged", path);
    return n - at == pixels ||
           error_set(err, n - at < pixels ? ERROR_TRUNCATED : ERROR_DAMAGED, "mask %s has %s for %s", path,
                     COUNT(n - at, "byte"), COUNT(pixels, "pixel"));
}

static bool check_pickle(const uint8_t *data, size_t n, const char *path, struct error *err)
{
    struct pickle_mask mask;
    struct arena scratch = {0};
    bool ok = pickle_read_mask(data, n, path, &scratch, &mask, err) &&
              (mask.n_arrays > 0 || error_set(err, ERROR_DAMAGED, "mask %s has no panels", path));
    arena_free(&scratch);
    return ok;
}

/* ---- forms ---- */

static bool is_raw(const uint8_t *data, size_t n)
{
    return n >= sizeof raw_magic - 1 && memcmp(data, raw_magic, sizeof raw_magic - 1) == 0;
}

static bool is_pickle(const uint8_t *data, size_t n)
{
    return n >= 2 && (data[0] == 0x80 ? data[1] <= 5 : data[0] == '(' || data[0] == 'c');
}

/* Those that are read from memory; HDF5 is read by its helper. */
static const struct mask_form {
    bool (*is)(const uint8_t *data, size_t n);
    bool (*read)(const uint8_t *data, size_t n, const char *path, const struct detector *d, struct arena *a,
                 uint8_t **out, struct error *err);
    bool (*check)(const uint8_t *data, size_t n, const char *path, struct error *err);
} forms[] = {{is_raw, read_raw, check_raw}, {is_pickle, read_pickle, check_pickle}};

/* The form of a file, with its bytes (bytes_free); NULL: HDF5, which is not read. False: it is none. */
static bool open_mask(const char *path, const struct mask_form **form, struct bytes *file, struct error *err)
{
    uint8_t head[sizeof hdf5_magic];
    size_t n;
    *form = NULL;
    if (!source_read_head(path, head, sizeof head, &n, err))
        return false;
    if (n == sizeof hdf5_magic && memcmp(head, hdf5_magic, n) == 0)
        return true;
    if (!fs_read(path, MASK_LIMIT, file, err))
        return false;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].is(file->data, file->size))
            return *form = forms + i, true;
    error_set(err, ERROR_UNREADABLE, "%s is no mask that is read", path);
    return error_hint(err, "DIALS' .mask and .pickle files, HDF5 files with /mask, and XFELXMASK1 files are");
}

bool source_mask_read(const char *path, const struct detector *d, struct arena *a, uint8_t **out,
                      struct error *err)
{
    const struct mask_form *form;
    struct bytes file = {0};
    *out = NULL;
    bool ok =
        open_mask(path, &form, &file, err) && (form ? form->read(file.data, file.size, path, d, a, out, err)
                                                    : source_mask_read_hdf5(path, d, a, out, err));
    bytes_free(&file);
    return ok;
}

bool source_mask_check(const char *path, struct error *err)
{
    const struct mask_form *form;
    struct bytes file = {0};
    bool ok = open_mask(path, &form, &file, err) &&
              (form ? form->check(file.data, file.size, path, err) : source_mask_check_hdf5(path, err));
    bytes_free(&file);
    return ok;
}
