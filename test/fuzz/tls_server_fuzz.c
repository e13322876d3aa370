/* tls_server_fuzz.c - hostile bytes to our side of TLS (web/tls_session) and to the reader of certificates and keys (web/tls_identity). The first
 * byte says which: PEM as both files; bytes as a client's; or a real client whose records are spoilt on their way by the bytes, so that
 * what lies behind the greeting is reached. */
#include "web/tls_session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* cmocka's, for the client that the unit tests have too */
#define assert_non_null(p) ((p) ? (void)0 : abort())

#include "unit/web/tls_client.h"
#include "unit/web/tls_pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tls_identity *identities[2];
static struct tls_resume resume;

static void read_pem(const uint8_t *data, size_t n)
{
    struct tls_identity *t = NULL;
    struct error err = {0};
    if (tls_identity_parse("cert", data, n, "key", data, n, &t, &err))
        tls_identity_drop(t);
    else if (err.code == ERROR_NONE)
        abort();
}

/* Whoever sent only what is no conversation must not get to the server. */
static void be_greeted(struct tls_identity *identity, const uint8_t *data, size_t n)
{
    int far[2];
    struct tls_session *s = tls_session_make(identity, &resume);
    if (!s || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, far) != 0)
        abort();
    enum tls_wait w = TLS_WAIT_SOCKETS;
    for (size_t at = 0; at < n && w != TLS_WAIT_NOTHING;) {
        ssize_t done = send(far[1], data + at, n - at, MSG_NOSIGNAL);
        at += done > 0 ? (size_t)done : 0;
        w = tls_session_move(s, far[0], -1);
        if (w == TLS_WAIT_NEAR)
            abort();
    }
    tls_session_free(s);
    close(far[0]);
    close(far[1]);
}

/* A byte of the script: which byte of what the client sends is spoilt next, and how. */
static void be_spoilt(struct tls_identity *identity, const uint8_t *script, size_t n)
{
    static struct tls_client c;
    int far[2], wire[2], near[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, far) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, wire) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, near) != 0)
        abort();
    struct tls_session *s = tls_session_make(identity, &resume);
    tls_client_begin(&c, wire[0], identity);
    br_ssl_client_reset(&c.client, "localhost", 0);
    size_t at = 0, sent = 0, next = n ? script[0] * 4u : SIZE_MAX;
    uint8_t piece[4096];
    for (int turn = 0; turn < 40; turn++) {
        tls_client_move(&c);
        if (br_ssl_engine_current_state(&c.client.eng) & BR_SSL_SENDAPP)
            tls_client_say(&c, script, n);
        ssize_t got = recv(wire[1], piece, sizeof piece, 0);
        for (ssize_t i = 0; i < got; i++)
            if (sent + (size_t)i == next && at + 1 < n) {
                piece[i] ^= script[at + 1];
                at += 2;
                next = at < n ? next + 1 + script[at] * 4u : SIZE_MAX;
            }
        if (got > 0)
            sent += (size_t)got, send(far[1], piece, (size_t)got, MSG_NOSIGNAL);
        if (tls_session_move(s, far[0], turn > 3 ? near[0] : -1) == TLS_WAIT_NOTHING)
            break;
        got = recv(near[1], piece, sizeof piece, 0);
        if (got > 0)
            send(near[1], piece, (size_t)got, MSG_NOSIGNAL);
        got = recv(far[1], piece, sizeof piece, 0);
        if (got > 0)
            send(wire[1], piece, (size_t)got, MSG_NOSIGNAL);
    }
    tls_session_free(s);
    for (int i = 0; i < 2; i++)
        close(far[i]), close(wire[i]), close(near[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    if (!identities[0]) {
        tls_identity_parse("c", pem_ec_cert, strlen(pem_ec_cert), "k", pem_ec_key, strlen(pem_ec_key),
                           identities, &err);
        tls_identity_parse("c", pem_rsa_cert, strlen(pem_rsa_cert), "k", pem_rsa_key, strlen(pem_rsa_key),
                           identities + 1, &err);
        tls_resume_clear(&resume);
    }
    if (size < 1)
        return 0;
    switch (data[0] % 4) {
    case 0:
        read_pem(data + 1, size - 1);
        break;
    case 1:
    case 2:
        be_greeted(identities[data[0] % 4 - 1], data + 1, size - 1);
        break;
    default:
        be_spoilt(identities[0], data + 1, size - 1);
    }
    return 0;
}
