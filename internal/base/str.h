/* str.h - growing text, and small questions about text. */
#ifndef XFELX_BASE_STR_H
#define XFELX_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Growing text. {0} is empty; text is always NUL-terminated once anything was added; str_free releases it. */
struct str {
    char *text; /* NULL while nothing was added */
    size_t len, room;
};

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *text, size_t n);
void str_addc(struct str *s, char c);
void str_printf(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_reserve(struct str *s, size_t more); /* room for so many more bytes at once, no more: large files */
void str_clear(struct str *s);                /* len = 0, memory kept */
void str_free(struct str *s);

/* Shortest decimal that reads back to the same double, as Python's repr: "0.1", "1e-05", "90.0"; "nan", "inf", "-inf".
 * out holds 32 bytes. Returns out. */
char *str_double(double value, char out[32]);

/* Whole text to a number; false when any of it is left over, it is empty, or out of range. */
bool str_to_double(const char *text, double *out);
bool str_to_i64(const char *text, int64_t *out);

bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
bool str_same_nocase(const char *a, const char *b); /* ASCII */

/* Length of the UTF-8 character at text and its code; 0: not UTF-8 (over-long forms, surrogates and values past U+10FFFF are
 * none). text ends with a NUL, which is a character of length 1. */
int str_utf8(const char *text, uint32_t *code);

/* Text from outside (a file's name) as it may be shown: control characters, those that turn the direction of writing or have no
 * width, and bytes that are no UTF-8, which would garble a terminal, a log line or JSON, are written as \xHH. At most room - 1 bytes (room > 0); enough for a name: NAME_VISIBLE. */
enum { NAME_VISIBLE = 1024 };
char *str_visible(const char *text, char *out, size_t room);

/* "1 frame", "0 frames", "3 strong spots": every count of things that people read is written by this. thing: its word for one, that
 * takes an s. Returns out. */
enum { COUNT_ROOM = 64 };
char *str_count(uint64_t n, const char *thing, char out[COUNT_ROOM]);

/* The same as an argument of printf and its like; the text lives as long as the block that it is in. */
#define COUNT(n, thing) str_count((uint64_t)(n), (thing), (char[COUNT_ROOM]){0})

/* Edit distance (insert, delete, replace, swap of neighbours), for "did you mean". Texts over 255 bytes are cut. */
size_t str_distance(const char *a, const char *b);

#endif
