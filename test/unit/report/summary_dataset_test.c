/* summary_dataset_test.c - a report of a dataset: the same figures in every form. */
#include "report/summary_dataset.h"

#include "support.h"

#include <math.h>
#include <string.h>

static struct store_merge_shell shells[2] = {{.version = 2,
                                              .job = 7,
                                              .shell = 0,
                                              .lattices = 100,
                                              .d_max = NAN,
                                              .d_min = 2,
                                              .completeness = 0.99,
                                              .multiplicity = 5,
                                              .i_over_sigma = 4,
                                              .cc_half = 0.91,
                                              .cc_star = NAN,
                                              .r_split = NAN},
                                             {.version = 2,
                                              .job = 7,
                                              .shell = 1,
                                              .lattices = 100,
                                              .d_max = NAN,
                                              .d_min = 4,
                                              .completeness = 1,
                                              .multiplicity = 8,
                                              .i_over_sigma = 9,
                                              .cc_half = 0.99,
                                              .cc_star = NAN,
                                              .r_split = NAN}};

static struct summary_dataset one(void)
{
    return (struct summary_dataset){.coverage = {.orbits = {[8] = 1000},
                                                 .unique = 1000,
                                                 .all = 8000,
                                                 .per_lattice = 50,
                                                 .error = 1,
                                                 .d_max = 2.07,
                                                 .d_min = 2,
                                                 .d_from = "d_min of the trial",
                                                 .group = "P 4 2 2",
                                                 .n_sample = 60},
                                    .lattices = 100,
                                    .trial = 3,
                                    .shells = shells,
                                    .n_shells = 2};
}

static void every_form_has_the_curve_and_the_shells(void **state)
{
    (void)state;
    const struct summary_dataset d = one();
    struct str out = {0};
    summary_dataset_text(&d, &out);
    assert_non_null(strstr(out.text, "outer shell with the 100 lattices of trial 3"));
    assert_non_null(strstr(out.text, "    shell 1: 100 lattices, ∞ - 4.00 Å"));
    str_free(&out);
    out = (struct str){0};
    summary_dataset_csv(&d, &out);
    assert_non_null(strstr(out.text, "\nlattices_needed,315,303,327,\n"));
    assert_non_null(strstr(out.text, "\nmerge_2_job_7_shell_0_cc_half,0.91,,,\n"));
    assert_null(strstr(out.text, "cc_star")); /* not known: no line */
    str_free(&out);
    out = (struct str){0};
    summary_dataset_html(&d, &out);
    assert_non_null(strstr(out.text, "<polyline"));
    assert_non_null(strstr(out.text, "CC½ 0.910"));
    str_free(&out);
}

static void json_reads_back(void **state)
{
    (void)state;
    const struct summary_dataset d = one();
    struct str text = {0};
    struct error err = {0};
    struct json_writer w = {.out = &text};
    double v = 0;
    json_object(&w, NULL);
    summary_dataset_json(&d, &w);
    json_end_object(&w);
    struct json *root = json_parse(text.text, text.len, "report", &err);
    const struct json *set = json_get(root, "dataset");
    assert_true(json_number(json_get(json_at(json_get(set, "shells"), 1), "cc_half"), &v));
    assert_double_equal(v, 0.99, 1e-12);
    json_free(root);
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_form_has_the_curve_and_the_shells),
                                       cmocka_unit_test(json_reads_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
