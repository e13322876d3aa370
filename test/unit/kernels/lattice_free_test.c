/* The lattice of a made still without its cell: found, refused, the same whatever the order of the spots. */
#include "support.h"

#include "still.h"

#include "kernels/lattice_free.h"

enum { SPOTS = 60 };
static const double CELL[6] = {42, 51, 60, 90, 98, 90};

struct seen {
    struct still still;
    struct ray ray[STILL_SPOTS];
    size_t n;
    double A[9];
};

static void look(struct seen *s, uint64_t seed, size_t lattice, size_t noise)
{
    double u[9];
    still_empty(&s->still);
    still_rotation(&seed, u);
    still_orient(CELL, u, s->A);
    still_add_lattice(&s->still, &seed, s->A, 'P', lattice, 0.4);
    still_add_noise(&s->still, &seed, noise);
    s->n = spots_to_rays(&s->still.panel, 1, &s->still.beam, s->still.spot, s->still.n, s->ray);
}

static bool find(const struct seen *s, struct free_lattice *out)
{
    struct free_params p;
    free_params_default(&p);
    void *work = still_memory(lattice_free_work_size(s->n));
    bool found = lattice_free_find(&p, &s->still.beam, s->ray, s->n, out, work);
    free(work);
    assert_int_equal(found, out->accepted);
    return found;
}

static double misset(const struct free_lattice *l, const struct seen *s)
{
    double A[9];
    return lattice_reciprocal(l->m, A) ? still_misset(A, s->A, 'P') : 180;
}

static void the_lattice_of_a_still_is_found_without_its_cell(void **state)
{
    (void)state;
    static struct seen s;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct free_lattice l;
        look(&s, seed, SPOTS, 10);
        assert_true(find(&s, &l));
        assert_true(misset(&l, &s) < 0.3);
        assert_true(l.evidence > 50 && l.n_explained >= 45 && l.n_spots == s.n);
        assert_true(mat3_det(l.m) > 0);
        for (int k = 0; k < 6; k++)
            assert_true(l.cov[7 * k] > 0 && l.cov[7 * k] < 0.01 * 0.01);
    }
}

static void spots_of_no_lattice_are_refused(void **state)
{
    (void)state;
    static struct seen s;
    static const size_t LENGTH[] = {12, 20, 40};
    for (size_t i = 0; i < 3; i++) {
        struct free_lattice l;
        look(&s, 100 + i, 0, LENGTH[i]);
        assert_false(find(&s, &l));
        assert_true(l.evidence < -3);
    }
}

static void few_spots_are_not_tried(void **state)
{
    (void)state;
    static struct seen s;
    struct free_lattice l;
    look(&s, 5, FREE_MIN_SPOTS - 1, 0);
    assert_false(find(&s, &l));
    assert_int_equal(l.n_spots, FREE_MIN_SPOTS - 1);
    s.n = 0;
    assert_false(find(&s, &l));
}

static void the_order_of_the_spots_changes_no_bit(void **state)
{
    (void)state;
    static struct seen s, turned;
    struct free_lattice l, again;
    look(&s, 6, SPOTS, 10);
    turned = s;
    for (size_t i = 0; i < s.n; i++)
        turned.ray[i] = s.ray[s.n - 1 - i];
    assert_true(find(&s, &l) && find(&turned, &again));
    assert_memory_equal(&l, &again, sizeof l);
}

static void broken_spots_do_no_harm(void **state)
{
    (void)state;
    static struct seen s;
    struct free_lattice l;
    look(&s, 7, SPOTS, 10);
    for (size_t i = 0; i < 5; i++)
        s.ray[s.n - 1 - i].q[i % 3] = s.ray[s.n - 1 - i].s1[i % 3] = i % 2 ? NAN : INFINITY;
    s.ray[0].intensity = NAN;
    assert_true(find(&s, &l));
    assert_true(misset(&l, &s) < 0.3);
}

static void the_longest_axis_that_is_looked_for_can_be_said(void **state)
{
    (void)state;
    static struct seen s;
    struct free_lattice l;
    struct free_params p;
    look(&s, 8, SPOTS, 0);
    free_params_default(&p);
    p.max_cell = 45; /* shorter than two of the axes */
    void *work = still_memory(lattice_free_work_size(s.n));
    lattice_free_find(&p, &s.still.beam, s.ray, s.n, &l, work);
    double cell[6];
    if (l.accepted) {
        lattice_cell(l.m, cell);
        assert_true(cell[2] <= 45 * 1.05);
    }
    p.max_cell = 65;
    assert_true(lattice_free_find(&p, &s.still.beam, s.ray, s.n, &l, work));
    assert_true(misset(&l, &s) < 0.3);
    free(work);
}

static void a_lattice_follows_when_the_detector_is_moved_right(void **state)
{
    (void)state;
    static struct seen s;
    struct free_lattice l;
    struct free_params p;
    look(&s, 9, SPOTS, 5);
    struct panel right = s.still.panel;
    s.still.panel.origin[2] *= 1.003; /* the file says a distance that is 0.3 % too long */
    s.n = spots_to_rays(&s.still.panel, 1, &s.still.beam, s.still.spot, s.still.n, s.ray);
    assert_true(find(&s, &l));
    double before[6], after[6];
    lattice_cell(l.m, before);
    s.n = spots_to_rays(&right, 1, &s.still.beam, s.still.spot, s.still.n, s.ray);
    free_params_default(&p);
    p.shift_px = 0.15;
    void *work = still_memory(lattice_free_work_size(s.n));
    assert_true(lattice_free_refine(&p, &s.still.beam, s.ray, s.n, &l, work));
    lattice_cell(l.m, after);
    for (int i = 0; i < 3; i++) {
        assert_double_equal(after[i], CELL[i], 0.001 * CELL[i]);
        assert_true(fabs(after[i] / CELL[i] - 1) < fabs(before[i] / CELL[i] - 1));
    }
    memset(l.m, 0, sizeof l.m);
    assert_false(lattice_free_refine(&p, &s.still.beam, s.ray, s.n, &l, work));
    free(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lattice_of_a_still_is_found_without_its_cell),
        cmocka_unit_test(spots_of_no_lattice_are_refused),
        cmocka_unit_test(few_spots_are_not_tried),
        cmocka_unit_test(the_order_of_the_spots_changes_no_bit),
        cmocka_unit_test(broken_spots_do_no_harm),
        cmocka_unit_test(the_longest_axis_that_is_looked_for_can_be_said),
        cmocka_unit_test(a_lattice_follows_when_the_detector_is_moved_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
