/* net.c - one request at a time with libcurl's easy interface. Redirections are followed here and not by libcurl, because
 * credentials must not follow everywhere. */
#include "net/net.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REFUSAL_KEPT = 4096 };
static const double connect_default = 10, idle_default = 30, whole_default = 120; /* FACILITY 0.8 */

struct net {
    CURL *easy;
    struct net_options options;
    char ca[4096], text[CURL_ERROR_SIZE];
    struct error no_ca; /* why there are no trusted certificates: matters only for https */
};

/* A request while it runs. */
struct running {
    const struct net_request *request;
    struct net_answer *answer;
    CURL *easy;
    uint64_t taken, range_first, range_last;
    bool has_range, too_large, no_parts, stopped;
};

const char *net_class_word(enum net_class c)
{
#define X(name, word, text) word,
    static const char *const words[] = {NET_CLASS_TABLE(X)};
#undef X
    return c < NET_CLASSES ? words[c] : "?";
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void start_library(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct net *net_open(const struct net_options *o, struct error *err)
{
    pthread_once(&once, start_library);
    struct net *n = calloc(1, sizeof *n);
    if (!n || !(n->easy = curl_easy_init())) {
        free(n);
        error_set(err, ERROR_MEMORY, "no memory for network requests");
        return NULL;
    }
    if (o)
        n->options = *o;
    struct net_options *p = &n->options;
    p->connect_seconds = p->connect_seconds > 0 ? p->connect_seconds : connect_default;
    p->idle_seconds = p->idle_seconds > 0 ? p->idle_seconds : idle_default;
    p->whole_seconds = p->whole_seconds > 0 ? p->whole_seconds : whole_default;
    if (!net_ca_file(p->ca_file, n->ca, &n->no_ca))
        n->ca[0] = '\0';
    return n;
}

void net_close(struct net *n)
{
    if (n)
        curl_easy_cleanup(n->easy);
    free(n);
}

void net_answer_free(struct net_answer *a)
{
    str_free(&a->body);
}

/* ---- what comes ---- */

static void copy_value(char *out, size_t room, const char *value, size_t n)
{
    while (n > 0 && (*value == ' ' || *value == '\t'))
        value++, n--;
    while (n > 0 && strchr(" \t\r\n", value[n - 1]))
        n--;
    snprintf(out, room, "%.*s", (int)(n < room ? n : room - 1), value);
}

static void take_range(struct running *r, const char *value)
{
    unsigned long long first = 0, last = 0, size = 0;
    int fields = sscanf(value, "bytes %llu-%llu/%llu", &first, &last, &size);
    r->has_range = fields >= 2;
    r->range_first = first;
    r->range_last = last;
    if (fields == 3 && size < INT64_MAX)
        r->answer->size = (int64_t)size;
}

static size_t on_header(char *line, size_t one, size_t n, void *owner)
{
    struct running *r = owner;
    struct net_answer *a = r->answer;
    char value[256];
    n *= one;
    if (n >= 5 && strncasecmp(line, "HTTP/", 5) == 0) { /* what an interim answer said is void */
        a->etag[0] = a->digest[0] = '\0';
        r->has_range = false;
        a->size = -1;
        return n;
    }
    const char *colon = memchr(line, ':', n);
    if (!colon)
        return n;
    size_t name = (size_t)(colon - line);
    copy_value(value, sizeof value, colon + 1, n - name - 1);
    if (name == 4 && strncasecmp(line, "ETag", 4) == 0)
        snprintf(a->etag, sizeof a->etag, "%.127s", value);
    else if (name == 6 && strncasecmp(line, "Digest", 6) == 0)
        snprintf(a->digest, sizeof a->digest, "%s", value);
    else if (name == 13 && strncasecmp(line, "Content-Range", 13) == 0)
        take_range(r, value);
    else if (name == 11 && strncasecmp(line, "Retry-After", 11) == 0 &&
             !str_to_double(value, &a->retry_after))
        a->retry_after = 0;
    return n;
}

static size_t on_body(char *data, size_t one, size_t n, void *owner)
{
    struct running *r = owner;
    const struct net_request *q = r->request;
    long status = 0;
    n *= one;
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299) {
        size_t left = r->answer->body.len < REFUSAL_KEPT ? REFUSAL_KEPT - r->answer->body.len : 0;
        str_addn(&r->answer->body, data, n < left ? n : left);
        return n;
    }
    r->no_parts =
        q->part && (status != 206 || !r->has_range || r->range_first != q->first || r->range_last != q->last);
    r->taken += n;
    r->too_large = !r->no_parts && r->taken > (q->part    ? q->last - q->first + 1
                                               : q->limit ? q->limit
                                                          : 1u << 20);
    if (r->no_parts || r->too_large)
        return 0;
    if (!q->take)
        return str_addn(&r->answer->body, data, n), n;
    r->stopped = !q->take(q->owner, data, n);
    return r->stopped ? 0 : n;
}

/* ---- what is asked ---- */

static bool is_here(const char *host)
{
    return strcmp(host, "localhost") == 0 || str_starts(host, "127.") || strcmp(host, "[::1]") == 0;
}

/* Scheme and host of an address; false: it is none that is spoken. */
static bool url_parts(const char *url, bool *secure, char host[256])
{
    CURLU *u = curl_url();
    char *scheme = NULL, *name = NULL;
    bool good = u && curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_HOST, &name, 0) == CURLUE_OK && strlen(name) < 256;
    if (good) {
        *secure = strcasecmp(scheme, "https") == 0;
        good = *secure || strcasecmp(scheme, "http") == 0;
        snprintf(host, 256, "%s", name);
    }
    curl_free(scheme);
    curl_free(name);
    curl_url_cleanup(u);
    return good;
}

static bool may_follow(const char *first, const char *host, const char *const *trust)
{
    if (strcasecmp(first, host) == 0)
        return true;
    for (; trust && *trust; trust++) {
        size_t n = strlen(*trust), h = strlen(host);
        if (strcasecmp(host, *trust) == 0 ||
            (**trust == '.' && n > 1 && h > n && strcasecmp(host + h - n, *trust) == 0))
            return true;
    }
    return false;
}

static void set_up(struct net *n, struct running *r, const char *url, struct curl_slist *headers)
{
    const struct net_request *q = r->request;
    const char *method = q->method ? q->method : "GET";
    double whole = q->whole_seconds ? q->whole_seconds : n->options.whole_seconds;
    CURL *e = n->easy;
    curl_easy_reset(e); /* options only: connections stay */
    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, n->text);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "xfelx");
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)(n->options.connect_seconds * 1000));
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME,
                     n->options.idle_seconds < 1 ? 1L : (long)n->options.idle_seconds);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, whole > 0 ? (long)(whole * 1000) : 0L);
    curl_easy_setopt(e, CURLOPT_FILETIME, 1L);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, r);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
    if (n->ca[0])
        curl_easy_setopt(e, CURLOPT_CAINFO, n->ca);
    if (q->part) {
        char range[64];
        snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)q->first, (unsigned long long)q->last);
        curl_easy_setopt(e, CURLOPT_RANGE, range);
    } else if (!q->take)
        curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    else if (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, q->body ? q->body : "");
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->n_body);
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
}

/* ---- how it ended ---- */

static enum net_class class_of_status(long status)
{
    if (status >= 200 && status <= 299)
        return NET_DONE;
    if (status >= 300 && status <= 399)
        return NET_MOVED;
    if (status == 401 || status == 403 || status == 407)
        return NET_DENIED;
    if (status == 404 || status == 410)
        return NET_ABSENT;
    if (status == 408 || status == 425 || status == 429 || (status >= 500 && status != 501 && status != 505))
        return NET_AGAIN;
    return NET_REFUSED;
}

static enum net_class class_of_code(CURLcode code, const char *text)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return NET_UNTRUSTED;
    case CURLE_SSL_CONNECT_ERROR:
        return strstr(text, "0x0146") ? NET_UNTRUSTED : NET_AGAIN;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_CONTENT_ENCODING:
        return NET_REFUSED;
    case CURLE_FILESIZE_EXCEEDED:
        return NET_TOO_LARGE;
    default:
        return NET_AGAIN;
    }
}

static bool failed(struct net *n, struct running *r, const char *url, CURLcode code, struct error *err)
{
    char shown[NAME_VISIBLE];
    const char *text = n->text[0] ? n->text : curl_easy_strerror(code);
    net_url_shown(url, shown, sizeof shown);
    struct net_answer *a = r->answer;
    a->class = r->too_large  ? NET_TOO_LARGE
               : r->no_parts ? NET_REFUSED
               : r->stopped  ? NET_STOPPED
                             : class_of_code(code, text);
    if (r->too_large)
        return error_set(err, ERROR_UNSUPPORTED, "the answer of %s is larger than expected", shown);
    if (r->no_parts)
        return error_set(err, ERROR_UNSUPPORTED, "%s does not give the part of the file that was asked for",
                         shown);
    if (r->stopped)
        return error_set(err, ERROR_FAILED, "what came from %s could not be taken", shown);
    error_set(err, a->class == NET_AGAIN ? ERROR_IO : ERROR_FAILED, "no answer from %s", shown);
    error_detail(err, "%s", text);
    if (strstr(text, "0x0146"))
        error_hint(err, "the server speaks TLS 1.3 only; put a local proxy before it");
    else if (a->class == NET_UNTRUSTED)
        error_hint(
            err,
            "a facility's own certificates: xfelx.tls.ca_file; the host's name must be the certificate's");
    return false;
}

/* One hop. True when an answer of whatever status came whole. */
static bool one_hop(struct net *n, struct running *r, const char *url, const char *authorization,
                    struct error *err)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    struct str line = {0};
    for (const char *const *h = r->request->headers; h && *h; h++)
        headers = curl_slist_append(headers, *h);
    if (*authorization) {
        str_printf(&line, "Authorization: %s", authorization);
        headers = curl_slist_append(headers, line.text);
    }
    str_free(&line);
    set_up(n, r, url, headers);
    n->text[0] = '\0';
    CURLcode code = curl_easy_perform(n->easy);
    curl_slist_free_all(headers);
    long status = 0;
    curl_off_t length = -1, modified = -1;
    char *type = NULL;
    curl_easy_getinfo(n->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(n->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    curl_easy_getinfo(n->easy, CURLINFO_FILETIME_T, &modified);
    curl_easy_getinfo(n->easy, CURLINFO_CONTENT_TYPE, &type);
    r->answer->status = (int)status;
    if (!r->request->part && length >= 0)
        r->answer->size = (int64_t)length;
    r->answer->modified_ns = modified > 0 ? (int64_t)modified * 1000000000 : 0;
    snprintf(r->answer->type, sizeof r->answer->type, "%s", type ? type : "");
    if (code != CURLE_OK)
        return failed(n, r, url, code, err);
    /* an empty success for a part that is not empty: XRootD does this (FACILITY 3.5) */
    if (r->request->part && class_of_status(status) == NET_DONE &&
        r->taken != r->request->last - r->request->first + 1) {
        r->no_parts = true;
        return failed(n, r, url, CURLE_PARTIAL_FILE, err);
    }
    return true;
}

static bool refused(struct net *n, struct running *r, const char *url, struct error *err)
{
    (void)n;
    char shown[NAME_VISIBLE], said[200];
    struct net_answer *a = r->answer;
    net_url_shown(url, shown, sizeof shown);
    static const int codes[NET_CLASSES] = {[NET_AGAIN] = ERROR_IO, [NET_ABSENT] = ERROR_MISSING};
    enum error_code code = codes[a->class] ? (enum error_code)codes[a->class] : ERROR_FAILED;
    error_set(err, code, "%s answered %d%s", shown, a->status,
              a->class == NET_DENIED   ? ": not authorised"
              : a->class == NET_ABSENT ? ": not there"
              : a->class == NET_MOVED  ? ": moved elsewhere"
                                       : "");
    snprintf(said, sizeof said, "%.*s", (int)strcspn(a->body.text ? a->body.text : "", "\r\n"),
             a->body.text ? a->body.text : "");
    if (*said)
        error_detail(err, "%s", said);
    return false;
}

bool net_fetch(struct net *n, const struct net_request *q, struct net_answer *a, struct error *err)
{
    char first_host[256] = "", host[256] = "", shown[NAME_VISIBLE];
    bool secure = false, was_secure = false, good = false;
    struct str url = {0}, authorization = {0};
    const char *method = q->method ? q->method : "GET";
    str_clear(&a->body);
    *a = (struct net_answer){.body = a->body, .size = -1, .class = NET_REFUSED};
    str_add(&url, q->url);
    for (int hop = 0;; hop++) {
        net_url_shown(url.text, shown, sizeof shown);
        a->class = NET_REFUSED;
        if (!url_parts(url.text, &secure, host)) {
            error_set(err, ERROR_USAGE, "'%s' is no address that can be asked", shown);
            error_hint(err, "http:// or https:// and a host, without user and password");
            break;
        }
        if (hop == 0)
            memcpy(first_host, host, sizeof host);
        if (was_secure && !secure) {
            a->class = NET_MOVED;
            error_set(err, ERROR_FAILED, "redirected from https to plain %s", shown);
            break;
        }
        was_secure = secure;
        if (secure && !n->ca[0]) {
            a->class = NET_UNTRUSTED;
            if (err)
                *err = n->no_ca;
            break;
        }
        a->class = NET_STOPPED;
        if (!net_authorization(may_follow(first_host, host, q->trust) ? q->auth : NULL, &authorization, err))
            break;
        if (authorization.len && !secure && !is_here(host)) {
            a->class = NET_REFUSED;
            error_set(err, ERROR_USAGE, "credentials are not sent to %s", shown);
            error_hint(err, "use https");
            break;
        }
        struct running r = {.request = q, .answer = a, .easy = n->easy};
        str_clear(&a->body);
        if (!one_hop(n, &r, url.text, authorization.text, err))
            break;
        a->class = class_of_status(a->status);
        char *next = NULL;
        curl_easy_getinfo(n->easy, CURLINFO_REDIRECT_URL, &next);
        bool repeatable = strcmp(method, "POST") != 0 && strcmp(method, "PUT") != 0;
        if (a->class == NET_MOVED && next && repeatable && hop < q->redirects) {
            struct str copy = {0};
            str_add(&copy, next);
            str_free(&url);
            url = copy;
            continue;
        }
        good = a->class == NET_DONE || refused(n, &r, url.text, err);
        break;
    }
    str_free(&url);
    str_free(&authorization);
    if (!a->body.text)
        str_add(&a->body, "");
    return good;
}
