/* json_fuzz.c - any bytes as a JSON document: read, walked to the last leaf, and its texts written and read again. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Depth is limited by the parser, so a walk with a stack of that size visits everything. */
static void walk(const struct json *root, struct json_writer *w)
{
    const struct json *stack[256];
    size_t depth = 0;
    stack[depth++] = root;
    while (depth) {
        const struct json *node = stack[--depth];
        double v;
        if (json_next(node) && depth < 255)
            stack[depth++] = json_next(node);
        if (json_first(node) && depth < 255)
            stack[depth++] = json_first(node);
        if (json_text(node))
            json_put_text(w, NULL, json_text(node));
        if (json_number(node, &v))
            json_put_real(w, NULL, v);
        if (json_size(node) && !json_at(node, json_size(node) - 1) && json_is_array(node))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct json *root = json_parse((const char *)data, size, "input", &err);
    if (!root) {
        if (!err.code || !err.fact[0])
            abort();
        return 0;
    }
    struct str out = {0};
    struct json_writer w = {.out = &out};
    json_array(&w, NULL, true);
    walk(root, &w);
    json_end_array(&w);
    struct json *back = json_parse(out.text, out.len, "output", NULL);
    if (!back)
        abort(); /* what we write can be read */
    json_free(back);
    json_free(root);
    str_free(&out);
    return 0;
}
