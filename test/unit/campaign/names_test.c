/* names_test.c - folders and names of jobs. */
#include "campaign/names.h"

#include "../../support.h"

#include <string.h>

static void safe_is(const char *name, const char *expected)
{
    struct str out = {0};
    name_safe(name, &out);
    assert_string_equal(out.text, expected);
    str_free(&out);
}

static void folders_are_those_of_cctbx_xfel(void **state)
{
    (void)state;
    struct str out = {0};
    name_job_folder(12, "12", 0, 3, 5, 0, &out);
    assert_string_equal(out.text, "r0012/003_rg005");
    str_clear(&out);
    name_job_folder(12, "12", 0, 3, 5, 7, &out);
    assert_string_equal(out.text, "r0012/003_rg005/task007");
    str_clear(&out);
    name_job_folder(-1, "lysozyme run", 0, 1234, 5, 0, &out);
    assert_string_equal(out.text, "lysozyme%20run/1234_rg005");
    str_clear(&out);
    name_job_folder(12, "b", 34, 3, 5, 0, &out);
    assert_string_equal(out.text, "r0012+34/003_rg005");
    str_clear(&out);
    name_version_folder("dark", 3, 0, &out);
    assert_string_equal(out.text, "dark/v003");
    str_free(&out);
}

static void hostile_names_become_plain_ones(void **state)
{
    (void)state;
    safe_is("..", "%2E.");
    safe_is("-rf", "%2Drf");
    safe_is("", "%");
    safe_is("a/b", "a%2Fb");
    safe_is("$(x)\n'", "%24%28x%29%0A%27");
    safe_is("100%25", "100%2525");
    safe_is("\xc3\xa4", "%C3%A4");
}

static void long_names_are_cut_and_stay_different(void **state)
{
    (void)state;
    char a[256], b[256];
    struct str one = {0}, two = {0};
    memset(a, 'x', 255);
    memset(b, 'x', 255);
    a[255] = b[255] = '\0';
    b[254] = 'y';
    name_safe(a, &one);
    name_safe(b, &two);
    assert_int_equal(one.len, 180 + 1 + 16);
    assert_int_equal(strlen(one.text), one.len);
    assert_memory_equal(one.text, two.text, 180);
    assert_string_not_equal(one.text, two.text);
    str_free(&one);
    str_free(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_those_of_cctbx_xfel),
        cmocka_unit_test(hostile_names_become_plain_ones),
        cmocka_unit_test(long_names_are_cut_and_stay_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
