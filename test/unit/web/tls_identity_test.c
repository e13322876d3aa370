/* tls_identity_test.c - certificates and keys as the usual tools write them, and what is none. */
#include "web/tls_identity.h"
#include "support.h"
#include "tls_pem.h"

#include <string.h>
#include <sys/stat.h>

static bool parse(const char *cert, const char *key, struct tls_identity **out, struct error *err)
{
    *out = NULL;
    *err = (struct error){0};
    return tls_identity_parse("cert.pem", cert, strlen(cert), "key.pem", key, strlen(key), out, err);
}

static void keys_are_read_in_each_form_that_tools_write(void **state)
{
    (void)state;
    static const char parameters[] =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    struct str with_parameters = {0}, crlf = {0}, unended = {0};
    str_printf(&with_parameters, "Bag Attributes\n  friendlyName: x\n%s%s", parameters, pem_ec_key_sec1);
    for (const char *p = pem_rsa_key; *p; p++)
        str_printf(&crlf, *p == '\n' ? "\r\n" : "%c", *p);
    str_addn(&unended, pem_ec_key, strlen(pem_ec_key) - 1);
    const struct {
        const char *cert, *key;
        int kind;
    } cases[] = {
        {pem_ec_cert, pem_ec_key, BR_KEYTYPE_EC},           {pem_ec_cert, pem_ec_key_sec1, BR_KEYTYPE_EC},
        {pem_rsa_cert, pem_rsa_key, BR_KEYTYPE_RSA},        {pem_rsa_cert, pem_rsa_key_pkcs1, BR_KEYTYPE_RSA},
        {pem_ec_cert, with_parameters.text, BR_KEYTYPE_EC}, {pem_rsa_cert, crlf.text, BR_KEYTYPE_RSA},
        {pem_ec_cert, unended.text, BR_KEYTYPE_EC},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_identity *t;
        struct error err;
        if (!parse(cases[i].cert, cases[i].key, &t, &err))
            fail_msg("case %zu: %s", i, err.fact);
        assert_int_equal(t->kind, cases[i].kind);
        assert_int_equal(t->n_chain, 1);
        tls_identity_drop(t);
    }
    str_free(&with_parameters);
    str_free(&crlf);
    str_free(&unended);
}

static void one_file_may_hold_the_chain_and_the_key(void **state)
{
    (void)state;
    struct str all = {0};
    struct tls_identity *t;
    struct error err;
    str_printf(&all, "%s%s%s", pem_ec_key, pem_ec_cert, pem_rsa_cert);
    assert_true(parse(all.text, all.text, &t, &err));
    assert_int_equal(t->n_chain, 2);
    tls_identity_drop(tls_identity_hold(t));
    tls_identity_drop(t);
    for (int i = 0; i < TLS_CHAIN_MOST; i++)
        str_add(&all, pem_ec_cert);
    assert_false(parse(all.text, pem_ec_key, &t, &err));
    assert_non_null(strstr(err.fact, "more than"));
    str_free(&all);
}

static void what_cannot_be_shown_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *cert, *key, *says;
    } cases[] = {
        {pem_ec_cert, pem_rsa_key, "key.pem is not the key of the first certificate in cert.pem"},
        {pem_rsa_cert, pem_ec_key, "is not the key"},
        {pem_short_cert, pem_short_key, "1024 bits"},
        {pem_ec_cert, pem_encrypted_key, "encrypted"},
        {pem_ec_cert, pem_ed25519_key, "cannot be used"},
        {pem_ec_cert, "", "key.pem has no private key"},
        {pem_ec_cert, pem_ec_cert, "key.pem has no private key"},
        {"", pem_ec_key, "cert.pem has no certificate"},
        {"hello", pem_ec_key, "cert.pem has no certificate"},
        {"-----BEGIN CERTIFICATE-----\n", pem_ec_key, "has no end"},
        {"-----BEGIN CERTIFICATE-----\nA*\n-----END CERTIFICATE-----\n", pem_ec_key, "cannot be read"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", pem_ec_key,
         "certificate 1 of cert.pem cannot be read"},
        {pem_ec_cert, "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "cannot be used"},
        {pem_ec_cert,
         "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
         "cannot be read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_identity *t;
        struct error err;
        assert_false(parse(cases[i].cert, cases[i].key, &t, &err));
        assert_int_equal(err.code, ERROR_USAGE);
        if (!strstr(err.fact, cases[i].says))
            fail_msg("case %zu: %s", i, err.fact);
    }
}

static void damaged_certificates_and_keys_are_errors_and_nothing_else(void **state)
{
    (void)state;
    struct str cert = {0}, key = {0};
    uint32_t dice = 7;
    for (int i = 0; i < 400; i++) {
        struct tls_identity *t;
        struct error err;
        str_clear(&cert);
        str_clear(&key);
        str_add(&cert, i & 1 ? pem_ec_cert : pem_rsa_cert);
        str_add(&key, i & 1 ? pem_ec_key : pem_rsa_key);
        for (int k = 0; k < 3; k++) {
            struct str *s = i & 2 ? &cert : &key;
            dice = dice * 1664525 + 1013904223;
            size_t at = 30 + (dice >> 8) % (s->len - 60);
            s->text[at] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"[dice >> 27];
        }
        if (parse(cert.text, key.text, &t, &err))
            tls_identity_drop(t);
        else
            assert_int_not_equal(err.code, ERROR_NONE);
    }
    str_free(&cert);
    str_free(&key);
}

static void a_key_that_others_can_read_is_refused(void **state)
{
    (void)state;
    char folder[] = "/tmp/xfelx_test_XXXXXX", cert[64], key[64];
    struct tls_identity *t;
    struct error err = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(cert, sizeof cert, "%s/cert", folder);
    snprintf(key, sizeof key, "%s/key", folder);
    assert_true(fs_write_atomic(cert, pem_ec_cert, strlen(pem_ec_cert), &err));
    assert_true(fs_write_atomic(key, pem_ec_key, strlen(pem_ec_key), &err));
    chmod(key, 0644);
    assert_false(tls_identity_read(cert, key, &t, &err));
    assert_non_null(strstr(err.fact, "read by others"));
    chmod(key, 0600);
    err = (struct error){0};
    assert_true(tls_identity_read(cert, key, &t, &err));
    tls_identity_drop(t);
    unlink(key);
    assert_false(tls_identity_read(cert, key, &t, &err));
    unlink(cert);
    assert_false(tls_identity_read(cert, key, &t, &err));
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_in_each_form_that_tools_write),
        cmocka_unit_test(one_file_may_hold_the_chain_and_the_key),
        cmocka_unit_test(what_cannot_be_shown_is_refused_by_name),
        cmocka_unit_test(damaged_certificates_and_keys_are_errors_and_nothing_else),
        cmocka_unit_test(a_key_that_others_can_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
