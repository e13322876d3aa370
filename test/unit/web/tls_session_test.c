/* tls_session_test.c - both ends of a conversation in one thread: what is agreed on, what goes through, how it ends. */
#include "web/tls_session.h"
#include "support.h"
#include "tls_client.h"
#include "tls_pem.h"

#include <fcntl.h>

static struct tls_identity *identity;
static struct tls_resume resume;
static struct tls_session *session;
static struct tls_client client;
static int far[2], near[2]; /* [0] is the session's, [1] the client's and the server's */

static void begin(const char *cert, const char *key)
{
    struct error err = {0};
    assert_true(tls_identity_parse("c", cert, strlen(cert), "k", key, strlen(key), &identity, &err));
    tls_resume_clear(&resume);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, far), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, near), 0);
    session = tls_session_make(identity, &resume);
    assert_non_null(session);
    tls_client_begin(&client, far[1], identity);
}

static void finish(void)
{
    tls_session_free(session);
    tls_identity_drop(identity);
    for (int i = 0; i < 2; i++)
        close(far[i]), close(near[i]);
}

/* Until nobody moves. */
static enum tls_wait settle(bool with_near)
{
    enum tls_wait w;
    do
        w = tls_session_move(session, far[0], with_near ? near[0] : -1);
    while (tls_client_move(&client) || w == TLS_WAIT_TURN);
    return w;
}

static enum tls_wait agree(void)
{
    assert_true(br_ssl_client_reset(&client.client, "localhost", 0));
    return settle(false);
}

static void keys_of_both_kinds_are_agreed_on_with_modern_suites_alone(void **state)
{
    (void)state;
    const char *pairs[][2] = {{pem_ec_cert, pem_ec_key}, {pem_rsa_cert, pem_rsa_key}};
    for (int i = 0; i < 2; i++) {
        br_ssl_session_parameters p;
        begin(pairs[i][0], pairs[i][1]);
        assert_int_equal(agree(), TLS_WAIT_NEAR);
        br_ssl_engine_get_session_parameters(&client.client.eng, &p);
        assert_int_equal(p.version, BR_TLS12);
        assert_true((p.cipher_suite >= BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 &&
                     p.cipher_suite <= BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) ||
                    p.cipher_suite == BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 ||
                    p.cipher_suite == BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256);
        finish();
    }
}

static void old_versions_and_suites_and_other_protocols_are_refused(void **state)
{
    (void)state;
    static const uint16_t old[] = {BR_TLS_RSA_WITH_AES_128_GCM_SHA256, BR_TLS_RSA_WITH_AES_128_CBC_SHA,
                                   BR_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
                                   BR_TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA};
    const char *h2[] = {"h2"}, *both[] = {"h2", "http/1.1"};
    char why[64];
    begin(pem_rsa_cert, pem_rsa_key);
    br_ssl_engine_set_versions(&client.client.eng, BR_TLS10, BR_TLS11);
    assert_int_equal(agree(), TLS_WAIT_NOTHING);
    assert_non_null(tls_session_fault(session, why));
    finish();
    begin(pem_rsa_cert, pem_rsa_key);
    br_ssl_engine_set_suites(&client.client.eng, old, sizeof old / sizeof *old);
    assert_int_equal(agree(), TLS_WAIT_NOTHING);
    assert_int_equal(br_ssl_engine_last_error(&client.client.eng), BR_ERR_RECV_FATAL_ALERT + 40);
    finish();
    begin(pem_rsa_cert, pem_rsa_key);
    br_ssl_engine_set_protocol_names(&client.client.eng, h2, 1);
    assert_int_equal(agree(), TLS_WAIT_NOTHING);
    finish();
    begin(pem_rsa_cert, pem_rsa_key);
    br_ssl_engine_set_protocol_names(&client.client.eng, both, 2);
    assert_int_equal(agree(), TLS_WAIT_NEAR);
    assert_string_equal(br_ssl_engine_get_selected_protocol(&client.client.eng), "http/1.1");
    finish();
}

static void bytes_come_through_both_ways_at_once(void **state)
{
    (void)state;
    enum { MANY = 300000 };
    static uint8_t up[MANY], down[MANY], got_up[MANY], got_down[MANY];
    size_t said = 0, heard = 0, given = 0, taken = 0;
    begin(pem_ec_cert, pem_ec_key);
    assert_int_equal(agree(), TLS_WAIT_NEAR);
    for (size_t i = 0; i < MANY; i++)
        up[i] = (uint8_t)(i * 7 + i / 251), down[i] = (uint8_t)(i * 13 + i / 241);
    for (int turn = 0; turn < 100000 && (heard < MANY || taken < MANY); turn++) {
        said += tls_client_say(&client, up + said, MANY - said);
        ssize_t n = send(near[1], down + given, MANY - given, MSG_DONTWAIT);
        given += n > 0 ? (size_t)n : 0;
        settle(true);
        heard += tls_client_hear(&client, got_down + heard, MANY - heard);
        n = recv(near[1], got_up + taken, MANY - taken, MSG_DONTWAIT);
        taken += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(heard, MANY);
    assert_int_equal(taken, MANY);
    assert_memory_equal(up, got_up, MANY);
    assert_memory_equal(down, got_down, MANY);
    finish();
}

static void what_the_server_said_last_arrives_before_the_end(void **state)
{
    (void)state;
    char text[64] = "";
    begin(pem_ec_cert, pem_ec_key);
    agree();
    settle(true);
    assert_int_equal(send(near[1], "bye", 3, 0), 3);
    close(near[1]);
    near[1] = -1;
    assert_int_equal(settle(true), TLS_WAIT_NOTHING);
    assert_int_equal(tls_client_hear(&client, text, sizeof text), 3);
    assert_memory_equal(text, "bye", 3);
    tls_client_move(&client);
    assert_int_equal(br_ssl_engine_last_error(&client.client.eng), BR_ERR_OK); /* a good-bye, not a cut */
    finish();
}

static void a_client_that_goes_ends_it_with_or_without_good_bye(void **state)
{
    (void)state;
    for (int polite = 0; polite < 2; polite++) {
        begin(pem_ec_cert, pem_ec_key);
        agree();
        if (polite) {
            br_ssl_engine_close(&client.client.eng);
        } else {
            close(far[1]);
            client.fd = far[1] = -1;
        }
        assert_int_equal(settle(true), TLS_WAIT_NOTHING);
        finish();
    }
}

static void a_new_exchange_of_keys_is_not_begun_within_one(void **state)
{
    (void)state;
    char text[8];
    begin(pem_ec_cert, pem_ec_key);
    agree();
    assert_true(br_ssl_engine_renegotiate(&client.client.eng));
    settle(true); /* refused by a warning: the conversation goes on, or ends on the client's side */
    if (tls_client_say(&client, "on", 2) == 2) {
        settle(true);
        assert_int_equal(recv(near[1], text, sizeof text, MSG_DONTWAIT), 2);
    }
    finish();
}

static void a_session_is_taken_up_again(void **state)
{
    (void)state;
    br_ssl_session_parameters first, second;
    begin(pem_rsa_cert, pem_rsa_key);
    agree();
    br_ssl_engine_get_session_parameters(&client.client.eng, &first);
    assert_int_equal(first.session_id_len, 32);
    tls_session_free(session);
    close(far[0]), close(far[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, far), 0);
    session = tls_session_make(identity, &resume);
    client.fd = far[1];
    assert_true(br_ssl_client_reset(&client.client, "localhost", 1));
    assert_int_equal(settle(false), TLS_WAIT_NEAR);
    br_ssl_engine_get_session_parameters(&client.client.eng, &second);
    assert_memory_equal(first.session_id, second.session_id, 32);
    assert_memory_equal(first.master_secret, second.master_secret, 48);
    finish();
}

static void spoilt_records_end_it(void **state)
{
    (void)state;
    uint32_t dice = 3;
    for (int i = 0; i < 60; i++) {
        uint8_t bytes[4096];
        begin(pem_ec_cert, pem_ec_key);
        assert_true(br_ssl_client_reset(&client.client, "localhost", 0));
        size_t n;
        unsigned char *hello = br_ssl_engine_sendrec_buf(&client.client.eng, &n);
        assert_true(hello && n < sizeof bytes);
        memcpy(bytes, hello, n);
        for (int k = 0; k <= i % 4; k++)
            dice = dice * 1664525 + 1013904223, bytes[(dice >> 8) % n] ^= (uint8_t)(1u << (dice >> 29));
        assert_int_equal(send(far[1], bytes, i % 5 ? n : n / 2, 0), i % 5 ? n : n / 2);
        assert_int_not_equal(tls_session_move(session, far[0], -1), TLS_WAIT_NEAR);
        finish();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_both_kinds_are_agreed_on_with_modern_suites_alone),
        cmocka_unit_test(old_versions_and_suites_and_other_protocols_are_refused),
        cmocka_unit_test(bytes_come_through_both_ways_at_once),
        cmocka_unit_test(what_the_server_said_last_arrives_before_the_end),
        cmocka_unit_test(a_client_that_goes_ends_it_with_or_without_good_bye),
        cmocka_unit_test(a_new_exchange_of_keys_is_not_begun_within_one),
        cmocka_unit_test(a_session_is_taken_up_again),
        cmocka_unit_test(spoilt_records_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
