/* assets_test.c - the files of the pages. */
#include "web/assets.h"

#include "support.h"

#include <string.h>

static void the_page_names_files_that_are_there(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct assets a;
    struct str page = {0};
    assets_make(&arena, &a);
    assert_true(assets_page(&a, "/xfelx/", "run <3> & \"more\"", &page));
    assert_non_null(strstr(page.text, "<base href=\"/xfelx/\">"));
    assert_non_null(strstr(page.text, "run &lt;3&gt; &amp; &quot;more&quot;"));
    size_t n = 0;
    for (const char *p = page.text; (p = strstr(p, "=\"assets/")) != NULL; n++) {
        char name[64];
        p += strlen("=\"assets/");
        assert_memory_equal(p, a.sum, 8);
        snprintf(name, sizeof name, "%.*s", (int)strcspn(p + 9, "\""), p + 9);
        if (!assets_find(&a, name))
            fail_msg("%s", name);
    }
    assert_true(n > 5);
    str_free(&page);
    assets_free(&a);
    arena_free(&arena);
}

/* Imports are relative names of files that are there, and nothing needs another host or a loosened policy. */
static void modules_import_what_is_there(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct assets a;
    assets_make(&arena, &a);
    for (size_t i = 0; i < a.n; i++) {
        const struct asset *f = a.rows + i;
        if (!str_ends(f->name, ".js"))
            continue;
        for (const char *p = f->text; (p = strstr(p, "from")) != NULL; p += 4) {
            const char *q = p + 4 + strspn(p + 4, " ");
            if (*q != '"' && *q != '\'')
                continue;
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)strcspn(q + 1, "\"'"), q + 1);
            if (strncmp(name, "./", 2) != 0 || !assets_find(&a, name + 2))
                fail_msg("%s imports %s", f->name, name);
        }
        if (strstr(f->text, "eval(") || strstr(f->text, "new Function") ||
            strstr(f->text, "sourceMappingURL"))
            fail_msg("%s", f->name);
    }
    assets_free(&a);
    arena_free(&arena);
}

static void what_a_browser_loads_stays_small(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct assets a;
    size_t packed = 0;
    assets_make(&arena, &a);
    for (size_t i = 0; i < a.n; i++)
        if (a.rows[i].at_once && strcmp(a.rows[i].name, "openapi.json") != 0)
            packed += a.rows[i].gzip.len ? a.rows[i].gzip.len : a.rows[i].size;
    assert_true(packed < 110 * 1024); /* WEB 3 */
    assert_true(assets_find(&a, "app.js")->at_once && assets_find(&a, "overview.js")->at_once);
    assert_true(assets_find(&a, "uplot.js")->at_once && assets_find(&a, "preact.js")->at_once);
    assert_false(assets_find(&a, "cells.js")->at_once); /* with its page */
    assert_false(assets_find(&a, "plots.js")->at_once);
    assets_free(&a);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_names_files_that_are_there),
        cmocka_unit_test(modules_import_what_is_there),
        cmocka_unit_test(what_a_browser_loads_stays_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
