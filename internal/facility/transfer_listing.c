/* transfer_listing.c - a folder's listing out of a WebDAV answer. Only what is needed of XML is read: names of elements without
 * their prefixes, which servers choose freely, and text with entities. */
#include "facility/transfer.h"

#include <string.h>

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* A character as UTF-8. */
static void add_utf8(struct str *out, uint32_t code)
{
    int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3; /* bytes after the first */
    static const uint8_t marks[] = {0, 0xc0, 0xe0, 0xf0};
    str_addc(out, (char)(marks[more] | code >> 6 * more));
    while (more-- > 0)
        str_addc(out, (char)(0x80 | (code >> 6 * more & 63)));
}

/* "#233;", "#xe9;" behind an '&': its length; 0: it is none. */
static size_t numbered(const char *text, size_t n, uint32_t *code)
{
    bool sixteen = n > 1 && (text[1] | 32) == 'x';
    size_t i = 1 + sixteen;
    *code = 0;
    if (n < 3 || *text != '#')
        return 0;
    for (; i < n && text[i] != ';' && *code < 0x110000; i++) {
        int digit = hex(text[i]);
        *code = digit < 0 || digit > (sixteen ? 15 : 9) ? 0x110000
                                                        : *code * (sixteen ? 16 : 10) + (uint32_t)digit;
    }
    return i < n && text[i] == ';' && *code > 0 && *code < 0x110000 ? i + 1 : 0;
}

/* The entity behind an '&', its length; 0: it is none. */
static size_t entity(const char *text, size_t n, uint32_t *code)
{
    static const struct {
        const char *name;
        char is;
    } known[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        size_t length = strlen(known[k].name);
        *code = (uint8_t)known[k].is;
        if (n >= length && memcmp(text, known[k].name, length) == 0)
            return length;
    }
    return numbered(text, n, code);
}

/* Text of an element with its entities replaced; what is none stays as it is. */
static char *unescape(struct arena *a, const char *text, size_t n)
{
    struct str out = {0};
    for (size_t i = 0; i < n; i++) {
        uint32_t code;
        size_t length = text[i] == '&' ? entity(text + i + 1, n - i - 1, &code) : 0;
        if (length)
            add_utf8(&out, code);
        else
            str_addc(&out, text[i]);
        i += length;
    }
    char *copy = arena_strndup(a, out.text ? out.text : "", out.len);
    str_free(&out);
    return copy;
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
