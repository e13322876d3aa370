/* wire_test.c - what is written is read; bytes that end early or lie about lengths are refused. */
#include "base/base.h"

#include "support.h"

#include <math.h>
#include <string.h>

static void fill(struct str *out)
{
    struct error e = {.code = ERROR_MASK, .fact = "a fact", .hint = "a hint"};
    wire_u8(out, 200);
    wire_u16(out, 60000);
    wire_u32(out, 4000000000u);
    wire_u64(out, 0x0123456789abcdefu);
    wire_real(out, -0.1);
    wire_bytes(out, "\0\1\2", 3);
    wire_text(out, "text");
    wire_text(out, NULL);
    wire_text(out, "");
    wire_error(out, &e);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str s = {0};
    fill(&s);
    struct unwire g = {(const uint8_t *)s.text, (const uint8_t *)s.text + s.len, false};
    struct error e;
    size_t n;
    assert_memory_equal(g.at + 3, "\x00\x28\x6b\xee", 4); /* little-endian */
    assert_int_equal(unwire_u8(&g), 200);
    assert_int_equal(unwire_u16(&g), 60000);
    assert_int_equal(unwire_u32(&g), 4000000000u);
    assert_int_equal(unwire_u64(&g), 0x0123456789abcdefu);
    assert_true(unwire_real(&g) == -0.1);
    const uint8_t *bytes = unwire_bytes(&g, &n);
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "\0\1\2", 3);
    assert_string_equal(unwire_text(&g, &a), "text");
    assert_null(unwire_text(&g, &a));
    assert_string_equal(unwire_text(&g, &a), "");
    unwire_error(&g, &e);
    assert_int_equal(e.code, ERROR_MASK);
    assert_string_equal(e.fact, "a fact");
    assert_string_equal(e.detail, "");
    assert_string_equal(e.hint, "a hint");
    assert_false(g.bad);
    assert_ptr_equal(g.at, g.end);
    str_free(&s);
    arena_free(&a);
}

static void bytes_cut_anywhere_are_refused(void **state)
{
    (void)state;
    struct str s = {0};
    fill(&s);
    for (size_t cut = 0; cut < s.len; cut++) {
        uint8_t *copy = malloc(cut + 1); /* so that a sanitizer sees every byte too many */
        memcpy(copy, s.text, cut);
        struct arena a = {0};
        struct unwire g = {copy, copy + cut, false};
        struct error e;
        size_t n;
        unwire_u8(&g), unwire_u16(&g), unwire_u32(&g), unwire_u64(&g), unwire_real(&g), unwire_bytes(&g, &n);
        unwire_text(&g, &a), unwire_text(&g, &a), unwire_text(&g, &a), unwire_error(&g, &e);
        assert_true(g.bad);
        arena_free(&a);
        free(copy);
    }
    str_free(&s);
}

static void a_length_beyond_the_end_is_refused(void **state)
{
    (void)state;
    struct str s = {0};
    size_t n;
    wire_u32(&s, 0xffffffffu);
    struct unwire g = {(const uint8_t *)s.text, (const uint8_t *)s.text + s.len, false};
    unwire_bytes(&g, &n);
    assert_int_equal(n, 0);
    assert_true(g.bad);
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(bytes_cut_anywhere_are_refused),
        cmocka_unit_test(a_length_beyond_the_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
