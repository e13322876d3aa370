/* residual_test.c - spots beside where their lattice has them. */
#include "kernels/residual.h"
#include "kernels/geometry_panel.h"
#include "kernels/refine.h"

#include <math.h>
#include <string.h>

#include "support.h"

enum { SPOTS = 700, PANELS = 2 };

static const struct beam_vector beam = {.wavelength = 1.3, .direction = {0, 0, 1}};
static const double A[9] = {1 / 60.0, 0, 0, 0, 1 / 70.0, 0, 0, 0, 1 / 80.0};

/* Two panels side by side, 100 mm away. */
static void make_panels(struct panel p[PANELS])
{
    for (int k = 0; k < PANELS; k++)
        p[k] = (struct panel){.origin = {k ? 0.5 : -60.5, 30, -100},
                              .fast = {1, 0, 0},
                              .slow = {0, -1, 0},
                              .pixel_fast = 0.1,
                              .pixel_slow = 0.1,
                              .n_fast = 600,
                              .n_slow = 600};
}

/* Rays of nodes, each seen beside where it is predicted: the panel 0 is (dx, dy) px from where it is said to be. */
static size_t make_rays(const struct panel *panels, double dx, double dy, struct ray *rays, int32_t (*hkl)[3],
                        int32_t *owner, uint8_t *used)
{
    size_t n = 0;
    for (int32_t h = -12; h <= 12; h++)
        for (int32_t k = -12; k <= 12 && n < SPOTS; k++) {
            const int32_t node[3] = {h, k, 1};
            const uint32_t p = h > 0;
            double s1[3], mm[2], psi;
            if (!refine_predict(panels + p, &beam, A, node, s1, mm, &psi) || mm[0] < 0 || mm[0] > 60)
                continue;
            const double px[2] = {mm[0] / 0.1 - (p ? 0 : dx), mm[1] / 0.1 - (p ? 0 : dy)};
            rays[n] = (struct ray){.px = {px[0], px[1]}, .panel = p, .spot = (uint32_t)n};
            panel_pixel_to_point(panels + p, px, rays[n].lab);
            memcpy(hkl[n], node, sizeof node);
            owner[n] = n % 7 == 6 ? -1 : 0;
            used[n] = n % 3 == 0 ? 2 : 1;
            n++;
        }
    return n;
}

struct made {
    struct panel panels[PANELS];
    struct ray rays[SPOTS];
    int32_t hkl[SPOTS][3], owner[SPOTS];
    uint8_t used[SPOTS];
    struct residual rows[SPOTS];
    size_t n_rays, n;
};
static void make(struct made *m, double dx, double dy)
{
    memset(m, 0, sizeof *m);
    make_panels(m->panels);
    m->n_rays = make_rays(m->panels, dx, dy, m->rays, m->hkl, m->owner, m->used);
    m->n = residual_rows(m->panels, &beam, m->rays, m->n_rays, m->owner, (const int32_t(*)[3])m->hkl, 0, A,
                         m->used, m->rows);
}

static void a_panel_that_is_elsewhere_is_seen_where_it_is(void **state)
{
    (void)state;
    static struct made m;
    static struct residual_panel sums[PANELS];
    static struct residual_shell shells[RESIDUAL_SHELLS];
    make(&m, 2, -0.5);
    assert_true(m.n > 150);
    memset(sums, 0, sizeof sums);
    residual_add(m.rows, m.n, sums, PANELS, shells);
    int64_t seen = 0, used = 0, psi = 0;
    for (int p = 0; p < PANELS; p++) {
        const int64_t *s = sums[p].sums;
        seen += s[RESIDUAL_SEEN];
        used += s[RESIDUAL_USED];
        assert_int_equal(s[RESIDUAL_LATTICES], 1);
        assert_double_equal((double)s[RESIDUAL_X] / (double)s[RESIDUAL_SEEN] / RESIDUAL_PX, p ? 0 : 2, 1e-3);
        assert_double_equal((double)s[RESIDUAL_UY] / (double)s[RESIDUAL_USED] / RESIDUAL_PX, p ? 0 : -0.5,
                            1e-3);
        /* radial and across are the same vector, turned */
        assert_double_equal((double)(s[RESIDUAL_URR] + s[RESIDUAL_UTT]),
                            (double)(s[RESIDUAL_UXX] + s[RESIDUAL_UYY]), 4096.0 * (double)s[RESIDUAL_USED]);
        assert_int_equal(s[RESIDUAL_NN], s[RESIDUAL_SEEN] * s[RESIDUAL_SEEN]);
        assert_int_equal(s[RESIDUAL_CXX], s[RESIDUAL_X] * s[RESIDUAL_X]);
        assert_int_equal(sums[p].bins[0][p ? 64 : 80] + sums[p].bins[0][p ? 63 : 79], s[RESIDUAL_SEEN]);
    }
    assert_int_equal(seen, m.n);
    for (size_t i = 0; i < m.n; i++) {
        assert_true(i == 0 || m.rows[i].panel >= m.rows[i - 1].panel);
        used -= m.rows[i].used;
    }
    assert_int_equal(used, 0);
    for (int k = 0; k < RESIDUAL_SHELLS; k++)
        psi += shells[k].n;
    assert_int_equal(psi, sums[0].sums[RESIDUAL_USED] + sums[1].sums[RESIDUAL_USED]);
}

static void what_is_far_or_no_panel_is_counted_and_no_more(void **state)
{
    (void)state;
    static struct made m;
    static struct residual_panel sums[PANELS];
    static struct residual_shell shells[RESIDUAL_SHELLS];
    make(&m, 9, 0);
    memset(sums, 0, sizeof sums);
    residual_add(m.rows, m.n, sums, PANELS, shells);
    assert_int_equal(sums[0].sums[RESIDUAL_SEEN], 0);
    assert_int_equal(sums[0].sums[RESIDUAL_LATTICES], 0);
    assert_true(sums[0].sums[RESIDUAL_FAR] > 50);
    memset(sums, 0, sizeof sums);
    residual_add(m.rows, m.n, sums, 0, shells);
    assert_int_equal(sums[1].sums[RESIDUAL_SEEN], 0);
}

static void sums_of_parts_are_the_sum(void **state)
{
    (void)state;
    static struct made m;
    static struct residual_panel one[PANELS], parts[2][PANELS];
    static struct residual_shell all[RESIDUAL_SHELLS], shells[2][RESIDUAL_SHELLS];
    make(&m, 0.3, 0.1);
    for (int turn = 0; turn < 4; turn++) {
        for (size_t i = 0; i < m.n; i++)
            m.rows[i].lattice = (uint32_t)turn;
        residual_add(m.rows, m.n, one, PANELS, all);
        residual_add(m.rows, m.n, parts[turn % 2], PANELS, shells[turn % 2]);
    }
    residual_add_panels(parts[1], parts[0], PANELS);
    residual_add_shells(shells[1], shells[0]);
    assert_memory_equal(parts[1], one, sizeof one);
    assert_memory_equal(shells[1], all, sizeof all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_panel_that_is_elsewhere_is_seen_where_it_is),
        cmocka_unit_test(what_is_far_or_no_panel_is_counted_and_no_more),
        cmocka_unit_test(sums_of_parts_are_the_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
