/* corpus_test.c - the 560 cases of FORMATS 7 that libtbx.phil was asked: accepted or refused, objects, values, unused names;
 * and for every accepted one that what is printed reads back to the same values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "param/phil.h"

/* Cases in which the peer gave no answer: it was ended by its time limit while the corpus was made, although it takes both
 * (asked again). FORMATS 7.4: Auto is a value of every type, quoted "None" is text. */
static const char *const unanswered[] = {"strings-029", "choice-011"};

static char *corpus_text;
static struct json *corpus;
static char folder[] = "/tmp/xfelx-corpus-XXXXXX";

/* ---- comparing values ---- */

static bool same_number(const struct json *want, const struct phil_number *n)
{
    double value;
    const char *name = json_text(json_get(want, "float"));
    if (json_is_null(want))
        return n->state == PHIL_NONE;
    if (name)
        return n->state == PHIL_SET && n->r == (name[0] == '-' ? -INFINITY : INFINITY);
    return n->state == PHIL_SET && json_number(want, &value) && fabs(n->r - value) <= 1e-15 * fabs(value);
}

static bool same_text(const char *want, const char *text)
{
    if (str_starts(want, "$HOME"))
        return text && str_starts(text, getenv("HOME")) && !strcmp(text + strlen(getenv("HOME")), want + 5);
    return text && !strcmp(want, text);
}

static bool same_list(const struct json *want, const struct phil_node *node)
{
    const struct phil_value *v = &node->value;
    if (v->state != PHIL_SET || json_size(want) != v->n)
        return false;
    for (size_t i = 0; i < v->n; i++) {
        const struct json *w = json_at(want, i);
        const char *text = json_text(json_is_array(w) ? json_at(w, 0) : w);
        if (v->texts ? !text || strcmp(text, v->texts[i]) != 0 : !same_number(w, &v->numbers[i]))
            return false;
        if (json_is_array(w) &&
            strcmp(json_text(json_at(w, 1)), phil_quote_text(node->words.word[i].quote)) != 0)
            return false;
    }
    return true;
}

static bool same_value(const struct json *want, const struct phil_node *node)
{
    const struct phil_value *v = &node->value;
    const struct json *cell = json_get(want, "unit_cell");
    if (json_is_null(want))
        return v->state == PHIL_NONE;
    if (json_get(want, "auto"))
        return v->state == PHIL_AUTO;
    if (json_get(want, "space_group"))
        return v->state == PHIL_SET && same_text(json_text(json_get(want, "space_group")), v->text);
    if (cell || json_is_array(want))
        return same_list(cell ? cell : want, node);
    if (json_text(want))
        return v->state == PHIL_SET && same_text(json_text(want), v->text);
    if (node->master->type.kind == PHIL_BOOL)
        return v->state == PHIL_SET && v->b == json_is_true(want);
    return same_number(want, &v->number);
}

/* Elements of a .multiple scope: lists of [name, value]. */
static bool same_elements(const struct json *want, const struct phil_node *node)
{
    if (json_size(want) != node->n_elements)
        return false;
    for (size_t i = 0; i < node->n_elements; i++) {
        const struct json *pairs = json_at(want, i);
        if (json_size(pairs) != node->master->n_children)
            return false;
        for (size_t k = 0; k < json_size(pairs); k++)
            if (!same_value(json_at(json_at(pairs, k), 1), &node->elements[i]->children[k]))
                return false;
    }
    return true;
}

static bool same_texts(const struct json *want, const struct phil_node *node)
{
    if (json_size(want) != node->n_elements)
        return false;
    for (size_t i = 0; i < node->n_elements; i++)
        if (!same_value(json_at(want, i), node->elements[i]))
            return false;
    return true;
}

static const struct json *find_pair(const struct json *values, const char *path)
{
    for (const struct json *pair = json_first(values); pair; pair = json_next(pair))
        if (!strcmp(json_text(json_at(pair, 0)), path))
            return json_at(pair, 1);
    return NULL;
}

/* Every definition has the wanted value, or its default when none is listed. */
static const char *compare_values(struct arena *a, const struct json *values, const struct phil_node *node)
{
    const struct phil_object *o = node->master;
    const char *path = phil_path(a, o), *wrong = NULL;
    const struct json *want = find_pair(values, path);
    if (o->multiple == PHIL_TRUE && o->is_scope) {
        const struct json *elements = find_pair(values, arena_printf(a, "%s[]", path));
        return (elements ? same_elements(elements, node) : node->n_elements == 0) ? NULL : path;
    }
    if (o->multiple == PHIL_TRUE)
        return (want ? same_texts(want, node) : node->n_elements == 0) ? NULL : path;
    if (!o->is_scope)
        return (want ? same_value(want, node) : phil_is_default(node)) ? NULL : path;
    for (size_t k = 0; k < o->n_children && !wrong; k++)
        wrong = compare_values(a, values, &node->children[k]);
    return wrong;
}

/* ---- comparing objects ---- */

static bool same_attributes(struct arena *a, const struct json *want, const struct phil_object *o)
{
    size_t n = 0;
    for (const struct phil_attribute *attribute = o->attributes; attribute; attribute = attribute->next) {
        if (!attribute->text)
            continue;
        const struct json *value = json_get(want, attribute->name);
        struct str type = {0};
        double number;
        bool same = false;
        if (!strcmp(attribute->name, "type"))
            phil_type_show(&type, &o->type);
        if (json_text(value))
            same = !strcmp(json_text(value), type.text ? type.text : attribute->text);
        else if (json_number(value, &number))
            same = number == o->expert;
        else
            same =
                value && json_is_true(value) ==
                             ((strcmp(attribute->name, "multiple") ? o->optional : o->multiple) == PHIL_TRUE);
        str_free(&type);
        if (!same)
            return false;
        n++;
    }
    (void)a;
    return n == json_size(want);
}

static const char *compare_objects(struct arena *a, const struct json *want, const struct phil_object *root)
{
    size_t i = 0;
    for (const struct phil_object *o = root; (o = phil_walk(root, o, false)) != NULL; i++) {
        const struct json *one = json_at(want, i), *words = json_at(one, 2);
        const char *path = arena_printf(a, "%s%s", phil_path(a, o), o->is_scope ? "{}" : "");
        if (!one || strcmp(json_text(json_at(one, 0)), path) != 0 ||
            json_is_true(json_at(one, 1)) != o->disabled || json_size(words) != o->words.n ||
            !same_attributes(a, json_at(one, 3), o))
            return path;
        for (size_t k = 0; k < o->words.n; k++)
            if (strcmp(json_text(json_at(json_at(words, k), 0)), o->words.word[k].text) != 0 ||
                strcmp(json_text(json_at(json_at(words, k), 1)), phil_quote_text(o->words.word[k].quote)) !=
                    0)
                return path;
    }
    return i == json_size(want) ? NULL : "the number of objects";
}

/* ---- running a case ---- */

struct outcome {
    bool ok;
    const char *wrong; /* what differs; NULL: nothing */
    struct error err;
};

static const char *repeated(struct arena *a, const char *head, const char *part, int n, const char *tail)
{
    struct str s = {0};
    str_add(&s, head);
    for (int i = 0; i < n; i++)
        str_add(&s, part);
    str_add(&s, tail);
    char *text = arena_strndup(a, s.text, s.len);
    str_free(&s);
    return text;
}

/* Texts too long for the corpus are made by rule there (make_corpus.py). */
static const char *whole_input(struct arena *a, const struct json *c, const char *text)
{
    const char *id = json_text(json_get(c, "id"));
    if (!json_get(c, "input_rule"))
        return text;
    if (!strcmp(id, "hostile-002"))
        return repeated(a, "", "a {", 1200, repeated(a, " b = 1 ", "}", 1200, ""));
    if (!strcmp(id, "hostile-004"))
        return repeated(a, "a = ", "x", 20000, "");
    if (!strcmp(id, "hostile-005"))
        return repeated(a, "a = ", "1 ", 5000, "");
    if (!strcmp(id, "hostile-009"))
        return repeated(a, "i = 1", "0", 5000, "");
    fail_msg("%s is made by a rule this test does not know", id);
    return NULL;
}

static const struct phil_source *source_of(struct arena *a, const struct json *c, const char *text,
                                           struct error *err)
{
    const char *why = json_text(json_get(c, "why"));
    text = whole_input(a, c, text);
    size_t n = strlen(text);
    if (why && !strcmp(why, "NUL byte")) /* JSON readers end a text there */
        n++;
    return phil_source(a, "input", true, text, n, err);
}

static void write_files(struct arena *a, const struct json *files)
{
    for (const struct json *f = json_first(files); f; f = json_next(f)) {
        const char *name = json_key(f), *text = json_text(f);
        struct error err;
        assert_true(fs_make_folders(fs_folder(a, name), &err));
        FILE *out = fopen(name, "w");
        assert_non_null(out);
        fputs(text, out);
        fclose(out);
    }
}

static void parse_case(struct arena *a, const struct json *c, struct outcome *out)
{
    const char *text = json_text(json_at(json_get(c, "input"), 0));
    const struct json *objects = json_get(c, "objects");
    struct phil_object *root = NULL;
    if (json_get(c, "files") || !strcmp(json_text(json_get(c, "group")), "include")) {
        assert_true(fs_write_atomic("main.phil", text, strlen(text), NULL));
        root = phil_parse_file(a, "main.phil", &out->err);
    } else {
        const struct phil_source *s = source_of(a, c, text, &out->err);
        root = s ? phil_parse(a, s, &out->err) : NULL;
    }
    out->ok = root != NULL;
    if (root && json_is_array(objects))
        out->wrong = compare_objects(a, objects, root);
}

static bool is_listed(const struct json *list, const char *text)
{
    for (const struct json *one = json_first(list); one; one = json_next(one))
        if (!strcmp(json_text(one), text))
            return true;
    return false;
}

/* One argument as libtbx' interpreter takes it: --name, a file that parses, an assignment, or left to others. */
static bool take_argument(struct arena *a, struct phil_node *values, const char *text, struct error *err)
{
    struct stat info;
    bool handled = false;
    if (!strncmp(text, "--", 2))
        text = strchr(text, '=') ? text + 2 : arena_printf(a, "%s = True", text + 2);
    if (!stat(text, &info) && info.st_size) {
        struct phil_object *tree = phil_parse_file(a, text, err);
        handled = tree && phil_fetch(a, values, tree, NULL, err);
    }
    if (!handled && strchr(text, '=')) {
        const struct phil_source *s = phil_source(a, "command line", false, text, strlen(text), err);
        handled = s && phil_argument(a, values, s, err);
    }
    return handled;
}

static void value_case(struct arena *a, const struct json *c, const struct json *master, struct outcome *out)
{
    const struct phil_source *s =
        phil_source(a, "master", true, json_text(master), strlen(json_text(master)), &out->err);
    struct phil_object *root = phil_parse(a, s, &out->err);
    assert_non_null(root);
    assert_true(phil_master(a, root, &out->err));
    struct phil_node *values = phil_defaults(a, root, &out->err);
    assert_non_null(values);

    const struct json *unused = json_get(c, "unused");
    size_t n_unused = 0;
    out->ok = true;
    for (const struct json *i = json_first(json_get(c, "input")); i && out->ok; i = json_next(i)) {
        s = source_of(a, c, json_text(i), &out->err);
        struct phil_object *tree = s ? phil_parse(a, s, &out->err) : NULL;
        out->ok = tree && phil_fetch(a, values, tree, NULL, &out->err);
        for (const struct phil_object *o = NULL; out->ok && (o = phil_unused(tree, o)) != NULL; n_unused++)
            if (!json_at(unused, n_unused) ||
                strcmp(json_text(json_at(unused, n_unused)), phil_path(a, o)) != 0)
                out->wrong = phil_path(a, o);
    }
    for (const struct json *i = json_first(json_get(c, "args")); i && out->ok; i = json_next(i)) {
        const char *text = json_text(i);
        if (strspn(text, " ") == strlen(text))
            continue;
        bool handled = take_argument(a, values, text, &out->err);
        bool others = is_listed(json_get(c, "unhandled"), text);
        if (others && handled)
            out->wrong = "an argument for others was taken";
        out->ok = handled || others;
    }
    out->ok = out->ok && phil_check(a, values, &out->err);
    if (out->ok && !out->wrong && n_unused != json_size(unused))
        out->wrong = "the number of unused names";
    if (out->ok && !out->wrong && json_get(c, "values"))
        out->wrong = compare_values(a, json_get(c, "values"), values);
    if (!out->ok || out->wrong)
        return;

    /* printed and read back: the same values */
    struct str text = {0};
    phil_show(a, values, &(struct phil_show){.expert = -1, .attributes = 2, .origins = true}, &text);
    s = phil_source(a, "printed", true, text.text, text.len, &out->err);
    struct phil_object *tree = s ? phil_parse(a, s, &out->err) : NULL;
    struct phil_node *again = phil_defaults(a, root, &out->err);
    if (!tree || !phil_fetch(a, again, tree, NULL, &out->err) || !phil_check(a, again, &out->err))
        out->wrong = arena_printf(a, "what was printed is refused: %s (%s)", out->err.fact, out->err.detail);
    else if (!phil_same_values(values, again))
        out->wrong = "what was printed reads back to other values";
    str_free(&text);
}

static void set_environment(const struct json *c, bool on)
{
    setenv("HOME", "/home/somebody", 1);
    unsetenv("UNSET_VAR");
    for (const struct json *v = json_first(json_get(c, "env")); v; v = json_next(v)) {
        if (on)
            setenv(json_key(v), json_text(v), 1);
        else
            unsetenv(json_key(v));
    }
}

/* Nothing to complain about: NULL. */
static const char *run_case(struct arena *a, const struct json *c)
{
    struct outcome out = {0};
    double master;
    const char *id = json_text(json_get(c, "id")), *want = json_text(json_get(c, "want"));
    set_environment(c, true);
    write_files(a, json_get(c, "files"));
    if (json_number(json_get(c, "master"), &master))
        value_case(a, c, json_at(json_get(corpus, "masters"), (size_t)master), &out);
    else
        parse_case(a, c, &out);
    set_environment(c, false);

    bool wanted = !strcmp(want, "same") ? json_is_true(json_get(c, "ok")) : !strcmp(want, "accept");
    for (size_t i = 0; i < sizeof unanswered / sizeof *unanswered; i++)
        wanted = wanted || !strcmp(id, unanswered[i]);
    if (out.ok != wanted)
        return arena_printf(a, out.ok ? "%s is accepted" : "%s is refused: %s", id, out.err.fact);
    if (out.ok && out.wrong && !strcmp(want, "same"))
        return arena_printf(a, "%s differs: %s", id, out.wrong);
    if (!out.ok && (!out.err.fact[0] || (!strchr(out.err.fact, ':') && !out.err.detail[0])))
        return arena_printf(a, "%s is refused without a place", id);
    return NULL;
}

static void every_case_of_the_corpus_agrees(void **state)
{
    (void)state;
    if (!corpus) {
        print_message("the corpus phil/phil_corpus.json is not there: set XFELX_TEST_DATA\n");
        skip();
    }
    size_t n = 0, wrong = 0;
    for (const struct json *c = json_first(json_get(corpus, "cases")); c; c = json_next(c), n++) {
        struct arena a = {0};
        const char *complaint = run_case(&a, c);
        if (complaint)
            print_message("%s\n", complaint), wrong++;
        arena_free(&a);
    }
    assert_int_equal(wrong, 0);
    assert_true(n > 500);
}

static int read_corpus(void **state)
{
    (void)state;
    struct arena a = {0};
    struct bytes bytes = {0};
    const char *data = getenv("XFELX_TEST_DATA");
    const char *path = fs_join(&a, data ? data : "../shared/data", "phil/phil_corpus.json");
    if (fs_read(path, 64 << 20, &bytes, NULL)) {
        corpus = json_parse((const char *)bytes.data, bytes.size, path, NULL);
        corpus_text = (char *)bytes.data;
    }
    arena_free(&a);
    log_hold(true);
    return !mkdtemp(folder) || chdir(folder);
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"main.phil", "p.phil",   "p q.phil",   "d/p.phil", "d/q.phil",
                                        "d",         "bad.phil", "empty.phil", "x.h5"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        remove(names[i]);
    json_free(corpus);
    free(corpus_text);
    return chdir("/") || rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_of_the_corpus_agrees)};
    return cmocka_run_group_tests(tests, read_corpus, remove_folder);
}
