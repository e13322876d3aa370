/* The map of real space finds the lattice's vectors. */
#include "support.h"

#include "still.h"

#include "kernels/lattice_free_internal.h"

static void the_shortest_vectors_are_among_those_found(void **state)
{
    (void)state;
    static const double CELL[6] = {42, 51, 60, 90, 98, 90}, PLACE[2] = {0, 0};
    static struct still s;
    static struct ray ray[STILL_SPOTS];
    static struct point points[STILL_SPOTS];
    static struct peak peak[MAP_PEAKS];
    static struct vector seed_of[MAP_SEEDS], vector[MAP_SEEDS];
    struct map_work w = {peak, seed_of, vector};
    uint64_t seed = 12;
    double u[9], A[9], m[9];
    size_t n_map = 0;
    still_empty(&s);
    still_rotation(&seed, u);
    still_orient(CELL, u, A);
    still_add_lattice(&s, &seed, A, 'P', 80, 0.4);
    size_t n = spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, ray);
    n = points_make(&s.beam, ray, n, PLACE, points);
    size_t found = free_vectors(points, n, 3, 70, &n_map, &w);
    assert_true(found >= 3 && found <= VECTORS && n_map > 16 && n_map <= MAP_SPOTS);
    assert_true(lattice_reciprocal(A, m));
    for (int j = 0; j < 3; j++) { /* each axis, either way */
        double nearest = INFINITY;
        for (size_t i = 0; i < found; i++)
            for (int sign = -1; sign <= 1; sign += 2) {
                double d[3];
                for (int r = 0; r < 3; r++)
                    d[r] = vector[i].t[r] - sign * m[3 * r + j];
                nearest = fmin(nearest, vec3_length(d));
            }
        assert_true(nearest < 0.3);
    }
    for (size_t i = 1; i < found; i++)
        assert_true(vector[i - 1].score >= vector[i].score);
}

static void a_list_whose_map_would_not_end_is_left(void **state)
{
    (void)state;
    static struct point points[20];
    static struct peak peak[MAP_PEAKS];
    static struct vector seed_of[MAP_SEEDS], vector[MAP_SEEDS];
    struct map_work w = {peak, seed_of, vector};
    size_t n_map;
    for (int i = 0; i < 20; i++) {
        points[i].q[0] = points[i].length = 50 + i;
        points[i].s[2] = points[i].across = 1;
    }
    assert_int_equal(free_vectors(points, 20, 3, 400, &n_map, &w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shortest_vectors_are_among_those_found),
        cmocka_unit_test(a_list_whose_map_would_not_end_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
