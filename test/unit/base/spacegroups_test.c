/* spacegroups_test.c - names of space groups, as people and other programs write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/spacegroups.h"

static void expect(const char *text, const char *name)
{
    char out[32];
    const struct spacegroup *g = spacegroups_find(text);
    if (!name) {
        if (g)
            fail_msg("'%s' was taken for %s", text, spacegroups_name(g, out));
        return;
    }
    if (!g)
        fail_msg("'%s' was not found", text);
    assert_string_equal(spacegroups_name(g, out), name);
}

static void spellings_of_one_symbol_name_one_setting(void **state)
{
    (void)state;
    static const char *const same[] = {"P43212",     "P 43 21 2",  "p43212",        "96",       " 96 ", "+96",
                                       "P 4_3 21 2", "P4(3)2(1)2", "P 4(3) 2(1) 2", "P\t43212", "0096"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        expect(same[i], "P 43 21 2");
}

static void short_monoclinic_symbols_have_unique_axis_b(void **state)
{
    (void)state;
    expect("P2", "P 1 2 1");
    expect("P 21", "P 1 21 1");
    expect("C2", "C 1 2 1");
    expect("I 2", "I 1 2 1");
    expect("P21/c", "P 1 21/c 1");
    expect("P2_1/N", "P 1 21/n 1");
    expect("C 2/c", "C 1 2/c 1");
    expect("Pm", "P 1 m 1");
    expect("P 1 1 21", "P 1 1 21");
    expect("P1211", "P 1 21 1");
    expect("B 2", NULL);
}

static void extensions_choose_axes_and_origin(void **state)
{
    (void)state;
    expect("R3", "R 3 :H");
    expect("H3", "R 3 :H");
    expect("h 3 2", "R 3 2 :H");
    expect("R 3 :R", "R 3 :R");
    expect("R3r", "R 3 :R");
    expect("146:r", "R 3 :R");
    expect("Pnnn", "P n n n :2");
    expect("48", "P n n n :2");
    expect("Pnnn:1", "P n n n :1");
    expect("Fd3m", "F d -3 m :2");
    expect("Pm3m", "P m -3 m");
    expect("H3:R", NULL);
    expect("P1:H", NULL);
    expect("P1:", NULL);
    expect("Pnnn1", NULL);
}

static void hall_symbols_of_the_table_are_found(void **state)
{
    (void)state;
    expect("hall: P 2y", "P 1 2 1");
    expect("Hall:  -P 4 2", "P 4/m m m");
    expect("hall:  P 61 2 (x,y,z+5/12)", "P 61 2 2");
    expect("hall: xyz", NULL);
    for (size_t i = 0; i < spacegroups_n; i++) {
        char text[64] = "hall:";
        strcat(text, spacegroups[i].hall);
        const struct spacegroup *g = spacegroups_find(text);
        assert_non_null(g);
        assert_string_equal(g->hall, spacegroups[i].hall);
    }
}

static void every_tabulated_name_finds_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < spacegroups_n; i++) {
        char name[32];
        spacegroups_name(&spacegroups[i], name);
        assert_ptr_equal(spacegroups_find(name), &spacegroups[i]);
    }
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      " ",     "x",       "P5",  "0", "231", "3.0",       "-P 4 2", "P.2", "99999999999999999999",
        "hall",  "hall:", ":",       "+",   "r", "h",   "P\xc3\xa9", "None",   "(2)", "P2(1",
        "P2 1)", "P(2)",  "P2((1))", "9(6)"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(bad[i], NULL);
    char text[5000];
    memset(text, 'P', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    expect(text, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_one_symbol_name_one_setting),
        cmocka_unit_test(short_monoclinic_symbols_have_unique_axis_b),
        cmocka_unit_test(extensions_choose_axes_and_origin),
        cmocka_unit_test(hall_symbols_of_the_table_are_found),
        cmocka_unit_test(every_tabulated_name_finds_its_row),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
