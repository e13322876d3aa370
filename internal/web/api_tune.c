/* api_tune.c - would other parameters do better? Asked here, tried by a process of its own (tunes.h), looked at until it is done. */
#include "web/api_frame.h"

#include "web/phil_check.h"
#include "web/tunes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PHIL_MOST = 64 << 10, TRY_MOST = 200 };

/* {"what": "tune" or "mask", "frame": "JOB/SOURCE/FRAME", "phil": TEXT, "try": N, "as": of mask, the file that is wanted} */
struct asked {
    int64_t job;
    uint32_t source, frame;
    const char *phil, *command, *ending;
    int frames;
};

static bool read_frame(const char *text, struct asked *out)
{
    int64_t n[3] = {0};
    char part[3][24];
    size_t k = 0;
    for (const char *p = text; p && k < 3; k++) {
        size_t length = strcspn(p, "/");
        if (length == 0 || length >= sizeof part[0])
            return false;
        memcpy(part[k], p, length);
        part[k][length] = 0;
        if (!str_to_i64(part[k], n + k) || n[k] < 0)
            return false;
        p += length;
        p = *p ? p + 1 : NULL;
    }
    if (k != 3 || strchr(text, '/') == strrchr(text, '/') || n[1] > UINT32_MAX || n[2] > UINT32_MAX)
        return false;
    *out = (struct asked){.job = n[0], .source = (uint32_t)n[1], .frame = (uint32_t)n[2]};
    return true;
}

/* The forms in which a mask is given. */
static const char *const endings[] = {"nxs", "pickle", "geom", "xfm"};

static bool read_ending(const char *as, struct asked *out, struct error *err)
{
    for (size_t i = 0; as && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(as, endings[i]) == 0)
            out->ending = endings[i];
    return !as || (out->ending && strcmp(out->command, "mask") == 0) ||
           error_set(err, ERROR_USAGE, "as is nxs, pickle, geom or xfm, of a mask");
}

static bool read_body(const struct web_request *q, struct json **tree, struct asked *out, struct error *err)
{
    *tree = json_parse(q->body, q->body_size, "the request", err);
    if (!*tree)
        return err->code = ERROR_USAGE, false;
    const char *frame = json_text(json_get(*tree, "frame"));
    double n = 1;
    if (!frame || !read_frame(frame, out))
        return error_set(err, ERROR_USAGE, "frame is \"JOB/SOURCE/FRAME\"");
    if (json_get(*tree, "try") && (!json_number(json_get(*tree, "try"), &n) || n < 1 || n > TRY_MOST))
        return error_set(err, ERROR_USAGE, "try is a number of frames, 1 to %d", TRY_MOST);
    const char *what = json_text(json_get(*tree, "what"));
    out->command = what ? what : "tune";
    if (strcmp(out->command, "tune") != 0 && strcmp(out->command, "mask") != 0)
        return error_set(err, ERROR_USAGE, "what is tune or mask");
    if (!read_ending(json_text(json_get(*tree, "as")), out, err))
        return false;
    out->frames = (int)n;
    out->phil = json_text(json_get(*tree, "phil"));
    if (out->phil && strlen(out->phil) > PHIL_MOST)
        return error_set(err, ERROR_USAGE, "the changes are longer than %d bytes", PHIL_MOST);
    return !out->phil || web_phil_check(out->phil, err);
}

struct work {
    struct tunes *tunes;
    int64_t id;
};

static void run(void *arg, struct store *s, const struct error *why)
{
    (void)s, (void)why;
    struct work *w = arg;
    tunes_run(w->tunes, w->id);
    free(w);
}

/* A worker of those that open images does it. false: ERROR_BUSY. */
static bool hand_over(struct web *w, int64_t id, struct error *err)
{
    struct work *work = malloc(sizeof *work);
    if (work)
        *work = (struct work){w->tunes, id};
    if (work && pool_put(w->slow, &(struct pool_job){run, work, false}))
        return true; // cppcheck-suppress memleak ; the worker frees it
    free(work);
    tunes_drop(w->tunes, id);
    return error_set(err, ERROR_BUSY, "more is asked than can be done; again in a second");
}

void api_tune(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct error err = {0};
    struct json *tree = NULL;
    struct asked ask = {0};
    struct store_look_row row;
    struct store_look_lattice *lattices;
    size_t n;
    bool found = false;
    int64_t id = 0;
    bool ok = read_body(q, &tree, &ask, &err) &&
              store_look(s, ask.job, ask.source, ask.frame, &arena, &row, &lattices, &n, &found, &err);
    if (ok && (!found || !*row.journal))
        ok =
            error_set(&err, ERROR_USAGE, "this job has no result of this frame, or its journal is not known");
    if (ok) {
        const struct tune_wish wish = {.command = ask.command,
                                       .name = q->name,
                                       .journal = path_map(&arena, w->options.path_map, row.journal),
                                       .phil = ask.phil,
                                       .ending = ask.ending,
                                       .maps = w->options.path_map,
                                       .source = ask.source,
                                       .frame = ask.frame,
                                       .frames = ask.frames};
        id = tunes_begin(w->tunes, &wish, &err);
        ok = id > 0 && hand_over(w, id, &err);
    }
    a->cache = "no-store";
    if (ok) {
        a->status = 202;
        struct json_writer j = answer_json(a);
        json_put_int(&j, "tune", id);
        answer_json_end(&j);
    } else {
        answer_failed(a, &err);
    }
    json_free(tree);
    arena_free(&arena);
}

void api_tuned(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    static const char *const words[] = {"running", "done", "failed"};
    (void)s;
    int64_t id;
    enum tune_state state;
    double seconds;
    struct str body = {0};
    a->cache = "no-store";
    if (!api_number(q, a, &id))
        return;
    if (!tunes_look(w->tunes, id, &state, &seconds, &body)) {
        answer_error(a, 404, "no_such_tune", "nothing of this number was tried here lately", NULL);
        return;
    }
    struct json_writer j = answer_json(a);
    json_put_text(&j, "state", words[state]);
    json_put_real(&j, "seconds", seconds);
    json_put_text(&j, "error", state == TUNE_FAILED ? body.text : NULL);
    answer_json_end(&j);
    if (state == TUNE_DONE &&
        !tunes_is_file(w->tunes, id)) { /* JSON of our own program, as a member of ours */
        while (a->body.len && a->body.text[a->body.len - 1] != '}')
            a->body.len--;
        a->body.len--;
        str_add(&a->body, ", \"result\": ");
        str_addn(&a->body, body.text, body.len);
        str_add(&a->body, "}\n");
    }
    str_free(&body);
}

void api_tuned_file(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)s;
    int64_t id;
    enum tune_state state;
    double seconds;
    struct str body = {0};
    a->cache = "no-store";
    if (!api_number(q, a, &id))
        return;
    if (tunes_is_file(w->tunes, id) && tunes_look(w->tunes, id, &state, &seconds, &body) &&
        state == TUNE_DONE) {
        str_addn(&a->body, body.text, body.len);
        a->type = "application/octet-stream";
    } else {
        answer_error(a, 404, "no_such_file", "no file of this number was made here lately", NULL);
    }
    str_free(&body);
}

/* Nobody's own try, and whoever steps through frames asks faster than spots are found: this worker waits for a place, as long as anybody looks. */
static int64_t begin_in_turn(struct tunes *t, const struct tune_wish *wish, struct error *err)
{
    enum { LOOKS = 200 }; /* 10 s */
    int64_t id = tunes_begin(t, wish, err);
    for (int i = 0; !id && err->code == ERROR_BUSY && i < LOOKS; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        *err = (struct error){0};
        id = tunes_begin(t, wish, err);
    }
    return id;
}

/* The spots of a frame of which none were kept, found anew with the job's own parameters. */
void api_frame_spots(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct error err = {0};
    struct api_frame f = {0};
    struct str body = {0};
    enum tune_state state = TUNE_FAILED;
    double seconds;
    if (!api_find_frame(s, q, a, &arena, &f)) {
        arena_free(&arena);
        return;
    }
    const struct tune_wish wish = {
        .name = arena_printf(&arena, "spots %s %u/%u", f.row.journal, f.row.source, f.row.frame),
        .journal = path_map(&arena, w->options.path_map, f.row.journal),
        .maps = w->options.path_map,
        .source = f.row.source,
        .frame = f.row.frame,
        .frames = 1};
    int64_t id = *f.row.journal ? begin_in_turn(w->tunes, &wish, &err) : 0;
    if (id) {
        tunes_run(w->tunes, id);
        tunes_look(w->tunes, id, &state, &seconds, &body);
    }
    if (state == TUNE_DONE) {
        str_addn(&a->body, body.text, body.len);
        a->cache = "private, max-age=3600";
    } else if (err.code) {
        answer_failed(a, &err);
    } else {
        answer_error(a, 422, "not_found_anew",
                     body.len ? body.text : "the journal of this frame is not known", NULL);
    }
    str_free(&body);
    arena_free(&arena);
}
