/* ambiguity_test.c - how many ways there are, and that each leaves the nodes where they are. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "still.h"

#include "kernels/ambiguity.h"
#include "kernels/geometry.h"
#include "model/crystal.h"

static const struct known {
    const char *group;
    double cell[6];
    size_t ways;
} KNOWN[] = {
    {"P 4", {62, 62, 55, 90, 90, 90}, 1},        {"P 43 21 2", {79, 79, 38, 90, 90, 90}, 0},
    {"P 3", {93, 93, 131, 90, 90, 120}, 3},      {"P 3 2 1", {93, 93, 131, 90, 90, 120}, 1},
    {"P 61 2 2", {93, 93, 131, 90, 90, 120}, 0}, {"I 21 3", {78, 78, 78, 90, 90, 90}, 1},
    {"F 4 3 2", {178, 178, 178, 90, 90, 90}, 0}, {"R 3 :H", {81, 81, 120, 90, 90, 120}, 1},
    {"P 1", {31, 42, 55, 84, 95, 101}, 0},       {"P 21", {58.2, 81, 58.9, 90, 92.4, 90}, 0},
    {"P 21", {58.2, 81, 63, 90, 90, 90}, 1}, /* right angles by chance */
};

static void there_are_as_many_ways_as_cosets(void **state)
{
    (void)state;
    uint64_t seed = 211;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        struct space_group g;
        struct error err = {0};
        int8_t rotations[192][9];
        struct ambiguity found;
        double u[9], A[9];
        if (!space_group_find(KNOWN[i].group, &g, &err))
            fail_msg("%s", err.fact);
        for (size_t k = 0; k < g.n_ops; k++)
            memcpy(rotations[k], g.ops[k].r, sizeof rotations[k]);
        struct known_cell known = {
            .centring = g.centring, .rotations = (const int8_t(*)[9])rotations, .n_rotations = g.n_ops};
        memcpy(known.cell, KNOWN[i].cell, sizeof known.cell);
        struct still_indexer *x = still_indexer(&known);
        ambiguity_find(x->cell, known.rotations, known.n_rotations, &found);
        if (found.n != KNOWN[i].ways)
            fail_msg("%s: %zu ways, not %zu", KNOWN[i].group, found.n, KNOWN[i].ways);
        still_rotation(&seed, u);
        still_orient(known.cell, u, A);
        for (size_t k = 0; k < found.n; k++) {
            int32_t hkl[3] = {4, -2, 6}, other[3];
            double B[9], h[3] = {4, -2, 6}, q[3], qo[3];
            memcpy(B, A, sizeof B);
            assert_true(ambiguity_apply(found.change[k], B));
            ambiguity_index(found.change[k], hkl, other);
            assert_true(memcmp(hkl, other, sizeof hkl) != 0);
            mat3_vec(A, h, q);
            mat3_vec(B, (double[]){other[0], other[1], other[2]}, qo);
            for (int r = 0; r < 3; r++)
                assert_true(fabs(q[r] - qo[r]) < 1e-12);
        }
        ambiguity_find(x->cell, NULL, 0, &found);
        assert_int_equal(found.n, 0);
        still_indexer_free(x);
    }
}

static void correlation_and_its_lead(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5}, up[] = {2, 4, 6, 8, 10}, down[] = {5, 4, 3, 2, 1}, flat[] = {1, 1, 1, 1, 1};
    assert_true(fabs(ambiguity_correlation(x, up, 5) - 1) < 1e-15);
    assert_true(fabs(ambiguity_correlation(x, down, 5) + 1) < 1e-15);
    assert_true(isnan(ambiguity_correlation(x, flat, 5)) && isnan(ambiguity_correlation(x, up, 2)));
    assert_true(ambiguity_lead(0.5, 0.5, 100) == 0 && ambiguity_lead(0.5, 0, 3) == 0);
    assert_true(fabs(ambiguity_lead(0.5, 0, 203) - 5.493) < 1e-3); /* atanh 0.5 · √100 */
    assert_true(isfinite(ambiguity_lead(1, -1, 10)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_as_many_ways_as_cosets),
        cmocka_unit_test(correlation_and_its_lead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
