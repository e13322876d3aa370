/* routes.h - the table of what the server answers: one row a route, found by method and path. Private to web/. */
#ifndef XFELX_WEB_ROUTES_H
#define XFELX_WEB_ROUTES_H

#include "store/store.h"
#include "web/answer.h"

struct web;

enum route_kind {
    ROUTE_DIRECT, /* answered at once, from memory */
    ROUTE_STORE,  /* by a worker, which has the store open for reading */
    ROUTE_SLOW, /* the same, by one of those that open images: a file system that hangs must not hold the pages up */
    ROUTE_CHANGE, /* by a worker, which has it open for writing; not there in a server that is read-only */
    ROUTE_UPLOAD, /* the same, with a body that goes into a file as it comes (upload.h); answer gets its name as the body */
    ROUTE_EVENTS, /* a stream */
};

struct route {
    const char *method; /* GET (also HEAD) or POST; NULL ends the table */
    const char *path;   /* {} stands for one part */
    enum gate_role role;
    enum route_kind kind;
    size_t body_most;
    void (*answer)(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a);
    const char *summary;
};

extern const struct route web_routes[];

/* The row of a method and path; its {} go to parts. NULL: *allow says which methods the path has, NULL: there is no such path. */
const struct route *route_find(const char *method, const char *path, char parts[TARGET_PARTS][TARGET_PART],
                               const char **allow);

#endif
