/* panels_read_test.c - residuals.json of jobs, good and broken. */
#include "residuals_made.h"

static struct arena arena;
static char folder[64];

static const char *put(const char *name, const char *text)
{
    struct error err = {0};
    const char *path = fs_join(&arena, folder, name);
    assert_true(fs_write_atomic(path, text, strlen(text), &err));
    return path;
}

/* One panel with so many spots in bin 70. */
static const char *file(const char *panel, int spots, const char *bins)
{
    static char text[4096];
    int n = snprintf(text, sizeof text,
                     "{\"version\": 1, \"beam\": [0,0,1], \"panels\": [{\"name\": \"%s\", \"origin\": "
                     "[0,0,-9], \"fast\": [1,0,0], "
                     "\"slow\": [0,-1,0], \"size\": [1,2], \"pixel\": [0.1,0.1], \"sums\": [%d",
                     panel, spots);
    for (int k = 1; k < RESIDUAL_SUMS; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, ",%d", k);
    n += snprintf(text + n, sizeof text - (size_t)n, "], \"x\": [%s], \"y\": [0]}], \"shells\": [[1,2,3]",
                  bins);
    for (int k = 1; k < RESIDUAL_SHELLS; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, ",[0,0,0]");
    snprintf(text + n, sizeof text - (size_t)n, "]}");
    return text;
}

static void files_of_one_detector_are_added_up(void **state)
{
    (void)state;
    struct error err = {0};
    struct panels_sum s = {0};
    assert_true(panels_read(put("a", file("p", 5, "70,5")), &arena, &s, &err));
    assert_true(panels_read(put("b", file("p", 7, "69,3,4")), &arena, &s, &err));
    assert_int_equal(s.n_files, 2);
    assert_int_equal(s.panels[0].sums[RESIDUAL_SEEN], 12);
    assert_int_equal(s.panels[0].sums[RESIDUAL_FAR], 2);
    assert_int_equal(s.panels[0].bins[0][70], 9);
    assert_int_equal(s.shells[0].squares, 6);
    assert_string_equal(s.places[0].name, "p");
    assert_false(panels_read(put("c", file("other", 7, "69,3,4")), &arena, &s, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_int_equal(s.panels[0].sums[RESIDUAL_SEEN], 12);
}

static void broken_files_are_refused(void **state)
{
    (void)state;
    const char *bad[] = {"", "[]", "{\"panels\": []}", "{\"panels\": 3}"};
    struct panels_sum s = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        assert_false(panels_read(put("bad", bad[i]), &arena, &s, &err));
    }
    static const char *const bins[] = {"", "-1", "129", "1e300", "127,1,1", "5,-1", "5,1e10", "\"x\""};
    for (size_t i = 0; i < sizeof bins / sizeof *bins; i++) {
        struct error err = {0};
        assert_false(panels_read(put("bad", file("p", 1, bins[i])), &arena, &s, &err));
    }
    static const char *const shells[] = {"[-1,0,0]", "[1,1e300,0]",
                                         "[1,0,-1e300]"}; /* no count, no sum, no squares */
    char text[4096];
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        struct error err = {0};
        snprintf(text, sizeof text, "%s", file("p", 5, "70,5"));
        char *shell = strstr(text, "[1,2,3]"), rest[4096];
        snprintf(rest, sizeof rest, "%s", shell + strlen("[1,2,3]"));
        snprintf(shell, sizeof text - (size_t)(shell - text), "%s%s", shells[i], rest);
        assert_false(panels_read(put("bad", text), &arena, &s, &err));
    }
    snprintf(text, sizeof text, "%s", file("p", 5, "70,5"));
    for (size_t n = strlen(text) - 1; n > 0; n -= n > 40 ? 37 : 1) { /* cut everywhere */
        struct error err = {0};
        text[n] = 0;
        assert_false(panels_read(put("bad", text), &arena, &s, &err));
    }
    assert_int_equal(s.n_files, 0);
}

static int begin(void **state)
{
    (void)state;
    support_folder(folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    support_remove(folder);
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_one_detector_are_added_up),
        cmocka_unit_test(broken_files_are_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
