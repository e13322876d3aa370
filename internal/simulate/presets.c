/* presets.c - detectors by name: modules on a grid, what their sensors do. Nominal layouts; real ones come as geometry files. */
#include "simulate/simulate.h"

#include <math.h>
#include <string.h>

// clang-format off
const struct simulate_preset simulate_presets[] = {
    {.name = "eiger4M", .text = "EIGER 4M: 2070 x 2167 px of 75 um, one image", .modules_fast = 2, .modules_slow = 4,
     .n_fast = 1030, .n_slow = 514, .gap_fast = 10, .gap_slow = 37, .one_image = true, .pixel = 0.075, .distance = 120,
     .saturation = 60000, .thickness = 0.45, .gain = 1},
    {.name = "eiger16M", .text = "EIGER 16M: 4150 x 4371 px of 75 um, one image", .modules_fast = 4, .modules_slow = 8,
     .n_fast = 1030, .n_slow = 514, .gap_fast = 10, .gap_slow = 37, .one_image = true, .pixel = 0.075, .distance = 200,
     .saturation = 60000, .thickness = 0.45, .gain = 1},
    {.name = "jungfrau4M", .text = "JUNGFRAU 4M: 8 modules of 1024 x 512 px of 75 um", .modules_fast = 2, .modules_slow = 4,
     .n_fast = 1024, .n_slow = 512, .gap_fast = 8, .gap_slow = 36, .hole = 30, .pixel = 0.075, .distance = 120,
     .saturation = 100000, .thickness = 0.32, .gain = 10, .noise = 0.8},
    {.name = "epix10k2M", .text = "ePix10k 2M: 16 modules of 384 x 352 px of 100 um", .modules_fast = 4, .modules_slow = 4,
     .n_fast = 384, .n_slow = 352, .gap_fast = 20, .gap_slow = 20, .hole = 45, .pixel = 0.1, .distance = 110,
     .saturation = 88000, .thickness = 0.5, .gain = 8, .noise = 1.2},
    {.name = "agipd1M", .text = "AGIPD 1M: 16 modules of 512 x 128 px of 200 um", .modules_fast = 2, .modules_slow = 8,
     .n_fast = 512, .n_slow = 128, .gap_fast = 14, .gap_slow = 15, .hole = 16, .pixel = 0.2, .distance = 120,
     .saturation = 80000, .thickness = 0.5, .gain = 7.5, .noise = 3},
    {.name = "rayonix", .text = "Rayonix MX340-HS binned 4 x 4: 1920 x 1920 px of 177 um", .modules_fast = 1,
     .modules_slow = 1, .n_fast = 1920, .n_slow = 1920, .one_image = true, .pixel = 0.1772, .distance = 150,
     .saturation = 60000, .gain = 0.5, .noise = 1, .point_spread = 0.6},
    {0},
};
// clang-format on

/* Where the first pixel of module (i, j) lies from the middle of the detector, px. */
static void module_corner(const struct simulate_preset *d, int32_t i, int32_t j, double corner[2])
{
    double width = d->modules_fast * d->n_fast + (d->modules_fast - 1) * d->gap_fast;
    double height = d->modules_slow * d->n_slow + (d->modules_slow - 1) * d->gap_slow;
    bool right = 2 * i >= d->modules_fast, low = 2 * j >= d->modules_slow;

    corner[0] = i * (d->n_fast + d->gap_fast) - width / 2;
    corner[1] = j * (d->n_slow + d->gap_slow) - height / 2;
    if (d->hole) { /* a windmill: up, right, down, left */
        corner[0] += right == low ? 0 : right ? d->hole : -d->hole;
        corner[1] += right != low ? 0 : right ? d->hole : -d->hole;
    }
}

static void put_panel(struct panel *p, const struct simulate_preset *d, double x, double y, int32_t n_fast,
                      int32_t n_slow, double distance)
{
    *p = (struct panel){.origin = {x * d->pixel, -y * d->pixel, -distance},
                        .fast = {1, 0, 0},
                        .slow = {0, -1, 0},
                        .pixel_fast = d->pixel,
                        .pixel_slow = d->pixel,
                        .n_fast = n_fast,
                        .n_slow = n_slow,
                        .trusted_hi = d->saturation,
                        .gain = 1};
}

/* One panel for all modules: what lies between them is masked. */
static uint8_t *gap_mask(const struct simulate_preset *d, int32_t n_fast, int32_t n_slow, struct arena *a)
{
    uint8_t *mask = arena_alloc(a, (size_t)n_fast * (size_t)n_slow);
    for (int32_t y = 0; y < n_slow; y++)
        for (int32_t x = 0; x < n_fast; x++)
            mask[(size_t)y * (size_t)n_fast + (size_t)x] =
                x % (d->n_fast + d->gap_fast) < d->n_fast && y % (d->n_slow + d->gap_slow) < d->n_slow;
    return mask;
}

static bool unknown(const char *name, struct error *err)
{
    struct str names = {0};
    error_set(err, ERROR_USAGE, "no detector is known as %s", name);
    for (const struct simulate_preset *d = simulate_presets; d->name; d++)
        str_printf(&names, "%s%s", names.len ? ", " : "known are ", d->name);
    error_hint(err, "%s; or give a geometry file", names.text);
    str_free(&names);
    return false;
}

bool simulate_use_preset(struct simulate_params *p, const char *name, double distance, struct arena *a,
                         struct error *err)
{
    const struct simulate_preset *d = simulate_presets;
    while (d->name && !str_same_nocase(d->name, name))
        d++;
    if (!d->name)
        return unknown(name, err);
    if (!(distance > 0))
        distance = d->distance;
    int32_t n = d->one_image ? 1 : d->modules_fast * d->modules_slow;
    struct detector *made = detector_make(a, (size_t)n, 0);
    double corner[2];
    if (d->one_image) {
        int32_t n_fast = d->modules_fast * (d->n_fast + d->gap_fast) - d->gap_fast;
        int32_t n_slow = d->modules_slow * (d->n_slow + d->gap_slow) - d->gap_slow;
        module_corner(d, 0, 0, corner);
        put_panel(&made->panels[0], d, corner[0], corner[1], n_fast, n_slow, distance);
        p->detector_mask = gap_mask(d, n_fast, n_slow, a);
    } else {
        for (int32_t i = 0; i < n; i++) {
            module_corner(d, i % d->modules_fast, i / d->modules_fast, corner);
            put_panel(&made->panels[i], d, corner[0], corner[1], d->n_fast, d->n_slow, distance);
        }
    }
    for (int32_t i = 0; i < n; i++)
        made->info[i].name = arena_printf(a, "module%d", i);
    p->detector = made;
    p->distance = distance;
    p->pixel = d->pixel;
    p->saturation = d->saturation;
    p->thickness = d->thickness;
    p->gain = d->gain;
    p->noise = d->noise;
    p->point_spread = d->point_spread;
    return detector_finish(made, d->name, err);
}
