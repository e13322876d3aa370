/* expr_number.c - numbers, operators and functions of expressions; see expr_number.h. */
#include "param/expr_number.h"

#include <math.h>
#include <string.h>

static const double two_to_53 = 9007199254740992.0;    /* doubles are exact whole numbers up to here */
static const double two_to_63 = 9223372036854775808.0; /* first number that does not fit in int64_t */

struct number number_fail(struct expr *x, const char *why)
{
    if (!x->why)
        x->why = why;
    x->p = x->end;
    return (struct number){.kind = NUMBER_REAL, .r = NAN};
}

struct number number_whole(int64_t i)
{
    return (struct number){.kind = NUMBER_WHOLE, .i = i, .r = (double)i};
}

struct number number_real(double r)
{
    return (struct number){.kind = NUMBER_REAL, .r = r};
}

struct number number_big(struct expr *x, double r)
{
    if (!isfinite(r))
        return number_fail(x, "the number is too large");
    if (fabs(r) <= two_to_53)
        return number_whole((int64_t)r);
    return (struct number){.kind = NUMBER_BIG, .r = r};
}

/* ---- functions ---- */

static struct number of_round(struct expr *x, double r)
{
    return isfinite(r) ? number_big(x, r) : number_fail(x, "infinite or not a number, so not whole");
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

static struct number factorial(struct expr *x, struct number n)
{
    if (n.kind != NUMBER_WHOLE || n.i < 0)
        return number_fail(x, "factorial needs a whole number from 0");
    double r = 1;
    int64_t i = 1;
    bool exact = true;
    for (int64_t k = 2; k <= n.i && isfinite(r); k++) {
        exact = exact && !__builtin_mul_overflow(i, k, &i);
        r *= (double)k;
    }
    return exact ? number_whole(i) : number_big(x, r);
}

/* Of any number of numbers; of none it is 0. */
static struct number gcd(struct expr *x, const struct number *argument, size_t n)
{
    int64_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (argument[i].kind != NUMBER_WHOLE || argument[i].i == INT64_MIN)
            return number_fail(x, "gcd needs whole numbers");
        int64_t k = argument[i].i < 0 ? -argument[i].i : argument[i].i;
        while (k) {
            int64_t rest = m % k;
            m = k;
            k = rest;
        }
    }
    return number_whole(m);
}

/* Length of a vector of any dimension. */
static struct number py_hypot(struct expr *x, const struct number *argument, size_t n)
{
    double r = 0;
    bool finite = true;
    for (size_t i = 0; i < n; i++) {
        r = hypot(r, argument[i].r);
        finite = finite && isfinite(argument[i].r);
    }
    return finite && isinf(r) ? number_fail(x, "the number is too large") : number_real(r);
}

static struct number isqrt(struct expr *x, struct number n)
{
    if (n.kind != NUMBER_WHOLE || n.i < 0)
        return number_fail(x, "isqrt needs a whole number from 0");
    int64_t root = (int64_t)sqrt(n.r);
    while (root > 0 && root > n.i / root)
        root--;
    while (root + 1 <= n.i / (root + 1))
        root++;
    return number_whole(root);
}

static struct number py_ldexp(struct expr *x, struct number a, struct number b)
{
    if (b.kind == NUMBER_REAL)
        return number_fail(x, "ldexp needs a whole exponent");
    return number_real(ldexp(a.r, b.r > 100000 ? 100000 : b.r < -100000 ? -100000 : (int)b.r));
}

enum rounding { ROUND_NOT, ROUND_FLOOR, ROUND_CEIL, ROUND_TRUNC };

struct number_function {
    const char *name;
    double (*one)(double);
    double (*two)(double, double);
    struct number (*one_number)(struct expr *, struct number);
    struct number (*two_numbers)(struct expr *, struct number, struct number);
    struct number (*many)(struct expr *, const struct number *, size_t);
    enum rounding rounding;
};

static const struct number_function functions[] = {
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

bool number_constant(const char *name, size_t n, struct number *out)
{
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (strlen(constants[i].name) == n && !memcmp(constants[i].name, name, n)) {
            *out = number_real(constants[i].value);
            return true;
        }
    return false;
}

const struct number_function *number_function_named(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strlen(functions[i].name) == n && !memcmp(functions[i].name, name, n))
            return &functions[i];
    return NULL;
}

struct number number_call(struct expr *x, const struct number_function *f, const struct number *argument,
                          size_t n)
{
    if (f->many)
        return f->many(x, argument, n);
    if (n == 1 && f->one_number)
        return f->one_number(x, argument[0]);
    if (n == 2 && f->two_numbers)
        return f->two_numbers(x, argument[0], argument[1]);
    if (n == 1 && f->rounding != ROUND_NOT && argument[0].kind != NUMBER_REAL)
        return argument[0];
    double r;
    if (n == 1 && f->one)
        r = f->one(argument[0].r);
    else if (n == 2 && f->two)
        r = f->two(argument[0].r, argument[1].r);
    else
        return number_fail(x, "wrong number of arguments");
    bool finite = true, nan = false;
    for (size_t i = 0; i < n; i++) {
        finite = finite && isfinite(argument[i].r);
        nan = nan || isnan(argument[i].r);
    }
    if ((isnan(r) && !nan) || (isinf(r) && finite)) /* Python raises ValueError or OverflowError */
        return number_fail(x, "the function has no value there");
    return f->rounding != ROUND_NOT ? of_round(x, r) : number_real(r);
}

/* ---- operators ---- */

struct number number_divide_floor(struct expr *x, struct number a, struct number b, bool rest)
{
    if (b.r == 0)
        return number_fail(x, "division by zero");
    if (a.kind == NUMBER_WHOLE && b.kind == NUMBER_WHOLE && !(a.i == INT64_MIN && b.i == -1)) {
        int64_t quotient = a.i / b.i, remainder = a.i % b.i;
        if (remainder && (remainder < 0) != (b.i < 0))
            quotient--, remainder += b.i;
        return number_whole(rest ? remainder : quotient);
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
    return a.kind != NUMBER_REAL && b.kind != NUMBER_REAL ? number_big(x, r) : number_real(r);
}

struct number number_power(struct expr *x, struct number a, struct number b)
{
    if (a.kind != NUMBER_REAL && b.kind == NUMBER_WHOLE && b.i >= 0) {
        int64_t result = 1, base = a.i;
        bool exact = a.kind == NUMBER_WHOLE;
        for (int64_t k = b.i; exact && k; k >>= 1) {
            if (k & 1)
                exact = !__builtin_mul_overflow(result, base, &result);
            if (k > 1 && exact)
                exact = !__builtin_mul_overflow(base, base, &base);
        }
        return exact ? number_whole(result) : number_big(x, pow(a.r, b.r));
    }
    if (a.r == 0 && b.r < 0)
        return number_fail(x, "zero to a negative power");
    if (a.r < 0 && isfinite(a.r) && isfinite(b.r) && b.r != floor(b.r))
        return number_fail(x, "a negative number to a broken power");
    double r = pow(a.r, b.r);
    if (isinf(r) && isfinite(a.r) && isfinite(b.r))
        return number_fail(x, "the number is too large");
    return number_real(r);
}

struct number number_add(struct expr *x, struct number a, struct number b)
{
    int64_t i;
    if (a.kind == NUMBER_REAL || b.kind == NUMBER_REAL)
        return number_real(a.r + b.r);
    if (a.kind == NUMBER_WHOLE && b.kind == NUMBER_WHOLE && !__builtin_add_overflow(a.i, b.i, &i))
        return number_whole(i);
    return number_big(x, a.r + b.r);
}

struct number number_negate(struct expr *x, struct number a)
{
    if (a.kind == NUMBER_REAL)
        return number_real(-a.r);
    if (a.kind == NUMBER_WHOLE && a.i != INT64_MIN)
        return number_whole(-a.i);
    /* -9223372036854775808 fits although the number without its sign does not */
    if (a.kind == NUMBER_BIG && a.r == two_to_63)
        return number_whole(INT64_MIN);
    return number_big(x, -a.r);
}

struct number number_multiply(struct expr *x, struct number a, struct number b)
{
    int64_t i;
    if (a.kind == NUMBER_REAL || b.kind == NUMBER_REAL)
        return number_real(a.r * b.r);
    if (a.kind == NUMBER_WHOLE && b.kind == NUMBER_WHOLE && !__builtin_mul_overflow(a.i, b.i, &i))
        return number_whole(i);
    return number_big(x, a.r * b.r);
}

struct number number_divide(struct expr *x, struct number a, struct number b)
{
    return b.r == 0 ? number_fail(x, "division by zero") : number_real(a.r / b.r);
}
