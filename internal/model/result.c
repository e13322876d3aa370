/* result.c - carrying results from one thread to another; see result.h. */
#include "model/result.h"

#include <stdlib.h>
#include <string.h>

/* Append n bytes at *at (rounded up to 16) and return where they went. */
static void *append(char **at, const void *bytes, size_t n)
{
    void *place = *at;
    if (n)
        memcpy(place, bytes, n);
    *at += (n + 15) / 16 * 16;
    return place;
}

struct result *result_copy(const struct result *r, const struct detector *detector)
{
    size_t pixels = r->pixels ? r->n_pixels * sizeof *r->pixels : 0;
    size_t spots = r->spots ? r->n_strong * sizeof *r->spots : 0;
    size_t lattices = r->n_lattices * sizeof *r->lattices;
    size_t indexed = r->n_indexed * sizeof *r->indexed, integrated = r->n_integrated * sizeof *r->integrated;
    struct result *copy = malloc((sizeof *r + 15) / 16 * 16 + spots + pixels + lattices + indexed +
                                 integrated + 5 * (size_t)16);
    if (!copy)
        return NULL;
    char *at = (char *)copy;
    append(&at, r, sizeof *r);
    copy->detector = detector;
    copy->spots = r->spots ? append(&at, r->spots, spots) : NULL;
    copy->pixels = r->pixels ? append(&at, r->pixels, pixels) : NULL;
    copy->lattices = append(&at, r->lattices, lattices);
    copy->indexed = append(&at, r->indexed, indexed);
    copy->integrated = append(&at, r->integrated, integrated);
    return copy;
}
