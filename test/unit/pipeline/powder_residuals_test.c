/* powder_residuals_test.c - residuals of several ranks, as files, and added up. */
#include "powder_frames.h"

static void add_rows(struct powder *p, int f)
{
    const struct frame frame = {.id = {.frame = (uint32_t)f},
                                .beam = {.v = {.wavelength = 1.3, .direction = {0, 0, 1}}},
                                .detector = detector,
                                .type = PIXEL_U16,
                                .pixels = pixels[f]};
    struct residual rows[6];
    for (int i = 0; i < 6; i++)
        rows[i] = (struct residual){.panel = i >= 3,
                                    .used = i % 3 != 1,
                                    .move = {0.1 * i - 0.01 * f, -0.2},
                                    .radial = 0.1,
                                    .delpsi = -1e-4 * f,
                                    .d = 2 + i};
    powder_add_residuals(p, &frame, (uint64_t)f, rows, 6);
}

static void gather_residuals(const char *name, int ranks, struct powder_sum *out)
{
    struct error err = {0};
    char parts[96], path[128];
    snprintf(parts, sizeof parts, "%s/%s", folder, name);
    for (int r = 0; r < ranks; r++) {
        struct powder *p = powder_make(0.5);
        for (int f = r; f < FRAMES; f += ranks)
            add_rows(p, f);
        snprintf(path, sizeof path, "%s/a1-r%d", parts, r);
        assert_true(powder_write(p, path, &err));
        powder_free(p);
    }
    assert_true(powder_gather(parts, &arena, out, &err));
}

static void they_are_the_same_however_many_ranks_there_were(void **state)
{
    (void)state;
    struct powder_sum one, many;
    gather_residuals("one", 1, &one);
    gather_residuals("many", 5, &many);
    assert_memory_equal(one.residuals, many.residuals, 2 * sizeof *one.residuals);
    assert_memory_equal(one.shells, many.shells, sizeof one.shells);
    assert_int_equal(one.residuals[1].sums[RESIDUAL_SEEN], 3 * FRAMES); /* of all frames, not of the share */
    assert_int_equal(one.residuals[1].sums[RESIDUAL_USED], 2 * FRAMES);
    assert_int_equal(one.residuals[0].sums[RESIDUAL_LATTICES], FRAMES);
    assert_int_equal(one.frames[0] + one.frames[1], 0);
}

static void the_file_holds_sums_and_places(void **state)
{
    (void)state;
    struct error err = {0};
    struct powder_sum s;
    struct bytes b = {0};
    char path[96];
    double v[RESIDUAL_SUMS], size[2];
    gather_residuals("file", 2, &s);
    snprintf(path, sizeof path, "%s/residuals.json", folder);
    assert_true(powder_publish_residuals(&s, path, &err));
    assert_true(fs_read(path, 1 << 20, &b, &err));
    struct json *j = json_parse((const char *)b.data, b.size, path, &err);
    assert_non_null(j);
    const struct json *right = json_at(json_get(j, "panels"), 1);
    assert_string_equal(json_text(json_get(right, "name")), "right");
    assert_true(json_numbers(json_get(right, "size"), size, 2));
    assert_double_equal(size[0], 6.4, 1e-9);
    assert_true(json_numbers(json_get(right, "sums"), v, RESIDUAL_SUMS));
    for (int k = 0; k < RESIDUAL_SUMS; k++)
        assert_double_equal(v[k], (double)s.residuals[1].sums[k], 0);
    double sum = 0, one = 0;
    for (const struct json *x = json_next(json_first(json_get(right, "y"))); x; x = json_next(x))
        sum += json_number(x, &one) ? one : 0;
    assert_double_equal(sum, 3 * FRAMES, 0);
    assert_int_equal(json_size(json_get(j, "shells")), RESIDUAL_SHELLS);
    json_free(j);
    bytes_free(&b);
}

static void without_a_spot_there_is_no_file(void **state)
{
    (void)state;
    struct error err = {0};
    struct powder_sum s;
    char path[96];
    gather_of("bare", 1, 1, &s);
    snprintf(path, sizeof path, "%s/none.json", folder);
    assert_true(powder_publish_residuals(&s, path, &err));
    assert_false(fs_is_file(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_the_same_however_many_ranks_there_were),
        cmocka_unit_test(the_file_holds_sums_and_places),
        cmocka_unit_test(without_a_spot_there_is_no_file),
    };
    return cmocka_run_group_tests(tests, make_frames, remove_folder);
}
