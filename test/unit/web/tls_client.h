/* tls_client.h - a client in TLS over a socket that does not block, as BearSSL makes one, for the tests: it believes the certificate it is given. */
#ifndef XFELX_TEST_WEB_TLS_CLIENT_H
#define XFELX_TEST_WEB_TLS_CLIENT_H

#include "web/tls_identity.h"

#include <string.h>
#include <sys/socket.h>

struct tls_client {
    br_ssl_client_context client;
    br_x509_minimal_context minimal;
    br_x509_knownkey_context known;
    br_x509_decoder_context certificate;
    unsigned char io[BR_SSL_BUFSIZE_BIDI];
    int fd;
    bool ended; /* the other side closed its socket */
};

/* Client of the server that shows the first certificate of an identity. */
static inline void tls_client_begin(struct tls_client *c, int fd, const struct tls_identity *server)
{
    memset(c, 0, sizeof *c);
    c->fd = fd;
    br_ssl_client_init_full(&c->client, &c->minimal, NULL, 0);
    br_x509_decoder_init(&c->certificate, NULL, NULL);
    br_x509_decoder_push(&c->certificate, server->chain[0].data, server->chain[0].data_len);
    const br_x509_pkey *key = br_x509_decoder_get_pkey(&c->certificate);
    assert_non_null(key);
    if (key->key_type == BR_KEYTYPE_RSA)
        br_x509_knownkey_init_rsa(&c->known, &key->key.rsa, BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN);
    else
        br_x509_knownkey_init_ec(&c->known, &key->key.ec, BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN);
    br_ssl_engine_set_x509(&c->client.eng, &c->known.vtable);
    br_ssl_engine_set_buffer(&c->client.eng, c->io, sizeof c->io, 1);
}

/* Send and take what can be, once. true: something moved. */
static inline bool tls_client_move(struct tls_client *c)
{
    size_t n;
    bool moved = false;
    unsigned char *data = br_ssl_engine_sendrec_buf(&c->client.eng, &n);
    ssize_t done = data ? send(c->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT) : -1;
    if (done > 0)
        br_ssl_engine_sendrec_ack(&c->client.eng, (size_t)done), moved = true;
    data = br_ssl_engine_recvrec_buf(&c->client.eng, &n);
    done = data ? recv(c->fd, data, n, MSG_DONTWAIT) : -1;
    if (done > 0)
        br_ssl_engine_recvrec_ack(&c->client.eng, (size_t)done), moved = true;
    c->ended |= done == 0;
    return moved;
}

/* Say what there is room for, take what came; how many bytes. */
static inline size_t tls_client_say(struct tls_client *c, const void *data, size_t n)
{
    size_t room;
    unsigned char *to = br_ssl_engine_sendapp_buf(&c->client.eng, &room);
    if (!to)
        return 0;
    room = n < room ? n : room;
    memcpy(to, data, room);
    br_ssl_engine_sendapp_ack(&c->client.eng, room);
    br_ssl_engine_flush(&c->client.eng, 0);
    return room;
}

static inline size_t tls_client_hear(struct tls_client *c, void *data, size_t room)
{
    size_t n;
    const unsigned char *from = br_ssl_engine_recvapp_buf(&c->client.eng, &n);
    if (!from)
        return 0;
    n = n < room ? n : room;
    memcpy(data, from, n);
    br_ssl_engine_recvapp_ack(&c->client.eng, n);
    return n;
}

#endif
