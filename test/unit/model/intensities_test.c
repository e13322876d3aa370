#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/model.h"

#include <math.h>
#include <string.h>

static struct space_group group(const char *name)
{
    struct space_group g;
    struct error err = {0};
    assert_true(space_group_find(name, &g, &err));
    return g;
}

static bool parse(const char *text, const struct space_group *g, struct arena *a, struct intensities *out,
                  struct error *err)
{
    return intensities_parse((const uint8_t *)text, strlen(text), "list.hkl", NULL, g, a, out, err);
}

static void a_crystfel_list_is_read(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct space_group g = group("P43212");
    struct intensities list;
    assert_true(parse(
        "CrystFEL reflection list version 2.0\nSymmetry: 4/mmm\n   h    k    l          I    phase   "
        "sigma(I)   nmeas\n   2    1    0     100.00       -      10.00      12\n   3    1   -4     -5.00  "
        "     -       1.00       3\nEnd of reflections\n1 2 3 4 not a row\n",
        &g, &a, &list, &err));
    assert_int_equal(list.n, 2);
    assert_true(*intensities_find(&list, &g, (const int32_t[]){-1, 2, 0}) == 100);
    assert_true(*intensities_find(&list, &g, (const int32_t[]){1, 3, 4}) == -5);
    assert_null(intensities_find(&list, &g, (const int32_t[]){1, 0, 0}));
    arena_free(&a);
}

static void equivalents_become_their_mean(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct space_group g = group("P222");
    struct intensities list, other;
    assert_true(parse("h,k,l,I\n1,2,3,10\n-1,-2,3,20\n1,2,-3,60\n5,5,5,1\n", &g, &a, &list, &err));
    assert_int_equal(list.n, 2);
    assert_true(*intensities_find(&list, &g, (const int32_t[]){-1, 2, -3}) == 30);
    assert_true(
        parse("5 5 5 1\n1 2 -3 60\n1 2 3 10\n-1 -2 3 20\n", &g, &a, &other, &err)); /* order is nothing */
    assert_memory_equal(list.rows, other.rows, list.n * sizeof *list.rows);
    arena_free(&a);
}

static void a_representative_is_the_same_for_all_equivalents(void **state)
{
    (void)state;
    struct space_group g = group("P6122");
    const int32_t hkl[3] = {3, 1, 5};
    int32_t first[3], other[3];
    laue_representative(&g, hkl, first);
    for (int i = 0; i < g.n_ops; i++) {
        const int8_t *r = g.ops[i].r;
        const int32_t turned[3] = {-(3 * r[0] + r[3] + 5 * r[6]), -(3 * r[1] + r[4] + 5 * r[7]),
                                   -(3 * r[2] + r[5] + 5 * r[8])};
        laue_representative(&g, turned, other);
        assert_memory_equal(first, other, sizeof first);
    }
}

static void what_is_no_list_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum error_code code;
    } bad[] = {
        {"", ERROR_METADATA},
        {"nothing\nto see\n", ERROR_METADATA},
        {"1 2 3 4\nx y z\n", ERROR_DAMAGED},
        {"1.5 2 3 4\n", ERROR_METADATA},
        {"1 2 99999 4\n", ERROR_METADATA},
        {"1 2 nan 4\n", ERROR_METADATA},
        {"1 2 3\n", ERROR_METADATA},
    };
    struct space_group g = group("P1");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct arena a = {0};
        struct error err = {0};
        struct intensities list;
        assert_false(parse(bad[i].text, &g, &a, &list, &err));
        assert_int_equal(err.code, bad[i].code);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crystfel_list_is_read),
        cmocka_unit_test(equivalents_become_their_mean),
        cmocka_unit_test(a_representative_is_the_same_for_all_equivalents),
        cmocka_unit_test(what_is_no_list_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
