/* values_test.c - maps of gain and pedestal: a frame with them gives what the frame without gives. */
#include "one_frame.h"

#include "pipeline/workspace.h"

#include <math.h>
#include <string.h>

enum { PIXELS = FRAME_SIDE * FRAME_SIDE };
static uint16_t plain[PIXELS];
static uint16_t raw[PIXELS];
static float gain[PIXELS], pedestal[PIXELS];

/* A frame of some photons, and what a detector with gain and pedestal reads of it. */
static void draw_frames(void)
{
    for (int i = 0; i < PIXELS; i++) {
        plain[i] = (uint16_t)(10 + i * 7 % 5);
        gain[i] = (float)(2 + i % 3);
        pedestal[i] = (float)(20 + i % 11);
    }
    for (int s = 0; s < 20; s++)
        for (int k = 0; k < 9; k++)
            plain[(20 + 24 * (s / 9) + k / 3) * FRAME_SIDE + 20 + 24 * (s % 9) + k % 3] =
                (uint16_t)(500 + 50 * k);
    for (int i = 0; i < PIXELS; i++)
        raw[i] = (uint16_t)((float)plain[i] * gain[i] + pedestal[i]);
    frame_write(path_of("plain.img"), plain);
    frame_write(path_of("raw.img"), raw);
}

static void write_map(const char *name, const float *map)
{
    struct error err = {0};
    struct str s = {0};
    char header[128];
    int n = snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }",
                     FRAME_SIDE, FRAME_SIDE);
    str_addn(&s, "\x93NUMPY\1\0", 8);
    str_addc(&s, (char)n);
    str_addc(&s, 0);
    str_addn(&s, header, (size_t)n);
    str_addn(&s, (const char *)map, PIXELS * sizeof *map);
    assert_true(fs_write_atomic(path_of(name), s.text, s.len, &err));
    str_free(&s);
}

static void process_attached(const char *name, struct result *out)
{
    struct error err = {0};
    struct source *s;
    char *inputs[] = {path_of(name)};
    workspace_free(workspace);
    source_list_close(&list);
    if (!recipe_make(params, &arena, &recipe, &err) ||
        !source_list_make(inputs, 1, &recipe->source, &arena, &list, &err) ||
        !source_open(inputs[0], NULL, &s, &err))
        fail_msg("%s", err.fact);
    if (!recipe_attach(recipe, source_detector(s), &arena, &err))
        fail_msg("%s", err.fact);
    source_close(s);
    workspace = workspace_make(recipe, &list, 0);
    frame_process(recipe, workspace, 0, out);
}

static void use_maps(void)
{
    write_map("gain.npy", gain);
    write_map("pedestal.npy", pedestal);
    set(arena_printf(&arena, "xfelx.detector.gain_map=%s/gain.npy", folder));
    set(arena_printf(&arena, "xfelx.detector.pedestal_map=%s/pedestal.npy", folder));
}

static void maps_give_back_the_photons(void **state)
{
    (void)state;
    struct result out;
    struct spot spots[64];
    draw_frames();
    process_attached("plain.img", &out);
    size_t n = out.n_strong;
    assert_int_equal(n, 20);
    memcpy(spots, out.spots, n * sizeof *spots);
    use_maps();
    process_attached("raw.img", &out);
    assert_int_equal(out.n_strong, n);
    for (size_t i = 0; i < n; i++)
        assert_memory_equal(&out.spots[i], &spots[i], sizeof *spots);
    for (int i = 0; i < PIXELS; i++)
        assert_true(((const float *)workspace->frame.pixels)[i] == (float)plain[i]);
    assert_true(out.detector->panels->gain == 1 &&
                out.detector->panels->trusted_hi > 1000); /* the file's, as written */
    assert_true(out.detector != workspace->frame.detector);
}

static void a_pixel_without_gain_is_masked(void **state)
{
    (void)state;
    struct result out;
    draw_frames();
    int spot = 21 * FRAME_SIDE + 21;
    gain[spot] = 0;
    use_maps();
    process_attached("raw.img", &out);
    assert_int_equal(((const uint8_t *)workspace->mask_spots.data)[spot], 0);
    assert_int_equal(((const uint8_t *)workspace->mask_integration.data)[spot], 0);
    assert_int_equal(((const uint8_t *)workspace->mask_integration.data)[spot + 1], 1);
    assert_true(isnan(((const float *)workspace->frame.pixels)[spot]));
}

static void a_number_a_panel_needs_no_other_pixels(void **state)
{
    (void)state;
    struct error err = {0};
    struct result out;
    draw_frames();
    assert_true(fs_write_atomic(path_of("gain.txt"), "4\n", 2, &err));
    set(arena_printf(&arena, "xfelx.detector.gain_map=%s/gain.txt", folder));
    process_attached("plain.img", &out);
    assert_int_equal(workspace->frame.type, PIXEL_U16);
    assert_true(out.detector->panels->gain == 4);
}

static void a_gain_is_given_once(void **state)
{
    (void)state;
    struct error err = {0};
    draw_frames();
    use_maps();
    set("spotfinder.threshold.dispersion.gain=3");
    assert_false(recipe_make(params, &arena, &recipe, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "given twice"));
    set("input.ignore_gain_mismatch=True");
    assert_true(recipe_make(params, &arena, &recipe, &err));
}

/* The detector of a file that states a gain. */
static void a_gain_of_the_file_and_a_map_are_too_many(void **state)
{
    (void)state;
    struct result out;
    const struct detector *written;
    draw_frames();
    use_maps();
    process_attached("raw.img", &out);
    struct frame frame = workspace->frame;
    struct detector *d = detector_copy(&arena, out.detector);
    d->panels->gain = 7;
    frame.detector = d;
    frame.pixels = raw;
    frame.type = PIXEL_U16;
    workspace->frame = frame;
    assert_false(workspace_values(workspace, &out, &written));
    assert_int_equal(out.reason, REASON_GAIN_TWICE);
    assert_non_null(strstr(out.message, "gain 7"));
    d->panels->gain = 1;
    d->panels->pedestal = 3;
    workspace->frame = frame;
    assert_false(workspace_values(workspace, &out, &written));
    recipe->ignore_gain_mismatch = true;
    workspace->frame = frame;
    assert_true(workspace_values(workspace, &out, &written));
    assert_true(((const float *)workspace->frame.pixels)[9] == (float)plain[9]); /* the map's alone */
}

static void another_detector_fails_the_frame(void **state)
{
    (void)state;
    struct result out;
    draw_frames();
    use_maps();
    process_attached("raw.img", &out);
    recipe->mask_pixels--;
    frame_process(recipe, workspace, 0, &out);
    assert_int_equal(out.reason, REASON_MASK_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(maps_give_back_the_photons),
        CASE(a_pixel_without_gain_is_masked),
        CASE(a_number_a_panel_needs_no_other_pixels),
        CASE(a_gain_is_given_once),
        CASE(a_gain_of_the_file_and_a_map_are_too_many),
        CASE(another_detector_fails_the_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
