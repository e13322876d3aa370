/* ca_test.c - where trusted certificates are looked for. */
#include "net/net.h"
#include "support.h"

#include <string.h>

static void the_parameter_comes_before_the_environment_and_must_be_there(void **state)
{
    (void)state;
    char out[4096];
    struct error err = {0};
    unsetenv("XFELX_TLS_CA_FILE");
    setenv("SSL_CERT_FILE", "/dev/zero", 1);
    assert_string_equal(net_ca_file(NULL, out, &err), "/dev/zero");
    setenv("XFELX_TLS_CA_FILE", "/dev/full", 1);
    assert_string_equal(net_ca_file(NULL, out, &err), "/dev/full");
    assert_string_equal(net_ca_file("/dev/null", out, &err), "/dev/null");
    assert_null(net_ca_file("/nowhere.pem", out, &err));
    assert_non_null(strstr(err.hint, "xfelx.tls.ca_file"));
    setenv("XFELX_TLS_CA_FILE", "/nowhere.pem", 1);
    assert_null(net_ca_file(NULL, out, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parameter_comes_before_the_environment_and_must_be_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
