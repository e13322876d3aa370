/* path_map_test.c - which map fits a path, and what becomes of it. */
#include "base/path_map.h"
#include "support.h"

static struct arena arena;

static void assert_maps(const char *const *maps, const char *path, const char *to)
{
    assert_string_equal(path_map(&arena, maps, path), to);
}

static void the_longest_map_that_ends_at_a_part_of_the_path_wins(void **state)
{
    (void)state;
    const char *const maps[] = {"/reg/d=/global/data", "/reg/d/psdm/=/p/", "/=/all", "/reg=/short", NULL};
    assert_maps(maps, "/reg/d/x/y.xtc", "/global/data/x/y.xtc");
    assert_maps(maps, "/reg/d/psdm/mfx/a", "/p/mfx/a");
    assert_maps(maps, "/reg/d/psdm", "/p");
    assert_maps(maps, "/reg/data/a", "/short/data/a");
    assert_maps(maps, "/regular/a", "/all/regular/a");
    assert_maps(maps, "relative/a", "relative/a");
}

static void roots_and_empty_lists_are_as_good_as_any(void **state)
{
    (void)state;
    const char *const to_root[] = {"/a/b=/", NULL}, *const nothing[] = {"=/x", "none", NULL},
                      *const equal[] = {"/a=/b=c", NULL};
    assert_maps(to_root, "/a/b/c", "/c");
    assert_maps(to_root, "/a/b", "/");
    assert_maps(to_root, "/a/bc", "/a/bc");
    assert_maps(nothing, "/a", "/a");
    assert_maps(equal, "/a/d", "/b=c/d");
    assert_maps(NULL, "/a b", "/a b");
}

static void what_is_no_map_is_refused_by_name(void **state)
{
    (void)state;
    struct error err = {0};
    const char *const good[] = {"/a=/b", "/a=", NULL}, *const none[] = {"/a=/b", "/c", NULL},
                      *const empty[] = {"=/b", NULL};
    assert_true(path_map_check(good, "x", &err));
    assert_true(path_map_check(NULL, "x", &err));
    assert_false(path_map_check(empty, "x", &err));
    assert_false(path_map_check(none, "some.map", &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.fact, "some.map = /c is not of the form FROM=TO");
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_map_that_ends_at_a_part_of_the_path_wins),
        cmocka_unit_test(roots_and_empty_lists_are_as_good_as_any),
        cmocka_unit_test(what_is_no_map_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, free_arena);
}
