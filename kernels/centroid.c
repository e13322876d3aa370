/* centroid.c - see centroid.h. */
#include "kernels/centroid.h"

#include "kernels/pixel.h"

#include <math.h>

enum { AROUND = 6 };     /* px around a spot where its background is read */
enum { SIDE_MOST = 64 }; /* px: larger ones are no reflections */
enum { BACKGROUND_LEAST = 10 };
static const double PHOTONS_LEAST = 8;
static const double VARIANCE_LEAST = 1e-5, CORRELATION_MOST = 0.95;

enum { STRONG = 1, OWN = 2 };

static void mark(const struct panel *p, const struct strong_pixel *strong, size_t n, uint8_t value,
                 uint8_t *marks)
{
    for (size_t i = 0; i < n; i++)
        marks[(size_t)strong[i].y * (size_t)p->n_fast + strong[i].x] = value;
}

void centroid_mark(const struct panel *p, const struct strong_pixel *strong, size_t n, uint8_t *marks)
{
    mark(p, strong, n, STRONG, marks);
}

void centroid_unmark(const struct panel *p, const struct strong_pixel *strong, size_t n, uint8_t *marks)
{
    mark(p, strong, n, 0, marks);
}

/* Is there a pixel with a mark of at least `least` within r of (x, y)? */
static bool near(const struct panel *p, const uint8_t *marks, int32_t x, int32_t y, int32_t r, uint8_t least)
{
    int32_t x0 = x > r ? x - r : 0, x1 = x + r < p->n_fast ? x + r : p->n_fast - 1, y0 = y > r ? y - r : 0,
            y1 = y + r < p->n_slow ? y + r : p->n_slow - 1;
    for (int32_t j = y0; j <= y1; j++)
        for (int32_t i = x0; i <= x1; i++)
            if (marks[(size_t)j * (size_t)p->n_fast + (size_t)i] >= least)
                return true;
    return false;
}

/* Photons of a pixel; NAN: it does not count. */
static double photons(const struct spotfind_image *image, double gain, size_t at)
{
    const struct panel *p = image->panel;
    double raw = pixel_value(image->pixels, image->type, at);
    bool good = (!image->mask || image->mask[at]) && raw >= p->trusted_lo && raw <= p->trusted_hi;
    return good ? (raw - p->pedestal) / gain : NAN;
}

struct sums {
    double n, v, x, y;      /* of pixels of one kind */
    double all, xx, yy, xy; /* v with its background, and its moments */
};

/* Sums over the spot's pixels and their neighbours, background b taken off, positions from (x0, y0); or, with spot false, over the
 * pixels around. */
static struct sums sum(const struct spotfind_image *image, double gain, const int32_t box[4],
                       const uint8_t *marks, bool spot, double b, const double from[2])
{
    const struct panel *p = image->panel;
    struct sums s = {0};
    for (int32_t y = box[2]; y < box[3]; y++)
        for (int32_t x = box[0]; x < box[1]; x++) {
            size_t at = (size_t)y * (size_t)p->n_fast + (size_t)x;
            if (spot ? marks[at] == STRONG || !near(p, marks, x, y, 1, OWN) : near(p, marks, x, y, 2, STRONG))
                continue;
            double v = photons(image, gain, at), dx = x + 0.5 - from[0], dy = y + 0.5 - from[1];
            if (!isfinite(v))
                continue;
            s.n++;
            s.v += v - b;
            s.x += (v - b) * dx;
            s.y += (v - b) * dy;
            s.xx += v * dx * dx;
            s.yy += v * dy * dy;
            s.xy += v * dx * dy;
        }
    return s;
}

static void box_of(const struct panel *p, const struct spot *s, int32_t around, int32_t box[4])
{
    box[0] = s->x0 > around ? s->x0 - around : 0;
    box[1] = s->x1 < p->n_fast - around ? s->x1 + around : p->n_fast;
    box[2] = s->y0 > around ? s->y0 - around : 0;
    box[3] = s->y1 < p->n_slow - around ? s->y1 + around : p->n_slow;
}

static bool measure(const struct spotfind_image *image, double gain, const struct spot *spot,
                    const uint8_t *marks, struct centroid *out)
{
    int32_t box[4];
    double from[2] = {spot->x, spot->y};
    box_of(image->panel, spot, AROUND, box);
    struct sums around = sum(image, gain, box, marks, false, 0, from);
    if (around.n < BACKGROUND_LEAST)
        return false;
    out->background = around.v / around.n;
    box_of(image->panel, spot, 1, box);
    struct sums s = sum(image, gain, box, marks, true, out->background, from);
    out->intensity = s.v;
    if (!(s.v >= PHOTONS_LEAST))
        return false;
    out->px[0] = from[0] + s.x / s.v;
    out->px[1] = from[1] + s.y / s.v;
    s = sum(image, gain, box, marks, true, out->background, out->px);
    double per = 1 / (s.v * s.v);
    out->cov[0] = fmax(s.xx * per, VARIANCE_LEAST);
    out->cov[1] = fmax(s.yy * per, VARIANCE_LEAST);
    double most = CORRELATION_MOST * sqrt(out->cov[0] * out->cov[1]);
    out->cov[2] = fmax(-most, fmin(most, s.xy * per));
    return isfinite(out->px[0]) && isfinite(out->px[1]) && isfinite(out->cov[0]) && isfinite(out->cov[1]) &&
           isfinite(out->cov[2]);
}

bool centroid_of(const struct spotfind_image *image, double gain, const struct spot *spot,
                 const struct strong_pixel *own, uint8_t *marks, struct centroid *out)
{
    if (spot->x1 - spot->x0 > SIDE_MOST || spot->y1 - spot->y0 > SIDE_MOST || !(gain > 0))
        return false;
    mark(image->panel, own, spot->n_pixels, OWN, marks);
    bool ok = measure(image, gain, spot, marks, out);
    mark(image->panel, own, spot->n_pixels, STRONG, marks);
    return ok;
}
