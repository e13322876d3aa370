/* cluster_test.c - groups of points: what they are by definition, whatever the order of the points. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cluster.h"

enum { MOST = 400 };
static double points[MOST * CLUSTER_DIMS];
static int32_t labels[MOST];
static uint64_t seed = 11;

static double even(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static size_t cluster(size_t n, int dims, double eps, size_t least)
{
    void *work = malloc(cluster_work_size(n) + 1);
    size_t groups = cluster_dbscan(points, n, dims, eps, least, labels, work);
    free(work);
    return groups;
}

static double distance(size_t i, size_t k, int dims)
{
    double sum = 0;
    for (int d = 0; d < dims; d++)
        sum += pow(points[i * (size_t)dims + (size_t)d] - points[k * (size_t)dims + (size_t)d], 2);
    return sqrt(sum);
}

static void no_points_are_no_groups(void **state)
{
    (void)state;
    assert_int_equal(cluster(0, 3, 1, 5), 0);
    points[0] = points[1] = points[2] = 1;
    assert_int_equal(cluster(1, 3, 1, 5), 0);
    assert_int_equal(labels[0], CLUSTER_NOISE);
    assert_int_equal(cluster(1, 3, 0, 1), 1);
    assert_int_equal(labels[0], 0);
}

static void points_in_one_place_are_one_group(void **state)
{
    (void)state;
    memset(points, 0, sizeof points);
    assert_int_equal(cluster(MOST, 6, 0, 5), 1);
    for (int i = 0; i < MOST; i++)
        assert_int_equal(labels[i], 0);
}

/* Two dense lines and a point between them that is near both: it goes to the nearer. */
static void the_greater_group_comes_first_and_a_border_goes_to_the_nearest(void **state)
{
    (void)state;
    const double line[] = {10.0, 10.1, 10.2, 10.3, 0.0, 0.1, 0.2, 0.3, 0.4, 5.0};
    memcpy(points, line, sizeof line);
    assert_int_equal(cluster(10, 1, 0.15, 3), 2);
    for (int i = 0; i < 4; i++)
        assert_int_equal(labels[i], 1);
    for (int i = 4; i < 9; i++)
        assert_int_equal(labels[i], 0);
    assert_int_equal(labels[9], CLUSTER_NOISE);
    const double between[] = {0, 1, 2, 3, 10, 11, 12, 13, 6.4}; /* from 3: 3.4; from 10: 3.6 */
    memcpy(points, between, sizeof between);
    assert_int_equal(cluster(9, 1, 3.7, 4), 2);
    assert_int_equal(labels[8], 0);
    points[8] = 6.6;
    assert_int_equal(cluster(9, 1, 3.7, 4), 2);
    assert_int_equal(labels[8], 0); /* that group is greater then: it has the border */
    assert_int_equal(labels[4], 0);
    assert_int_equal(labels[0], 1);
}

/* By definition, pair by pair: cores within eps share a label, borders have that of their nearest core, noise has no core near. */
static void labels_are_what_the_definition_says(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        int dims = 1 + round % CLUSTER_DIMS;
        size_t n = 30 + (size_t)(even() * 200), least = 2 + (size_t)(even() * 5);
        double eps = 0.1 * (double)dims * even();
        for (size_t i = 0; i < n * (size_t)dims; i++)
            points[i] = even() < 0.6 ? 0.2 * even() : even();
        size_t groups = cluster(n, dims, eps, least), members[MOST] = {0};
        bool core[MOST];
        for (size_t i = 0; i < n; i++) {
            size_t near = 0;
            for (size_t k = 0; k < n; k++)
                near += distance(i, k, dims) <= eps;
            core[i] = near >= least;
            assert_true(labels[i] >= CLUSTER_NOISE && labels[i] < (int32_t)groups);
            if (labels[i] >= 0)
                members[labels[i]]++;
        }
        for (size_t g = 0; g < groups; g++)
            assert_true(members[g] > 0 && (g == 0 || members[g - 1] >= members[g]));
        for (size_t i = 0; i < n; i++) {
            double nearest = INFINITY;
            for (size_t k = 0; k < n; k++)
                if (core[k] && distance(i, k, dims) <= eps) {
                    nearest = fmin(nearest, distance(i, k, dims));
                    assert_true(!core[i] || labels[i] == labels[k]);
                }
            if (core[i])
                continue;
            assert_int_equal(labels[i] == CLUSTER_NOISE, isinf(nearest) != 0);
            bool found = isinf(nearest) != 0;
            for (size_t k = 0; k < n; k++)
                found |= core[k] && labels[k] == labels[i] && distance(i, k, dims) == nearest;
            assert_true(found);
        }
    }
}

static void the_order_of_the_points_changes_no_label(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        size_t n = 200;
        uint32_t at[200];
        int32_t before[200];
        double kept[200 * 2];
        for (size_t i = 0; i < 2 * n; i++)
            points[i] = floor(12 * even() * even()); /* many equal ones, and equal distances */
        memcpy(kept, points, sizeof kept);
        cluster(n, 2, 1, 5);
        memcpy(before, labels, sizeof before);
        for (uint32_t i = 0; i < n; i++)
            at[i] = i;
        for (size_t i = n; i-- > 1;) {
            size_t k = (size_t)(even() * (double)(i + 1));
            uint32_t moved = at[i];
            at[i] = at[k];
            at[k] = moved;
        }
        for (size_t i = 0; i < n; i++)
            memcpy(points + 2 * i, kept + 2 * at[i], 2 * sizeof *points);
        cluster(n, 2, 1, 5);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(labels[i], before[at[i]]);
    }
}

static void how_dense_they_lie_is_the_median_to_the_nth_neighbour(void **state)
{
    (void)state;
    void *work = malloc(cluster_work_size(MOST));
    for (int i = 0; i < MOST; i++)
        points[i] = 0.5 * (i * 7 % MOST);
    assert_true(fabs(cluster_near(points, MOST, 1, 4, work) - 1.0) < 1e-12);
    assert_true(cluster_near(points, 4, 1, 4, work) == 0); /* not that many others */
    for (int round = 0; round < 10; round++) {
        int dims = 1 + round % CLUSTER_DIMS;
        enum { N = 120 };
        double all[N], want[N];
        for (int i = 0; i < N * dims; i++)
            points[i] = even();
        for (size_t i = 0; i < N; i++) {
            for (size_t k = 0; k < N; k++)
                all[k] = distance(i, k, dims);
            for (size_t k = 1; k < N; k++) /* insertion: few */
                for (size_t m = k; m > 0 && all[m - 1] > all[m]; m--) {
                    double moved = all[m];
                    all[m] = all[m - 1];
                    all[m - 1] = moved;
                }
            want[i] = all[5];
        }
        double got = cluster_near(points, N, dims, 5, work);
        int below = 0, above = 0;
        for (int i = 0; i < N; i++) {
            below += want[i] < got - 1e-12;
            above += want[i] > got + 1e-12;
        }
        assert_true(below <= N / 2 && above <= N / 2);
    }
    free(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_points_are_no_groups),
        cmocka_unit_test(points_in_one_place_are_one_group),
        cmocka_unit_test(the_greater_group_comes_first_and_a_border_goes_to_the_nearest),
        cmocka_unit_test(labels_are_what_the_definition_says),
        cmocka_unit_test(the_order_of_the_points_changes_no_label),
        cmocka_unit_test(how_dense_they_lie_is_the_median_to_the_nth_neighbour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
