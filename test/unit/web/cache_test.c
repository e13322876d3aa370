/* cache_test.c - answers for a second, and questions that are asked once. */
#include "web/cache.h"

#include "support.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

static struct web_answer answer(const char *text, int status)
{
    struct web_answer a = {.status = status, .type = WEB_JSON, .cache = "no-cache"};
    snprintf(a.etag, sizeof a.etag, "\"%s\"", text);
    str_add(&a.body, text);
    assert_true(answer_seal(&a));
    return a;
}

static void put(struct cache *c, const char *key, const char *text, int status, int64_t seq, int64_t now)
{
    struct web_answer a = answer(text, status);
    cache_put(c, key, seq, now, &a);
    answer_free(&a);
}

static void check_kept(struct cache *c, const char *key, int64_t seq, int64_t now, const char *text)
{
    struct web_answer out = {0};
    assert_int_equal(cache_get(c, key, seq, now, &out), text != NULL);
    if (text) {
        assert_int_equal(out.sealed->size, strlen(text));
        assert_memory_equal(out.sealed->text, text, strlen(text));
    }
    answer_free(&out);
}

static void an_answer_is_kept_for_a_second_and_until_something_changes(void **state)
{
    (void)state;
    struct cache *c = cache_make();
    put(c, "/a", "one", 200, 7, 0);
    put(c, "/b", "no", 500, 7, 0);
    check_kept(c, "/a", 7, SECOND - 1, "one");
    check_kept(c, "/a", 7, SECOND, NULL);
    check_kept(c, "/a", 8, 1, NULL);
    check_kept(c, "/b", 7, 1, NULL);
    put(c, "/a", "two", 200, 8, 1);
    check_kept(c, "/a", 8, 2, "two");
    char key[16];
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "/%d", i);
        put(c, key, "one", 200, 8, 10 + i);
    }
    check_kept(c, "/a", 8, 200, NULL); /* the oldest made room */
    check_kept(c, "/99", 8, 200, "one");
    cache_tidy(c, CACHE_KEPT_S * SECOND);
    check_kept(c, "/99", 8, 200, "one");
    cache_tidy(c, CACHE_KEPT_S * SECOND + 200);
    check_kept(c, "/99", 8, 200, NULL);
    cache_free(c);
}

static void an_answer_that_comes_out_the_same_is_the_same_bytes(void **state)
{
    (void)state;
    struct cache *c = cache_make();
    struct web_answer first = answer("one", 200), again = answer("one", 200), other = answer("two", 200);
    cache_put(c, "/a", 7, 0, &first);
    cache_put(c, "/a", 9, 5 * SECOND, &again);
    assert_ptr_equal(again.sealed, first.sealed);
    check_kept(c, "/a", 9, 5 * SECOND + 1, "one");
    cache_put(c, "/a", 9, 6 * SECOND, &other);
    assert_ptr_not_equal(other.sealed, first.sealed);
    cache_free(c);
    assert_int_equal(first.sealed->refs, 2);
    assert_int_equal(other.sealed->refs, 1);
    answer_free(&first);
    answer_free(&again);
    answer_free(&other);
}

static void what_is_kept_is_bounded_in_bytes(void **state)
{
    (void)state;
    struct cache *c = cache_make();
    char key[16];
    for (int i = 0; i < 4; i++) {
        struct web_answer a = {.status = 200};
        str_reserve(&a.body, CACHE_BODY_MOST + 1);
        memset(a.body.text, 'x', CACHE_BODY_MOST);
        a.body.len = CACHE_BODY_MOST;
        assert_true(answer_seal(&a));
        snprintf(key, sizeof key, "/%d", i);
        cache_put(c, key, 1, i, &a);
        answer_free(&a);
    }
    struct web_answer out = {0};
    assert_false(cache_get(c, "/0", 1, 9, &out)); /* three are 24 MiB */
    for (int i = 1; i < 4; i++) {
        snprintf(key, sizeof key, "/%d", i);
        assert_true(cache_get(c, key, 1, 9, &out));
        answer_free(&out);
    }
    cache_free(c);
}

static void the_same_question_is_asked_once_at_a_time(void **state)
{
    (void)state;
    struct cache *c = cache_make();
    struct cache_waiter w[6];
    assert_false(cache_join(c, "/a", 1, w));
    assert_true(cache_join(c, "/a", 1, w + 1));
    assert_false(cache_join(c, "/b", 1, w + 2));
    assert_true(cache_join(c, "/a", 1, w + 3));
    assert_false(
        cache_join(c, "/a", 2, w + 5)); /* something has changed since: the answer under way may lack it */
    int n = 0;
    for (struct cache_waiter *at = cache_answered(c, "/a", 1); at; at = at->next, n++)
        assert_true(at == w + 1 || at == w + 3);
    assert_int_equal(n, 2);
    assert_null(cache_answered(c, "/a", 1));
    assert_false(cache_join(c, "/a", 1, w + 4)); /* it is asked anew */
    assert_null(cache_answered(c, "/b", 1));
    assert_null(cache_answered(c, "/a", 2));
    cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_kept_for_a_second_and_until_something_changes),
        cmocka_unit_test(an_answer_that_comes_out_the_same_is_the_same_bytes),
        cmocka_unit_test(what_is_kept_is_bounded_in_bytes),
        cmocka_unit_test(the_same_question_is_asked_once_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
