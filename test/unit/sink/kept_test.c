/* kept_test.c - tables out of frames, and the checks before writing. */
#include "frames.h"

#include <math.h>

static struct arena memory;
static struct kept_detector detector;

static int setup(void **state)
{
    (void)state;
    detector = (struct kept_detector){.detector = frames_detector(&memory, 100)};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&memory);
    return 0;
}

static void a_table_has_an_experiment_for_every_lattice_with_rows(void **state)
{
    (void)state;
    struct kept_frame *frames[] = {frames_kept(&memory, 0, 0, 2, &detector),
                                   frames_kept(&memory, 0, 1, 0, &detector),
                                   frames_kept(&memory, 0, 2, 3, &detector)};
    struct reflection *rows = (struct reflection *)frames[2]->integrated;
    rows[2].lattice = rows[3].lattice = 2; /* lattice 1 was not integrated */
    struct table *t = table_make(&memory, TABLE_INTEGRATED, frames, 3, "hash");
    assert_int_equal(t->n_frames, 2);
    assert_int_equal(t->n_experiments, 4);
    assert_int_equal(t->n_rows, 10);
    static const struct {
        uint32_t frame;
        int32_t lattice;
        size_t first, n;
    } expected[] = {{0, 0, 0, 2}, {0, 1, 2, 2}, {1, 0, 0, 2}, {1, 2, 2, 4}};
    for (int i = 0; i < 4; i++) {
        const struct experiment *e = &t->experiments[i];
        char identifier[37];
        assert_true(e->frame == expected[i].frame && e->lattice == expected[i].lattice);
        assert_true(e->first_row == expected[i].first && e->n_rows == expected[i].n);
        experiment_identifier("/data/run_0.h5", t->frames[e->frame]->frame, (uint32_t)e->lattice, "hash",
                              NULL, identifier);
        assert_string_equal(e->identifier, identifier);
    }
}

static void a_table_of_spots_has_an_experiment_for_every_frame(void **state)
{
    (void)state;
    struct kept_frame *frames[] = {frames_kept(&memory, 0, 0, 2, &detector),
                                   frames_kept(&memory, 0, 1, 0, &detector)};
    struct table *t = table_make(&memory, TABLE_STRONG, frames, 2, "hash");
    assert_int_equal(t->n_experiments, 2);
    assert_int_equal(t->n_rows, 2);
    assert_int_equal(t->experiments[1].lattice, -1);
}

static void a_sound_frame_passes(void **state)
{
    (void)state;
    struct error err = {0};
    if (!kept_check(frames_kept(&memory, 3, 1, 2, &detector), &err))
        fail_msg("%s", err.fact);
    if (!kept_check(frames_kept(&memory, 3, 1, 0, &detector), &err))
        fail_msg("%s", err.fact);
}

static void expect_fault(const struct kept_frame *f, const char *part)
{
    struct error err = {0};
    assert_false(kept_check(f, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    if (!strstr(err.fact, part) || !strstr(err.fact, "run_7.h5, frame 4"))
        fail_msg("'%s' does not say '%s'", err.fact, part);
}

/* Break one number of a fresh frame, look for the words. */
#define BROKEN(kind, member, value, part)                                                                    \
    do {                                                                                                     \
        struct kept_frame *f = frames_kept(&memory, 7, 4, 2, &detector);                                     \
        ((kind *)(uintptr_t)f->FIELD)[INDEX].member = value;                                                 \
        expect_fault(f, part);                                                                               \
    } while (0)

static void each_broken_number_of_a_row_is_found(void **state)
{
    (void)state;
#define FIELD integrated
#define INDEX 3
    BROKEN(struct reflection, variance, 0, "integrated row 3: variance is not positive");
    BROKEN(struct reflection, variance, NAN, "not finite");
    BROKEN(struct reflection, intensity, INFINITY, "not finite");
    BROKEN(struct reflection, flags, REFL_PREDICTED, "not flagged");
    BROKEN(struct reflection, panel, 2, "no such panel");
    BROKEN(struct reflection, lattice, 2, "no such lattice");
    BROKEN(struct reflection, lattice, 0, "out of order");
    BROKEN(struct reflection, s1[0], 0.61 / 1.3, "Ewald");
    BROKEN(struct reflection, s1[0], NAN, "Ewald");
    BROKEN(struct reflection, obs_mm[1], NAN, "position");
    BROKEN(struct reflection, d, 0, "d is not positive");
    BROKEN(struct reflection, x1, 10, "box");
    BROKEN(struct reflection, bg_mse, NAN, "background");
#undef FIELD
#undef INDEX
#define FIELD indexed
#define INDEX 0
    BROKEN(struct reflection, flags, REFL_PREDICTED, "indexed row 0: is not flagged");
    BROKEN(struct reflection, rlp[2], NAN, "rlp");
    BROKEN(struct reflection, spot, 1, "no such spot");
    BROKEN(struct reflection, spot, -1, "no such spot");
#undef FIELD
}

static void each_broken_number_of_a_lattice_or_spot_is_found(void **state)
{
    (void)state;
#define FIELD lattices
    BROKEN(struct lattice, A[0], -0.02, "lattice 0: A is not finite or left-handed");
    BROKEN(struct lattice, A[0], NAN, "A is not finite");
    BROKEN(struct lattice, half_mosaicity_deg, NAN, "mosaicity");
    BROKEN(struct lattice, domain_size_ang, -1, "domain size");
    BROKEN(struct lattice, sigma_b, INFINITY, "sigma_b");
#undef FIELD
#define FIELD spots
    BROKEN(struct spot, panel, 2, "spot 0: no such panel");
    BROKEN(struct spot, x, NAN, "not finite");
    BROKEN(struct spot, y1, 20, "box");
    BROKEN(struct spot, x1, 11, "outside its box");
    BROKEN(struct spot, n_pixels, 3, "pixels are not there");
    BROKEN(struct spot, first_pixel, UINT32_MAX, "pixels are not there");
    struct kept_frame *f = frames_kept(&memory, 7, 4, 1, &detector);
    f->beam.v.wavelength = 0;
    expect_fault(f, "beam 0");
}

static void a_frame_that_came_twice_is_found(void **state)
{
    (void)state;
    struct error err = {0};
    struct kept_frame *frames[] = {frames_kept(&memory, 1, 0, 2, &detector),
                                   frames_kept(&memory, 1, 1, 0, &detector),
                                   frames_kept(&memory, 1, 2, 1, &detector)};
    assert_true(kept_check_identifiers(frames, 3, "hash", &err));
    frames[2]->frame = 0;
    assert_false(kept_check_identifiers(frames, 3, "hash", &err));
    assert_non_null(strstr(err.fact, "twice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_has_an_experiment_for_every_lattice_with_rows),
        cmocka_unit_test(a_table_of_spots_has_an_experiment_for_every_frame),
        cmocka_unit_test(a_sound_frame_passes),
        cmocka_unit_test(each_broken_number_of_a_row_is_found),
        cmocka_unit_test(each_broken_number_of_a_lattice_or_spot_is_found),
        cmocka_unit_test(a_frame_that_came_twice_is_found),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
