/* tls.c - the thread that speaks TLS with the clients; see tls.h.
 *
 * Sockets are watched edge-triggered, both of a client under one address: whatever happens, everything is moved that can be
 * (tls_session_move), so nothing has to be remembered of what was waited for. Who could go on at once waits in a row for the next turn.
 */
#include "web/tls.h"

#include "web/tls_session.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
enum { EVENTS = 256, PAIR_BYTES = 32 << 10 /* of each end: a client that does not read costs no more */ };

enum stage {
    STAGE_FIRST, /* nothing came yet */
    STAGE_KEYS,
    STAGE_OPEN,
    STAGE_BYE, /* our side is closed; what still comes is thrown away, since unread bytes would make a reset of the last answer */
    STAGE_DEAD, /* freed when the present events are done */
};

struct client {
    struct client *older, *newer; /* by when it last did something */
    struct client *next_turn;     /* of those whose turn comes */
    bool waits_turn;
    enum stage stage;
    int far, near;
    int64_t end_ns; /* in all stages but OPEN */
    struct sockaddr_storage address;
    struct tls_session *session;
};

struct tls {
    struct tls_options o;
    pthread_t thread;
    int epoll, wake;
    struct client *oldest, *newest, *turns, *dead;
    size_t n;
    bool full; /* no file can be opened: nobody is taken until the next second */
    struct tls_resume resume;
    pthread_mutex_t lock; /* of what follows */
    struct tls_identity *identity;
    bool renewed, quiet, stopping;
    struct tls_figures figures;
};

/* ---- the list ---- */

static void take_out(struct tls *t, struct client *c)
{
    *(c->older ? &c->older->newer : &t->oldest) = c->newer;
    *(c->newer ? &c->newer->older : &t->newest) = c->older;
}

static void put_newest(struct tls *t, struct client *c)
{
    c->older = t->newest;
    c->newer = NULL;
    *(t->newest ? &t->newest->newer : &t->oldest) = c;
    t->newest = c;
}

static void count(struct tls *t, int good, int failed)
{
    pthread_mutex_lock(&t->lock);
    t->figures.good += good;
    t->figures.failed += failed;
    t->figures.open = (int64_t)t->n;
    pthread_mutex_unlock(&t->lock);
}

/* ---- the end of a client ---- */

static void end(struct tls *t, struct client *c)
{
    if (c->stage == STAGE_DEAD)
        return;
    if (c->stage < STAGE_OPEN)
        count(t, 0, 1);
    take_out(t, c);
    t->n--;
    close(c->far);
    if (c->near >= 0)
        close(c->near);
    tls_session_free(c->session);
    c->session = NULL;
    c->stage = STAGE_DEAD;
    c->newer = t->dead;
    t->dead = c;
}

static void bury(struct tls *t)
{
    struct client *kept = NULL;
    for (struct client *c = t->dead, *next; c; c = next) {
        next = c->newer;
        if (c->waits_turn) /* still in the row */
            c->newer = kept, kept = c;
        else
            free(c);
    }
    t->dead = kept;
    count(t, 0, 0);
}

static void throw_away(struct tls *t, struct client *c)
{
    char waste[4096];
    ssize_t n;
    int i = 0; /* who sends faster than that is not waited for */
    while ((n = recv(c->far, waste, sizeof waste, MSG_DONTWAIT)) > 0 && ++i < EVENTS)
        ;
    if (n >= 0 || (errno != EAGAIN && errno != EINTR))
        end(t, c);
}

static void say_bye(struct tls *t, struct client *c)
{
    if (c->stage < STAGE_OPEN)
        count(t, 0, 1);
    shutdown(c->far, SHUT_WR);
    if (c->near >= 0)
        close(c->near);
    c->near = -1;
    tls_session_free(c->session);
    c->session = NULL;
    c->stage = STAGE_BYE;
    c->end_ns = clock_monotonic() + TLS_BYE_S * SECOND;
    throw_away(t, c);
}

/* ---- the life of a client ---- */

static bool watch_socket(struct tls *t, int fd, struct client *c)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    return epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

/* The server's side of a client whose keys are exchanged. */
static bool connect_near(struct tls *t, struct client *c)
{
    int pair[2], room = PAIR_BYTES;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    c->near = pair[0];
    socklen_t size =
        c->address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (!watch_socket(t, c->near, c))
        return close(pair[1]), false;
    c->stage = STAGE_OPEN;
    count(t, 1, 0);
    return t->o.take(t->o.owner, pair[1], &c->address, size);
}

/* The first byte tells TLS from HTTP; a browser that forgot the s is told. false: it is not TLS, or nothing came yet. */
static bool begins_as_tls(struct tls *t, struct client *c)
{
    static const char plain[] =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
        "This port speaks TLS: its address begins with https://\n";
    char first;
    ssize_t n = recv(c->far, &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n == 1 && first == 0x16) {
        c->stage = STAGE_KEYS;
        return true;
    }
    if (n == 1 && ((first | 0x20) >= 'a' && (first | 0x20) <= 'z'))
        send(c->far, plain, sizeof plain - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    say_bye(t, c);
    return false;
}

static void wait_turn(struct tls *t, struct client *c)
{
    if (c->waits_turn)
        return;
    c->waits_turn = true;
    c->next_turn = t->turns;
    t->turns = c;
}

static void go_on(struct tls *t, struct client *c)
{
    if (c->stage == STAGE_DEAD || (c->stage == STAGE_FIRST && !begins_as_tls(t, c)))
        return;
    if (c->stage == STAGE_BYE) {
        throw_away(t, c);
        return;
    }
    take_out(t, c);
    put_newest(t, c);
    enum tls_wait wait = tls_session_move(c->session, c->far, c->near);
    if (wait == TLS_WAIT_NEAR) {
        if (!connect_near(t, c))
            wait = TLS_WAIT_NOTHING;
        else
            wait = tls_session_move(c->session, c->far, c->near);
    }
    if (wait == TLS_WAIT_NOTHING)
        say_bye(t, c);
    else if (wait == TLS_WAIT_TURN)
        wait_turn(t, c);
}

static void give_turns(struct tls *t)
{
    struct client *c = t->turns, *next;
    t->turns = NULL;
    for (; c; c = next) {
        next = c->next_turn;
        c->waits_turn = false;
        go_on(t, c);
    }
}

/* ---- who comes in ---- */

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a, *b6 = (const struct sockaddr_in6 *)b;
    const struct sockaddr_in *a4 = (const struct sockaddr_in *)a, *b4 = (const struct sockaddr_in *)b;
    if (a->ss_family != b->ss_family)
        return false;
    return a->ss_family == AF_INET6 ? memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof a6->sin6_addr) == 0
                                    : a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

static bool has_too_many(const struct tls *t, const struct sockaddr_storage *address)
{
    size_t n = 0;
    for (const struct client *c = t->o.per_address ? t->oldest : NULL; c; c = c->newer)
        n += same_address(&c->address, address);
    return t->o.per_address && n >= t->o.per_address;
}

static void admit(struct tls *t, int fd, const struct sockaddr_storage *address,
                  struct tls_identity *identity)
{
    int on = 1;
    struct client *c = has_too_many(t, address) ? NULL : calloc(1, sizeof *c);
    if (!c || !(c->session = tls_session_make(identity, &t->resume))) {
        free(c);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->far = fd;
    c->near = -1;
    c->address = *address;
    c->end_ns = clock_monotonic() + TLS_KEYS_S * SECOND;
    put_newest(t, c);
    t->n++;
    if (!watch_socket(t, fd, c))
        end(t, c);
}

static struct tls_identity *identity_now(struct tls *t)
{
    pthread_mutex_lock(&t->lock);
    struct tls_identity *now = tls_identity_hold(t->identity);
    if (t->renewed)
        tls_resume_clear(&t->resume);
    t->renewed = false;
    pthread_mutex_unlock(&t->lock);
    return now;
}

static void listen_to(struct tls *t, bool on)
{
    struct epoll_event e = {.events = on ? EPOLLIN : 0, .data.ptr = &t->o};
    if (t->o.fd >= 0)
        epoll_ctl(t->epoll, EPOLL_CTL_MOD, t->o.fd, &e);
    t->full = !on;
}

static void accept_all(struct tls *t)
{
    struct tls_identity *identity = identity_now(t);
    for (int i = 0; i < EVENTS && t->o.fd >= 0; i++) {
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof address;
        int fd = accept4(t->o.fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            if (t->oldest)
                end(t, t->oldest);
            else
                listen_to(t, false); /* else the loop would spin */
            break;
        }
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0)
            break;
        if (t->n >= t->o.most)
            end(t, t->oldest);
        admit(t, fd, &address, identity);
    }
    tls_identity_drop(identity);
}

/* ---- the thread ---- */

static void end_late(struct tls *t, int64_t now)
{
    for (struct client *c = t->oldest, *newer; c; c = newer) {
        newer = c->newer;
        if (c->stage != STAGE_OPEN && now >= c->end_ns)
            end(t, c);
    }
    if (t->full)
        listen_to(t, true);
}

/* What others asked for. false: stop. */
static bool obey(struct tls *t)
{
    uint64_t n;
    if (read(t->wake, &n, sizeof n) < 0 && errno != EAGAIN)
        return false;
    pthread_mutex_lock(&t->lock);
    bool quiet = t->quiet, stopping = t->stopping;
    pthread_mutex_unlock(&t->lock);
    if (quiet && t->o.fd >= 0) {
        close(t->o.fd);
        t->o.fd = -1;
    }
    return !stopping;
}

/* One round; clients first, so that who was ended for a new one is not in the events still to be looked at. */
static bool serve(struct tls *t, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    bool go = true, came = false;
    int n = epoll_wait(t->epoll, events, EVENTS, t->turns ? 0 : timeout_ms);
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &t->wake)
            go = obey(t);
        else if (events[i].data.ptr == &t->o)
            came = true;
        else
            go_on(t, events[i].data.ptr);
    }
    give_turns(t);
    if (came)
        accept_all(t);
    return go;
}

static void *run(void *arg)
{
    struct tls *t = arg;
    int64_t looked = clock_monotonic();
    while (serve(t, 1000)) {
        bury(t);
        int64_t now = clock_monotonic();
        if (now - looked >= SECOND) {
            end_late(t, now);
            looked = now;
        }
    }
    for (int64_t until = clock_monotonic() + TLS_BYE_S * SECOND; t->oldest && clock_monotonic() < until;) {
        serve(t, 20);
        bury(t);
    }
    return NULL;
}

static bool prepare(struct tls *t)
{
    struct epoll_event listening = {.events = EPOLLIN, .data.ptr = &t->o},
                       woken = {.events = EPOLLIN, .data.ptr = &t->wake};
    t->epoll = epoll_create1(EPOLL_CLOEXEC);
    t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return t->epoll >= 0 && t->wake >= 0 && epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->o.fd, &listening) == 0 &&
           epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->wake, &woken) == 0;
}

static void release(struct tls *t)
{
    while (t->oldest)
        end(t, t->oldest);
    give_turns(t); /* empties the row */
    bury(t);
    if (t->o.fd >= 0)
        close(t->o.fd);
    if (t->epoll >= 0)
        close(t->epoll);
    if (t->wake >= 0)
        close(t->wake);
    tls_identity_drop(t->identity);
    pthread_mutex_destroy(&t->lock);
    explicit_bzero(t, sizeof *t);
    free(t);
}

struct tls *tls_start(const struct tls_options *o, struct tls_identity *identity, struct error *err)
{
    struct tls *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(err, ERROR_MEMORY, "out of memory"), NULL;
    t->o = *o;
    t->identity = tls_identity_hold(identity);
    pthread_mutex_init(&t->lock, NULL);
    tls_resume_clear(&t->resume);
    if (prepare(t) && pthread_create(&t->thread, NULL, run, t) == 0)
        return t;
    error_system(err, ERROR_FAILED, "TLS cannot be started");
    t->o.fd = -1; /* still the caller's */
    release(t);
    return NULL;
}

void tls_renew(struct tls *t, struct tls_identity *identity)
{
    pthread_mutex_lock(&t->lock);
    struct tls_identity *old = t->identity;
    t->identity = tls_identity_hold(identity);
    t->renewed = true;
    pthread_mutex_unlock(&t->lock);
    tls_identity_drop(old);
}

static void ask(struct tls *t, bool stop)
{
    uint64_t one = 1;
    pthread_mutex_lock(&t->lock);
    t->quiet = true;
    t->stopping |= stop;
    pthread_mutex_unlock(&t->lock);
    while (write(t->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void tls_quiet(struct tls *t)
{
    if (t)
        ask(t, false);
}

void tls_stop(struct tls *t)
{
    if (!t)
        return;
    ask(t, true);
    pthread_join(t->thread, NULL);
    release(t);
}

void tls_figures(struct tls *t, struct tls_figures *out)
{
    pthread_mutex_lock(&t->lock);
    *out = t->figures;
    pthread_mutex_unlock(&t->lock);
}
