/* server_fuzz.c - any bytes to the whole server over a socket: the first byte says whether they are a connection's all, the body of a change
 * that comes with a token, or the address and header fields of a question that does. What comes back is an answer with the policy on it, or nothing; never a 500, and nobody else's rows. */
#include "web/private.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct web *served;
static struct store_options where;
static char file[64], token[64];

static void drop(void)
{
    char name[80];
    for (const char *const *end = (const char *const[]){"", "-wal", "-shm", NULL}; *end; end++) {
        snprintf(name, sizeof name, "%s%s", file, *end);
        unlink(name);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    struct error err = {0};
    struct store *s = NULL;
    signal(SIGPIPE, SIG_IGN);
    snprintf(file, sizeof file, "/tmp/xfelx_fuzz_%d.db", (int)getpid());
    where = (struct store_options){.file = file};
    const struct web_options o = {
        .listen = "127.0.0.1:0", .title = "fuzz", .version = "fuzz", .store = &where};
    if (!store_open(&where, false, &s, &err) || !web_start(&o, &served, &err)) {
        fprintf(stderr, "%s %s\n", err.fact, err.detail);
        exit(1);
    }
    store_close(s);
    snprintf(token, sizeof token, "%s", strstr(web_link(served), "?t=") + 3);
    atexit(drop);
    return 0;
}

/* Each answer of the conversation. */
static void look_at(const char *text)
{
    if (!*text)
        return;
    if (strncmp(text, "HTTP/1.", 7) != 0 || strncmp(text + 8, " 500", 4) == 0)
        abort();
    int status = atoi(text + 9);
    bool library =
        status == 400 || status == 413 || status == 414 || status == 431 || status == 501 || status == 505;
    if (!library &&
        !strstr(text, "default-src 'none'")) /* refusals of the library itself have no fields of ours */
        abort();
}

static void talk(const char *bytes, size_t n)
{
    static char text[1 << 16];
    int pair[2];
    struct sockaddr_storage from = {.ss_family = AF_INET};
    size_t len = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    const struct timeval limit = {0, 300000}; /* a stream of events has no end */
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (!server_take(served, pair[1], &from, sizeof(struct sockaddr_in)))
        abort();
    if (send(pair[0], bytes, n, MSG_NOSIGNAL) < 0)
        n = 0;
    shutdown(pair[0], SHUT_WR);
    for (ssize_t got;
         len < sizeof text - 1 && (got = recv(pair[0], text + len, sizeof text - 1 - len, 0)) > 0;)
        len += (size_t)got;
    text[len] = 0;
    close(pair[0]);
    look_at(text);
}

static void change(const char *body, size_t n)
{
    static const char *const paths[] = {"requests", "requests/1/cancel"};
    struct str q = {0};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        str_clear(&q);
        str_printf(&q,
                   "POST /api/v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nX-Xfelx: "
                   "1\r\nContent-Type: "
                   "application/json\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                   paths[i], token, n);
        str_addn(&q, body, n);
        talk(q.text, q.len);
    }
    str_free(&q);
}

/* "jobs/1?x=y" and, after an end of line, fields: behind the gate, where the store is asked. */
static void question(const char *text, size_t n)
{
    struct str q = {0};
    const char *end = memchr(text, '\n', n);
    size_t address = end ? (size_t)(end - text) : n;
    str_add(&q, "GET /api/v1/");
    str_addn(&q, text, address);
    str_printf(&q, " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer %s\r\n",
               token);
    if (end)
        str_addn(&q, end + 1, n - address - 1);
    str_add(&q, "\r\n");
    talk(q.text, q.len);
    str_free(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const char *text = (const char *)data + 1;
    if (data[0] % 2)
        change(text, size - 1);
    else if (data[0] % 4 == 2)
        question(text, size - 1);
    else
        talk(text, size - 1);
    return 0;
}
