/* panels_text.c - residuals by panel for a terminal and as JSON; see panels.h. */
#include "report/report.h"

#include <math.h>
#include <string.h>

/* The end of a panel's path, which tells panels of one detector apart. */
static const char *short_name(const struct panels_place *p, char out[NAME_VISIBLE])
{
    const char *slash = strrchr(p->name, '/');
    return str_visible(slash ? slash + 1 : p->name, out, NAME_VISIBLE);
}

/* "+0.12±0.03 "; without an error where one spot has none; a dash where nothing is known. */
static void put_move(double move, double error, struct str *out)
{
    if (!isfinite(move))
        str_printf(out, "%6s%6s ", "-", "");
    else if (!isfinite(error))
        str_printf(out, "%+6.2f%6s ", move, "");
    else
        str_printf(out, "%+6.2f±%-5.2f ", move, error);
}

static void put_panel(const struct panels_report *r, size_t i, struct str *out)
{
    const struct panel_residual *p = r->panels + i;
    char name[NAME_VISIBLE];
    if (p->seen == 0) {
        str_printf(out, "  %5zu %-12.12s no spots\n", i, short_name(p->place, name));
        return;
    }
    str_printf(out, "  %5zu %-12.12s %7llu %7llu ", i, short_name(p->place, name),
               (unsigned long long)p->seen, (unsigned long long)p->used);
    for (int k = 0; k < 2; k++)
        put_move(p->move[k], p->error[k], out);
    if (p->used)
        str_printf(out, "%5.2f %5.2f%s\n", p->radial, p->across, p->moved ? "  moved" : "");
    else
        str_printf(out, "%5s %5s%s\n", "-", "-", p->moved ? "  moved" : "");
}

static void put_advice(const struct panels_report *r, struct str *out)
{
    for (size_t k = 0; k < r->n_moved && k < 8; k++) {
        const struct panel_residual *p = r->panels + r->worst[k];
        char name[NAME_VISIBLE];
        str_printf(
            out, "panel %zu %s lies %.2f ± %.2f px from where the geometry has it (fast %+.2f, slow %+.2f)\n",
            r->worst[k], short_name(p->place, name), hypot(p->own[0], p->own[1]),
            hypot(p->error[0], p->error[1]), p->own[0], p->own[1]);
    }
    if (r->n_moved > 8)
        str_printf(out, "and %zu more\n", r->n_moved - 8);
    if (r->whole_moved)
        str_printf(out, "the detector as a whole lies x %+.2f, y %+.2f px from where the geometry has it\n",
                   r->whole[0], r->whole[1]);
    if (r->n_moved || r->whole_moved)
        str_add(
            out,
            "hint: xfelx.geometry.refine=auto and xfelx.geometry.panels=auto find the place of the detector "
            "and of its panels anew (100 spots a panel), or give a refined xfelx.geometry.file\n");
    if (r->psi_turns)
        str_add(out,
                "hint: delta psi changes its sign with resolution: distance, wavelength or cell is wrong\n");
}

void panels_text(const struct panels_report *r, size_t most, struct str *out)
{
    size_t n = most && most < r->n_panels ? most : r->n_panels;
    str_printf(out, "%s with an index, %llu of them used, on %s; ", COUNT(r->seen, "spot"),
               (unsigned long long)r->used, COUNT(r->n_panels, "panel"));
    if (isfinite(r->whole[0]) && isfinite(r->whole[1]))
        str_printf(out, "whole: x %+.2f, y %+.2f px\n", r->whole[0], r->whole[1]);
    else
        str_printf(out, "whole: no panel has %d spots\n", (int)PANELS_SPOTS);
    str_add(out,
            "  panel                 seen    used  fast px       slow px       radial across (rms, px)\n");
    for (size_t k = 0; k < n; k++)
        put_panel(r, r->worst[k], out);
    if (n < r->n_panels)
        str_printf(out, "  and %zu more\n", r->n_panels - n);
    str_add(out, "  to d, Å   delta psi, °          spots\n");
    for (size_t k = 0; k < r->n_shells; k++)
        str_printf(out, "  %7.2f   %+.4f ± %.4f %12llu\n", r->shells[k].d_min, r->shells[k].mean_deg,
                   r->shells[k].error_deg, (unsigned long long)r->shells[k].n);
    put_advice(r, out);
}

/* ---- JSON ---- */

static void put_pair(struct json_writer *j, const char *key, const double v[2])
{
    json_array(j, key, true);
    json_put_fixed(j, NULL, v[0], 4);
    json_put_fixed(j, NULL, v[1], 4);
    json_end_array(j);
}

/* The four corners, lab x and y, mm. */
static void put_corners(struct json_writer *j, const struct panels_place *p)
{
    json_array(j, "corners_mm", true);
    for (int c = 0; c < 4; c++)
        for (int k = 0; k < 2; k++)
            json_put_fixed(j, NULL,
                           p->origin[k] + (c == 1 || c == 2 ? p->size[0] * p->fast[k] : 0) +
                               (c >= 2 ? p->size[1] * p->slow[k] : 0),
                           4);
    json_end_array(j);
}

static void put_panel_json(struct json_writer *j, const struct panel_residual *p, size_t i)
{
    json_object(j, NULL);
    json_put_int(j, "panel", (int64_t)i);
    json_put_text(j, "name", p->place->name);
    put_corners(j, p->place);
    json_put_fixed(j, "pixel_mm", p->place->pixel[0], 6);
    json_put_int(j, "seen", (int64_t)p->seen);
    json_put_int(j, "far", (int64_t)p->far);
    json_put_int(j, "used", (int64_t)p->used);
    json_put_int(j, "lattices", (int64_t)p->lattices);
    put_pair(j, "move_px", p->move);
    put_pair(j, "error_px", p->error);
    put_pair(j, "lab_px", p->lab);
    put_pair(j, "own_px", p->own);
    put_pair(j, "mean_px", p->mean);
    put_pair(j, "rms_px", p->rms);
    json_put_fixed(j, "radial_px", p->radial, 4);
    json_put_fixed(j, "across_px", p->across, 4);
    json_put_bool(j, "moved", p->moved);
    json_end_object(j);
}

void panels_json(const struct panels_report *r, const char *key, struct json_writer *j)
{
    json_object(j, key);
    json_put_int(j, "jobs", (int64_t)r->n_files);
    json_put_int(j, "seen", (int64_t)r->seen);
    json_put_int(j, "used", (int64_t)r->used);
    json_put_int(j, "moved", (int64_t)r->n_moved);
    put_pair(j, "whole_px", r->whole);
    json_put_bool(j, "whole_moved", r->whole_moved);
    json_put_bool(j, "psi_turns", r->psi_turns);
    json_array(j, "panels", false);
    for (size_t i = 0; i < r->n_panels; i++)
        put_panel_json(j, r->panels + i, i);
    json_end_array(j);
    json_array(j, "shells", false);
    for (size_t k = 0; k < r->n_shells; k++) {
        json_object(j, NULL);
        json_put_fixed(j, "d_max", r->shells[k].d_max, 4);
        json_put_fixed(j, "d_min", r->shells[k].d_min, 4);
        json_put_fixed(j, "mean_deg", r->shells[k].mean_deg, 6);
        json_put_fixed(j, "error_deg", r->shells[k].error_deg, 6);
        json_put_int(j, "spots", (int64_t)r->shells[k].n);
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

/* ---- of a report ---- */

size_t summary_residuals(const struct summary *s, struct arena *a, struct panels_sum *out)
{
    size_t left_out = 0;
    *out = (struct panels_sum){0};
    for (size_t i = 0; i < s->n_jobs; i++) {
        struct error err = {0};
        const char *path = result_file(s->jobs[i].folder, "residuals.json", NULL, a);
        left_out += path && !panels_read(path, a, out, &err);
    }
    return left_out;
}

void summary_panels(const struct summary *s, struct str *out)
{
    struct arena a = {0};
    struct panels_sum sum;
    struct panels_report r;
    size_t left_out = summary_residuals(s, &a, &sum);
    if (sum.n_files == 0) {
        str_printf(out,
                   "%s: no job has residuals (they are added up where xfelx.output.powder_frames is not 0)\n",
                   s->title);
    } else {
        panels_of(&sum, &a, &r);
        str_printf(out, "%s, %s: ", s->title, COUNT(sum.n_files, "job"));
        panels_text(&r, 0, out);
    }
    if (left_out)
        str_printf(out, "%s left out: not readable, or of another detector than the first\n",
                   COUNT(left_out, "file"));
    arena_free(&a);
}

void summary_panels_json(const struct summary *s, struct str *out)
{
    struct arena a = {0};
    struct panels_sum sum;
    struct panels_report r = {0};
    struct json_writer j = {.out = out, .indent = 1};
    size_t left_out = summary_residuals(s, &a, &sum);
    if (sum.n_files)
        panels_of(&sum, &a, &r);
    json_object(&j, NULL);
    json_put_int(&j, "version", 1);
    json_put_text(&j, "of", s->title);
    json_put_int(&j, "left_out", (int64_t)left_out);
    panels_json(&r, "residuals", &j);
    json_end_object(&j);
    str_addc(out, '\n');
    arena_free(&a);
}
