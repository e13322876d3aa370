/* Panels, tree and masked regions of geometry files. */
#include "source/geom.h"

#include "support.h"

#include <math.h>
#include <string.h>

static struct arena arena;

#define PANEL(name, x, y)                                                                                    \
    name "/min_fs = 10\n" name "/max_fs = 19\n" name "/min_ss = 0\n" name "/max_ss = 4\n" name               \
         "/corner_x = " x "\n" name "/corner_y = " y "\n" name "/fs = x\n" name "/ss = y\n"
#define HEAD "photon_energy = 9000\nclen = 0.1\nres = 10000\nadu_per_eV = 0.002\n"

static struct detector *made(const char *text, struct geom *g)
{
    struct error err = {0};
    struct detector *d = NULL;
    const double shift[2] = {0.001, 0};
    double clen[16];
    for (size_t i = 0; i < 16; i++)
        clen[i] = 0.1;
    if (!geom_parse(text, strlen(text), "test.geom", &arena, g, &err) ||
        !geom_detector(g, clen, shift, 9000, &arena, &d, &err))
        fail_msg("%s", err.fact);
    return d;
}

static void a_panel_stands_where_the_file_says(void **state)
{
    (void)state;
    struct geom g;
    struct detector *d =
        made(HEAD PANEL("a", "20", "-30") "a/coffset = 0.02\na/max_adu = 5000\na/flag_lessthan = -3\n", &g);
    const struct panel *p = &d->panels[0];
    assert_true(fabs(p->origin[0] + 3) < 1e-12 && fabs(p->origin[1] + 3) < 1e-12 &&
                fabs(p->origin[2] + 120) < 1e-12);
    assert_true(p->fast[0] == -1 && p->slow[1] == 1 && p->n_fast == 10 && p->n_slow == 5);
    assert_true(fabs(p->pixel_fast - 0.1) < 1e-15 && p->gain == 18);
    assert_true(p->trusted_hi == 5000 && p->trusted_lo == -3);
    assert_true(d->info[0].raw_offset[0] == 10 && d->n_nodes == 0);
}

/* Refined files have directions to a few digits: axes become orthonormal, lengths stay in the pixel size. */
static void directions_become_orthonormal(void **state)
{
    (void)state;
    struct geom g;
    struct detector *d = made(HEAD PANEL("a", "0", "0") "a/fs = 1.001x +0.02y\na/ss = -0.0195x +1.0y\n", &g);
    const struct panel *p = &d->panels[0];
    double across = 0, f = 0, s = 0;
    for (int i = 0; i < 3; i++) {
        across += p->fast[i] * p->slow[i];
        f += p->fast[i] * p->fast[i];
        s += p->slow[i] * p->slow[i];
    }
    assert_true(fabs(across) < 1e-12 && fabs(f - 1) < 1e-12 && fabs(s - 1) < 1e-12);
    assert_true(fabs(p->pixel_fast - 0.1 * sqrt(1.001 * 1.001 + 0.0004)) < 1e-12);
    struct error err = {0};
    const double shift[2] = {0, 0}, clen = 0.1;
    const char *flat = HEAD PANEL("a", "0", "0") "a/fs = x\na/ss = 0.9x +0.1y\n";
    assert_true(geom_parse(flat, strlen(flat), "t", &arena, &g, &err));
    assert_false(geom_detector(&g, &clen, shift, 0, &arena, &d, &err));
    assert_non_null(strstr(err.fact, "do not span a plane"));
}

/* Groups of panels and of groups, one that overlaps two others and one that is everything: those two are left out. */
static void groups_become_a_tree(void **state)
{
    (void)state;
    struct geom g;
    struct detector *d = made(
        HEAD PANEL("a", "0", "0") PANEL("b", "20", "0") PANEL("c", "40", "0")
            PANEL("d", "60",
                  "0") "group_all = left,right\ngroup_left = a,b\nrigid_group_right = c,d\ngroup_inner = d\n"
                       "group_odd = b,c\n",
        &g);
    assert_int_equal(d->n_nodes, 1 + 3 + 4);
    assert_string_equal(d->nodes[1].name, "left");
    assert_string_equal(d->nodes[2].name, "right");
    assert_string_equal(d->nodes[3].name, "inner");
    assert_int_equal(d->nodes[3].parent, 2);
    assert_true(d->nodes[4].panel == 0 && d->nodes[4].parent == 1);
    assert_true(d->nodes[6].panel == 2 && d->nodes[6].parent == 2);
    assert_true(d->nodes[7].panel == 3 && d->nodes[7].parent == 3);
    assert_true(fabs(d->panels[3].origin[0] + 7) < 1e-12);
}

static size_t masked(const struct geom *g, const struct detector *d, const char *where, uint8_t *mask)
{
    struct error err = {0};
    size_t n = 0;
    memset(mask, 1, d->n_pixels);
    if (!geom_mask_regions(g, d, mask, &err))
        fail_msg("%s: %s", where, err.fact);
    for (size_t i = 0; i < d->n_pixels; i++)
        n += mask[i] == 0;
    return n;
}

static void regions_edges_and_unused_panels_are_masked(void **state)
{
    (void)state;
    struct geom g;
    uint8_t mask[100];
    struct detector *d = made(
        HEAD PANEL("a", "0", "0") PANEL(
            "b", "20",
            "0") "bad1/min_fs = 10\nbad1/max_fs = 11\nbad1/min_ss = 4\nbad1/max_ss = 9\nbad1/panel = b\n",
        &g);
    assert_int_equal(masked(&g, d, "slab", mask), 2);
    assert_true(mask[50 + 40] == 0 && mask[50 + 41] == 0);
    d = made(HEAD PANEL("a", "0", "0")
                 PANEL("b", "20", "0") "bad2/min_x = 8\nbad2/max_x = 21\nbad2/min_y = 0\nbad2/max_y = 1\n",
             &g);
    assert_int_equal(masked(&g, d, "lab", mask), 3);
    assert_true(mask[8] == 0 && mask[9] == 0 && mask[50] == 0);
    d = made(HEAD PANEL("a", "0", "0") "a/mask_edge_pixels = 1\n" PANEL("b", "20", "0") "b/no_index = true\n",
             &g);
    assert_int_equal(masked(&g, d, "edges", mask), 50 + 26);
}

static void regions_that_say_too_little_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        HEAD PANEL("a", "0", "0") "bad/min_fs = 1\nbad/max_fs = 2\nbad/min_ss = 1\n",
        HEAD PANEL("a", "0",
                   "0") "bad/min_fs = 1\nbad/max_fs = 2\nbad/min_ss = 1\nbad/max_ss = 2\nbad/panel = z\n",
        HEAD PANEL("a", "0", "0")
            PANEL("b", "9", "9") "bad/min_fs = 1\nbad/max_fs = 2\nbad/min_ss = 1\nbad/max_ss = 2\n",
    };
    for (size_t i = 0; i < 3; i++) {
        struct geom g;
        struct error err = {0};
        uint8_t mask[100];
        struct detector *d = made(texts[i], &g);
        assert_false(geom_mask_regions(&g, d, mask, &err));
        assert_int_equal(err.code, ERROR_METADATA);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_panel_stands_where_the_file_says),
        cmocka_unit_test(directions_become_orthonormal),
        cmocka_unit_test(groups_become_a_tree),
        cmocka_unit_test(regions_edges_and_unused_panels_are_masked),
        cmocka_unit_test(regions_that_say_too_little_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
