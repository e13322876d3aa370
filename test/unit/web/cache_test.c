/* cache_test.c - answers for a second. */
#include "web/cache.h"

#include "support.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

static struct web_answer answer(const char *text, int status)
{
    struct web_answer a = {.status = status, .type = WEB_JSON, .cache = "no-cache"};
    str_add(&a.body, text);
    return a;
}

static void an_answer_is_kept_for_a_second_and_until_something_changes(void **state)
{
    (void)state;
    struct cache *c = cache_make();
    struct web_answer a = answer("one", 200), bad = answer("no", 500), out = {0};
    cache_put(c, "/a", 7, 0, &a);
    cache_put(c, "/b", 7, 0, &bad);
    assert_true(cache_get(c, "/a", 7, SECOND - 1, &out));
    assert_string_equal(out.body.text, "one");
    answer_free(&out);
    assert_false(cache_get(c, "/a", 7, SECOND, &out));
    assert_false(cache_get(c, "/a", 8, 1, &out));
    assert_false(cache_get(c, "/b", 7, 1, &out));
    struct web_answer b = answer("two", 200);
    cache_put(c, "/a", 8, 1, &b);
    assert_true(cache_get(c, "/a", 8, 2, &out));
    assert_string_equal(out.body.text, "two");
    answer_free(&out);
    char key[16];
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "/%d", i);
        cache_put(c, key, 8, 10 + i, &a);
    }
    assert_false(cache_get(c, "/a", 8, 200, &out)); /* the oldest made room */
    assert_true(cache_get(c, "/99", 8, 200, &out));
    answer_free(&out);
    answer_free(&a);
    answer_free(&b);
    answer_free(&bad);
    cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_kept_for_a_second_and_until_something_changes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
