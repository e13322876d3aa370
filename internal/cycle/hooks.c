/* hooks.c - see hooks.h. What is told, and when; hooks_call.c makes the calls, in a process of its own.
 *
 * Where we are in the events, when each hook was called last and what was held back since is kept in the store under "hooks", so that
 * watchers from cron, and whoever takes over, tell each event at most once and not too often. */
#include "cycle/hooks_call.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOOKS_MAX = 64, EVENTS_MAX = 1000, MESSAGE_MAX = 60000 };

// clang-format off
/* Words of the setting and kinds of events. */
static const struct {
    const char *word, *kind;
} kinds[] = {
    {"run_seen", "run_seen"}, {"run_present", "run_present"}, {"job_failed", "job_failed"},
    {"job_done", "job_done"}, {"dataset_merged", "dataset_merged"}, {"alarm", "alarm_on"},
};
// clang-format on
enum { KINDS = sizeof kinds / sizeof *kinds };

struct hook {
    int kind; /* of the table; -1: all */
    int64_t limit, last_t, held_back;
};

struct hooks {
    struct hook rows[HOOKS_MAX];
    struct hook_call calls[HOOKS_MAX];
    size_t n;
    const char *experiment;
    int64_t seen; /* the last event that was told; -1: not known yet */
    int64_t counts[KINDS];
    pid_t pid;
    int fd;
    size_t n_failed;
    char failed[256];
};

/* ---- settings ---- */

static int kind_of(const char *word)
{
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].word, word) == 0)
            return i;
    return -1;
}

static bool read_hook(const struct params *p, size_t i, struct hooks *h, struct error *err)
{
    char path[64];
    struct hook_call *call = &h->calls[h->n];
    const char *event;
    snprintf(path, sizeof path, "hook[%zu].command", i);
    call->command = param_text(p, path, NULL);
    snprintf(path, sizeof path, "hook[%zu].url", i);
    call->url = param_text(p, path, NULL);
    if (!call->command && !call->url)
        return true;
    if (call->command && call->url)
        return error_set(err, ERROR_USAGE, "a hook has both a command and an url"),
               error_hint(err, "two hook blocks: one for each");
    if (h->n + 1 >= HOOKS_MAX)
        return error_set(err, ERROR_USAGE, "more than %d hooks", HOOKS_MAX);
    snprintf(path, sizeof path, "hook[%zu].event", i);
    event = param_text(p, path, NULL);
    snprintf(path, sizeof path, "hook[%zu].limit", i);
    h->rows[h->n] =
        (struct hook){.kind = event ? kind_of(event) : -1, .limit = (int64_t)(param_real(p, path, 10) * 1e9)};
    h->n++;
    return true;
}

bool hooks_start(const struct params *p, struct hooks **out, struct error *err)
{
    struct hooks *h = calloc(1, sizeof *h);
    size_t n = param_count(p, "hook");
    *out = NULL;
    if (!h)
        return error_set(err, ERROR_MEMORY, "out of memory");
    *h = (struct hooks){.experiment = param_text(p, "experiment_tag", NULL), .seen = -1, .fd = -1};
    bool good = true;
    for (size_t i = 0; good && i < n; i++)
        good = read_hook(p, i, h, err);
    if (good && h->n)
        good = hooks_fork(p, h->calls, h->n, &h->pid, &h->fd, err);
    if (!good || h->n == 0) {
        free(h);
        return good;
    }
    *out = h;
    return true;
}

/* ---- what is kept ---- */

static int64_t whole(const struct json *o, const char *key, int64_t otherwise)
{
    double v = 0;
    return json_number(json_get(o, key), &v) && v >= 0 && v < 9e18 ? (int64_t)v : otherwise;
}

static void read_kept(struct hooks *h, const char *text)
{
    struct error err = {0};
    struct json *root = text ? json_parse(text, strlen(text), "word of the hooks", &err) : NULL;
    const struct json *rows = json_get(root, "hooks"), *counts = json_get(root, "counts");
    h->seen = whole(root, "seen", -1);
    for (size_t i = 0; i < h->n; i++) {
        h->rows[i].last_t = whole(json_at(rows, i), "last_t", 0);
        h->rows[i].held_back = whole(json_at(rows, i), "held_back", 0);
    }
    for (int i = 0; i < KINDS; i++)
        h->counts[i] = whole(counts, kinds[i].word, 0);
    json_free(root);
}

static bool keep(const struct hooks *h, struct store *s, struct error *err)
{
    struct str text = {0};
    struct json_writer w = {.out = &text};
    json_object(&w, NULL);
    json_put_int(&w, "seen", h->seen);
    json_array(&w, "hooks", false);
    for (size_t i = 0; i < h->n; i++) {
        json_object(&w, NULL);
        json_put_int(&w, "last_t", h->rows[i].last_t);
        json_put_int(&w, "held_back", h->rows[i].held_back);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_object(&w, "counts");
    for (int i = 0; i < KINDS; i++)
        json_put_int(&w, kinds[i].word, h->counts[i]);
    json_end_object(&w);
    json_end_object(&w);
    bool good = store_keep_word(s, "hooks", text.text, err);
    str_free(&text);
    return good;
}

/* ---- telling ---- */

static void event_text(const struct hooks *h, const struct store_event *e, int kind, int64_t held_back,
                       struct str *out)
{
    struct json_writer w = {.out = out};
    char when[32];
    json_object(&w, NULL);
    json_put_text(&w, "event", kind < 0 ? e->kind : kinds[kind].word);
    json_put_text(&w, "t", clock_text(e->t, when));
    json_put_text(&w, "experiment", h->experiment);
    json_put_text(&w, "run", *e->run_name ? e->run_name : NULL);
    json_put_int(&w, "job", e->job);
    json_put_int(&w, "attempt", e->attempt);
    json_put_text(&w, "text", e->body);
    json_put_int(&w, "held_back", held_back);
    json_object(&w, "counts");
    for (int i = 0; i < KINDS; i++)
        json_put_int(&w, kinds[i].word, h->counts[i]);
    json_end_object(&w);
    json_end_object(&w);
}

/* Hand one event to the process that calls. What it has no room for is held back. */
static bool send_call(struct hooks *h, size_t i, const struct str *text)
{
    struct str message = {0};
    wire_u16(&message, (uint16_t)i);
    str_addn(&message, text->text, text->len < MESSAGE_MAX ? text->len : 0);
    bool sent = send(h->fd, message.text, message.len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)message.len;
    str_free(&message);
    return sent;
}

static void tell(struct hooks *h, const struct store_event *e, int64_t now, size_t *n_told)
{
    int kind = -1;
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].kind, e->kind) == 0)
            kind = i;
    if (kind < 0)
        return;
    h->counts[kind]++;
    for (size_t i = 0; i < h->n; i++) {
        struct hook *row = &h->rows[i];
        struct str text = {0};
        if (row->kind >= 0 && row->kind != kind)
            continue;
        event_text(h, e, kind, row->held_back, &text);
        if (now - row->last_t < row->limit || !send_call(h, i, &text)) {
            row->held_back++;
        } else {
            row->held_back = 0;
            row->last_t = now;
            (*n_told)++;
        }
        str_free(&text);
    }
}

/* What the calling process says of calls that failed. */
static void hear(struct hooks *h)
{
    char text[sizeof h->failed];
    ssize_t n;
    while (h->fd >= 0 && (n = recv(h->fd, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
        text[n] = 0;
        snprintf(h->failed, sizeof h->failed, "%s", text);
        h->n_failed++;
    }
}

bool hooks_tell(struct hooks *h, struct store *s, size_t *n_told, struct error *err)
{
    struct arena a = {0};
    struct store_event *rows = NULL;
    size_t n = 0;
    bool good = true, first = false;
    *n_told = 0;
    if (!h)
        return true;
    hear(h);
    if (h->seen < 0) {
        read_kept(h, store_kept_word(s, "hooks", &a, NULL));
        first = h->seen < 0;
    }
    good =
        first ? store_last_event(s, &h->seen, err) : store_events(s, h->seen, EVENTS_MAX, &a, &rows, &n, err);
    int64_t before = h->seen;
    if (good && n) /* kept before it is told: at most once, whatever happens in between */
        h->seen = rows[n - 1].id, good = keep(h, s, err);
    if (!good)
        h->seen = first ? -1 : before;
    for (size_t i = 0; good && i < n; i++)
        tell(h, &rows[i], clock_now(), n_told);
    if (good && (first || n))
        good = keep(h, s, err);
    arena_free(&a);
    return good;
}

size_t hooks_failed(struct hooks *h, char *last, size_t room)
{
    if (!h)
        return 0;
    hear(h);
    snprintf(last, room, "%s", h->failed);
    return h->n_failed;
}

void hooks_end(struct hooks *h, double seconds)
{
    if (!h)
        return;
    int64_t end = clock_monotonic() + (int64_t)(seconds * 1e9), left;
    bool gone = false;
    shutdown(h->fd, SHUT_WR);
    while (!gone && (left = end - clock_monotonic()) > 0) {
        struct pollfd p = {h->fd, POLLIN, 0};
        char text[256];
        if (poll(&p, 1, (int)(left / 1000000 + 1)) < 0 && errno != EINTR)
            break;
        ssize_t n = recv(h->fd, text, sizeof text, MSG_DONTWAIT);
        gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    }
    if (!gone)
        kill(h->pid, SIGTERM); /* it takes the command that hangs with it */
    close(h->fd);
    proc_reap(h->pid);
    free(h);
}
