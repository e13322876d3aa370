/* msgpack_test.c - every value in its shortest form. */
#include "support.h"

#include "sink/msgpack.h"

#include <string.h>

static void holds(struct str *s, const char *bytes, size_t n)
{
    assert_int_equal(s->len, n);
    assert_memory_equal(s->text, bytes, n);
    str_free(s);
}

static void whole_numbers_take_the_fewest_bytes(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        const char *bytes;
        size_t n;
    } cases[] = {
        {0, "\x00", 1},
        {127, "\x7f", 1},
        {128, "\xcc\x80", 2},
        {255, "\xcc\xff", 2},
        {256, "\xcd\x01\x00", 3},
        {65535, "\xcd\xff\xff", 3},
        {65536, "\xce\x00\x01\x00\x00", 5},
        {UINT32_MAX, "\xce\xff\xff\xff\xff", 5},
        {UINT64_C(1) << 32, "\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 9},
        {UINT64_MAX, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str s = {0};
        msgpack_uint(&s, cases[i].value);
        holds(&s, cases[i].bytes, cases[i].n);
    }
}

static void containers_take_the_shortest_header(void **state)
{
    (void)state;
    struct str s = {0};
    msgpack_array(&s, 3), msgpack_array(&s, 15), msgpack_array(&s, 16), msgpack_array(&s, 65536);
    holds(&s, "\x93\x9f\xdc\x00\x10\xdd\x00\x01\x00\x00", 10);
    msgpack_map(&s, 0), msgpack_map(&s, 15), msgpack_map(&s, 16), msgpack_map(&s, 65536);
    holds(&s, "\x80\x8f\xde\x00\x10\xdf\x00\x01\x00\x00", 10);
    msgpack_bytes(&s, 0), msgpack_bytes(&s, 255), msgpack_bytes(&s, 256), msgpack_bytes(&s, UINT32_MAX);
    holds(&s, "\xc4\x00\xc4\xff\xc5\x01\x00\xc6\xff\xff\xff\xff", 12);
}

static void text_of_any_length_is_counted_in_bytes(void **state)
{
    (void)state;
    struct str s = {0};
    char text[70000];
    static const struct {
        size_t n, header;
        const char *bytes;
    } cases[] = {{0, 1, "\xa0"},
                 {31, 1, "\xbf"},
                 {32, 2, "\xd9\x20"},
                 {255, 2, "\xd9\xff"},
                 {256, 3, "\xda\x01\x00"},
                 {65535, 3, "\xda\xff\xff"},
                 {65536, 5, "\xdb\x00\x01\x00\x00"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(text, 'x', cases[i].n);
        text[cases[i].n] = 0;
        msgpack_text(&s, text);
        assert_int_equal(s.len, cases[i].n + cases[i].header);
        assert_memory_equal(s.text, cases[i].bytes, cases[i].header);
        assert_memory_equal(s.text + cases[i].header, text, cases[i].n);
        str_clear(&s);
    }
    msgpack_text(&s, "\xc3\xa5");
    holds(&s, "\xa2\xc3\xa5", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_take_the_fewest_bytes),
        cmocka_unit_test(containers_take_the_shortest_header),
        cmocka_unit_test(text_of_any_length_is_counted_in_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
