/* expr_number.h - the numbers of expressions as Python has them, its operators and the functions of its math module. Private
 * to expr.c, which reads the text.
 *
 * What Python refuses with an exception (no value, too large) is refused here by number_fail: the reader remembers the first
 * reason and stands at its end; the number that comes back is NaN.
 */
#ifndef XFELX_PARAM_EXPR_NUMBER_H
#define XFELX_PARAM_EXPR_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_ARGUMENTS_MAX = 8 }; /* of a function */

enum number_kind {
    NUMBER_WHOLE, /* exact in i */
    NUMBER_BIG,   /* whole, but beyond 64 bits: in r */
    NUMBER_REAL,  /* in r */
};

struct number {
    enum number_kind kind;
    int64_t i;
    double r; /* always set */
};

/* The text that is read. */
struct expr {
    const char *p, *end;
    const char *why; /* NULL: no error so far */
    int depth;       /* of parentheses */
};

struct number number_fail(struct expr *x, const char *why);
struct number number_whole(int64_t i);
struct number number_real(double r);

/* A whole number given as a double: exact again when it fits. */
struct number number_big(struct expr *x, double r);

/* pi, e, tau, inf, nan. false: none of them. */
bool number_constant(const char *name, size_t n, struct number *out);

/* A row of the table of functions; NULL: there is none of this name. n ≤ NUMBER_ARGUMENTS_MAX arguments. */
struct number_function;
const struct number_function *number_function_named(const char *name, size_t n);
struct number number_call(struct expr *x, const struct number_function *f, const struct number *argument,
                          size_t n);

/* a // b rounds down; with rest: a % b, which has the sign of b. */
struct number number_divide_floor(struct expr *x, struct number a, struct number b, bool rest);
struct number number_power(struct expr *x, struct number a, struct number b);
struct number number_add(struct expr *x, struct number a, struct number b);
struct number number_negate(struct expr *x, struct number a);
struct number number_multiply(struct expr *x, struct number a, struct number b);
struct number number_divide(struct expr *x, struct number a, struct number b);

#endif
