/* served.h - a server on loopback over a database with one job that is done, and requests to it as bytes. */
#ifndef XFELX_TEST_WEB_SERVED_H
#define XFELX_TEST_WEB_SERVED_H

#include "web/web.h"

#include "store/done_job.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static struct web *served;
static struct store_options served_store;
static char served_token[64];

static inline void served_start_with(struct web_options o)
{
    struct error err = {0};
    database_place();
    done_job(20);
    served_store = database_options();
    o.listen = "127.0.0.1:0";
    o.title = "a <b>";
    o.version = "test";
    o.store = &served_store;
    if (!web_start(&o, &served, &err))
        fail_msg("%s %s", err.fact, err.detail);
    const char *t = strstr(web_link(served), "?t=");
    snprintf(served_token, sizeof served_token, "%s", t ? t + 3 : "");
}

static inline void served_start(void)
{
    served_start_with((struct web_options){0});
}

static inline void served_stop(void)
{
    web_stop(served);
    served = NULL;
    database_drop();
}

static inline int served_connect(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((uint16_t)atoi(strstr(web_link(served), "127.0.0.1:") + 10));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    struct timeval limit = {10, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

/* Send bytes, read until the other end closes or `until` is there. In a buffer that the next call uses again. */
static inline const char *served_talk(int fd, const char *bytes, size_t n, const char *until)
{
    static char text[1 << 20];
    size_t len = 0;
    if (send(fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
        print_message("cut short\n");
    text[0] = 0;
    for (ssize_t got; len < sizeof text - 1 && (got = recv(fd, text + len, sizeof text - 1 - len, 0)) > 0;) {
        len += (size_t)got;
        text[len] = 0;
        if (until && strstr(text, until))
            break;
    }
    return text;
}

/* One request with the token; head: further lines, each with its end. Closes. */
static inline const char *served_ask(const char *method, const char *path, const char *head, const char *body)
{
    struct str q = {0};
    str_printf(&q, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer %s\r\n%s",
               method, path, served_token, head);
    if (body)
        str_printf(&q, "Content-Length: %zu\r\n", strlen(body));
    str_printf(&q, "\r\n%s", body ? body : "");
    int fd = served_connect();
    const char *answer = served_talk(fd, q.text, q.len, NULL);
    close(fd);
    str_free(&q);
    return answer;
}

static inline int served_status(const char *answer)
{
    int status = 0;
    return sscanf(answer, "HTTP/1.%*d %d", &status) == 1 ? status : -1;
}

static inline const char *served_body(const char *answer)
{
    const char *p = strstr(answer, "\r\n\r\n");
    return p ? p + 4 : "";
}

#endif
