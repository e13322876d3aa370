/* listen.h - where the server listens: the address as it is typed, and its socket. Private to web/. */
#ifndef XFELX_WEB_LISTEN_H
#define XFELX_WEB_LISTEN_H

#include "base/base.h"

#include <sys/socket.h>
#include <sys/un.h>

struct listen_address {
    struct sockaddr_storage address;
    socklen_t size;
    bool local;    /* a unix socket */
    bool loopback; /* nobody outside of this machine comes in */
};

/* "ADDRESS:PORT", "[ADDRESS6]:PORT", "localhost:PORT", "PORT", "unix:PATH". ERROR_USAGE: none of these. Names are not looked up. */
bool listen_parse(const char *text, struct listen_address *out, struct error *err);

/* What the system takes of an answer before its client does (Linux keeps twice this). By itself it grows to 4 MiB a connection: 2,000 clients
 * that do not read are then 8 GB of the system's memory, and seconds of copying, or of AES, in which nobody else is answered. */
enum { LISTEN_SENT_AHEAD = 128 << 10 };

/* Bind and listen, non-blocking; connections have LISTEN_SENT_AHEAD. A unix socket is made with mode 0600; one that nobody listens on any more is replaced. -1: error. */
int listen_open(const struct listen_address *l, const char *text, struct error *err);

/* "127.0.0.1:8080" of a socket that listens, or of a peer's address; a unix socket's is "unix". */
void listen_text(const struct sockaddr_storage *address, bool port, char out[80]);
void listen_name(int fd, char out[80]);

#endif
