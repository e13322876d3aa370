/* recipe_files.c - the files that a recipe depends on: read once, by rank 0, and handed to the other ranks as bytes; see
 * recipe.h. */
#include "pipeline/recipe_files.h"

#include <math.h>
#include <string.h>

bool recipe_file_read(struct recipe *r, const char *kind, const char *path, struct arena *a,
                      struct error *err)
{
    struct bytes b = {0};
    const char *inside;
    bool pixels = strcmp(kind, "gain") == 0 || strcmp(kind, "pedestal") == 0;
    bool kept = !pixels && strcmp(kind, "mask") != 0 && strcmp(kind, "integration_mask") != 0;
    bool ok = r->n_files < RECIPE_FILES || error_set(err, ERROR_INTERNAL, "a recipe has too many files");
    ok = ok && fs_read(pixels ? fs_file_of(a, path, &inside) : path, (size_t)1 << 32, &b, err);
    if (ok) {
        struct recipe_file *f = r->files + r->n_files++;
        f->kind = kind;
        sha256(b.data, b.size, f->hash);
        f->size = kept ? b.size : 0;
        f->data = kept ? arena_memdup(a, b.data, b.size) : NULL;
    }
    bytes_free(&b);
    return ok;
}

/* Pixels that lack a gain or a pedestal are used by nobody. */
static void note_dead(struct recipe *r, const struct detector *d, struct arena *a)
{
    const float *maps[] = {r->gain.pixels, r->pedestal.pixels};
    uint8_t *good = NULL;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; maps[k] && i < d->n_pixels; i++) {
            if (!isnan(maps[k][i]))
                continue;
            if (!good)
                good = memset(arena_alloc(a, d->n_pixels), 1, d->n_pixels);
            good[i] = 0;
        }
    r->calibrated = good;
}

static bool attach_maps(struct recipe *r, const struct detector *d, struct arena *a, struct error *err)
{
    if (r->gain_path && !source_map_read(r->gain_path, SOURCE_MAP_GAIN, d, a, &r->gain, err))
        return false;
    if (r->pedestal_path && !source_map_read(r->pedestal_path, SOURCE_MAP_PEDESTAL, d, a, &r->pedestal, err))
        return false;
    note_dead(r, d, a);
    r->n_panels = d->n_panels;
    return true;
}

bool recipe_attach(struct recipe *r, const struct detector *d, struct arena *a, struct error *err)
{
    uint8_t *mask = NULL;
    if (r->mask_spots_path) {
        if (!source_mask_read(r->mask_spots_path, d, a, &mask, err))
            return false;
        r->mask_spots = mask;
    }
    if (r->mask_integration_path) {
        if (!source_mask_read(r->mask_integration_path, d, a, &mask, err))
            return false;
        r->mask_integration = mask;
    }
    r->mask_pixels = d->n_pixels;
    return attach_maps(r, d, a, err);
}

/* ---- for the other ranks ---- */

static void pack_mask(const struct recipe *r, const uint8_t *mask, struct str *out)
{
    wire_bytes(out, mask, mask ? r->mask_pixels : 0);
}

/* As this machine has them: all ranks of a job are of one kind. */
static void pack_map(const struct recipe *r, const struct source_map *m, struct str *out)
{
    wire_bytes(out, m->pixels, m->pixels ? r->mask_pixels * sizeof *m->pixels : 0);
    wire_bytes(out, m->panels, m->panels ? r->n_panels * sizeof *m->panels : 0);
}

void recipe_pack(const struct recipe *r, struct str *out)
{
    wire_u32(out, (uint32_t)r->n_files);
    for (size_t i = 0; i < r->n_files; i++) {
        wire_text(out, r->files[i].kind);
        wire_bytes(out, r->files[i].hash, 32);
        wire_bytes(out, r->files[i].data, r->files[i].size);
    }
    wire_u64(out, r->mask_pixels);
    pack_mask(r, r->mask_spots, out);
    pack_mask(r, r->mask_integration, out);
    pack_mask(r, r->calibrated, out);
    wire_u64(out, r->n_panels);
    pack_map(r, &r->gain, out);
    pack_map(r, &r->pedestal, out);
}

static bool unpack_files(struct recipe *r, struct unwire *in, struct arena *a)
{
    size_t n;
    uint32_t n_files = unwire_u32(in);
    if (n_files > RECIPE_FILES)
        return false;
    for (; r->n_files < n_files && !in->bad; r->n_files++) {
        struct recipe_file *f = r->files + r->n_files;
        f->kind = unwire_text(in, a);
        const uint8_t *hash = unwire_bytes(in, &n);
        if (!f->kind || n != 32)
            return false;
        memcpy(f->hash, hash, 32);
        const uint8_t *data = unwire_bytes(in, &f->size);
        f->data = arena_memdup(a, data, f->size);
    }
    return !in->bad;
}

/* NULL: there is none. */
static bool unpack_mask(const struct recipe *r, struct unwire *in, struct arena *a, const uint8_t **out)
{
    size_t n;
    const uint8_t *mask = unwire_bytes(in, &n);
    *out = n ? arena_memdup(a, mask, n) : NULL;
    return !in->bad && (n == 0 || n == r->mask_pixels);
}

static bool unpack_map(const struct recipe *r, struct unwire *in, struct arena *a, struct source_map *out)
{
    size_t n_pixels, n_panels;
    const uint8_t *pixels = unwire_bytes(in, &n_pixels);
    out->pixels = n_pixels ? arena_memdup(a, pixels, n_pixels) : NULL;
    const uint8_t *panels = unwire_bytes(in, &n_panels);
    out->panels = n_panels ? arena_memdup(a, panels, n_panels) : NULL;
    return !in->bad && (n_pixels == 0 || n_pixels == r->mask_pixels * sizeof *out->pixels) &&
           (n_panels == 0 || n_panels == r->n_panels * sizeof *out->panels);
}

bool recipe_unpack(const struct params *p, struct unwire *in, struct arena *a, struct recipe **out,
                   struct error *err)
{
    struct recipe *r = *out = arena_alloc(a, sizeof *r);
    bool ok = unpack_files(r, in, a);
    r->mask_pixels = (size_t)unwire_u64(in);
    ok = ok && unpack_mask(r, in, a, &r->mask_spots) && unpack_mask(r, in, a, &r->mask_integration) &&
         unpack_mask(r, in, a, &r->calibrated);
    r->n_panels = ok ? (size_t)unwire_u64(in) : 0;
    ok = ok && unpack_map(r, in, a, &r->gain) && unpack_map(r, in, a, &r->pedestal);
    if (!ok)
        return error_set(err, ERROR_INTERNAL, "the recipe that came from rank 0 cannot be read");
    return recipe_fill(r, p, a, err);
}
