/* lcls.c - asking LCLS' run API (FACILITY 2, CCTBX_XFEL 4). */
#include "facility/lcls.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { CONFIRMED_AT_ONCE = 20 }; /* requests for single runs in one look */
static const uint64_t answer_limit = 256u << 20;
static const char usual_url[] = FACILITY_LCLS_URL;

static bool look_here(void *owner, const char *path, uint64_t *size, int64_t *modified_ns)
{
    struct stat s;
    (void)owner;
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode))
        return false;
    *size = (uint64_t)s.st_size;
    *modified_ns = (int64_t)s.st_mtim.tv_sec * 1000000000 + s.st_mtim.tv_nsec;
    return true;
}

/* The value of a good answer; NULL with the class and an error: a log-in page, a refusal, half an answer. */
static struct json *parse(const struct net_answer *a, enum net_class *class, struct error *err)
{
    const char *text = a->body.text + strspn(a->body.text, " \t\r\n");
    if (*text == '<') {
        *class = NET_DENIED;
        error_set(err, ERROR_FAILED, "LCLS' run table answered with a page for people: not authorised");
        error_hint(
            err, "facility.lcls.url, facility.auth and facility.auth_file say where and as whom it is asked");
        return NULL;
    }
    *class = NET_AGAIN;
    if (str_starts(text, "\xef\xbb\xbf"))
        text += 3;
    struct json *root =
        json_parse(text, a->body.len - (size_t)(text - a->body.text), "the answer of LCLS' run table", err);
    if (root && !json_is_true(json_get(root, "success"))) {
        const char *why = json_text(json_get(root, "errormsg"));
        why = why ? why : json_text(json_get(root, "error_msg"));
        error_set(err, ERROR_FAILED, "LCLS' run table refuses");
        if (why)
            error_detail(err, "%s", why);
        json_free(root);
        return NULL;
    }
    return root;
}

static struct json *ask(struct net *n, const struct facility_settings *s, const char *path,
                        enum net_class *class, struct error *err)
{
    struct str url = {0}, location = {0};
    struct net_answer answer = {0};
    struct json *root = NULL;
    net_url(&url, s->url ? s->url : usual_url, path);
    net_url(&location, "", s->location); /* one '/' before what is escaped */
    str_printf(&url, "?location=%s", location.text + 1);
    struct net_request r = {.url = url.text, .auth = &s->auth, .redirects = 3, .limit = answer_limit};
    if (net_fetch(n, &r, &answer, err))
        root = parse(&answer, class, err);
    else
        *class = answer.class;
    net_answer_free(&answer);
    str_free(&url);
    str_free(&location);
    return root;
}

/* Runs that have just become present are asked for once more past the server's cache; one that is not confirmed waits. */
static void confirm(struct net *n, const struct facility_settings *s, const struct observations *before,
                    struct observations *now)
{
    int asked = 0;
    for (size_t i = 0; i < now->n; i++) {
        struct observation *o = &now->at[i];
        const struct observation *b = before ? observations_find(before, o->path) : NULL;
        if (o->state != RUN_PRESENT || (b && b->state == RUN_PRESENT && b->print == o->print))
            continue;
        struct arena a = {0};
        struct error err = {0};
        enum net_class class;
        char *path = arena_printf(&a, "%s/ws/%lld/current_files_for_live_mode_at_location", s->experiment,
                                  (long long)o->number);
        struct json *answer = asked++ < CONFIRMED_AT_ONCE ? ask(n, s, path, &class, &err) : NULL;
        if (!answer || !lcls_confirms(s, json_get(answer, "value"), o)) {
            o->state = RUN_TRANSFERRING;
            o->reason = answer ? "the run table is not sure yet"
                               : "the run table could not be asked for this run yet";
        }
        json_free(answer);
        arena_free(&a);
    }
}

bool lcls_list(const struct facility_settings *s, const struct observations *before, struct observations *now,
               struct error *err)
{
    struct arena a = {0};
    struct net *n = NULL;
    struct json *answer = NULL;
    bool good = false;
    now->class = NET_REFUSED;
    if (!s->experiment || !*s->experiment)
        return error_set(err, ERROR_USAGE, "no experiment at LCLS is named"),
               error_hint(err, "set facility.lcls.experiment");
    if ((n = net_open(&(struct net_options){.ca_file = s->ca_file}, err)))
        answer = ask(n, s, arena_printf(&a, "%s/ws/files_for_live_mode_at_location", s->experiment),
                     &now->class, err);
    if (answer)
        good = lcls_observe(s, json_get(answer, "value"), before, look_here, NULL, clock_now(), now, err);
    if (good)
        confirm(n, s, before, now);
    if (answer)
        now->class = good ? NET_DONE : NET_AGAIN;
    json_free(answer);
    net_close(n);
    arena_free(&a);
    return good;
}
