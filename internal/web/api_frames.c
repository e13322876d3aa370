/* api_frames.c - frames to look at: lists of a job, and one with its lattices. Pictures: api_image.c. */
#include "web/api_frame.h"

#include <string.h>

enum { LIST_MOST = 200 };

static const char *const kinds[LOOK_END] = {"indexed", "should_index", "hits", "failed"};

static void put_row(struct json_writer *j, const struct store_look_row *r)
{
    char text[NAME_VISIBLE];
    json_put_int(j, "source", r->source);
    json_put_int(j, "frame", r->frame);
    json_put_text(j, "outcome", outcome_word((enum outcome)r->outcome));
    json_put_text(j, "outcome_text", outcome_say((enum outcome)r->outcome));
    json_put_text(j, "reason_text", r->reason ? reason_help((enum reason)r->reason) : NULL);
    json_put_text(j, "reason", r->reason ? reason_word((enum reason)r->reason) : NULL);
    json_put_int(j, "strong", r->n_strong);
    json_put_int(j, "lattices", r->n_lattice);
    json_put_real(j, "res_a", r->res_a);
    json_put_text(j, "file", str_visible(r->path, text, sizeof text));
    json_put_text(j, "message", *r->message ? r->message : NULL);
}

void api_frames(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct arena arena = {0};
    struct error err = {0};
    struct store_look_row *rows;
    size_t n;
    int64_t job = 0;
    const char *number = target_value(q->target, "job"), *list = target_value(q->target, "list");
    int kind = 0;
    while (list && kind < LOOK_END && strcmp(list, kinds[kind]) != 0)
        kind++;
    if (!number || !str_to_i64(number, &job) || kind == LOOK_END) {
        answer_error(a, 400, "bad_list", "job is a number, list is indexed, should_index, hits or failed",
                     NULL);
        return;
    }
    if (!store_look_list(s, job, (enum store_look_kind)kind, LIST_MOST, &arena, &rows, &n, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    struct json_writer j = answer_json(a);
    json_put_int(&j, "most", LIST_MOST);
    json_array(&j, "frames", false);
    for (size_t i = 0; i < n; i++) {
        json_object(&j, NULL);
        put_row(&j, rows + i);
        json_end_object(&j);
    }
    json_end_array(&j);
    answer_json_end(&j);
    arena_free(&arena);
}

bool api_find_frame(struct store *s, const struct web_request *q, struct web_answer *a, struct arena *arena,
                    struct api_frame *out)
{
    struct error err = {0};
    int64_t source, frame;
    bool found = false;
    if (!str_to_i64(q->parts[0], &out->job) || !str_to_i64(q->parts[1], &source) ||
        !str_to_i64(q->parts[2], &frame) || source < 0 || frame < 0 || source > UINT32_MAX ||
        frame > UINT32_MAX) {
        answer_error(a, 404, "no_such_frame", "a frame is named by three numbers: job, source, frame", NULL);
        return false;
    }
    if (!store_look(s, out->job, (uint32_t)source, (uint32_t)frame, arena, &out->row, &out->lattices, &out->n,
                    &found, &err))
        return api_failed(a, arena, &err);
    if (!found)
        answer_error(a, 404, "no_such_frame", "this job has no result of this frame", NULL);
    return found;
}

void api_frame(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    (void)w;
    struct arena arena = {0};
    struct api_frame f = {0};
    if (api_find_frame(s, q, a, &arena, &f)) {
        struct json_writer j = answer_json(a);
        json_put_int(&j, "job", f.job);
        put_row(&j, &f.row);
        json_put_real(&j, "energy_ev", f.row.energy_ev);
        json_put_real(&j, "distance_mm", f.row.distance_mm);
        put_time(&j, "t_done", f.row.done_t);
        json_array(&j, "found", false);
        for (size_t i = 0; i < f.n; i++) {
            json_object(&j, NULL);
            json_put_reals(&j, "cell", f.lattices[i].cell, 6);
            json_put_int(&j, "indexed", f.lattices[i].n_indexed);
            json_put_int(&j, "integrated", f.lattices[i].n_integrated);
            json_put_real(&j, "rmsd_px", f.lattices[i].rmsd_px);
            json_put_real(&j, "res_a", f.lattices[i].res_a);
            json_put_real(&j, "eta_deg", f.lattices[i].eta_deg);
            json_end_object(&j);
        }
        json_end_array(&j);
        answer_json_end(&j);
    }
    arena_free(&arena);
}
