/* spot_length.c - see spot_length.h. */
#include "kernels/spot_length.h"

#include "kernels/sort.h"

#include <math.h>

double spot_length(const struct strong_pixel *pixels, size_t n)
{
    double mx = 0, my = 0, xx = 0, xy = 0, yy = 0, lo = INFINITY, hi = -INFINITY;
    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        mx += pixels[i].x, my += pixels[i].y;
    mx /= (double)n, my /= (double)n;
    for (size_t i = 0; i < n; i++) {
        double dx = pixels[i].x - mx, dy = pixels[i].y - my;
        xx += dx * dx, xy += dx * dy, yy += dy * dy;
    }
    double angle = atan2(2 * xy, xx - yy) / 2, ux = cos(angle), uy = sin(angle);
    for (size_t i = 0; i < n; i++) {
        double along = (pixels[i].x - mx) * ux + (pixels[i].y - my) * uy;
        lo = fmin(lo, along), hi = fmax(hi, along);
    }
    return hi - lo + 1;
}

double spots_length(const struct spot *spots, size_t n, const struct strong_pixel *pixels, double *lengths)
{
    for (size_t i = 0; i < n; i++)
        lengths[i] = spot_length(pixels + spots[i].first_pixel, spots[i].n_pixels);
    sort_doubles(lengths, n);
    return n == 0 ? 0 : n % 2 ? lengths[n / 2] : (lengths[n / 2 - 1] + lengths[n / 2]) / 2;
}
