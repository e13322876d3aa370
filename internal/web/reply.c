/* reply.c - answers and their header fields; see reply.h. */
#include "web/reply.h"

#include <microhttpd.h>

static const struct {
    const char *name, *value;
} always[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"X-Frame-Options", "DENY"},
    {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
     "worker-src 'self'; font-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'; "
     "require-trusted-types-for 'script'; trusted-types xfelx"},
};

void reply_add_always(struct MHD_Response *r)
{
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        MHD_add_response_header(r, always[i].name, always[i].value);
}

void reply_add(struct MHD_Response *r, const char *name, const char *value)
{
    if (value && *value)
        MHD_add_response_header(r, name, value);
}

static void drop_body(void *body)
{
    answer_body_drop(body);
}

/* The answer's bytes: of the program, or shared with all that are sent the same. */
static struct MHD_Response *make_response(struct web_answer *a)
{
    if (!a->sealed)
        return MHD_create_response_from_buffer(a->fixed_size, (void *)(uintptr_t)a->fixed,
                                               MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *r = MHD_create_response_from_buffer_with_free_callback_cls(
        a->sealed->size, a->sealed->text, drop_body, a->sealed);
    if (r)
        a->sealed = NULL; /* the response's from now on */
    return r;
}

static void add_fields(struct MHD_Response *r, const struct web_answer *a, bool closes)
{
    reply_add_always(r);
    if (a->status != 304 && a->status != 303)
        reply_add(r, "Content-Type", a->type ? a->type : WEB_JSON);
    reply_add(r, "Cache-Control", a->cache ? a->cache : "no-store");
    reply_add(r, "ETag", a->etag);
    reply_add(r, "Location", a->location);
    reply_add(r, "Set-Cookie", a->cookie);
    reply_add(r, "Allow", a->allow);
    reply_add(r, "Content-Encoding", a->gzipped ? "gzip" : NULL);
    reply_add(r, "Vary", "Accept-Encoding, Cookie, Authorization");
    if (a->status == 503 || a->status == 429)
        reply_add(r, "Retry-After", a->status == 503 ? "1" : "60");
    reply_add(r, "Connection", closes ? "close" : NULL);
}

bool reply_send(struct connections *all, struct connection *c, struct MHD_Connection *to,
                struct web_answer *a, bool closes)
{
    if (!a->status)
        a->status = 200;
    if (!answer_seal(a))
        return false;
    if (c)
        connection_answer(all, c, a->sealed, clock_monotonic());
    struct MHD_Response *r = make_response(a);
    if (!r)
        return false;
    add_fields(r, a, closes);
    bool queued = MHD_queue_response(to, (unsigned)a->status, r) == MHD_YES;
    MHD_destroy_response(r);
    return queued;
}
