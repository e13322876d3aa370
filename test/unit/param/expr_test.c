/* expr_test.c - arithmetic as Python has it, and nothing of Python beyond. */
#include <math.h>

#include "phil_text.h"

static void whole(const char *text, int64_t want)
{
    struct phil_number n;
    const char *why;
    if (!phil_expression(text, strlen(text), true, &n, &why))
        fail_msg("%s: %s", text, why);
    if (n.i != want)
        fail_msg("%s is %lld", text, (long long)n.i);
}

static void real(const char *text, double want)
{
    struct phil_number n;
    const char *why;
    if (!phil_expression(text, strlen(text), false, &n, &why))
        fail_msg("%s: %s", text, why);
    if (n.r != want && fabs(n.r - want) > 1e-15 * fabs(want))
        fail_msg("%s is %.17g", text, n.r);
}

static void refused(const char *text, bool integer)
{
    struct phil_number n;
    const char *why = NULL;
    if (phil_expression(text, strlen(text), integer, &n, &why))
        fail_msg("%s is accepted as %.17g", text, n.r);
    assert_non_null(why);
}

static void literals_are_those_of_python(void **state)
{
    (void)state;
    whole("007", 7), whole(" +5 ", 5), whole("1_000", 1000), whole("0x1F", 31), whole("0b1_1", 3),
        whole("0o17", 15), whole("5.0", 5), whole("1e3", 1000), whole("\n# c\n1+1 # c\n\n", 2),
        whole("(1\n+1)", 2);
    real(".5", 0.5), real("5.", 5), real("1_0.5e0_1", 105), real("1e400", INFINITY), real("0.1", 0.1),
        real("99999999999999999999", 1e20);
    static const char *const bad[] = {"",         " ",   "1__0", "_1",   "1_",   "0x",    "0xg", "1.5.2",
                                      "1e",       "1e+", "(09)", "1d5",  "5L",   "1j",    ".",   "1 2",
                                      "\xd9\xa5", "x",   "True", "1_.5", "1\n2", "1\n+1", "# c"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i], false);
}

static void operators_bind_and_round_as_in_python(void **state)
{
    (void)state;
    whole("-2**2", -4), whole("2**3**2", 512), whole("2*-3", -6), whole("1-2-3", -4), whole("-7//2", -4),
        whole("7//-2", -4), whole("-7%3", 2), whole("7%-3", -2), whole("~5", -6), whole("--1", 1),
        whole("(1+2)*3", 9);
    real("2**-1", 0.5), real("1/3", 1.0 / 3), real("-5.5%2", 0.5), real("5.5//2", 2), real("8/2/2", 2),
        real("3**2**1//2", 4);
    refused("1/0", false), refused("1//0", false), refused("5%0.0", false), refused("0**-1", false),
        refused("(-8)**.5", false), refused("1<2", false), refused("1|2", false), refused("~1.5", false);
}

static void functions_are_those_of_the_math_module(void **state)
{
    (void)state;
    whole("floor(2.5)", 2), whole("ceil(-.5)", 0), whole("factorial(20)", 2432902008176640000),
        whole("gcd(12,-18)", 6), whole("gcd(12, 18, 27)", 3), whole("gcd()", 0), whole("gcd(-5)", 5),
        whole("hypot(2,3,6)", 7), whole("isqrt(99)", 9);
    real("sqrt(2)", M_SQRT2), real("log(8,2)", 3), real("log(e)", 1), real("degrees(pi)", 180),
        real("hypot(3,4)", 5), real("atan2(1,1)", M_PI_4), real("ldexp(1,4)", 16), real("lgamma(1)", 0);
    static const char *const bad[] = {"sqrt(-1)",      "log(0)",         "exp(1000)", "acos(2)",
                                      "factorial(-1)", "factorial(2.0)", "sqrt()",    "sqrt(1,2)",
                                      "sqrt 4",        "sqrt(4",         "gamma(0)",  "atanh(1)",
                                      "abs(1)",        "int(3)",         "max(1,2)",  "sqrt"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i], false);
}

static void whole_numbers_are_exact_to_64_bits(void **state)
{
    (void)state;
    whole("9223372036854775807", INT64_MAX), whole("-9223372036854775808", INT64_MIN),
        whole("2**62+(2**62-1)", INT64_MAX), whole("10**18+1", 1000000000000000001);
    refused("9223372036854775808", true), refused("2**63", true), refused("1.5", true), refused("inf", true),
        refused("1e400", true), refused("9**9**9", true), refused("10**400", false), refused("nan", false);
}

static void code_is_not_run(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "__import__('os')", "().__class__", "(1).real", "[5]", "'5'", "lambda: 5",
        "5 if 1 else 6",    "open('x')",    "1;2",      "a=1", "e.x", "pi()"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i], false);
}

static void nesting_is_limited(void **state)
{
    (void)state;
    char text[4096];
    for (int depth = 60; depth <= 300; depth += 120) {
        memset(text, '(', (size_t)depth);
        text[depth] = '1';
        memset(text + depth + 1, ')', (size_t)depth);
        text[2 * depth + 1] = '\0';
        if (depth <= PHIL_EXPRESSION_MAX)
            whole(text, 1);
        else
            refused(text, true);
    }
    memset(text, '-', 4000);
    strcpy(text + 4000, "1");
    refused(text, true);
    for (size_t i = 0; i < 3000; i += 3)
        memcpy(text + i, "2**", 3);
    strcpy(text + 3000, "0");
    refused(text, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(literals_are_those_of_python),
        text_test(operators_bind_and_round_as_in_python),
        text_test(functions_are_those_of_the_math_module),
        text_test(whole_numbers_are_exact_to_64_bits),
        text_test(code_is_not_run),
        text_test(nesting_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
