/* expt_test.c - experiment lists: shape, order, numbers; and that our own reader gets its detector back. */
#include "frames.h"

#include "sink/expt.h"

#include <math.h>

static const struct expt_style style = {" P 61 2 (x,y,z+5/12)", "2026-01-31T12:00:00Z|xfelx|0.1.0|integrated",
                                        true, true, false};

static struct json *text_of(struct arena *a, enum table_kind kind, const struct expt_style *how,
                            struct kept_frame *const *frames, size_t n, struct str *s)
{
    struct error err = {0};
    expt_text(table_make(a, kind, frames, n, "hash"), how, s);
    struct json *root = json_parse(s->text, s->len, "text", &err);
    assert_non_null(root);
    return root;
}

static double number(const struct json *node)
{
    double v = NAN;
    assert_true(json_number(node, &v));
    return v;
}

static void keys_stand_in_the_order_of_the_format(void **state)
{
    (void)state;
    static const char *const keys[] = {"__id__",   "experiment",    "imageset", "beam",
                                       "detector", "goniometer",    "scan",     "crystal",
                                       "profile",  "scaling_model", "history"};
    struct arena a = {0};
    struct str s = {0};
    struct kept_detector d = {.detector = frames_detector(&a, 100)};
    struct kept_frame *f = frames_kept(&a, 0, 0, 1, &d);
    struct json *root = text_of(&a, TABLE_INTEGRATED, &style, &f, 1, &s);
    size_t i = 0;
    for (const struct json *m = json_first(root); m; m = json_next(m))
        assert_string_equal(json_key(m), keys[i++]);
    assert_int_equal(i, sizeof keys / sizeof *keys);
    assert_string_equal(json_text(json_at(json_get(root, "history"), 0)), style.history);
    json_free(root);
    str_free(&s);
    arena_free(&a);
}

static void lattices_of_a_frame_share_beam_image_and_detector(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str s = {0};
    struct kept_detector near = {.detector = frames_detector(&a, 100)},
                         far = {.detector = frames_detector(&a, 101)};
    struct kept_frame *frames[] = {frames_kept(&a, 0, 0, 2, &far), frames_kept(&a, 0, 1, 1, &near),
                                   frames_kept(&a, 0, 2, 1, &far)};
    struct json *root = text_of(&a, TABLE_INTEGRATED, &style, frames, 3, &s);
    static const int beam[] = {0, 0, 1, 2}, detector[] = {0, 0, 1, 0};
    assert_int_equal(json_size(json_get(root, "detector")), 2);
    assert_int_equal(json_size(json_get(root, "beam")), 3);
    assert_int_equal(json_size(json_get(root, "imageset")), 3);
    assert_int_equal(json_size(json_get(root, "crystal")), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct json *e = json_at(json_get(root, "experiment"), i);
        assert_true(number(json_get(e, "beam")) == beam[i] && number(json_get(e, "imageset")) == beam[i]);
        assert_true(number(json_get(e, "detector")) == detector[i]);
        assert_true(number(json_get(e, "crystal")) == (double)i &&
                    number(json_get(e, "profile")) == (double)i);
    }
    const struct json *arm =
        json_at(json_get(json_get(json_at(json_get(root, "detector"), 0), "hierarchy"), "children"), 0);
    assert_true(number(json_at(json_get(arm, "origin"), 2)) == -101);
    json_free(root);
    str_free(&s);
    arena_free(&a);
}

static void a_crystal_is_its_real_axes_and_a_profile_is_in_degrees(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str s = {0};
    struct kept_detector d = {.detector = frames_detector(&a, 100)};
    struct kept_frame *f = frames_kept(&a, 0, 3, 1, &d);
    struct json *root = text_of(&a, TABLE_INTEGRATED, &style, &f, 1, &s);
    const struct json *c = json_at(json_get(root, "crystal"), 0), *p = json_at(json_get(root, "profile"), 0);
    assert_true(number(json_at(json_get(c, "real_space_b"), 1)) == 40);
    assert_string_equal(json_text(json_get(c, "space_group_hall_symbol")), style.hall);
    assert_true(number(json_get(c, "ML_half_mosaicity_deg")) == 0.05);
    assert_true(fabs(number(json_get(p, "sigma_b")) - 0.0572957795130823) < 1e-15);
    assert_non_null(strstr(s.text, "\"single_file_indices\": [3]"));
    assert_non_null(strstr(s.text, "\"n_sigma\": 3.0")); /* reals look like reals */
    assert_non_null(strstr(s.text, "\"image_size\": [100, 50]"));
    json_free(root);
    str_free(&s);
    arena_free(&a);
}

static void imported_frames_have_neither_crystal_nor_profile(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str s = {0};
    struct kept_detector d = {.detector = frames_detector(&a, 100)};
    struct kept_frame *f = frames_kept(&a, 0, 0, 1, &d);
    struct expt_style plain = {.hall = " P 1", .history = "h"};
    f->single = true;
    struct json *root = text_of(&a, TABLE_STRONG, &plain, &f, 1, &s);
    assert_int_equal(json_size(json_get(root, "crystal")), 0);
    assert_true(json_is_array(json_get(root, "profile")));
    assert_null(json_get(json_at(json_get(root, "experiment"), 0), "crystal"));
    assert_null(strstr(s.text, "single_file_indices"));
    json_free(root);
    str_free(&s);
    arena_free(&a);
}

static void our_reader_gets_the_same_detector_back(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str s = {0};
    struct error err = {0};
    char folder[64], path[96];
    struct detector *back, *d = frames_detector(&a, 100);
    struct beam beam;
    d->panels[1].mu = 3.1, d->panels[1].thickness = 0.45, d->panels[1].parallax = true;
    d->panels[0].trusted_hi = INFINITY;
    struct kept_detector kept = {.detector = d};
    struct kept_frame *f = frames_kept(&a, 0, 7, 1, &kept);
    expt_text(table_make(&a, TABLE_INTEGRATED, &f, 1, "hash"), &style, &s);
    snprintf(path, sizeof path, "%s/x.expt", support_folder(folder));
    assert_true(fs_write_atomic(path, s.text, s.len, &err));
    if (!experiment_read_geometry(path, &a, &back, &beam, &err))
        fail_msg("%s", err.fact);
    assert_true(back->panels[0].trusted_hi > 1e308);
    back->panels[0].trusted_hi = INFINITY;
    assert_true(detector_fingerprint(back) == detector_fingerprint(d));
    assert_int_equal(back->n_nodes, 4);
    assert_string_equal(back->nodes[1].name, "arm");
    assert_true(beam.v.wavelength == 1.3 + 0.001 * 7);
    support_remove(folder);
    str_free(&s);
    arena_free(&a);
}

/* root → (a → (p0, p2), p1): leaving a group must go back to where its parent was. */
static void a_group_may_end_before_its_parent_does(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str s = {0};
    struct error err = {0};
    struct detector *d = detector_make(&a, 3, 6);
    for (int i = 0; i < 3; i++) {
        d->panels[i].pixel_fast = d->panels[i].pixel_slow = 1;
        d->panels[i].n_fast = d->panels[i].n_slow = 5;
    }
    static const int32_t parent[] = {-1, 0, 1, 0, 1, 0}, panel[] = {-1, -1, 0, 1, 2, -1};
    for (int i = 0; i < 6; i++)
        d->nodes[i].parent = parent[i], d->nodes[i].panel = panel[i];
    d->nodes[5].name = "empty";
    assert_true(detector_finish(d, "x", &err));
    struct kept_detector kept = {.detector = d};
    struct kept_frame *f = frames_kept(&a, 0, 0, 1, &kept);
    struct json *root = text_of(&a, TABLE_INTEGRATED, &style, &f, 1, &s);
    const struct json *children =
        json_get(json_get(json_at(json_get(root, "detector"), 0), "hierarchy"), "children");
    assert_int_equal(json_size(children), 3);
    const struct json *group = json_get(json_at(children, 0), "children");
    assert_true(number(json_get(json_at(group, 0), "panel")) == 0 &&
                number(json_get(json_at(group, 1), "panel")) == 2);
    assert_true(number(json_get(json_at(children, 1), "panel")) == 1);
    assert_string_equal(json_text(json_get(json_at(children, 2), "name")), "empty");
    json_free(root);
    str_free(&s);
    arena_free(&a);
}

/* A triclinic cell whose numbers have known errors; B_covariance must give the errors of a, b, c back. */
static void the_covariance_of_b_belongs_to_the_free_cell(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str s = {0};
    struct kept_detector d = {.detector = frames_detector(&a, 100)};
    struct kept_frame *f = frames_kept(&a, 0, 0, 2, &d);
    struct lattice *l = arena_memdup(&a, f->lattices, 2 * sizeof *l);
    struct expt_style how = style;
    memcpy(l[0].free_cell, (double[6]){50, 40, 100, 90, 90, 90}, sizeof l[0].free_cell);
    l[0].free_cov[0] = 0.04;  /* a: 0.2 Å */
    l[0].free_cov[6] = 0.01;  /* b: 0.1 Å */
    l[0].free_cov[11] = 0.25; /* c: 0.5 Å */
    l[0].free_cov[1] = 0.01;  /* a with b */
    f->lattices = l;
    how.covariance = true;
    struct json *root = text_of(&a, TABLE_INTEGRATED, &how, &f, 1, &s);
    const struct json *crystals = json_get(root, "crystal");
    double c[81], free_cell[6];
    assert_true(json_numbers(json_get(json_at(crystals, 0), "B_covariance"), c, 81));
    /* B is diagonal here, 1/a: its error is sigma / a² */
    assert_double_equal(c[0], 0.04 / pow(50, 4), 1e-14);
    assert_double_equal(c[9 * 4 + 4], 0.01 / pow(40, 4), 1e-14);
    assert_double_equal(c[9 * 8 + 8], 0.25 / pow(100, 4), 1e-14);
    assert_double_equal(c[4], 0.01 / pow(50 * 40, 2), 1e-14);
    assert_true(c[4] == c[36]);
    assert_null(json_get(json_at(crystals, 1), "B_covariance"));
    const struct json *cells = json_get(json_get(root, "xfelx"), "free_cell");
    assert_true(json_numbers(json_at(cells, 0), free_cell, 6) && free_cell[1] == 40);
    assert_true(json_is_null(json_at(cells, 1)));
    json_free(root);
    str_free(&s);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_stand_in_the_order_of_the_format),
        cmocka_unit_test(lattices_of_a_frame_share_beam_image_and_detector),
        cmocka_unit_test(a_crystal_is_its_real_axes_and_a_profile_is_in_degrees),
        cmocka_unit_test(imported_frames_have_neither_crystal_nor_profile),
        cmocka_unit_test(our_reader_gets_the_same_detector_back),
        cmocka_unit_test(the_covariance_of_b_belongs_to_the_free_cell),
        cmocka_unit_test(a_group_may_end_before_its_parent_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
