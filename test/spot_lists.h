/* spot_lists.h - the spot lists of the simulated sets for tests of indexing: header geometry (wrong on purpose), spots as found,
 * true lattices. Their frame (z along the beam) is turned about y into ours. */
#ifndef XFELX_TEST_SPOT_LISTS_H
#define XFELX_TEST_SPOT_LISTS_H

#include "support.h"

#include "kernels/index.h"
#include "kernels/lattice.h"

#include <string.h>

enum { LIST_FRAMES = 80, LIST_TRUE = 4 };

struct list_frame {
    char kind[16];
    struct beam_vector beam;
    double A[LIST_TRUE][9]; /* conventional setting */
    size_t n_true, n;
    struct ray *ray; /* [n], brightest first */
};

struct spot_lists {
    char name[8], bravais[4];
    double cell[6];
    struct panel panel[64];
    size_t n_panels, n;
    struct list_frame frame[LIST_FRAMES];
};

/* The next numbers of the text. */
static inline const char *list_numbers(const char *at, double *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *end;
        out[i] = strtod(at, &end);
        assert_true(end != at);
        at = end;
    }
    return at;
}

static inline const char *list_word(const char *at, char *word, size_t size)
{
    size_t n = 0;
    while (*at == ' ' || *at == '\n')
        at++;
    while (*at > ' ' && n + 1 < size)
        word[n++] = *at++;
    word[n] = 0;
    return at;
}

static inline const char *list_expect(const char *at, const char *word)
{
    char found[16];
    at = list_word(at, found, sizeof found);
    assert_string_equal(found, word);
    return at;
}

static inline const char *list_read_frame(const char *at, const struct spot_lists *l, struct list_frame *f)
{
    double v[9];
    at = list_numbers(list_expect(at, "frame"), v, 1);
    at = list_numbers(list_word(at, f->kind, sizeof f->kind), v, 3);
    f->beam = (struct beam_vector){v[0], {0, 0, 1}};
    f->n_true = (size_t)v[1];
    f->n = (size_t)v[2];
    assert_true(f->n_true <= LIST_TRUE && f->n < 100000);
    for (size_t i = 0; i < f->n_true; i++) {
        at = list_numbers(list_expect(at, "lattice"), f->A[i], 9);
        for (size_t k = 0; k < 3; k++) {
            f->A[i][k] = -f->A[i][k];
            f->A[i][6 + k] = -f->A[i][6 + k];
        }
    }
    struct spot *spot = calloc(f->n + 1, sizeof *spot);
    f->ray = calloc(f->n + 1, sizeof *f->ray);
    assert_true(spot && f->ray);
    for (size_t i = 0; i < f->n; i++) {
        at = list_numbers(at, v, 5);
        spot[i] = (struct spot){.panel = (uint32_t)v[0], .x = v[1], .y = v[2], .intensity = v[3]};
    }
    f->n = spots_to_rays(l->panel, l->n_panels, &f->beam, spot, f->n, f->ray);
    free(spot);
    return at;
}

/* Read the lists of a set ("E"); skips the test when the data are not there. */
static inline void spot_lists_read(const char *set, struct spot_lists *l)
{
    char name[64];
    double v[11];
    memset(l, 0, sizeof *l);
    snprintf(name, sizeof name, "spot_lists/%s.spots.gz", set);
    char *text = support_gunzip(name);
    const char *at = list_word(list_expect(text, "set"), l->name, sizeof l->name);
    at = list_numbers(list_word(at, l->bravais, sizeof l->bravais), v, 3);
    l->n_panels = (size_t)v[0];
    double pixel = v[1];
    l->n = (size_t)v[2];
    assert_true(l->n_panels <= 64 && l->n <= LIST_FRAMES);
    at = list_numbers(list_expect(at, "cell"), l->cell, 6);
    for (size_t i = 0; i < l->n_panels; i++) {
        at = list_numbers(list_expect(at, "panel"), v, 11);
        for (int k = 0; k < 9; k++)
            v[k] = k % 3 == 1 ? v[k] : -v[k];
        struct panel *p = &l->panel[i];
        *p = (struct panel){
            .pixel_fast = pixel, .pixel_slow = pixel, .n_fast = (int32_t)v[9], .n_slow = (int32_t)v[10]};
        memcpy(p->origin, v, sizeof p->origin);
        memcpy(p->fast, v + 3, sizeof p->fast);
        memcpy(p->slow, v + 6, sizeof p->slow);
    }
    for (size_t i = 0; i < l->n; i++)
        at = list_read_frame(at, l, &l->frame[i]);
    free(text);
}

static inline void spot_lists_free(struct spot_lists *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->frame[i].ray);
}

#endif
