/* json.c - JSON in and out; the only file that names cJSON. See json.h. */
#include "base/json.h"

#include <cJSON.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- reading: a struct json is a cJSON node under another name ---- */

static const cJSON *node_of(const struct json *node)
{
    return (const cJSON *)node;
}

static const struct json *json_of(const cJSON *node)
{
    return (const struct json *)node;
}

/* Name the place of an error as line and column (in bytes), both from 1. */
static void error_place(const char *text, size_t n, const char *end, const char *name, struct error *err)
{
    size_t at = end && end >= text ? (size_t)(end - text) : 0, line = 1, column = 1;
    if (at > n)
        at = n;
    for (size_t i = 0; i < at; i++) {
        column++;
        if (text[i] == '\n')
            line++, column = 1;
    }
    error_set(err, ERROR_DAMAGED, "%s is not valid JSON", name);
    /* the library names the last byte when the text ends early */
    error_detail(err, "line %zu, column %zu%s", line, column, at + 1 >= n ? ", the end of the text" : "");
}

struct json *json_parse(const char *text, size_t n, const char *name, struct error *err)
{
    if (n > INT_MAX) {
        error_set(err, ERROR_UNSUPPORTED, "%s is too large for a JSON document (%s)", name, COUNT(n, "byte"));
        return NULL;
    }
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text, n, &end, 0);
    if (!root) {
        error_place(text, n, end, name, err);
        return NULL;
    }
    const char *rest = end;
    while (rest < text + n && (*rest == ' ' || *rest == '\n' || *rest == '\r' || *rest == '\t' || !*rest))
        rest++;
    if (rest < text + n) {
        error_place(text, n, rest, name, err);
        cJSON_Delete(root);
        return NULL;
    }
    return (struct json *)root;
}

void json_free(struct json *root)
{
    cJSON_Delete((cJSON *)root);
}

const struct json *json_get(const struct json *object, const char *key)
{
    return json_is_object(object) ? json_of(cJSON_GetObjectItemCaseSensitive(node_of(object), key)) : NULL;
}

const struct json *json_first(const struct json *array_or_object)
{
    return json_is_object(array_or_object) || json_is_array(array_or_object)
               ? json_of(node_of(array_or_object)->child)
               : NULL;
}

const struct json *json_next(const struct json *member)
{
    return member ? json_of(node_of(member)->next) : NULL;
}

const struct json *json_at(const struct json *array, size_t i)
{
    const struct json *node = json_is_array(array) ? json_first(array) : NULL;
    while (node && i--)
        node = json_next(node);
    return node;
}

size_t json_size(const struct json *array_or_object)
{
    size_t n = 0;
    for (const struct json *node = json_first(array_or_object); node; node = json_next(node))
        n++;
    return n;
}

const char *json_key(const struct json *member)
{
    return member ? node_of(member)->string : NULL;
}

const char *json_text(const struct json *node)
{
    return node && cJSON_IsString(node_of(node)) ? node_of(node)->valuestring : NULL;
}

bool json_number(const struct json *node, double *out)
{
    if (!node || !cJSON_IsNumber(node_of(node)) || !isfinite(node_of(node)->valuedouble))
        return false;
    *out = node_of(node)->valuedouble;
    return true;
}

/* Before the conversion, which is undefined for what does not fit. Up to 2^53 each whole number is a double. */
bool json_whole(const struct json *node, int64_t *out)
{
    double v;
    if (!json_number(node, &v) || v < -9e15 || v > 9e15 || v != (double)(int64_t)v)
        return false;
    *out = (int64_t)v;
    return true;
}

bool json_numbers(const struct json *array, double *out, size_t n)
{
    if (!json_is_array(array))
        return false;
    const struct json *node = json_first(array);
    for (size_t i = 0; i < n; i++, node = json_next(node))
        if (!json_number(node, &out[i]))
            return false;
    return !node;
}

bool json_is_null(const struct json *node)
{
    return node && cJSON_IsNull(node_of(node));
}

bool json_is_true(const struct json *node)
{
    return node && cJSON_IsTrue(node_of(node));
}

bool json_is_array(const struct json *node)
{
    return node && cJSON_IsArray(node_of(node));
}

bool json_is_object(const struct json *node)
{
    return node && cJSON_IsObject(node_of(node));
}

/* ---- writing ---- */

static void add_quoted(struct str *s, const char *text)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    str_addc(s, '"');
    for (const char *p = text; *p;) {
        uint32_t code;
        int n = str_utf8(p, &code);
        if (!n)
            code = 0xfffd, n = 1;
        const char *special = code < 0x80 ? strchr(plain, (int)code) : NULL;
        if (special)
            str_printf(s, "\\%c", letters[special - plain]);
        else if (code >= 0x20 && code < 0x7f)
            str_addc(s, (char)code);
        else if (code < 0x10000)
            str_printf(s, "\\u%04x", code);
        else
            str_printf(s, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                       0xdc00 + ((code - 0x10000) & 0x3ff));
        p += n;
    }
    str_addc(s, '"');
}

static bool level_is_flat(const struct json_writer *w)
{
    return w->depth < 64 && (w->flat >> w->depth & 1);
}

static void new_line(struct json_writer *w)
{
    if (w->indent > 0)
        str_printf(w->out, "\n%*s", w->indent * w->depth, "");
}

/* What stands before a value: comma, line, key. */
static void begin_value(struct json_writer *w, const char *key)
{
    if (w->comma)
        str_add(w->out, level_is_flat(w) ? ", " : w->indent > 0 ? "," : ", ");
    if (w->depth > 0 && !level_is_flat(w))
        new_line(w);
    if (key) {
        add_quoted(w->out, key);
        str_add(w->out, ": ");
    }
    w->comma = true;
}

static void open_level(struct json_writer *w, const char *key, char bracket, bool one_line)
{
    begin_value(w, key);
    str_addc(w->out, bracket);
    one_line = one_line || level_is_flat(w); /* inside a line everything stays on it */
    w->depth++;
    w->comma = false;
    if (w->depth < 64)
        w->flat = (w->flat & ~(UINT64_C(1) << w->depth)) | (uint64_t)one_line << w->depth;
}

static void close_level(struct json_writer *w, char bracket)
{
    bool line = w->comma && !level_is_flat(w); /* nothing inside: {} and [] */
    w->depth--;
    if (line)
        new_line(w);
    str_addc(w->out, bracket);
    w->comma = true;
}

void json_object(struct json_writer *w, const char *key)
{
    open_level(w, key, '{', false);
}

void json_array(struct json_writer *w, const char *key, bool one_line)
{
    open_level(w, key, '[', one_line);
}

void json_end_object(struct json_writer *w)
{
    close_level(w, '}');
}

void json_end_array(struct json_writer *w)
{
    close_level(w, ']');
}

void json_put_text(struct json_writer *w, const char *key, const char *text)
{
    if (!text) {
        json_put_null(w, key);
        return;
    }
    begin_value(w, key);
    add_quoted(w->out, text);
}

void json_put_real(struct json_writer *w, const char *key, double value)
{
    char text[32];
    begin_value(w, key);
    str_add(w->out, isfinite(value) ? str_double(value, text) : "null");
}

void json_put_fixed(struct json_writer *w, const char *key, double value, int decimals)
{
    int64_t unit = 1;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    double scaled = value * (double)unit;
    if (!(fabs(scaled) < 1e18)) { /* NaN too */
        json_put_real(w, key, value);
        return;
    }
    int64_t n = llround(scaled);
    uint64_t size = (uint64_t)(n < 0 ? -n : n);
    begin_value(w, key);
    str_printf(w->out, "%s%llu", n < 0 ? "-" : "", (unsigned long long)(size / (uint64_t)unit));
    if (decimals > 0)
        str_printf(w->out, ".%0*llu", decimals, (unsigned long long)(size % (uint64_t)unit));
}

void json_put_int(struct json_writer *w, const char *key, int64_t value)
{
    begin_value(w, key);
    str_printf(w->out, "%lld", (long long)value);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
    begin_value(w, key);
    str_add(w->out, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *key)
{
    begin_value(w, key);
    str_add(w->out, "null");
}

void json_put_reals(struct json_writer *w, const char *key, const double *values, size_t n)
{
    json_array(w, key, true);
    for (size_t i = 0; i < n; i++)
        json_put_real(w, NULL, values[i]);
    json_end_array(w);
}
