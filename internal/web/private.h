/* private.h - the server as its files share it. Private to web/. */
#ifndef XFELX_WEB_PRIVATE_H
#define XFELX_WEB_PRIVATE_H

#include "web/answer.h"
#include "web/assets.h"
#include "web/cache.h"
#include "web/events.h"
#include "web/gate.h"
#include "web/listen.h"
#include "web/metrics.h"
#include "web/pool.h"
#include "web/routes.h"
#include "web/tls_renewal.h"
#include "web/watch.h"
#include "web/web.h"

struct connections;
struct tunes;
struct view_shelf;

struct web {
    struct web_options options;
    struct arena arena;
    char prefix[TARGET_PATH]; /* begins and ends with "/" */
    char link[1024];
    bool local; /* a unix socket: only its owner comes in */
    bool daemon_ran;
    bool loopback; /* nobody outside of this machine comes in, not even by a proxy */
    int64_t start_ns;
    struct gate *gate;
    struct assets assets;
    struct events *events;
    struct pool *pool, *slow; /* slow: for what opens images */
    struct view_shelf *shelf;
    struct tunes *tunes;
    struct cache *cache;
    struct watch *watch;
    struct metrics metrics;
    int uploads; /* under way: of the thread of HTTP */
    struct connections *connections;
    struct MHD_Daemon *daemon;
    struct tls *tls; /* NULL: plain HTTP */
    struct tls_renewal renewal;
    bool has_renewal;
};

/* server.c - HTTP: starts at an open socket (-1: connections come by server_take alone). */
bool server_start(struct web *w, int listen_fd, struct error *err);
void server_quiet(struct web *w); /* nobody new comes in */
void server_stop(struct web *w);

/* Give an accepted connection to the server (the socket is its own from then on). */
bool server_take(struct web *w, int fd, const struct sockaddr_storage *address, socklen_t size);

/* How many connections there may be, by the files that the system lets us have, and how many of one address (0: any number). */
size_t server_connections(void);
size_t server_per_address(const struct web *w);

/* Once a second: end connections that are over their time. */
void server_tick(struct web *w);

#endif
