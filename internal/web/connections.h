/* connections.h - open connections and how long each may take (WEB 2.1.4). Private to web/.
 *
 * libmicrohttpd knows one time-out, of inactivity, which a byte every few seconds never meets. So each connection has a time at which
 * it is shut down: the head and the body of a request must be there in time, and its answer taken.
 */
#ifndef XFELX_WEB_CONNECTIONS_H
#define XFELX_WEB_CONNECTIONS_H

#include "web/answer.h"

struct connections;
struct connection;

enum {
    CONNECTION_HEAD_S = 10,
    CONNECTION_BODY_S = 20,
    CONNECTION_ANSWER_S = 30,     /* and what a slow line takes */
    CONNECTION_SLOWEST = 8 << 10, /* that line's bytes a second */
    CONNECTIONS_HELD_MOST = 48 << 20,
};

struct connections *connections_make(void);
void connections_free(struct connections *all);

struct connection *connection_open(struct connections *all, int fd, int64_t now_ns);
void connection_close(struct connections *all, struct connection *c); /* before its socket is closed */

/* It has `seconds` from now on; 0: as long as it likes. */
void connection_allow(struct connections *all, struct connection *c, int seconds, int64_t now_ns);

/* An answer is on its way now (body NULL: one that costs nothing), until the next connection_allow. Who asks and does not read would have
 * the server keep one for each of his connections (785 MB of 2,000 such clients). So all that are kept are CONNECTIONS_HELD_MOST together, one that
 * many send being counted once; beyond that those go whose client has taken nothing of theirs for longest. Whoever takes his answer
 * is not touched by the others, and the answer that has just been made is always sent.
 *
 * What a client takes is asked of the system when it matters: when TCP last sent something, what a socket pair holds. */
void connection_answer(struct connections *all, struct connection *c, struct answer_body *body,
                       int64_t now_ns);

/* Shut down those that are over their time; how many. */
size_t connections_end_late(struct connections *all, int64_t now_ns);

size_t connections_open(struct connections *all);

#endif
