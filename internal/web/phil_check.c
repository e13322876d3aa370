/* phil_check.c - parameters from a page; see phil_check.h. */
#include "web/phil_check.h"

#include <string.h>

/* All scopes of settings (phil_check_test holds them against the table). */
static const char *const scopes[] = {"mp",    "container", "custom", "db",    "facility", "hook",
                                     "hooks", "merge",     "pbs",    "sge",   "site",     "submit",
                                     "tls",   "transfer",  "web",    "xrootd"};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Does the word of n letters open a scope or go on as a path? Blanks, line ends, quotes and backslashes may stand between. */
static bool goes_on(const char *behind)
{
    return *behind == '.' || behind[strspn(behind, " \t\r\n\\\"'")] == '{';
}

bool web_phil_check(const char *text, struct error *err)
{
    for (const char *p = text; *p;) {
        size_t n = 0;
        while (is_letter(p[n]))
            n++;
        if (n == 7 && memcmp(p, "include", 7) == 0)
            return error_set(err, ERROR_USAGE, "parameters from a page may not include files"),
                   error_hint(err, "put the parameters themselves here, or use xfelx trial add");
        bool begins = p == text || p[-1] != '.'; /* "a.mp.b" is another one's */
        for (size_t i = 0; i < sizeof scopes / sizeof *scopes && begins; i++)
            if (n == strlen(scopes[i]) && memcmp(p, scopes[i], n) == 0 && goes_on(p + n))
                return error_set(err, ERROR_USAGE, "%s.* say what is run and where: not from a page",
                                 scopes[i]),
                       error_hint(err, "they are settings of whoever runs the watcher");
        p += n ? n : 1;
    }
    return true;
}
