/* net.h - HTTP and HTTPS requests, one at a time, over libcurl: the only room that names it.
 *
 * Servers are checked against the certificates of this machine; there is no way around that. Credentials go over https only (or to
 * this machine itself), and never to another host than the one they are for. Redirections are followed only where asked. Every
 * request has time-outs and an end to what is taken. Messages name addresses without their query, which may hold keys. Proxies of
 * the environment (https_proxy, no_proxy) are obeyed.
 *
 * A struct net keeps its connections open between requests and belongs to one thread at a time; several may be used at once.
 */
#ifndef XFELX_NET_NET_H
#define XFELX_NET_NET_H

#include "base/base.h"

/* How a request ended, as a caller has to decide. The words are in net_class_word. */
#define NET_CLASS_TABLE(X)                                                                                   \
    X(DONE, "done", "answered with 2xx")                                                                     \
    X(AGAIN, "again", "network, time-out, cut answer, 5xx, 429: may go well later")                          \
    X(DENIED, "denied", "401, 403, 407: not without other credentials")                                      \
    X(ABSENT, "absent", "404, 410")                                                                          \
    X(UNTRUSTED, "untrusted", "the server's certificate is not believed; never bypassed")                    \
    X(MOVED, "moved", "redirected where that was not asked for, too often, or to plain http")                \
    X(TOO_LARGE, "too large", "more than the limit")                                                         \
    X(REFUSED, "refused", "any other 4xx, no usable address, no parts of files: repeating is no use")        \
    X(STOPPED, "stopped", "by the caller's own take function, or a file of ours cannot be used")
#define X(name, word, text) NET_##name,
enum net_class { NET_CLASS_TABLE(X) NET_CLASSES };
#undef X
const char *net_class_word(enum net_class c);

/* Who we are. file: first line "user:password" (basic), a token (bearer) or the whole value of the header (header); read anew for
 * each request, see secret_read. user: for basic, with password, instead of a file. */
enum net_auth_kind { NET_AUTH_NONE, NET_AUTH_BASIC, NET_AUTH_BEARER, NET_AUTH_HEADER };
struct net_auth {
    enum net_auth_kind kind;
    const char *file, *user, *password;
};

/* Value of the Authorization header, "" for NONE. */
bool net_authorization(const struct net_auth *a, struct str *out, struct error *err);

/* ca_file: NULL = as net_ca_file finds it. Seconds 0: 10 to connect, 30 without a byte, 120 for a whole request. */
struct net_options {
    const char *ca_file;
    double connect_seconds, idle_seconds, whole_seconds;
};

struct net_request {
    const char *method;          /* NULL: GET; GET, HEAD, PROPFIND, POST, PUT */
    const char *url;             /* http:// or https://, without a user in it; escaped (net_url) */
    const char *const *headers;  /* more, "Name: value"; ends with NULL; may be NULL */
    const struct net_auth *auth; /* NULL: none */
    const char *const
        *trust; /* hosts ("name", or ".domain") that credentials may follow a redirection to; may be NULL */
    int redirects;    /* how many are followed (GET, HEAD, PROPFIND only); 0: none */
    const void *body; /* of POST and PUT */
    size_t n_body;
    bool part; /* ask for bytes first … last only; the answer must be exactly these */
    uint64_t first, last;
    uint64_t limit;       /* most bytes of the answer; 0: 1 MiB */
    double whole_seconds; /* 0: as in the options; < 0: only the idle time counts (large files) */
    bool (*take)(void *owner, const void *data,
                 size_t n); /* gets the body of a 2xx answer; NULL: it is kept in answer.body */
    void *owner;
};

struct net_answer {
    enum net_class class;
    int status;          /* HTTP; 0: none came */
    struct str body;     /* NUL-terminated; of a refusal its first 4 KiB */
    int64_t size;        /* Content-Length, or the whole size that Content-Range tells; -1: not said */
    int64_t modified_ns; /* Last-Modified; 0: not said */
    double retry_after;  /* seconds; 0: not said */
    char etag[128], type[128], digest[256];
};

struct net *net_open(const struct net_options *o, struct error *err);
void net_close(struct net *n);

/* Ask and wait. True only for NET_DONE; else the error says what happened and answer.class what may be done. The answer is
 * overwritten and to be released in either case; {0} at first. */
bool net_fetch(struct net *n, const struct net_request *r, struct net_answer *a, struct error *err);
void net_answer_free(struct net_answer *a);

/* Seconds to wait after the failures-th failure in a row (1 = the first; 0 gives 0): first * 2^(failures-1), at most `most`, times
 * 0.8 … 1.2 by dice (any random number). Pure. */
double net_backoff(double first, double most, unsigned failures, uint64_t dice);

/* File of trusted certificates: wanted (refused when it is not there), $XFELX_TLS_CA_FILE, $SSL_CERT_FILE, then the places of
 * Debian, Red Hat, SUSE and Alpine. NULL: none; the error names all that were tried. out gets the path. */
const char *net_ca_file(const char *wanted, char out[4096], struct error *err);

/* How many certificates of a PEM text can be read, and when the first of them ends (seconds since 1970; untouched when there is none).
 * What else stands there is passed over. Nothing is verified: for warnings only. */
size_t net_cert_ends(const char *pem, int64_t *earliest);

/* Address of a path below a base: the path's bytes escaped except '/' and what is harmless, one '/' between. */
void net_url(struct str *out, const char *base, const char *path);

/* The address as it may be shown: without query, fragment and user; control characters escaped. */
char *net_url_shown(const char *url, char *out, size_t room);

/* A checksum out of a Digest header ("adler32=3df0f599, crc32c=base64"): true when the algorithm is among them and has at most 64
 * bytes. adler32 is hexadecimal (WLCG's custom), crc32 and crc32c are either, all others base64 (RFC 3230). */
bool net_digest(const char *header, const char *algorithm, uint8_t out[64], size_t *n);

#endif
