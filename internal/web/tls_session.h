/* tls_session.h - one conversation in TLS: records with the client on one socket, plain bytes with the HTTP server on another. Private to
 * web/.
 *
 * TLS 1.2 alone; ECDHE with AES-GCM or ChaCha20-Poly1305; no renegotiation, no compression, no certificates of clients; ALPN is http/1.1.
 * (BearSSL has no TLS 1.3: where that is wanted, a proxy gives it.) Memory: about 25 KiB while it lasts. A session belongs to one thread.
 */
#ifndef XFELX_WEB_TLS_SESSION_H
#define XFELX_WEB_TLS_SESSION_H

#include "web/tls_identity.h"

/* Sessions that clients may take up again without a new exchange of keys; shared by all sessions of a thread. */
struct tls_resume {
    br_ssl_session_cache_lru cache;
    unsigned char room[128 << 10]; /* 100 bytes each */
};
void tls_resume_clear(struct tls_resume *r);

struct tls_session;

/* NULL: no memory, or no random numbers. The identity is held until the end. */
struct tls_session *tls_session_make(struct tls_identity *identity, struct tls_resume *resume);
void tls_session_free(struct tls_session *s);

/* What the session waits for after a call. */
enum tls_wait {
    TLS_WAIT_SOCKETS, /* until a socket can be read or written again (edge-triggered: all was moved that could be) */
    TLS_WAIT_TURN,    /* for its next turn: more could be moved at once, but others want to live too */
    TLS_WAIT_NEAR,    /* the keys are exchanged: for the server's side, if near was -1 */
    TLS_WAIT_NOTHING, /* it is over: all that was to be said to the client is said */
};

/* Move what can be moved. far, near: sockets that do not block; near -1: not there yet. */
enum tls_wait tls_session_move(struct tls_session *s, int far, int near);

/* Why it ended, in a few words ("bad record", "alert 48 from the client"); NULL: as it should. */
const char *tls_session_fault(const struct tls_session *s, char out[64]);

#endif
