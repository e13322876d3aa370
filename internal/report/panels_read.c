/* panels_read.c - residuals.json of jobs, added up; see panels.h. */
#include "report/report.h"

#include <string.h>

enum { FILE_MOST = 32 << 20, PANELS_MOST = 65536 };

static bool read_place(const struct json *from, struct arena *a, struct panels_place *out)
{
    const char *name = json_text(json_get(from, "name"));
    out->name = arena_strdup(a, name ? name : "");
    return json_numbers(json_get(from, "origin"), out->origin, 3) &&
           json_numbers(json_get(from, "fast"), out->fast, 3) &&
           json_numbers(json_get(from, "slow"), out->slow, 3) &&
           json_numbers(json_get(from, "size"), out->size, 2) &&
           json_numbers(json_get(from, "pixel"), out->pixel, 2) && out->pixel[0] > 0 && out->pixel[1] > 0;
}

/* The first number says which bin the second is of. */
static bool read_bins(const struct json *from, uint32_t *bins)
{
    double v = 0;
    const struct json *x = json_first(from);
    if (!json_number(x, &v) || !(v >= 0 && v <= RESIDUAL_BINS))
        return false;
    for (size_t at = (size_t)v; (x = json_next(x)) != NULL; at++) {
        if (at >= RESIDUAL_BINS || !json_number(x, &v) || !(v >= 0 && v <= UINT32_MAX))
            return false;
        bins[at] = (uint32_t)v;
    }
    return true;
}

static bool read_sums(const struct json *from, struct residual_panel *out)
{
    double v[RESIDUAL_SUMS];
    if (!json_numbers(json_get(from, "sums"), v, RESIDUAL_SUMS))
        return false;
    for (int k = 0; k < RESIDUAL_SUMS; k++) {
        if (!(v[k] > -9e18 && v[k] < 9e18))
            return false;
        out->sums[k] = (int64_t)v[k];
    }
    return read_bins(json_get(from, "x"), out->bins[0]) && read_bins(json_get(from, "y"), out->bins[1]);
}

static bool read_shells(const struct json *from, struct residual_shell *out)
{
    if (json_size(from) != RESIDUAL_SHELLS)
        return false;
    for (const struct json *x = json_first(from); x; x = json_next(x), out++) {
        double v[3];
        if (!json_numbers(x, v, 3) ||
            !(v[0] >= 0 && v[0] < 9e18 && v[1] > -9e18 && v[1] < 9e18 && v[2] >= 0 && v[2] < 9e18))
            return false;
        *out = (struct residual_shell){(int64_t)v[0], (int64_t)v[1], (int64_t)v[2]};
    }
    return true;
}

static bool read_all(const struct json *root, struct arena *a, struct panels_sum *out)
{
    const struct json *panels = json_get(root, "panels");
    size_t n = json_is_array(panels) ? json_size(panels) : 0, i = 0;
    if (n == 0 || n > PANELS_MOST || !json_numbers(json_get(root, "beam"), out->beam, 3) ||
        !read_shells(json_get(root, "shells"), out->shells))
        return false;
    struct panels_place *places = arena_array(a, n, sizeof *places);
    out->panels = arena_array(a, n, sizeof *out->panels);
    for (const struct json *p = json_first(panels); p; p = json_next(p), i++)
        if (!read_place(p, a, places + i) || !read_sums(p, out->panels + i))
            return false;
    out->places = places;
    out->n_panels = n;
    out->n_files = 1;
    return true;
}

static bool same_detector(const struct panels_sum *a, const struct panels_sum *b)
{
    bool same = a->n_panels == b->n_panels;
    for (size_t i = 0; same && i < a->n_panels; i++)
        same = strcmp(a->places[i].name, b->places[i].name) == 0;
    return same;
}

bool panels_read(const char *path, struct arena *a, struct panels_sum *sum, struct error *err)
{
    struct bytes b = {0};
    struct json *root = NULL;
    struct panels_sum one = {0};
    bool ok = fs_read(path, FILE_MOST, &b, err);
    ok = ok && (root = json_parse((const char *)b.data, b.size, path, err)) != NULL;
    if (ok && !read_all(root, a, &one))
        ok = error_set(err, ERROR_DAMAGED, "%s does not hold the residuals of a job", path);
    json_free(root);
    bytes_free(&b);
    if (ok && sum->n_files && !same_detector(sum, &one))
        ok = error_set(err, ERROR_UNSUPPORTED, "%s is of another detector", path);
    if (!ok)
        return false;
    if (sum->n_files == 0) {
        *sum = one;
        return true;
    }
    residual_add_panels(sum->panels, one.panels, one.n_panels);
    residual_add_shells(sum->shells, one.shells);
    sum->n_files++;
    return true;
}
