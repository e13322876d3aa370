/* reply.h - a finished answer as a response of libmicrohttpd, with the header fields of all answers (WEB 2.1.6). Private to web/. */
#ifndef XFELX_WEB_REPLY_H
#define XFELX_WEB_REPLY_H

#include "web/connections.h"

struct MHD_Connection;
struct MHD_Response;

/* Send it: its body is sealed and from then on counted as on its way at c (NULL: not counted). closes: the connection ends with it. The
 * answer keeps its status alone. false: no memory, or the server is in a state in which nothing can be sent. */
bool reply_send(struct connections *all, struct connection *c, struct MHD_Connection *to,
                struct web_answer *a, bool closes);

/* The fields that each answer has, streams too. */
void reply_add_always(struct MHD_Response *r);
void reply_add(struct MHD_Response *r, const char *name, const char *value); /* value NULL or "": nothing */

#endif
