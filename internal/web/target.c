/* target.c - path and query of a request; see target.h. */
#include "web/target.h"

#include "base/base.h"

#include <stdio.h>
#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode n bytes to out (room n + 1). Number of bytes; -1: a broken escape or a NUL. plus: "+" is a blank. */
static int decode(const char *in, size_t n, int plus, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        char c = in[i];
        if (c == '%') {
            int hi = i + 2 < n ? hex(in[i + 1]) : -1;
            int lo = hi >= 0 ? hex(in[i + 2]) : -1;
            if (lo < 0)
                return -1;
            c = (char)(hi * 16 + lo);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == 0)
            return -1;
        out[len++] = c;
    }
    out[len] = 0;
    return (int)len;
}

static int is_utf8(const char *text)
{
    for (uint32_t code; *text;) {
        int n = str_utf8(text, &code);
        if (n == 0)
            return 0;
        text += n;
    }
    return 1;
}

static int parse_path(const char *raw, size_t n, const char *prefix, struct target *out)
{
    char path[TARGET_MAX + 1];
    for (size_t i = 0; i + 2 < n;
         i++) /* an escaped slash would be a name with a slash in it: there are none */
        if (raw[i] == '%' && hex(raw[i + 1]) == 2 && (raw[i + 2] | 0x20) == 'f')
            return 404;
    int len = decode(raw, n, 0, path);
    if (len < 0)
        return 404;
    for (const char *p = path; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '\\')
            return 404;
    if (strstr(path, "//") || strstr(path, "/../") || strstr(path, "/./") || str_ends(path, "/..") ||
        str_ends(path, "/."))
        return 404;
    size_t skip = strlen(prefix) - 1;
    const char *rest = path;
    if (skip && strncmp(path, prefix, skip + 1) == 0)
        rest += skip;
    if (strlen(rest) >= sizeof out->path || !is_utf8(rest))
        return 404;
    strcpy(out->path, rest);
    return 0;
}

static int parse_query(const char *raw, struct target *out)
{
    char *to = out->text;
    while (*raw) {
        size_t n = strcspn(raw, "&");
        if (n > 0 && out->n_query == TARGET_QUERY)
            return 400;
        if (n > 0) {
            const char *equals = memchr(raw, '=', n);
            size_t name = equals ? (size_t)(equals - raw) : n;
            out->query[out->n_query].name = to;
            int len = decode(raw, name, 1, to);
            if (len < 0 || !is_utf8(to))
                return 400;
            to += len + 1;
            out->query[out->n_query++].value = to;
            len = equals ? decode(equals + 1, n - name - 1, 1, to) : decode("", 0, 1, to);
            if (len < 0 || !is_utf8(to))
                return 400;
            to += len + 1;
        }
        raw += n + (raw[n] == '&');
    }
    return 0;
}

int target_parse(const char *raw, const char *prefix, struct target *out)
{
    out->n_query = 0;
    out->path[0] = 0;
    if (strlen(raw) > TARGET_MAX - TARGET_QUERY)
        return 414;
    if (raw[0] != '/')
        return 400;
    for (const char *p = raw; *p; p++)
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || *p == '#')
            return 400;
    size_t n = strcspn(raw, "?");
    int status = parse_path(raw, n, prefix, out);
    return status || !raw[n] ? status : parse_query(raw + n + 1, out);
}

const char *target_value(const struct target *t, const char *name)
{
    for (size_t i = 0; i < t->n_query; i++)
        if (strcmp(t->query[i].name, name) == 0)
            return t->query[i].value;
    return NULL;
}

/* Lengths, since a value may hold any byte: "a=1&b=2" can be one field or two. */
void target_key(const struct target *t, bool gzip, char out[TARGET_KEY])
{
    size_t n = (size_t)snprintf(out, TARGET_KEY, "%d%zu:%s", gzip, strlen(t->path), t->path);
    for (size_t i = 0; i < t->n_query && n < TARGET_KEY; i++)
        n += (size_t)snprintf(out + n, TARGET_KEY - n, "?%zu,%zu:%s=%s", strlen(t->query[i].name),
                              strlen(t->query[i].value), t->query[i].name, t->query[i].value);
}

int target_matches(const char *pattern, const char *path, char parts[TARGET_PARTS][TARGET_PART])
{
    int n = 0;
    while (*pattern) {
        if (pattern[0] == '{' && pattern[1] == '}') {
            size_t len = strcspn(path, "/");
            if (len == 0 || len >= TARGET_PART || n == TARGET_PARTS)
                return 0;
            memcpy(parts[n], path, len);
            parts[n++][len] = 0;
            path += len;
            pattern += 2;
        } else if (*pattern++ != *path++) {
            return 0;
        }
    }
    return *path == 0;
}
