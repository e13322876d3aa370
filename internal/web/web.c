/* web.c - the server as a whole: from options to threads, and back. See web.h. */
#include "web/web.h"

#include "view/view.h"
#include "web/private.h"
#include "web/tunes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { JOBS_MOST = 64, WORKERS_MOST = 4, SLOW_WORKERS = 3, GOOD_BYE_MS = 1000 };
enum { SHELF_BYTES = 192 << 20 }; /* of decoded frames: three of 16 Mpx, or twenty of 4 Mpx */

static bool set_prefix(struct web *w, struct error *err)
{
    const char *p = w->options.prefix ? w->options.prefix : "/";
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._~-";
    if (p[0] != '/' || strlen(p) > 200 || strspn(p, allowed) != strlen(p) || strstr(p, "//") ||
        strstr(p, ".."))
        return error_set(err, ERROR_USAGE, "\"%s\" is no path for --prefix", p),
               error_hint(err, "it looks like /xfelx/");
    snprintf(w->prefix, sizeof w->prefix, "%s%s", p, str_ends(p, "/") ? "" : "/");
    return true;
}

/* Who could come in, and is that meant? */
static bool is_safe(const struct web *w, const struct listen_address *l, struct error *err)
{
    const struct web_options *o = &w->options;
    if (!o->tls_cert != !o->tls_key)
        return error_set(err, ERROR_USAGE, "--tls-cert and --tls-key go together");
    if (o->no_token && o->token_file)
        return error_set(err, ERROR_USAGE, "--no-token and --token-file contradict each other");
    if (l->local && o->tls_cert)
        return error_set(err, ERROR_USAGE, "a unix socket needs no TLS");
    if (l->loopback)
        return true;
    if (!o->tls_cert && !o->proxied)
        return error_set(err, ERROR_USAGE,
                         "%s can be reached from other machines, and nothing would be encrypted", o->listen),
               error_hint(
                   err, "serve at 127.0.0.1 and use ssh -L 8080:127.0.0.1:8080 HOST; or give --tls-cert and "
                        "--tls-key, or --behind-proxy when a proxy in front does TLS");
    if (!o->token_file)
        return error_set(err, ERROR_USAGE, "%s can be reached from other machines: give --token-file",
                         o->listen),
               error_hint(err, "its lines are: reader|editor NAME SECRET");
    return true;
}

static bool make_gate(struct web *w, const char *name, struct error *err)
{
    const char *user = getenv("USER");
    const struct gate_options g = {
        .token_file = w->options.token_file,
        .user = user && *user ? user : "local",
        .hosts = w->options.hosts,
        .n_hosts = w->options.n_hosts,
        .open = w->options.no_token || w->local,
        .secure = w->options.tls_cert != NULL,
        .proxied = w->options.proxied,
        .prefix = w->prefix,
        .instance = arena_printf(&w->arena, "%s %d %lld", name, (int)getpid(), (long long)clock_now())};
    return gate_make(&g, &w->gate, err);
}

static void make_link(struct web *w, const char *at)
{
    const char *token = gate_token(w->gate);
    if (w->local)
        snprintf(w->link, sizeof w->link, "%s", w->options.listen);
    else
        snprintf(w->link, sizeof w->link, "%s://%s%s%s%s", w->options.tls_cert ? "https" : "http", at,
                 w->prefix, token ? "?t=" : "", token ? token : "");
}

enum { TLS_MOST = 4000, FILES_A_CLIENT = 3 /* its socket and a pair */ };

static bool take_client(void *web, int fd, const struct sockaddr_storage *address, socklen_t size)
{
    return server_take(web, fd, address, size);
}

/* HTTP at the socket, or behind TLS at the socket. The socket is the server's afterwards. */
static bool open_door(struct web *w, int fd, struct tls_identity *identity, struct error *err)
{
    if (!identity)
        return server_start(w, fd, err);
    size_t most = server_connections() / FILES_A_CLIENT;
    const struct tls_options o = {.fd = fd,
                                  .most = most < TLS_MOST ? most : TLS_MOST,
                                  .per_address = server_per_address(w),
                                  .take = take_client,
                                  .owner = w};
    return server_start(w, -1, err) && (w->tls = tls_start(&o, identity, err));
}

static bool start_at(struct web *w, const struct listen_address *l, struct tls_identity *identity,
                     struct error *err)
{
    char at[80];
    int fd = listen_open(l, w->options.listen, err);
    if (fd < 0)
        return false;
    listen_name(fd, at);
    make_link(w, at);
    assets_make(&w->arena, &w->assets);
    w->events = events_make();
    w->cache = cache_make();
    int cpus = proc_cpus();
    w->pool = pool_make(w->options.store, cpus < WORKERS_MOST ? cpus : WORKERS_MOST, JOBS_MOST, err);
    w->slow = pool_make(w->options.store, SLOW_WORKERS, JOBS_MOST, err);
    w->shelf = view_shelf_make(SHELF_BYTES, 0);
    w->tunes = tunes_make();
    if (!w->events || !w->cache || !w->pool || !w->slow || !w->shelf || !w->tunes ||
        !open_door(w, fd, identity, err)) {
        close(fd);
        return false;
    }
    w->daemon_ran = true;
    w->watch = watch_start(w, err);
    return w->watch != NULL;
}

static bool start(struct web *w, struct error *err)
{
    struct listen_address l;
    struct tls_identity *identity = NULL;
    if (!set_prefix(w, err) || !listen_parse(w->options.listen, &l, err) || !is_safe(w, &l, err))
        return false;
    w->local = l.local;
    w->loopback = l.loopback && !w->options.proxied;
    w->start_ns = clock_now();
    w->metrics.store_ns = w->metrics.lag_ns = -1;
    if (!make_gate(w, w->options.listen,
                   err)) /* before the port is taken: a bad token file touches nothing */
        return false;
    if (w->options.tls_cert &&
        !tls_renewal_begin(&w->renewal, w->options.tls_cert, w->options.tls_key, &identity, err))
        return false;
    w->has_renewal = w->options.tls_cert != NULL;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!w->options.no_token || identity)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core file with secrets */
    bool ok = start_at(w, &l, identity, err);
    tls_identity_drop(identity);
    return ok;
}

bool web_start(const struct web_options *o, struct web **out, struct error *err)
{
    struct web *w = calloc(1, sizeof *w);
    if (!w)
        return error_set(err, ERROR_MEMORY, "out of memory");
    w->options = *o;
    if (!start(w, err)) {
        web_stop(w);
        return false;
    }
    *out = w;
    return true;
}

const char *web_link(const struct web *w)
{
    return w->link;
}

bool web_reload(struct web *w, struct error *err)
{
    return !w->tls || tls_renewal_read(&w->renewal, w->tls, err);
}

/* Nobody new; pages are told; what is being answered is answered; then the threads end. */
void web_stop(struct web *w)
{
    if (!w)
        return;
    server_quiet(w);
    watch_stop(w->watch);
    if (w->events) {
        events_put(w->events, "bye", "{}");
        events_end(w->events);
    }
    for (int i = 0; w->events && events_streams(w->events) > 0 && i < GOOD_BYE_MS / 5; i++)
        usleep(5000); /* who reads hears it; who does not is not waited for */
    tunes_stop(w->tunes);
    pool_stop(w->pool);
    pool_stop(w->slow);
    server_stop(w);
    pool_free(w->pool);
    pool_free(w->slow);
    view_shelf_free(w->shelf);
    tunes_free(w->tunes);
    events_free(w->events);
    cache_free(w->cache);
    assets_free(&w->assets);
    if (w->has_renewal)
        tls_renewal_end(&w->renewal);
    gate_free(w->gate);
    arena_free(&w->arena);
    if (w->local && w->daemon_ran)
        unlink(w->options.listen + 5);
    free(w);
}
