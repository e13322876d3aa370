/* panels.h - two panels, the second turned by 30°, with pixels of any type, for the tests of this room. */
#ifndef XFELX_TEST_VIEW_PANELS_H
#define XFELX_TEST_VIEW_PANELS_H

#include "support.h"

#include "view/view.h"

#include <math.h>
#include <string.h>

enum { SIDE = 40, PIXELS = 2 * SIDE * SIDE };

static inline struct detector *panels_make(struct arena *a)
{
    struct detector *d = detector_make(a, 2, 0);
    double c = cos(M_PI / 6), s = sin(M_PI / 6);
    d->panels[0] =
        (struct panel){.origin = {-SIDE - 2, SIDE / 2, -100}, .fast = {1, 0, 0}, .slow = {0, -1, 0}};
    d->panels[1] = (struct panel){.origin = {2, SIDE / 2, -100}, .fast = {c, s, 0}, .slow = {s, -c, 0}};
    for (int k = 0; k < 2; k++) {
        struct panel *p = &d->panels[k];
        p->pixel_fast = p->pixel_slow = 1;
        p->n_fast = p->n_slow = SIDE;
        p->trusted_lo = 0, p->trusted_hi = 1e6, p->gain = 1;
        d->info[k].name = k ? "turned" : "left";
    }
    assert_true(detector_finish(d, "test", NULL));
    return d;
}

static inline struct frame panels_frame(const struct detector *d, enum pixel_type type, const void *pixels,
                                        const uint8_t *mask)
{
    return (struct frame){.detector = d,
                          .type = type,
                          .pixels = pixels,
                          .mask = mask,
                          .beam.v = {.wavelength = 1, .direction = {0, 0, 1}}};
}

#endif
