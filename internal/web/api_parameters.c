/* api_parameters.c - the table of parameters for forms, and a text of parameters looked at before anything is made of it. */
#include "web/api.h"
#include "web/phil_check.h"

#include "param/param.h"

/* Of a trial, one value each, and with an effect: what a form can offer. */
static bool is_offered(const struct param_row *r)
{
    return r->tree == PARAM_RECIPE && r->class == PARAM_HONOURED && !r->multiple;
}

void api_parameters(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)s, (void)q;
    size_t n;
    const struct param_row *rows = param_rows(&n);
    struct json_writer j = answer_json(a);
    json_array(&j, "parameters", false);
    for (size_t i = 0; i < n; i++) {
        if (!is_offered(rows + i))
            continue;
        json_object(&j, NULL);
        json_put_text(&j, "path", rows[i].path);
        json_put_text(&j, "type", rows[i].type);
        json_put_text(&j, "default", rows[i].deflt);
        json_put_text(&j, "unit", rows[i].unit);
        json_put_text(&j, "help", rows[i].help);
        json_put_int(&j, "expert", rows[i].expert);
        json_end_object(&j);
    }
    json_end_array(&j);
    answer_json_end(&j);
}

/* The parameters that a text is laid over: those of a trial, else the defaults. */
static bool base_of(struct store *s, const struct json *tree, struct arena *arena, const char **phil,
                    struct error *err)
{
    struct store_trial_row *trials;
    size_t n;
    double from;
    *phil = "";
    if (!json_number(json_get(tree, "from"), &from))
        return true;
    if (!store_trials(s, arena, &trials, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if ((double)trials[i].num == from) {
            *phil = trials[i].phil;
            return true;
        }
    return error_set(err, ERROR_USAGE, "there is no such trial to start from");
}

static void put_verdict(struct json_writer *j, const struct error *err)
{
    json_put_bool(j, "good", err == NULL);
    if (!err)
        return;
    json_object(j, "error");
    json_put_text(j, "text", err->fact);
    json_put_text(j, "detail", *err->detail ? err->detail : NULL);
    json_put_text(j, "hint", *err->hint ? err->hint : NULL);
    json_end_object(j);
}

void api_check(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct arena arena = {0};
    struct error err = {0};
    struct json *tree = json_parse(q->body, q->body_size, "the request", &err);
    const char *text = tree ? json_text(json_get(tree, "phil")) : NULL, *phil = "";
    if (!text) {
        answer_error(a, 400, "bad_request", "what is checked is {\"phil\": TEXT, \"from\": TRIAL}", NULL);
        json_free(tree);
        return;
    }
    struct params *base = params_make(&arena), *p = params_make(&arena);
    struct param_difference *rows = NULL;
    size_t n = 0;
    bool good = base_of(s, tree, &arena, &phil, &err) && params_merge_text(base, "the trial", phil, &err) &&
                params_merge_text(p, "the trial", phil, &err) && web_phil_check(text, &err) &&
                params_merge_text(p, "the text", text, &err);
    if (good)
        n = params_differences(base, p, PARAM_RECIPE, &arena, &rows);
    struct json_writer j = answer_json(a);
    put_verdict(&j, good ? NULL : &err);
    json_array(&j, "differences", false);
    for (size_t i = 0; i < n; i++) {
        json_object(&j, NULL);
        json_put_text(&j, "path", rows[i].path);
        json_put_text(&j, "was", rows[i].was);
        json_put_text(&j, "is", rows[i].is);
        json_end_object(&j);
    }
    json_end_array(&j);
    answer_json_end(&j);
    a->cache = "no-store";
    json_free(tree);
    arena_free(&arena);
}
