/* answer.h - what a handler gets and what it gives back. Private to web/. */
#ifndef XFELX_WEB_ANSWER_H
#define XFELX_WEB_ANSWER_H

#include "base/base.h"
#include "web/gate.h"
#include "web/target.h"

#include <stdatomic.h>

struct web_request {
    const struct target *target;
    char parts[TARGET_PARTS][TARGET_PART]; /* what stood for {} of the route */
    const char *body;                      /* ends with a NUL that does not count */
    size_t body_size;
    enum gate_role role;
    const char *name;   /* who asks */
    const char *prefix; /* "/" or "/xfelx/": the page's base */
    const char *if_none_match;
    bool gzip; /* is understood there */
    bool secure, read_only;
    const char *address;
};

/* Bytes of an answer that many connections send at the same time: kept once, freed with the last that holds them. Never changed. */
struct answer_body {
    atomic_size_t refs;
    size_t size;
    char *text;
    size_t senders; /* of connections.c, under its lock */
};
struct answer_body *answer_body_keep(struct answer_body *b);
void answer_body_drop(struct answer_body *b); /* NULL: nothing */

/* A handler fills body, and status, type and cache where the defaults (200, JSON, no-store) are not right. */
struct web_answer {
    int status;
    const char *type, *cache, *allow; /* literals */
    char location[TARGET_PATH], cookie[256];
    char etag[24]; /* "": none */
    bool gzipped;
    struct str body;
    struct answer_body *sealed; /* in place of body, once it is finished */
    const char *fixed; /* in place of body: text that lives as long as the server, of fixed_size bytes */
    size_t fixed_size;
};

#define WEB_JSON "application/json"
#define WEB_HTML "text/html; charset=utf-8"
#define WEB_TEXT "text/plain; charset=utf-8"

/* {"error":{"code":…,"text":…,"hint":…}} in place of whatever stood in the answer. */
void answer_error(struct web_answer *a, int status, const char *code, const char *text, const char *hint);

/* The same from an error that came up: BUSY and what may pass are 503, USAGE 400, else 500. */
void answer_failed(struct web_answer *a, const struct error *err);

/* Begin a JSON object, and end it. */
struct json_writer answer_json(struct web_answer *a);
void answer_json_end(struct json_writer *w);

/* What is done with every answer before it goes out: JSON safe inside of HTML ("<" as \u003c), its ETag, gzip where it pays. */
void answer_finish(struct web_answer *a, const struct web_request *q);

/* 304 without a body where the asker has this one already. */
void answer_if_new(struct web_answer *a, const struct web_request *q);

/* Compress; false: not smaller. out is to be freed. */
bool answer_gzip(const char *text, size_t n, int level, struct str *out);

/* No more changes: the body becomes one that can be shared (an empty one: none), of just its size. false: no memory. */
bool answer_seal(struct web_answer *a);

/* Another answer with the same sealed or fixed body. */
void answer_share(struct web_answer *to, const struct web_answer *from);

void answer_free(struct web_answer *a);

#endif
