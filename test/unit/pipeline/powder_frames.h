/* powder_frames.h - frames of a detector of two panels, and their sum by several ranks and threads. */
#ifndef XFELX_TEST_POWDER_FRAMES_H
#define XFELX_TEST_POWDER_FRAMES_H

#include "pipeline/pipeline.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { N = 64, FRAMES = 40 };

static struct arena arena;
static struct detector *detector;
static uint16_t pixels[FRAMES][2 * N * N];
static char folder[] = "/tmp/xfelx_powder_XXXXXX";

static int make_frames(void **state)
{
    struct error err = {0};
    (void)state;
    detector = detector_make(&arena, 2, 0);
    for (int k = 0; k < 2; k++) {
        struct panel *p = detector->panels + k;
        p->n_fast = p->n_slow = N;
        p->pixel_fast = p->pixel_slow = 0.1;
        p->origin[0] = -3.2 + 7 * k;
        p->origin[1] = 3.2;
        p->origin[2] = -100;
        p->fast[0] = 1, p->fast[1] = p->fast[2] = 0;
        p->slow[1] = -1, p->slow[0] = p->slow[2] = 0;
        p->trusted_lo = 0;
        p->trusted_hi = 1000;
        detector->info[k].name = k ? "right" : "left";
    }
    srand(3);
    for (int f = 0; f < FRAMES; f++)
        for (int i = 0; i < 2 * N * N; i++)
            pixels[f][i] = (uint16_t)(i == 77 ? 2000 : rand() % 20); /* 77: above the range */
    return detector_finish(detector, "test", &err) && mkdtemp(folder) && source_helper_start(&err) ? 0 : 1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    source_helper_stop();
    arena_free(&arena);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static inline double view(const struct frame *f, size_t i)
{
    return (double)((const float *)f->pixels)[i];
}

static void add(struct powder *p, int f, uint32_t thread)
{
    const struct frame frame = {.id = {.frame = (uint32_t)f},
                                .beam = {.v = {.wavelength = 1.3 + f * 1e-3, .direction = {0, 0, 1}}},
                                .detector = detector,
                                .type = PIXEL_U16,
                                .pixels = pixels[f]};
    powder_add(p, &frame, (uint64_t)f, f % 4 == 0, thread);
}

struct share {
    struct powder *p;
    int first, step;
};

static void *add_share(void *arg)
{
    const struct share *s = arg;
    for (int f = s->first; f < FRAMES; f += s->step)
        add(s->p, f, (uint32_t)s->first);
    return NULL;
}

static void gather_of(const char *name, int ranks, int threads, struct powder_sum *out)
{
    struct error err = {0};
    char parts[96], path[128];
    snprintf(parts, sizeof parts, "%s/%s", folder, name);
    for (int r = 0; r < ranks; r++) {
        struct powder *p = powder_make(1);
        pthread_t thread[8];
        struct share shares[8];
        for (int t = 0; t < threads; t++) {
            shares[t] = (struct share){p, r * threads + t, ranks * threads};
            assert_int_equal(pthread_create(thread + t, NULL, add_share, shares + t), 0);
        }
        for (int t = 0; t < threads; t++)
            pthread_join(thread[t], NULL);
        snprintf(path, sizeof path, "%s/a1-r%d", parts, r);
        assert_true(powder_write(p, path, &err));
        powder_free(p);
    }
    assert_true(powder_gather(parts, &arena, out, &err));
}

#endif
