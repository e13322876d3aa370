/* cert_test.c - ends of certificates, of two that openssl made and of broken ones. */
#include "net/net.h"

#include "support.h"

#include <string.h>

/* openssl req -x509 -newkey ec -days 3000 and -days 20000: their times are of the two forms that there are. */
static const char near[] = "-----BEGIN CERTIFICATE-----\n"
                           "MIIBfTCCASOgAwIBAgIUWoEhB7TpVa3RUgs3h0fKTNuV270wCgYIKoZIzj0EAwIw\n"
                           "FDESMBAGA1UEAwwJdGVzdCAzMDAwMB4XDTI2MTEyNjA5MzA0MFoXDTM1MDIxMjA5\n"
                           "MzA0MFowFDESMBAGA1UEAwwJdGVzdCAzMDAwMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
                           "AQcDQgAEARvzq0oJ3D8uJJzMhZc7xy6qnLWLmcci/UGPsxwTA/EQ/yhQS0FKfruA\n"
                           "0MG97uOLHX3je24CFA9t+S9Zwm0cIqNTMFEwHQYDVR0OBBYEFPH+EZGRkwXkjxtK\n"
                           "g+LMj5IOLUDIMB8GA1UdIwQYMBaAFPH+EZGRkwXkjxtKg+LMj5IOLUDIMA8GA1Ud\n"
                           "EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAP63TdXvY2boZPjcL4fWXsBZ\n"
                           "OylIhvfxr/FgxI7NkghbAiBtiNaK5tDG6iXTbifR8QHHMZjm1bLxM6QzTHRSjRC+\n"
                           "Mg==\n"
                           "-----END CERTIFICATE-----\n";
static const char far[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIBgTCCASegAwIBAgIUGW7b02QosQwgYSvUwRvh67+mRN0wCgYIKoZIzj0EAwIw\n"
                          "FTETMBEGA1UEAwwKdGVzdCAyMDAwMDAgFw0yNjExMjYwOTMwNDFaGA8yMDgxMDgy\n"
                          "OTA5MzA0MVowFTETMBEGA1UEAwwKdGVzdCAyMDAwMDBZMBMGByqGSM49AgEGCCqG\n"
                          "SM49AwEHA0IABEhipjPTrD1PiU4BllwUTpkS11yTYZXQNi8b9iZe8DpgK7fGbvlw\n"
                          "eYP/QGJyZmmwHs/6K8hCB1x1a3zj29Ca7NCjUzBRMB0GA1UdDgQWBBSolVBvTtgP\n"
                          "MDHPfyWC2eoAjXAXXDAfBgNVHSMEGDAWgBSolVBvTtgPMDHPfyWC2eoAjXAXXDAP\n"
                          "BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIA1fW3zjKrEdPq6H5k/h\n"
                          "E5fPpCypHiCP8WSZKL3hcm0MAiEAhOL6vKvi4kuLbH95Wud8eH6C3zCaQR9hEGft\n"
                          "krPtJUQ=\n"
                          "-----END CERTIFICATE-----\n";
enum {
    NEAR = 2054885440,
    FAR_AFTER_NEAR = 1468800001
}; /* 2035-02-12 09:30:40Z, 2081-08-29 09:30:41Z, as `openssl x509 -enddate` says */

static void the_first_end_of_all_is_told(void **state)
{
    (void)state;
    char both[4096];
    int64_t end = -1;
    assert_int_equal(net_cert_ends(near, &end), 1);
    assert_int_equal(end, NEAR);
    assert_int_equal(net_cert_ends(far, &end), 1);
    assert_int_equal(end, NEAR + (int64_t)FAR_AFTER_NEAR);
    snprintf(both, sizeof both, "# a comment\n%s%s-----BEGIN EC KEY-----\nAAAA\n-----END EC KEY-----\n", far,
             near);
    assert_int_equal(net_cert_ends(both, &end), 2);
    assert_int_equal(end, NEAR);
}

static void what_is_cut_or_damaged_has_no_end_or_some_end(void **state)
{
    (void)state;
    int64_t end = 5;
    assert_int_equal(net_cert_ends("", &end), 0);
    assert_int_equal(net_cert_ends("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", &end), 0);
    assert_int_equal(end, 5);
    for (size_t n = 0; n < strlen(near); n++) { /* the sanitizers look on */
        char text[2048], cut[4096];
        snprintf(text, sizeof text, "%.*s", (int)n, near);
        size_t found = net_cert_ends(text, &end);
        assert_true(found == 0 || n + 2 >= strlen(near));
        snprintf(cut, sizeof cut, "%s\n-----END CERTIFICATE-----\n", text);
        assert_in_range(net_cert_ends(cut, &end), 0, 1);
        for (int change = 1; change < 64; change += 9) {
            memcpy(text, near, sizeof near);
            text[n] = (char)(text[n] ^ change);
            text[sizeof near - 1] = 0;
            assert_in_range(net_cert_ends(text, &end), 0, 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_end_of_all_is_told),
        cmocka_unit_test(what_is_cut_or_damaged_has_no_end_or_some_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
