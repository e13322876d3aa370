/* auth_test.c - the Authorization header, and what is never put into it. */
#include "net/net.h"
#include "support.h"

#include <sys/stat.h>

static void each_kind_makes_its_header(void **state)
{
    (void)state;
    char path[] = "/tmp/xfelx_auth_XXXXXX";
    int fd = mkstemp(path); /* mode 0600 */
    assert_true(write(fd, "mfxopr:secret\n", 14) == 14);
    close(fd);
    struct str s = {0};
    struct error err = {0};
    struct net_auth a = {.kind = NET_AUTH_BASIC, .file = path};
    assert_true(net_authorization(&a, &s, &err));
    assert_string_equal(s.text, "Basic bWZ4b3ByOnNlY3JldA==");
    a.kind = NET_AUTH_BEARER;
    assert_true(net_authorization(&a, &s, &err));
    assert_string_equal(s.text, "Bearer mfxopr:secret");
    a.kind = NET_AUTH_HEADER;
    assert_true(net_authorization(&a, &s, &err));
    assert_string_equal(s.text, "mfxopr:secret");
    chmod(path, 0644);
    assert_false(net_authorization(&a, &s, &err));
    unlink(path);
    assert_false(net_authorization(&a, &s, &err));
    a = (struct net_auth){.kind = NET_AUTH_BASIC, .user = "a\r\nX: y", .password = "b"};
    assert_false(net_authorization(&a, &s, &err));
    a = (struct net_auth){.kind = NET_AUTH_BEARER};
    assert_false(net_authorization(&a, &s, &err));
    assert_true(net_authorization(NULL, &s, &err));
    assert_string_equal(s.text, "");
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_kind_makes_its_header)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
