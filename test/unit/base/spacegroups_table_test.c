/* spacegroups_table_test.c - the table itself: complete, ordered, every row different. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/spacegroups.h"

static void the_table_holds_230_groups_in_order(void **state)
{
    (void)state;
    assert_int_equal(spacegroups_n, 530);
    int last = 0;
    for (size_t i = 0; i < spacegroups_n; i++) {
        assert_true(spacegroups[i].number == last || spacegroups[i].number == last + 1);
        last = spacegroups[i].number;
    }
    assert_int_equal(last, 230);
}

static void no_two_rows_have_the_same_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < spacegroups_n; i++)
        for (size_t j = 0; j < i; j++)
            assert_false(!strcmp(spacegroups[i].hm, spacegroups[j].hm) &&
                         !strcmp(spacegroups[i].ext, spacegroups[j].ext));
}

static void symbols_begin_with_their_centring(void **state)
{
    (void)state;
    for (size_t i = 0; i < spacegroups_n; i++) {
        const struct spacegroup *g = &spacegroups[i];
        assert_true(g->hall[0] == ' ' || g->hall[0] == '-');
        if (strcmp(g->ext, "R") != 0)
            assert_int_equal(g->hall[1], g->hm[0]);
        assert_true(!g->expt_hall || strcmp(g->expt_hall, g->hall) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds_230_groups_in_order),
        cmocka_unit_test(no_two_rows_have_the_same_name),
        cmocka_unit_test(symbols_begin_with_their_centring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
