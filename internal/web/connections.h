/* connections.h - open connections and how long each may take (WEB 2.1.4). Private to web/.
 *
 * libmicrohttpd knows one time-out, of inactivity, which a byte every few seconds never meets. So each connection has a time at which
 * it is shut down: the head of its first request, and the body of each, must be there in time.
 */
#ifndef XFELX_WEB_CONNECTIONS_H
#define XFELX_WEB_CONNECTIONS_H

#include "base/base.h"

struct connections;
struct connection;

enum { CONNECTION_HEAD_S = 10, CONNECTION_BODY_S = 20 };

struct connections *connections_make(void);
void connections_free(struct connections *all);

struct connection *connection_open(struct connections *all, int fd, int64_t now_ns);
void connection_close(struct connections *all, struct connection *c); /* before its socket is closed */

/* It has `seconds` from now on; 0: as long as it likes. */
void connection_allow(struct connections *all, struct connection *c, int seconds, int64_t now_ns);

/* Shut down those that are over their time; how many. */
size_t connections_end_late(struct connections *all, int64_t now_ns);

size_t connections_open(struct connections *all);

#endif
