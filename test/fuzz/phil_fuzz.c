/* phil_fuzz.c - any bytes as a parameter file: parsed, merged into a master and into the built-in table, printed, read back. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "param/phil.h"
#include "param/rows.h"

static const char master_text[] =
    "b = False\n.type = bool\ni = 1\n.type = int(value_min=-9, value_max=1e15)\nf = 1.5\n.type = float\n"
    "ii = None\n.type = ints(size_max=9, allow_none_elements=True)\nff = 1 2\n.type = floats\n"
    "s = None\n.type = str\nss = None\n.type = strings\np = None\n.type = path\n"
    "c = *one two\n.type = choice\ncm = *one two\n.type = choice(multi=True)\n"
    "sg = None\n.type = space_group\nuc = None\n.type = unit_cell\n"
    "g\n.multiple = True\n{\n id = 0\n .type = int\n m = None\n .type = str\n .multiple = True\n}\n";

static struct phil_node *merge(struct arena *a, const struct phil_object *master, const char *text, size_t n)
{
    struct error err;
    const struct phil_source *s = phil_source(a, "input", true, text, n, &err);
    struct phil_object *tree = s ? phil_parse(a, s, &err) : NULL;
    struct phil_node *values = phil_defaults(a, master, &err);
    if (!tree || !phil_fetch(a, values, tree, NULL, &err) || !phil_check(a, values, &err))
        return NULL;
    for (const struct phil_object *o = NULL; (o = phil_unused(tree, o)) != NULL;)
        phil_near(a, master, phil_path(a, o));
    return values;
}

static void check(struct arena *a, const struct phil_object *master, const uint8_t *data, size_t size)
{
    struct phil_node *values = merge(a, master, (const char *)data, size);
    if (!values)
        return;
    struct str text = {0};
    phil_show(a, values, &(struct phil_show){.expert = -1, .attributes = 2, .origins = true}, &text);
    struct phil_node *again = merge(a, master, text.text ? text.text : "", text.len);
    if (!again || !phil_same_values(values, again))
        abort(); /* what is printed must read back to the same values */
    str_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct error err;
    const struct phil_source *s = phil_source(&a, "master", true, master_text, strlen(master_text), &err);
    struct phil_object *master = phil_parse(&a, s, &err);
    if (!master || !phil_master(&a, master, &err))
        abort();
    log_hold(true);
    check(&a, master, data, size);

    s = phil_source(&a, "command line", false, (const char *)data, size, &err);
    struct phil_node *values = phil_defaults(&a, master, &err);
    if (s && phil_argument(&a, values, s, &err))
        phil_check(&a, values, &err);
    arena_free(&a);
    return 0;
}
