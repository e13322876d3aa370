/* columns.c - see columns.h. */
#include "base/columns.h"

#include <string.h>

struct range {
    uint32_t from, to;
};

/* Unicode 15: blocks of combining marks, and joiners that show nothing (categories Mn, Me, Cf of what names may hold). */
static const struct range none[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
                                    {0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
                                    {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},
                                    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};

/* East Asian width W and F (UAX 11), by blocks. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x4dbf},   {0x4e00, 0xa4cf},  {0xa960, 0xa97c},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},  {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd}};

static bool is_in(const struct range *r, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++)
        if (code >= r[i].from && code <= r[i].to)
            return true;
    return false;
}

int columns_of_code(uint32_t code)
{
    if (code < 0x300)
        return 1;
    if (is_in(none, sizeof none / sizeof *none, code))
        return 0;
    return is_in(wide, sizeof wide / sizeof *wide, code) ? 2 : 1;
}

/* The next character: its bytes, and the columns that it takes. */
static size_t next(const char *p, size_t *columns)
{
    uint32_t code;
    int n = str_utf8(p, &code);
    *columns = n ? (size_t)columns_of_code(code) : 1;
    return n ? (size_t)n : 1;
}

size_t columns_of_part(const char *text, size_t n)
{
    size_t sum = 0, columns;
    for (size_t at = 0; at < n && text[at]; sum += columns)
        at += next(text + at, &columns);
    return sum;
}

size_t columns_taken(const char *text)
{
    return columns_of_part(text, strlen(text));
}

size_t columns_cut(struct str *out, const char *text, size_t width)
{
    size_t all = columns_taken(text), taken = 0, columns;
    if (all <= width) {
        str_add(out, text);
        return all;
    }
    if (width == 0)
        return 0;
    for (const char *p = text; *p;) {
        size_t n = next(p, &columns);
        if (taken + columns > width - 1)
            break;
        str_addn(out, p, n);
        taken += columns;
        p += n;
    }
    while (taken > 0 && out->text[out->len - 1] == ' ')
        out->text[--out->len] = 0, taken--;
    str_add(out, "…");
    return taken + 1;
}

size_t columns_cut_front(struct str *out, const char *text, size_t width)
{
    size_t all = columns_taken(text), columns;
    if (all <= width) {
        str_add(out, text);
        return all;
    }
    if (width == 0)
        return 0;
    while (*text && all > width - 1) {
        text += next(text, &columns);
        all -= columns;
    }
    str_printf(out, "…%s", text);
    return all + 1;
}

void columns_fill(struct str *out, const char *text, size_t width, bool right)
{
    struct str cut = {0};
    int blanks = (int)(width - columns_cut(&cut, text, width));
    if (right)
        str_printf(out, "%*s", blanks, "");
    str_add(out, cut.text ? cut.text : "");
    if (!right)
        str_printf(out, "%*s", blanks, "");
    str_free(&cut);
}
