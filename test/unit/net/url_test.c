/* url_test.c - hostile names become harmless addresses, and addresses are shown without their secrets. */
#include "net/net.h"
#include "support.h"

static void a_paths_bytes_are_escaped(void **state)
{
    (void)state;
    struct str s = {0};
    net_url(&s, "https://host:1094/data//", "//run 1/a'\"$(x)\n?#%;\xc3\xa9.h5");
    assert_string_equal(s.text, "https://host:1094/data/run%201/a%27%22%24%28x%29%0A%3F%23%25%3B%C3%A9.h5");
    str_free(&s);
}

static void an_address_is_shown_without_user_and_query(void **state)
{
    (void)state;
    char out[200], small[8];
    assert_string_equal(net_url_shown("https://u:p@h:1/a/b@c?authz=key#x", out, sizeof out),
                        "https://h:1/a/b@c");
    assert_string_equal(net_url_shown("https://h?key", out, sizeof out), "https://h");
    assert_string_equal(net_url_shown("u:p@h/\x1b[2J", out, sizeof out), "h/\\x1b[2J");
    net_url_shown("https://a-long-name/", small, sizeof small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_paths_bytes_are_escaped),
        cmocka_unit_test(an_address_is_shown_without_user_and_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
