/* result_test.c - a copied result stands on its own. */
#include "model/result.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

static void a_copy_keeps_its_tables_when_the_original_changes(void **state)
{
    (void)state;
    struct spot spots[2] = {{.x = 1}, {.x = 2}};
    struct strong_pixel pixels[2] = {{10, 20, 5}, {11, 20, 6}};
    struct lattice lattice = {.evidence = 7};
    struct reflection indexed[3] = {{.d = 3}, {.d = 2}, {.d = 1}}, integrated = {.d = 5};
    struct result r = {.spots = spots,
                       .n_strong = 2,
                       .pixels = pixels,
                       .n_pixels = 2,
                       .lattices = &lattice,
                       .n_lattices = 1,
                       .indexed = indexed,
                       .n_indexed = 3,
                       .integrated = &integrated,
                       .n_integrated = 1};
    struct result *copy = result_copy(&r, NULL);
    memset(spots, 0, sizeof spots);
    memset(pixels, 0, sizeof pixels);
    memset(&lattice, 0, sizeof lattice);
    memset(indexed, 0, sizeof indexed);
    memset(&integrated, 0, sizeof integrated);
    assert_double_equal(copy->spots[1].x, 2, 0);
    assert_double_equal(copy->pixels[1].value, 6, 0);
    assert_double_equal(copy->lattices[0].evidence, 7, 0);
    assert_double_equal(copy->indexed[2].d, 1, 0);
    assert_double_equal(copy->integrated[0].d, 5, 0);
    free(copy);
}

static void an_empty_result_can_be_copied(void **state)
{
    (void)state;
    struct result r = {.outcome = OUTCOME_FAILED, .message = "why"};
    struct result *copy = result_copy(&r, NULL);
    assert_int_equal(copy->outcome, OUTCOME_FAILED);
    assert_string_equal(copy->message, "why");
    assert_null(copy->pixels);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_keeps_its_tables_when_the_original_changes),
        cmocka_unit_test(an_empty_result_can_be_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
