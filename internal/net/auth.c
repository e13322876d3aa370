/* auth.c - the Authorization header. */
#include "net/net.h"

#include <string.h>

static void add_base64(struct str *out, const char *text, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t bits = (uint32_t)(uint8_t)text[i] << 16;
        bits |= i + 1 < n ? (uint32_t)(uint8_t)text[i + 1] << 8 : 0;
        bits |= i + 2 < n ? (uint8_t)text[i + 2] : 0;
        str_addc(out, digits[bits >> 18]);
        str_addc(out, digits[bits >> 12 & 63]);
        str_addc(out, i + 1 < n ? digits[bits >> 6 & 63] : '=');
        str_addc(out, i + 2 < n ? digits[bits & 63] : '=');
    }
}

bool net_authorization(const struct net_auth *a, struct str *out, struct error *err)
{
    struct str secret = {0};
    bool good = true;
    str_clear(out);
    str_add(out, "");
    if (!a || a->kind == NET_AUTH_NONE)
        return true;
    if (a->kind == NET_AUTH_BASIC && !a->file && a->user)
        str_printf(&secret, "%s:%s", a->user, a->password ? a->password : "");
    else if (!a->file)
        return error_set(err, ERROR_USAGE, "no file with the credentials is named"),
               error_hint(err, "set facility.auth_file");
    else
        good = secret_read(a->file, &secret, err);
    if (good && a->kind == NET_AUTH_BASIC && !strchr(secret.text, ':'))
        good = error_set(err, ERROR_USAGE, "%s is not of the form user:password",
                         a->file ? a->file : "the user");
    for (const char *c = good ? secret.text : ""; *c; c++)
        if ((unsigned char)*c < ' ')
            good = error_set(err, ERROR_USAGE, "user or password has control characters");
    if (good && a->kind == NET_AUTH_BASIC) {
        str_add(out, "Basic ");
        add_base64(out, secret.text, secret.len);
    } else if (good) {
        str_add(out, a->kind == NET_AUTH_BEARER && !str_starts(secret.text, "Bearer ") ? "Bearer " : "");
        str_add(out, secret.text);
    }
    str_free(&secret);
    return good;
}
