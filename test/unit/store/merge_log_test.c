/* merge_log_test.c - the main log of cctbx.xfel.merge, and what only looks like one. */
#include "store/store.h"

#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEPS                                                                                                \
    "STEP 1: Read experiments and data\nExperiments: (total,min,max): 16, 16, 16\n"                          \
    "STEP 7: Filter reflections\nExperiments: (total,min,max): 15, 7, 8\n"
#define ODD                                                                                                  \
    "STEP 17: Intensity resolution statistics\n"                                                             \
    "                     Intensity Statistics (odd accepted experiments)\n\n"                               \
    "  1 -1.0000 -  5.1299    [3/99] 3.03   0.35   2.00   6      3        211     1.433       10.501       " \
    "    9.479           1.400\n"
#define TITLE                                                                                                \
    "\n                     Intensity Statistics (all accepted experiments)\n\n"                             \
    "Total reflections (I == 0.0): \t\t0\n--------\n"                                                        \
    "Bin  Resolution Range  Completeness   %   multi> multi> n_meas asu_m_meas   <I>    <I/sig(I)>\n"
#define FIRST                                                                                                \
    "  1 -1.0000 -  5.1299    [ 80/100] 80.00   2.40   3.00    240      80        182     1.476        "     \
    "9.872           9.115           1.545\n"
#define THIRD                                                                                                \
    "  3 4.0716 -  3.5569     [60/120] 50.00   1.00   2.00    120      60        -109     1.345        "     \
    "7.207           6.813           1.577\n"
#define ALL                                                                                                  \
    "\nAll                     [140/330] 42.42   1.09   2.57    360      140        132     1.377        "   \
    "0.000           0.000           0.000\n------\n"
#define CC                                                                                                   \
    "\n                     CC "                                                                             \
    "1/2\n\n30/100\t\t0.502658\n0/110\t\t0.000000\n2/"                                                       \
    "120\t\t1.000000\n-----------------------------------------\n32/330\t\t-0.250000\n\n\n"
#define SCALING                                                                                              \
    "STEP 19: Intensity resolution statistics (cxi-xmerge method)\nTable of Scaling Results:\n \n"           \
    "  1 -1.0000 -  5.1299     [30/100] 50.3%      30  --  -- 67.0% 56.6%  -- 0.580   --  1.0646\n"          \
    "  3 4.0716 -  3.5569     [ 2/110] 100.0%       2  --  -- 78.7% 55.2%  -- 0.623   --  0.8748\n"          \
    "\nAll                      [32/320] -25.0%      32  --  -- 67.4% 55.9%  -- 0.644   --   1.0\n"
#define WHOLE STEPS ODD TITLE FIRST THIRD ALL CC SCALING

static struct arena arena;
static struct store_merge_shell *rows;
static size_t n;
static struct error err;

/* From memory of just its size, so that a sanitizer sees a step too far. */
static bool parse_bytes(const char *text, size_t size)
{
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    arena_free(&arena);
    err = (struct error){0};
    bool ok = merge_log_parse(copy, size, "the log", &arena, &rows, &n, &err);
    free(copy);
    return ok;
}

static bool parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void assert_refused(const char *text, enum error_code code, const char *fact)
{
    assert_false(parse(text));
    assert_int_equal(err.code, code);
    if (!strstr(err.fact, fact))
        fail_msg("%s", err.fact);
}

static void figures_are_those_of_the_log(void **state)
{
    (void)state;
    assert_true(parse(WHOLE));
    assert_int_equal(n, 3);
    assert_int_equal(rows[0].shell, 0);
    assert_int_equal(rows[1].shell, 1);
    assert_int_equal(rows[2].shell, 3); /* a shell without reflections has no row */
    assert_true(isnan(rows[0].d_max) && isnan(rows[1].d_max));
    assert_double_equal(rows[0].d_min, 3.5569, 0);
    assert_double_equal(rows[2].d_max, 4.0716, 0);
    assert_int_equal(rows[1].unique, 80);
    assert_int_equal(rows[1].possible, 100);
    assert_int_equal(rows[0].measured, 360);
    assert_double_equal(rows[0].completeness, 140.0 / 330, 1e-12);
    assert_double_equal(rows[2].multiplicity, 2, 0);
    assert_double_equal(rows[2].mean_i, -109, 0);
    assert_double_equal(rows[1].i_over_sigma, 1.476, 0);
    assert_double_equal(rows[1].cc_half, 0.502658, 0);
    assert_double_equal(rows[1].cc_star, sqrt(2 * 0.502658 / 1.502658), 1e-12);
    assert_int_equal(rows[0].cc_pairs, 32);
    assert_double_equal(rows[0].cc_half, -0.25, 0);
    assert_true(isnan(rows[0].cc_star)); /* of a CC below 0 there is none */
    for (size_t i = 0; i < n; i++)
        assert_int_equal(rows[i].lattices, 15);
}

static void two_pairs_say_nothing(void **state)
{
    (void)state;
    assert_true(parse(WHOLE));
    assert_int_equal(rows[2].cc_pairs, 2);
    assert_true(isnan(rows[2].cc_half) && isnan(rows[2].cc_star));
}

static void r_split_is_taken_where_that_step_was_reached(void **state)
{
    (void)state;
    assert_true(parse(WHOLE));
    assert_double_equal(rows[0].r_split, 0.559, 1e-12);
    assert_double_equal(rows[1].r_split, 0.566, 1e-12);
    assert_double_equal(rows[2].r_split, 0.552, 1e-12);
    assert_true(parse(STEPS ODD TITLE FIRST THIRD ALL CC));
    assert_true(isnan(rows[0].r_split) && isnan(rows[1].r_split));
    assert_true(parse(STEPS ODD TITLE FIRST THIRD ALL));
    assert_int_equal(rows[0].cc_pairs, -1);
    assert_true(isnan(rows[0].cc_half));
}

static void only_the_last_merge_of_a_log_counts(void **state)
{
    (void)state;
    assert_true(
        parse(WHOLE STEPS TITLE FIRST "\nAll  [80/100] 80.00 2.40 3.00 240 80 182 1.476 0.0 0.0 0.0\n"));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].cc_pairs, -1);
    assert_refused(WHOLE STEPS, ERROR_METADATA,
                   "no statistics"); /* it died: not the figures of the one before */
}

static void a_log_that_ends_anywhere_is_refused_until_its_table_is_whole(void **state)
{
    (void)state;
    const char *whole = STEPS ODD TITLE FIRST THIRD ALL CC SCALING;
    size_t table = strlen(STEPS ODD TITLE FIRST THIRD ALL) - strlen("------\n");
    size_t titled =
        strlen(STEPS ODD TITLE FIRST THIRD ALL "\n                     CC 1/2\n\n30/100\t\t0.502658\n");
    size_t paired = strlen(STEPS ODD TITLE FIRST THIRD ALL CC) - 2;
    for (size_t size = 0; size <= strlen(whole); size++)
        if (parse_bytes(whole, size) != ((size >= table && size < titled) || size >= paired))
            fail_msg("%zu bytes: %s", size, err.fact);
}

static void other_columns_are_refused(void **state)
{
    (void)state;
    assert_refused(STEPS TITLE "  1 -1.0 - 5.1 [80/100] 80.00 2.40 240 80 3.00 182 1.4 9.8 9.1 1.5\n",
                   ERROR_METADATA, "line 11");
    assert_refused(STEPS TITLE "  1 -1.0 - 5.1 [80/100] 80.00 2.40 3.00 240 80 182 1.4\n", ERROR_METADATA,
                   "line 11");
    assert_refused(STEPS TITLE "  1 -1.0 - 5.1 [101/100] 101.00 2.40 1.00 101 80 182 1.4 1 1 1\n",
                   ERROR_METADATA, "line 11");
    assert_refused(STEPS TITLE "  1 -1.0 - -5.1 [80/100] 80.00 2.40 3.00 240 80 182 1.4 1 1 1\n",
                   ERROR_METADATA, "line 11");
    assert_refused(STEPS TITLE "  1 4.0 - 5.1 [80/100] 80.00 2.40 3.00 240 80 182 1.4 1 1 1\n",
                   ERROR_METADATA, "line 11");
    assert_refused(STEPS TITLE FIRST FIRST, ERROR_METADATA, "line 12");
    assert_refused(STEPS TITLE "  1001 -1.0 - 5.1 [80/100] 80.00 2.40 3.00 240 80 182 1.4 1 1 1\n",
                   ERROR_METADATA, "line 11");
    assert_refused(STEPS TITLE "  99999999999999999999 -1.0 - 5.1 [80/100] 80 2 3 240 80 182 1.4 1 1 1\n",
                   ERROR_METADATA, "line 11");
}

static void sums_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    assert_refused(STEPS TITLE FIRST ALL, ERROR_METADATA, "add up");
    assert_refused(STEPS TITLE FIRST THIRD ALL "CC 1/2\n1/100\t\t0\n----\n1/330\t\t0\n", ERROR_METADATA,
                   "other shells");
    assert_refused(STEPS TITLE FIRST THIRD ALL "CC 1/2\n30/100\t\t1.5\n", ERROR_METADATA, "CC 1/2");
}

static void a_merge_of_nothing_is_said(void **state)
{
    (void)state;
    assert_refused("", ERROR_METADATA, "no statistics");
    assert_refused(STEPS TITLE
                   "Intensity statistics table could not be constructed -- no bins accepted.\nSTEP 18: x\n",
                   ERROR_METADATA, "no reflection");
    assert_refused(TITLE FIRST "All  [80/100] 80.00 2.40 3.00 240 80 182 1.476 0.0 0.0 0.0\n", ERROR_METADATA,
                   "experiments");
}

static void figures_that_are_no_numbers_are_not_known(void **state)
{
    (void)state;
    assert_true(parse(STEPS TITLE "  1 -1.0000 - 5.1299 [80/100] 80.00 2.40 3.00 240 80 nan inf 1 1 1\n"
                                  "All  [80/100] 80.00 2.40 3.00 240 80 -- 1e999 0.0 0.0 0.0\n"));
    assert_true(isnan(rows[0].mean_i) && isnan(rows[1].mean_i) && isnan(rows[0].i_over_sigma) &&
                isnan(rows[1].i_over_sigma));
}

/* Bytes changed at will: whatever comes out is within bounds, and the sanitizers see nothing. */
static void damaged_logs_are_survived(void **state)
{
    (void)state;
    static const char bytes[] = "\0\n\r\t []/%-.0199999eEnNaA\xff";
    char text[] = WHOLE;
    uint64_t dice = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        char copy[sizeof text];
        memcpy(copy, text, sizeof text);
        for (int k = 0; k < 4; k++) {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
            copy[dice % (sizeof text - 1)] = bytes[(dice >> 32) % (sizeof bytes - 1)];
        }
        if (!parse_bytes(copy, sizeof text - 1)) {
            assert_int_not_equal(err.code, ERROR_NONE);
            continue;
        }
        for (size_t r = 0; r < n; r++) {
            assert_true(rows[r].unique <= rows[r].possible && rows[r].lattices >= 0);
            assert_true(isnan(rows[r].cc_half) || fabs(rows[r].cc_half) <= 1.00001);
            assert_true(rows[r].d_min > 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_the_log),
        cmocka_unit_test(two_pairs_say_nothing),
        cmocka_unit_test(r_split_is_taken_where_that_step_was_reached),
        cmocka_unit_test(only_the_last_merge_of_a_log_counts),
        cmocka_unit_test(a_log_that_ends_anywhere_is_refused_until_its_table_is_whole),
        cmocka_unit_test(other_columns_are_refused),
        cmocka_unit_test(sums_that_do_not_fit_are_refused),
        cmocka_unit_test(a_merge_of_nothing_is_said),
        cmocka_unit_test(figures_that_are_no_numbers_are_not_known),
        cmocka_unit_test(damaged_logs_are_survived),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
