/* target_test.c - the first line of a request, taken apart. */
#include "web/target.h"

#include "support.h"

#include <string.h>

static void paths_are_decoded_once_and_strange_ones_are_not_there(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        int status;
        const char *path;
    } cases[] = {
        {"/", 0, "/"},
        {"/api/v1/runs?x=1", 0, "/api/v1/runs"},
        {"/a%20b", 0, "/a b"},
        {"/xfelx/api", 0, "/api"},
        {"/xfelx/", 0, "/"},
        {"/%252e%252e/x", 0, "/%2e%2e/x"},
        {"/%c3%a9", 0, "/é"},
        {"/..", 404, NULL},
        {"/a/../b", 404, NULL},
        {"/a/%2e%2e/b", 404, NULL},
        {"/a/./b", 404, NULL},
        {"//a", 404, NULL},
        {"/a//b", 404, NULL},
        {"/a%2fb", 404, NULL},
        {"/a%2Fb", 404, NULL},
        {"/a%5cb", 404, NULL},
        {"/a\\b", 404, NULL},
        {"/a%00b", 404, NULL},
        {"/a%0ab", 404, NULL},
        {"/a%", 404, NULL},
        {"/a%4", 404, NULL},
        {"/a%zz", 404, NULL},
        {"/%ff", 404, NULL},
        {"", 400, NULL},
        {"a", 400, NULL},
        {"*", 400, NULL},
        {"http://x/y", 400, NULL},
        {"/a b", 400, NULL},
        {"/a#b", 400, NULL},
        {"/a\x80", 400, NULL},
        {"/a?x=%00", 400, NULL},
        {"/a?x=%f", 400, NULL},
        {"/a?x=%ff", 400, NULL},
    };
    static struct target t;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = target_parse(cases[i].raw, "/xfelx/", &t);
        if (status != cases[i].status || (cases[i].path && strcmp(t.path, cases[i].path) != 0))
            fail_msg("\"%s\": %d \"%s\"", cases[i].raw, status, t.path);
    }
}

static void long_targets_and_many_fields_are_refused(void **state)
{
    (void)state;
    static struct target t;
    static char raw[2 * TARGET_MAX];
    memset(raw, 'a', sizeof raw - 1);
    raw[0] = '/';
    assert_int_equal(target_parse(raw, "/", &t), 414);
    raw[TARGET_MAX - TARGET_QUERY] = 0;
    assert_int_equal(target_parse(raw, "/", &t), 404); /* no path of ours is so long */
    char *p = raw;
    p += sprintf(p, "/x?");
    for (int i = 0; i < TARGET_QUERY; i++)
        p += sprintf(p, "a%d&", i);
    assert_int_equal(target_parse(raw, "/", &t), 0);
    assert_int_equal(t.n_query, TARGET_QUERY);
    sprintf(p, "b");
    assert_int_equal(target_parse(raw, "/", &t), 400);
}

static void a_query_of_nothing_but_names_fits(void **state)
{
    (void)state;
    static struct target t;
    static char raw[TARGET_MAX + 1];
    size_t n = (size_t)sprintf(raw, "/?");
    for (int i = 0; i < TARGET_QUERY - 1; i++)
        n += (size_t)sprintf(raw + n, "a&");
    memset(raw + n, 'z', TARGET_MAX - TARGET_QUERY - n);
    assert_int_equal(target_parse(raw, "/", &t), 0);
    assert_int_equal(t.n_query, TARGET_QUERY);
    assert_string_equal(target_value(&t, "a"), "");
}

static void query_values_are_decoded_and_the_first_counts(void **state)
{
    (void)state;
    static struct target t;
    assert_int_equal(target_parse("/x?a=1+2%2B3&a=9&&b&c=%3D%26", "/", &t), 0);
    assert_string_equal(target_value(&t, "a"), "1 2+3");
    assert_string_equal(target_value(&t, "b"), "");
    assert_string_equal(target_value(&t, "c"), "=&");
    assert_null(target_value(&t, "d"));
}

static void patterns_match_whole_paths(void **state)
{
    (void)state;
    char parts[TARGET_PARTS][TARGET_PART];
    assert_true(target_matches("/jobs/{}/log", "/jobs/12/log", parts));
    assert_string_equal(parts[0], "12");
    assert_true(target_matches("/assets/{}/{}", "/assets/ab/app.js", parts));
    assert_string_equal(parts[1], "app.js");
    assert_false(target_matches("/jobs/{}", "/jobs/", parts));
    assert_false(target_matches("/jobs/{}", "/jobs/1/2", parts));
    assert_false(target_matches("/jobs", "/jobs/1", parts));
    assert_false(target_matches("/jobs/1", "/jobs", parts));
    char longest[TARGET_PART + 16] = "/jobs/";
    memset(longest + 6, '1', TARGET_PART);
    assert_false(target_matches("/jobs/{}", longest, parts));
}

static void only_the_same_questions_have_the_same_key(void **state)
{
    (void)state;
    static const char *const questions[] = {
        "/a",           "/b",     "/a?x=1&y=2", "/a?x=1%26y=2", "/a?x=1%3f1,1:y=2",
        "/a%3f1,1:x=1", "/a?x=1", "/a?x%3d1",   "/a?x=1&x=1"};
    enum { N = sizeof questions / sizeof *questions };
    static char keys[N][TARGET_KEY], again[TARGET_KEY];
    static struct target t;
    for (int i = 0; i < N; i++) {
        assert_int_equal(target_parse(questions[i], "/", &t), 0);
        target_key(&t, false, keys[i]);
        target_key(&t, true, again);
        assert_string_not_equal(keys[i], again);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(keys[i], keys[k]);
    }
    assert_int_equal(target_parse("/%61?%78=1", "/", &t), 0);
    target_key(&t, false, again);
    assert_string_equal(again, keys[6]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_decoded_once_and_strange_ones_are_not_there),
        cmocka_unit_test(long_targets_and_many_fields_are_refused),
        cmocka_unit_test(a_query_of_nothing_but_names_fits),
        cmocka_unit_test(query_values_are_decoded_and_the_first_counts),
        cmocka_unit_test(patterns_match_whole_paths),
        cmocka_unit_test(only_the_same_questions_have_the_same_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
