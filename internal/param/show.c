/* show.c - printing values as PHIL that reads back to them; see phil.h and FORMATS 7.5, 7.6.
 *
 * Scopes that hold nothing to print are left out. Text is written in single quotes, where $ means nothing, so that what was
 * expanded once is not expanded again.
 */
#include "param/phil.h"

#include <string.h>

enum { WIDTH = 79, INDENT = 2 };

struct printer {
    struct arena *arena;
    const struct phil_show *how;
    struct str *out;
};

static void indent(struct str *s, size_t depth)
{
    for (size_t i = 0; i < depth * INDENT; i++)
        str_addc(s, ' ');
}

static bool is_shown(const struct printer *p, const struct phil_node *node)
{
    const struct phil_object *o = node->master;
    if (p->how->expert >= 0 && phil_expert(o) > p->how->expert && phil_is_default(node))
        return false;
    if (p->how->changed && phil_is_default(node))
        return false;
    return o->is_scope || !p->how->wanted || p->how->wanted(o, p->how->arg);
}

static bool holds_anything(const struct printer *p, const struct phil_node *node)
{
    if (!is_shown(p, node))
        return false;
    if (!node->master->is_scope || node->n_elements)
        return true;
    const struct phil_node *inside = node->template ? node->template : node;
    for (size_t k = 0; k < node->master->n_children; k++)
        if (holds_anything(p, &inside->children[k]))
            return true;
    return false;
}

/* Lines of help in quotes; the words are cut at blanks. */
static void show_help(struct printer *p, const char *help, size_t depth)
{
    const char *lead = ".help = ";
    size_t room = WIDTH - depth * INDENT - strlen(lead) - 2;
    room = room > WIDTH ? 20 : room;
    while (*help) {
        size_t n = strlen(help);
        if (n > room) {
            n = room;
            while (n > 1 && help[n] != ' ')
                n--;
            if (n == 1)
                n = strcspn(help, " ");
        }
        indent(p->out, depth);
        str_add(p->out, lead);
        struct phil_word word = {.text = arena_strndup(p->arena, help, n), .n = n, .quote = PHIL_DOUBLE};
        phil_word_show(p->out, &word);
        str_addc(p->out, '\n');
        lead = "        ";
        help += n + strspn(help + n, " ");
    }
}

static void show_attributes(struct printer *p, const struct phil_object *o, size_t depth)
{
    if (p->how->attributes >= 1 && o->help)
        show_help(p, o->help, depth);
    if (p->how->attributes < 2)
        return;
    if (!o->is_scope && o->type.kind != PHIL_NO_TYPE) {
        indent(p->out, depth);
        str_add(p->out, ".type = ");
        phil_type_show(p->out, &o->type);
        str_addc(p->out, '\n');
    }
    if (o->multiple == PHIL_TRUE) {
        indent(p->out, depth);
        str_add(p->out, ".multiple = True\n");
    }
    if (o->optional == PHIL_FALSE) {
        indent(p->out, depth);
        str_add(p->out, ".optional = False\n");
    }
    if (o->expert >= 0) {
        indent(p->out, depth);
        str_printf(p->out, ".expert_level = %d\n", o->expert);
    }
    for (const struct phil_attribute *attribute = o->attributes; attribute; attribute = attribute->next) {
        if (strcmp(attribute->name, "unit") != 0)
            continue;
        indent(p->out, depth);
        str_printf(p->out, "# unit: %s\n", attribute->text);
    }
}

/* A comment; quotes in a file's name would open a quoted word even there, and a line's end would end the comment. */
static void show_origin(struct str *s, const char *origin)
{
    str_add(s, " # ");
    for (; *origin; origin++)
        str_addc(s, strchr("'\"\\\n", *origin) ? '?' : *origin);
}

/* "name = words", broken with a backslash before it grows too wide. */
static void show_definition(struct printer *p, const struct phil_object *o, const struct phil_value *v,
                            const char *origin, size_t depth)
{
    struct phil_words words = phil_value_words(p->arena, o, v);
    struct str line = {0};
    indent(&line, depth);
    str_printf(&line, "%s =", o->name);
    size_t lead = line.len, begin = 0;
    for (size_t i = 0; i < words.n; i++) {
        struct str word = {0};
        phil_word_show(&word, &words.word[i]);
        if (i && line.len - begin + 1 + word.len > WIDTH - 2) {
            str_add(&line, " \\\n");
            begin = line.len;
            for (size_t k = 0; k < lead; k++)
                str_addc(&line, ' ');
        }
        str_printf(&line, " %s", word.text ? word.text : "");
        str_free(&word);
    }
    str_add(p->out, line.text);
    if (p->how->origins)
        show_origin(p->out, origin ? origin : "built-in");
    str_addc(p->out, '\n');
    str_free(&line);
    show_attributes(p, o, depth + 1);
}

static void show_node(struct printer *p, const struct phil_node *node, size_t depth);

static void show_children(struct printer *p, const struct phil_object *o, const struct phil_node *children,
                          size_t depth)
{
    for (size_t k = 0; k < o->n_children; k++)
        if (holds_anything(p, &children[k]))
            show_node(p, &children[k], depth);
}

static void show_scope(struct printer *p, const struct phil_object *o, const struct phil_node *children,
                       size_t depth, bool attributes)
{
    bool wide = attributes && ((p->how->attributes >= 1 && o->help) ||
                               (p->how->attributes >= 2 && o->multiple == PHIL_TRUE));
    indent(p->out, depth);
    str_printf(p->out, wide ? "%s\n" : "%s {\n", o->name);
    if (wide) {
        show_attributes(p, o, depth + 1);
        indent(p->out, depth);
        str_add(p->out, "{\n");
    }
    show_children(p, o, children, depth + 1);
    indent(p->out, depth);
    str_add(p->out, "}\n");
}

static void show_node(struct printer *p, const struct phil_node *node, size_t depth)
{
    const struct phil_object *o = node->master;
    if (o->multiple != PHIL_TRUE) {
        if (o->is_scope)
            show_scope(p, o, node->children, depth, true);
        else
            show_definition(p, o, &node->value, node->origin, depth);
        return;
    }
    if (!node->n_elements) { /* what an element may hold; an element that changes nothing vanishes when it is read */
        if (o->is_scope)
            show_scope(p, o, node->template->children, depth, true);
        else
            show_definition(p, o, &node->value, NULL, depth);
        return;
    }
    for (size_t i = 0; i < node->n_elements; i++) {
        if (o->is_scope)
            show_scope(p, o, node->elements[i]->children, depth, i == 0);
        else
            show_definition(p, o, &node->elements[i]->value, node->elements[i]->origin, depth);
    }
}

void phil_show(struct arena *a, const struct phil_node *root, const struct phil_show *how, struct str *out)
{
    struct printer p = {.arena = a, .how = how, .out = out};
    show_children(&p, root->master, root->children, 0);
}
