/* tls_test.c - the thread in front of the server: who comes in, who has to go, and that the server learns who asks. */
#include "web/tls.h"
#include "support.h"
#include "tls_client.h"
#include "tls_pem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>

static struct tls *tls;
static struct tls_identity *identity, *other;
static struct sockaddr_in at;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int taken[64];
static size_t n_taken;
static uint16_t port_taken;

static bool take(void *owner, int fd, const struct sockaddr_storage *address, socklen_t size)
{
    (void)owner, (void)size;
    pthread_mutex_lock(&lock);
    taken[n_taken++] = fd;
    port_taken = ((const struct sockaddr_in *)address)->sin_port;
    pthread_mutex_unlock(&lock);
    return true;
}

static struct tls_identity *parse(const char *cert, const char *key)
{
    struct tls_identity *t = NULL;
    struct error err = {0};
    assert_true(tls_identity_parse("c", cert, strlen(cert), "k", key, strlen(key), &t, &err));
    return t;
}

static void start(size_t most, size_t per_address)
{
    struct error err = {0};
    socklen_t size = sizeof at;
    struct tls_options o = {.most = most, .per_address = per_address, .take = take};
    identity = parse(pem_ec_cert, pem_ec_key);
    other = parse(pem_rsa_cert, pem_rsa_key);
    n_taken = 0;
    at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    o.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(o.fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(o.fd, 100), 0);
    getsockname(o.fd, (struct sockaddr *)&at, &size);
    tls = tls_start(&o, identity, &err);
    assert_non_null(tls);
}

static void stop(void)
{
    for (size_t i = 0; i < n_taken; i++)
        close(taken[i]);
    tls_stop(tls);
    tls_identity_drop(identity);
    tls_identity_drop(other);
}

static int connect_to(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* Until the client can speak, or nothing more comes. */
static bool agree(struct tls_client *c, int fd, const struct tls_identity *with)
{
    tls_client_begin(c, fd, with);
    assert_true(br_ssl_client_reset(&c->client, "localhost", 0));
    while (!(br_ssl_engine_current_state(&c->client.eng) & (BR_SSL_SENDAPP | BR_SSL_CLOSED)) && !c->ended) {
        struct pollfd p = {fd, POLLIN, 0};
        if (!tls_client_move(c) && poll(&p, 1, 5000) != 1)
            return false;
    }
    return (br_ssl_engine_current_state(&c->client.eng) & BR_SSL_SENDAPP) != 0;
}

static struct tls_client clients[4];

/* The server's end of the newest client. */
static int newest(size_t n)
{
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&lock);
        int fd = n_taken >= n ? taken[n - 1] : -1;
        pthread_mutex_unlock(&lock);
        if (fd >= 0)
            return fd;
        usleep(10000);
    }
    fail_msg("nobody came");
    return -1;
}

static void the_server_gets_plain_bytes_and_the_address(void **state)
{
    (void)state;
    char text[64] = "";
    struct sockaddr_in me;
    socklen_t size = sizeof me;
    start(10, 0);
    int fd = connect_to();
    assert_true(agree(clients, fd, identity));
    assert_int_equal(tls_client_say(clients, "GET /", 5), 5);
    tls_client_move(clients);
    int near = newest(1);
    struct pollfd p = {near, POLLIN, 0};
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(recv(near, text, sizeof text, 0), 5);
    assert_string_equal(text, "GET /");
    getsockname(fd, (struct sockaddr *)&me, &size);
    assert_int_equal(port_taken, me.sin_port);
    assert_int_equal(send(near, "200", 3, 0), 3);
    p = (struct pollfd){fd, POLLIN, 0};
    assert_int_equal(poll(&p, 1, 5000), 1);
    while (tls_client_move(clients))
        ;
    assert_int_equal(tls_client_hear(clients, text, sizeof text), 3);
    struct tls_figures f;
    tls_figures(tls, &f);
    assert_int_equal(f.good, 1);
    close(fd);
    stop();
}

static void who_forgets_the_s_is_told(void **state)
{
    (void)state;
    char text[512] = "";
    start(10, 0);
    int fd = connect_to();
    assert_int_equal(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
    recv(fd, text, sizeof text - 1, MSG_WAITALL);
    assert_non_null(strstr(text, "HTTP/1.1 400 "));
    assert_non_null(strstr(text, "https://"));
    close(fd);
    fd = connect_to();
    assert_int_equal(send(fd, "\x80\x2e\x01", 3, 0), 3); /* SSL 2 */
    assert_int_equal(recv(fd, text, sizeof text, 0), 0);
    close(fd);
    stop();
}

static void when_it_is_full_the_one_that_was_silent_longest_goes(void **state)
{
    (void)state;
    char text[8];
    int fd[3];
    start(2, 0);
    for (int i = 0; i < 3; i++) {
        fd[i] = connect_to();
        assert_true(agree(clients + i, fd[i], identity));
    }
    assert_true(recv(fd[0], text, sizeof text, 0) <= 0);
    assert_int_equal(recv(newest(1), text, sizeof text, 0), 0);
    assert_int_equal(recv(newest(2), text, sizeof text, MSG_DONTWAIT), -1);
    for (int i = 0; i < 3; i++)
        close(fd[i]);
    stop();
}

static void one_address_gets_only_its_share(void **state)
{
    (void)state;
    char text[8];
    int fd[3];
    start(10, 2);
    for (int i = 0; i < 3; i++)
        fd[i] = connect_to();
    assert_true(recv(fd[2], text, sizeof text, 0) <= 0);
    assert_true(agree(clients, fd[0], identity));
    for (int i = 0; i < 3; i++)
        close(fd[i]);
    stop();
}

static void a_renewed_certificate_is_shown_to_new_clients(void **state)
{
    (void)state;
    start(10, 0);
    int fd[3];
    fd[0] = connect_to();
    assert_true(agree(clients, fd[0], identity));
    tls_renew(tls, other);
    fd[1] = connect_to();
    assert_true(agree(clients + 1, fd[1], other));
    fd[2] = connect_to();
    assert_false(agree(clients + 2, fd[2], identity));
    assert_int_equal(tls_client_say(clients, "on", 2), 2); /* the old conversation goes on */
    tls_client_move(clients);
    char text[8];
    struct pollfd p = {newest(1), POLLIN, 0};
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(recv(newest(1), text, sizeof text, 0), 2);
    for (int i = 0; i < 3; i++)
        close(fd[i]);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_gets_plain_bytes_and_the_address),
        cmocka_unit_test(who_forgets_the_s_is_told),
        cmocka_unit_test(when_it_is_full_the_one_that_was_silent_longest_goes),
        cmocka_unit_test(one_address_gets_only_its_share),
        cmocka_unit_test(a_renewed_certificate_is_shown_to_new_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
