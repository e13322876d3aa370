/* message_test.c - headers say what follows; other versions and foreign bytes are refused. */
#include "parallel/message.h"

#include "support.h"

#include <string.h>

static struct str made(void)
{
    struct str s = {0};
    message_open(&s);
    wire_u32(&s, 7);
    message_close(&s, MESSAGE_ASK, 5, 99);
    return s;
}

static void a_message_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct str s = made();
    struct message m;
    struct error err = {0};
    assert_int_equal(s.len, MESSAGE_HEADER + 4);
    assert_memory_equal(s.text, "XFM1", 4);
    assert_true(message_read(s.text, s.len, &m, &err));
    assert_int_equal(m.type, MESSAGE_ASK);
    assert_int_equal(m.from, 5);
    assert_int_equal(m.sequence, 99);
    assert_int_equal(m.size, 4);
    assert_int_equal(m.body[0], 7);
    str_free(&s);
}

static void another_version_is_refused_in_one_line(void **state)
{
    (void)state;
    struct str s = made();
    struct message m;
    struct error err = {0};
    s.text[6] = 2;
    assert_false(message_read(s.text, s.len, &m, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "version 2"));
    str_free(&s);
}

static void foreign_bytes_and_wrong_lengths_are_refused(void **state)
{
    (void)state;
    struct str s = made();
    struct message m;
    struct error err = {0};
    for (size_t n = 0; n < s.len; n++)
        assert_false(message_read(s.text, n, &m, &err));
    s.text[0] = 'x';
    assert_false(message_read(s.text, s.len, &m, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_read_as_it_was_written),
        cmocka_unit_test(another_version_is_refused_in_one_line),
        cmocka_unit_test(foreign_bytes_and_wrong_lengths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
