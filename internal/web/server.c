/* server.c - HTTP by libmicrohttpd: what its one thread does with each request.
 *
 * A request is an `exchange`, made when its first line was read and freed when its answer is out. First call of the handler (head
 * complete): everything that can be refused without a body is. Last call (body complete): answered at once from memory, or by a worker
 * while the connection sleeps. Nothing here waits.
 */
#include "web/exchange.h"

#include "web/reply.h"
#include "web/upload.h"

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
};

/* ---- a request begins and ends ---- */

static struct connection *connection_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void exchange_allow(struct exchange *x, int seconds)
{
    struct connection *c = connection_of(x->connection);
    if (c)
        connection_allow(x->web->connections, c, seconds, clock_monotonic());
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
    exchange_allow(x, CONNECTION_HEAD_S); /* of the second request too */
    return x;
}

static void end(void *cls, struct MHD_Connection *connection, void **con_cls,
                enum MHD_RequestTerminationCode why)
{
    (void)connection, (void)why;
    struct web *w = cls;
    struct exchange *x = *con_cls;
    if (!x)
        return;
    exchange_allow(x, 0);
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

enum MHD_Result exchange_send(struct exchange *x)
{
    struct connections *all = x->web->connections;
    return reply_send(all, connection_of(x->connection), x->connection, &x->a, x->closes) ? MHD_YES : MHD_NO;
}

enum MHD_Result exchange_refuse(struct exchange *x, int status, const char *code, const char *text,
                                bool closes)
{
    const char *length = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "Content-Length");
    answer_error(&x->a, status, code, text, NULL);
    x->closes = closes || (length && strcmp(length, "0") != 0); /* there is no route that would take it */
    x->made = !x->closes;
    return x->closes ? exchange_send(x) : MHD_YES;
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
    const char *last = exchange_field(x, "Last-Event-ID"),
               *since = last ? last : target_value(&x->target, "since");
    int64_t from = -1;
    if (since && (!str_to_i64(since, &from) || from < 0))
        from = -1;
    struct stream *stream = stream_open(x->web->events, from, exchange_wake, x->connection);
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
    exchange_allow(x, 0); /* as long as it reads */
    enum MHD_Result result = MHD_queue_response(x->connection, 200, r);
    MHD_destroy_response(r);
    return result;
}

/* ---- the handler ---- */

static bool take_body(struct exchange *x, const char *data, size_t n)
{
    if (x->body.len + n > x->route->body_most)
        return false;
    str_addn(&x->body, data, n);
    return true;
}

/* The body is there. */
static enum MHD_Result answer(struct exchange *x)
{
    if (!x->body.text)
        str_add(&x->body, "");
    if (!x->uploads) {
        x->q.body = x->body.text;
        x->q.body_size = x->body.len;
    }
    exchange_allow(x, 0); /* the client has said all: how long an answer takes, and a stream lasts, is ours */
    if (x->route->kind == ROUTE_EVENTS)
        return start_stream(x);
    if (x->route->kind == ROUTE_UPLOAD)
        return exchange_end_file(x);
    if (x->route->kind == ROUTE_DIRECT) {
        x->route->answer(x->web, NULL, &x->q, &x->a);
        if (!x->a.fixed)
            answer_finish(&x->a, &x->q);
        answer_if_new(&x->a, &x->q);
        return exchange_send(x);
    }
    return exchange_ask_worker(x);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data, size_t *n,
                              void **con_cls)
{
    (void)cls, (void)connection, (void)url, (void)version;
    struct exchange *x = *con_cls;
    if (!x)
        return MHD_NO;
    if (x->begun && x->made && *n == 0)
        return exchange_send(x);
    if (*n && x->uploads && !x->made) {
        size_t come = *n;
        *n = 0;
        return exchange_take_piece(x, data, come);
    }
    if (!x->begun) {
        exchange_allow(x, CONNECTION_BODY_S);
        x->begun = true;
        x->method = method;
        return exchange_look_at_head(x, method);
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
