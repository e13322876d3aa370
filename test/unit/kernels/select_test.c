#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/kernels.h"

#include <string.h>

static void the_plain_form_is_always_there(void **state)
{
    (void)state;
    assert_string_equal(kernels_name(0), "ref");
    const struct kernels *ref = kernels_select("ref");
    assert_non_null(ref);
    assert_true(ref->spotfind_panel == spotfind_panel_ref && ref->label_panel == label_panel_ref);
}

static void auto_chooses_one_of_the_named_forms(void **state)
{
    (void)state;
    const struct kernels *best = kernels_select(NULL);
    bool named = false;
    assert_non_null(best);
    assert_true(kernels_select("auto") == best);
    for (size_t i = 0; kernels_name(i); i++)
        named |= !strcmp(kernels_name(i), best->isa);
    assert_true(named);
}

static void every_form_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; kernels_name(i); i++) {
        const struct kernels *k = kernels_select(kernels_name(i));
        if (k)
            assert_true(k->isa && k->spotfind_panel && k->label_panel);
    }
}

static void an_unknown_name_is_none(void **state)
{
    (void)state;
    assert_null(kernels_select("mmx"));
    assert_null(kernels_select(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_form_is_always_there),
        cmocka_unit_test(auto_chooses_one_of_the_named_forms),
        cmocka_unit_test(every_form_is_complete),
        cmocka_unit_test(an_unknown_name_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
