/* api_calibs.c - versions of what results are calibrated with, and files that are handed over for them (SCIENCE 21, WEB 4.10). */
#include "web/api.h"
#include "web/private.h"
#include "web/upload.h"

#include <string.h>

static void put_run(struct json_writer *j, const char *key, int64_t run)
{
    run < 0 ? json_put_null(j, key) : json_put_int(j, key, run);
}

static void put_version(struct json_writer *j, const struct store_calib *c)
{
    char hex[65];
    json_object(j, NULL);
    json_put_int(j, "id", c->id);
    json_put_text(j, "kind", store_calib_kind_word(c->kind));
    json_put_text(j, "label", c->label);
    json_put_text(j, "sha256", hash_hex(c->hash, 32, hex));
    json_put_text(j, "path", c->path);
    put_run(j, "first_run", c->first);
    put_run(j, "last_run", c->last);
    put_time(j, "added", c->t);
    json_put_text(j, "who", c->who);
    json_put_int(j, "jobs", c->n_jobs);
    json_end_object(j);
}

void api_calibrations(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)q;
    struct arena arena = {0};
    struct error err = {0};
    struct store_calib *rows;
    struct store_stale *stale;
    size_t n, n_stale;
    if (!store_calibs(s, 0, NULL, &arena, &rows, &n, &err) ||
        !store_stale_jobs(s, &arena, &stale, &n_stale, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    json_array(&j, "calibrations", false);
    for (size_t i = 0; i < n; i++)
        put_version(&j, rows + i);
    json_end_array(&j);
    json_array(&j, "stale", false);
    for (size_t i = 0; i < n_stale; i++) {
        json_object(&j, NULL);
        json_put_int(&j, "job", stale[i].job);
        json_put_text(&j, "why", stale[i].why);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_put_bool(&j, "handed", w->options.handed && !w->options.read_only);
    json_put_int(&j, "most", (int64_t)UPLOAD_MOST);
    answer_json_end(&j);
    arena_free(&arena);
}

/* The server has put it into its place: its name there is what calib.add asks for. */
void api_handed(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)s;
    a->status = 202;
    a->cache = "no-store";
    struct json_writer j = answer_json(a);
    json_put_text(&j, "file", q->body);
    json_put_int(&j, "bytes", (int64_t)q->body_size);
    answer_json_end(&j);
}
