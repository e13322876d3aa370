#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/simulate.h"
#include "source/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 3 };

static char folder[64];

static int make_folder(void **state)
{
    struct error err = {0};
    (void)state;
    strcpy(folder, "/tmp/xfelx_writer_XXXXXX");
    return mkdtemp(folder) && source_helper_start(&err) ? 0 : 1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"a.h5",   "b.h5", "a_truth.json", "b_truth.json", "a.phil",
                                        "b.phil", "m.h5", "m_truth.json", "m.phil"};
    char path[128];
    (void)state;
    source_helper_stop();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder); /* fails when anything else was left behind */
}

static struct scene *make_scene(struct arena *a)
{
    struct simulate_params p = simulate_defaults();
    struct error err = {0};
    p.n_fast = 96, p.n_slow = 64, p.distance = 25, p.shift_fast = 1.25;
    p.cell[0] = p.cell[1] = 30;
    struct scene *s = scene_make(&p, a, &err);
    assert_non_null(s);
    return s;
}

static void write_run(const struct scene *s, const char *path, struct arena *a, uint16_t *pixels,
                      struct simulate_truth *truth)
{
    struct simulate_writer *w;
    struct error err = {0};
    void *work = arena_alloc(a, scene_work_size(s));
    assert_true(simulate_writer_open(s, path, FRAMES, &w, &err));
    for (uint32_t n = 0; n < FRAMES; n++) {
        uint16_t *frame = pixels + n * scene_detector(s)->n_pixels;
        scene_frame(s, n, frame, &truth[n], NULL, work);
        assert_true(simulate_writer_put(w, frame, &truth[n], &err));
    }
    assert_int_equal(access(path, F_OK), -1); /* not before it is complete */
    assert_true(simulate_writer_close(w, &err));
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct arena a = {0};
    struct scene *s = make_scene(&a);
    size_t n = scene_detector(s)->n_pixels;
    uint16_t *pixels = arena_array(&a, FRAMES * n, sizeof *pixels);
    struct simulate_truth truth[FRAMES];
    struct source_options options = {0};
    struct source *source;
    struct frame_buffer buffer = {0};
    struct error err = {0};
    char *path = arena_printf(&a, "%s/a.h5", folder);
    write_run(s, path, &a, pixels, truth);

    if (!source_open(path, &options, &source, &err))
        fail_msg("%s", err.fact);
    assert_int_equal(source_frames(source), FRAMES);
    const struct panel *p = &source_detector(source)->panels[0], *q = &scene_detector(s)->panels[0];
    for (int i = 0; i < 3; i++)
        assert_true(fabs(p->origin[i] - q->origin[i]) < 1e-9 && p->fast[i] == q->fast[i] &&
                    p->slow[i] == q->slow[i]);
    assert_true(p->n_fast == 96 && p->n_slow == 64 && p->trusted_lo == 0 &&
                p->trusted_hi == SIMULATE_SATURATION);
    for (uint32_t k = 0; k < FRAMES; k++) {
        struct frame frame;
        assert_true(source_read(source, k, &buffer, &frame, &err));
        assert_int_equal(frame.type, PIXEL_U16);
        assert_memory_equal(frame.pixels, pixels + k * n, n * sizeof *pixels);
        assert_true(fabs(frame.beam.v.wavelength - truth[k].wavelength) < 1e-12);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(frame.mask[i] != 0, scene_mask(s)[i]);
    }
    frame_buffer_free(&buffer);
    source_close(source);
    arena_free(&a);
}

/* Modules of an integrating detector: signed pixels, gain, places and mask come back. */
static void modules_are_read_back(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = simulate_defaults();
    struct error err = {0};
    assert_true(simulate_use_preset(&p, "agipd1M", 150, &a, &err));
    p.panel_shift = 0.3, p.shift_fast = 1.5, p.mu = 7;
    struct scene *s = scene_make(&p, &a, &err);
    size_t n = scene_detector(s)->n_pixels;
    int32_t *pixels = arena_array(&a, n, sizeof *pixels);
    struct simulate_truth truth;
    struct simulate_writer *w;
    struct source_options options = {0};
    struct source *source;
    struct frame_buffer buffer = {0};
    struct frame frame;
    char *path = arena_printf(&a, "%s/m.h5", folder);
    assert_int_equal(scene_pixel_type(s), PIXEL_I32);
    scene_frame(s, 0, pixels, &truth, NULL, arena_alloc(&a, scene_work_size(s)));
    assert_true(simulate_writer_open(s, path, 1, &w, &err) && simulate_writer_put(w, pixels, &truth, &err) &&
                simulate_writer_close(w, &err));
    if (!source_open(path, &options, &source, &err))
        fail_msg("%s", err.fact);
    const struct detector *d = source_detector(source), *h = scene_detector(s);
    assert_int_equal(d->n_panels, 16);
    for (size_t k = 0; k < 16; k++)
        for (int i = 0; i < 3; i++)
            assert_true(fabs(d->panels[k].origin[i] - h->panels[k].origin[i]) < 1e-9);
    assert_true(fabs(d->panels[3].gain - 7.5) < 1e-12 && d->panels[3].trusted_hi == 80000);
    assert_true(source_read(source, 0, &buffer, &frame, &err));
    assert_memory_equal(frame.pixels, pixels, n * sizeof *pixels);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(frame.mask[i] != 0, scene_mask(s)[i]);
    frame_buffer_free(&buffer);
    source_close(source);
    arena_free(&a);
}

static void the_same_simulation_gives_the_same_bytes(void **state)
{
    (void)state;
    struct arena a = {0};
    struct scene *s = make_scene(&a);
    uint16_t *pixels = arena_array(&a, FRAMES * scene_detector(s)->n_pixels, sizeof *pixels);
    struct simulate_truth truth[FRAMES];
    struct bytes file[2] = {{0}, {0}}, json[2] = {{0}, {0}};
    struct error err = {0};
    for (int i = 0; i < 2; i++) {
        char *path = arena_printf(&a, "%s/%c.h5", folder, 'a' + i);
        unlink(path);
        write_run(s, path, &a, pixels, truth);
        assert_true(fs_read(path, 1 << 26, &file[i], &err));
        assert_true(fs_read(arena_printf(&a, "%s/%c_truth.json", folder, 'a' + i), 1 << 26, &json[i], &err));
    }
    assert_int_equal(file[0].size, file[1].size);
    assert_memory_equal(file[0].data, file[1].data, file[0].size);
    assert_memory_equal(json[0].data, json[1].data, json[0].size);
    struct json *root = json_parse((const char *)json[0].data, json[0].size, "truth", &err);
    assert_non_null(root);
    assert_int_equal(json_size(json_get(root, "frames")), FRAMES);
    json_free(root);
    for (int i = 0; i < 2; i++) {
        bytes_free(&file[i]);
        bytes_free(&json[i]);
    }
    arena_free(&a);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct arena a = {0};
    struct scene *s = make_scene(&a);
    struct simulate_writer *w;
    struct error err = {0};
    assert_false(simulate_writer_open(s, "/nonexistent/run.h5", FRAMES, &w, &err));
    assert_int_equal(err.code, ERROR_FAILED);
    assert_non_null(strstr(err.fact, "/nonexistent/run.h5"));
    arena_free(&a);
}

static void an_abandoned_file_leaves_nothing(void **state)
{
    (void)state;
    struct arena a = {0};
    struct scene *s = make_scene(&a);
    struct simulate_writer *w;
    struct error err = {0};
    char *path = arena_printf(&a, "%s/half.h5", folder);
    assert_true(simulate_writer_open(s, path, FRAMES, &w, &err));
    simulate_writer_abandon(w); /* remove_folder would fail on a file left behind */
    assert_int_equal(access(path, F_OK), -1);
    assert_true(simulate_writer_open(s, path, FRAMES, &w, &err));
    assert_false(simulate_writer_close(w, &err)); /* frames are missing */
    assert_int_equal(access(path, F_OK), -1);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(modules_are_read_back),
        cmocka_unit_test(the_same_simulation_gives_the_same_bytes),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(an_abandoned_file_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
