/* geometry_file.c - panels from whatever file states them, for programs that have no frames yet (simulate). */
#include "source/format.h"
#include "source/geom.h"

#include <stdlib.h>
#include <string.h>

bool source_file_read(const char *path, size_t limit, struct bytes *out, struct error *err)
{
    struct bytes raw = {0};
    bool good = fs_read(path, limit, &raw, err);
    if (good && source_packed(raw.data, raw.size)) {
        good = source_unpack(raw.data, raw.size, path, out, err);
        bytes_free(&raw);
    } else if (good) {
        bytes_free(out);
        *out = raw;
    } else {
        bytes_free(&raw);
    }
    return good;
}

/* A .geom whose clen is in the image files gets the distance of the caller. */
static bool read_geom(const char *path, double distance, struct arena *a, struct detector **out,
                      const uint8_t **mask, struct error *err)
{
    const double no_shift[2] = {0, 0};
    struct geom g = {0};
    if (!geom_read(path, a, &g, err))
        return false;
    double *clen = arena_array(a, g.n_panels, sizeof *clen);
    for (size_t i = 0; i < g.n_panels; i++) {
        const struct geom_value *v = g.panels[i].has_clen ? &g.panels[i].clen : g.has_clen ? &g.clen : NULL;
        bool known = v && !v->path;
        if (!known && !(distance > 0))
            return error_set(err, ERROR_METADATA, "%s leaves the detector's distance to the image files",
                             path),
                   error_hint(err, "give the distance");
        clen[i] = known ? v->value : distance / 1e3;
    }
    if (!geom_detector(&g, clen, no_shift, 0, a, out, err))
        return false;
    uint8_t *good = arena_alloc(a, (*out)->n_pixels);
    memset(good, 1, (*out)->n_pixels);
    *mask = good;
    return geom_mask_regions(&g, *out, good, err);
}

static bool read_image(const char *path, struct arena *a, struct detector **out, const uint8_t **mask,
                       struct error *err)
{
    struct source_options options = {0};
    struct source *s = NULL;
    if (!source_open(path, &options, &s, err))
        return false;
    *out = detector_copy(a, source_detector(s));
    *mask = source_mask(s) ? arena_memdup(a, source_mask(s), (*out)->n_pixels) : NULL;
    source_close(s);
    return true;
}

bool source_geometry_read(const char *path, double distance, struct arena *a, struct detector **out,
                          const uint8_t **mask, struct error *err)
{
    struct beam beam;
    *mask = NULL;
    if (str_ends(path, ".geom"))
        return read_geom(path, distance, a, out, mask, err);
    if (str_ends(path, ".expt") || str_ends(path, ".json"))
        return experiment_read_geometry(path, a, out, &beam, err);
    return read_image(path, a, out, mask, err);
}

bool source_geometry_check(const char *path, struct error *err)
{
    const double any_mm = 100;
    struct arena a = {0};
    struct detector *d;
    struct beam beam;
    const uint8_t *mask;
    uint8_t head[64];
    size_t n, at = 0;
    if (!source_read_head(path, head, sizeof head, &n, err))
        return false;
    while (at < n && strchr(" \t\r\n", head[at]) && head[at])
        at++;
    bool good = at < n && head[at] == '{' ? experiment_read_geometry(path, &a, &d, &beam, err)
                                          : read_geom(path, any_mm, &a, &d, &mask, err);
    arena_free(&a);
    return good;
}
