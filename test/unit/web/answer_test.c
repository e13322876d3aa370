/* answer_test.c - what is done with a body before it goes out. */
#include "web/answer.h"

#include "support.h"

#include <string.h>

static void texts_in_json_cannot_end_an_element(void **state)
{
    (void)state;
    struct web_answer a = {0};
    const struct web_request q = {0};
    struct json_writer j = answer_json(&a);
    json_put_text(&j, "name", "</script><img src=x onerror=alert(1)>&\xe2\x80\xa8\xff");
    answer_json_end(&j);
    answer_finish(&a, &q);
    assert_int_equal(a.status, 200);
    assert_null(strpbrk(a.body.text, "<>&"));
    for (const char *p = a.body.text; *p; p++)
        assert_true((unsigned char)*p < 0x80);
    struct error err = {0};
    struct json *tree = json_parse(a.body.text, a.body.len, "answer", &err);
    assert_string_equal(json_text(json_get(tree, "name")),
                        "</script><img src=x onerror=alert(1)>&\xe2\x80\xa8\xef\xbf\xbd");
    json_free(tree);
    answer_free(&a);
}

static void what_the_asker_has_is_not_sent_again(void **state)
{
    (void)state;
    struct web_answer a = {0}, b = {0}, c = {0};
    str_add(&a.body, "{\"n\": 1}");
    struct web_request q = {0};
    answer_finish(&a, &q);
    assert_int_equal(strlen(a.etag), 18);
    str_add(&b.body, "{\"n\": 1}");
    q.if_none_match = a.etag;
    answer_finish(&b, &q);
    answer_if_new(&b, &q);
    assert_int_equal(b.status, 304);
    assert_int_equal(b.body.len, 0);
    str_add(&c.body, "{\"n\": 2}");
    answer_finish(&c, &q);
    answer_if_new(&c, &q);
    assert_int_equal(c.status, 200);
    answer_free(&a);
    answer_free(&b);
    answer_free(&c);
}

static void errors_are_never_kept_by_a_browser(void **state)
{
    (void)state;
    struct web_answer a = {0};
    const struct web_request q = {0};
    struct error err = {0};
    str_add(&a.body, "half an answer");
    error_set(&err, ERROR_BUSY, "the database is locked");
    answer_failed(&a, &err);
    answer_finish(&a, &q);
    assert_int_equal(a.status, 503);
    assert_string_equal(a.cache, "no-store");
    assert_string_equal(a.etag, "");
    assert_string_equal(a.body.text,
                        "{\"error\": {\"code\": \"not_now\", \"text\": \"the database is locked\"}}");
    answer_free(&a);
}

static void long_answers_are_compressed_where_that_is_understood(void **state)
{
    (void)state;
    struct web_answer a = {0}, plain = {0};
    for (int i = 0; i < 1000; i++)
        str_printf(&a.body, "%d,", i), str_printf(&plain.body, "%d,", i);
    struct web_request q = {.gzip = true};
    answer_finish(&a, &q);
    assert_true(a.gzipped);
    assert_true(a.body.len < plain.body.len);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    static char out[8192];
    size_t n = 0;
    assert_int_equal(libdeflate_gzip_decompress(d, a.body.text, a.body.len, out, sizeof out, &n),
                     LIBDEFLATE_SUCCESS);
    assert_int_equal(n, plain.body.len);
    assert_memory_equal(out, plain.body.text, n);
    libdeflate_free_decompressor(d);
    q.gzip = false;
    answer_finish(&plain, &q);
    assert_false(plain.gzipped);
    answer_free(&a);
    answer_free(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_in_json_cannot_end_an_element),
        cmocka_unit_test(what_the_asker_has_is_not_sent_again),
        cmocka_unit_test(errors_are_never_kept_by_a_browser),
        cmocka_unit_test(long_answers_are_compressed_where_that_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
