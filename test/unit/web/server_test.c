/* server_test.c - raw bytes to the server: what a browser, a script, a proxy, or somebody with bad intentions sends. */
#include "served.h"

#include "web/connections.h"
#include "web/private.h"

static void requests_that_could_be_read_in_two_ways_are_refused(void **state)
{
    (void)state;
#define H "Host: 127.0.0.1\r\n"
    static const struct {
        const char *bytes;
        int status, other; /* other: also right; -1: closed without a word */
    } cases[] = {
        {"GET /healthz HTTP/1.1\r\n" H "Connection: close\r\n\r\n", 200, 200},
        {"GET /healthz HTTP/1.0\r\n" H "\r\n", 200, 200},
        {"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400, 421},
        {"GET /healthz HTTP/1.1\r\n" H H "\r\n", 400, 400},
        {"GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421, 421},
        {"POST /healthz HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", 405, 405},
        {"GET /healthz HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501, 501},
        {"GET /healthz HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
         501, 400},
        {"GET /healthz HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 501, 400},
        {"GET /healthz HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, 400},
        {"GET /healthz HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\na", 400, 400},
        {"GET /healthz HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\na", 400, 400},
        {"GET /healthz HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\na", 413, 400},
        {"GET /healthz HTTP/1.1\r\n" H "Content-Length: 1000\r\n\r\n", 413, 413},
        {"POST /a/../b HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nabcde", 404, 404},
        {"GET /a/../b HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nabcde", 404, 404},
        {"GET /nope HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nabcde", 404, 404},
        {"GET /api/v1/jobs HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nabcde", 401, 413},
        {"POST /api/v1/requests HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nabcde", 401, 401},
        {"GET /healthz HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", 417, 417},
        {"GET /healthz HTTP/1.1\r\n" H " folded: 1\r\nConnection: close\r\n\r\n", 400, 400},
        {"GET /healthz HTTP/1.1\r\nHost : 127.0.0.1\r\nConnection: close\r\n\r\n", 400, 400},
        {"GET http://127.0.0.1/healthz HTTP/1.1\r\n" H "\r\n", 400, 400},
        {"GET healthz HTTP/1.1\r\n" H "\r\n", 400, 400},
        {"OPTIONS * HTTP/1.1\r\n" H "\r\n", 400, 400},
        {"CONNECT 127.0.0.1:80 HTTP/1.1\r\n" H "\r\n", 400, 400},
        {"GET /../etc/passwd HTTP/1.1\r\n" H "Connection: close\r\n\r\n", 404, 404},
        {"GET /assets/x/..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" H "Connection: close\r\n\r\n", 404, 404},
        {"GET /%00 HTTP/1.1\r\n" H "Connection: close\r\n\r\n", 404, 404},
        {"GET /api/v1/jobs HTTP/1.1\r\n" H "Connection: close\r\n\r\n", 401, 401},
        {"GET /api/v1/jobs HTTP/1.1\r\n" H "Authorization: Bearer x\r\nConnection: close\r\n\r\n", 401, 401},
        {"GET /healthz HTTP/9.9\r\n" H "\r\n", 505, 400},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 tls\r\n\r\n", 400, -1},
        {"garbage\r\n\r\n", 400, -1},
    };
    served_start();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = served_connect();
        int status = served_status(served_talk(fd, cases[i].bytes, strlen(cases[i].bytes), "\r\n\r\n"));
        close(fd);
        if (status != cases[i].status && status != cases[i].other)
            fail_msg("%d, not %d, to: %s", status, cases[i].status, cases[i].bytes);
    }
    served_stop();
}

static void heads_that_are_too_long_end_the_connection(void **state)
{
    (void)state;
    served_start();
    static char bytes[64 << 10];
    size_t n = (size_t)sprintf(bytes, "GET /healthz HTTP/1.1\r\n" H "X: ");
    memset(bytes + n, 'a', 20000);
    strcpy(bytes + n + 20000, "\r\n\r\n");
    int fd = served_connect();
    int status = served_status(served_talk(fd, bytes, strlen(bytes), "\r\n\r\n"));
    assert_true(status == 431 || status == 413 || status == -1);
    close(fd);
    n = (size_t)sprintf(bytes, "GET /healthz HTTP/1.1\r\n" H);
    for (int i = 0; i < 70; i++)
        n += (size_t)sprintf(bytes + n, "X%d: 1\r\n", i);
    strcpy(bytes + n, "\r\n");
    fd = served_connect();
    assert_int_equal(served_status(served_talk(fd, bytes, strlen(bytes), "\r\n\r\n")), 431);
    close(fd);
    n = (size_t)sprintf(bytes, "GET /");
    memset(bytes + n, 'a', 5000);
    strcpy(bytes + n + 5000, " HTTP/1.1\r\n" H "\r\n");
    fd = served_connect();
    assert_int_equal(served_status(served_talk(fd, bytes, strlen(bytes), "\r\n\r\n")), 414);
    close(fd);
    assert_int_equal(served_status(served_ask("GET", "/healthz", "", NULL)), 200);
    served_stop();
}

static void every_answer_carries_the_policy(void **state)
{
    (void)state;
    static const char *const paths[] = {"/",        "/nope",    "/api/v1/jobs", "/api/v1/jobs/x",
                                        "/healthz", "/?t=wrong"};
    static const char *const fields[] = {
        "X-Content-Type-Options: nosniff",           "Referrer-Policy: no-referrer",
        "default-src 'none'; script-src 'self';",    "frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy: same-origin", "Cache-Control: "};
    served_start();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *answer = served_ask("GET", paths[i], "", NULL);
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
            if (!strstr(answer, fields[k]))
                fail_msg("%s has no %s", paths[i], fields[k]);
        assert_null(strstr(answer, "Access-Control-Allow"));
    }
    served_stop();
}

static void requests_follow_each_other_on_one_connection(void **state)
{
    (void)state;
    served_start();
    int fd = served_connect();
    static const char two[] = "GET /healthz HTTP/1.1\r\n" H "\r\nGET /nope HTTP/1.1\r\n" H "\r\n";
    const char *answer = served_talk(fd, two, sizeof two - 1, "no_such_page");
    assert_int_equal(served_status(answer), 200);
    const char *second = strstr(answer + 1, "HTTP/1.1 ");
    assert_non_null(second);
    assert_int_equal(served_status(second), 404);
    static const char head[] = "HEAD / HTTP/1.1\r\n" H "Connection: close\r\n\r\n";
    answer = served_talk(fd, head, sizeof head - 1, NULL);
    assert_int_equal(served_status(answer), 200);
    assert_string_equal(served_body(answer), "");
    close(fd);
    served_stop();
}

static void a_login_hides_the_token_at_once(void **state)
{
    (void)state;
    served_start();
    char path[128], cookie[256];
    snprintf(path, sizeof path, "/?t=%s", served_token);
    const char *answer = served_ask("GET", path, "", NULL);
    assert_int_equal(served_status(answer), 303);
    assert_non_null(strstr(answer, "Location: /\r\n"));
    assert_null(strstr(answer, served_token));
    const char *set = strstr(answer, "Set-Cookie: ");
    assert_non_null(set);
    snprintf(cookie, sizeof cookie,
             "GET /api/v1/me HTTP/1.1\r\n" H "Connection: close\r\nCookie: %.*s\r\n\r\n",
             (int)strcspn(set + 12, ";"), set + 12);
    int fd = served_connect();
    assert_non_null(strstr(served_talk(fd, cookie, strlen(cookie), NULL), "\"role\": \"editor\""));
    close(fd);
    served_stop();
}

static void streams_say_good_bye_when_the_server_ends(void **state)
{
    (void)state;
    served_start();
    char q[256];
    snprintf(q, sizeof q, "GET /api/v1/events HTTP/1.1\r\n" H "Authorization: Bearer %s\r\n\r\n",
             served_token);
    int fd[8];
    for (int i = 0; i < 8; i++) {
        fd[i] = served_connect();
        const char *answer = served_talk(fd[i], q, strlen(q), "event: ");
        assert_non_null(strstr(answer, "text/event-stream"));
        assert_non_null(strstr(answer, "event: "));
    }
    /* deadlines are for heads and bodies: a stream lasts for hours */
    assert_int_equal(connections_end_late(served->connections, clock_monotonic() + INT64_C(3600000000000)),
                     0);
    served_stop();
    assert_non_null(strstr(served_talk(fd[7], "", 0, NULL), "event: bye"));
    for (int i = 0; i < 8; i++)
        close(fd[i]);
}

static void a_slow_client_does_not_keep_others_waiting(void **state)
{
    (void)state;
    enum { SLOW = 300 };
    static int fd[SLOW];
    served_start();
    for (int i = 0; i < SLOW; i++) {
        fd[i] = served_connect();
        assert_int_equal(send(fd[i], "GET / HT", 8, MSG_NOSIGNAL), 8);
    }
    assert_int_equal(served_status(served_ask("GET", "/healthz", "", NULL)), 200);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/jobs", "", NULL)), 200);
    for (int i = 0; i < SLOW; i++)
        close(fd[i]);
    served_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_that_could_be_read_in_two_ways_are_refused),
        cmocka_unit_test(heads_that_are_too_long_end_the_connection),
        cmocka_unit_test(every_answer_carries_the_policy),
        cmocka_unit_test(requests_follow_each_other_on_one_connection),
        cmocka_unit_test(a_login_hides_the_token_at_once),
        cmocka_unit_test(streams_say_good_bye_when_the_server_ends),
        cmocka_unit_test(a_slow_client_does_not_keep_others_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
