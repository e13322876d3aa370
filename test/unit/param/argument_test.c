/* argument_test.c - assignments with full and partial names. */
#include "phil_text.h"

static const char master[] =
    "spot { sigma = 3\n .type = float\n filter { min_size = 2\n .type = int\n d_min = None\n .type = float\n "
    "} }\n"
    "index { method = *fft1d fft3d\n .type = choice\n d_min = 2\n .type = float\n .expert_level = 1\n known "
    "{ cell = None\n .type = unit_cell\n d_min = 1\n .type = float\n .expert_level = 1\n } }\n"
    "name = None\n .type = str\n";

static const char *changed(struct arena *a, const char *text, struct error *err)
{
    struct phil_node *values = text_master(a, master);
    const struct phil_source *s = phil_source(a, "command line", false, text, strlen(text), err);
    if (!phil_argument(a, values, s, err) || !phil_check(a, values, err))
        return arena_strdup(a, err->fact);
    return text_shown(a, values, true);
}

static void the_end_of_a_name_is_enough(void **state)
{
    struct error err;
    assert_string_equal(changed(*state, "sigma=4", &err), "spot {\n  sigma = 4\n}\n");
    assert_string_equal(changed(*state, "igma=4", &err), "spot {\n  sigma = 4\n}\n");
    assert_string_equal(changed(*state, "filter.d_min=4;sigma=1", &err),
                        "spot {\n  sigma = 1\n  filter {\n    d_min = 4\n  }\n}\n");
    assert_string_equal(changed(*state, "spot { sigma=4 }", &err), "spot {\n  sigma = 4\n}\n");
    assert_string_equal(changed(*state, "name = a  $(name_unknown)", &err),
                        "command line: there is no variable $name_unknown");
    assert_string_equal(changed(*state, "name='$x'", &err), "name = '$x'\n");
}

static void a_tie_goes_to_the_one_for_everybody(void **state)
{
    struct error err;
    assert_string_equal(changed(*state, "d_min=4", &err), "spot {\n  filter {\n    d_min = 4\n  }\n}\n");
    assert_string_equal(changed(*state, "known.d_min=4", &err),
                        "index {\n  known {\n    d_min = 4\n  }\n}\n");
}

static void unclear_names_are_listed(void **state)
{
    struct error err;
    assert_string_equal(changed(*state, "filt=4", &err), "command line: there is no parameter filt");
    struct phil_node *values = text_master(*state, "a.x = 1\nb.x = 2\n");
    const struct phil_source *s = phil_source(*state, "command line", false, "x=1", 3, &err);
    assert_false(phil_argument(*state, values, s, &err));
    assert_string_equal(err.fact, "command line: x may mean 2 parameters");
    assert_string_equal(err.hint, "one of: a.x, b.x");
}

static void near_names_are_suggested(void **state)
{
    struct error err;
    changed(*state, "spot.sgima=4", &err);
    assert_string_equal(err.hint, "did you mean spot.sigma?");
    changed(*state, "meth=fft3d", &err);
    assert_non_null(strstr(err.hint, "index.method"));
    changed(*state, "filter.d=2", &err);
    assert_non_null(strstr(err.hint, "spot.filter.d_min"));
    changed(*state, "zzzzzzzz=4", &err);
    assert_string_equal(err.hint, "xfelx process --show-params lists the names");
}

static void arguments_that_set_nothing_are_refused(void **state)
{
    static const char *const bad[] = {
        "", "!sigma=4", "sigma", "sigma=", "=4", "spot.filter=4", "include file x", "spot.=4", "SIGMA=4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        changed(*state, bad[i], &err);
        if (!err.fact[0])
            fail_msg("\"%s\" is accepted", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(the_end_of_a_name_is_enough),
        text_test(a_tie_goes_to_the_one_for_everybody),
        text_test(unclear_names_are_listed),
        text_test(near_names_are_suggested),
        text_test(arguments_that_set_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
