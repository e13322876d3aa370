/* recipe_test.c - parameters reach the recipe, wrong ones are refused, the hash names what changes results. */
#include "one_frame.h"

static struct recipe *recipe_now(void)
{
    struct error err = {0};
    if (!recipe_make(params, &arena, &recipe, &err))
        fail_msg("%s", err.fact);
    return recipe;
}

static void defaults_are_those_of_dials(void **state)
{
    (void)state;
    struct recipe *r = recipe_now();
    assert_int_equal(r->spotfind.algorithm, SPOTFIND_DISPERSION_EXTENDED);
    assert_int_equal(r->hit_min, 16);
    assert_int_equal(r->spotfind.min_spot_size, 0);
    assert_double_equal(r->spotfind.sigma_background, 6, 0);
    assert_double_equal(r->spotfind.max_separation, 2, 0);
    assert_double_equal(r->process_percent, 100, 0);
    assert_false(r->index);
    assert_non_null(r->no_index);
}

static void values_reach_the_kernels_parameters(void **state)
{
    (void)state;
    set("spotfinder.threshold.algorithm=dispersion");
    set("spotfinder.threshold.dispersion.kernel_size=4,5");
    set("spotfinder.threshold.dispersion.gain=2.5");
    set("spotfinder.threshold.dispersion.min_local=9");
    set("spotfinder.filter.border=7");
    set("spotfinder.filter.resolution_range=3.6,3.8");
    set("spotfinder.filter.resolution_range=2.2,2.3");
    set("indexing.known_symmetry.unit_cell=79,79,38,90,90,90");
    set("indexing.known_symmetry.space_group=P43212");
    set("indexing.multiple_lattice_search.max_lattices=3");
    set("xfelx.index.deep=off");
    set("prediction.d_min=2.1");
    set("profile.gaussian_rs.parameters.sigma_b_cutoff=0.2");
    set("xfelx.parity=on");
    struct recipe *r = recipe_now();
    assert_int_equal(r->spotfind.algorithm, SPOTFIND_DISPERSION);
    assert_int_equal(r->spotfind.kernel_slow, 4);
    assert_int_equal(r->spotfind.kernel_fast, 5);
    assert_double_equal(r->spotfind.gain, 2.5, 0);
    assert_int_equal(r->spotfind.min_local, 9);
    assert_int_equal(r->mask.border, 7);
    assert_int_equal(r->mask.n_ranges, 2);
    assert_double_equal(r->mask.ranges[1][0], 2.2, 0);
    assert_int_equal(r->group.number, 96);
    assert_int_equal(r->known[0].n_rotations, 8);
    assert_int_equal(r->indexing.max_lattices, 3);
    assert_int_equal(r->indexing.deep, 0);
    assert_double_equal(r->integration.predict.d_min, 2.1, 0);
    assert_double_equal(r->integration.sigma_b_cutoff, 0.2 * 3.14159265358979 / 180, 1e-12);
    assert_true(r->integration.parity);
    assert_true(r->index && r->integrate);
}

static void a_cell_that_does_not_fit_its_space_group_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    set("indexing.known_symmetry.unit_cell=60,79,38,90,90,90");
    set("indexing.known_symmetry.space_group=P43212");
    assert_false(recipe_make(params, &arena, &recipe, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "P 43 21 2"));
}

static void the_hash_changes_with_what_changes_results_only(void **state)
{
    (void)state;
    char before[65];
    strcpy(before, recipe_now()->hash_hex);
    set("output.output_dir=elsewhere");
    set("xfelx.threads=3");
    assert_string_equal(recipe_now()->hash_hex, before);
    set("spotfinder.filter.min_spot_size=4");
    assert_string_not_equal(recipe_now()->hash_hex, before);
}

static void process_percent_takes_the_same_frames_every_time(void **state)
{
    (void)state;
    set("dispatch.process_percent=25");
    struct recipe *r = recipe_now();
    int taken = 0;
    for (uint32_t i = 0; i < 4000; i++) {
        taken += recipe_takes(r, "/data/run.h5", i);
        assert_int_equal(recipe_takes(r, "/data/run.h5", i), recipe_takes(r, "/data/run.h5", i));
    }
    assert_in_range(taken, 880, 1120); /* 4 sigma about 1000 */
}

static void a_missing_reference_geometry_is_named(void **state)
{
    (void)state;
    struct error err = {0};
    set("input.reference_geometry=/nowhere/geometry.expt");
    assert_false(recipe_make(params, &arena, &recipe, &err));
    assert_non_null(strstr(err.fact, "/nowhere/geometry.expt"));
}

static void the_way_to_integrate_reaches_the_kernels(void **state)
{
    (void)state;
    set("xfelx.integration.method=rings");
    set("xfelx.integration.rings=3,5,8");
    set("xfelx.integration.partials=False");
    const struct integrate_params *g = &recipe_now()->integration;
    assert_int_equal(g->method, INTEGRATE_RINGS);
    assert_double_equal(g->rings[2], 8, 0);
    assert_false(g->partials);
    set("xfelx.integration.method=profile");
    assert_int_equal(recipe_now()->integration.method, INTEGRATE_PROFILE);
}

static void rings_that_do_not_grow_and_ways_that_dials_has_not_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    set("xfelx.integration.rings=5,4,7");
    assert_false(recipe_make(params, &arena, &recipe, &err));
    assert_non_null(strstr(err.fact, "xfelx.integration.rings=5,4,7"));
    set("xfelx.integration.rings=4,5,7");
    set("xfelx.parity=on");
    set("xfelx.integration.method=rings");
    assert_false(recipe_make(params, &arena, &recipe, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "xfelx.integration.method=rings"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(defaults_are_those_of_dials),
        CASE(values_reach_the_kernels_parameters),
        CASE(a_cell_that_does_not_fit_its_space_group_is_refused),
        CASE(the_hash_changes_with_what_changes_results_only),
        CASE(process_percent_takes_the_same_frames_every_time),
        CASE(a_missing_reference_geometry_is_named),
        CASE(the_way_to_integrate_reaches_the_kernels),
        CASE(rings_that_do_not_grow_and_ways_that_dials_has_not_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
