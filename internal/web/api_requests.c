/* api_requests.c - changes: a page asks by a row with the name of who asks; verbs of rows are done at once, others by the watcher. */
#include "web/api.h"
#include "web/phil_check.h"

#include <string.h>
#include <sys/random.h>

static const char *state_word(enum store_request_state s)
{
    static const char *const words[] = {"asked", "taken", "done", "refused"};
    return words[s];
}

static void put_request(struct json_writer *j, const struct store_request *r)
{
    json_put_int(j, "request", r->id);
    put_time(j, "t", r->t);
    json_put_text(j, "who", r->who);
    json_put_text(j, "do", r->verb);
    json_put_text(j, "state", state_word(r->state));
    json_put_text(j, "answer", *r->answer ? r->answer : NULL);
}

void api_requests(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    struct arena arena = {0};
    struct error err = {0};
    struct store_request *rows;
    size_t n;
    if (!store_requests_open(s, clock_now(), &arena, &rows, &n, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    json_array(&j, "open", false);
    for (size_t i = 0; i < n; i++) {
        json_object(&j, NULL);
        put_request(&j, rows + i);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_array(&j, "verbs", false);
    const struct store_verb *v;
    for (size_t i = 0; (v = store_verb_at(i)) != NULL; i++) {
        json_object(&j, NULL);
        json_put_text(&j, "do", v->name);
        json_put_text(&j, "fields", v->fields);
        json_put_text(&j, "help", v->help);
        json_put_bool(&j, "at_once", v->rows_only);
        json_end_object(&j);
    }
    json_end_array(&j);
    answer_json_end(&j);
    arena_free(&arena);
}

/* 16 bytes of "key" (a UUID's digits), or random ones: the same key twice is one request. */
static bool read_key(const char *text, uint8_t key[16])
{
    size_t n = 0;
    for (; text && *text; text++) {
        if (*text == '-')
            continue;
        const char *digits = "0123456789abcdef", *at = strchr(digits, *text);
        if (!at || n == 32)
            return false;
        key[n / 2] = (uint8_t)(n % 2 ? key[n / 2] | (at - digits) : (at - digits) << 4);
        n++;
    }
    return n == 32 || (n == 0 && getrandom(key, 16, 0) == 16);
}

/* A field whose text is read as parameters. */
static bool is_parameters(const char *field)
{
    return strcmp(field, "phil") == 0;
}

/* The body is {"do": VERB, "key": UUID?, …arguments}; the arguments go to the store as an object of their own. */
static bool read_body(const struct web_request *q, const char **verb, uint8_t key[16], struct str *args,
                      struct json **tree, struct error *err)
{
    *tree = json_parse(q->body, q->body_size, "the request", err);
    if (!*tree)
        return err->code = ERROR_USAGE, false;
    *verb = json_text(json_get(*tree, "do"));
    if (!json_is_object(*tree) || !*verb)
        return error_set(err, ERROR_USAGE, "a request is {\"do\": VERB, …}");
    if (strncmp(*verb, "task.", 5) == 0)
        return error_set(err, ERROR_USAGE,
                         "tasks may hold commands: they are made and changed by xfelx task alone");
    const struct json *k = json_get(*tree, "key");
    if ((k && !json_text(k)) || !read_key(json_text(k), key))
        return error_set(err, ERROR_USAGE, "key is a UUID: 32 hexadecimal digits");
    struct json_writer j = {.out = args};
    json_object(&j, NULL);
    for (const struct json *m = json_first(*tree); m; m = json_next(m)) {
        const char *name = json_key(m);
        double number;
        if (strcmp(name, "do") == 0 || strcmp(name, "key") == 0)
            continue;
        if (json_text(m) && is_parameters(name) && !web_phil_check(json_text(m), err))
            return false;
        if (json_text(m))
            json_put_text(&j, name, json_text(m));
        else if (json_number(m, &number))
            json_put_real(&j, name, number);
        else if (json_is_array(m)) {
            json_array(&j, name, true);
            for (const struct json *x = json_first(m); x; x = json_next(x)) {
                if (json_number(x, &number))
                    json_put_real(&j, NULL, number);
                else
                    json_put_text(&j, NULL, json_text(x));
            }
            json_end_array(&j);
        } else if (json_is_null(m))
            json_put_null(&j, name);
        else if (!json_is_object(m))
            json_put_bool(&j, name, json_is_true(m));
        else
            return error_set(err, ERROR_USAGE, "%.40s is a text, a number, true or false, or a list of them",
                             name);
    }
    json_end_object(&j);
    return true;
}

void api_request(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct error err = {0};
    struct json *tree = NULL;
    struct str args = {0};
    struct store_request done;
    const char *verb = NULL;
    uint8_t key[16] = {0};
    const struct store_by by = {q->name, STORE_VIA_WEB};
    bool ok = read_body(q, &verb, key, &args, &tree, &err) &&
              store_request(s, &by, key, verb, args.text, &arena, &done, &err);
    a->cache = "no-store";
    if (!ok) {
        answer_failed(a, &err);
    } else {
        a->status = done.state == REQUEST_REFUSED ? 409 : 202;
        struct json_writer j = answer_json(a);
        put_request(&j, &done);
        if (done.state == REQUEST_REFUSED) {
            json_object(&j, "error");
            json_put_text(&j, "code", "refused");
            json_put_text(&j, "text", done.answer);
            json_end_object(&j);
        }
        answer_json_end(&j);
        watch_hurry(w->watch);
    }
    str_free(&args);
    json_free(tree);
    arena_free(&arena);
}
