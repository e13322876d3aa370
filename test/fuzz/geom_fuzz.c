/* geom_fuzz.c - any bytes as a CrystFEL geometry file: refused with a message, or panels that keep the promises of
 * detector.h. */
#include "source/geom.h"

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
    for (size_t i = 0; i < d->n_panels; i++) {
        const struct panel *p = &d->panels[i];
        check(p->n_fast > 0 && p->n_slow > 0 && p->pixel_fast > 0 && p->pixel_slow > 0);
        check(isfinite(p->origin[0] + p->origin[1] + p->origin[2] + p->fast[0] + p->slow[0]));
    }
    for (size_t i = 0; i < d->n_nodes; i++)
        check(d->nodes[i].parent < (int32_t)i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct error err = {0};
    struct geom g;
    struct detector *d = NULL;
    const double shift[2] = {0, 0};
    char *text = malloc(size ? size : 1);
    memcpy(text, data, size);
    if (!geom_parse(text, size, "fuzz.geom", &a, &g, &err)) {
        check(err.code != ERROR_NONE && err.fact[0] != '\0');
    } else {
        double *clen = arena_array(&a, g.n_panels, sizeof *clen);
        for (size_t i = 0; i < g.n_panels; i++)
            clen[i] = 0.1;
        if (geom_detector(&g, clen, shift, 9000, &a, &d, &err)) {
            check_detector(d);
            if (d->n_pixels <= (size_t)1 << 20)
                geom_mask_regions(&g, d, arena_alloc(&a, d->n_pixels), &err);
        } else {
            check(err.code != ERROR_NONE);
        }
    }
    arena_free(&a);
    free(text);
    return 0;
}
