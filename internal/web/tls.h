/* tls.h - TLS in front of the HTTP server: one thread that takes the clients of a listening socket, exchanges keys, and hands the
 * server one end of a socket pair for each, with the client's address. Private to web/ (WEB 7).
 *
 * A client has TLS_KEYS_S for the exchange of keys; afterwards the server's own limits are all there are. When there are as many as there may be, the
 * one that was silent longest has to go. What begins with a letter is HTTP without TLS and told so.
 */
#ifndef XFELX_WEB_TLS_H
#define XFELX_WEB_TLS_H

#include "web/tls_identity.h"

#include <sys/socket.h>

enum { TLS_KEYS_S = 10, TLS_BYE_S = 2 };

/* fd           a listening socket that does not block; the terminator's own from then on
 * most         clients at once
 * per_address  of one address; 0: any number
 * take         gets the server's end of a pair (its own then, even when it says false) */
struct tls_options {
    int fd;
    size_t most, per_address;
    bool (*take)(void *owner, int fd, const struct sockaddr_storage *address, socklen_t size);
    void *owner;
};

struct tls;

/* Start. The identity is held. NULL: error. */
struct tls *tls_start(const struct tls_options *o, struct tls_identity *identity, struct error *err);

/* New clients get this one from now on; sessions of before cannot be taken up again. */
void tls_renew(struct tls *t, struct tls_identity *identity);

void tls_quiet(struct tls *t); /* nobody new comes in */

/* What the server has said goes out, for at most TLS_BYE_S; then all is freed. */
void tls_stop(struct tls *t);

/* Figures since the start: exchanges of keys that went well, that did not, and clients now. */
struct tls_figures {
    int64_t good, failed, open;
};
void tls_figures(struct tls *t, struct tls_figures *out);

#endif
