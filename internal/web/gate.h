/* gate.h - who asks, and may he: tokens, sessions, the Host and origin of a request. Private to web/.
 *
 * Nothing here reads a socket or a clock: the caller gives what the request says and the time. Thread-safe (one lock).
 */
#ifndef XFELX_WEB_GATE_H
#define XFELX_WEB_GATE_H

#include "base/base.h"

enum gate_role { ROLE_NONE, ROLE_READER, ROLE_EDITOR };
const char *gate_role_word(enum gate_role r); /* "none", "reader", "editor" */

struct gate;

/* What the gate knows of the server.
 *
 * token_file  NULL: one token of an editor is made (gate_token), unless open
 * open        no token needed: everybody who can connect is the editor `user`
 * hosts       names that are ours beside localhost and IP literals
 * instance    bytes that tell this server from others: cookies do not know ports
 * secure      cookies are for TLS only
 * ERROR_USAGE: a token file that others can read, or with bad lines. */
struct gate_options {
    const char *token_file, *user;
    const char *const *hosts;
    size_t n_hosts;
    bool open, secure, proxied;
    const char *prefix;
    const char *instance;
};
bool gate_make(const struct gate_options *o, struct gate **out, struct error *err);
void gate_free(struct gate *g);
const char *gate_token(const struct gate *g); /* that was made; NULL: none was */

/* A request as the gate sees it; texts NULL where the field is not there. */
struct gate_request {
    const char *host, *cookie, *authorization, *x_xfelx, *origin, *fetch_site, *content_type;
    const char *address; /* of who asks, for counting wrong tokens */
    bool changes;        /* POST */
    bool bytes;          /* whose body is a file, application/octet-stream, no JSON */
    bool local;          /* came by a unix socket that only its owner can open */
};

struct gate_verdict {
    int status; /* 0: go on; else the HTTP status */
    const char *code, *text;
    enum gate_role role;
    char name[128];
};

/* May it, with this role at least? Order: Host (421), too many wrong tokens (429), who (401), role (403), then for changes: JSON (415),
 * header X-Xfelx, origin (403). */
void gate_check(struct gate *g, const struct gate_request *q, enum gate_role needed, int64_t now_ns,
                struct gate_verdict *out);

/* Somebody brings a token in the address: a session is made, its cookie's value ("xfelx_s_…; HttpOnly; …") written. false: not a
 * token, or too many wrong ones before (verdict says). */
bool gate_login(struct gate *g, const char *secret, const char *address, bool secure, int64_t now_ns,
                char cookie[256], struct gate_verdict *out);

/* ---- parts, for the tests ---- */

/* Is Host ("name", "name:port", "[::1]:8080") an IP literal, localhost, or one of the names? */
bool gate_host_is_ours(const char *host, const char *const *names, size_t n);

/* Value of a cookie in a Cookie header, into out; false: not there, or longer than fits. */
bool gate_cookie(const char *header, const char *name, char *out, size_t room);

/* Equal, in a time that depends on n alone. */
bool gate_same(const void *a, const void *b, size_t n);

#endif
