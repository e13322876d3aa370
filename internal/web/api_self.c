/* api_self.c - the server's own routes: page, files, health, counters, who asks. */
#include "web/api.h"

#include <stdio.h>
#include <string.h>

/* The page; with a token in its address: a session, and the same page again without it. */
void api_page(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)s;
    struct gate_verdict v;
    const char *token = target_value(q->target, "t");
    if (token && !gate_login(w->gate, token, q->address, q->secure, clock_now(), a->cookie, &v)) {
        a->status = v.status;
        a->type = WEB_TEXT;
        a->cache = "no-store";
        str_printf(&a->body, "%s\n", v.text);
        return;
    }
    if (token) {
        a->status = 303;
        a->cache = "no-store";
        snprintf(a->location, sizeof a->location, "%s", q->prefix);
        return;
    }
    a->type = WEB_HTML;
    a->cache = "no-cache";
    assets_page(&w->assets, q->prefix, w->options.title, &a->body);
}

void api_asset(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)s;
    const struct asset *file = assets_find(&w->assets, q->parts[1]);
    if (!file || strcmp(q->parts[0], w->assets.sum) != 0 || strcmp(file->name, "index.html") == 0) {
        answer_error(a, 404, "no_such_file",
                     "this version of the program has no such file; load the page anew", NULL);
        return;
    }
    a->type = file->type;
    a->cache = "public, max-age=31536000, immutable";
    snprintf(a->etag, sizeof a->etag, "\"%s\"", w->assets.sum);
    if (q->gzip && file->gzip.len) {
        a->gzipped = true;
        a->fixed = file->gzip.text;
        a->fixed_size = file->gzip.len;
    } else {
        a->fixed = file->text;
        a->fixed_size = file->size;
    }
}

void api_openapi(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)s, (void)q;
    const struct asset *file = assets_find(&w->assets, "openapi.json");
    if (file)
        str_addn(&a->body, file->text, file->size);
}

/* Alive is who answers; a restart would not mend a database that is away. */
void api_health(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)s, (void)q;
    int64_t at = w->metrics.store_ok_ns, now = clock_monotonic();
    double age = at ? 1e-9 * (double)(now - at) : -1;
    struct json_writer j = answer_json(a);
    a->cache = "no-store";
    json_put_bool(&j, "ok", age >= 0 && age < 15);
    if (w->loopback && age >= 0) { /* elsewhere more than that is nobody's business */
        json_put_real(&j, "db_ms", 1e-6 * (double)w->metrics.store_ns);
        json_put_real(&j, "age_s", age);
        json_put_int(&j, "seq", events_last(w->events));
    }
    answer_json_end(&j);
}

void api_ready(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    struct store_changes c;
    struct error err = {0};
    a->cache = "no-store";
    if (!store_read_changes(s, &c, &err)) {
        answer_failed(a, &err);
        a->status = 503;
        return;
    }
    struct json_writer j = answer_json(a);
    json_put_bool(&j, "ok", true);
    answer_json_end(&j);
}

void api_metrics(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)s;
    if (!w->loopback && q->role == ROLE_NONE) {
        answer_error(a, 401, "no_token", "counters are for those with a token", NULL);
        return;
    }
    a->type = "text/plain; version=0.0.4; charset=utf-8";
    a->cache = "no-store";
    metrics_text(&w->metrics, events_streams(w->events), &a->body);
}

void api_me(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)s;
    struct json_writer j = answer_json(a);
    a->cache = "no-store";
    json_put_real(&j, "t", 1e-9 * (double)clock_now());
    json_put_text(&j, "role", gate_role_word(q->role));
    json_put_text(&j, "name", q->role == ROLE_NONE ? NULL : q->name);
    json_put_int(&j, "seq", events_last(w->events)); /* from here on a stream tells what changes */
    json_put_bool(&j, "read_only", q->read_only);
    json_put_text(&j, "version", w->options.version);
    if (q->role != ROLE_NONE)
        json_put_text(&j, "title", w->options.title);
    answer_json_end(&j);
}
