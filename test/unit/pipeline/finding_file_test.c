/* finding_file_test.c - findings kept for another attempt: the same bytes back, and everything else is no file. */
#include "surveyed.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/xfelx-finding-XXXXXX";
static const uint8_t KEY[32] = {1, 2, 3}, OTHER[32] = {1, 2, 4};

static struct finding made(const char **text)
{
    displace(0.5, -0.4);
    look_at_all(NULL);
    return conclude(false, text);
}

static const char *file_of(const char *name)
{
    return fs_join(&arena, folder, arena_printf(&arena, ".xfelx/%s", name));
}

static void a_kept_finding_comes_back(void **state)
{
    (void)state;
    struct error err = {0};
    const char *text, *again = NULL, *path = file_of("one");
    struct finding f = made(&text), g = {0};
    assert_false(finding_kept(KEY, path, &arena, &g, &again));
    assert_true(finding_keep(&f, KEY, text, path, &err));
    assert_true(finding_kept(KEY, path, &arena, &g, &again));
    assert_int_equal(f.size, g.size);
    assert_memory_equal(f.data, g.data, f.size);
    assert_string_equal(text, again);
    assert_false(finding_kept(OTHER, path, &arena, &g, &again));
    finding_free(&f);
    unlink(path);
}

static void cut_and_changed_files_are_none(void **state)
{
    (void)state;
    struct error err = {0};
    const char *text, *path = file_of("two");
    struct finding f = made(&text), g;
    struct bytes file = {0};
    assert_true(finding_keep(&f, KEY, text, path, &err) && fs_read(path, 1 << 20, &file, &err));
    for (size_t n = 0; n < file.size; n += n < 100 ? 7 : 131) {
        assert_true(fs_write_atomic(path, file.data, n, &err));
        assert_false(finding_kept(KEY, path, &arena, &g, &text));
        file.data[n] ^= 4;
        assert_true(fs_write_atomic(path, file.data, file.size, &err));
        assert_false(finding_kept(KEY, path, &arena, &g, &text));
        file.data[n] ^= 4;
    }
    bytes_free(&file);
    finding_free(&f);
    unlink(path);
}

static void a_finding_of_nothing_is_not_kept(void **state)
{
    (void)state;
    struct error err = {0};
    const char *text, *path = file_of("three");
    set("xfelx.geometry.min_hits=10");
    struct finding f = made(&text);
    assert_true(finding_keep(&f, KEY, text, path, &err));
    assert_false(fs_is_file(path));
    finding_free(&f);
}

static int folder_made(void **state)
{
    return mkdtemp(folder) ? start_helper(state) : -1;
}

static int folder_gone(void **state)
{
    struct arena a = {0};
    rmdir(fs_join(&a, folder, ".xfelx"));
    rmdir(folder);
    arena_free(&a);
    return stop_helper(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SURVEY_CASE(a_kept_finding_comes_back),
        SURVEY_CASE(cut_and_changed_files_are_none),
        SURVEY_CASE(a_finding_of_nothing_is_not_kept),
    };
    return cmocka_run_group_tests(tests, folder_made, folder_gone);
}
