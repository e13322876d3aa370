/* upload_test.c - files that are handed over: whole under their sum, or nothing. */
#include "web/upload.h"

#include "support.h"

#include <string.h>
#include <sys/stat.h>

static char results[64];
static struct arena arena;
static struct error err;

static int make(void **state)
{
    (void)state;
    support_folder(results);
    err = (struct error){0};
    return 0;
}

static int drop(void **state)
{
    (void)state;
    support_remove(results);
    arena_free(&arena);
    return 0;
}

static char *incoming(void)
{
    return fs_join(&arena, results, ".xfelx/calib/incoming");
}

static size_t waiting(void)
{
    char **names;
    size_t n = 0, parts = 0;
    assert_true(fs_list(incoming(), &arena, &names, &n, &err));
    assert_true(fs_glob(arena_printf(&arena, "%s/.part-*", incoming()), &arena, &names, &parts, &err));
    return n + parts;
}

static void the_name_is_the_sum_of_what_came(void **state)
{
    (void)state;
    struct upload *u;
    struct bytes b = {0};
    char name[65], hex[65];
    uint8_t hash[32];
    for (int twice = 0; twice < 2; twice++) { /* the same again is the same file */
        assert_true(upload_begin(incoming(), 6, &u, &err));
        assert_true(upload_add(u, "abc", 3, &err) && upload_add(u, "def", 3, &err));
        assert_int_equal(waiting(), 1 + (size_t)twice);
        assert_true(upload_end(u, name, &err));
    }
    sha256("abcdef", 6, hash);
    assert_string_equal(name, hash_hex(hash, 32, hex));
    assert_true(fs_read(fs_join(&arena, incoming(), name), 100, &b, &err));
    assert_int_equal(b.size, 6);
    assert_memory_equal(b.data, "abcdef", 6);
    assert_int_equal(waiting(), 1);
    bytes_free(&b);
}

static void too_little_too_much_or_nothing_leaves_nothing(void **state)
{
    (void)state;
    struct upload *u;
    char name[65];
    assert_true(upload_begin(incoming(), 6, &u, &err));
    assert_true(upload_add(u, "abc", 3, &err));
    assert_false(upload_end(u, name, &err));
    assert_int_equal(err.code, ERROR_TRUNCATED);
    assert_true(upload_begin(incoming(), 2, &u, &err));
    assert_false(upload_add(u, "abc", 3, &err));
    assert_int_equal(err.code, ERROR_DAMAGED);
    upload_drop(u);
    assert_true(upload_begin(incoming(), 0, &u, &err));
    assert_false(upload_end(u, name, &err));
    upload_drop(NULL);
    assert_int_equal(waiting(), 0);
}

static void results_that_are_not_there_are_not_made(void **state)
{
    (void)state;
    struct upload *u;
    char *nowhere = fs_join(&arena, results, "other/.xfelx/calib/incoming");
    assert_false(upload_begin(nowhere, 6, &u, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    assert_false(fs_is_folder(fs_join(&arena, results, "other")));
    assert_false(upload_begin(NULL, 6, &u, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    assert_null(u);
}

static void what_nobody_takes_has_an_end(void **state)
{
    (void)state;
    struct upload *u;
    assert_true(fs_make_folders(incoming(), &err));
    char *large = fs_join(&arena, incoming(), "large");
    assert_true(fs_write_atomic(large, "x", 1, &err));
    assert_int_equal(truncate(large, UPLOADS_HELD_MOST - 5), 0); /* a hole */
    assert_false(upload_begin(incoming(), 6, &u, &err));
    assert_int_equal(err.code, ERROR_NO_SPACE);
    assert_true(upload_begin(incoming(), 5, &u, &err));
    upload_drop(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_name_is_the_sum_of_what_came, make, drop),
        cmocka_unit_test_setup_teardown(too_little_too_much_or_nothing_leaves_nothing, make, drop),
        cmocka_unit_test_setup_teardown(results_that_are_not_there_are_not_made, make, drop),
        cmocka_unit_test_setup_teardown(what_nobody_takes_has_an_end, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
