/* phil_text.h - for the tests of param/: texts to trees, masters and values in one call, and what they say. */
#ifndef TEST_UNIT_PARAM_PHIL_TEXT_H
#define TEST_UNIT_PARAM_PHIL_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "param/phil.h"

static inline const struct phil_source *text_source(struct arena *a, const char *text)
{
    struct error err;
    const struct phil_source *s = phil_source(a, "input", true, text, strlen(text), &err);
    if (!s)
        fail_msg("%s", err.fact);
    return s;
}

/* A tree; NULL when it is refused, with *err set. */
static inline struct phil_object *text_tree(struct arena *a, const char *text, struct error *err)
{
    return phil_parse(a, text_source(a, text), err);
}

/* Values of a master given as text, at their defaults. */
static inline struct phil_node *text_master(struct arena *a, const char *text)
{
    struct error err = {0};
    struct phil_object *master = text_tree(a, text, &err);
    if (!master || !phil_master(a, master, &err))
        fail_msg("%s", err.fact);
    struct phil_node *values = phil_defaults(a, master, &err);
    if (!values)
        fail_msg("%s", err.fact);
    return values;
}

/* Merge a text and check. */
static inline bool text_merge(struct arena *a, struct phil_node *values, const char *text, struct error *err)
{
    struct phil_object *tree = text_tree(a, text, err);
    return tree && phil_fetch(a, values, tree, NULL, err) && phil_check(a, values, err);
}

/* What is printed of the values; the caller's arena holds it. */
static inline const char *text_shown(struct arena *a, const struct phil_node *values, bool changed)
{
    struct str s = {0};
    phil_show(a, values, &(struct phil_show){.changed = changed, .expert = -1}, &s);
    const char *text = arena_strdup(a, s.text ? s.text : "");
    str_free(&s);
    return text;
}

/* A test's arena; released by the last one. */
static inline int text_setup(void **state)
{
    *state = calloc(1, sizeof(struct arena));
    log_hold(true);
    return *state == NULL;
}

static inline int text_teardown(void **state)
{
    arena_free(*state);
    free(*state);
    return 0;
}

#define text_test(f) cmocka_unit_test_setup_teardown(f, text_setup, text_teardown)

#endif
