/* expr.c - arithmetic in values; see phil.h and FORMATS 7.4.
 *
 * libtbx gives the text to Python's eval, which runs any code. This evaluator knows numbers, operators, constants and the
 * functions of Python's math module, and nothing else. Results are Python's: / is true division, // and % round down, ** binds
 * tighter than a sign on its left, whole numbers stay exact while they fit in 64 bits. Beyond that they go on as doubles that
 * are still known to be whole, so that a real parameter may be 1e20 written out.
 */
#include "param/phil.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double two_to_53 = 9007199254740992.0;    /* doubles are exact whole numbers up to here */
static const double two_to_63 = 9223372036854775808.0; /* first number that does not fit in int64_t */

enum { ARGUMENTS_MAX = 8 }; /* of a function */

enum kind { WHOLE, BIG, REAL }; /* exact in i; whole but beyond 64 bits, in r; real, in r */

struct number {
    enum kind kind;
    int64_t i;
    double r; /* always set */
};

struct reader {
    const char *p, *end;
    const char *why; /* NULL: no error so far */
    int depth;
};

static struct number fail(struct reader *x, const char *why)
{
    if (!x->why)
        x->why = why;
    x->p = x->end;
    return (struct number){.kind = REAL, .r = NAN};
}

static struct number whole(int64_t i)
{
    return (struct number){.kind = WHOLE, .i = i, .r = (double)i};
}

static struct number real(double r)
{
    return (struct number){.kind = REAL, .r = r};
}

/* A whole number given as a double: exact again when it fits. */
static struct number big(struct reader *x, double r)
{
    if (!isfinite(r))
        return fail(x, "the number is too large");
    if (fabs(r) <= two_to_53)
        return whole((int64_t)r);
    return (struct number){.kind = BIG, .r = r};
}

static void skip_blanks(struct reader *x)
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

static bool take(struct reader *x, const char *token)
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
static size_t copy_digits(struct reader *x, struct str *out)
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
static struct number read_based(struct reader *x, int base)
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
            return fail(x, "a digit does not fit the base");
        exact = exact && !__builtin_mul_overflow(i, base, &i) && !__builtin_add_overflow(i, digit, &i);
        r = r * base + digit;
        any = true;
    }
    if (!any)
        return fail(x, "digits are missing");
    return exact ? whole(i) : big(x, r);
}

/* Digits to a number: whole without point and exponent. */
static struct number number_of(struct reader *x, const struct str *digits, bool is_real)
{
    errno = 0;
    if (!is_real) {
        long long i = strtoll(digits->text, NULL, 10);
        if (errno != ERANGE)
            return whole(i);
        return big(x, strtod(digits->text, NULL));
    }
    return real(strtod(digits->text, NULL));
}

static struct number read_number(struct reader *x)
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
        result = fail(x, "this is no number");
    else if (!is_real && before > 1 && digits.text[0] == '0' && strspn(digits.text, "0") != before)
        result = fail(x, "a number in an expression has no leading zero");
    else
        result = number_of(x, &digits, is_real);
    str_free(&digits);
    return result;
}

/* ---- functions ---- */

static struct number of_round(struct reader *x, double r)
{
    return isfinite(r) ? big(x, r) : fail(x, "infinite or not a number, so not whole");
}

static double py_gamma(double x)
{
    return x <= 0 && x == floor(x) ? NAN : tgamma(x);
}

static double py_lgamma(double x)
{
    int sign;
    return x <= 0 && x == floor(x) ? NAN : lgamma_r(x, &sign);
}

static double py_log(double x)
{
    return x > 0 ? log(x) : NAN;
}

static double py_log10(double x)
{
    return x > 0 ? log10(x) : NAN;
}

static double py_log2(double x)
{
    return x > 0 ? log2(x) : NAN;
}

static double py_log1p(double x)
{
    return x > -1 ? log1p(x) : NAN;
}

static double py_atanh(double x)
{
    return fabs(x) < 1 ? atanh(x) : NAN;
}

static double degrees(double x)
{
    return x * (180 / M_PI);
}

static double radians(double x)
{
    return x * (M_PI / 180);
}

static double py_pow(double x, double y)
{
    return x == 0 && y < 0 ? NAN : pow(x, y);
}

static double log_base(double x, double base)
{
    double below = py_log(base);
    return below == 0 ? NAN : py_log(x) / below;
}

static struct number factorial(struct reader *x, struct number n)
{
    if (n.kind != WHOLE || n.i < 0)
        return fail(x, "factorial needs a whole number from 0");
    double r = 1;
    int64_t i = 1;
    bool exact = true;
    for (int64_t k = 2; k <= n.i && isfinite(r); k++) {
        exact = exact && !__builtin_mul_overflow(i, k, &i);
        r *= (double)k;
    }
    return exact ? whole(i) : big(x, r);
}

/* Of any number of numbers; of none it is 0. */
static struct number gcd(struct reader *x, const struct number *argument, size_t n)
{
    int64_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (argument[i].kind != WHOLE || argument[i].i == INT64_MIN)
            return fail(x, "gcd needs whole numbers");
        int64_t k = argument[i].i < 0 ? -argument[i].i : argument[i].i;
        while (k) {
            int64_t rest = m % k;
            m = k;
            k = rest;
        }
    }
    return whole(m);
}

/* Length of a vector of any dimension. */
static struct number py_hypot(struct reader *x, const struct number *argument, size_t n)
{
    double r = 0;
    bool finite = true;
    for (size_t i = 0; i < n; i++) {
        r = hypot(r, argument[i].r);
        finite = finite && isfinite(argument[i].r);
    }
    return finite && isinf(r) ? fail(x, "the number is too large") : real(r);
}

static struct number isqrt(struct reader *x, struct number n)
{
    if (n.kind != WHOLE || n.i < 0)
        return fail(x, "isqrt needs a whole number from 0");
    int64_t root = (int64_t)sqrt(n.r);
    while (root > 0 && root > n.i / root)
        root--;
    while (root + 1 <= n.i / (root + 1))
        root++;
    return whole(root);
}

static struct number py_ldexp(struct reader *x, struct number a, struct number b)
{
    if (b.kind == REAL)
        return fail(x, "ldexp needs a whole exponent");
    return real(ldexp(a.r, b.r > 100000 ? 100000 : b.r < -100000 ? -100000 : (int)b.r));
}

enum rounding { ROUND_NOT, ROUND_FLOOR, ROUND_CEIL, ROUND_TRUNC };

static const struct function {
    const char *name;
    double (*one)(double);
    double (*two)(double, double);
    struct number (*one_number)(struct reader *, struct number);
    struct number (*two_numbers)(struct reader *, struct number, struct number);
    struct number (*many)(struct reader *, const struct number *, size_t);
    enum rounding rounding;
} functions[] = {
    // clang-format off
    {"sqrt", .one = sqrt}, {"exp", .one = exp}, {"log", .one = py_log, .two = log_base}, {"log10", .one = py_log10},
    {"log2", .one = py_log2}, {"sin", .one = sin}, {"cos", .one = cos}, {"tan", .one = tan}, {"asin", .one = asin},
    {"acos", .one = acos}, {"atan", .one = atan}, {"atan2", .two = atan2}, {"sinh", .one = sinh}, {"cosh", .one = cosh},
    {"tanh", .one = tanh}, {"asinh", .one = asinh}, {"acosh", .one = acosh}, {"atanh", .one = py_atanh},
    {"floor", .one = floor, .rounding = ROUND_FLOOR}, {"ceil", .one = ceil, .rounding = ROUND_CEIL},
    {"trunc", .one = trunc, .rounding = ROUND_TRUNC}, {"fabs", .one = fabs}, {"fmod", .two = fmod}, {"pow", .two = py_pow},
    {"hypot", .many = py_hypot}, {"degrees", .one = degrees}, {"radians", .one = radians},
    {"copysign", .two = copysign}, {"factorial", .one_number = factorial}, {"gcd", .many = gcd},
    {"ldexp", .two_numbers = py_ldexp}, {"expm1", .one = expm1}, {"log1p", .one = py_log1p}, {"erf", .one = erf},
    {"erfc", .one = erfc}, {"gamma", .one = py_gamma}, {"lgamma", .one = py_lgamma}, {"isqrt", .one_number = isqrt},
    // clang-format on
};

static const struct {
    const char *name;
    double value;
} constants[] = {{"pi", M_PI}, {"e", M_E}, {"tau", 2 * M_PI}, {"inf", INFINITY}, {"nan", NAN}};

static struct number call(struct reader *x, const struct function *f, const struct number *argument, size_t n)
{
    if (f->many)
        return f->many(x, argument, n);
    if (n == 1 && f->one_number)
        return f->one_number(x, argument[0]);
    if (n == 2 && f->two_numbers)
        return f->two_numbers(x, argument[0], argument[1]);
    if (n == 1 && f->rounding != ROUND_NOT && argument[0].kind != REAL)
        return argument[0];
    double r;
    if (n == 1 && f->one)
        r = f->one(argument[0].r);
    else if (n == 2 && f->two)
        r = f->two(argument[0].r, argument[1].r);
    else
        return fail(x, "wrong number of arguments");
    bool finite = true, nan = false;
    for (size_t i = 0; i < n; i++) {
        finite = finite && isfinite(argument[i].r);
        nan = nan || isnan(argument[i].r);
    }
    if ((isnan(r) && !nan) || (isinf(r) && finite)) /* Python raises ValueError or OverflowError */
        return fail(x, "the function has no value there");
    return f->rounding != ROUND_NOT ? of_round(x, r) : real(r);
}

/* ---- operators ---- */

static struct number divide_floor(struct reader *x, struct number a, struct number b, bool rest)
{
    if (b.r == 0)
        return fail(x, "division by zero");
    if (a.kind == WHOLE && b.kind == WHOLE && !(a.i == INT64_MIN && b.i == -1)) {
        int64_t quotient = a.i / b.i, remainder = a.i % b.i;
        if (remainder && (remainder < 0) != (b.i < 0))
            quotient--, remainder += b.i;
        return whole(rest ? remainder : quotient);
    }
    /* Python's float_divmod: the rest has the divisor's sign */
    double remainder = fmod(a.r, b.r), quotient = (a.r - remainder) / b.r;
    if (remainder != 0) {
        if ((b.r < 0) != (remainder < 0))
            remainder += b.r, quotient -= 1;
    } else {
        remainder = copysign(0, b.r);
    }
    if (quotient != 0) {
        double lower = floor(quotient);
        quotient = quotient - lower > 0.5 ? lower + 1 : lower;
    } else {
        quotient = copysign(0, a.r / b.r);
    }
    double r = rest ? remainder : quotient;
    return a.kind != REAL && b.kind != REAL ? big(x, r) : real(r);
}

static struct number power(struct reader *x, struct number a, struct number b)
{
    if (a.kind != REAL && b.kind == WHOLE && b.i >= 0) {
        int64_t result = 1, base = a.i;
        bool exact = a.kind == WHOLE;
        for (int64_t k = b.i; exact && k; k >>= 1) {
            if (k & 1)
                exact = !__builtin_mul_overflow(result, base, &result);
            if (k > 1 && exact)
                exact = !__builtin_mul_overflow(base, base, &base);
        }
        return exact ? whole(result) : big(x, pow(a.r, b.r));
    }
    if (a.r == 0 && b.r < 0)
        return fail(x, "zero to a negative power");
    if (a.r < 0 && isfinite(a.r) && isfinite(b.r) && b.r != floor(b.r))
        return fail(x, "a negative number to a broken power");
    double r = pow(a.r, b.r);
    if (isinf(r) && isfinite(a.r) && isfinite(b.r))
        return fail(x, "the number is too large");
    return real(r);
}

static struct number add(struct reader *x, struct number a, struct number b)
{
    int64_t i;
    if (a.kind == REAL || b.kind == REAL)
        return real(a.r + b.r);
    if (a.kind == WHOLE && b.kind == WHOLE && !__builtin_add_overflow(a.i, b.i, &i))
        return whole(i);
    return big(x, a.r + b.r);
}

static struct number negate(struct reader *x, struct number a)
{
    if (a.kind == REAL)
        return real(-a.r);
    if (a.kind == WHOLE && a.i != INT64_MIN)
        return whole(-a.i);
    if (a.kind == BIG &&
        a.r == two_to_63) /* -9223372036854775808 fits although the number without its sign does not */
        return whole(INT64_MIN);
    return big(x, -a.r);
}

static struct number multiply(struct reader *x, struct number a, struct number b)
{
    int64_t i;
    if (a.kind == REAL || b.kind == REAL)
        return real(a.r * b.r);
    if (a.kind == WHOLE && b.kind == WHOLE && !__builtin_mul_overflow(a.i, b.i, &i))
        return whole(i);
    return big(x, a.r * b.r);
}

static struct number divide(struct reader *x, struct number a, struct number b)
{
    return b.r == 0 ? fail(x, "division by zero") : real(a.r / b.r);
}

/* ---- grammar: sum → product → sign → power → atom; the depth is limited, so the recursion is ---- */

static struct number sum(struct reader *x);

static bool deeper(struct reader *x)
{
    if (x->depth >= PHIL_EXPRESSION_MAX) {
        fail(x, "nested too deep");
        return false;
    }
    x->depth++;
    return true;
}

static struct number named(struct reader *x)
{
    const char *begin = x->p;
    while (x->p < x->end && is_word(*x->p))
        x->p++;
    size_t n = (size_t)(x->p - begin);
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (strlen(constants[i].name) == n && !memcmp(constants[i].name, begin, n))
            return real(constants[i].value);
    const struct function *f = NULL;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strlen(functions[i].name) == n && !memcmp(functions[i].name, begin, n))
            f = &functions[i];
    if (!f || !take(x, "("))
        return fail(x, "this is no number, constant or function");
    if (!deeper(x))
        return real(NAN);
    struct number argument[ARGUMENTS_MAX] = {{0}};
    size_t count = 0;
    while (!take(x, ")")) {
        if (count == ARGUMENTS_MAX || x->why)
            return fail(x, "wrong arguments of the function");
        argument[count++] = sum(x);
        if (!take(x, ",") && (skip_blanks(x), x->p == x->end || *x->p != ')'))
            return fail(x, "a ) is missing");
    }
    x->depth--;
    return call(x, f, argument, count);
}

static struct number atom(struct reader *x)
{
    skip_blanks(x);
    if (x->p == x->end)
        return fail(x, "a number is missing");
    if (is_digit(*x->p) || *x->p == '.')
        return read_number(x);
    if (is_word(*x->p))
        return named(x);
    if (!take(x, "("))
        return fail(x, "this is no number");
    if (!deeper(x))
        return real(NAN);
    struct number a = sum(x);
    if (!take(x, ")"))
        return fail(x, "a ) is missing");
    x->depth--;
    return a;
}

static struct number sign(struct reader *x)
{
    char operators[PHIL_EXPRESSION_MAX];
    size_t n = 0;
    for (skip_blanks(x); x->p < x->end && (*x->p == '+' || *x->p == '-' || *x->p == '~'); skip_blanks(x)) {
        if (n == sizeof operators)
            return fail(x, "nested too deep");
        operators[n++] = *x->p++;
    }
    struct number a = atom(x);
    if (take(x, "**")) { /* right-associative; the exponent may have a sign */
        if (!deeper(x))
            return real(NAN);
        struct number exponent = sign(x);
        x->depth--;
        if (!x->why)
            a = power(x, a, exponent);
    }
    while (n && !x->why) {
        char c = operators[--n];
        if (c == '-')
            a = negate(x, a);
        else if (c == '~' && a.kind == REAL)
            return fail(x, "~ needs a whole number");
        else if (c == '~')
            a = add(x, negate(x, a), whole(-1));
    }
    return a;
}

static struct number product(struct reader *x)
{
    struct number a = sign(x);
    while (!x->why) {
        skip_blanks(x);
        if (take(x, "//"))
            a = divide_floor(x, a, sign(x), false);
        else if (take(x, "/"))
            a = divide(x, a, sign(x));
        else if (take(x, "%"))
            a = divide_floor(x, a, sign(x), true);
        else if (take(x, "*"))
            a = multiply(x, a, sign(x));
        else
            break;
    }
    return a;
}

static struct number sum(struct reader *x)
{
    struct number a = product(x);
    while (!x->why) {
        if (take(x, "+"))
            a = add(x, a, product(x));
        else if (take(x, "-"))
            a = add(x, a, negate(x, product(x)));
        else
            break;
    }
    return a;
}

/* Python's int(): blanks around, a sign, digits with underscores; leading zeros are fine here. */
static bool plain_integer(struct reader *x, struct number *out)
{
    struct reader y = *x;
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
    struct reader x = {.p = text, .end = text + n}, trimmed = x;
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
            fail(&x, "something is left over behind the number");
    }
    if (!x.why && isnan(a.r))
        fail(&x, "nan is no value");
    if (!x.why && integer && a.kind == REAL) {
        if (!isfinite(a.r) || a.r != floor(a.r))
            fail(&x, "a whole number is needed");
        else
            a = a.r >= -two_to_63 && a.r < two_to_63 ? whole((int64_t)a.r) : big(&x, a.r);
    }
    if (!x.why && integer && a.kind != WHOLE)
        fail(&x, "the number does not fit in 64 bits");
    *why = x.why;
    *out = (struct phil_number){
        .state = PHIL_SET, .whole = a.kind == WHOLE, .i = a.kind == WHOLE ? a.i : 0, .r = a.r};
    return !x.why;
}
