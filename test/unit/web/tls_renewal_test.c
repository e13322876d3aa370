/* tls_renewal_test.c - a renewed certificate is taken when it rests, a bad one is not. */
#include "web/tls_renewal.h"
#include "support.h"
#include "tls_pem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>

static char folder[64], cert[80], key[80];

static void put(const char *cert_text, const char *key_text)
{
    struct error err = {0};
    assert_true(fs_write_atomic(cert, cert_text, strlen(cert_text), &err));
    assert_true(fs_write_atomic(key, key_text, strlen(key_text), &err));
    chmod(key, 0600);
}

static bool take(void *owner, int fd, const struct sockaddr_storage *address, socklen_t size)
{
    (void)owner, (void)address, (void)size;
    close(fd);
    return true;
}

static struct tls *start(struct tls_identity *identity)
{
    struct error err = {0};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct tls_options o = {.most = 2, .take = take, .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
    assert_int_equal(bind(o.fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(o.fd, 1), 0);
    struct tls *t = tls_start(&o, identity, &err);
    assert_non_null(t);
    return t;
}

static void a_renewed_pair_is_taken_once_it_rests(void **state)
{
    (void)state;
    struct tls_renewal r;
    struct tls_identity *identity = NULL;
    struct error err = {0};
    int64_t look = TLS_LOOK_S * INT64_C(1000000000), now = 100 * look;
    put(pem_ec_cert, pem_ec_key);
    assert_true(tls_renewal_begin(&r, cert, key, &identity, &err));
    struct tls *t = start(identity);
    struct tls_file first = r.taken[0];
    tls_renewal_look(&r, t, now);
    assert_memory_equal(&first, &r.taken[0], sizeof first);
    put(pem_rsa_cert, pem_rsa_key);
    tls_renewal_look(&r, t, now + look / 2); /* too early */
    assert_memory_equal(&first, &r.seen[0], sizeof first);
    tls_renewal_look(&r, t, now += look); /* seen; it may still be written */
    assert_memory_equal(&first, &r.taken[0], sizeof first);
    tls_renewal_look(&r, t, now += look);
    assert_memory_not_equal(&first, &r.taken[0], sizeof first);
    assert_int_equal(atomic_load(&identity->holders), 1); /* the thread has let the old one go */
    tls_stop(t);
    tls_identity_drop(identity);
    tls_renewal_end(&r);
}

static void a_bad_pair_leaves_the_old_one(void **state)
{
    (void)state;
    struct tls_renewal r;
    struct tls_identity *identity = NULL;
    struct error err = {0};
    put(pem_ec_cert, pem_rsa_key);
    assert_false(tls_renewal_begin(&r, cert, key, &identity, &err));
    put(pem_ec_cert, pem_ec_key);
    err = (struct error){0};
    assert_true(tls_renewal_begin(&r, cert, key, &identity, &err));
    struct tls *t = start(identity);
    put(pem_rsa_cert, pem_ec_key);
    assert_false(tls_renewal_read(&r, t, &err));
    assert_non_null(strstr(err.fact, "is not the key"));
    assert_int_equal(atomic_load(&identity->holders), 2);
    put(pem_rsa_cert, pem_rsa_key);
    assert_true(tls_renewal_read(&r, t, &err));
    assert_int_equal(atomic_load(&identity->holders), 1);
    tls_stop(t);
    tls_identity_drop(identity);
    tls_renewal_end(&r);
}

int main(void)
{
    support_folder(folder);
    snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    snprintf(key, sizeof key, "%s/key.pem", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_renewed_pair_is_taken_once_it_rests),
        cmocka_unit_test(a_bad_pair_leaves_the_old_one),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(cert);
    unlink(key);
    rmdir(folder);
    return failed;
}
