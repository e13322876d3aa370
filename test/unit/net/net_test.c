/* net_test.c - every way an answer can come, from a server that says exactly what we want. */
#include "net/net.h"
#include "net/canned.h"

#include <sys/stat.h>

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: " body
static char url[64];
static struct net_answer answer;
static struct error err;

static enum net_class ask(struct canned *c, struct net_request r)
{
    canned_start(c, url);
    struct net *n =
        net_open(&(struct net_options){.ca_file = "/dev/null", .idle_seconds = 1, .whole_seconds = 5}, &err);
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", url, r.url ? r.url : "/a?key=secret");
    r.url = whole;
    err = (struct error){0};
    bool good = net_fetch(n, &r, &answer, &err);
    assert_int_equal(good, answer.class == NET_DONE);
    assert_int_equal(good, err.code == ERROR_NONE);
    assert_null(strstr(err.fact, "secret"));
    net_close(n);
    canned_stop(c);
    return answer.class;
}

static void an_answer_comes_with_what_its_headers_say(void **state)
{
    (void)state;
    struct canned c = {
        .n = 1,
        .answers = {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"x1\"\r\nDigest: adler32=3df0f599\r\n"
                    "Last-Modified: Tue, 21 Apr 2026 18:00:00 GMT\r\nContent-Type: text/plain\r\n\r\nhello"}};
    assert_int_equal(ask(&c, (struct net_request){0}), NET_DONE);
    assert_string_equal(answer.body.text, "hello");
    assert_string_equal(answer.etag, "\"x1\"");
    assert_string_equal(answer.digest, "adler32=3df0f599");
    assert_string_equal(answer.type, "text/plain");
    assert_int_equal(answer.modified_ns, 1776794400000000000);
    assert_int_equal(answer.size, 5);
    assert_non_null(strstr(c.requests[0], "GET /a?key=secret HTTP/1.1\r\n"));
    assert_null(strstr(c.requests[0], "Authorization"));
}

static void a_status_tells_what_may_be_done(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        enum net_class class;
    } cases[] = {{"401 X", NET_DENIED},  {"403 X", NET_DENIED}, {"404 X", NET_ABSENT}, {"410 X", NET_ABSENT},
                 {"429 X", NET_AGAIN},   {"500 X", NET_AGAIN},  {"503 X", NET_AGAIN},  {"501 X", NET_REFUSED},
                 {"400 X", NET_REFUSED}, {"302 X", NET_MOVED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: 9\r\nRetry-After: 7\r\n\r\nthe cause",
                 cases[i].status);
        struct canned c = {.n = 1, .answers = {text}};
        assert_int_equal(ask(&c, (struct net_request){0}), cases[i].class);
        assert_string_equal(err.detail, "the cause");
        assert_double_equal(answer.retry_after, 7, 0);
    }
}

static void a_cut_answer_silence_and_nobody_may_be_asked_again(void **state)
{
    (void)state;
    struct canned cut = {.n = 1, .answers = {OK("100\r\n\r\nhalf")}}, silent = {.n = 1, .answers = {NULL}};
    assert_int_equal(ask(&cut, (struct net_request){0}), NET_AGAIN);
    assert_int_equal(ask(&silent, (struct net_request){0}), NET_AGAIN);
    struct net *n = net_open(&(struct net_options){.ca_file = "/dev/null"}, &err);
    assert_false(net_fetch(n, &(struct net_request){.url = url}, &answer, &err)); /* it has ended */
    assert_int_equal(answer.class, NET_AGAIN);
    net_close(n);
}

static void more_than_the_limit_is_refused(void **state)
{
    (void)state;
    struct canned c = {.n = 1, .answers = {OK("5\r\n\r\nhello")}};
    assert_int_equal(ask(&c, (struct net_request){.limit = 4}), NET_TOO_LARGE);
    struct canned d = {
        .n = 1,
        .answers = {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n"}};
    assert_int_equal(ask(&d, (struct net_request){.limit = 9}), NET_TOO_LARGE);
}

static void a_part_is_exactly_what_was_asked_for_or_nothing(void **state)
{
    (void)state;
    struct net_request r = {.part = true, .first = 2, .last = 4};
    struct canned good = {
        .n = 1, .answers = {"HTTP/1.1 206 P\r\nContent-Length: 3\r\nContent-Range: bytes 2-4/10\r\n\r\nllo"}};
    assert_int_equal(ask(&good, r), NET_DONE);
    assert_string_equal(answer.body.text, "llo");
    assert_int_equal(answer.size, 10);
    assert_non_null(strstr(good.requests[0], "Range: bytes=2-4\r\n"));
    struct canned whole = {.n = 1, .answers = {OK("5\r\n\r\nhello")}};
    assert_int_equal(ask(&whole, r), NET_REFUSED);
    struct canned other = {
        .n = 1, .answers = {"HTTP/1.1 206 P\r\nContent-Length: 3\r\nContent-Range: bytes 0-2/10\r\n\r\nhel"}};
    assert_int_equal(ask(&other, r), NET_REFUSED);
    struct canned empty = {
        .n = 1, .answers = {"HTTP/1.1 206 P\r\nContent-Length: 0\r\nContent-Range: bytes 2--1/10\r\n\r\n"}};
    assert_int_equal(ask(&empty, r), NET_REFUSED);
}

static void a_redirection_is_followed_only_where_asked_and_loses_the_credentials(void **state)
{
    (void)state;
    struct net_auth auth = {.kind = NET_AUTH_BASIC, .user = "mfxopr", .password = "secret"};
    struct canned target = {.n = 1, .answers = {OK("5\r\n\r\nmoved")}};
    char there[64], text[256];
    canned_start(&target, there);
    for (int same = 0; same < 2; same++) {
        struct canned c = {.n = 1, .answers = {text}};
        snprintf(text, sizeof text, "HTTP/1.1 307 T\r\nContent-Length: 0\r\nLocation: http://%s:%d/b\r\n\r\n",
                 same ? "localhost" : "127.0.0.1", target.port);
        assert_int_equal(ask(&c, (struct net_request){.auth = &auth, .redirects = 1}), NET_DONE);
        assert_string_equal(answer.body.text, "moved");
        assert_non_null(strstr(c.requests[0], "Authorization: Basic bWZ4b3ByOnNlY3JldA==\r\n"));
        assert_int_equal(strstr(target.requests[same], "Authorization") != NULL, same);
    }
    struct canned not_asked = {.n = 1, .answers = {text}};
    assert_int_equal(ask(&not_asked, (struct net_request){0}), NET_MOVED);
    struct canned loop = {.n = 1, .answers = {"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: /a\r\n\r\n"}};
    assert_int_equal(ask(&loop, (struct net_request){.redirects = 3}), NET_MOVED);
    assert_int_equal(loop.asked, 4);
    struct canned file = {
        .n = 1, .answers = {"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: file:///etc/passwd\r\n\r\n"}};
    assert_int_equal(ask(&file, (struct net_request){.redirects = 3}), NET_REFUSED);
    canned_stop(&target);
}

static void credentials_never_go_over_plain_http_to_another_machine(void **state)
{
    (void)state;
    struct net_auth auth = {.kind = NET_AUTH_BASIC, .user = "a", .password = "b"};
    struct net *n = net_open(&(struct net_options){.ca_file = "/dev/null"}, &err);
    assert_false(
        net_fetch(n, &(struct net_request){.url = "http://host.invalid/", .auth = &auth}, &answer, &err));
    assert_int_equal(answer.class, NET_REFUSED);
    assert_false(net_fetch(n, &(struct net_request){.url = "http://u:p@localhost/"}, &answer, &err));
    assert_int_equal(answer.class, NET_REFUSED);
    assert_null(strstr(err.fact, "u:p"));
    net_close(n);
}

static bool refuse(void *owner, const void *data, size_t n)
{
    (void)owner, (void)data, (void)n;
    return false;
}

static void the_callers_own_refusal_is_told_apart(void **state)
{
    (void)state;
    struct canned c = {.n = 1, .answers = {OK("5\r\n\r\nhello")}};
    assert_int_equal(ask(&c, (struct net_request){.take = refuse, .limit = 10}), NET_STOPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_with_what_its_headers_say),
        cmocka_unit_test(a_status_tells_what_may_be_done),
        cmocka_unit_test(a_cut_answer_silence_and_nobody_may_be_asked_again),
        cmocka_unit_test(more_than_the_limit_is_refused),
        cmocka_unit_test(a_part_is_exactly_what_was_asked_for_or_nothing),
        cmocka_unit_test(a_redirection_is_followed_only_where_asked_and_loses_the_credentials),
        cmocka_unit_test(credentials_never_go_over_plain_http_to_another_machine),
        cmocka_unit_test(the_callers_own_refusal_is_told_apart),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    net_answer_free(&answer);
    return failed;
}
