/* Reading CrystFEL geometry files: defaults, directions, units, what is refused and with which words. */
#include "source/geom.h"

#include "support.h"

#include <math.h>
#include <string.h>

static struct arena arena;

#define PANEL(name)                                                                                          \
    name "/min_fs = 0\n" name "/max_fs = 9\n" name "/min_ss = 0\n" name "/max_ss = 4\n" name                 \
         "/corner_x = 1\n" name "/corner_y = 2\n" name "/fs = x\n" name "/ss = y\n"
#define HEAD "photon_energy = 9000\nclen = 0.1\nres = 10000\nadu_per_photon = 1\n"

static void parsed(const char *text, struct geom *g)
{
    struct error err = {0};
    if (!geom_parse(text, strlen(text), "test.geom", &arena, g, &err))
        fail_msg("%s", err.fact);
}

static void refused(const char *text, const char *word)
{
    struct geom g;
    struct error err = {0};
    assert_false(geom_parse(text, strlen(text), "test.geom", &arena, &g, &err));
    if (!strstr(err.fact, word))
        fail_msg("%s", err.fact);
}

static void defaults_count_for_panels_that_appear_later(void **state)
{
    (void)state;
    struct geom g;
    parsed(HEAD
           "coffset = 0.5\n" PANEL("a") "coffset = 0.7\nmax_adu = 100\n" PANEL("b") "a/max_adu = 7 ; mine\n",
           &g);
    assert_int_equal(g.n_panels, 2);
    assert_true(g.panels[0].coffset == 0.5 && g.panels[1].coffset == 0.7);
    assert_true(g.panels[0].max_adu == 7 && g.panels[1].max_adu == 100);
    assert_true(g.panels[0].corner_y == 2 && g.panels[0].max_ss == 4);
}

static void directions_are_read_in_all_their_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double v[3];
    } forms[] = {
        {"x", {1, 0, 0}},
        {"-x", {-1, 0, 0}},
        {"+0.002x -0.999y", {0.002, -0.999, 0}},
        {"- 0.5 x + .5z", {-0.5, 0, 0.5}},
        {"0.1x+0.2y-0.3z", {0.1, 0.2, -0.3}},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct geom g;
        parsed(arena_printf(&arena, HEAD PANEL("a") "a/fs = %s\n", forms[i].text), &g);
        for (int k = 0; k < 3; k++)
            assert_true(g.panels[0].fs[k] == forms[i].v[k]);
    }
    static const char *const wrong[] = {"", "1e-3x", "xy", "0.5", "+-x", "x + ", "2w"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused(arena_printf(&arena, HEAD PANEL("a") "a/fs = %s\n", wrong[i]), "not a direction");
}

static void numbers_have_units_or_come_from_the_image(void **state)
{
    (void)state;
    struct geom g;
    parsed("photon_energy = 9.5 keV\nclen = 80 mm\nres = 1e4\n" PANEL("a"), &g);
    assert_true(g.energy.value == 9500 && fabs(g.clen.value - 0.08) < 1e-15);
    parsed("photon_energy = /LCLS/e keV\nclen = /enc\nres = 1e4\n" PANEL("a") "a/clen = /own m\n", &g);
    assert_string_equal(g.energy.path, "/LCLS/e");
    assert_true(g.energy.factor == 1000 && g.clen.factor == 1e-3 && g.panels[0].clen.factor == 1);
    parsed("wavelength = 1.5 A\nclen = 0.1\nres = 1e4\n" PANEL("a"), &g);
    assert_true(g.wavelength == 1.5);
    parsed("wavelength = 1.5e-10 m\nclen = 0.1\nres = 1e4\n" PANEL("a"), &g);
    assert_true(fabs(g.wavelength - 1.5) < 1e-12);
    refused("wavelength = 1.5\n", "with its unit");
    refused("photon_energy = 9000 furlong\n", "unit is not known");
    refused("photon_energy = 9000\nwavelength = 1 A\n", "second time");
    refused("electron_voltage = 200 kV\n", "electron");
}

static void masks_dimensions_flags_and_groups_are_kept(void **state)
{
    (void)state;
    struct geom g;
    parsed(
        HEAD
        "data = /d\ndim0 = %\ndim1 = 3\ndim2 = ss\ndim3 = fs\nmask = /m\nmask_good = 0x0\nmask_bad = 0xff\n"
        "mask3_data = /n\nmask3_file = other.h5\nmask3_badbits = 4\nflag_lessthan = -10\nflag_equal = "
        "65535\n" PANEL("a")
            PANEL("b") "group_q0 = a, b\nrigid_group_x = a\nrigid_group_collection_c = x\nb/no_index = 1\n"
                       "b/mask_edge_pixels = 2\r\nbadone/min_fs = 1\nbadone/max_fs = 2\nbadone/min_ss = 0\n"
                       "badone/max_ss = 0\nbadone/panel = a\n",
        &g);
    const struct geom_panel *p = &g.panels[0];
    assert_true(p->dim[0].kind == GEOM_DIM_FRAME && p->dim[1].kind == GEOM_DIM_NUMBER &&
                p->dim[1].number == 3);
    assert_string_equal(p->mask[0].data, "/m");
    assert_true(p->mask[0].bad == 0xff && p->mask[3].bad == 4);
    assert_string_equal(p->mask[3].file, "other.h5");
    assert_true(p->n_flags == 2 && p->flag[0].kind == -1 && p->flag[1].value == 65535);
    assert_int_equal(g.n_groups, 2);
    assert_string_equal(g.groups[0].members[1], "b");
    assert_true(g.panels[1].no_index && g.panels[1].edge == 2);
    assert_int_equal(g.n_bad, 1);
    assert_string_equal(g.bad[0].panel, "a");
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    refused("", "no panels");
    refused("no equals sign\n", "line 1: not \"key = value\"");
    refused(HEAD PANEL("a") "a/corner_x = here\n", "line 13: corner_x = here: not a number");
    refused(HEAD PANEL("a") "coffset = 1\n", "after the last panel");
    refused("res = 1\n" PANEL("a"), "panel a has no clen");
    refused("clen = 0.1\n" PANEL("a"), "panel a has no res");
    refused(HEAD "a/min_fs = 0\n", "panel a has no min_fs and max_fs");
    refused(HEAD PANEL("a") "a/max_fs = 1e9\n", "impossible size");
    refused(HEAD "dim0 = fs\ndim1 = ss\n" PANEL("a"), "ss and then fs");
    refused(HEAD "mask_good = 1\n" PANEL("a"), "bits but no data");
    refused(HEAD "mask9_data = /m\n" PANEL("a"), "from 0 to 7");
    refused(HEAD PANEL("a") "bad1/min_x = 0\nbad1/min_fs = 1\n", "either in x and y or in fs and ss");
    refused(HEAD PANEL("a") "bad1/colour = 0\n", "no such field of a bad region");
}

static void unknown_fields_are_remarks(void **state)
{
    (void)state;
    struct geom g;
    parsed(HEAD "saturation_map = /s\nspam = 1\nbadrow_direction = x\n" PANEL("a"), &g);
    assert_int_equal(g.n_notes, 3);
    assert_non_null(strstr(g.notes[1], "spam"));
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    struct geom g;
    struct error err = {0};
    assert_false(geom_parse("a/fs = x\0y\n", 11, "t", &arena, &g, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    assert_false(geom_read("/nonexistent/x.geom", &arena, &g, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_count_for_panels_that_appear_later),
        cmocka_unit_test(directions_are_read_in_all_their_forms),
        cmocka_unit_test(numbers_have_units_or_come_from_the_image),
        cmocka_unit_test(masks_dimensions_flags_and_groups_are_kept),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(unknown_fields_are_remarks),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
