/* phil_ask.c - asks our PHIL reader: test/peers/phil_random sends one JSON line a case and gets one back.
 *
 * {"master": text, "inputs": [text …], "args": [text …]} → {"ok": …, "error": …, "unused": [path …], "unhandled": [text …],
 * "values": {path: value …}}; None is null, Auto {"auto": true}, infinity {"float": "inf"}.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "param/phil.h"

static void put_number(struct json_writer *w, const char *key, const struct phil_number *n, bool integer)
{
    if (n->state == PHIL_NONE) {
        json_put_null(w, key);
    } else if (n->state == PHIL_AUTO || isinf(n->r)) {
        json_object(w, key);
        if (n->state == PHIL_AUTO)
            json_put_bool(w, "auto", true);
        else
            json_put_text(w, "float", n->r > 0 ? "inf" : "-inf");
        json_end_object(w);
    } else if (integer) {
        json_put_int(w, key, n->i);
    } else {
        json_put_real(w, key, n->r);
    }
}

static void put_value(struct json_writer *w, const char *key, const struct phil_object *o,
                      const struct phil_value *v)
{
    bool integer = o->type.kind == PHIL_INT || o->type.kind == PHIL_INTS;
    if (v->state == PHIL_AUTO) {
        put_number(w, key, &(struct phil_number){.state = PHIL_AUTO}, false);
    } else if (v->state == PHIL_NONE) {
        json_put_null(w, key);
    } else if (o->type.kind == PHIL_BOOL) {
        json_put_bool(w, key, v->b);
    } else if (o->type.kind == PHIL_INT || o->type.kind == PHIL_FLOAT) {
        put_number(w, key, &v->number, integer);
    } else if (v->numbers) {
        json_array(w, key, true);
        for (size_t i = 0; i < v->n; i++)
            put_number(w, NULL, &v->numbers[i], integer);
        json_end_array(w);
    } else if (v->texts && !(o->type.kind == PHIL_CHOICE && !o->type.multi)) {
        json_array(w, key, true);
        for (size_t i = 0; i < v->n; i++)
            json_put_text(w, NULL, v->texts[i]);
        json_end_array(w);
    } else {
        json_put_text(w, key, v->text);
    }
}

static void put_node(struct arena *a, struct json_writer *w, const struct phil_node *node, const char *key)
{
    const struct phil_object *o = node->master;
    if (o->multiple == PHIL_TRUE) {
        json_array(w, key, false);
        for (size_t i = 0; i < node->n_elements; i++) {
            if (!o->is_scope) {
                put_value(w, NULL, o, &node->elements[i]->value);
                continue;
            }
            json_object(w, NULL);
            for (size_t k = 0; k < o->n_children; k++)
                put_node(a, w, &node->elements[i]->children[k], node->elements[i]->children[k].master->name);
            json_end_object(w);
        }
        json_end_array(w);
    } else if (o->is_scope) {
        json_object(w, key);
        for (size_t k = 0; k < o->n_children; k++)
            put_node(a, w, &node->children[k], node->children[k].master->name);
        json_end_object(w);
    } else {
        put_value(w, key, o, &node->value);
    }
}

static bool merge_inputs(struct arena *a, const struct json *c, struct phil_node *values,
                         struct json_writer *w, struct error *err)
{
    json_array(w, "unused", true);
    bool ok = true;
    for (const struct json *i = json_first(json_get(c, "inputs")); i && ok; i = json_next(i)) {
        const struct phil_source *s = phil_source(a, "input", true, json_text(i), strlen(json_text(i)), err);
        struct phil_object *tree = s ? phil_parse(a, s, err) : NULL;
        ok = tree && phil_fetch(a, values, tree, NULL, err);
        for (const struct phil_object *o = NULL; ok && (o = phil_unused(tree, o)) != NULL;)
            json_put_text(w, NULL, phil_path(a, o));
    }
    json_end_array(w);
    return ok;
}

static void merge_arguments(struct arena *a, const struct json *c, struct phil_node *values,
                            struct json_writer *w, struct error *err)
{
    json_array(w, "unhandled", true);
    for (const struct json *i = json_first(json_get(c, "args")); i; i = json_next(i)) {
        const struct phil_source *s =
            phil_source(a, "command line", false, json_text(i), strlen(json_text(i)), err);
        if (!s || !phil_argument(a, values, s, err))
            json_put_text(w, NULL, json_text(i));
    }
    json_end_array(w);
}

static void answer(const struct json *c, struct str *out)
{
    struct arena a = {0};
    struct error err = {0};
    struct json_writer w = {.out = out};
    const char *text = json_text(json_get(c, "master"));
    const struct phil_source *s = phil_source(&a, "master", true, text, strlen(text), &err);
    struct phil_object *master = s ? phil_parse(&a, s, &err) : NULL;
    struct phil_node *values =
        master && phil_master(&a, master, &err) ? phil_defaults(&a, master, &err) : NULL;
    if (!values) {
        fprintf(stderr, "phil_ask: %s\n", err.fact);
        exit(1);
    }
    json_object(&w, NULL);
    bool ok = merge_inputs(&a, c, values, &w, &err);
    if (ok) {
        merge_arguments(&a, c, values, &w, &err);
        ok = phil_check(&a, values, &err);
    }
    json_put_bool(&w, "ok", ok);
    if (ok)
        put_node(&a, &w, values, "values");
    json_put_text(&w, "error", err.fact);
    json_end_object(&w);
    arena_free(&a);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    log_hold(true);
    while ((n = getline(&line, &room, stdin)) > 0) {
        struct error err;
        struct json *c = json_parse(line, (size_t)n, "case", &err);
        if (!c) {
            fprintf(stderr, "phil_ask: %s\n", err.fact);
            return 1;
        }
        struct str out = {0};
        answer(c, &out);
        puts(out.text);
        str_free(&out);
        json_free(c);
    }
    free(line);
    return 0;
}
