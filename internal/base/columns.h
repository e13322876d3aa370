/* columns.h - how many columns of a terminal text takes, and making it fit: names of tags and runs are whatever people type.
 *
 * One column a character; two for those of East Asia and pictures that terminals draw wide; none for marks that combine with the
 * character before. Without locale: the same text is the same everywhere. Bytes that are no UTF-8 take one each.
 */
#ifndef XFELX_BASE_COLUMNS_H
#define XFELX_BASE_COLUMNS_H

#include "base/str.h"

/* 0, 1 or 2, for a character's code. */
int columns_of_code(uint32_t code);

/* Of the first n bytes of text; all of it. */
size_t columns_of_part(const char *text, size_t n);
size_t columns_taken(const char *text);

/* Add text in at most so many columns; what is cut ends in "…", behind no blank. Returns the columns that were taken. */
size_t columns_cut(struct str *out, const char *text, size_t width);

/* The same from the other end, for paths and times: what is cut begins with "…". */
size_t columns_cut_front(struct str *out, const char *text, size_t width);

/* As columns_cut, with blanks up to the width, before (right) or behind the text. */
void columns_fill(struct str *out, const char *text, size_t width, bool right);

#endif
