/* ca.c - where this machine keeps the certificates it trusts. */
#include "net/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const usual[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu; our container image */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Red Hat */
    "/etc/ssl/ca-bundle.pem",             /* SUSE */
    "/etc/ssl/cert.pem",                  /* Alpine */
};

const char *net_ca_file(const char *wanted, char out[4096], struct error *err)
{
    const char *named = wanted && *wanted ? wanted : getenv("XFELX_TLS_CA_FILE");
    struct str tried = {0};
    if (named && *named) {
        if (access(named, R_OK) != 0)
            return error_system(err, ERROR_UNREADABLE, "cannot read the trusted certificates %s", named),
                   error_hint(err, "set xfelx.tls.ca_file to a PEM file"), NULL;
        snprintf(out, 4096, "%s", named);
        return out;
    }
    named = getenv("SSL_CERT_FILE");
    for (size_t i = 0; i <= sizeof usual / sizeof *usual; i++) {
        const char *path = i == 0 ? named : usual[i - 1];
        if (!path || !*path)
            continue;
        if (access(path, R_OK) == 0) {
            snprintf(out, 4096, "%s", path);
            str_free(&tried);
            return out;
        }
        str_printf(&tried, "%s%s", tried.len ? ", " : "", path);
    }
    error_set(err, ERROR_UNREADABLE, "no trusted certificates on this machine");
    error_detail(err, "looked at %s", tried.text ? tried.text : "nothing");
    error_hint(err, "set xfelx.tls.ca_file to a PEM file");
    str_free(&tried);
    return NULL;
}
