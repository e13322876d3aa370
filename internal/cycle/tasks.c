/* tasks.c - see tasks.h. */
#include "cycle/tasks.h"

#include <stdio.h>
#include <string.h>

const char *cycle_task_word(enum cycle_task t)
{
#define X(name, word, text) word,
    static const char *const words[] = {CYCLE_TASKS(X)};
#undef X
    return (unsigned)t < CYCLE_TASK_END ? words[t] : "?";
}

enum cycle_task cycle_next(const struct cycle_fare fares[CYCLE_TASK_END], int64_t now, double *seconds)
{
    enum cycle_task first = 0;
    for (int i = 1; i < CYCLE_TASK_END; i++)
        if (fares[i].due < fares[first].due)
            first = (enum cycle_task)i;
    *seconds = fares[first].due > now ? (double)(fares[first].due - now) * 1e-9 : 0;
    return first;
}

void cycle_went_well(struct cycle_fare *f, int64_t t, int64_t now, double seconds, const char *text)
{
    f->good_t = t;
    f->failures = 0;
    f->error[0] = 0;
    f->due = now + (int64_t)(seconds * 1e9);
    snprintf(f->text, sizeof f->text, "%s", text);
}

void cycle_went_wrong(struct cycle_fare *f, int64_t t, int64_t now, double seconds, const struct error *err)
{
    f->failed_t = t;
    f->failures++;
    f->all++;
    f->due = now + (int64_t)(seconds * 1e9);
    error_line(err, f->error, sizeof f->error);
}

void cycle_fares_write(const struct cycle_fare fares[CYCLE_TASK_END], const char *host, int64_t pid,
                       int64_t t, struct str *out)
{
    struct json_writer w = {.out = out};
    json_object(&w, NULL);
    json_put_text(&w, "host", host);
    json_put_int(&w, "pid", pid);
    json_put_int(&w, "t", t);
    json_array(&w, "tasks", false);
    for (int i = 0; i < CYCLE_TASK_END; i++) {
        const struct cycle_fare *f = &fares[i];
        json_object(&w, NULL);
        json_put_text(&w, "name", cycle_task_word((enum cycle_task)i));
        json_put_int(&w, "good_t", f->good_t);
        json_put_int(&w, "failed_t", f->failed_t);
        json_put_int(&w, "failures", f->failures);
        json_put_int(&w, "all", (int64_t)f->all);
        json_put_text(&w, "text", f->text);
        json_put_text(&w, "error", f->error);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
}

static int64_t whole(const struct json *object, const char *key)
{
    double value = 0;
    return json_number(json_get(object, key), &value) && value > 0 && value < 9e18 ? (int64_t)value : 0;
}

static void take_text(const struct json *object, const char *key, char *out, size_t size)
{
    const char *text = json_text(json_get(object, key));
    snprintf(out, size, "%s", text ? text : "");
}

static void take_fare(const struct json *object, struct cycle_fare *f)
{
    f->good_t = whole(object, "good_t");
    f->failed_t = whole(object, "failed_t");
    f->failures = (uint32_t)whole(object, "failures");
    f->all = (uint64_t)whole(object, "all");
    take_text(object, "text", f->text, sizeof f->text);
    take_text(object, "error", f->error, sizeof f->error);
}

void cycle_fares_read(const char *text, struct cycle_fare fares[CYCLE_TASK_END])
{
    struct error err = {0};
    struct json *root = text ? json_parse(text, strlen(text), "word of the watcher", &err) : NULL;
    for (const struct json *o = json_first(json_get(root, "tasks")); o; o = json_next(o)) {
        const char *name = json_text(json_get(o, "name"));
        for (int i = 0; name && i < CYCLE_TASK_END; i++)
            if (!strcmp(name, cycle_task_word((enum cycle_task)i)))
                take_fare(o, &fares[i]);
    }
    json_free(root);
}
