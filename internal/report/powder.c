/* powder.c - powder.json of a job; see powder.h. */
#include "report/report.h"

#include <math.h>

enum { FILE_MOST = 4 << 20, MOST = 4096 };

const char *result_file(const char *folder, const char *name, const char *const *map, struct arena *a)
{
    static const char *const places[] = {"", "/out"};
    for (size_t i = 0; i < sizeof places / sizeof *places && *folder == '/'; i++) {
        const char *path = path_map(a, map, arena_printf(a, "%s%s/%s", folder, places[i], name));
        if (fs_is_file(path))
            return path;
    }
    return NULL;
}

const char *powder_find(const char *folder, const char *ending, const char *const *map, struct arena *a)
{
    return result_file(folder, arena_printf(a, "powder.%s", ending), map, a);
}

static double number(const struct json *from, const char *key)
{
    double v = NAN;
    json_number(json_get(from, key), &v);
    return v;
}

static double *list(const struct json *from, const char *key, struct arena *a, size_t *n)
{
    double *out = arena_array(a, MOST, sizeof *out);
    *n = 0;
    for (const struct json *x = json_first(json_get(from, key)); x && *n < MOST; x = json_next(x)) {
        out[*n] = NAN;
        json_number(x, out + (*n)++);
    }
    return out;
}

static void read_panels(const struct json *facts, struct arena *a, struct powder_report *out)
{
    for (const struct json *p = json_first(json_get(facts, "panels")); p && out->n_panels < MOST;
         p = json_next(p)) {
        const char *name = json_text(json_get(p, "name"));
        out->panels = arena_grow(a, out->panels, out->n_panels, sizeof *out->panels);
        out->panels[out->n_panels++] = (struct powder_report_panel){.name = arena_strdup(a, name ? name : ""),
                                                                    .cells = number(p, "cells"),
                                                                    .masked = number(p, "masked"),
                                                                    .dead = number(p, "dead"),
                                                                    .hot = number(p, "hot"),
                                                                    .mean = number(p, "mean"),
                                                                    .max = number(p, "max")};
    }
}

bool powder_read(const char *path, struct arena *a, struct powder_report *out, struct error *err)
{
    struct bytes b = {0};
    struct json *facts = NULL;
    bool ok = fs_read(path, FILE_MOST, &b, err);
    ok = ok && (facts = json_parse((const char *)b.data, b.size, path, err)) != NULL;
    if (ok) {
        *out = (struct powder_report){.frames = number(facts, "frames"),
                                      .hits = number(facts, "hits"),
                                      .bin = number(facts, "bin"),
                                      .wavelength = number(facts, "wavelength"),
                                      .distance_mm = number(facts, "distance_mm"),
                                      .two_theta_max = number(facts, "two_theta_max"),
                                      .judged = json_is_true(json_get(facts, "judged"))};
        out->radial = list(facts, "radial", a, &out->n_radial);
        out->radial_hits = list(facts, "radial_hits", a, &out->n_radial_hits);
        read_panels(facts, a, out);
    }
    json_free(facts);
    bytes_free(&b);
    return ok;
}

void powder_text(const struct powder_report *r, int64_t of, struct str *out)
{
    double dead = 0, hot = 0, cells = 0, masked = 0;
    for (size_t i = 0; i < r->n_panels; i++) {
        dead += r->panels[i].dead;
        hot += r->panels[i].hot;
        cells += r->panels[i].cells;
        masked += r->panels[i].masked;
    }
    bool all = !(r->frames < (double)of);
    if (all)
        str_printf(out, "%s", COUNT(fmax(r->frames, 0), "frame"));
    else
        str_printf(out, "%.0f of %s", r->frames, COUNT(of, "frame"));
    str_printf(out, ", %.0f of them hits; %.0f px in %s, %.0f masked", r->hits, cells,
               COUNT(r->n_panels, "panel"), masked);
    if (r->judged)
        str_printf(out, ", %.0f hot, %.0f dead\n", hot, dead);
    else
        str_add(out, "; hot and dead pixels are told from 20 frames on\n");
    for (size_t i = 0; i < r->n_panels && r->judged; i++) {
        const struct powder_report_panel *p = r->panels + i;
        char name[NAME_VISIBLE];
        if (p->dead > 0 || p->hot > 0)
            str_printf(out, "  panel %zu %s: %.0f hot, %.0f dead, mean %.3f, largest %.0f\n", i,
                       str_visible(p->name, name, sizeof name), p->hot, p->dead, p->mean, p->max);
    }
}

void summary_powder(const struct summary *s, struct str *out)
{
    struct arena a = {0};
    size_t found = 0;
    for (size_t i = 0; i < s->n_jobs; i++) {
        struct powder_report r;
        struct error err = {0};
        char name[NAME_VISIBLE];
        const char *path = powder_find(s->jobs[i].folder, "json", NULL, &a),
                   *picture = powder_find(s->jobs[i].folder, "h5", NULL, &a);
        if (!path)
            continue;
        found++;
        str_printf(out, "job %lld  %s\n  %s\n  ", (long long)s->jobs[i].id,
                   str_visible(s->jobs[i].run, name, sizeof name), picture ? picture : path);
        if (powder_read(path, &a, &r, &err))
            powder_text(&r, s->jobs[i].n_final, out);
        else
            str_printf(out, "cannot be read: %s\n", err.fact);
    }
    if (found == 0)
        str_printf(out, "%s: no job has a powder picture (xfelx.output.powder_frames makes one)\n", s->title);
    arena_free(&a);
}
