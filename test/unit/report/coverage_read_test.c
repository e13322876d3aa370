/* coverage_read_test.c - what the curve is made of, and how it is said. */
#include "report/report.h"

#include "support.h"

#include <math.h>
#include <string.h>

static void the_space_group_is_the_trials(void **state)
{
    (void)state;
    struct space_group g;
    assert_true(
        coverage_group("indexing {\n  known_symmetry {\n    space_group = 'P 43 21 2'\n  }\n}\n", &g));
    assert_int_equal(g.number, 96);
    assert_true(coverage_group("indexing.known_symmetry.space_group=C2", &g));
    assert_int_equal(g.number, 5);
    assert_false(coverage_group("indexing {\n  known_symmetry {\n    space_group = None\n", &g));
    assert_false(coverage_group("known_symmetry { space_group", &g));
    assert_false(coverage_group("known_symmetry { space_group = Q17", &g));
    assert_false(coverage_group("", &g));
}

static const struct coverage known = {.orbits = {[8] = 1000},
                                      .unique = 1000,
                                      .all = 8000,
                                      .per_lattice = 50,
                                      .error = 1,
                                      .d_max = 2.07,
                                      .d_min = 2,
                                      .d_from = "d_min of the trial",
                                      .group = "P 4 2 2",
                                      .n_sample = 60};

static void words_say_how_far_and_how_many(void **state)
{
    (void)state;
    struct str out = {0};
    coverage_text(&known, 100, &out);
    assert_non_null(
        strstr(out.text, "2.07 - 2.00 Å (d_min of the trial): now 99.3 % complete, multiplicity 5.0"));
    assert_non_null(strstr(out.text, "95 % of it are with 315 lattices (303 to 327)"));
    str_free(&out);
    out = (struct str){0};
    coverage_text(&(struct coverage){.why = "too few lattices"}, 1, &out);
    assert_string_equal(out.text, "not predicted: too few lattices");
    str_free(&out);
}

static void json_has_now_and_twice(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str text = {0};
    struct error err = {0};
    struct json_writer w = {.out = &text};
    double v = 0;
    json_object(&w, NULL);
    coverage_json(&known, 100, NAN, &w);
    json_end_object(&w);
    struct json *root = json_parse(text.text, text.len, "coverage", &err);
    const struct json *c = json_get(root, "coverage");
    assert_true(json_number(json_get(json_at(json_get(c, "points"), 2), "multiplicity"), &v));
    assert_double_equal(v, 10, 1e-9);
    assert_true(json_number(json_get(json_at(json_get(c, "points"), 0), "seen"), &v));
    assert_double_equal(v, 1 - exp(-5), 1e-9);
    json_free(root);
    str_free(&text);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_space_group_is_the_trials),
                                       cmocka_unit_test(words_say_how_far_and_how_many),
                                       cmocka_unit_test(json_has_now_and_twice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
