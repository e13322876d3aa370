/* spacegroups.c - finding a setting by what people write; see spacegroups.h. */
#include "base/spacegroups.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_MAX_LENGTH = 63
}; /* the longest text that can be a symbol; Hall symbols of the table have at most 32 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A screw axis written 2(1) is 21; parentheses elsewhere are wrong. */
static bool open_screw_axes(char *name)
{
    char *out = name;
    for (const char *p = name; *p; p++) {
        if (*p == '(' && p > name && is_digit(p[-1]) && p[1] >= '1' && p[1] <= '5' && p[2] == ')') {
            *out++ = p[1];
            p += 2;
        } else if (*p == '(' || *p == ')') {
            return false;
        } else {
            *out++ = *p;
        }
    }
    *out = '\0';
    return true;
}

/* Copy without blanks, underscores and the parentheses of screw axes, in lower case. false: too long, or a character no symbol
 * has. */
static bool squeeze(const char *text, char out[NAME_MAX_LENGTH + 1])
{
    size_t n = 0;
    for (; *text; text++) {
        char c = *text;
        if (strchr(" \t\r\n_", c))
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (n == NAME_MAX_LENGTH || c <= ' ' || c > '~')
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return n > 0 && open_screw_axes(out);
}

/* "P 1 21/c 1" → "p21/c"; false unless the symbol is monoclinic with unique axis b. */
static bool short_symbol(const struct spacegroup *g, char out[NAME_MAX_LENGTH + 1])
{
    char full[NAME_MAX_LENGTH + 1];
    if (g->number < 3 || g->number > 15 || strncmp(g->hm + 1, " 1 ", 3) != 0 || !squeeze(g->hm, full))
        return false;
    size_t n = strlen(full);
    snprintf(out, NAME_MAX_LENGTH + 1, "%c%.*s", full[0], (int)(n - 3), full + 2);
    return true;
}

/* "F m -3 m" → "fm3m", as the symbols of cubic groups were written before 1983; false for others. */
static bool old_cubic_symbol(const struct spacegroup *g, char out[NAME_MAX_LENGTH + 1])
{
    char *minus;
    if (g->number < 200 || !squeeze(g->hm, out) || !(minus = strstr(out, "-3")))
        return false;
    memmove(minus, minus + 1, strlen(minus));
    return true;
}

static bool same_symbol(const struct spacegroup *g, const char *name)
{
    char other[NAME_MAX_LENGTH + 1];
    return (squeeze(g->hm, other) && !strcmp(other, name)) ||
           (short_symbol(g, other) && !strcmp(other, name)) ||
           (old_cubic_symbol(g, other) && !strcmp(other, name));
}

/* Without an extension the hexagonal axes and the origin at the inversion centre are meant. */
static bool same_extension(const struct spacegroup *g, const char *ext)
{
    if (!*ext)
        return !*g->ext || !strcmp(g->ext, "H") || !strcmp(g->ext, "2");
    return !strcasecmp(g->ext, ext);
}

/* Hall symbols: blanks count only as separators, and a leading one may be left out. */
static bool same_hall(const char *a, const char *b)
{
    while (*a == ' ')
        a++;
    while (*b == ' ')
        b++;
    for (; *a || *b; a++, b++) {
        while (*a == ' ' && (a[1] == ' ' || !a[1]))
            a++;
        while (*b == ' ' && (b[1] == ' ' || !b[1]))
            b++;
        if ((*a | ('A' <= *a && *a <= 'Z' ? 0x20 : 0)) != (*b | ('A' <= *b && *b <= 'Z' ? 0x20 : 0)))
            return false;
        if (!*a)
            return true;
    }
    return true;
}

static const struct spacegroup *find_hall(const char *hall)
{
    for (size_t i = 0; i < spacegroups_n; i++)
        if (same_hall(spacegroups[i].hall, hall) ||
            (spacegroups[i].expt_hall && same_hall(spacegroups[i].expt_hall, hall)))
            return &spacegroups[i];
    return NULL;
}

/* Take an extension off the end of a squeezed name: after a colon, or the letters H and R directly ("r3h").
 */
static const char *split_extension(char *name)
{
    char *colon = strrchr(name, ':');
    if (colon) {
        *colon = '\0';
        return colon[1] ? colon + 1 : "?"; /* "P1:" names nothing */
    }
    size_t n = strlen(name);
    if (name[0] == 'r' && n > 2 && (name[n - 1] == 'h' || name[n - 1] == 'r')) {
        const char *ext = name[n - 1] == 'h' ? "H" : "R";
        name[n - 1] = '\0';
        return ext;
    }
    return "";
}

const struct spacegroup *spacegroups_find(const char *text)
{
    text += strspn(text, " \t\r\n");
    if (!strncasecmp(text, "hall", 4) && (text[4] == ':' || text[4] == ' '))
        return find_hall(text + 4 + strspn(text + 4, ": \t"));

    char name[NAME_MAX_LENGTH + 1];
    if (!squeeze(text, name))
        return NULL;
    const char *ext = split_extension(name);
    if (name[0] == 'h') {
        if (*ext && strcasecmp(ext, "H") != 0)
            return NULL;
        name[0] = 'r';
        ext = "H";
    }
    const char *digits = name + (name[0] == '+');
    bool is_number = *digits && strspn(digits, "0123456789") == strlen(digits);
    long number = is_number ? strtol(digits, NULL, 10) : 0;
    for (size_t i = 0; i < spacegroups_n; i++)
        if (same_extension(&spacegroups[i], ext) &&
            (is_number ? spacegroups[i].number == number : same_symbol(&spacegroups[i], name)))
            return &spacegroups[i];
    return NULL;
}

char *spacegroups_name(const struct spacegroup *g, char out[32])
{
    snprintf(out, 32, *g->ext ? "%s :%s" : "%s", g->hm, g->ext);
    return out;
}
