/* target.h - what a request asks for: the path and the query of its first line, decoded once. Pure. Private to web/. */
#ifndef XFELX_WEB_TARGET_H
#define XFELX_WEB_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum { TARGET_MAX = 4096, TARGET_PATH = 512, TARGET_QUERY = 32 };

struct target {
    char path[TARGET_PATH]; /* begins with "/", the prefix taken off */
    struct {
        const char *name, *value;
    } query[TARGET_QUERY]; /* texts in `text` */
    size_t n_query;
    char text[TARGET_MAX + 1];
};

/* raw: as it stands in the first line. 0, or the HTTP status that it is refused with: 400 (not a path, bytes that may not be, broken
 * escapes), 404 ("..", "//", a backslash, "%2f", controls: nothing of ours has such a name), 414 (longer than TARGET_MAX). The
 * prefix ("/" or "/xfelx/") may be there or not: proxies differ in whether they take it off. */
int target_parse(const char *raw, const char *prefix, struct target *out);

/* Value of a query field; NULL: not given. Given twice: the first. */
const char *target_value(const struct target *t, const char *name);

/* The same text for the same question and no other: path, fields, and whether it is compressed. */
enum { TARGET_KEY = TARGET_MAX + 1024 };
void target_key(const struct target *t, bool gzip, char out[TARGET_KEY]);

/* Is the pattern "/api/v1/jobs/{}" that of the path? The parts that stand for {} are copied, as texts, to parts (at most 4, 64 bytes
 * each with NUL). */
enum { TARGET_PARTS = 4, TARGET_PART = 64 };
int target_matches(const char *pattern, const char *path, char parts[TARGET_PARTS][TARGET_PART]);

#endif
