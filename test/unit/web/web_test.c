/* web_test.c - what a server refuses to be. */
#include "served.h"

static void beyond_this_machine_nothing_is_served_by_accident(void **state)
{
    (void)state;
    static const struct {
        struct web_options o;
        const char *says;
    } cases[] = {
        {{.listen = "0.0.0.0:0"}, "nothing would be encrypted"},
        {{.listen = "[::]:0", .proxied = true}, "--token-file"},
        {{.listen = "0.0.0.0:0", .tls_cert = "c"}, "go together"},
        {{.listen = "0.0.0.0:0", .tls_key = "k"}, "go together"},
        {{.listen = "0.0.0.0:0", .tls_cert = "/nonexistent/c", .tls_key = "k"}, "--token-file"},
        {{.listen = "0.0.0.0:0", .proxied = true, .no_token = true}, "--token-file"},
        {{.listen = "0", .tls_cert = "/nonexistent/c", .tls_key = "k"}, "/nonexistent/c"},
        {{.listen = "unix:/tmp/xfelx_never", .tls_cert = "c", .tls_key = "k"}, "needs no TLS"},
        {{.listen = "0", .no_token = true, .token_file = "t"}, "contradict"},
        {{.listen = "0", .token_file = "/nonexistent/tokens"}, "/nonexistent/tokens"},
        {{.listen = "0", .prefix = "xfelx"}, "--prefix"},
        {{.listen = "0", .prefix = "/a/../b/"}, "--prefix"},
        {{.listen = "0", .prefix = "/\"><script>/"}, "--prefix"},
        {{.listen = "x:y"}, "no address"},
    };
    const struct store_options store = {.file = "/nonexistent/xfelx.db"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct web_options o = cases[i].o;
        struct web *w = NULL;
        struct error err = {0};
        o.store = &store;
        o.title = o.version = "x";
        assert_false(web_start(&o, &w, &err));
        if (!strstr(err.fact, cases[i].says))
            fail_msg("case %zu: %s", i, err.fact);
    }
}

static void a_read_only_server_has_no_address_for_changes(void **state)
{
    (void)state;
    served_start_with((struct web_options){.read_only = true, .prefix = "/xfelx"});
    assert_non_null(strstr(served_ask("GET", "/xfelx/", "", NULL), "<base href=\"/xfelx/\">"));
    assert_non_null(strstr(served_ask("GET", "/xfelx/api/v1/me", "", NULL), "\"read_only\": true"));
    assert_int_equal(served_status(served_ask("POST", "/xfelx/api/v1/requests",
                                              "X-Xfelx: 1\r\nContent-Type: application/json\r\n", "{}")),
                     404);
    served_stop();
}

static void a_proxy_says_under_which_path_we_are_seen(void **state)
{
    (void)state;
    served_start_with((struct web_options){.proxied = true});
    assert_non_null(strstr(served_ask("GET", "/", "X-Forwarded-Prefix: /user/ann/proxy/80\r\n", NULL),
                           "<base href=\"/user/ann/proxy/80/\">"));
    assert_non_null(
        strstr(served_ask("GET", "/", "X-Forwarded-Prefix: /\"><script>\r\n", NULL), "<base href=\"/\">"));
    assert_non_null(
        strstr(served_ask("GET", "/", "X-Forwarded-Prefix: //evil.example/\r\n", NULL), "<base href=\"/\">"));
    served_stop();
    served_start();
    assert_non_null(strstr(served_ask("GET", "/", "X-Forwarded-Prefix: /x/\r\n", NULL), "<base href=\"/\">"));
    served_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beyond_this_machine_nothing_is_served_by_accident),
        cmocka_unit_test(a_read_only_server_has_no_address_for_changes),
        cmocka_unit_test(a_proxy_says_under_which_path_we_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
