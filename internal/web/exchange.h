/* exchange.h - a request under way, from its first line to the end of its answer, as the files that work on it share it: server.c (its way),
 * server_head.c (what is looked at before a body comes), server_work.c (by a worker), server_file.c (a file that is handed over). All but
 * what is said to be a worker's is of the thread of HTTP. Private to web/.
 */
#ifndef XFELX_WEB_EXCHANGE_H
#define XFELX_WEB_EXCHANGE_H

#include "web/private.h"

#include <microhttpd.h>

struct upload;

struct exchange {
    struct web *web;
    struct MHD_Connection *connection;
    int64_t start_ns;
    struct target target;
    const char *method;
    int refused; /* status that the first line is refused with; 0: none */
    const struct route *route;
    struct web_request q;
    struct web_answer a;
    struct str body;
    char address[80], prefix[TARGET_PATH];
    struct gate_verdict verdict;
    int64_t seq;                /* of the database when it was asked of the store */
    struct cache_waiter waiter; /* for the answer to somebody else's same question */
    bool begun, closes;
    bool made;             /* by a worker: to be sent at the handler's next call */
    struct upload *upload; /* ROUTE_UPLOAD: the file that the body goes to */
    bool uploads, failed;  /* counted in web.uploads; the answer is an error, and what comes is thrown away */
};

/* Send the answer: the last that is done with a request. */
enum MHD_Result exchange_send(struct exchange *x);

/* closes: what follows on this connection is not to be trusted, or is a body that nobody wants: answered at once, which ends it. Else the
 * answer waits for the handler's next call, and the connection goes on. */
enum MHD_Result exchange_refuse(struct exchange *x, int status, const char *code, const char *text,
                                bool closes);

/* From now on the client has so many seconds; 0: as long as it likes. */
void exchange_allow(struct exchange *x, int seconds);

/* A field of its head; NULL: there is none. */
const char *exchange_field(const struct exchange *x, const char *name);

/* Wake its connection, when a worker has done with it; any thread. */
void exchange_wake(void *connection);

/* The head is there. MHD_YES with nothing queued: go on. */
enum MHD_Result exchange_look_at_head(struct exchange *x, const char *method);

/* By whoever was answered the same within the last second, by whoever is being answered the same, or by a worker. */
enum MHD_Result exchange_ask_worker(struct exchange *x);

/* A file is announced, its bytes come, it is whole. Whether there is a place for it is seen by a worker, when its first bytes are there. */
enum MHD_Result exchange_begin_file(struct exchange *x, int64_t size);
enum MHD_Result exchange_take_piece(struct exchange *x, const char *data, size_t n);
enum MHD_Result exchange_end_file(struct exchange *x);

#endif
