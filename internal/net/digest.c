/* digest.c - checksums that servers tell in the Digest header (RFC 3230), as XRootD writes them. */
#include "net/net.h"

#include <string.h>
#include <strings.h>

static int digit64(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static int digit16(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static bool from_hex(const char *text, size_t len, uint8_t out[64], size_t *n)
{
    if (len == 0 || len % 2 || len > 128)
        return false;
    for (size_t i = 0; i < len; i += 2) {
        int high = digit16(text[i]), low = digit16(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    *n = len / 2;
    return true;
}

static bool from_base64(const char *text, size_t len, uint8_t out[64], size_t *n)
{
    uint32_t bits = 0;
    int have = 0;
    while (len > 0 && text[len - 1] == '=')
        len--;
    *n = 0;
    for (size_t i = 0; i < len; i++) {
        int d = digit64(text[i]);
        if (d < 0)
            return false;
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        if (*n == 64)
            return false;
        out[(*n)++] = (uint8_t)(bits >> have);
    }
    return *n > 0;
}

bool net_digest(const char *header, const char *algorithm, uint8_t out[64], size_t *n)
{
    size_t name = strlen(algorithm);
    for (const char *at = header; *at;) {
        at += strspn(at, ", \t");
        size_t len = strcspn(at, ",");
        const char *value = at + name + 1;
        if (len > name + 1 && strncasecmp(at, algorithm, name) == 0 && at[name] == '=') {
            size_t size = len - name - 1;
            while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t'))
                size--;
            bool adler = strcasecmp(algorithm, "adler32") == 0, crc = strncasecmp(algorithm, "crc32", 5) == 0;
            if (adler || (crc && size == 8 && value[7] != '='))
                return from_hex(value, size, out, n);
            return from_base64(value, size, out, n);
        }
        at += len;
    }
    return false;
}
