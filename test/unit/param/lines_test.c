/* lines_test.c - values as lines, differences, and texts set as they are. */
#include "param/param.h"

#include "support.h"

#include <string.h>

static void what_differs_is_named_with_both_values(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct param_difference *d;
    struct params *p = params_make(&a), *q = params_make(&a);
    assert_int_equal(params_differences(p, q, PARAM_RECIPE, &a, &d), 0);
    assert_true(params_merge_argument(q, "dispatch.process_percent=10", &err));
    assert_true(params_merge_argument(q, "output_folder=/elsewhere", &err)); /* a setting: not of this tree */
    assert_true(params_merge_text(
        q, "text", "spotfinder.filter.resolution_range = 3 4\nspotfinder.filter.resolution_range = 7 8\n",
        &err));
    size_t n = params_differences(p, q, PARAM_RECIPE, &a, &d);
    bool percent = false, second = false;
    for (size_t i = 0; i < n; i++) {
        percent = percent || (!strcmp(d[i].path, "dispatch.process_percent") && !strcmp(d[i].is, "10"));
        second = second || (!strcmp(d[i].path, "spotfinder.filter.resolution_range[1]") && !d[i].was);
    }
    assert_true(percent);
    assert_true(second);
    assert_int_equal(params_differences(q, q, PARAM_RECIPE, &a, &d), 0);
    arena_free(&a);
}

static void a_text_is_set_as_it_is_and_read_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"/a b/it's", "/\"x\"", "/a\\b", "/$HOME/$(x)", "/line\nbreak",
                                        "/#no",      "/{a}",   "/日本", "/-rf",        "/None"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct error err = {0};
        struct arena a = {0};
        struct str shown = {0};
        struct params *p = params_make(&a), *q = params_make(&a);
        if (!params_set_text(p, "spotfinder.lookup.mask", texts[i], &err))
            fail_msg("%s: %s", texts[i], err.fact);
        assert_string_equal(param_text(p, "spotfinder.lookup.mask", ""), texts[i]);
        params_show(p, &(struct param_show_options){.what = PARAM_SHOW_CHANGED, .expert = -1, .tree = -1},
                    &shown);
        if (!params_merge_text(q, "shown", shown.text, &err))
            fail_msg("%s: %s", shown.text, err.fact);
        assert_string_equal(param_text(q, "spotfinder.lookup.mask", ""), texts[i]);
        str_free(&shown);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_is_named_with_both_values),
        cmocka_unit_test(a_text_is_set_as_it_is_and_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
