/* listen.c - addresses and sockets; see listen.h. */
#include "web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static bool bad(const char *text, struct error *err)
{
    return error_set(err, ERROR_USAGE, "\"%s\" is no address to serve at", text),
           error_hint(err,
                      "an address and port (127.0.0.1:8080, [::1]:8080), a port of this machine (8080), or "
                      "unix:/path/of/a/socket");
}

bool listen_parse(const char *text, struct listen_address *out, struct error *err)
{
    *out = (struct listen_address){0};
    if (str_starts(text, "unix:")) {
        struct sockaddr_un *u = (struct sockaddr_un *)&out->address;
        if (strlen(text + 5) >= sizeof u->sun_path || text[5] != '/')
            return bad(text, err);
        u->sun_family = AF_UNIX;
        strcpy(u->sun_path, text + 5);
        out->size = sizeof *u;
        return out->local = out->loopback = true;
    }
    char host[64] = "127.0.0.1";
    const char *colon = strrchr(text, ':'), *port_text = colon ? colon + 1 : text;
    size_t n = colon ? (size_t)(colon - text) : 0;
    bool six = n > 2 && text[0] == '[' && text[n - 1] == ']';
    if (six)
        text++, n -= 2;
    if (n >= sizeof host)
        return bad(text, err);
    if (n > 0 && !(n == 9 && strncmp(text, "localhost", 9) == 0)) {
        memcpy(host, text, n);
        host[n] = 0;
    }
    int64_t port;
    if (!*port_text || strspn(port_text, "0123456789") != strlen(port_text) ||
        !str_to_i64(port_text, &port) || port > 65535)
        return bad(text, err);
    struct sockaddr_in *four = (struct sockaddr_in *)&out->address;
    struct sockaddr_in6 *s = (struct sockaddr_in6 *)&out->address;
    if (six && inet_pton(AF_INET6, host, &s->sin6_addr) == 1) {
        s->sin6_family = AF_INET6;
        s->sin6_port = htons((uint16_t)port);
        out->size = sizeof *s;
        out->loopback = IN6_IS_ADDR_LOOPBACK(&s->sin6_addr);
        return true;
    }
    if (six || inet_pton(AF_INET, host, &four->sin_addr) != 1)
        return bad(text, err);
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    out->size = sizeof *four;
    out->loopback = (ntohl(four->sin_addr.s_addr) >> 24) == 127;
    return true;
}

/* A socket's file that its server left behind is in the way of the next; one that is listened on is not touched. */
static void drop_dead_socket(const struct listen_address *l)
{
    const struct sockaddr_un *u = (const struct sockaddr_un *)&l->address;
    struct stat st;
    if (lstat(u->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)u, l->size) != 0 && errno == ECONNREFUSED)
        unlink(u->sun_path);
    if (fd >= 0)
        close(fd);
}

int listen_open(const struct listen_address *l, const char *text, struct error *err)
{
    int fd = socket(l->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1,
        ahead = LISTEN_SENT_AHEAD;
    mode_t mask = 0;
    if (l->local) {
        drop_dead_socket(l);
        mask = umask(0177);
    } else if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &ahead, sizeof ahead); /* what is accepted inherits it */
    }
    bool ok =
        fd >= 0 && bind(fd, (const struct sockaddr *)&l->address, l->size) == 0 && listen(fd, BACKLOG) == 0;
    int why = errno;
    if (l->local)
        umask(mask);
    if (ok)
        return fd;
    if (fd >= 0)
        close(fd);
    errno = why;
    error_system(err, ERROR_FAILED, "cannot listen at %s", text);
    if (why == EADDRINUSE)
        error_hint(err, "another program has this port; another number, or 0 for any free one");
    return -1;
}

void listen_text(const struct sockaddr_storage *address, bool port, char out[80])
{
    char host[64] = "unix";
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *s = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &s->sin_addr, host, sizeof host);
        snprintf(out, 80, port ? "%s:%u" : "%s", host, ntohs(s->sin_port));
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *s = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &s->sin6_addr, host, sizeof host);
        snprintf(out, 80, port ? "[%s]:%u" : "%s", host, ntohs(s->sin6_port));
    } else {
        snprintf(out, 80, "%s", host);
    }
}

void listen_name(int fd, char out[80])
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &size);
    listen_text(&address, true, out);
}
