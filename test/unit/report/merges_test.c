/* merges_test.c - figures of merging in words and as JSON: what is not known is left out, or null. */
#include "report/report.h"

#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct store_merge_shell known = {.version = 2,
                                               .job = 7,
                                               .possible = 100,
                                               .unique = 99,
                                               .measured = 3000,
                                               .cc_pairs = 80,
                                               .lattices = 1204,
                                               .d_max = 40,
                                               .d_min = 1.8,
                                               .completeness = 0.991,
                                               .multiplicity = 31.16,
                                               .mean_i = 55,
                                               .i_over_sigma = 8.4,
                                               .cc_half = 0.9714,
                                               .cc_star = 0.99,
                                               .r_split = 0.098,
                                               .wilson_b = 20};
static const struct store_merge_shell hardly = {.lattices = 1,
                                                .cc_pairs = -1,
                                                .d_max = NAN,
                                                .d_min = 3,
                                                .completeness = NAN,
                                                .multiplicity = NAN,
                                                .mean_i = NAN,
                                                .i_over_sigma = NAN,
                                                .cc_half = NAN,
                                                .cc_star = NAN,
                                                .r_split = NAN,
                                                .wilson_b = NAN};

static void what_is_known_is_said_in_a_line(void **state)
{
    (void)state;
    struct str s = {0};
    merge_text(&known, &s);
    assert_string_equal(s.text, "1204 lattices, 40.00 - 1.80 Å, completeness 99.1 %, multiplicity 31.16, I/σ "
                                "8.40, CC½ 0.971, R split 9.8 %");
    str_clear(&s);
    merge_text(&hardly, &s);
    assert_string_equal(s.text, "1 lattice, ∞ - 3.00 Å");
    str_free(&s);
}

static void what_is_not_known_is_null(void **state)
{
    (void)state;
    static const char *const nulls[] = {"cc_pairs", "d_max",        "completeness", "multiplicity",
                                        "mean_i",   "i_over_sigma", "cc_half",      "cc_star",
                                        "r_split",  "wilson_b"};
    struct str s = {0};
    struct json_writer w = {.out = &s};
    char text[64];
    merge_json(&w, &hardly);
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) {
        snprintf(text, sizeof text, "\"%s\": null", nulls[i]);
        if (!strstr(s.text, text))
            fail_msg("%s: %s", nulls[i], s.text);
    }
    str_clear(&s);
    w = (struct json_writer){.out = &s};
    merge_json(&w, &known);
    assert_null(strstr(s.text, "null"));
    assert_non_null(strstr(s.text, "\"cc_half\": 0.9714"));
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_known_is_said_in_a_line),
                                       cmocka_unit_test(what_is_not_known_is_null)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
