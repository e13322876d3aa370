/* book_requests.c - what a page asks for: kept by its key, done at once where it touches rows only, else taken by the watcher; see book.h. */
#include "store/book_private.h"

#include <stdio.h>
#include <string.h>

/* ---- whether arguments are those of the verb ---- */

/* Is it among the fields, and must it be given? */
static bool has_field(const char *fields, const char *key, bool *must)
{
    char word[64];
    while (schema_word(&fields, word, sizeof word)) {
        size_t n = strlen(word);
        *must = word[n - 1] == '!';
        word[n - *must] = 0;
        if (!strcmp(word, key))
            return true;
    }
    return false;
}

/* Arguments that are texts, of whatever verb. */
static const char texts[] = "tag text name rename comment colour kind resources about phil file dataset";

static bool args_good(const struct book_verb *v, const struct json *args, struct error *err)
{
    const char *fields = v->face.fields;
    char word[64];
    bool must;
    if (!json_is_object(args))
        return error_set(err, ERROR_USAGE, "the arguments of %s are a JSON object", v->face.name);
    for (const struct json *m = json_first(args); m; m = json_next(m)) {
        if (!has_field(v->face.fields, json_key(m), &must))
            return error_set(err, ERROR_USAGE, "%s has no argument \"%s\"", v->face.name, json_key(m)),
                   error_hint(err, "it has: %s", v->face.fields);
        if (has_field(texts, json_key(m), &must) && !json_text(m))
            return error_set(err, ERROR_USAGE, "the argument \"%s\" of %s is a text", json_key(m),
                             v->face.name);
    }
    while (schema_word(&fields, word, sizeof word)) {
        size_t n = strlen(word);
        if (word[n - 1] != '!')
            continue;
        word[n - 1] = 0;
        if (!json_get(args, word) || json_is_null(json_get(args, word)))
            return error_set(err, ERROR_USAGE, "%s needs the argument \"%s\"", v->face.name, word);
    }
    return true;
}

/* ---- asking ---- */

struct request_work {
    const struct store_by *by;
    const struct book_verb *verb;
    const uint8_t *ukey;
    const char *args_text;
    const struct json *args;
    bool refused;
    struct error why;
    struct str answer;
};

/* Its verb, as a part of the request's transaction. What it refuses leaves nothing behind: each is checked before it writes, but for
 * those that change several things; the whole transaction goes then, and the refusal is noted by another. */
static bool do_verb(struct store *s, struct request_work *w, struct error *err)
{
    struct arena a = {0};
    struct book_asked r = {s, w->by, w->args, &a, &w->answer};
    bool nested = s->changing;
    str_clear(&w->answer);
    s->changing = true;
    bool ok = w->verb->run(&r, err);
    s->changing = nested;
    arena_free(&a);
    return ok;
}

static bool insert_request(struct store *s, const struct request_work *w, enum store_request_state state,
                           const char *answer, struct error *err)
{
    int64_t now = 0;
    return book_name_good("user", w->by->who, err) && sql_now(&s->sql, &now, err) &&
           sql_do(&s->sql, NULL, err,
                  "INSERT INTO request(ukey,t,who,verb,args,state,answer) VALUES(?,?,?,?,?,?,?)", "bitttit",
                  w->ukey, 16, now, w->by->who, w->verb->face.name, w->args_text, (int64_t)state, answer) &&
           (state == REQUEST_ASKED ||
            sql_do(&s->sql, NULL, err, "UPDATE request SET taken=?,done=? WHERE ukey=?", "iib", now, now,
                   w->ukey, 16));
}

static bool is_known(struct store *s, const uint8_t *ukey, bool *known, struct error *err)
{
    int64_t id = 0;
    bool ok = sql_number(&s->sql, &id, 0, err, "SELECT id FROM request WHERE ukey=?", "b", ukey, 16);
    *known = id != 0;
    return ok;
}

static bool waits(const struct request_work *w)
{
    return !w->verb->run || (w->verb->waits && json_get(w->args, w->verb->waits));
}

static bool request_work(struct store *s, void *arg, struct error *err)
{
    struct request_work *w = arg;
    bool known = false;
    w->refused = false;
    if (!is_known(s, w->ukey, &known, err) || known)
        return known;
    if (waits(w))
        return insert_request(s, w, REQUEST_ASKED, NULL, err);
    if (!do_verb(s, w, err)) {
        w->refused = err && err->code == ERROR_USAGE;
        return false;
    }
    return insert_request(s, w, REQUEST_DONE, w->answer.len ? w->answer.text : "done", err);
}

static bool refuse_work(struct store *s, void *arg, struct error *err)
{
    struct request_work *w = arg;
    char line[1024];
    bool known = false;
    return is_known(s, w->ukey, &known, err) &&
           (known || insert_request(s, w, REQUEST_REFUSED, error_line(&w->why, line, sizeof line), err));
}

#define REQUEST "SELECT id,t,taken,done,state,who,verb,args,answer FROM request "

static struct store_request take_row(struct sql *s, struct sql_stmt *q, struct arena *a)
{
    return (struct store_request){sql_int(s, q, 0),
                                  sql_int(s, q, 1),
                                  sql_int(s, q, 2),
                                  sql_int(s, q, 3),
                                  (enum store_request_state)sql_int(s, q, 4),
                                  book_text(s, q, 5, a),
                                  book_text(s, q, 6, a),
                                  book_text(s, q, 7, a),
                                  book_text(s, q, 8, a)};
}

bool store_request_read(struct store *s, const uint8_t ukey[16], struct arena *a, struct store_request *out,
                        struct error *err)
{
    struct sql_stmt *q = sql_query(&s->sql, err, REQUEST "WHERE ukey=?", "b", ukey, 16);
    int step = sql_step(&s->sql, q, err);
    if (step != 1)
        return step == 0 && error_set(err, ERROR_MISSING, "there is no such request");
    *out = take_row(&s->sql, q, a);
    sql_reset(&s->sql, q);
    return true;
}

static const struct book_verb *need_verb(const char *name, struct error *err)
{
    const struct book_verb *v = book_verb_find(name);
    if (!v)
        error_set(err, ERROR_USAGE, "there is no verb \"%s\"", name);
    return v;
}

bool store_request(struct store *s, const struct store_by *by, const uint8_t ukey[16], const char *verb,
                   const char *args, struct arena *a, struct store_request *out, struct error *err)
{
    struct error why = {0};
    struct request_work w = {.by = by, .verb = need_verb(verb, err), .ukey = ukey, .args_text = args};
    struct json *root = NULL;
    bool ok = w.verb && book_text_good("request", args, err) &&
              (root = json_parse(args, strlen(args), "the request", err)) != NULL;
    w.args = root;
    if (w.verb && !root && err)
        err->code = ERROR_USAGE;
    ok = ok && args_good(w.verb, root, err);
    if (ok && !book_change(s, request_work, &w, &why)) {
        w.why = why;
        ok = w.refused && book_change(s, refuse_work, &w, err);
        if (!w.refused && err)
            *err = why;
    }
    ok = ok && store_request_read(s, ukey, a, out, err);
    str_free(&w.answer);
    json_free(root);
    return ok;
}

/* ---- the watcher's side ---- */

bool store_requests_open(struct store *store, int64_t stale_t, struct arena *a, struct store_request **rows,
                         size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err, REQUEST "WHERE state=0 OR (state=1 AND taken<?) ORDER BY id", "i", stale_t);
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = take_row(s, q, a);
    }
    return step == 0;
}

struct take_work {
    const struct store_request *request;
    int64_t id;
    bool done, taken;
    const char *answer;
};

static bool take_work(struct store *s, void *arg, struct error *err)
{
    struct take_work *w = arg;
    int64_t now = 0, changed = 0;
    bool ok = sql_now(&s->sql, &now, err) &&
              sql_do(&s->sql, &changed, err,
                     "UPDATE request SET state=1,taken=? WHERE id=? AND state=? AND coalesce(taken,0)=?",
                     "iiii", now, w->request->id, (int64_t)w->request->state, w->request->taken_t);
    w->taken = changed > 0;
    return ok;
}

bool store_request_take(struct store *s, const struct store_request *r, bool *taken, struct error *err)
{
    struct take_work w = {.request = r};
    bool ok = book_change(s, take_work, &w, err);
    *taken = ok && w.taken;
    return ok;
}

static bool answer_work(struct store *s, void *arg, struct error *err)
{
    const struct take_work *w = arg;
    int64_t now = 0;
    return sql_now(&s->sql, &now, err) &&
           sql_do(&s->sql, NULL, err, "UPDATE request SET state=?,done=?,answer=? WHERE id=? AND state=1",
                  "iiti", (int64_t)(w->done ? REQUEST_DONE : REQUEST_REFUSED), now, w->answer, w->id);
}

bool store_request_answer(struct store *s, int64_t id, bool done, const char *answer, struct error *err)
{
    return book_change(s, answer_work, &(struct take_work){.id = id, .done = done, .answer = answer}, err);
}
