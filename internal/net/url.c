/* url.c - addresses made and shown. */
#include "net/net.h"

#include <stdio.h>
#include <string.h>

/* RFC 3986: unreserved characters, and those that servers take literally in paths. */
static bool harmless(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~/", c));
}

void net_url(struct str *out, const char *base, const char *path)
{
    size_t n = strlen(base);
    while (n > 0 && base[n - 1] == '/')
        n--;
    while (*path == '/')
        path++;
    str_addn(out, base, n);
    str_addc(out, '/');
    for (; *path; path++) {
        if (harmless(*path))
            str_addc(out, *path);
        else
            str_printf(out, "%%%02X", (unsigned char)*path);
    }
}

char *net_url_shown(const char *url, char *out, size_t room)
{
    char plain[2048];
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t authority = strcspn(host, "/?#"), end = strcspn(host, "?#");
    const char *from = host;
    for (size_t i = 0; i < authority; i++)
        if (host[i] == '@')
            from = host + i + 1;
    snprintf(plain, sizeof plain, "%.*s%.*s", (int)(host - url), url, (int)(end - (size_t)(from - host)),
             from);
    return str_visible(plain, out, room);
}
