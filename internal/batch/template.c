/* template.c - filling text with fields. */
#include "batch/template.h"

#include <string.h>

static struct field *find(struct field *fields, size_t n, const char *name, size_t length)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(fields[i].name) == length && !memcmp(fields[i].name, name, length))
            return &fields[i];
    return NULL;
}

static bool is_given(const struct field *f)
{
    return f->value && *f->value;
}

static bool put(const char *name, struct field *f, struct str *out, struct error *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:=+@/[]-";
    f->used = true;
    if (!is_given(f))
        return f->kind != FIELD_PLAIN ||
               error_set(err, ERROR_USAGE, "the job script %s needs %s", name, f->name);
    if (f->kind == FIELD_PLAIN && f->value[strspn(f->value, plain)]) {
        char shown[NAME_VISIBLE];
        error_set(err, ERROR_USAGE, "%s \"%s\" cannot be given to a scheduler", f->name,
                  str_visible(f->value, shown, sizeof shown));
        return error_hint(err, "letters, digits and _.,:=+@/[]- only");
    }
    if (f->kind == FIELD_QUOTED)
        shell_quote(out, f->value);
    else
        str_add(out, f->value);
    return true;
}

static bool unknown(const char *name, size_t line, const char *field, size_t n, struct error *err)
{
    return error_set(err, ERROR_USAGE,
                     "line %zu of the job script %s has the field \"%.*s\", which is not known", line, name,
                     (int)(n < 60 ? n : 60), field);
}

/* A field at "@…": *at moves behind it. */
static bool fill_field(const char *name, size_t line, const char **at, const char *end, struct field *fields,
                       size_t n, struct str *out, struct error *err)
{
    const char *from = *at + 1, *close = memchr(from, '@', (size_t)(end - from));
    if (close == from) {
        str_addc(out, '@');
        *at = close + 1;
        return true;
    }
    if (!close)
        return error_set(err, ERROR_USAGE, "line %zu of the job script %s has an @ that nothing closes", line,
                         name),
               error_hint(err, "@@ is an @");
    bool text = *from == '=';
    from += text;
    struct field *f = find(fields, n, from, (size_t)(close - from));
    if (!f || (f->kind == FIELD_TEXT) != text)
        return unknown(name, line, from, (size_t)(close - from), err);
    *at = close + 1;
    return put(name, f, out, err);
}

/* Does the line go? "@?name@" of a field that is not given, or nothing but a "@=name@" that is empty. *at moves behind "@?name@". */
static bool line_goes(const char *name, size_t line, const char **at, const char *end, struct field *fields,
                      size_t n, bool *goes, struct error *err)
{
    *goes = false;
    if (end - *at < 3 || **at != '@' || ((*at)[1] != '?' && (*at)[1] != '='))
        return true;
    const char *from = *at + 2, *close = memchr(from, '@', (size_t)(end - from));
    struct field *f = close ? find(fields, n, from, (size_t)(close - from)) : NULL;
    if (!f)
        return unknown(name, line, from, close ? (size_t)(close - from) : (size_t)(end - from), err);
    bool asked = (*at)[1] == '?';
    *goes = !is_given(f) && (asked || close + 1 == end);
    if (asked)
        *at = close + 1;
    if (*goes)
        f->used = true;
    return true;
}

static bool all_used(const char *name, const struct field *fields, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (is_given(&fields[i]) && !fields[i].used && !fields[i].may_rest)
            return error_set(err, ERROR_USAGE, "%s is given, but the job script %s does not use it",
                             fields[i].name, name);
    return true;
}

bool template_fill(const char *name, const char *text, struct field *fields, size_t n, struct str *out,
                   struct error *err)
{
    size_t line = 1;
    for (const char *at = text, *end; *at; at = *end ? end + 1 : end, line++) {
        bool goes;
        end = strchr(at, '\n');
        if (!end)
            end = at + strlen(at);
        if (!line_goes(name, line, &at, end, fields, n, &goes, err))
            return false;
        if (goes)
            continue;
        while (at < end) {
            const char *next = memchr(at, '@', (size_t)(end - at));
            str_addn(out, at, (size_t)((next ? next : end) - at));
            at = next ? next : end;
            if (next && !fill_field(name, line, &at, end, fields, n, out, err))
                return false;
        }
        str_addc(out, '\n');
    }
    return all_used(name, fields, n, err);
}

/* The known field at "<name>", and the length of its marker; NULL: none. */
static struct field *marker(const char *at, const char *end, struct field *fields, size_t n, size_t *length)
{
    const char *close = memchr(at, '>', (size_t)(end - at));
    *length = close ? (size_t)(close - at) + 1 : 0;
    return close ? find(fields, n, at + 1, *length - 2) : NULL;
}

/* A line for the scheduler whose value is not given, or one of the burst buffer: cctbx.xfel leaves them out. */
static bool marked_line_goes(const char *at, const char *end, struct field *fields, size_t n)
{
    bool goes = false;
    size_t length;
    for (const char *p = at; (p = memchr(p, '#', (size_t)(end - p))); p++)
        goes = goes || (end - p >= 3 && !memcmp(p, "#DW", 3));
    for (const char *p = at; *at == '#' && (p = memchr(p, '<', (size_t)(end - p))); p++) {
        struct field *f = marker(p, end, fields, n, &length);
        goes = goes || (f && !is_given(f));
    }
    return goes;
}

bool template_fill_markers(const char *name, const char *text, struct field *fields, size_t n,
                           struct str *out, struct error *err)
{
    for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
        end = at + strcspn(at, "\n");
        if (marked_line_goes(at, end, fields, n))
            continue;
        while (at < end) {
            size_t length = 0;
            struct field *f = *at == '<' ? marker(at, end, fields, n, &length) : NULL;
            if (f && is_given(f)) {
                if (!put(name, f, out, err))
                    return false;
                at += length;
            } else {
                str_addc(out, *at++);
            }
        }
        if (*end)
            str_addc(out, '\n');
    }
    return all_used(name, fields, n, err);
}
