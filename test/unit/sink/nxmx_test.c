/* nxmx_test.c - image files that read back. What simulations write: simulate/writer_test.c. */
#include "sink/sink.h"
#include "source/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { W = 40, H = 30 };

static struct arena arena;
static char folder[] = "/tmp/xfelx_nxmx_XXXXXX";

static struct detector *a_detector(void)
{
    struct error err = {0};
    struct detector *d = detector_make(&arena, 2, 0);
    for (int k = 0; k < 2; k++) {
        struct panel *p = d->panels + k;
        p->n_fast = k ? W / 2 : W; /* panels of two sizes in one image */
        p->n_slow = H;
        p->pixel_fast = p->pixel_slow = 0.2;
        p->origin[0] = -4 + 9 * k, p->origin[1] = 3, p->origin[2] = -80;
        p->fast[0] = 1, p->fast[1] = p->fast[2] = 0;
        p->slow[1] = -1, p->slow[0] = p->slow[2] = 0;
        p->trusted_lo = -100;
        p->trusted_hi = 1e6;
        d->info[k].name = k ? "b" : "a";
    }
    assert_true(detector_finish(d, "test", &err));
    return d;
}

static void reals_and_geometry_read_back(void **state)
{
    (void)state;
    struct error err = {0};
    struct detector *d = a_detector();
    float v[W * H + W / 2 * H];
    uint8_t mask[sizeof v / sizeof *v];
    char path[64];
    struct nxmx *w;
    struct source *s;
    struct frame_buffer buffer = {0};
    struct frame f;
    double wavelength = 1.25;
    for (size_t i = 0; i < d->n_pixels; i++)
        v[i] = 0.25f * (float)i - 50;
    memset(mask, 1, sizeof mask);
    mask[3] = 0;
    snprintf(path, sizeof path, "%s/a.h5", folder);
    const struct nxmx_options o = {.detector = d,
                                   .mask = mask,
                                   .type = PIXEL_F32,
                                   .n_frames = 1,
                                   .description = "test",
                                   .name = "test",
                                   .underload = -100};
    assert_true(nxmx_open(path, &o, &w, &err));
    assert_true(nxmx_put(w, v, &err));
    assert_false(nxmx_put(w, v, &err)); /* one was announced */
    nxmx_put_reals(w, "/entry/instrument/beam", "NXbeam", "incident_wavelength", 0, NULL, &wavelength,
                   "angstrom");
    assert_true(access(path, F_OK) != 0); /* not before it is whole */
    assert_true(nxmx_close(w, &err));
    if (!source_open(path, NULL, &s, &err))
        fail_msg("%s %s", err.fact, err.detail);
    assert_true(source_read(s, 0, &buffer, &f, &err));
    assert_int_equal(f.type, PIXEL_F32);
    assert_memory_equal(f.pixels, v, sizeof v);
    assert_int_equal(f.mask[3], 0);
    assert_int_equal(f.detector->n_panels, 2);
    assert_int_equal(f.detector->panels[1].n_fast, W / 2);
    assert_double_equal(f.detector->panels[1].origin[0], 5, 1e-9);
    assert_double_equal(f.detector->panels[0].trusted_hi, 1e6, 0);
    assert_double_equal(f.beam.v.wavelength, 1.25, 1e-12);
    frame_buffer_free(&buffer);
    source_close(s);
}

/* What is said of a pixel comes back as a mask; beside the narrow panel there is none. */
static void a_mask_says_what_is_wrong_with_each_pixel(void **state)
{
    (void)state;
    struct error err = {0};
    struct detector *d = a_detector();
    char path[64];
    struct nxmx *w;
    struct source *s;
    double wavelength = 1;
    uint8_t *good = arena_array(&arena, d->n_pixels, 1);
    uint32_t *wrong = arena_array(&arena, d->n_pixels, sizeof *wrong);
    float *v = arena_array(&arena, d->n_pixels, sizeof *v);
    memset(good, 0, d->n_pixels); /* not looked at */
    memset(wrong, 0, d->n_pixels * sizeof *wrong);
    memset(v, 0, d->n_pixels * sizeof *v);
    wrong[5] = NXMX_USER;
    wrong[W * H + 2] = NXMX_USER | NXMX_UNSAID;
    snprintf(path, sizeof path, "%s/a.h5", folder);
    const struct nxmx_options o = {.detector = d,
                                   .mask = good,
                                   .pixel_mask = wrong,
                                   .type = PIXEL_F32,
                                   .n_frames = 1,
                                   .description = "",
                                   .name = "x"};
    assert_true(nxmx_open(path, &o, &w, &err));
    nxmx_put_reals(w, "/entry/instrument/beam", "NXbeam", "incident_wavelength", 0, NULL, &wavelength,
                   "angstrom");
    assert_true(nxmx_put(w, v, &err) && nxmx_close(w, &err));
    assert_true(source_open(path, NULL, &s, &err));
    for (size_t i = 0; i < d->n_pixels; i++)
        assert_int_equal(source_mask(s)[i], i != 5 && i != W * H + 2);
    source_close(s);
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    struct error err = {0};
    struct nxmx *w;
    char path[64];
    struct detector *d = a_detector();
    uint8_t *mask = arena_array(&arena, d->n_pixels, 1);
    const struct nxmx_options o = {
        .detector = d, .mask = mask, .type = PIXEL_I32, .n_frames = 2, .description = "", .name = "x"};
    assert_false(nxmx_open("/dev/null", &o, &w, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_false(nxmx_open("/nowhere/a.h5", &o, &w, &err));
    snprintf(path, sizeof path, "%s/b.h5", folder);
    assert_true(nxmx_open(path, &o, &w, &err));
    assert_false(nxmx_close(w, &err)); /* no frame of two */
    assert_true(access(path, F_OK) != 0);
}

static int begin(void **state)
{
    struct error err = {0};
    (void)state;
    return mkdtemp(folder) && source_helper_start(&err) ? 0 : 1;
}

static int end(void **state)
{
    char path[64];
    (void)state;
    source_helper_stop();
    arena_free(&arena);
    snprintf(path, sizeof path, "%s/a.h5", folder);
    unlink(path);
    return rmdir(folder); /* nothing else is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_and_geometry_read_back),
        cmocka_unit_test(a_mask_says_what_is_wrong_with_each_pixel),
        cmocka_unit_test(what_cannot_be_written_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
