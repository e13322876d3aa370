/* label.c - components of strong pixels, and what is measured on them.
 *
 * Union-find over the raster-ordered list with one cursor in the row above: O(n). A root is always the
 * smallest index of its set, so components come out numbered by their first pixel.
 */
#include "kernels/label.h"

#include "kernels/pixel.h"

#include <math.h>
#include <string.h>

/* Work memory: copy[n], then parent[n], component[n], place[n + 1]. */
size_t label_work_size(size_t n)
{
    return n * (sizeof(struct strong_pixel) + 2 * sizeof(uint32_t)) + (n + 2) * sizeof(uint32_t);
}

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]]; /* halve the path */
        i = parent[i];
    }
    return i;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

static void find_components(const struct strong_pixel *strong, uint32_t n, uint32_t *parent)
{
    uint32_t above = 0; /* first pixel not before the one above i */

    for (uint32_t i = 0; i < n; i++) {
        const struct strong_pixel *s = &strong[i];
        parent[i] = i;
        if (i && s[-1].y == s->y && s[-1].x + 1 == s->x)
            join(parent, i - 1, i);
        while (strong[above].y + 1 < s->y || (strong[above].y + 1 == s->y && strong[above].x < s->x))
            above++;
        if (strong[above].y + 1 == s->y && strong[above].x == s->x)
            join(parent, above, i);
    }
}

/* Group the pixels by component. component: scratch; place[c]: first pixel of component c, place[number]: n.
 * Returns the number of components. */
static uint32_t group(struct strong_pixel *strong, uint32_t n, uint32_t *parent, uint32_t *component,
                      uint32_t *place, struct strong_pixel *copy)
{
    uint32_t number = 0;

    memset(place, 0, ((size_t)n + 2) * sizeof *place);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t root = root_of(parent, i);
        component[i] = root == i ? number++ : component[root];
        place[component[i] + 2]++;
    }
    for (uint32_t c = 0; c < number; c++)
        place[c + 2] += place[c + 1];
    memcpy(copy, strong, n * sizeof *strong);
    for (uint32_t i = 0; i < n; i++)
        strong[place[component[i] + 1]++] = copy[i];
    return number;
}

static double spot_value(const struct spotfind_image *image, struct strong_pixel s)
{
    const struct panel *p = image->panel;
    double raw = pixel_value(image->pixels, image->type, (size_t)s.y * (size_t)p->n_fast + s.x);

    return (raw - p->pedestal) / (p->gain > 0 ? p->gain : 1);
}

/* Centroid, intensity and variances (ALGORITHMS 2.8). */
static struct spot measure(const struct spotfind_image *image, uint32_t panel, const struct strong_pixel *s,
                           uint32_t n)
{
    struct spot spot = {
        .panel = panel, .n_pixels = n, .x0 = s->x, .x1 = s->x + 1, .y0 = s->y, .y1 = s->y + 1};
    double sum = 0, squares = 0, sum_x = 0, sum_y = 0, dx2 = 0, dy2 = 0, hi = image->panel->trusted_hi;
    double gain = image->panel->gain > 0 ? image->panel->gain : 1, pedestal = image->panel->pedestal;

    spot.peak = -INFINITY;
    for (uint32_t i = 0; i < n; i++) {
        double v = spot_value(image, s[i]);
        sum += v;
        squares += v * v;
        sum_x += v * (s[i].x + 0.5);
        sum_y += v * (s[i].y + 0.5);
        if (v > spot.peak)
            spot.peak = v;
        spot.n_saturated += v * gain + pedestal >= hi;
        spot.x0 = s[i].x < spot.x0 ? s[i].x : spot.x0;
        spot.x1 = s[i].x + 1 > spot.x1 ? s[i].x + 1 : spot.x1;
        spot.y1 = s[i].y + 1 > spot.y1 ? s[i].y + 1 : spot.y1;
    }
    spot.intensity = sum;
    if (!(sum > 0)) { /* no centre of mass: the middle of the box, and no variance, as DIALS */
        spot.x = (spot.x0 + spot.x1) / 2.0;
        spot.y = (spot.y0 + spot.y1) / 2.0;
        return spot;
    }
    spot.x = sum_x / sum;
    spot.y = sum_y / sum;
    for (uint32_t i = 0; i < n; i++) {
        double v = spot_value(image, s[i]), x = s[i].x + 0.5 - spot.x, y = s[i].y + 0.5 - spot.y;
        dx2 += v * (x * x);
        dy2 += v * (y * y);
    }
    double free = sum * sum - squares; /* one pixel: 0 */
    spot.var_x = (free > 0 ? dx2 * sum / free / sum : 0) + 1.0 / 12.0;
    spot.var_y = (free > 0 ? dy2 * sum / free / sum : 0) + 1.0 / 12.0;
    return spot;
}

void label_panel_ref(const struct spotfind_params *p, const struct spotfind_image *image, uint32_t panel,
                     struct strong_pixel *strong, size_t n, size_t first, struct spot_list *list, void *work)
{
    struct strong_pixel *copy = work;
    uint32_t *parent = (uint32_t *)(void *)(copy + n), *component = parent + n, *place = component + n;

    if (n == 0)
        return;
    find_components(strong, (uint32_t)n, parent);
    uint32_t number = group(strong, (uint32_t)n, parent, component, place, copy);
    for (uint32_t c = 0; c < number; c++) {
        uint32_t size = place[c + 1] - place[c];
        if (size < p->min_spot_size) {
            list->n_small++;
        } else if (size > p->max_spot_size) {
            list->n_large++;
        } else if (list->n == list->capacity) {
            list->n_lost++;
        } else {
            struct spot *spot = &list->spots[list->n++];
            *spot = measure(image, panel, strong + place[c], size);
            spot->first_pixel = (uint32_t)(first + place[c]);
        }
    }
}
