/* spotfind.c - parameters of spot finding, their check, and the choice of the algorithm.
 *
 * The tests themselves are in spotfind_dispersion.c and spotfind_radial.c; this file holds what they have in
 * common and what is decided once per panel or per frame.
 */
#include "kernels/spotfind.h"

#include "kernels/pixel.h"
#include "kernels/spotfind_forms.h"

#include <float.h>
#include <math.h>

struct spotfind_params spotfind_defaults(void)
{
    return (struct spotfind_params){
        .algorithm = SPOTFIND_DISPERSION_EXTENDED,
        .kernel_slow = 3,
        .kernel_fast = 3,
        .sigma_background = 6,
        .sigma_strong = 3,
        .min_local = 2,
        .n_iqr = 6,
        .n_bins = 100,
        .blur = SPOTFIND_BLUR_NONE,
        .max_spot_size = 1000,
        .max_separation = 2,
        .max_strong_pixel_fraction = 0.25,
        .background_size = 2,
        .gradient_cutoff = 4,
    };
}

static const char *check_dispersion(const struct spotfind_params *p)
{
    if (p->kernel_slow < 1 || p->kernel_fast < 1 || p->kernel_slow > SPOTFIND_KERNEL_MAX ||
        p->kernel_fast > SPOTFIND_KERNEL_MAX)
        return "threshold.dispersion.kernel_size must be two numbers from 1 to 50";
    if (!(p->sigma_background >= 0 && p->sigma_background <= DBL_MAX))
        return "threshold.dispersion.sigma_background must be 0 or more";
    if (!(p->sigma_strong >= 0 && p->sigma_strong <= DBL_MAX))
        return "threshold.dispersion.sigma_strong must be 0 or more";
    if (p->min_local == 1 || p->min_local > (2 * p->kernel_slow + 1) * (2 * p->kernel_fast + 1))
        return "threshold.dispersion.min_local must be 0, or from 2 to the number of pixels under the kernel";
    if (!(p->global_threshold >= 0 && p->global_threshold <= DBL_MAX))
        return "threshold.dispersion.global_threshold must be 0 or more";
    if (!(p->gain >= 0 && p->gain <= DBL_MAX))
        return "threshold.dispersion.gain must be more than 0";
    return NULL;
}

const char *spotfind_check(const struct spotfind_params *p, int32_t n_fast, int32_t n_slow)
{
    const int32_t *r = p->roi;

    if (p->algorithm == SPOTFIND_RADIAL_PROFILE) {
        if (p->n_bins < 1 || p->n_bins > SPOTFIND_BINS_MAX)
            return "threshold.radial_profile.n_bins must be from 1 to 10000";
    } else {
        const char *wrong = check_dispersion(p);
        if (wrong)
            return wrong;
    }
    if (r[0] || r[1] || r[2] || r[3])
        if (!(0 <= r[0] && r[0] < r[1] && r[1] <= n_fast && 0 <= r[2] && r[2] < r[3] && r[3] <= n_slow))
            return "region_of_interest must be x0,x1,y0,y1 inside every panel, x0 < x1, y0 < y1";
    if (p->max_spot_size < 1)
        return "filter.max_spot_size must be 1 or more";
    if (!(p->max_strong_pixel_fraction >= 0 && p->max_strong_pixel_fraction <= 1))
        return "filter.max_strong_pixel_fraction must be from 0 to 1";
    if (isnan(p->max_separation))
        return "filter.max_separation is not a number";
    if (p->background_gradient && (p->background_size < 1 || p->background_size > 1000))
        return "filter.background_gradient.background_size must be from 1 to 1000";
    if (p->background_gradient && !(p->gradient_cutoff >= 0))
        return "filter.background_gradient.gradient_cutoff must be 0 or more";
    return NULL;
}

struct spotfind_area spotfind_area(const struct spotfind_params *p, int32_t n_fast, int32_t n_slow)
{
    const int32_t *r = p->roi;

    if (!(r[0] || r[1] || r[2] || r[3]))
        return (struct spotfind_area){0, 0, n_fast, n_slow};
    return (struct spotfind_area){r[0], r[2], r[1] - r[0], r[3] - r[2]};
}

/* DIALS 3.12 takes lo' < v < hi with lo' = lo - 1 of what its readers, and hi of what file headers state;
 * later versions take lo ≤ v ≤ hi (ALGORITHMS 2.1). Finite ends keep infinities of floating-point pixels out.
 */
struct spotfind_range spotfind_range(const struct spotfind_params *p, const struct panel *panel)
{
    return (struct spotfind_range){.lo = fmax(panel->trusted_lo, -DBL_MAX),
                                   .hi = fmin(panel->trusted_hi, DBL_MAX),
                                   .open_hi = p->dials_312};
}

size_t spotfind_work_size(const struct spotfind_params *p, int32_t n_fast, int32_t n_slow)
{
    struct spotfind_area a = spotfind_area(p, n_fast, n_slow);

    return p->algorithm == SPOTFIND_RADIAL_PROFILE ? radial_work_size(p, a.width, a.height)
                                                   : dispersion_work_size(p, a.width);
}

size_t spotfind_panel_ref(const struct spotfind_params *p, const struct spotfind_image *image,
                          struct strong_pixel *strong, size_t capacity, void *work)
{
    struct strong_list out = {strong, capacity, 0};

    switch (p->algorithm) {
    case SPOTFIND_DISPERSION:
        dispersion_find(p, image, &out, work);
        break;
    case SPOTFIND_DISPERSION_EXTENDED:
        dispersion_extended_find(p, image, &out, work);
        break;
    case SPOTFIND_RADIAL_PROFILE:
        radial_find(p, image, &out, work);
        break;
    }
    return out.n;
}

size_t spotfind_max_strong(const struct spotfind_params *p, size_t n_pixels)
{
    if (p->max_strong_pixel_fraction >= 1)
        return SIZE_MAX;
    return (size_t)ceil(p->max_strong_pixel_fraction * (double)n_pixels);
}

double spotfind_elbow(const struct spotfind_image *image)
{
    enum { STEPS = 19 };
    const struct panel *panel = image->panel;
    size_t n = (size_t)panel->n_fast * (size_t)panel->n_slow;
    double gain = panel->gain > 0 ? panel->gain : 1;
    double x[STEPS], y[STEPS] = {0};

    for (int i = 0; i < STEPS; i++)
        x[i] = floor(pow(1.5, i + 1));
    for (size_t k = 0; k < n; k++) {
        double v = (pixel_value(image->pixels, image->type, k) - panel->pedestal) / gain;
        for (int i = 0; i < STEPS && v > x[i]; i++)
            y[i]++;
    }

    /* The steepest line to the last point, then the point farthest from that line (Zhang et al. 2006, as in
     * distl). */
    int steepest = 0;
    double slope = INFINITY;
    for (int i = 0; i < STEPS - 1; i++) {
        double s = (y[STEPS - 1] - y[i]) / (x[STEPS - 1] - x[i]);
        if (s < slope) {
            slope = s;
            steepest = i;
        }
    }
    double nx = y[STEPS - 1] - y[steepest], ny = -(x[STEPS - 1] - x[steepest]);
    double length = sqrt(nx * nx + ny * ny), farthest = -1;
    int elbow = steepest;
    for (int i = steepest; i < STEPS; i++) {
        double gap = fabs(nx / length * (x[steepest] - x[i]) + ny / length * (y[steepest] - y[i]));
        if (gap > farthest) {
            farthest = gap;
            elbow = i;
        }
    }
    /* DIALS indexes two to the left and, at the left end, wraps around. */
    return x[elbow >= 2 ? elbow - 2 : elbow - 2 + STEPS];
}
