/* answer.c - bodies of answers; see answer.h. */
#include "web/answer.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GZIP_FROM = 1400 /* below, it is one packet anyway */ };

struct answer_body *answer_body_keep(struct answer_body *b)
{
    if (b)
        atomic_fetch_add(&b->refs, 1);
    return b;
}

void answer_body_drop(struct answer_body *b)
{
    if (!b || atomic_fetch_sub(&b->refs, 1) != 1)
        return;
    free(b->text);
    free(b);
}

void answer_error(struct web_answer *a, int status, const char *code, const char *text, const char *hint)
{
    answer_free(a);
    a->status = status;
    a->gzipped = false;
    a->etag[0] = 0;
    a->type = WEB_JSON;
    a->cache = "no-store";
    struct json_writer w = {.out = &a->body};
    json_object(&w, NULL);
    json_object(&w, "error");
    json_put_text(&w, "code", code);
    json_put_text(&w, "text", text);
    if (hint && *hint)
        json_put_text(&w, "hint", hint);
    json_end_object(&w);
    json_end_object(&w);
}

void answer_failed(struct web_answer *a, const struct error *err)
{
    char text[1024 + 32];
    snprintf(text, sizeof text, "%s%s%s", err->fact, err->detail[0] ? ": " : "", err->detail);
    bool passes = err->code == ERROR_BUSY || err->code == ERROR_NO_SPACE;
    answer_error(a,
                 passes                     ? 503
                 : err->code == ERROR_USAGE ? 400
                                            : 500,
                 passes                     ? "not_now"
                 : err->code == ERROR_USAGE ? "refused"
                                            : "failed",
                 text, err->hint);
}

struct json_writer answer_json(struct web_answer *a)
{
    struct json_writer w = {.out = &a->body};
    json_object(&w, NULL);
    return w;
}

void answer_json_end(struct json_writer *w)
{
    json_end_object(w);
}

/* "<", ">" and "&" stand only inside of JSON's texts: escaped there, the document is harmless wherever it is put. */
static void make_safe(struct str *body)
{
    size_t n = 0;
    for (size_t i = 0; i < body->len; i++)
        n += body->text[i] == '<' || body->text[i] == '>' || body->text[i] == '&';
    if (n == 0)
        return;
    struct str safe = {0};
    str_reserve(&safe, body->len + 5 * n + 1);
    const char *from = body->text, *end = body->text + body->len;
    while (from < end) {
        size_t plain = 0;
        while (from + plain < end && from[plain] != '<' && from[plain] != '>' && from[plain] != '&')
            plain++;
        str_addn(&safe, from, plain);
        from += plain;
        if (from < end)
            str_printf(&safe, "\\u%04x", (unsigned)*from++);
    }
    str_free(body);
    *body = safe;
}

bool answer_gzip(const char *text, size_t n, int level, struct str *out)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
    if (!c)
        return false;
    str_reserve(out, n);
    size_t made = n ? libdeflate_gzip_compress(c, text, n, out->text, n - 1) : 0;
    libdeflate_free_compressor(c);
    out->len = made;
    if (made)
        out->text[made] = 0;
    else
        str_free(out);
    return made > 0;
}

void answer_finish(struct web_answer *a, const struct web_request *q)
{
    if (!a->status)
        a->status = 200;
    if (!a->type)
        a->type = WEB_JSON;
    if (!a->cache)
        a->cache = "no-cache"; /* kept, but asked for each time: the ETag answers */
    if (strcmp(a->type, WEB_JSON) == 0)
        make_safe(&a->body);
    if (a->status == 200 && strcmp(a->cache, "no-store") != 0) {
        uint8_t sum[32];
        char text[65];
        sha256(a->body.text ? a->body.text : "", a->body.len, sum);
        snprintf(a->etag, sizeof a->etag, "\"%.16s\"", hash_hex(sum, 32, text));
    }
    struct str small = {0};
    bool packed = strncmp(a->type, "image/", 6) == 0;
    if (q->gzip && !packed && a->body.len >= GZIP_FROM && answer_gzip(a->body.text, a->body.len, 1, &small)) {
        str_free(&a->body);
        a->body = small;
        a->gzipped = true;
    }
}

void answer_if_new(struct web_answer *a, const struct web_request *q)
{
    if ((a->status && a->status != 200) || !a->etag[0] || !q->if_none_match ||
        !strstr(q->if_none_match, a->etag))
        return;
    a->status = 304;
    a->gzipped = false;
    answer_free(a);
}

bool answer_seal(struct web_answer *a)
{
    if (a->sealed || a->body.len == 0)
        return true;
    struct answer_body *b = calloc(1, sizeof *b);
    if (!b)
        return false;
    char *exact = realloc(a->body.text, a->body.len); /* it grew by doubling */
    if (exact)
        a->body.text = exact;
    *b = (struct answer_body){.refs = 1, .size = a->body.len, .text = a->body.text};
    a->body = (struct str){0};
    a->sealed = b;
    return true;
}

void answer_share(struct web_answer *to, const struct web_answer *from)
{
    *to = *from;
    to->body = (struct str){0};
    answer_body_keep(to->sealed);
}

void answer_free(struct web_answer *a)
{
    str_free(&a->body);
    answer_body_drop(a->sealed);
    a->sealed = NULL;
    a->fixed = NULL;
    a->fixed_size = 0;
}
