/* tls_session.c - one conversation in TLS; see tls_session.h.
 *
 * BearSSL's engine is a machine with four doors: records out and in (far), plain bytes out and in (near). Which of them are open it says
 * itself; moving is trying each until none gives anything.
 */
#include "web/tls_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

enum {
    RECORD = 4096,     /* longest that we send; what comes may be 16 KiB */
    MOVES_A_TURN = 64, /* of at most a record each */
};

struct tls_session {
    br_ssl_server_context server;
    struct tls_identity *identity;
    bool near_deaf;  /* the server reads no more: what the client says is thrown away */
    bool near_quiet; /* it has said all */
    bool far_gone;   /* the client is not there any more */
    unsigned char in[BR_SSL_BUFSIZE_INPUT], out[RECORD + 85];
};

/* AES first where the processor has it, and the client may choose else (a telephone knows better). */
static const uint16_t suites_rsa[] = {
    BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
};
static const uint16_t suites_ec[] = {
    BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
};

static const char *const protocols[] = {"http/1.1"};

void tls_resume_clear(struct tls_resume *r)
{
    br_ssl_session_cache_lru_init(&r->cache, r->room, sizeof r->room);
}

/* What the engine may use: nothing of MD5, SHA-1, CBC, 3DES is linked in, let alone offered. */
static void give_algorithms(br_ssl_engine_context *e)
{
    br_ssl_engine_set_versions(e, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_hash(e, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_hash(e, br_sha384_ID, &br_sha384_vtable);
    br_ssl_engine_set_hash(e, br_sha512_ID, &br_sha512_vtable);
    br_ssl_engine_set_prf_sha256(e, &br_tls12_sha256_prf);
    br_ssl_engine_set_prf_sha384(e, &br_tls12_sha384_prf);
    br_ssl_engine_set_default_aes_gcm(e);
    br_ssl_engine_set_default_chapol(e);
    br_ssl_engine_set_default_ec(e);
    br_ssl_engine_set_protocol_names(e, (const char **)(uintptr_t)protocols, 1);
    br_ssl_engine_add_flags(e, BR_OPT_NO_RENEGOTIATION | BR_OPT_FAIL_ON_ALPN_MISMATCH);
}

static void give_identity(struct tls_session *s)
{
    const struct tls_identity *t = s->identity;
    br_ssl_server_context *c = &s->server;
    if (t->kind == BR_KEYTYPE_RSA) {
        br_ssl_engine_set_suites(&c->eng, suites_rsa, sizeof suites_rsa / sizeof *suites_rsa);
        br_ssl_server_set_single_rsa(c, t->chain, t->n_chain, br_skey_decoder_get_rsa(&t->key),
                                     BR_KEYTYPE_SIGN, 0, br_rsa_pkcs1_sign_get_default());
    } else {
        br_ssl_engine_set_suites(&c->eng, suites_ec, sizeof suites_ec / sizeof *suites_ec);
        br_ssl_server_set_single_ec(c, t->chain, t->n_chain, br_skey_decoder_get_ec(&t->key), BR_KEYTYPE_SIGN,
                                    0, br_ec_get_default(), br_ecdsa_sign_asn1_get_default());
    }
}

struct tls_session *tls_session_make(struct tls_identity *identity, struct tls_resume *resume)
{
    unsigned char seed[32];
    struct tls_session *s =
        malloc(sizeof *s); /* buffers stay untouched, so that who says little costs little */
    if (!s || getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return free(s), NULL;
    memset(s, 0, offsetof(struct tls_session, in));
    br_ssl_server_zero(&s->server);
    s->identity = tls_identity_hold(identity);
    give_algorithms(&s->server.eng);
    give_identity(s);
    br_ssl_server_set_cache(&s->server, &resume->cache.vtable);
    br_ssl_engine_set_buffers_bidi(&s->server.eng, s->in, sizeof s->in, s->out, sizeof s->out);
    br_ssl_engine_inject_entropy(&s->server.eng, seed, sizeof seed);
    explicit_bzero(seed, sizeof seed);
    if (!br_ssl_server_reset(&s->server)) {
        tls_session_free(s);
        return NULL;
    }
    return s;
}

void tls_session_free(struct tls_session *s)
{
    if (!s)
        return;
    tls_identity_drop(s->identity);
    explicit_bzero(s, sizeof *s);
    free(s);
}

/* ---- moving ---- */

static bool would_wait(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* send and recv that go on after a signal. */
static ssize_t give(int fd, const void *data, size_t n)
{
    ssize_t done;
    do
        done = send(fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (done < 0 && errno == EINTR);
    return done;
}

static ssize_t take(int fd, void *data, size_t n)
{
    ssize_t done;
    do
        done = recv(fd, data, n, MSG_DONTWAIT);
    while (done < 0 && errno == EINTR);
    return done;
}

/* Each of the four: whether something moved. */
static bool records_out(struct tls_session *s, int far)
{
    size_t n;
    const unsigned char *data = br_ssl_engine_sendrec_buf(&s->server.eng, &n);
    ssize_t done = data ? give(far, data, n) : 0;
    if (done > 0)
        br_ssl_engine_sendrec_ack(&s->server.eng, (size_t)done);
    else if (data && !would_wait(done))
        s->far_gone = true;
    return done > 0;
}

static bool records_in(struct tls_session *s, int far)
{
    size_t n;
    unsigned char *data = br_ssl_engine_recvrec_buf(&s->server.eng, &n);
    ssize_t done = data ? take(far, data, n) : 0;
    if (done > 0)
        br_ssl_engine_recvrec_ack(&s->server.eng, (size_t)done);
    else if (data && !would_wait(done))
        s->far_gone = true;
    return done > 0;
}

static bool plain_out(struct tls_session *s, int near)
{
    size_t n;
    const unsigned char *data = br_ssl_engine_recvapp_buf(&s->server.eng, &n);
    if (!data || near < 0)
        return false;
    ssize_t done = s->near_deaf ? (ssize_t)n : give(near, data, n);
    if (done < 0 && !would_wait(done)) {
        s->near_deaf = true;
        done = (ssize_t)n;
    }
    if (done > 0)
        br_ssl_engine_recvapp_ack(&s->server.eng, (size_t)done);
    return done > 0;
}

static bool plain_in(struct tls_session *s, int near)
{
    size_t n;
    unsigned char *data = br_ssl_engine_sendapp_buf(&s->server.eng, &n);
    if (!data || near < 0 || s->near_quiet)
        return false;
    ssize_t done = take(near, data, n);
    if (done > 0) {
        br_ssl_engine_sendapp_ack(&s->server.eng, (size_t)done);
        br_ssl_engine_flush(&s->server.eng, 0); /* else an event of a stream would wait for a full record */
    } else if (!would_wait(done)) {
        s->near_quiet = true;
        br_ssl_engine_close(&s->server.eng);
        return true; /* its good-bye goes out */
    }
    return done > 0;
}

enum tls_wait tls_session_move(struct tls_session *s, int far, int near)
{
    for (int moves = 0; moves < MOVES_A_TURN; moves++) {
        bool moved = records_out(s, far);
        moved |= plain_out(s, near);
        moved |= plain_in(s, near);
        moved |= records_in(s, far);
        unsigned state = br_ssl_engine_current_state(&s->server.eng);
        if (s->far_gone || state == BR_SSL_CLOSED || (s->near_quiet && !(state & BR_SSL_SENDREC)))
            return TLS_WAIT_NOTHING;
        if (near < 0 && (state & (BR_SSL_SENDAPP | BR_SSL_RECVAPP)))
            return TLS_WAIT_NEAR;
        if (!moved)
            return TLS_WAIT_SOCKETS;
    }
    return TLS_WAIT_TURN;
}

const char *tls_session_fault(const struct tls_session *s, char out[64])
{
    int code = br_ssl_engine_last_error(&s->server.eng);
    if (code == BR_ERR_OK)
        return NULL;
    if (code >= BR_ERR_SEND_FATAL_ALERT)
        snprintf(out, 64, "alert %d to the client", code - BR_ERR_SEND_FATAL_ALERT);
    else if (code >= BR_ERR_RECV_FATAL_ALERT)
        snprintf(out, 64, "alert %d from the client", code - BR_ERR_RECV_FATAL_ALERT);
    else
        snprintf(out, 64, "BearSSL's error %d", code);
    return out;
}
