/* params_test.c - the parameters of a command: merging, getters, hash, classes. */
#include <stdio.h>
#include <unistd.h>

#include "param/params.h"
#include "phil_text.h"

static struct params *with(struct arena *a, const char *text)
{
    struct params *p = params_make(a);
    struct error err;
    struct phil_object *tree = text_tree(a, text, &err);
    if (!tree || !params_merge_tree(p, tree, &err))
        fail_msg("%s", err.fact);
    return p;
}

static const char *refused(struct arena *a, const char *argument, struct error *err)
{
    struct params *p = params_make(a);
    if (params_merge_argument(p, argument, err))
        fail_msg("%s is accepted", argument);
    return err->fact;
}

static void defaults_are_those_of_the_table(void **state)
{
    struct params *p = params_make(*state);
    const double *values;
    const char *const *texts;
    assert_int_equal(param_int(p, "dispatch.hit_finder.minimum_number_of_reflections", -1), 16);
    assert_true(param_is_none(p, "dispatch.hit_finder.maximum_number_of_reflections"));
    assert_int_equal(param_int(p, "dispatch.hit_finder.maximum_number_of_reflections", -1), -1);
    assert_true(param_is_auto(p, "spotfinder.filter.min_spot_size"));
    assert_string_equal(param_text(p, "spotfinder.threshold.algorithm", ""), "dispersion_extended");
    assert_true(param_real(p, "spotfinder.threshold.dispersion.sigma_background", 0) == 6);
    assert_int_equal(param_reals(p, "spotfinder.threshold.dispersion.kernel_size", &values), 2);
    assert_true(values[1] == 3);
    assert_int_equal(param_reals(p, "indexing.known_symmetry.unit_cell", &values), 0);
    assert_false(param_bool(p, "output.shoeboxes", true));
    assert_int_equal(param_texts(p, "input.glob", &texts), 0);
    assert_string_equal(param_text(p, "spotfinder.filter.ice_rings.space_group", ""), "P 63/m m c");
    assert_true(param_is_default(p, "xfelx.threads"));
    assert_string_equal(param_origin(p, "xfelx.threads"), "built-in");
}

static void values_that_are_set_are_given_back_with_their_origin(void **state)
{
    struct params *p = with(
        *state,
        "input.glob = a b\ninput.glob = c\nspotfinder.filter.untrusted { panel = 3\n circle = 1 2 100 }\n"
        "spotfinder.filter.resolution_range = 3.6 3.8\nindexing.stills.method_list = fft1d fft3d\n"
        "refinement.parameterisation.goniometer.fix = all+in_beam_plane\n");
    struct error err;
    const char *const *texts;
    const double *values;
    assert_true(params_merge_argument(p, "--dispersion.gain=10", &err));
    assert_string_equal(param_origin(p, "spotfinder.threshold.dispersion.gain"), "command line");
    assert_int_equal(param_texts(p, "input.glob", &texts), 2);
    assert_string_equal(texts[0], "a b");
    assert_string_equal(param_origin(p, "input.glob"), "input:2");
    assert_int_equal(param_count(p, "spotfinder.filter.untrusted"), 1);
    assert_int_equal(param_int(p, "spotfinder.filter.untrusted[0].panel", 0), 3);
    assert_int_equal(param_reals(p, "spotfinder.filter.untrusted[0].circle", &values), 3);
    assert_true(values[2] == 100);
    assert_int_equal(param_reals(p, "spotfinder.filter.resolution_range[0]", &values), 2);
    assert_int_equal(param_texts(p, "indexing.stills.method_list", &texts), 2);
    assert_int_equal(param_texts(p, "refinement.parameterisation.goniometer.fix", &texts), 2);
    assert_string_equal(texts[1], "in_beam_plane");
    assert_false(param_is_default(p, "spotfinder.filter.untrusted"));
}

static void unknown_names_are_refused_with_near_ones(void **state)
{
    struct params *p = params_make(*state);
    struct error err;
    struct phil_object *tree =
        text_tree(*state, "spotfinder {\n  treshold.algorithm = dispersion\n}\n", &err);
    assert_false(params_merge_tree(p, tree, &err));
    assert_string_equal(err.fact, "input:2:3: there is no parameter spotfinder.treshold.algorithm");
    assert_string_equal(err.detail, "  ^treshold.algorithm = dispersion");
    assert_non_null(strstr(err.hint, "did you mean spotfinder.threshold.algorithm"));
    assert_int_equal(err.code, ERROR_USAGE);
}

static void what_is_not_supported_yet_is_refused_unless_it_is_the_default(void **state)
{
    struct params *p = with(*state, "integration.absorption_correction.apply = False\n");
    struct error err;
    assert_true(param_is_default(p, "integration.absorption_correction"));
    assert_non_null(strstr(refused(*state, "absorption_correction.apply=True", &err),
                           "integration.absorption_correction.apply is not supported yet"));
    assert_string_equal(err.hint, "leave it at its default, False");
}

static void values_without_effect_are_counted(void **state)
{
    struct params *p =
        with(*state, "indexing.fft3d.b_iso = 3\nrefinement.parameterisation.goniometer.constraints { id = 1 "
                     "}\nspotfinder.mp.nproc = 1\n");
    const char *const *names;
    assert_int_equal(params_ignored(p, *state, &names), 2);
    assert_string_equal(names[0], "indexing.fft3d.b_iso");
    assert_string_equal(names[1], "refinement.parameterisation.goniometer.constraints.id");
}

static void passwords_are_not_taken_from_command_lines_nor_printed(void **state)
{
    struct error err;
    assert_non_null(strstr(refused(*state, "db.password=secret", &err),
                           "db.password is not taken from the command line"));
    struct params *p = with(*state, "db.password = secret\n");
    assert_string_equal(param_text(p, "db.password", ""), "secret");
    struct str s = {0};
    params_show(p, &(struct param_show_options){.what = PARAM_SHOW_ALL, .expert = -1, .tree = -1}, &s);
    assert_null(strstr(s.text, "secret"));
    str_free(&s);
}

static const char *hash_of(struct arena *a, const struct params *p, const char *lines)
{
    uint8_t hash[32];
    params_hash(p, lines, hash);
    return hash_hex(hash, 32, arena_alloc(a, 65));
}

static void the_hash_depends_on_what_changes_results_and_on_nothing_else(void **state)
{
    const char *plain = hash_of(*state, params_make(*state), "");
    static const char *const same[] = {
        "xfelx.threads = 3\n",       "output.output_dir = x\n", "db.host = x\n",
        "xfelx.isa = ref\n",         "input.glob = x\n",        "indexing.stills.rmsd_min_px = 2.0\n",
        "indexing.fft3d.b_iso = 3\n"};
    static const char *const other[] = {
        "indexing.stills.rmsd_min_px = 4\n", "spotfinder.filter.untrusted { pixel = 1 2 }\n",
        "spotfinder.filter.resolution_range = 1 2\n", "xfelx.index.min_evidence = 4\n",
        "spotfinder.lookup.mask = m.pickle\n"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_string_equal(hash_of(*state, with(*state, same[i]), ""), plain);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_string_not_equal(hash_of(*state, with(*state, other[i]), ""), plain);
    assert_string_not_equal(hash_of(*state, params_make(*state), "file mask 00\n"), plain);
}

static void what_is_printed_reads_back_to_the_same_hash_and_values(void **state)
{
    struct params *p = with(*state, "indexing.known_symmetry { unit_cell = 79.1 79.1 38.4 90 90 90\n "
                                    "space_group = 96 }\nspotfinder.filter.d_min = 1/3\n"
                                    "spotfinder.filter.untrusted { circle = 1 2 3 "
                                    "}\nspotfinder.filter.untrusted { panel = 1\n rectangle = 1 2 3 4 }\n"
                                    "output.output_dir = \"it's $(HOME)\"\ndb.host = a\n");
    static const struct param_show_options ways[] = {
        {.what = PARAM_SHOW_ALL, .expert = -1, .attributes = 2, .origins = true, .tree = -1},
        {.what = PARAM_SHOW_CHANGED, .expert = -1, .tree = -1},
        {.what = PARAM_SHOW_ALL, .expert = 0, .attributes = 1, .tree = -1}};
    for (size_t i = 0; i < 3; i++) {
        struct str s = {0};
        params_show(p, &ways[i], &s);
        struct params *again = with(*state, arena_strdup(*state, s.text));
        assert_true(phil_same_values(p->root, again->root));
        assert_string_equal(hash_of(*state, p, ""), hash_of(*state, again, ""));
        str_free(&s);
    }
}

static void one_tree_can_be_printed_alone(void **state)
{
    struct params *p = with(*state, "db.host = a\nindexing.min_cell = 4\n");
    struct str s = {0};
    params_show(p,
                &(struct param_show_options){
                    .what = PARAM_SHOW_CHANGED, .expert = -1, .tree = PARAM_SETTINGS, .origins = true},
                &s);
    assert_string_equal(s.text, "db {\n  host = 'a' # input:1\n}\n");
    str_free(&s);
}

static void arguments_are_told_from_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum param_argument kind;
    } cases[] = {{"gain=10", PARAM_ARGUMENT_ASSIGNMENT},
                 {"a.b = x y", PARAM_ARGUMENT_ASSIGNMENT},
                 {"--gain=10", PARAM_ARGUMENT_ASSIGNMENT},
                 {"spot{a=1}", PARAM_ARGUMENT_ASSIGNMENT},
                 {"recipe.phil", PARAM_ARGUMENT_PHIL},
                 {"x.eff", PARAM_ARGUMENT_PHIL},
                 {"http://h/x?a=b", PARAM_ARGUMENT_OTHER},
                 {"dir/x=y.h5", PARAM_ARGUMENT_OTHER},
                 {"run1.h5", PARAM_ARGUMENT_OTHER},
                 {"=", PARAM_ARGUMENT_OTHER},
                 {"", PARAM_ARGUMENT_OTHER},
                 {"-v", PARAM_ARGUMENT_OTHER},
                 {"/data/a b=c.cbf", PARAM_ARGUMENT_OTHER},
                 {"x=y.phil", PARAM_ARGUMENT_ASSIGNMENT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (params_argument_kind(cases[i].text) != cases[i].kind)
            fail_msg("%s", cases[i].text);
}

static void files_are_merged_with_their_lines(void **state)
{
    char path[] = "/tmp/xfelx-params-XXXXXX.phil";
    int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "# mine\nspotfinder.filter.d_min = 2\n", 35), 35);
    close(fd);
    struct params *p = params_make(*state);
    struct error err;
    assert_true(params_merge_file(p, path, &err));
    assert_string_equal(param_origin(p, "spotfinder.filter.d_min"), arena_printf(*state, "%s:2", path));
    assert_int_equal(params_argument_kind(path), PARAM_ARGUMENT_PHIL);
    remove(path);
    assert_false(params_merge_file(p, path, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(defaults_are_those_of_the_table),
        text_test(values_that_are_set_are_given_back_with_their_origin),
        text_test(unknown_names_are_refused_with_near_ones),
        text_test(what_is_not_supported_yet_is_refused_unless_it_is_the_default),
        text_test(values_without_effect_are_counted),
        text_test(passwords_are_not_taken_from_command_lines_nor_printed),
        text_test(the_hash_depends_on_what_changes_results_and_on_nothing_else),
        text_test(what_is_printed_reads_back_to_the_same_hash_and_values),
        text_test(one_tree_can_be_printed_alone),
        text_test(arguments_are_told_from_files),
        text_test(files_are_merged_with_their_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
