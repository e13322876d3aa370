/* expt_fuzz.c - any bytes as an .expt file: refused with a message, or a detector that keeps every promise of its header. */
#include "model/experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_detector(const struct detector *d)
{
    size_t n_pixels = 0;
    check(d->n_panels > 0);
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = &d->panels[i];
        check(p->first_pixel == n_pixels && p->n_fast > 0 && p->n_slow > 0 && p->pixel_fast > 0 &&
              p->pixel_slow > 0);
        check(isfinite(p->origin[0] + p->origin[1] + p->origin[2]) && p->trusted_lo <= p->trusted_hi &&
              p->gain > 0);
        n_pixels += (size_t)p->n_fast * (size_t)p->n_slow;
    }
    check(n_pixels == d->n_pixels && n_pixels <= (size_t)1 << 28);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct error err = {0};
    struct detector *d = NULL;
    struct beam beam;
    char *text = malloc(size ? size : 1); /* no longer than the input, so that reading on is seen */
    memcpy(text, data, size);
    log_hold(true);
    if (experiment_parse_geometry(text, size, "fuzz.expt", &a, &d, &beam, &err)) {
        double px[2], lo, hi;
        check_detector(d);
        check(beam.v.wavelength > 0);
        check(detector_beam_centre(d, &beam.v, px) < (int)d->n_panels);
        detector_resolution(d, &beam.v, &lo, &hi);
        check(detector_fingerprint(d) == detector_fingerprint(detector_copy(&a, d)));
    } else {
        check(err.code != ERROR_NONE && err.fact[0]);
    }
    free(text);
    arena_free(&a);
    return 0;
}
