/* server_head.c - what is looked at before a body comes; see exchange.h. */
#include "web/exchange.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MOST = 64 };

struct fields {
    int n, hosts, lengths, encodings;
    bool expects;
};

static enum MHD_Result count_field(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind, (void)value;
    struct fields *f = cls;
    f->n++;
    f->hosts += str_same_nocase(key, MHD_HTTP_HEADER_HOST);
    f->lengths += str_same_nocase(key, MHD_HTTP_HEADER_CONTENT_LENGTH);
    f->encodings += str_same_nocase(key, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    f->expects |= str_same_nocase(key, MHD_HTTP_HEADER_EXPECT);
    return MHD_YES;
}

const char *exchange_field(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

/* The framing of the request (WEB 2.1.3). 0, or the answer is queued. */
static int bad_framing(struct exchange *x, enum MHD_Result *result)
{
    struct fields f = {0};
    MHD_get_connection_values(x->connection, MHD_HEADER_KIND, count_field, &f);
    const char *length = exchange_field(x, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (x->refused)
        *result = exchange_refuse(x, x->refused, x->refused == 404 ? "no_such_page" : "bad_request",
                                  x->refused == 414 ? "the address is too long"
                                                    : "this is no address of a page here",
                                  x->refused != 404);
    else if (f.n > FIELDS_MOST)
        *result = exchange_refuse(x, 431, "too_many_fields", "more header fields than are read", true);
    else if (f.encodings)
        *result = exchange_refuse(x, 501, "no_encodings", "bodies come with their length here", true);
    else if (f.hosts > 1 || f.lengths > 1 ||
             (length && (!*length || strspn(length, "0123456789") != strlen(length) || strlen(length) > 18)))
        *result =
            exchange_refuse(x, 400, "bad_request", "the head of the request cannot be understood", true);
    else if (f.expects)
        *result = exchange_refuse(x, 417, "no_expectations", "send the body at once", true);
    else
        return 0;
    return 1;
}

/* The address of who asks; behind a proxy on this machine the last one that it names. */
static void find_address(struct exchange *x)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct sockaddr_storage address = {0};
    if (info && info->client_addr) {
        size_t size = info->client_addr->sa_family == AF_INET6  ? sizeof(struct sockaddr_in6)
                      : info->client_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                                : sizeof(sa_family_t);
        memcpy(&address, info->client_addr, size);
    }
    listen_text(&address, false, x->address);
    const char *forwarded = x->web->options.proxied ? exchange_field(x, "X-Forwarded-For") : NULL;
    if (!forwarded)
        return;
    const char *last = strrchr(forwarded, ',');
    last = last ? last + 1 + strspn(last + 1, " ") : forwarded;
    if (*last && strspn(last, "0123456789abcdefABCDEF:.") == strlen(last))
        snprintf(x->address, sizeof x->address, "%.63s", last);
}

/* A proxy may say below which path we stand: only what a path is made of is believed. */
static void find_prefix(struct exchange *x)
{
    const char *p = x->web->options.proxied ? exchange_field(x, "X-Forwarded-Prefix") : NULL;
    snprintf(x->prefix, sizeof x->prefix, "%s", x->web->prefix);
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._~-";
    if (!p || p[0] != '/' || strlen(p) > 200 || strspn(p, allowed) != strlen(p) || strstr(p, "//"))
        return;
    snprintf(x->prefix, sizeof x->prefix, "%s%s", p, str_ends(p, "/") ? "" : "/");
}

static void fill_request(struct exchange *x)
{
    const char *encodings = exchange_field(x, MHD_HTTP_HEADER_ACCEPT_ENCODING),
               *proto = exchange_field(x, "X-Forwarded-Proto");
    find_address(x);
    find_prefix(x);
    x->q.target = &x->target;
    x->q.address = x->address;
    x->q.prefix = x->prefix;
    x->q.if_none_match = exchange_field(x, MHD_HTTP_HEADER_IF_NONE_MATCH);
    x->q.gzip = encodings && strstr(encodings, "gzip");
    x->q.secure =
        x->web->options.tls_cert || (x->web->options.proxied && proto && str_same_nocase(proto, "https"));
    x->q.read_only = x->web->options.read_only;
    x->q.role = x->verdict.role;
    x->q.name = x->verdict.name;
}

static void ask_gate(struct exchange *x, bool changes)
{
    const struct gate_request g = {
        .host = exchange_field(x, MHD_HTTP_HEADER_HOST),
        .cookie = exchange_field(x, MHD_HTTP_HEADER_COOKIE),
        .authorization = exchange_field(x, MHD_HTTP_HEADER_AUTHORIZATION),
        .x_xfelx = exchange_field(x, "X-Xfelx"),
        .origin = exchange_field(x, "Origin"),
        .fetch_site = exchange_field(x, "Sec-Fetch-Site"),
        .content_type = exchange_field(x, MHD_HTTP_HEADER_CONTENT_TYPE),
        .address = x->address,
        .changes = changes,
        .bytes = x->route->kind == ROUTE_UPLOAD,
        .local = x->web->local,
    };
    gate_check(x->web->gate, &g, x->route->role, clock_now(), &x->verdict);
}

static bool is_get(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static enum MHD_Result no_route(struct exchange *x, const char *allow)
{
    x->a.allow = allow;
    if (allow)
        return exchange_refuse(x, 405, "not_that_way", "this address is not asked in that way",
                               !is_get(x->method));
    return exchange_refuse(x, 404, "no_such_page", "there is no such address here", !is_get(x->method));
}

enum MHD_Result exchange_look_at_head(struct exchange *x, const char *method)
{
    enum MHD_Result result;
    const char *allow = NULL, *length = exchange_field(x, MHD_HTTP_HEADER_CONTENT_LENGTH);
    fill_request(x);
    if (bad_framing(x, &result))
        return result;
    x->route = route_find(method, x->target.path, x->q.parts, &allow);
    bool upload = x->route && x->route->kind == ROUTE_UPLOAD;
    bool changes = upload || (x->route && x->route->kind == ROUTE_CHANGE);
    if (!x->route || (changes && x->web->options.read_only))
        return no_route(x, x->route ? NULL : allow);
    ask_gate(x, changes);
    fill_request(x);
    if (x->verdict.status)
        return exchange_refuse(x, x->verdict.status, x->verdict.code, x->verdict.text, !is_get(method));
    int64_t size = 0;
    if (length && str_to_i64(length, &size) && size > (int64_t)x->route->body_most)
        return exchange_refuse(x, 413, "too_large", "more than may be sent to this address", true);
    return upload ? exchange_begin_file(x, size) : MHD_YES;
}
