/* api_log.c - the log book: one time line, and what it is made of. */
#include "report/report.h"
#include "web/api.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 500 };

/* The row of the run that was changed; 0: something else was. */
static int64_t run_changed(const struct store_audit *x)
{
    return x->target && strncmp(x->target, "run ", 4) == 0 ? strtoll(x->target + 4, NULL, 10) : 0;
}

/* Rows of runs are not the numbers that people know: names are told with them. */
static bool runs_changed(struct store *s, const struct store_audit *audits, size_t n, struct arena *a,
                         struct store_run_row **runs, size_t *n_runs, struct error *err)
{
    int64_t *ids = arena_array(a, n + 1, sizeof *ids);
    struct store_run_filter these = {.ids = ids};
    for (size_t i = 0; i < n; i++)
        if (run_changed(audits + i))
            ids[these.n_ids++] = run_changed(audits + i);
    *n_runs = 0;
    return !these.n_ids || store_runs(s, &these, a, runs, n_runs, err);
}

/* Notes of the shift and who changed what; the page makes one time line of them. */
void api_log(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    static const char *const ways[] = {"?", "command", "web", "watch", "import"};
    struct arena arena = {0};
    struct error err = {0};
    struct store_note *notes;
    struct store_audit *audits;
    struct store_run_row *runs;
    struct logbook_line *lines;
    size_t n, n_audits, n_runs, n_lines;
    if (!logbook_read(s, LOGBOOK_ALL, MOST, &arena, &lines, &n_lines, &err) ||
        !store_notes(s, NOTE_SHIFT, 0, MOST, &arena, &notes, &n, &err) ||
        !store_audits(s, NULL, MOST, &arena, &audits, &n_audits, &err) ||
        !runs_changed(s, audits, n_audits, &arena, &runs, &n_runs, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    json_put_int(&j, "most", MOST);
    json_array(&j, "lines", false);
    for (size_t i = 0; i < n_lines; i++)
        logbook_json(lines + i, &j);
    json_end_array(&j);
    json_array(&j, "notes", false);
    for (size_t i = 0; i < n; i++) {
        json_object(&j, NULL);
        put_time(&j, "t", notes[i].t);
        json_put_text(&j, "who", notes[i].who);
        json_put_text(&j, "text", notes[i].body);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_array(&j, "changes", false);
    for (size_t i = 0; i < n_audits; i++) {
        const struct store_audit *x = audits + i;
        json_object(&j, NULL);
        put_time(&j, "t", x->t);
        json_put_text(&j, "who", x->who);
        json_put_text(&j, "by", x->via > 0 && x->via < 5 ? ways[x->via] : ways[0]);
        json_put_text(&j, "verb", x->verb);
        json_put_text(&j, "target", x->target);
        for (size_t k = 0; k < n_runs; k++)
            if (runs[k].id == run_changed(x)) {
                json_put_int(&j, "run_id", runs[k].id);
                json_put_int(&j, "run", runs[k].ord);
                json_put_text(&j, "name", runs[k].name);
            }
        json_put_text(&j, "was", x->was);
        json_put_text(&j, "becomes", x->becomes);
        json_end_object(&j);
    }
    json_end_array(&j);
    answer_json_end(&j);
    arena_free(&arena);
}

void api_log_markdown(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w, (void)q;
    struct arena arena = {0};
    struct error err = {0};
    struct logbook_line *lines;
    size_t n;
    if (!logbook_read(s, LOGBOOK_ALL, MOST, &arena, &lines, &n, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    a->type = "text/markdown; charset=utf-8";
    logbook_markdown(lines, n, &a->body);
    arena_free(&arena);
}
