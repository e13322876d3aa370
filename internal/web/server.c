/* server.c - HTTP by libmicrohttpd: what its one thread does with each request.
 *
 * A request is an `exchange`, made when its first line was read and freed when its answer is out. First call of the handler (head
 * complete): everything that can be refused without a body is. Last call (body complete): answered at once from memory, or by a worker
 * while the connection sleeps. Nothing here waits.
 */
#include "web/private.h"

#include "web/reply.h"
#include "web/upload.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    POOL_BYTES = 8192, /* head and answer's head of a connection */
    CONNECTIONS_MOST = 12000,
    PER_ADDRESS = 256,
    IDLE_S = 60, /* nothing came and nothing went */
    FIELDS_MOST = 64,
};

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
    struct cache_waiter waiter; /* for the answer to somebody else's same question */
    bool begun, closes;
    bool made;             /* by a worker: to be sent at the handler's next call */
    struct upload *upload; /* ROUTE_UPLOAD: the file that the body goes to */
    bool uploads, failed;  /* counted in web.uploads; the answer is an error, and what comes is thrown away */
};

/* ---- a request begins and ends ---- */

static struct connection *connection_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* From now on the connection has so many seconds; 0: as long as it likes. */
static void allow(struct web *w, struct MHD_Connection *connection, int seconds)
{
    struct connection *c = connection_of(connection);
    if (c)
        connection_allow(w->connections, c, seconds, clock_monotonic());
}

static void *begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct web *w = cls;
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->web = w;
    x->connection = connection;
    x->start_ns = clock_monotonic();
    x->refused = target_parse(uri, w->prefix, &x->target);
    allow(w, connection, CONNECTION_HEAD_S); /* of the second request too */
    return x;
}

static void end(void *cls, struct MHD_Connection *connection, void **con_cls,
                enum MHD_RequestTerminationCode why)
{
    (void)why;
    struct web *w = cls;
    struct exchange *x = *con_cls;
    if (!x)
        return;
    allow(w, connection, 0);
    metrics_count(&w->metrics, x->a.status, clock_monotonic() - x->start_ns);
    w->uploads -= x->uploads;
    upload_drop(x->upload);
    answer_free(&x->a);
    str_free(&x->body);
    free(x);
    *con_cls = NULL;
}

static void notice(void *cls, struct MHD_Connection *connection, void **socket_context,
                   enum MHD_ConnectionNotificationCode what)
{
    struct web *w = cls;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *socket_context = info ? connection_open(w->connections, info->connect_fd, clock_monotonic()) : NULL;
    } else if (*socket_context) {
        connection_close(w->connections, *socket_context);
        *socket_context = NULL;
    }
}

static enum MHD_Result send_answer(struct exchange *x)
{
    struct connections *all = x->web->connections;
    return reply_send(all, connection_of(x->connection), x->connection, &x->a, x->closes) ? MHD_YES : MHD_NO;
}

/* closes: what follows on this connection is not to be trusted, or is a body that nobody wants: answered at once, which ends it. Else the
 * answer waits for the handler's next call, and the connection goes on. */
static enum MHD_Result refuse(struct exchange *x, int status, const char *code, const char *text, bool closes)
{
    const char *length = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Content-Length");
    answer_error(&x->a, status, code, text, NULL);
    x->closes = closes || (length && strcmp(length, "0") != 0); /* there is no route that would take it */
    x->made = !x->closes;
    return x->closes ? send_answer(x) : MHD_YES;
}

/* ---- what is looked at before a body comes ---- */

struct fields {
    int n, hosts, lengths, encodings;
    bool expects;
};

static enum MHD_Result count_field(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind, (void)value;
    struct fields *f = cls;
    f->n++;
    f->hosts += str_same_nocase(key, MHD_HTTP_HEADER_HOST);
    f->lengths += str_same_nocase(key, MHD_HTTP_HEADER_CONTENT_LENGTH);
    f->encodings += str_same_nocase(key, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    f->expects |= str_same_nocase(key, MHD_HTTP_HEADER_EXPECT);
    return MHD_YES;
}

static const char *field(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

/* The framing of the request (WEB 2.1.3). 0, or the answer is queued. */
static int bad_framing(struct exchange *x, enum MHD_Result *result)
{
    struct fields f = {0};
    MHD_get_connection_values(x->connection, MHD_HEADER_KIND, count_field, &f);
    const char *length = field(x, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (x->refused)
        *result = refuse(x, x->refused, x->refused == 404 ? "no_such_page" : "bad_request",
                         x->refused == 414 ? "the address is too long" : "this is no address of a page here",
                         x->refused != 404);
    else if (f.n > FIELDS_MOST)
        *result = refuse(x, 431, "too_many_fields", "more header fields than are read", true);
    else if (f.encodings)
        *result = refuse(x, 501, "no_encodings", "bodies come with their length here", true);
    else if (f.hosts > 1 || f.lengths > 1 ||
             (length && (!*length || strspn(length, "0123456789") != strlen(length) || strlen(length) > 18)))
        *result = refuse(x, 400, "bad_request", "the head of the request cannot be understood", true);
    else if (f.expects)
        *result = refuse(x, 417, "no_expectations", "send the body at once", true);
    else
        return 0;
    return 1;
}

/* The address of who asks; behind a proxy on this machine the last one that it names. */
static void find_address(struct exchange *x)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct sockaddr_storage address = {0};
    if (info && info->client_addr) {
        size_t size = info->client_addr->sa_family == AF_INET6  ? sizeof(struct sockaddr_in6)
                      : info->client_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                                : sizeof(sa_family_t);
        memcpy(&address, info->client_addr, size);
    }
    listen_text(&address, false, x->address);
    const char *forwarded = x->web->options.proxied ? field(x, "X-Forwarded-For") : NULL;
    if (!forwarded)
        return;
    const char *last = strrchr(forwarded, ',');
    last = last ? last + 1 + strspn(last + 1, " ") : forwarded;
    if (*last && strspn(last, "0123456789abcdefABCDEF:.") == strlen(last))
        snprintf(x->address, sizeof x->address, "%.63s", last);
}

/* A proxy may say below which path we stand: only what a path is made of is believed. */
static void find_prefix(struct exchange *x)
{
    const char *p = x->web->options.proxied ? field(x, "X-Forwarded-Prefix") : NULL;
    snprintf(x->prefix, sizeof x->prefix, "%s", x->web->prefix);
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._~-";
    if (!p || p[0] != '/' || strlen(p) > 200 || strspn(p, allowed) != strlen(p) || strstr(p, "//"))
        return;
    snprintf(x->prefix, sizeof x->prefix, "%s%s", p, str_ends(p, "/") ? "" : "/");
}

static void fill_request(struct exchange *x)
{
    const char *encodings = field(x, MHD_HTTP_HEADER_ACCEPT_ENCODING), *proto = field(x, "X-Forwarded-Proto");
    find_address(x);
    find_prefix(x);
    x->q.target = &x->target;
    x->q.address = x->address;
    x->q.prefix = x->prefix;
    x->q.if_none_match = field(x, MHD_HTTP_HEADER_IF_NONE_MATCH);
    x->q.gzip = encodings && strstr(encodings, "gzip");
    x->q.secure =
        x->web->options.tls_cert || (x->web->options.proxied && proto && str_same_nocase(proto, "https"));
    x->q.read_only = x->web->options.read_only;
    x->q.role = x->verdict.role;
    x->q.name = x->verdict.name;
}

static void ask_gate(struct exchange *x, bool changes)
{
    const struct gate_request g = {
        .host = field(x, MHD_HTTP_HEADER_HOST),
        .cookie = field(x, MHD_HTTP_HEADER_COOKIE),
        .authorization = field(x, MHD_HTTP_HEADER_AUTHORIZATION),
        .x_xfelx = field(x, "X-Xfelx"),
        .origin = field(x, "Origin"),
        .fetch_site = field(x, "Sec-Fetch-Site"),
        .content_type = field(x, MHD_HTTP_HEADER_CONTENT_TYPE),
        .address = x->address,
        .changes = changes,
        .bytes = x->route->kind == ROUTE_UPLOAD,
        .local = x->web->local,
    };
    gate_check(x->web->gate, &g, x->route->role, clock_now(), &x->verdict);
}

static bool is_get(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static enum MHD_Result no_route(struct exchange *x, const char *allow)
{
    x->a.allow = allow;
    if (allow)
        return refuse(x, 405, "not_that_way", "this address is not asked in that way", !is_get(x->method));
    return refuse(x, 404, "no_such_page", "there is no such address here", !is_get(x->method));
}

/* A file is announced: whether there is a place for it is seen by a worker, when its first bytes are there. */
static enum MHD_Result begin_upload(struct exchange *x, int64_t size)
{
    if (size == 0)
        return refuse(x, 411, "empty", "a file comes with its length, which is not 0", true);
    if (x->web->uploads == UPLOADS_AT_ONCE)
        return refuse(x, 503, "busy", "others hand over files just now; again in a moment", true);
    x->uploads = true;
    x->web->uploads++;
    x->q.body_size = (size_t)size;
    allow(x->web, x->connection, CONNECTION_BODY_S + (int)(size / UPLOAD_BYTES_A_SECOND));
    return MHD_YES;
}

/* The head is there. MHD_YES with nothing queued: go on. */
static enum MHD_Result look_at_head(struct exchange *x, const char *method)
{
    enum MHD_Result result;
    const char *allow = NULL, *length = field(x, MHD_HTTP_HEADER_CONTENT_LENGTH);
    fill_request(x);
    if (bad_framing(x, &result))
        return result;
    x->route = route_find(method, x->target.path, x->q.parts, &allow);
    bool upload = x->route && x->route->kind == ROUTE_UPLOAD;
    bool changes = upload || (x->route && x->route->kind == ROUTE_CHANGE);
    if (!x->route || (changes && x->web->options.read_only))
        return no_route(x, x->route ? NULL : allow);
    ask_gate(x, changes);
    fill_request(x);
    if (x->verdict.status)
        return refuse(x, x->verdict.status, x->verdict.code, x->verdict.text, !is_get(method));
    int64_t size = 0;
    if (length && str_to_i64(length, &size) && size > (int64_t)x->route->body_most)
        return refuse(x, 413, "too_large", "more than may be sent to this address", true);
    return upload ? begin_upload(x, size) : MHD_YES;
}

static bool take_body(struct exchange *x, const char *data, size_t n)
{
    if (x->body.len + n > x->route->body_most)
        return false;
    str_addn(&x->body, data, n);
    return true;
}

/* ---- by a worker; answers of the store are the same for everybody who may ask ---- */

static void wake(void *connection)
{
    MHD_resume_connection(connection);
}

static bool is_shared(const struct exchange *x)
{
    return x->route->kind == ROUTE_STORE;
}

/* The answer is there. */
static void give(struct exchange *x)
{
    answer_if_new(&x->a, &x->q);
    x->made = true;
    wake(x->connection);
}

/* To all that asked the same meanwhile, too. */
static void give_all(struct exchange *x, const char *key)
{
    struct web_answer made;
    struct cache *cache = x->web->cache;
    answer_share(&made, &x->a);
    for (struct cache_waiter *w = cache_answered(cache, key), *next; w; w = next) {
        struct exchange *other = (struct exchange *)((char *)w - offsetof(struct exchange, waiter));
        next = w->next;
        answer_share(&other->a, &made);
        give(other);
    }
    answer_free(&made);
    give(x); /* the last: it may be gone afterwards */
}

static void find_answer(struct exchange *x, struct store *s, const struct error *why)
{
    if (s) {
        x->route->answer(x->web, s, &x->q, &x->a);
        if (x->a.status >= 500)
            pool_store_failed();
    } else {
        answer_failed(&x->a, why);
        x->a.status = 503;
    }
    answer_finish(&x->a, &x->q);
}

static void work(void *arg, struct store *s, const struct error *why)
{
    struct exchange *x = arg;
    if (!is_shared(x)) {
        find_answer(x, s, why);
        give(x);
        return;
    }
    char key[TARGET_KEY];
    target_key(&x->target, x->q.gzip, key);
    int64_t seq = watch_seq(x->web->watch);
    find_answer(x, s, why);
    if (!answer_seal(&x->a))
        answer_error(&x->a, 503, "busy", "out of memory", NULL);
    if (strcmp(x->a.cache, "no-store") != 0)
        cache_put(x->web->cache, key, seq, clock_monotonic(), &x->a);
    give_all(x, key);
}

static void refuse_busy(struct exchange *x)
{
    answer_error(&x->a, 503, "busy", "more is asked than can be answered; again in a second", NULL);
    x->made = true;
    wake(x->connection);
}

/* By whoever was answered the same within the last second, by whoever is being answered the same, or by a worker. */
static enum MHD_Result ask_worker(struct exchange *x)
{
    const struct pool_job job = {work, x, x->route->kind == ROUTE_CHANGE};
    struct web *w = x->web;
    char key[TARGET_KEY];
    target_key(&x->target, x->q.gzip, key);
    if (is_shared(x) && cache_get(w->cache, key, watch_seq(w->watch), clock_monotonic(), &x->a)) {
        answer_if_new(&x->a, &x->q);
        return send_answer(x);
    }
    MHD_suspend_connection(x->connection);
    if (is_shared(x) && cache_join(w->cache, key, &x->waiter))
        return MHD_YES;
    if (!pool_put(x->route->kind == ROUTE_SLOW ? w->slow : w->pool, &job)) {
        if (is_shared(x))
            cache_answered(w->cache, key); /* nobody waits yet: this thread alone lets them */
        refuse_busy(x);
    }
    return MHD_YES;
}

/* ---- files, a piece after the other ---- */

/* What has come goes to the file, which is made for the first of it. */
static bool put_piece(struct exchange *x, struct error *err)
{
    bool ok = x->upload || upload_begin(x->web->options.handed, (int64_t)x->q.body_size, &x->upload, err);
    ok = ok && upload_add(x->upload, x->body.text, x->body.len, err);
    str_clear(&x->body);
    return ok;
}

static void upload_failed(struct exchange *x, const struct error *err)
{
    answer_failed(&x->a, err);
    x->a.status = err->code == ERROR_NO_SPACE ? 507 : err->code == ERROR_MISSING ? 409 : 500;
    x->failed = true;
}

static void work_piece(void *arg, struct store *s, const struct error *why)
{
    (void)s, (void)why;
    struct exchange *x = arg;
    struct error err = {0};
    if (!put_piece(x, &err))
        upload_failed(x, &err);
    wake(x->connection);
}

static void work_last(void *arg, struct store *s, const struct error *why)
{
    (void)why;
    struct exchange *x = arg;
    struct error err = {0};
    char name[65];
    bool ok = put_piece(x, &err);
    if (ok) {
        ok = upload_end(x->upload, name, &err);
        x->upload = NULL;
    }
    if (ok) {
        x->q.body = name;
        x->route->answer(x->web, s, &x->q, &x->a);
    } else {
        upload_failed(x, &err);
    }
    answer_finish(&x->a, &x->q);
    x->made = true;
    wake(x->connection);
}

/* A worker takes it while the connection sleeps. */
static void hand_over(struct exchange *x, void (*how)(void *, struct store *, const struct error *))
{
    const struct pool_job job = {how, x, false};
    MHD_suspend_connection(x->connection);
    if (pool_put(x->web->slow, &job))
        return;
    answer_error(&x->a, 503, "busy", "more is asked than can be answered; again in a second", NULL);
    x->failed = true;
    x->made = how == work_last;
    wake(x->connection);
}

/* Bytes of a file have come. What follows a failure is taken and forgotten: an answer can only be sent when all has come. */
static enum MHD_Result take_piece(struct exchange *x, const char *data, size_t n)
{
    if (x->failed)
        return MHD_YES;
    str_addn(&x->body, data, n);
    if (x->body.len >= UPLOAD_PIECE)
        hand_over(x, work_piece);
    return MHD_YES;
}

static enum MHD_Result end_upload(struct exchange *x)
{
    if (x->failed)
        return answer_finish(&x->a, &x->q), send_answer(x);
    hand_over(x, work_last);
    return MHD_YES;
}

/* ---- streams ---- */

static void before_sleep(void *connection)
{
    MHD_suspend_connection(connection);
}

static ssize_t read_stream(void *stream, uint64_t at, char *out, size_t room)
{
    (void)at;
    long n = stream_read(stream, out, room, before_sleep);
    return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void close_stream(void *stream)
{
    stream_close(stream);
}

static enum MHD_Result start_stream(struct exchange *x)
{
    const char *last = field(x, "Last-Event-ID"), *since = last ? last : target_value(&x->target, "since");
    int64_t from = -1;
    if (since && (!str_to_i64(since, &from) || from < 0))
        from = -1;
    struct stream *stream = stream_open(x->web->events, from, wake, x->connection);
    if (!stream)
        return MHD_NO;
    struct MHD_Response *r =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, EVENT_MOST, read_stream, stream, close_stream);
    if (!r) {
        stream_close(stream);
        return MHD_NO;
    }
    reply_add_always(r);
    reply_add(r, "Content-Type", "text/event-stream");
    reply_add(r, "Cache-Control", "no-store");
    reply_add(r, "X-Accel-Buffering", "no"); /* nginx would collect events else */
    x->a.status = 200;
    allow(x->web, x->connection, 0); /* as long as it reads */
    enum MHD_Result result = MHD_queue_response(x->connection, 200, r);
    MHD_destroy_response(r);
    return result;
}

/* ---- the handler ---- */

/* The body is there. */
static enum MHD_Result answer(struct exchange *x)
{
    if (!x->body.text)
        str_add(&x->body, "");
    if (!x->uploads) {
        x->q.body = x->body.text;
        x->q.body_size = x->body.len;
    }
    struct connection *c = connection_of(x->connection);
    if (c) /* the client has said all: how long an answer takes, and a stream lasts, is ours */
        connection_allow(x->web->connections, c, 0, clock_monotonic());
    if (x->route->kind == ROUTE_EVENTS)
        return start_stream(x);
    if (x->route->kind == ROUTE_UPLOAD)
        return end_upload(x);
    if (x->route->kind == ROUTE_DIRECT) {
        x->route->answer(x->web, NULL, &x->q, &x->a);
        if (!x->a.fixed)
            answer_finish(&x->a, &x->q);
        answer_if_new(&x->a, &x->q);
        return send_answer(x);
    }
    return ask_worker(x);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data, size_t *n,
                              void **con_cls)
{
    (void)url, (void)version;
    struct web *w = cls;
    struct exchange *x = *con_cls;
    if (!x)
        return MHD_NO;
    if (x->begun && x->made && *n == 0)
        return send_answer(x);
    if (*n && x->uploads && !x->made) {
        size_t come = *n;
        *n = 0;
        return take_piece(x, data, come);
    }
    if (!x->begun) {
        allow(w, connection, CONNECTION_BODY_S);
        x->begun = true;
        x->method = method;
        return look_at_head(x, method);
    }
    if (*n) {
        if (x->made || !x->route || !take_body(x, data, *n))
            return MHD_NO; /* more than it had announced: nothing is answered */
        *n = 0;
        return MHD_YES;
    }
    return answer(x);
}

/* ---- start and stop ---- */

/* As many files as the system lets us have, less what the store and the rest need. */
size_t server_connections(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0)
        return 512;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
    getrlimit(RLIMIT_NOFILE, &r);
    if (r.rlim_cur < 1024)
        log_warn("only %s may be open: so few connections are answered", COUNT(r.rlim_cur, "file"));
    rlim_t spare = 128, most = r.rlim_cur > 2 * spare ? r.rlim_cur - spare : r.rlim_cur / 2;
    return most < CONNECTIONS_MOST ? (size_t)most : CONNECTIONS_MOST;
}

size_t server_per_address(const struct web *w)
{
    return w->loopback || w->options.proxied ? 0 : PER_ADDRESS;
}

bool server_start(struct web *w, int fd, struct error *err)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    w->connections = connections_make();
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)server_connections(), NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)server_per_address(w), NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {fd >= 0 ? MHD_OPTION_LISTEN_SOCKET : MHD_OPTION_END, fd, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    if (fd < 0)
        flags |= MHD_USE_NO_LISTEN_SOCKET;
    w->daemon = w->connections
                    ? MHD_start_daemon(flags, 0, NULL, NULL, handle, w, MHD_OPTION_URI_LOG_CALLBACK, begin, w,
                                       MHD_OPTION_NOTIFY_COMPLETED, end, w, MHD_OPTION_NOTIFY_CONNECTION,
                                       notice, w, MHD_OPTION_ARRAY, options, MHD_OPTION_END)
                    : NULL;
    if (!w->daemon)
        return error_set(err, ERROR_FAILED, "the HTTP server cannot be started");
    return true;
}

bool server_take(struct web *w, int fd, const struct sockaddr_storage *address, socklen_t size)
{
    return MHD_add_connection(w->daemon, fd, (const struct sockaddr *)address, size) == MHD_YES;
}

void server_tick(struct web *w)
{
    if (w->tls)
        tls_renewal_look(&w->renewal, w->tls, clock_monotonic());
    connections_end_late(w->connections, clock_monotonic());
    cache_tidy(w->cache, clock_monotonic());
    w->metrics.connections = (int64_t)connections_open(w->connections);
}

void server_quiet(struct web *w)
{
    int fd = w->daemon ? MHD_quiesce_daemon(w->daemon) : -1;
    if (fd >= 0)
        close(fd);
    tls_quiet(w->tls);
}

void server_stop(struct web *w)
{
    if (w->daemon)
        MHD_stop_daemon(w->daemon);
    w->daemon = NULL;
    tls_stop(w->tls); /* after the server, so that its last words go out */
    w->tls = NULL;
    connections_free(w->connections);
    w->connections = NULL;
}
