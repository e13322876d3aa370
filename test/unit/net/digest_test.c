/* digest_test.c - checksums as XRootD writes them. */
#include "net/net.h"
#include "support.h"

#include <string.h>

static void each_algorithm_has_its_own_writing(void **state)
{
    (void)state;
    uint8_t out[64];
    size_t n = 0;
    const char *both = "md5=XrY7u+Ae7tCTyyK7j1rNww==, adler32=3DF0f599 ,crc32c=4waSgw==";
    assert_true(net_digest(both, "adler32", out, &n));
    assert_int_equal(n, 4);
    assert_memory_equal(out, "\x3d\xf0\xf5\x99", 4);
    assert_true(net_digest(both, "crc32c", out, &n));
    assert_memory_equal(out, "\xe3\x06\x92\x83", 4);
    assert_true(net_digest("crc32c=e3069283", "crc32c", out, &n));
    assert_memory_equal(out, "\xe3\x06\x92\x83", 4);
    assert_true(net_digest(both, "MD5", out, &n));
    assert_int_equal(n, 16);
}

static void another_algorithm_than_asked_for_is_none(void **state)
{
    (void)state;
    uint8_t out[64];
    size_t n;
    static const char *const bad[] = {
        "", "crc32c=4waSgw==", "adler32=", "adler32=3df0f5", "xadler32=3df0f599", "adler32=3df0f59g", ",,="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(net_digest(bad[i], "adler32", out, &n) && n == 4);
    char longest[300] = "sha-512=";
    memset(longest + 8, 'A', 200);
    assert_false(net_digest(longest, "sha-512", out, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm_has_its_own_writing),
        cmocka_unit_test(another_algorithm_than_asked_for_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
