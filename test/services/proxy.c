/* proxy.c - a TCP proxy that spoils connections on command, for tests of clients.
 *
 *     proxy PORT|SOCKET [RULE...]
 *
 * Listens on a free port of 127.0.0.1, prints its number as one line, and forwards to the server at that port or unix socket. Rules
 * (README.md) come as arguments and then as lines of standard input, each answered by "ok", what it asked for, or "no RULE"; the
 * end of the input is the end of the proxy. One thread and one poll: what it does depends on bytes and rules, not on timing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { UP, DOWN };                       /* to the server, from the server */
enum { LINKS = 1024, PIECE = 16 << 10 }; /* connections at once; bytes forwarded at once */
enum kind { PASS, CUT, STALL, REFUSE };

struct rule {
    enum kind kind;
    int direction;
    uint64_t bytes; /* forwarded in that direction before it happens */
};

/* One direction of a connection: at most one piece is held at a time. */
struct flow {
    uint64_t done; /* bytes handed on */
    size_t begin, end;
    int64_t due_ms; /* when the piece may go on */
    bool ended;     /* the sender has closed its half */
    bool closed;    /* and we have told the receiver */
    char piece[PIECE];
};

/* fd[UP] is the client, whose bytes go up; fd[DOWN] the server. */
struct link {
    int fd[2];
    struct rule rule; /* as it was when the connection was made */
    struct flow flow[2];
};

struct proxy {
    int listener;
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_un un;
    } server;
    socklen_t server_size;
    struct rule rule;
    int delay_ms;
    uint64_t connections, last[2]; /* made so far; bytes of the last that ended */
    struct link *links[LINKS];
    char line[256];
    size_t line_used;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Closes with a reset, as a crashed machine or a firewall would end it, not with an orderly goodbye. */
static void reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void end_link(struct proxy *p, int i, bool by_reset)
{
    struct link *l = p->links[i];
    for (int d = UP; d <= DOWN; d++) {
        p->last[d] = l->flow[d].done;
        if (by_reset)
            reset(l->fd[d]);
        else
            close(l->fd[d]);
    }
    free(l);
    p->links[i] = NULL;
}

static void accept_one(struct proxy *p)
{
    int client = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), slot = 0, one = 1;
    if (client < 0)
        return;
    while (slot < LINKS && p->links[slot])
        slot++;
    p->connections++;
    struct link *l = slot < LINKS && p->rule.kind != REFUSE ? calloc(1, sizeof *l) : NULL;
    int server = l ? socket(p->server.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (server < 0 || connect(server, &p->server.any, p->server_size) != 0) {
        if (server >= 0)
            close(server);
        free(l);
        reset(client);
        return;
    }
    fcntl(server, F_SETFL, O_NONBLOCK);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    l->fd[UP] = client;
    l->fd[DOWN] = server;
    l->rule = p->rule;
    p->links[slot] = l;
    if (l->rule.kind == CUT && l->rule.bytes == 0) /* nothing would ever come that could end it */
        end_link(p, slot, true);
}

/* How many bytes may still be taken in a direction. */
static size_t allowance(const struct link *l, int d)
{
    if ((l->rule.kind != CUT && l->rule.kind != STALL) || l->rule.direction != d)
        return PIECE;
    uint64_t left = l->rule.bytes - l->flow[d].done;
    return left < PIECE ? (size_t)left : PIECE;
}

static bool wants_read(const struct link *l, int d)
{
    return l->flow[d].begin == l->flow[d].end && !l->flow[d].ended && allowance(l, d) > 0;
}

static bool wants_write(const struct link *l, int d, int64_t now)
{
    return l->flow[d].begin < l->flow[d].end && l->flow[d].due_ms <= now;
}

/* Moves what can be moved in one direction. False: the connection is broken or to be cut. */
static bool move(const struct proxy *p, struct link *l, int d, int64_t now)
{
    struct flow *f = &l->flow[d];
    if (wants_read(l, d)) {
        ssize_t n = read(l->fd[d], f->piece, allowance(l, d));
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        f->ended = n == 0;
        f->begin = 0;
        f->end = n > 0 ? (size_t)n : 0;
        f->due_ms = now + p->delay_ms;
    }
    if (wants_write(l, d, now)) {
        ssize_t n = send(l->fd[!d], f->piece + f->begin, f->end - f->begin, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        f->begin += n > 0 ? (size_t)n : 0;
        f->done += n > 0 ? (uint64_t)n : 0;
    }
    if (f->ended && f->begin == f->end && !f->closed) {
        shutdown(l->fd[!d], SHUT_WR);
        f->closed = true;
    }
    return !(l->rule.kind == CUT && l->rule.direction == d && f->done >= l->rule.bytes);
}

static void count(const struct proxy *p)
{
    uint64_t up = p->last[UP], down = p->last[DOWN];
    for (int i = 0; i < LINKS; i++)
        if (p->links[i])
            up = p->links[i]->flow[UP].done, down = p->links[i]->flow[DOWN].done;
    printf("connections %" PRIu64 " up %" PRIu64 " down %" PRIu64 "\n", p->connections, up, down);
}

/* Obeys one rule; false when it is none. */
static bool obey(struct proxy *p, const char *text)
{
    char word[16] = "", way[16] = "", more = 0;
    uint64_t n = 0;
    int words = sscanf(text, "%15s %15s %" SCNu64 " %c", word, way, &n, &more);
    bool directed = words == 3 && (strcmp(way, "up") == 0 || strcmp(way, "down") == 0);
    if (words == 1 && strcmp(word, "pass") == 0)
        p->rule = (struct rule){PASS, UP, 0}, p->delay_ms = 0;
    else if (words == 1 && strcmp(word, "refuse") == 0)
        p->rule = (struct rule){REFUSE, UP, 0};
    else if (directed && (strcmp(word, "cut") == 0 || strcmp(word, "stall") == 0))
        p->rule = (struct rule){*word == 'c' ? CUT : STALL, strcmp(way, "up") == 0 ? UP : DOWN, n};
    else if (words == 2 && strcmp(word, "delay") == 0 && sscanf(way, "%" SCNu64 "%c", &n, &more) == 1 &&
             n <= 60000)
        p->delay_ms = (int)n;
    else if (words == 1 && strcmp(word, "count") == 0)
        return count(p), true;
    else if (words == 1 && strcmp(word, "drop") == 0)
        for (int i = 0; i < LINKS; i++) {
            if (p->links[i])
                end_link(p, i, true);
        }
    else
        return printf("no rule: %s\n", text), false;
    puts("ok");
    return true;
}

/* Reads rules from standard input; false at its end. */
static bool listen_to_rules(struct proxy *p)
{
    ssize_t n = read(STDIN_FILENO, p->line + p->line_used, sizeof p->line - 1 - p->line_used);
    if (n <= 0)
        return n < 0 && (errno == EINTR || errno == EAGAIN);
    p->line_used += (size_t)n;
    p->line[p->line_used] = '\0';
    for (char *end; (end = strchr(p->line, '\n'));) {
        *end = '\0';
        obey(p, p->line);
        p->line_used -= (size_t)(end + 1 - p->line);
        memmove(p->line, end + 1, p->line_used + 1);
    }
    return p->line_used < sizeof p->line - 1;
}

static bool find_server(struct proxy *p, const char *where)
{
    char *end = NULL;
    unsigned long port = strtoul(where, &end, 10);
    if (*where == '/') {
        p->server.un.sun_family = AF_UNIX;
        p->server_size = sizeof p->server.un;
        return (size_t)snprintf(p->server.un.sun_path, sizeof p->server.un.sun_path, "%s", where) <
               sizeof p->server.un.sun_path;
    }
    p->server.in = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    p->server_size = sizeof p->server.in;
    return *where && !*end && port > 0 && port < 65536;
}

static bool open_listener(struct proxy *p)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->listener < 0 || bind(p->listener, (struct sockaddr *)&here, sizeof here) != 0 ||
        listen(p->listener, 1024) != 0 || getsockname(p->listener, (struct sockaddr *)&here, &size) != 0)
        return perror("proxy"), false;
    printf("%d\n", ntohs(here.sin_port));
    return true;
}

/* One round: wait for something, then move what can be moved. False at the end of the input. */
static bool round_trip(struct proxy *p)
{
    struct pollfd fds[2 + 2 * LINKS] = {{STDIN_FILENO, POLLIN, 0}, {p->listener, POLLIN, 0}};
    int64_t now = now_ms(), wait = -1;
    for (int i = 0; i < LINKS; i++)
        for (int d = UP; d <= DOWN; d++) {
            struct pollfd *f = &fds[2 + 2 * i + d];
            const struct link *l = p->links[i];
            *f = (struct pollfd){l ? l->fd[d] : -1, 0, 0};
            if (!l)
                continue;
            f->events = (short)((wants_read(l, d) ? POLLIN : 0) | (wants_write(l, !d, now) ? POLLOUT : 0));
            if (!f->events) /* poll would report a hang-up again and again */
                f->fd = -1;
            const struct flow *held = &l->flow[d];
            if (held->begin < held->end && held->due_ms > now && (wait < 0 || held->due_ms - now < wait))
                wait = held->due_ms - now;
        }
    if (poll(fds, 2 + 2 * LINKS, (int)wait) < 0)
        return errno == EINTR;
    if (fds[0].revents && !listen_to_rules(p))
        return false;
    now = now_ms();
    for (int i = 0; i < LINKS; i++) {
        struct link *l = p->links[i];
        if (l && (!move(p, l, UP, now) || !move(p, l, DOWN, now)))
            end_link(p, i, true);
        else if (l && l->flow[UP].closed && l->flow[DOWN].closed)
            end_link(p, i, false);
    }
    if (fds[1].revents)
        accept_one(p);
    return true;
}

int main(int argc, char **argv)
{
    struct proxy *p = calloc(1, sizeof *p);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    if (!p || argc < 2 || !find_server(p, argv[1]))
        return fprintf(stderr, "usage: proxy PORT|SOCKET [RULE...]\n"), free(p), 2;
    bool good = open_listener(p);
    for (int i = 2; good && i < argc; i++)
        good = obey(p, argv[i]);
    while (good && round_trip(p))
        ;
    for (int i = 0; i < LINKS; i++)
        if (p->links[i])
            end_link(p, i, true);
    free(p);
    return good ? 0 : 2;
}
