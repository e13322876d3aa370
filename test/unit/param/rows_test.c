/* rows_test.c - the table of parameters: complete, consistent, in words that help. */
#include <stdio.h>

#include "param/rows.h"
#include "phil_text.h"

static void every_row_is_whole(void **state)
{
    (void)state;
    size_t n;
    const struct param_row *rows = param_rows(&n);
    for (size_t i = 0; i < n; i++) {
        const struct param_row *r = &rows[i];
        if (!r->help[0] || strlen(r->help) > 300 || r->help[strlen(r->help) - 1] != '.')
            fail_msg("%s: help \"%s\"", r->path, r->help);
        if ((r->tree == PARAM_SETTINGS || r->class != PARAM_HONOURED) && r->in_hash)
            fail_msg("%s is in the hash", r->path);
        if (r->expert > 3 || (str_starts(r->path, "output.") && r->in_hash) ||
            (str_starts(r->path, "input.glob") && r->in_hash))
            fail_msg("%s: expert level or hash", r->path);
        for (size_t k = 0; k < i; k++)
            if (!strcmp(r->path, rows[k].path))
                fail_msg("%s stands twice", r->path);
    }
    assert_true(n > 550);
}

static void what_changes_results_has_defaults_that_are_values(void **state)
{
    struct phil_object *master = rows_master(*state);
    struct error err;
    struct phil_node *values = phil_defaults(*state, master, &err);
    if (!values)
        fail_msg("%s", err.fact);
    for (const struct phil_object *o = master; (o = phil_walk(master, o, false)) != NULL;)
        assert_true(o->is_scope || o->row);
}

static void rows_of_one_scope_stand_together(void **state)
{
    struct phil_object *master = rows_master(*state);
    size_t n, i = 0;
    const struct param_row *rows = param_rows(&n);
    for (const struct phil_object *o = master; (o = phil_walk(master, o, false)) != NULL;) {
        while (i < n && !rows[i].type[0])
            i++; /* rows of scopes */
        if (!o->is_scope && o->row != &rows[i++])
            fail_msg("%s is not where its scope is", ((const struct param_row *)o->row)->path);
    }
}

static void environment_names_are_all_different(void **state)
{
    size_t n, named = 0;
    const struct param_row *rows = param_rows(&n);
    const char **names = arena_array(*state, n, sizeof *names);
    for (size_t i = 0; i < n; i++) {
        const char *name = rows[i].type[0] ? rows_environment(*state, &rows[i]) : NULL;
        for (size_t k = 0; name && k < named; k++)
            assert_string_not_equal(name, names[k]);
        if (name)
            names[named++] = name;
    }
    assert_true(named > 100);
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(rows[i].path, "db.password_file"))
            assert_string_equal(rows_environment(*state, &rows[i]), "XFELX_DB_PASSWORD_FILE");
        if (!strcmp(rows[i].path, "xfelx.tls.ca_file"))
            assert_string_equal(rows_environment(*state, &rows[i]), "XFELX_TLS_CA_FILE");
        if (!strcmp(rows[i].path, "indexing.min_cell"))
            assert_null(rows_environment(*state, &rows[i]));
    }
}

/* ---- the tables of the peers ---- */

static struct json *read_table(struct arena *a, const char *name)
{
    struct bytes bytes = {0};
    const char *data = getenv("XFELX_TEST_DATA");
    const char *path = fs_join(a, data ? data : "../shared/data", arena_printf(a, "phil/%s", name));
    struct json *root = fs_read(path, 64 << 20, &bytes, NULL)
                            ? json_parse((const char *)bytes.data, bytes.size, path, NULL)
                            : NULL;
    bytes_free(&bytes);
    return root;
}

/* The row of a peer's path: "[]" is left out there. */
static const struct param_row *find_row(const char *path)
{
    size_t n;
    const struct param_row *rows = param_rows(&n);
    for (size_t i = 0; i < n; i++) {
        const char *p = path, *r = rows[i].path;
        for (; *r; r++) {
            if (*r == '[' || *r == ']')
                continue;
            if (*r != *p)
                break;
            p++;
        }
        if (!*r && (!*p || (!strcmp(p, "{}") && !rows[i].type[0])))
            return &rows[i];
    }
    return NULL;
}

/* Defaults that differ on purpose (SCIENCE 1.2, WORDS 6.1). */
static bool differs_on_purpose(const char *path)
{
    static const char *const paths[] = {"output.shoeboxes",
                                        "output.integration_pickle",
                                        "mp.method",
                                        "db.host",
                                        "db.name",
                                        "db.user",
                                        "db.password",
                                        "output_folder",
                                        "facility.standalone.files.last_modified",
                                        "integration.debug.delete_shoeboxes"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (!strcmp(paths[i], path))
            return true;
    return false;
}

static bool has_default(const struct json *want, const struct param_row *row)
{
    const char *text = json_text(json_get(want, "default"));
    const struct json *choices = json_get(want, "choices");
    if (!choices)
        return !strcmp(row->deflt, text ? *text ? text : "''" : "None") ||
               (text && strchr(row->deflt, '\'') && strstr(row->deflt, text));
    char starred[128];
    snprintf(starred, sizeof starred, "*%s", text ? text : "");
    for (const struct json *c = json_first(choices); c; c = json_next(c))
        if (!strstr(row->deflt, json_text(c)))
            return false;
    return text                                      ? strstr(row->deflt, starred) != NULL
           : json_is_null(json_get(want, "default")) ? !strchr(row->deflt, '*')
                                                     : true;
}

static void every_name_of_the_peers_is_a_row_with_their_default(void **state)
{
    static const char *const tables[] = {"stills_process_defaults.json", "xfel_process_defaults.json",
                                         "xfel_gui_defaults.json"};
    size_t n = 0;
    for (size_t i = 0; i < 3; i++) {
        struct json *root = read_table(*state, tables[i]);
        if (!root) {
            print_message("phil/%s is not there: set XFELX_TEST_DATA\n", tables[i]);
            skip();
        }
        for (const struct json *p = json_first(json_get(root, "parameters")); p; p = json_next(p), n++) {
            const struct param_row *row = find_row(json_key(p));
            if (!row)
                fail_msg("%s has no row", json_key(p));
            if (row->type[0] && !differs_on_purpose(row->path) && !has_default(p, row))
                fail_msg("%s has the default %s", row->path, row->deflt);
            if (row->type[0] && json_is_true(json_get(p, "multiple")) != row->multiple)
                fail_msg("%s: multiple or not", row->path);
        }
        json_free(root);
    }
    assert_true(n > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(every_row_is_whole),
        text_test(what_changes_results_has_defaults_that_are_values),
        text_test(rows_of_one_scope_stand_together),
        text_test(environment_names_are_all_different),
        text_test(every_name_of_the_peers_is_a_row_with_their_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
