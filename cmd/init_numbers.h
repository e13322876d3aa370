/* init_numbers.h - the numbers of runs in the names of files, as `xfelx init` asks for them. */
#ifndef XFELX_CMD_INIT_NUMBERS_H
#define XFELX_CMD_INIT_NUMBERS_H

#include "base/base.h"

/* The usual expression of which every one of these paths has another number; NULL: none. */
const char *init_numbers_usual(char *const *paths, size_t n);

/* What an expression (facility.standalone.regex) makes of these paths, in words: how many are runs, and an example. ERROR_USAGE: it is none,
 * has no parentheses, or there are paths and none of them has a number by it. */
bool init_numbers_check(const char *regex, char *const *paths, size_t n, struct str *out, struct error *err);

#endif
