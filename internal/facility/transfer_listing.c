/* transfer_listing.c - a folder's listing out of a WebDAV answer. Only what is needed of XML is read: names of elements without
 * their prefixes, which servers choose freely, and text with entities. */
#include "facility/transfer.h"

#include <string.h>

/* Text of an element with its entities replaced; characters beyond ASCII as UTF-8. */
static char *unescape(struct arena *a, const char *text, size_t n)
{
    static const struct {
        const char *name;
        char is;
    } known[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
    struct str out = {0};
    for (size_t i = 0; i < n; i++) {
        bool done = text[i] != '&';
        if (done)
            str_addc(&out, text[i]);
        for (size_t k = 0; !done && k < sizeof known / sizeof *known; k++) {
            size_t len = strlen(known[k].name);
            if (n - i - 1 >= len && memcmp(text + i + 1, known[k].name, len) == 0) {
                str_addc(&out, known[k].is);
                i += len;
                done = true;
            }
        }
        if (!done && n - i > 3 && text[i + 1] == '#') {
            bool hex = text[i + 2] == 'x' || text[i + 2] == 'X';
            uint32_t code = 0;
            size_t k = i + 2 + hex;
            for (; k < n && text[k] != ';' && code < 0x110000; k++) {
                int c = text[k] | 32, d = text[k] >= '0' && text[k] <= '9' ? text[k] - '0'
                                          : hex && c >= 'a' && c <= 'f'    ? c - 'a' + 10
                                                                           : -1;
                code = d < 0 ? 0x110000 : code * (hex ? 16 : 10) + (uint32_t)d;
            }
            done = k < n && text[k] == ';' && code > 0 && code < 0x110000;
            if (done && code < 0x80)
                str_addc(&out, (char)code);
            else if (done && code < 0x800)
                str_addc(&out, (char)(0xc0 | code >> 6)), str_addc(&out, (char)(0x80 | (code & 63)));
            else if (done && code < 0x10000)
                str_addc(&out, (char)(0xe0 | code >> 12)), str_addc(&out, (char)(0x80 | (code >> 6 & 63))),
                    str_addc(&out, (char)(0x80 | (code & 63)));
            else if (done)
                str_addc(&out, (char)(0xf0 | code >> 18)), str_addc(&out, (char)(0x80 | (code >> 12 & 63))),
                    str_addc(&out, (char)(0x80 | (code >> 6 & 63))),
                    str_addc(&out, (char)(0x80 | (code & 63)));
            i = done ? k : i;
        }
        if (!done)
            str_addc(&out, '&');
    }
    char *copy = arena_strndup(a, out.text ? out.text : "", out.len);
    str_free(&out);
    return copy;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Does a name hold what an escaped address cannot? Then the server does not escape (XRootD). */
static bool is_plain(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text > 0x7e || strchr("\"<>\\^`{|}", *text))
            return true;
        if (*text == '%' && (hex(text[1]) < 0 || hex(text[2]) < 0))
            return true;
    }
    return false;
}

static void decode(char *text)
{
    char *to = text;
    for (; *text; text++)
        if (*text == '%' && hex(text[1]) >= 0 && hex(text[2]) >= 0 && (hex(text[1]) || hex(text[2]))) {
            *to++ = (char)(hex(text[1]) << 4 | hex(text[2]));
            text += 2;
        } else
            *to++ = *text;
    *to = '\0';
}

bool transfer_name_is_safe(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n <= 255 && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           !str_starts(name, TRANSFER_PART);
}

/* Is this tag (without '<') the element of that local name? */
static bool is_element(const char *tag, size_t n, const char *local, bool end)
{
    if (end != (n > 0 && *tag == '/'))
        return false;
    tag += end;
    n -= end;
    size_t name = 0;
    while (name < n && !strchr(" \t\r\n/>", tag[name]))
        name++;
    const char *colon = memchr(tag, ':', name);
    const char *from = colon ? colon + 1 : tag;
    size_t len = (size_t)(tag + name - from);
    return len == strlen(local) && memcmp(from, local, len) == 0;
}

/* The names that do not leave the folder, unescaped where the server escapes. */
static size_t settle(struct transfer_entry *e, size_t n)
{
    bool plain = false;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        plain = plain || is_plain(e[i].name);
    for (size_t i = 0; i < n; i++) {
        if (!plain)
            decode(e[i].name);
        if (transfer_name_is_safe(e[i].name))
            e[kept++] = e[i];
    }
    return kept;
}

bool transfer_listing(const char *xml, size_t n, struct arena *a, struct transfer_entry **out, size_t *n_out,
                      struct error *err)
{
    struct transfer_entry *list = NULL, one = {0};
    size_t count = 0;
    bool folder = false, sized = false, any = false;
    const char *end = xml + n, *text = xml;
    for (const char *at = xml; at < end;) {
        const char *open = memchr(at, '<', (size_t)(end - at));
        const char *close = open ? memchr(open, '>', (size_t)(end - open)) : NULL;
        if (!close)
            break;
        const char *tag = open + 1;
        size_t len = (size_t)(close - tag), size = (size_t)(open - text);
        int64_t bytes = 0;
        if (is_element(tag, len, "response", false))
            one = (struct transfer_entry){0}, folder = sized = false;
        else if (is_element(tag, len, "collection", false))
            folder = true;
        else if (is_element(tag, len, "iscollection", true))
            folder = folder || (size == 1 && *text == '1');
        else if (is_element(tag, len, "getcontentlength", true) && size < 20) {
            sized = str_to_i64(arena_strndup(a, text, size), &bytes) && bytes >= 0;
            one.size = (uint64_t)bytes;
        } else if (is_element(tag, len, "href", true)) {
            char *path = unescape(a, text, size), *slash = strrchr(path, '/');
            one.name = slash ? slash + 1 : path;
        } else if (is_element(tag, len, "response", true)) {
            any = true;
            if (one.name && sized && !folder) {
                list = arena_grow(a, list, count, sizeof *list);
                list[count++] = one;
            }
        }
        at = text = close + 1;
    }
    if (!any)
        return error_set(err, ERROR_DAMAGED, "the server's listing cannot be read");
    *n_out = settle(list, count);
    *out = list;
    return true;
}
