/* json.h - JSON in and out, thin over cJSON: the only file that names cJSON.
 *
 * Reading: a parsed tree is owned by struct json and released by json_free. Look-ups on a NULL node give NULL, so that
 * json_get(json_get(root, "a"), "b") needs no checks between. Nesting is limited (200) by the library's build.
 * Writing: a stream of calls into a struct str, no tree; commas and indentation are the writer's business.
 */
#ifndef XFELX_BASE_JSON_H
#define XFELX_BASE_JSON_H

#include "base/error.h"
#include "base/str.h"

#include <stdint.h>

struct json; /* a node of a parsed tree */

/* Parse n bytes; NULL with ERROR_DAMAGED and the line and column of the first error. name is for messages. */
struct json *json_parse(const char *text, size_t n, const char *name, struct error *err);
void json_free(struct json *root);

/* NULL: absent or not an object; exact case */
const struct json *json_get(const struct json *object, const char *key);
const struct json *json_at(const struct json *array, size_t i);
size_t json_size(const struct json *array_or_object);              /* 0 for anything else */
const char *json_key(const struct json *member);                   /* key of a member of an object */
const struct json *json_first(const struct json *array_or_object); /* iteration: first, then json_next */
const struct json *json_next(const struct json *member);
const char *json_text(const struct json *node);         /* NULL: not a string */
bool json_number(const struct json *node, double *out); /* false: not a finite number */
bool json_whole(const struct json *node, int64_t *out); /* false: not a whole number of at most 9e15 */
bool json_numbers(const struct json *array, double *out, size_t n); /* exactly n finite numbers */
bool json_is_null(const struct json *node);
bool json_is_true(const struct json *node);
bool json_is_array(const struct json *node);
bool json_is_object(const struct json *node);

/* Writer. {.out = &s} starts; indent 0 = one line. Objects are written with one member per line, arrays of numbers on
 * one line. Reals by str_double; not finite = null. Text is escaped, non-ASCII as \uXXXX, bytes that are not UTF-8 as
 * U+FFFD. */
struct json_writer {
    struct str *out;
    int indent; /* blanks per level */
    int depth;
    bool comma;    /* something stands before on this level */
    uint64_t flat; /* bit d: level d is an array on one line */
};
void json_object(struct json_writer *w, const char *key); /* key NULL: element of an array, or the root */
void json_array(struct json_writer *w, const char *key, bool one_line);
void json_end_object(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_put_text(struct json_writer *w, const char *key, const char *text); /* text NULL = null */
void json_put_real(struct json_writer *w, const char *key, double value);
/* With so many decimals (0 to 9): many times as fast, for long lists. Values beyond 10^9 · 10^9 / 10^decimals as json_put_real. */
void json_put_fixed(struct json_writer *w, const char *key, double value, int decimals);
void json_put_int(struct json_writer *w, const char *key, int64_t value);
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
void json_put_reals(struct json_writer *w, const char *key, const double *values, size_t n);

#endif
