/* api_tail.c - the end of an attempt's log, as far as it may be shown: what a scheduler's script or a program wrote is anything.
 *
 * The file that is read is the one that the watcher put into the database, never a name from the wire. Each line is cut, its control
 * characters and bytes that are no UTF-8 are written out (str_visible); the page shows it as text.
 */
#include "web/api.h"

#include <string.h>

enum { TAIL_BYTES = 128 << 10, LINES_USUAL = 200, LINES_MOST = 2000, LINE_BYTES = 2000 };

static void put_line(struct json_writer *j, const char *line, size_t n)
{
    static const char more[] = " …";
    char raw[LINE_BYTES + 1], shown[4 * LINE_BYTES + sizeof more + 4];
    size_t kept = n < LINE_BYTES ? n : LINE_BYTES;
    for (size_t i = 0; i < kept; i++)
        raw[i] = line[i] == '\t' || line[i] == 0 ? ' ' : line[i];
    raw[kept] = 0;
    str_visible(raw, shown, sizeof shown - sizeof more);
    json_put_text(j, NULL, n > kept ? strcat(shown, more) : shown);
}

/* Where the last `most` lines begin; a carriage return alone (a progress bar) ends a line too. */
static const char *last_lines(const char *text, const char *end, size_t most)
{
    const char *p = end;
    for (size_t seen = 0; p > text; p--)
        if ((p[-1] == '\n' || (p[-1] == '\r' && (p == end || *p != '\n'))) && p < end && ++seen == most)
            break;
    return p;
}

static void put_lines(struct json_writer *j, const struct bytes *tail, bool whole, size_t most)
{
    const char *text = (const char *)tail->data, *end = text + tail->size;
    const char *first = whole ? NULL : memchr(text, '\n', tail->size);
    const char *from = first ? first + 1 : text; /* half a line says nothing */
    for (const char *p = last_lines(from, end, most); p < end;) {
        const char *stop = p;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        put_line(j, p, (size_t)(stop - p));
        p = stop + (stop + 1 < end && stop[0] == '\r' && stop[1] == '\n' ? 2 : 1);
    }
}

/* A log that cannot be read is no failure of the server: `why` tells, there are no lines. */
static void put_log(struct web *w, struct json_writer *j, const struct store_book_attempt *x, size_t most,
                    struct arena *arena)
{
    char name[NAME_VISIBLE];
    struct error err = {0};
    struct bytes tail = {0};
    uint64_t size = 0;
    bool named = *x->log_path != 0;
    bool ok =
        named && fs_tail(path_map(arena, w->options.path_map, x->log_path), TAIL_BYTES, &tail, &size, &err);
    json_put_int(j, "attempt", x->no);
    json_put_text(j, "log", named ? str_visible(x->log_path, name, sizeof name) : NULL);
    if (!named)
        error_set(&err, ERROR_MISSING,
                  "this attempt has no log file: what `process` says by hand goes to its terminal");
    json_put_text(j, "why", ok ? NULL : err.fact);
    if (ok)
        json_put_int(j, "bytes", (int64_t)size);
    else
        json_put_null(j, "bytes");
    json_array(j, "lines", false);
    if (tail.size)
        put_lines(j, &tail, size <= tail.size, most);
    json_end_array(j);
    bytes_free(&tail);
}

void api_job_log(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct error err = {0};
    struct store_book_job *job;
    size_t n;
    int64_t id, no, most = LINES_USUAL;
    const char *lines = target_value(q->target, "lines");
    if (!api_number(q, a, &id))
        return;
    if (lines && (!str_to_i64(lines, &most) || most < 1 || most > LINES_MOST)) {
        answer_error(a, 400, "bad_lines", "lines is a number from 1 to 2000", NULL);
        return;
    }
    const struct store_range range = {id, id};
    const struct store_job_filter one = {.trial = -1, .jobs = &range, .n_jobs = 1, .all_attempts = true};
    if (!store_book_jobs(s, &one, &arena, &job, &n, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    const struct store_book_attempt *x = NULL;
    for (size_t i = 0; n == 1 && str_to_i64(q->parts[1], &no) && i < job->n_attempts; i++)
        if (job->attempts[i].no == no)
            x = job->attempts + i;
    if (x) {
        struct json_writer j = answer_json(a);
        put_log(w, &j, x, (size_t)most, &arena);
        answer_json_end(&j);
    } else {
        answer_error(a, 404, "no_such_attempt", "there is no such attempt of such a job", NULL);
    }
    arena_free(&arena);
}
