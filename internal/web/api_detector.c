/* api_detector.c - the detector: powder picture of a job, what it says of the panels, and where the beam was against time.
 *
 * The pictures are files beside a job's results (powder.h5, powder.json), which `process` makes; they are found by the folder that the
 * database has for the job, never by a name from the wire. The shifts come from the minutes of the roll-ups.
 */
#include "web/api.h"

#include "report/report.h"
#include "view/view.h"

#include <math.h>
#include <string.h>

enum {
    JOBS_MOST = 50, /* newest ones that are offered */
    MINUTES_USUAL = 1440,
    BINS_MOST = 240,
    SIZE_LEAST = 64,
    SIZE_USUAL = 900,
    SIZE_MOST = 4096
};

/* Frame of the file by name. */
static const char *const images[] = {"mean", "max", "mean_hits", "max_hits", "sigma", "sigma_hits"};

/* ---- which job ---- */

static const char *file_of(const struct web *w, const struct store_book_job *job, const char *ending,
                           struct arena *a)
{
    return powder_find(job->folder, ending, w->options.path_map, a);
}

static bool newest_jobs(struct store *s, struct arena *a, struct store_book_job **rows, size_t *n,
                        struct error *err)
{
    const struct store_job_filter f = {.trial = -1, .newest = JOBS_MOST};
    return store_book_jobs(s, &f, a, rows, n, err);
}

static bool job_of(struct store *s, int64_t id, struct arena *a, struct store_book_job **row, size_t *n,
                   struct error *err)
{
    const struct store_range one = {id, id};
    const struct store_job_filter f = {.trial = -1, .jobs = &one, .n_jobs = 1};
    return store_book_jobs(s, &f, a, row, n, err);
}

/* ---- facts ---- */

static void put_list(struct json_writer *j, const char *key, const double *v, size_t n)
{
    json_array(j, key, true);
    for (size_t i = 0; i < n; i++)
        json_put_fixed(j, NULL, v[i], 4);
    json_end_array(j);
}

static void put_panels(struct json_writer *j, const struct powder_report *r)
{
    json_array(j, "panels", false);
    for (size_t i = 0; i < r->n_panels; i++) {
        const struct powder_report_panel *p = r->panels + i;
        json_object(j, NULL);
        json_put_text(j, "name", p->name);
        json_put_fixed(j, "cells", p->cells, 0);
        json_put_fixed(j, "masked", p->masked, 0);
        json_put_fixed(j, "dead", p->dead, 0);
        json_put_fixed(j, "hot", p->hot, 0);
        json_put_fixed(j, "mean", p->mean, 4);
        json_put_fixed(j, "max", p->max, 2);
        json_end_object(j);
    }
    json_end_array(j);
}

/* What the file says; a file that is not understood is told, and nothing else. */
static void put_powder(struct json_writer *j, const char *path, int64_t of, struct arena *a)
{
    struct error err = {0};
    struct powder_report r;
    bool ok = powder_read(path, a, &r, &err);
    json_object(j, "powder");
    json_put_text(j, "why_not", ok ? NULL : err.fact);
    if (ok) {
        json_put_fixed(j, "frames", r.frames, 0);
        json_put_int(j, "frames_of_job", of);
        json_put_fixed(j, "hits", r.hits, 0);
        json_put_fixed(j, "bin", r.bin, 0);
        json_put_fixed(j, "wavelength", r.wavelength, 6);
        json_put_fixed(j, "distance_mm", r.distance_mm, 3);
        json_put_fixed(j, "two_theta_max", r.two_theta_max, 6);
        json_put_bool(j, "judged", r.judged);
        put_list(j, "radial", r.radial, r.n_radial);
        put_list(j, "radial_hits", r.radial_hits, r.n_radial_hits);
        put_panels(j, &r);
    }
    json_end_object(j);
}

/* ---- shifts ---- */

struct shift {
    double n, dx, dy, squares;
};

/* Mean of the lattices' shifts, and the standard deviation of one axis (both have the same where the scatter is round). */
static void put_shift(struct json_writer *j, const struct shift *b, int what)
{
    double mx = b->dx / b->n, my = b->dy / b->n, var = (b->squares / b->n - mx * mx - my * my) / 2;
    double values[] = {b->n > 0 ? mx : NAN, b->n > 0 ? my : NAN, b->n > 1 ? sqrt(fmax(0, var)) : NAN, b->n};
    json_put_fixed(j, NULL, values[what], what == 3 ? 0 : 4);
}

static bool put_shifts(struct json_writer *j, struct store *s, int64_t minutes, struct arena *a,
                       struct error *err)
{
    struct store_changes changes;
    struct store_minute *rows = arena_array(a, (size_t)minutes, sizeof *rows);
    struct shift *bins = arena_array(a, BINS_MOST, sizeof *bins);
    if (!store_read_changes(s, &changes, err))
        return false;
    int64_t newest = changes.frame_t ? changes.frame_t / INT64_C(60000000000) : 0,
            step = (minutes + BINS_MOST - 1) / BINS_MOST, first = newest - minutes + 1;
    if (!store_minutes(s, 0, first, (size_t)minutes, rows, err))
        return false;
    for (int64_t i = 0; i < minutes; i++) {
        struct shift *b = bins + i / step;
        b->n += (double)rows[i].lattices;
        b->dx += rows[i].dx_sum;
        b->dy += rows[i].dy_sum;
        b->squares += rows[i].dxy2_sum;
    }
    static const char *const names[] = {"dx_px", "dy_px", "sigma_px", "lattices"};
    json_object(j, "shifts");
    json_put_int(j, "t0", 60 * first);
    json_put_int(j, "dt", 60 * step);
    for (int what = 0; what < 4; what++) {
        json_array(j, names[what], true);
        for (int64_t i = 0; i < (minutes + step - 1) / step; i++)
            put_shift(j, bins + i, what);
        json_end_array(j);
    }
    json_end_object(j);
    return true;
}

/* ---- answers ---- */

static void put_jobs(struct json_writer *j, const struct web *w, const struct store_book_job *jobs, size_t n,
                     struct arena *a)
{
    json_array(j, "jobs", false);
    for (size_t i = 0; i < n; i++) {
        if (!file_of(w, jobs + i, "json", a))
            continue;
        json_object(j, NULL);
        json_put_int(j, "job", jobs[i].id);
        json_put_int(j, "trial", jobs[i].trial);
        json_put_text(j, "run", jobs[i].run);
        json_end_object(j);
    }
    json_end_array(j);
}

static bool read_numbers(const struct web_request *q, int64_t *job, int64_t *minutes)
{
    const char *id = target_value(q->target, "job"), *span = target_value(q->target, "minutes");
    *job = 0;
    *minutes = MINUTES_USUAL;
    return (!id || (str_to_i64(id, job) && *job > 0)) &&
           (!span || (str_to_i64(span, minutes) && *minutes >= 10 && *minutes <= TALLY_MINUTES));
}

void api_detector(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct error err = {0};
    struct store_book_job *jobs, *asked = NULL;
    size_t n, n_asked = 0;
    int64_t id, minutes;
    if (!read_numbers(q, &id, &minutes)) {
        answer_error(a, 400, "bad_choice", "job is a number, minutes is 10 to 10080", NULL);
        return;
    }
    if (!api_there(s, q, &arena, a))
        return;
    if (!newest_jobs(s, &arena, &jobs, &n, &err) || (id && !job_of(s, id, &arena, &asked, &n_asked, &err))) {
        api_failed(a, &arena, &err);
        return;
    }
    const struct store_book_job *chosen = n_asked ? asked : NULL;
    const char *facts = chosen ? file_of(w, chosen, "json", &arena) : NULL;
    for (size_t i = n; i-- > 0 && !id && !facts;)
        facts = file_of(w, chosen = jobs + i, "json", &arena);
    struct json_writer j = answer_json(a);
    json_put_real(&j, "job", facts || id ? (double)(chosen ? chosen->id : id) : NAN);
    put_jobs(&j, w, jobs, n, &arena);
    if (facts)
        put_powder(&j, facts, chosen->n_final, &arena);
    else
        json_put_null(&j, "powder");
    if (!put_shifts(&j, s, minutes, &arena, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    answer_json_end(&j);
    arena_free(&arena);
}

/* kind, size, lo, hi of the query; false: none that can be. */
static bool read_options(const struct web_request *q, uint32_t *image, struct view_options *o)
{
    const char *kind = target_value(q->target, "kind"), *size = target_value(q->target, "size"),
               *lo = target_value(q->target, "lo"), *hi = target_value(q->target, "hi");
    int64_t px = SIZE_USUAL;
    *image = 0;
    while (kind && *image < sizeof images / sizeof *images && strcmp(kind, images[*image]) != 0)
        ++*image;
    *o = (struct view_options){.lo = NAN, .hi = NAN, .beam_cross = true};
    bool good = *image < sizeof images / sizeof *images && (!size || str_to_i64(size, &px)) &&
                px >= SIZE_LEAST && px <= SIZE_MOST;
    o->size = (int32_t)px;
    return good && (!lo || (str_to_double(lo, &o->lo) && isfinite(o->lo))) &&
           (!hi || (str_to_double(hi, &o->hi) && isfinite(o->hi))) && !(lo && hi && o->lo >= o->hi);
}

static bool draw(const char *path, uint32_t image, const struct view_options *o, struct arena *a,
                 struct str *out, struct error *err)
{
    struct source *source = NULL;
    struct frame_buffer buffer = {0};
    struct frame f;
    struct view_picture picture;
    struct bytes png = {0};
    if (!source_open(path, NULL, &source, err))
        return false;
    bool ok = image < source_frames(source)
                  ? source_read(source, image, &buffer, &f, err)
                  : error_set(err, ERROR_MISSING, "%s has no image %u", path, image);
    ok = ok && view_render(&f, o, a, &picture, err) && view_png(&picture, &png, err);
    if (ok)
        str_addn(out, (const char *)png.data, png.size);
    bytes_free(&png);
    frame_buffer_free(&buffer);
    source_close(source);
    return ok;
}

void api_detector_png(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct error err = {0};
    struct store_book_job *job;
    struct view_options o;
    uint32_t image;
    size_t n;
    int64_t id;
    if (!api_number(q, a, &id))
        return;
    if (!read_options(q, &image, &o)) {
        answer_error(a, 400, "bad_options",
                     "kind is mean, max or sigma, each with _hits too, size 64 to 4096 px, lo below hi",
                     NULL);
        return;
    }
    if (!job_of(s, id, &arena, &job, &n, &err)) {
        api_failed(a, &arena, &err);
        return;
    }
    const char *path = n ? file_of(w, job, "h5", &arena) : NULL;
    if (!path) {
        answer_error(a, 404, "no_powder", "this job has no powder picture", NULL);
    } else if (draw(path, image, &o, &arena, &a->body, &err)) {
        a->type = "image/png";
    } else {
        answer_failed(a, &err);
        a->status = 422; /* the store is well: it is the file that cannot be shown */
    }
    arena_free(&arena);
}
