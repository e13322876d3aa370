/* init_numbers.c - see init_numbers.h. As the facility takes them: what the first parentheses match in the path (facility/directory.c). */
#include "cmd/init_numbers.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* The number of a path; -1: none. */
static int64_t number_of(const regex_t *r, const char *path)
{
    regmatch_t at[2];
    char text[24];
    int64_t number;
    size_t n;
    if (regexec(r, path, 2, at, 0) != 0 || at[1].rm_so < 0)
        return -1;
    n = (size_t)(at[1].rm_eo - at[1].rm_so);
    if (n == 0 || n >= sizeof text)
        return -1;
    memcpy(text, path + at[1].rm_so, n);
    text[n] = 0;
    return str_to_i64(text, &number) && number >= 0 ? number : -1;
}

static int by_value(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

/* Has every path a number, and no two the same? */
static bool tells_apart(const char *regex, char *const *paths, size_t n)
{
    struct arena a = {0};
    regex_t r;
    if (regcomp(&r, regex, REG_EXTENDED) != 0)
        return false;
    int64_t *numbers = arena_array(&a, n + 1, sizeof *numbers);
    bool good = n > 0;
    for (size_t i = 0; i < n && good; i++)
        good = (numbers[i] = number_of(&r, paths[i])) >= 0;
    if (good)
        qsort(numbers, n, sizeof *numbers, by_value);
    for (size_t i = 1; i < n && good; i++)
        good = numbers[i] != numbers[i - 1];
    regfree(&r);
    arena_free(&a);
    return good;
}

const char *init_numbers_usual(char *const *paths, size_t n)
{
    /* "[^/]*$": of the file's own name */
    static const char *const usual[] = {"[Rr]un[_-]?([0-9]+)[^/]*$", "/[Rr]_?([0-9]+)[^/]*$",
                                        "[_-][Rr]([0-9]+)[^/]*$", "/([0-9]+)[^/0-9]*$"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (tells_apart(usual[i], paths, n))
            return usual[i];
    return NULL;
}

bool init_numbers_check(const char *regex, char *const *paths, size_t n, struct str *out, struct error *err)
{
    regex_t r;
    char why[256];
    size_t with = 0, example = 0;
    int code = regcomp(&r, regex, REG_EXTENDED);
    if (code != 0) {
        regerror(code, &r, why, sizeof why);
        return error_set(err, ERROR_USAGE, "\"%s\" is no regular expression", regex),
               error_detail(err, "%s", why);
    }
    size_t groups = r.re_nsub;
    for (size_t i = n; groups && i-- > 0;)
        if (number_of(&r, paths[i]) >= 0)
            with++, example = i;
    int64_t number = with ? number_of(&r, paths[example]) : -1;
    regfree(&r);
    if (groups == 0)
        return error_set(err, ERROR_USAGE,
                         "\"%s\" has no parentheses: what the first match is a run's number", regex),
               error_hint(err, "run_([0-9]+)");
    if (n > 0 && with == 0)
        return error_set(err, ERROR_USAGE, "by \"%s\" none of %s has a number", regex, COUNT(n, "file")),
               error_detail(err, "the first is %s", fs_name(paths[0])),
               error_hint(
                   err, "what the first parentheses match is the number, as in run_([0-9]+); none: runs are "
                        "numbered as they are first seen");
    if (with)
        str_printf(out, "%zu of %s %s a number: %s is run %lld\n", with, COUNT(n, "file"),
                   with == 1 ? "has" : "have", fs_name(paths[example]), (long long)number);
    return true;
}
