/* routes_test.c - the table of routes against its description. */
#include "web/routes.h"

#include "web/assets.h"

#include "support.h"

#include <ctype.h>
#include <string.h>

static void every_route_is_described_and_everything_described_is_there(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct assets assets;
    struct error err = {0};
    assets_make(&arena, &assets);
    const struct asset *file = assets_find(&assets, "openapi.json");
    assert_non_null(file);
    struct json *root = json_parse(file->text, file->size, file->name, &err);
    assert_non_null(root);
    assert_string_equal(json_text(json_get(root, "openapi")), "3.1.0");
    const struct json *paths = json_get(root, "paths");
    size_t described = 0, routes = 0;
    for (const struct json *p = json_first(paths); p; p = json_next(p))
        for (const struct json *m = json_first(p); m; m = json_next(m), described++) {
            char method[8] = "", path[128] = "", parts[TARGET_PARTS][TARGET_PART];
            const char *allow, *from = json_key(p);
            for (size_t i = 0; json_key(m)[i] && i < 7; i++)
                method[i] = (char)toupper(json_key(m)[i]);
            for (size_t n = 0; *from && n < sizeof path - 1;
                 from++) { /* "{job}" is "{}" there, and any word here */
                if (*from == '{')
                    from += strcspn(from, "}"), path[n++] = '1';
                else
                    path[n++] = *from;
            }
            if (!route_find(method, path, parts, &allow))
                fail_msg("%s %s is described, but is not there", method, path);
            assert_non_null(json_text(json_get(m, "summary")));
            assert_non_null(
                json_get(json_get(m, "responses"), "200") ? m : json_get(json_get(m, "responses"), "202"));
        }
    for (const struct route *r = web_routes; r->method; r++)
        routes += strcmp(r->path, "/") != 0 && strncmp(r->path, "/assets/", 8) != 0;
    assert_int_equal(described, routes);
    json_free(root);
    assets_free(&assets);
    arena_free(&arena);
}

static void changes_need_an_editor_and_reading_a_reader(void **state)
{
    (void)state;
    static const char *const open[] = {"/",       "/assets/{}/{}", "/api/openapi.json", "/healthz",
                                       "/readyz", "/metrics",      "/api/v1/me"};
    for (const struct route *r = web_routes; r->method; r++) {
        bool is_open = false;
        for (size_t i = 0; i < sizeof open / sizeof *open; i++)
            is_open |= strcmp(r->path, open[i]) == 0;
        assert_int_equal((r->kind == ROUTE_CHANGE || r->kind == ROUTE_UPLOAD),
                         strcmp(r->method, "POST") == 0);
        assert_int_equal(r->role, (r->kind == ROUTE_CHANGE || r->kind == ROUTE_UPLOAD) ? ROLE_EDITOR
                                  : is_open                                            ? ROLE_NONE
                                                                                       : ROLE_READER);
        assert_int_equal(r->answer == NULL, r->kind == ROUTE_EVENTS);
    }
}

static void unknown_methods_are_told_what_there_is(void **state)
{
    (void)state;
    char parts[TARGET_PARTS][TARGET_PART];
    const char *allow;
    assert_null(route_find("DELETE", "/healthz", parts, &allow));
    assert_string_equal(allow, "GET, HEAD");
    assert_null(route_find("GET", "/nope", parts, &allow));
    assert_null(allow);
    assert_non_null(route_find("HEAD", "/", parts, &allow));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_described_and_everything_described_is_there),
        cmocka_unit_test(changes_need_an_editor_and_reading_a_reader),
        cmocka_unit_test(unknown_methods_are_told_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
