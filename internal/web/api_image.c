/* api_image.c - what a frame looks like: its picture whole, in tiles of codes that the page colours, values, and what was found in it.
 *
 * Tiles are bytes (view_code), not colours: contrast is the page's affair and costs no request. They are sent as they are; gzip on the
 * way makes them small.
 */
#include "web/api_frame.h"

#include "view/view.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SIZE_LEAST = 64,
    SIZE_USUAL = 1200,
    SIZE_MOST = 4096,
    TILE = 512,
    WHOLE = 1100,
    AROUND = 4,
    BLOCK = 64
};

/* Kept by the browser: the file of a frame does not change while somebody looks at it. */
static const char kept[] = "private, max-age=3600";

/* The file is no fault of ours: it is the frame that cannot be shown. */
static void not_shown(struct web_answer *a, const struct error *err)
{
    answer_failed(a, err);
    a->status = err->code == ERROR_BUSY ? 503 : 422;
}

/* The frame and its sheet; false: the answer says what is wrong. Give the sheet back and free the arena in either case. */
static bool take(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a,
                 struct arena *arena, struct api_frame *f, const struct view_sheet **sheet)
{
    struct error err = {0};
    *sheet = NULL;
    if (!api_find_frame(s, q, a, arena, f))
        return false;
    *sheet = view_shelf_take(w->shelf, path_map(arena, w->options.path_map, f->row.path), f->row.frame, &err);
    if (!*sheet)
        not_shown(a, &err);
    return *sheet != NULL;
}

/* Another file lies where the job's was: what is seen is not what was processed. A copy at another site may have another time. */
static bool is_replaced(struct web *w, const struct api_frame *f, struct arena *a)
{
    struct stat st;
    const char *path = path_map(a, w->options.path_map, f->row.path);
    if (f->row.file_t == 0 || stat(path, &st) != 0)
        return false;
    int64_t t = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return st.st_size != f->row.file_size || (t != f->row.file_t && strcmp(path, f->row.path) == 0);
}

/* ---- the whole as PNG, for scripts ---- */

/* size, lo, hi of the query; false: not numbers, or none that can be. */
static bool read_options(const struct web_request *q, struct view_options *o)
{
    const char *size = target_value(q->target, "size"), *lo = target_value(q->target, "lo"),
               *hi = target_value(q->target, "hi");
    int64_t px = SIZE_USUAL;
    *o = (struct view_options){.lo = NAN, .hi = NAN, .beam_cross = true};
    if (size && (!str_to_i64(size, &px) || px < SIZE_LEAST || px > SIZE_MOST))
        return false;
    o->size = (int32_t)px;
    return (!lo || (str_to_double(lo, &o->lo) && isfinite(o->lo))) &&
           (!hi || (str_to_double(hi, &o->hi) && isfinite(o->hi))) && !(lo && hi && o->lo >= o->hi);
}

void api_frame_png(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct api_frame f = {0};
    struct view_options o;
    struct view_picture picture;
    const struct view_sheet *sheet = NULL;
    struct bytes png = {0};
    struct error err = {0};
    if (!read_options(q, &o)) {
        answer_error(a, 400, "bad_options", "size is 64 to 4096 px, lo and hi are numbers, lo below hi",
                     NULL);
    } else if (take(w, s, q, a, &arena, &f, &sheet)) {
        if (view_render(&sheet->frame, &o, &arena, &picture, &err) && view_png(&picture, &png, &err)) {
            str_addn(&a->body, (const char *)png.data, png.size);
            a->type = "image/png";
            a->cache = kept;
        } else {
            not_shown(a, &err);
        }
    }
    bytes_free(&png);
    view_shelf_give(w->shelf, sheet);
    arena_free(&arena);
}

/* ---- tiles ---- */

/* How often the picture is halved until the whole is small enough to be fetched at once. */
static int levels_of(const struct view_layout *l)
{
    int n = 0;
    while ((l->width > l->height ? l->width : l->height) >> n > WHOLE)
        n++;
    return n + 1;
}

/* Whole number of the query in 0 … most. */
static bool whole(const struct web_request *q, const char *name, int64_t most, int32_t *out)
{
    const char *text = target_value(q->target, name);
    int64_t value;
    if (!text || !str_to_i64(text, &value) || value < 0 || value > most)
        return false;
    *out = (int32_t)value;
    return true;
}

void api_frame_tile(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct api_frame f = {0};
    const struct view_sheet *sheet = NULL;
    int32_t level, column, row;
    if (!whole(q, "level", 20, &level) || !whole(q, "column", 1 << 12, &column) ||
        !whole(q, "row", 1 << 12, &row)) {
        answer_error(a, 400, "bad_tile", "a tile is named by level, column and row, from 0", NULL);
    } else if (take(w, s, q, a, &arena, &f, &sheet)) {
        const struct view_window window = {(double)(1 << level), column * TILE, row * TILE, TILE, TILE};
        if (level < levels_of(&sheet->layout)) {
            str_reserve(&a->body, TILE * TILE + 1);
            view_tile(&sheet->layout, sheet->frame.detector, sheet->code, &window, (uint8_t *)a->body.text);
            a->body.len = TILE * TILE;
            a->body.text[a->body.len] = 0;
            a->type = "application/octet-stream";
            a->cache = kept;
        } else {
            answer_error(a, 404, "no_such_tile", "the picture has no such level", NULL);
        }
    }
    view_shelf_give(w->shelf, sheet);
    arena_free(&arena);
}

/* ---- where things are, and what was found ---- */

/* What the job's journal has of the frame. false: it has nothing to be had now, and why says that in words. */
static bool find_result(struct web *w, const struct api_frame *f, struct arena *arena, struct result *r,
                        const char **why)
{
    struct error err = {0};
    bool found = false;
    char line[1024];
    if (!*f->row.journal) {
        *why = "the database does not say where the journal of this frame is";
        return false;
    }
    const char *path = path_map(arena, w->options.path_map, f->row.journal);
    if (!view_shelf_found(w->shelf, path, f->row.source, f->row.frame, arena, r, &found, &err))
        *why = arena_strdup(arena, error_line(&err, line, sizeof line));
    else if (!found)
        *why = "the journal has no result of this frame yet";
    return found;
}

void api_frame_picture(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct api_frame f = {0};
    struct result r = {0};
    const struct view_sheet *sheet = NULL;
    const char *why = NULL;
    if (take(w, s, q, a, &arena, &f, &sheet)) {
        bool known = find_result(w, &f, &arena, &r, &why);
        const struct frame *frame = &sheet->frame;
        const struct detector *true_to = known && r.detector ? r.detector : frame->detector;
        const struct beam_vector *beam = known && r.beam.v.wavelength > 0 ? &r.beam.v : &frame->beam.v;
        struct json_writer j = answer_json(a);
        json_put_bool(&j, "replaced", is_replaced(w, &f, &arena));
        json_put_int(&j, "tile", TILE);
        json_put_int(&j, "levels", levels_of(&sheet->layout));
        json_put_text(&j, "pixel_type", view_type_name(frame->type));
        json_put_reals(&j, "values", sheet->value, 256);
        json_put_real(&j, "lo", sheet->lo);
        json_put_real(&j, "hi", sheet->hi);
        json_put_real(&j, "wavelength_a", beam->wavelength);
        view_put_layout(&j, &sheet->layout, frame->detector, true_to, beam);
        json_put_bool(&j, "known", known);
        json_put_text(&j, "why", why);
        view_put_found(&j, &sheet->layout, frame->detector, &r);
        answer_json_end(&j);
    }
    view_shelf_give(w->shelf, sheet);
    arena_free(&arena);
}

/* ---- values ---- */

static bool is_good(const struct frame *frame, size_t i)
{
    return !frame->mask || frame->mask[i];
}

/* Values of the pixels around one of a panel, rows of the panel; null where there is none or it is masked. */
static void put_around(struct json_writer *j, const struct frame *frame, const struct panel *p, int32_t fast,
                       int32_t slow)
{
    json_array(j, "values", false);
    for (int32_t y = slow - AROUND; y <= slow + AROUND; y++) {
        json_array(j, NULL, true);
        for (int32_t x = fast - AROUND; x <= fast + AROUND; x++) {
            bool inside = x >= 0 && y >= 0 && x < p->n_fast && y < p->n_slow;
            size_t i = inside ? p->first_pixel + (size_t)y * (size_t)p->n_fast + (size_t)x : 0;
            if (inside && is_good(frame, i))
                json_put_real(j, NULL, view_pixel(frame->pixels, frame->type, i));
            else
                json_put_null(j, NULL);
        }
        json_end_array(j);
    }
    json_end_array(j);
}

/* The pixel under a place of the picture. */
static void put_pixel(struct json_writer *j, const struct view_sheet *sheet, int32_t column, int32_t row)
{
    const struct detector *d = sheet->frame.detector;
    const struct beam_vector *beam = &sheet->frame.beam.v;
    double px[2];
    int k = view_panel_at(&sheet->layout, d, column + 0.5, row + 0.5, px);
    if (k < 0) {
        json_put_null(j, "panel");
        return;
    }
    double spacing = panel_resolution(d->panels + k, beam, px);
    json_put_int(j, "panel", k);
    json_put_text(j, "name", d->info[k].name);
    json_put_int(j, "fast", (int64_t)px[0]);
    json_put_int(j, "slow", (int64_t)px[1]);
    json_put_real(j, "d", spacing);
    json_put_real(j, "two_theta_deg", 2 * asin(fmin(beam->wavelength / (2 * spacing), 1)) * 180 / M_PI);
    put_around(j, &sheet->frame, d->panels + k, (int32_t)px[0], (int32_t)px[1]);
}

/* All pixels of a part of the picture, its rows one after the other: to be written into them. */
static void put_block(struct json_writer *j, const struct view_sheet *sheet, int32_t column, int32_t row,
                      int32_t columns, int32_t rows)
{
    const struct frame *frame = &sheet->frame;
    json_array(j, "block", true);
    for (int32_t y = row; y < row + rows; y++)
        for (int32_t x = column; x < column + columns; x++) {
            double px[2];
            int k = view_panel_at(&sheet->layout, frame->detector, x + 0.5, y + 0.5, px);
            const struct panel *p = k < 0 ? NULL : frame->detector->panels + k;
            size_t i = p ? p->first_pixel + (size_t)px[1] * (size_t)p->n_fast + (size_t)px[0] : 0;
            if (p && is_good(frame, i))
                json_put_real(j, NULL, view_pixel(frame->pixels, frame->type, i));
            else
                json_put_null(j, NULL);
        }
    json_end_array(j);
}

void api_frame_values(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a)
{
    struct arena arena = {0};
    struct api_frame f = {0};
    const struct view_sheet *sheet = NULL;
    int32_t column, row, columns = 0, rows = 0;
    bool block = target_value(q->target, "columns") || target_value(q->target, "rows");
    if (!whole(q, "x", 1 << 20, &column) || !whole(q, "y", 1 << 20, &row) ||
        (block && (!whole(q, "columns", BLOCK, &columns) || !whole(q, "rows", BLOCK, &rows)))) {
        answer_error(a, 400, "bad_place",
                     "a place is named by x and y, whole px of the picture; a block has columns and rows, at "
                     "most 64",
                     NULL);
    } else if (take(w, s, q, a, &arena, &f, &sheet)) {
        struct json_writer j = answer_json(a);
        if (block)
            put_block(&j, sheet, column, row, columns, rows);
        else
            put_pixel(&j, sheet, column, row);
        answer_json_end(&j);
        a->cache = kept;
    }
    view_shelf_give(w->shelf, sheet);
    arena_free(&arena);
}
