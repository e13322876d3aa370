/* records.c - tables in text files; see records.h. */
#include "base/records.h"

#include "base/arena.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct records {
    FILE *file;
    char *path;
    char separator; /* 0: JSON */
    struct arena names_arena;
    const char **names;
    size_t n_names;
    struct str text;                     /* of the record */
    const char *fields[RECORDS_COLUMNS]; /* in text, or in values */
    struct arena values;                 /* of a JSON record */
    uint64_t line, next_line;
    bool held; /* the record that names were taken from has not been given out */
    char wrong[256];
};

/* ---- text of a record ---- */

/* One line without its end; false: the file has none. long: it is cut, and the rest passed over. */
static bool read_line(struct records *r, bool *too_long)
{
    int c;
    bool any = false;
    r->next_line++;
    while ((c = getc_unlocked(r->file)) != EOF && c != '\n') {
        any = true;
        if (r->text.len < RECORDS_BYTES)
            str_addc(&r->text,
                     c ? (char)c : '\x01'); /* a NUL would end it: no text that is taken has a \x01 */
        else
            *too_long = true;
    }
    return any || c == '\n';
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r")] == 0 || *text == '#';
}

/* Are all quotes of a CSV record closed? */
static bool is_open(const char *text)
{
    bool open = false;
    for (; *text; text++)
        open ^= *text == '"';
    return open;
}

/* The text of the next record; false: there is none. */
static bool read_text(struct records *r, bool *too_long)
{
    do {
        str_clear(&r->text);
        str_add(&r->text, "");
        r->line = r->next_line + 1;
        if (!read_line(r, too_long))
            return false;
        if (r->line == 1 && str_starts(r->text.text, "\xef\xbb\xbf")) {
            memmove(r->text.text, r->text.text + 3, r->text.len - 2);
            r->text.len -= 3;
        }
    } while (is_blank(r->text.text));
    while (r->separator && is_open(r->text.text)) {
        if (r->text.len >= RECORDS_BYTES)
            return *too_long = true;
        str_addc(&r->text, '\n');
        if (!read_line(r, too_long))
            break;
    }
    return true;
}

static bool is_utf8(const char *text)
{
    uint32_t code;
    while (*text) {
        int n = str_utf8(text, &code);
        if (n == 0 || *text == '\x01')
            return false;
        text += n;
    }
    return true;
}

static char *trimmed(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t n = strlen(text);
    while (n && strchr(" \t\r\n", text[n - 1]))
        text[--n] = 0;
    return text;
}

/* ---- CSV ---- */

/* The next field, cut out in place; *text behind its separator, NULL: it was the last. false: something stands behind a quote. */
static bool next_field(char **text, char separator, const char **field)
{
    char *p = *text, *out;
    p += strspn(p, separator == '\t' ? " " : " \t");
    if (*p != '"') {
        char *end = strchr(p, separator);
        *text = end ? end + 1 : NULL;
        if (end)
            *end = 0;
        *field = trimmed(p);
        return true;
    }
    *field = out = ++p;
    for (; *p && (*p != '"' || p[1] == '"'); p++) {
        p += *p == '"';
        *out++ = *p;
    }
    if (!*p)
        return false;
    p++;
    p += strspn(p, separator == '\t' ? " \r" : " \t\r");
    bool good = !*p || *p == separator;
    *text = *p ? p + 1 : NULL;
    *out = 0;
    return good;
}

static const char *split(struct records *r, size_t most, size_t *n)
{
    char *text = r->text.text;
    *n = 0;
    while (text) {
        const char *field;
        if (!next_field(&text, r->separator, &field))
            return "a quoted field does not end where it should";
        if (*n == most)
            return "it has more fields than there are columns";
        r->fields[(*n)++] = field;
    }
    return NULL;
}

static char separator_of(const char *text)
{
    if (text[strspn(text, " \t")] == '{')
        return 0;
    const char *at = strpbrk(text, "\t,;");
    return at ? *at : ',';
}

/* ---- JSON ---- */

static const char *value_text(struct records *r, const struct json *node)
{
    double number;
    char text[32];
    if (json_text(node))
        return arena_strdup(&r->values, json_text(node));
    if (json_number(node, &number) && number > -1e15 && number < 1e15 && number == (double)(int64_t)number)
        return arena_printf(&r->values, "%lld", (long long)number); /* 1, not 1.0 */
    if (json_number(node, &number))
        return arena_strdup(&r->values, str_double(number, text));
    if (json_is_true(node))
        return "true";
    return json_is_null(node) ? "" : json_is_array(node) || json_is_object(node) ? NULL : "false";
}

/* Whole numbers of JSON may be longer than a double holds (times in ns): taken as they are written. */
static const char *long_number(struct records *r, const char *name)
{
    struct str key = {0};
    str_printf(&key, "\"%s\"", name);
    const char *at = strstr(r->text.text, key.text);
    size_t length = key.len;
    str_free(&key);
    if (!at)
        return NULL;
    at += length;
    at += strspn(at, " \t");
    if (*at++ != ':')
        return NULL;
    at += strspn(at, " \t");
    size_t n = strspn(at + (*at == '-'), "0123456789") + (*at == '-');
    return n > 15 && n < 21 && strchr(" \t,}\r", at[n]) ? arena_strndup(&r->values, at, n) : NULL;
}

static const char *take_json(struct records *r, bool names)
{
    struct error own = {0};
    arena_free(&r->values);
    memset(r->fields, 0, sizeof r->fields);
    struct json *root = json_parse(r->text.text, r->text.len, "a line", &own);
    const char *wrong = root && json_is_object(root) ? NULL : "it is no JSON object";
    for (const struct json *m = wrong ? NULL : json_first(root); m && !wrong; m = json_next(m)) {
        const char *key = json_key(m), *text = value_text(r, m);
        int at = records_find(r, key);
        if (at < 0 && names && r->n_names < RECORDS_COLUMNS) {
            r->names = arena_grow(&r->names_arena, r->names, r->n_names, sizeof *r->names);
            r->names[at = (int)r->n_names++] = arena_strdup(&r->names_arena, key);
        }
        if (at < 0)
            wrong = "it has a member that the first record has not";
        else if (!text)
            wrong = "a member is a list or an object";
        else
            r->fields[at] = text;
    }
    for (size_t i = 0; !wrong && i < r->n_names; i++) {
        const char *whole = long_number(r, r->names[i]);
        r->fields[i] = whole ? whole : r->fields[i];
    }
    json_free(root);
    return wrong;
}

/* ---- the file ---- */

static bool read_names(struct records *r, struct error *err)
{
    bool too_long = false;
    const char *wrong = NULL;
    if (!read_text(r, &too_long))
        return error_set(err, ERROR_USAGE, "%s is empty", r->path);
    r->separator = separator_of(r->text.text);
    if (too_long || !is_utf8(r->text.text))
        wrong = too_long ? "its first line is too long" : "its first line is no UTF-8";
    else if (!r->separator)
        wrong = take_json(r, true);
    else
        wrong = split(r, RECORDS_COLUMNS, &r->n_names);
    if (wrong)
        return error_set(err, ERROR_USAGE, "%s, line %llu: %s", r->path, (unsigned long long)r->line, wrong);
    r->held = !r->separator;
    if (r->separator) {
        r->names = arena_array(&r->names_arena, r->n_names, sizeof *r->names);
        for (size_t i = 0; i < r->n_names; i++)
            r->names[i] = arena_strdup(&r->names_arena, r->fields[i]);
    }
    for (size_t i = 0; i < r->n_names; i++)
        if (!*r->names[i] || records_find(r, r->names[i]) != (int)i)
            return error_set(err, ERROR_USAGE,
                             *r->names[i] ? "%s: two columns have one name" : "%s: a column has no name",
                             r->path),
                   error_hint(err, "the first line names the columns");
    return true;
}

bool records_open(const char *path, struct records **out, struct error *err)
{
    struct records *r = calloc(1, sizeof *r);
    *out = NULL;
    if (!r)
        return error_set(err, ERROR_MEMORY, "out of memory");
    r->path = strdup(path);
    if (!fs_is_file(path) && access(path, F_OK) == 0) {
        records_close(r);
        return error_set(err, ERROR_UNREADABLE, "%s is no file", path);
    }
    if (!(r->file = fopen(path, "rb"))) {
        error_system(err, ERROR_UNREADABLE, "cannot read %s", path);
        records_close(r);
        return false;
    }
    r->separator = 1;
    if (!read_names(r, err)) {
        records_close(r);
        return false;
    }
    *out = r;
    return true;
}

void records_close(struct records *r)
{
    if (!r)
        return;
    if (r->file)
        fclose(r->file);
    arena_free(&r->names_arena);
    arena_free(&r->values);
    str_free(&r->text);
    free(r->path);
    free(r);
}

size_t records_columns(const struct records *r)
{
    return r->n_names;
}

const char *records_name(const struct records *r, size_t i)
{
    return r->names[i];
}

int records_find(const struct records *r, const char *name)
{
    for (size_t i = 0; i < r->n_names; i++)
        if (!strcmp(r->names[i], name))
            return (int)i;
    return -1;
}

bool records_next(struct records *r, bool *more, const char **wrong, struct error *err)
{
    bool too_long = false;
    size_t n = 0;
    *wrong = NULL;
    *more = r->held || read_text(r, &too_long);
    if (ferror(r->file))
        return error_system(err, ERROR_IO, "cannot read %s", r->path);
    if (!*more || r->held)
        return r->held = false, true;
    memset(r->fields, 0, sizeof r->fields);
    if (too_long)
        *wrong = "it is too long";
    else if (!is_utf8(r->text.text))
        *wrong = "it is no UTF-8";
    else
        *wrong = r->separator ? split(r, r->n_names, &n) : take_json(r, false);
    return true;
}

uint64_t records_line(const struct records *r)
{
    return r->line;
}

const char *records_field(const struct records *r, size_t column)
{
    return column < r->n_names && r->fields[column] ? r->fields[column] : "";
}
