/* gate_test.c - who comes in, and who does not. */
#include "web/gate.h"

#include "support.h"

#include <string.h>
#include <sys/stat.h>

#define SECOND INT64_C(1000000000)
#define NOW (1000 * SECOND)

static const char reader_secret[] = "0123456789abcdef-reader", editor_secret[] = "0123456789abcdef-editor";

/* A gate with a reader and an editor; text NULL: the usual token file. */
static struct gate *make(const char *text, mode_t mode, struct error *err)
{
    char folder[64], path[96];
    support_folder(folder);
    snprintf(path, sizeof path, "%s/tokens", folder);
    FILE *f = fopen(path, "w");
    if (text)
        fputs(text, f);
    else
        fprintf(f, "# who\nreader ann %s\n\n  editor bob %s\n", reader_secret, editor_secret);
    fclose(f);
    chmod(path, mode);
    static const char *const hosts[] = {"status.example.org"};
    const struct gate_options o = {
        .token_file = path, .user = "me", .hosts = hosts, .n_hosts = 1, .prefix = "/xfelx/", .instance = "1"};
    struct gate *g = NULL;
    bool ok = gate_make(&o, &g, err);
    support_remove(folder);
    return ok ? g : NULL;
}

static struct gate_request request(void)
{
    return (struct gate_request){.host = "127.0.0.1:8080", .address = "127.0.0.1"};
}

static int status(struct gate *g, const struct gate_request *q, enum gate_role needed)
{
    struct gate_verdict v;
    gate_check(g, q, needed, NOW, &v);
    return v.status;
}

static void only_hosts_of_ours_are_answered(void **state)
{
    (void)state;
    static const char *const names[] = {"Status.Example.org"};
    static const char *const good[] = {"127.0.0.1",  "127.0.0.1:80", "localhost:1", "LOCALHOST",
                                       "[::1]:8080", "[::1]",        "10.1.2.3",    "status.example.ORG:443"};
    static const char *const bad[] = {
        "",     "evil.example",        "127.0.0.1.evil.example", "localhost.evil:80", "localhost:80x",
        "[::1", "status.example.org.", "127.0.0.1:80:80",        "xlocalhost"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!gate_host_is_ours(good[i], names, 1))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (gate_host_is_ours(bad[i], names, 1))
            fail_msg("%s", bad[i]);
    assert_false(gate_host_is_ours(NULL, names, 1));
    struct error err = {0};
    struct gate *g = make(NULL, 0600, &err);
    struct gate_request q = request();
    q.host = "evil.example";
    assert_int_equal(status(g, &q, ROLE_NONE), 421);
    gate_free(g);
}

static void tokens_give_their_role_and_nothing_more(void **state)
{
    (void)state;
    struct error err = {0};
    struct gate *g = make(NULL, 0600, &err);
    assert_non_null(g);
    struct gate_request q = request();
    char bearer[128];
    assert_int_equal(status(g, &q, ROLE_NONE), 0);
    assert_int_equal(status(g, &q, ROLE_READER), 401);
    snprintf(bearer, sizeof bearer, "Bearer %s", reader_secret);
    q.authorization = bearer;
    struct gate_verdict v;
    gate_check(g, &q, ROLE_READER, NOW, &v);
    assert_int_equal(v.status, 0);
    assert_string_equal(v.name, "ann");
    assert_int_equal(status(g, &q, ROLE_EDITOR), 403);
    snprintf(bearer, sizeof bearer, "Bearer %s", editor_secret);
    assert_int_equal(status(g, &q, ROLE_EDITOR), 0);
    snprintf(bearer, sizeof bearer, "Bearer %.10s", editor_secret);
    assert_int_equal(status(g, &q, ROLE_READER), 401);
    snprintf(bearer, sizeof bearer, "Basic %s", editor_secret);
    assert_int_equal(status(g, &q, ROLE_READER), 401);
    gate_free(g);
}

static void ten_wrong_tokens_close_the_door_for_a_minute(void **state)
{
    (void)state;
    struct error err = {0};
    struct gate *g = make(NULL, 0600, &err);
    struct gate_verdict v;
    char cookie[256];
    for (int i = 0; i < 10; i++) {
        assert_false(gate_login(g, "wrong", "10.0.0.1", false, NOW, cookie, &v));
        assert_int_equal(v.status, 401);
    }
    assert_false(gate_login(g, editor_secret, "10.0.0.1", false, NOW + 30 * SECOND, cookie, &v));
    assert_int_equal(v.status, 429);
    assert_true(gate_login(g, editor_secret, "10.0.0.2", false, NOW, cookie, &v)); /* others are let in */
    assert_true(gate_login(g, editor_secret, "10.0.0.1", false, NOW + 61 * SECOND, cookie, &v));
    gate_free(g);
}

static void a_login_makes_a_session_that_ends(void **state)
{
    (void)state;
    struct error err = {0};
    struct gate *g = make(NULL, 0600, &err);
    struct gate_verdict v;
    char cookie[256], header[300];
    assert_true(gate_login(g, reader_secret, "a", false, NOW, cookie, &v));
    assert_non_null(strstr(cookie, "; HttpOnly; SameSite=Strict; Path=/xfelx/;"));
    assert_null(strstr(cookie, "Secure"));
    assert_null(strstr(cookie, reader_secret));
    snprintf(header, sizeof header, "other=1; %.*s", (int)strcspn(cookie, ";"), cookie);
    struct gate_request q = request();
    q.cookie = header;
    assert_int_equal(status(g, &q, ROLE_READER), 0);
    gate_check(g, &q, ROLE_READER, NOW + 13 * 3600 * SECOND, &v);
    assert_int_equal(v.status, 401);
    header[strlen(header) - 1] ^= 1;
    assert_int_equal(status(g, &q, ROLE_READER), 401);
    assert_true(gate_login(g, reader_secret, "a", true, NOW, cookie, &v));
    assert_non_null(strstr(cookie, "; Secure"));
    gate_free(g);
}

static void sessions_do_not_grow_without_end(void **state)
{
    (void)state;
    struct error err = {0};
    struct gate *g = make(NULL, 0600, &err);
    struct gate_verdict v;
    char first[256], last[256], header[256];
    assert_true(gate_login(g, editor_secret, "a", false, NOW, first, &v));
    for (int i = 1; i <= 1024; i++)
        assert_true(gate_login(g, editor_secret, "a", false, NOW + i, last, &v));
    struct gate_request q = request();
    q.cookie = header;
    snprintf(header, sizeof header, "%.*s", (int)strcspn(first, ";"), first);
    assert_int_equal(status(g, &q, ROLE_READER), 401); /* the one longest unused has gone */
    snprintf(header, sizeof header, "%.*s", (int)strcspn(last, ";"), last);
    assert_int_equal(status(g, &q, ROLE_READER), 0);
    gate_free(g);
}

static void a_change_must_be_meant(void **state)
{
    (void)state;
    struct error err = {0};
    struct gate *g = make(NULL, 0600, &err);
    struct gate_verdict v;
    char cookie[256], header[256];
    assert_true(gate_login(g, editor_secret, "a", false, NOW, cookie, &v));
    snprintf(header, sizeof header, "%.*s", (int)strcspn(cookie, ";"), cookie);
    struct gate_request good = request();
    good.cookie = header;
    good.changes = true;
    good.content_type = "application/json";
    good.x_xfelx = "1";
    good.origin = "http://127.0.0.1:8080";
    good.fetch_site = "same-origin";
    assert_int_equal(status(g, &good, ROLE_EDITOR), 0);
    struct gate_request q = good;
    q.content_type = "text/plain";
    assert_int_equal(status(g, &q, ROLE_EDITOR), 415);
    q = good, q.content_type = "application/json; charset=utf-8";
    assert_int_equal(status(g, &q, ROLE_EDITOR), 415);
    q = good, q.x_xfelx = NULL;
    assert_int_equal(status(g, &q, ROLE_EDITOR), 403);
    q = good, q.fetch_site = "cross-site";
    assert_int_equal(status(g, &q, ROLE_EDITOR), 403);
    q = good, q.fetch_site = "same-site"; /* another port of this host: another user's server */
    assert_int_equal(status(g, &q, ROLE_EDITOR), 403);
    q = good, q.origin = "http://127.0.0.1:8081";
    assert_int_equal(status(g, &q, ROLE_EDITOR), 403);
    q = good, q.origin = "null";
    assert_int_equal(status(g, &q, ROLE_EDITOR), 403);
    q = good, q.origin = q.fetch_site = NULL; /* a script */
    assert_int_equal(status(g, &q, ROLE_EDITOR), 0);
    gate_free(g);
}

static void bad_token_files_are_refused_by_line(void **state)
{
    (void)state;
    struct error err = {0};
    assert_null(make(NULL, 0644, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_null(make("# x\nadmin ann 0123456789abcdef0123\n", 0600, &err));
    assert_non_null(strstr(err.fact, "line 2"));
    assert_null(make("reader ann short\n", 0600, &err));
    assert_non_null(strstr(err.fact, "shorter"));
    assert_null(strstr(err.fact, "short\n"));
    assert_null(make("reader 0123456789abcdef0123\n", 0600, &err));
    assert_null(make("reader ann 0123456789abcdef0123 more\n", 0600, &err));
    assert_null(make("# nobody\n", 0600, &err));
    assert_int_equal(err.code, ERROR_USAGE);
}

static void without_a_file_one_token_is_made(void **state)
{
    (void)state;
    struct error err = {0};
    struct gate *g = NULL, *h = NULL, *open = NULL;
    const struct gate_options o = {.user = "me", .prefix = "/", .instance = "1"};
    assert_true(gate_make(&o, &g, &err));
    assert_true(gate_make(&o, &h, &err));
    assert_int_equal(strlen(gate_token(g)), 32);
    assert_string_not_equal(gate_token(g), gate_token(h));
    const struct gate_options anybody = {.user = "me", .prefix = "/", .instance = "1", .open = true};
    assert_true(gate_make(&anybody, &open, &err));
    assert_null(gate_token(open));
    struct gate_request q = request();
    struct gate_verdict v;
    gate_check(open, &q, ROLE_EDITOR, NOW, &v);
    assert_int_equal(v.status, 0);
    assert_string_equal(v.name, "me");
    q.changes = true; /* a page elsewhere could send this with anybody's browser */
    assert_int_equal(status(open, &q, ROLE_EDITOR), 415);
    gate_free(g);
    gate_free(h);
    gate_free(open);
}

static void cookies_are_found_whole(void **state)
{
    (void)state;
    char out[8];
    assert_true(gate_cookie("a=1; bc=2;d=3", "bc", out, sizeof out));
    assert_string_equal(out, "2");
    assert_true(gate_cookie("a=1; bc=2;d=3", "d", out, sizeof out));
    assert_false(gate_cookie("a=1; xbc=2", "bc", out, sizeof out));
    assert_false(gate_cookie("bc", "bc", out, sizeof out));
    assert_false(gate_cookie("bc=12345678", "bc", out, sizeof out));
    assert_false(gate_cookie(";;; ;", "bc", out, sizeof out));
    assert_false(gate_cookie(NULL, "bc", out, sizeof out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_hosts_of_ours_are_answered),
        cmocka_unit_test(tokens_give_their_role_and_nothing_more),
        cmocka_unit_test(ten_wrong_tokens_close_the_door_for_a_minute),
        cmocka_unit_test(a_login_makes_a_session_that_ends),
        cmocka_unit_test(sessions_do_not_grow_without_end),
        cmocka_unit_test(a_change_must_be_meant),
        cmocka_unit_test(bad_token_files_are_refused_by_line),
        cmocka_unit_test(without_a_file_one_token_is_made),
        cmocka_unit_test(cookies_are_found_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
