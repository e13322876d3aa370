/* expr.c - arithmetic in values; see phil.h and FORMATS 7.4.
 *
 * libtbx gives the text to Python's eval, which runs any code. This evaluator knows numbers, operators, constants and the
 * functions of Python's math module, and nothing else. Results are Python's: / is true division, // and % round down, ** binds
 * tighter than a sign on its left, whole numbers stay exact while they fit in 64 bits. Beyond that they go on as doubles that
 * are still known to be whole, so that a real parameter may be 1e20 written out.
 */
#include "param/phil.h"

#include "param/expr_number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double two_to_63 = 9223372036854775808.0; /* first number that does not fit in int64_t */

static void skip_blanks(struct expr *x)
{
    for (; x->p < x->end; x->p++) {
        if (*x->p == '#') /* a comment, as Python has it */
            while (x->p < x->end && *x->p != '\n')
                x->p++;
        if (x->p == x->end || !(*x->p == ' ' || *x->p == '\t' || *x->p == '\f' ||
                                ((*x->p == '\n' || *x->p == '\r') && x->depth)))
            break;
    }
}

static bool take(struct expr *x, const char *token)
{
    size_t n = strlen(token);
    skip_blanks(x);
    if ((size_t)(x->end - x->p) < n || memcmp(x->p, token, n) != 0)
        return false;
    x->p += n;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
           (unsigned char)c >= 0x80;
}

/* ---- numbers ---- */

/* Copy digits with single underscores between them. Number of digits, 0: none or a wrong underscore. */
static size_t copy_digits(struct expr *x, struct str *out)
{
    size_t n = 0;
    while (x->p < x->end) {
        if (is_digit(*x->p)) {
            str_addc(out, *x->p++);
            n++;
        } else if (*x->p == '_' && n && x->end - x->p > 1 && is_digit(x->p[1])) {
            x->p++;
        } else {
            break;
        }
    }
    return n;
}

/* 0x1f, 0o17, 0b11. */
static struct number read_based(struct expr *x, int base)
{
    int64_t i = 0;
    double r = 0;
    bool exact = true, any = false;
    x->p += 2;
    while (x->p < x->end && is_word(*x->p)) {
        char c = *x->p++;
        if (c == '_' && x->p < x->end && is_word(*x->p) && *x->p != '_')
            continue;
        int digit = is_digit(c)                              ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : 99;
        if (digit >= base)
            return number_fail(x, "a digit does not fit the base");
        exact = exact && !__builtin_mul_overflow(i, base, &i) && !__builtin_add_overflow(i, digit, &i);
        r = r * base + digit;
        any = true;
    }
    if (!any)
        return number_fail(x, "digits are missing");
    return exact ? number_whole(i) : number_big(x, r);
}

/* Digits to a number: whole without point and exponent. */
static struct number number_of(struct expr *x, const struct str *digits, bool is_real)
{
    errno = 0;
    if (!is_real) {
        long long i = strtoll(digits->text, NULL, 10);
        if (errno != ERANGE)
            return number_whole(i);
        return number_big(x, strtod(digits->text, NULL));
    }
    return number_real(strtod(digits->text, NULL));
}

static struct number read_number(struct expr *x)
{
    if (*x->p == '0' && x->end - x->p > 1) {
        char c = (char)(x->p[1] | 0x20);
        if (c == 'x' || c == 'o' || c == 'b')
            return read_based(x, c == 'x' ? 16 : c == 'o' ? 8 : 2);
    }
    struct str digits = {0};
    struct number result;
    bool is_real = false, right = true;
    size_t before = copy_digits(x, &digits), after = 0;
    if (x->p < x->end && *x->p == '.') {
        is_real = true;
        str_addc(&digits, *x->p++);
        after = copy_digits(x, &digits);
    }
    right = before || after;
    if (right && x->p < x->end && (*x->p | 0x20) == 'e') {
        is_real = true;
        str_addc(&digits, *x->p++);
        if (x->p < x->end && (*x->p == '+' || *x->p == '-'))
            str_addc(&digits, *x->p++);
        right = copy_digits(x, &digits) > 0;
    }
    if (!right || (x->p < x->end && (is_word(*x->p) || (*x->p == '.' && is_real))))
        result = number_fail(x, "this is no number");
    else if (!is_real && before > 1 && digits.text[0] == '0' && strspn(digits.text, "0") != before)
        result = number_fail(x, "a number in an expression has no leading zero");
    else
        result = number_of(x, &digits, is_real);
    str_free(&digits);
    return result;
}

/* ---- grammar: sum → product → sign → power → atom; the depth is limited, so the recursion is ---- */

static struct number sum(struct expr *x);

static bool deeper(struct expr *x)
{
    if (x->depth >= PHIL_EXPRESSION_MAX) {
        number_fail(x, "nested too deep");
        return false;
    }
    x->depth++;
    return true;
}

static struct number named(struct expr *x)
{
    const char *begin = x->p;
    while (x->p < x->end && is_word(*x->p))
        x->p++;
    size_t n = (size_t)(x->p - begin);
    struct number constant;
    if (number_constant(begin, n, &constant))
        return constant;
    const struct number_function *f = number_function_named(begin, n);
    if (!f || !take(x, "("))
        return number_fail(x, "this is no number, constant or function");
    if (!deeper(x))
        return number_real(NAN);
    struct number argument[NUMBER_ARGUMENTS_MAX] = {{0}};
    size_t count = 0;
    while (!take(x, ")")) {
        if (count == NUMBER_ARGUMENTS_MAX || x->why)
            return number_fail(x, "wrong arguments of the function");
        argument[count++] = sum(x);
        if (!take(x, ",") && (skip_blanks(x), x->p == x->end || *x->p != ')'))
            return number_fail(x, "a ) is missing");
    }
    x->depth--;
    return number_call(x, f, argument, count);
}

static struct number atom(struct expr *x)
{
    skip_blanks(x);
    if (x->p == x->end)
        return number_fail(x, "a number is missing");
    if (is_digit(*x->p) || *x->p == '.')
        return read_number(x);
    if (is_word(*x->p))
        return named(x);
    if (!take(x, "("))
        return number_fail(x, "this is no number");
    if (!deeper(x))
        return number_real(NAN);
    struct number a = sum(x);
    if (!take(x, ")"))
        return number_fail(x, "a ) is missing");
    x->depth--;
    return a;
}

static struct number sign(struct expr *x)
{
    char operators[PHIL_EXPRESSION_MAX];
    size_t n = 0;
    for (skip_blanks(x); x->p < x->end && (*x->p == '+' || *x->p == '-' || *x->p == '~'); skip_blanks(x)) {
        if (n == sizeof operators)
            return number_fail(x, "nested too deep");
        operators[n++] = *x->p++;
    }
    struct number a = atom(x);
    if (take(x, "**")) { /* right-associative; the exponent may have a sign */
        if (!deeper(x))
            return number_real(NAN);
        struct number exponent = sign(x);
        x->depth--;
        if (!x->why)
            a = number_power(x, a, exponent);
    }
    while (n && !x->why) {
        char c = operators[--n];
        if (c == '-')
            a = number_negate(x, a);
        else if (c == '~' && a.kind == NUMBER_REAL)
            return number_fail(x, "~ needs a whole number");
        else if (c == '~')
            a = number_add(x, number_negate(x, a), number_whole(-1));
    }
    return a;
}

static struct number product(struct expr *x)
{
    struct number a = sign(x);
    while (!x->why) {
        skip_blanks(x);
        if (take(x, "//"))
            a = number_divide_floor(x, a, sign(x), false);
        else if (take(x, "/"))
            a = number_divide(x, a, sign(x));
        else if (take(x, "%"))
            a = number_divide_floor(x, a, sign(x), true);
        else if (take(x, "*"))
            a = number_multiply(x, a, sign(x));
        else
            break;
    }
    return a;
}

static struct number sum(struct expr *x)
{
    struct number a = product(x);
    while (!x->why) {
        if (take(x, "+"))
            a = number_add(x, a, product(x));
        else if (take(x, "-"))
            a = number_add(x, a, number_negate(x, product(x)));
        else
            break;
    }
    return a;
}

/* Python's int(): blanks around, a sign, digits with underscores; leading zeros are fine here. */
static bool plain_integer(struct expr *x, struct number *out)
{
    struct expr y = *x;
    struct str digits = {0};
    if (y.p < y.end && (*y.p == '+' || *y.p == '-'))
        str_addc(&digits, *y.p++);
    bool is = copy_digits(&y, &digits) > 0 && y.p == y.end;
    if (is)
        *out = number_of(x, &digits, false);
    str_free(&digits);
    return is;
}

/* White space round Python's int(): not the separators 0x1c to 0x1f. */
static size_t int_space(const char *p, size_t n)
{
    return n && *p >= 0x1c && *p <= 0x1f ? 0 : phil_space(p, n);
}

bool phil_expression(const char *text, size_t n, bool integer, struct phil_number *out, const char **why)
{
    struct expr x = {.p = text, .end = text + n}, trimmed = x;
    for (size_t space; (space = int_space(trimmed.p, (size_t)(trimmed.end - trimmed.p))) != 0;)
        trimmed.p += space;
    while (trimmed.end > trimmed.p && int_space(trimmed.end - 1, 1))
        trimmed.end--;
    struct number a = {0};
    if (plain_integer(&trimmed, &a)) {
        x.why = trimmed.why;
    } else {
        x.depth = 1; /* empty lines before and behind do not matter */
        skip_blanks(&x);
        x.depth = 0;
        a = sum(&x);
        x.depth = 1;
        skip_blanks(&x);
        if (!x.why && x.p != x.end)
            number_fail(&x, "something is left over behind the number");
    }
    if (!x.why && isnan(a.r))
        number_fail(&x, "nan is no value");
    if (!x.why && integer && a.kind == NUMBER_REAL) {
        if (!isfinite(a.r) || a.r != floor(a.r))
            number_fail(&x, "a whole number is needed");
        else
            a = a.r >= -two_to_63 && a.r < two_to_63 ? number_whole((int64_t)a.r) : number_big(&x, a.r);
    }
    if (!x.why && integer && a.kind != NUMBER_WHOLE)
        number_fail(&x, "the number does not fit in 64 bits");
    *why = x.why;
    *out = (struct phil_number){
        .state = PHIL_SET, .whole = a.kind == NUMBER_WHOLE, .i = a.kind == NUMBER_WHOLE ? a.i : 0, .r = a.r};
    return !x.why;
}
