/* cert.c - when certificates end: of their DER only what stands before and in `validity` is read (RFC 5280, 4.1). */
#include "net/net.h"

#include <string.h>
#include <time.h>

enum { SEQUENCE = 0x30, VERSION = 0xa0, UTC_TIME = 0x17, GENERALIZED_TIME = 0x18 };

/* A stretch of DER. */
struct der {
    const uint8_t *at;
    size_t n;
};

/* The next value of a stretch, which moves behind it. false: it is not whole. */
static bool take(struct der *in, uint8_t *tag, struct der *value)
{
    if (in->n < 2)
        return false;
    size_t head = 2, length = in->at[1];
    if (length > 0x80) { /* 0x80 + how many bytes hold it */
        size_t bytes = length - 0x80;
        if (bytes > 4 || in->n < 2 + bytes)
            return false;
        length = 0;
        for (size_t i = 0; i < bytes; i++)
            length = length << 8 | in->at[head++];
    } else if (length == 0x80) {
        return false;
    }
    if (length > in->n - head)
        return false;
    *tag = in->at[0];
    *value = (struct der){in->at + head, length};
    in->at += head + length;
    in->n -= head + length;
    return true;
}

static bool take_sequence(struct der *in, struct der *value)
{
    uint8_t tag;
    return take(in, &tag, value) && tag == SEQUENCE;
}

/* "YYMMDDhhmmssZ" (50 … 99 are of the last century) or "YYYYMMDDhhmmssZ". */
static bool read_time(uint8_t tag, struct der v, int64_t *t)
{
    size_t digits = tag == UTC_TIME ? 12 : tag == GENERALIZED_TIME ? 14 : 0;
    int two[7], first = tag == UTC_TIME;
    if (!digits || v.n != digits + 1 || v.at[digits] != 'Z')
        return false;
    for (size_t i = 0; i < digits; i++)
        if (v.at[i] < '0' || v.at[i] > '9')
            return false;
    for (size_t i = 0; i < digits / 2; i++)
        two[first + (int)i] = 10 * (v.at[2 * i] - '0') + v.at[2 * i + 1] - '0';
    if (first)
        two[0] = two[1] < 50 ? 20 : 19;
    struct tm tm = {.tm_year = 100 * two[0] + two[1] - 1900, .tm_mon = two[2] - 1, .tm_mday = two[3]};
    tm.tm_hour = two[4], tm.tm_min = two[5], tm.tm_sec = two[6];
    *t = (int64_t)timegm(&tm);
    return true;
}

static bool read_end(struct der certificate, int64_t *end)
{
    struct der signed_one, body, skipped, validity, value;
    uint8_t tag;
    if (!take_sequence(&certificate, &signed_one) || !take_sequence(&signed_one, &body))
        return false;
    if (body.n && body.at[0] == VERSION && !take(&body, &tag, &skipped))
        return false;
    for (int i = 0; i < 3; i++) /* serial number, algorithm, issuer */
        if (!take(&body, &tag, &skipped))
            return false;
    return take_sequence(&body, &validity) && take(&validity, &tag, &value) &&
           take(&validity, &tag, &value) && read_time(tag, value, end);
}

/* Base64 up to anything that is none of it; blanks are passed over. How many bytes. */
static size_t decode(const char *text, size_t n, uint8_t *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    size_t size = 0;
    int have = 0;
    for (size_t i = 0; i < n; i++) {
        const char *letter = text[i] ? strchr(letters, text[i]) : NULL;
        if (text[i] == '\n' || text[i] == '\r' || text[i] == ' ')
            continue;
        if (!letter)
            break;
        bits = bits << 6 | (uint32_t)(letter - letters);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[size++] = (uint8_t)(bits >> have);
        }
    }
    return size;
}

size_t net_cert_ends(const char *pem, int64_t *earliest)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
    struct arena a = {0};
    size_t n = 0;
    for (const char *at = strstr(pem, begin); at; at = strstr(at, begin)) {
        at += sizeof begin - 1;
        const char *stop = strstr(at, end);
        if (!stop)
            break;
        uint8_t *bytes = arena_alloc(&a, (size_t)(stop - at) + 1);
        int64_t seconds;
        if (!read_end((struct der){bytes, decode(at, (size_t)(stop - at), bytes)}, &seconds))
            continue;
        *earliest = n++ && *earliest < seconds ? *earliest : seconds;
    }
    arena_free(&a);
    return n;
}
