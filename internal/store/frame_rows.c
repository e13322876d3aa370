/* frame_rows.c - see frame_rows.h. */
#include "store/frame_rows.h"

#include "store/pack.h"

#include <math.h>
#include <string.h>

static void add(struct frame_rows *f, struct sql_rows *r, struct sql_value v)
{
    r->values = arena_grow(&f->arena, r->values, r->n, sizeof *r->values);
    r->values[r->n++] = v;
}

static void add_blob(struct frame_rows *f, struct sql_rows *r, const void *bytes, size_t n)
{
    add(f, r, sql_b(arena_memdup(&f->arena, bytes, n), n));
}

static double best_resolution(const struct result *r)
{
    double best = NAN;
    for (size_t i = 0; i < r->n_lattices; i++)
        if (r->lattices[i].res_a > 0)
            best = fmin(r->lattices[i].res_a, isnan(best) ? INFINITY : best);
    return best;
}

/* In the order of the table's columns. */
static void add_frame(struct frame_rows *f, const struct frame_owner *o, const struct result *r)
{
    struct sql_rows *rows = &f->frames;
    uint8_t stages[32] = {0};
    bool known = r->outcome != OUTCOME_FAILED && !o->minimal;
    const int64_t numbers[] = {o->job,
                               r->id.source,
                               r->id.frame,
                               o->attempt,
                               o->writer,
                               r->outcome,
                               r->reason,
                               (int64_t)r->flags | (o->minimal ? FRAME_LOG_ERROR : 0) |
                                   (o->preview ? FRAME_PREVIEW : 0),
                               0, /* label: joined later */
                               o->minimal ? 0 : (int64_t)r->n_lattices,
                               o->minimal ? 0 : (int64_t)r->n_strong,
                               o->minimal ? 0 : (int64_t)r->n_saturated};
    if (!o->minimal)
        pack_stages(r, stages);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add(f, rows, sql_i(numbers[i]));
    add(f, rows, r->numbered ? sql_i(r->event) : sql_null());
    add(f, rows, r->t_event ? sql_i(r->t_event) : sql_null());
    add(f, rows, sql_i(r->t_done == INT64_MIN ? 0 : r->t_done));
    add(f, rows, sql_f(known ? r->beam.energy_recorded_ev : NAN));
    add(f, rows, sql_f(known ? EV_ANGSTROM / r->beam.v.wavelength : NAN));
    add(f, rows, sql_i(known ? (int64_t)r->beam.energy_source : 0));
    add(f, rows, sql_null()); /* pulse_mj */
    add(f, rows, sql_f(known ? r->distance : NAN));
    add(f, rows, sql_f(known ? best_resolution(r) : NAN));
    add(f, rows, sql_f(known && r->glow.ring > 0 ? r->glow.ring : NAN));
    add_blob(f, rows, stages, sizeof stages);
    add(f, rows, sql_f(known && r->glow.ring > 0 ? r->glow.low : NAN));
    add(f, rows, sql_f(known && r->glow.ice_known ? r->glow.ice : NAN));
    add(f, rows, known && r->glow.ice_known ? sql_i(r->glow.n_ice) : sql_null());
    add(f, rows, sql_f(known && r->glow.spot_length_px > 0 ? r->glow.spot_length_px : NAN));
}

static void add_lattice(struct frame_rows *f, const struct frame_owner *o, const struct result *r, uint32_t n)
{
    struct sql_rows *rows = &f->lattices;
    const struct lattice *l = r->lattices + n;
    uint8_t mat[72], free_cell[48], free_cov[84], shells[110], ident[16];
    pack_reals(l->A, 9, mat);
    pack_reals(l->free_cell, 6, free_cell);
    pack_floats(l->free_cov, 21, free_cov);
    store_shells(r, n, shells);
    experiment_identifier(r->id.path, r->id.frame, n, o->recipe_hash, ident, NULL);
    const int64_t numbers[] = {o->job,    r->id.source, r->id.frame,  n,
                               l->reason, l->cell_no,   l->n_indexed, l->n_integrated};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add(f, rows, sql_i(numbers[i]));
    const double reals[] = {isfinite(l->evidence) ? l->evidence : 0.0,
                            hypot(l->rmsd_x, l->rmsd_y),
                            l->rmsd_psi,
                            l->res_a > 0 ? l->res_a : NAN,
                            2 * l->half_mosaicity_deg,
                            l->domain_size_ang,
                            l->shift_px[0],
                            l->shift_px[1]};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        add(f, rows, sql_f(reals[i]));
    for (int i = 0; i < 6; i++)
        add(f, rows, sql_d(isfinite(l->cell[i]) ? l->cell[i] : 0.0));
    add_blob(f, rows, mat, sizeof mat);
    add_blob(f, rows, free_cell, sizeof free_cell);
    add_blob(f, rows, free_cov, sizeof free_cov);
    add_blob(f, rows, shells, sizeof shells);
    add_blob(f, rows, ident, sizeof ident);
    add(f, rows, sql_f(store_shell_limit(r)));
}

static void add_failure(struct frame_rows *f, const struct frame_owner *o, const struct result *r)
{
    add(f, &f->failures, sql_i(o->job));
    add(f, &f->failures, sql_i(r->id.source));
    add(f, &f->failures, sql_i(r->id.frame));
    add(f, &f->failures, sql_t(o->minimal ? "" : arena_strdup(&f->arena, r->message)));
}

void frame_rows_add(struct frame_rows *f, const struct frame_owner *o, const struct result *r)
{
    size_t n = o->minimal ? 0 : r->n_lattices, first = f->lattices.n;
    add_frame(f, o, r);
    if (r->outcome == OUTCOME_FAILED)
        add_failure(f, o, r);
    struct roll_lattice *lattices = arena_array(&f->arena, n + 1, sizeof *lattices);
    for (uint32_t k = 0; k < n; k++) {
        add_lattice(f, o, r, k);
        lattice_seen(f->lattices.values + first + k * L_COLUMNS, lattices + k);
    }
    f->seen = arena_grow(&f->arena, f->seen, f->n, sizeof *f->seen);
    frame_seen(f->frames.values + f->n * F_COLUMNS, f->seen + f->n);
    f->seen[f->n].lattices = lattices;
    f->seen[f->n++].n_lattices = (uint32_t)n;
}

void frame_rows_free(struct frame_rows *f)
{
    arena_free(&f->arena);
    *f = (struct frame_rows){0};
}

/* ---- as roll-ups see them ---- */

static double real_of(const struct sql_value *v)
{
    return v->kind == SQL_REAL ? v->d : v->kind == SQL_INT ? (double)v->i : NAN;
}

void frame_seen(const struct sql_value v[F_COLUMNS], struct roll_frame *out)
{
    *out = (struct roll_frame){.source = (uint32_t)v[F_SOURCE].i,
                               .frame = (uint32_t)v[F_FRAME].i,
                               .outcome = (int)v[F_OUTCOME].i,
                               .reason = (int)v[F_REASON].i,
                               .flags = (uint32_t)v[F_FLAGS].i,
                               .n_strong = (uint32_t)v[F_N_STRONG].i,
                               .t_done = v[F_T_DONE].i,
                               .t_event = v[F_T_EVENT].kind == SQL_INT ? v[F_T_EVENT].i : INT64_MIN,
                               .ev_used = real_of(v + F_EV_USED),
                               .res_a = real_of(v + F_RES),
                               .ring = real_of(v + F_RING),
                               .len_px = real_of(v + F_LEN)};
    const uint8_t *stages = v[F_STAGES].p;
    for (int i = 0; i < STAGE_MAX && v[F_STAGES].n == 32; i++)
        out->stages[i] = (uint16_t)(stages[2 * i] << 8 | stages[2 * i + 1]);
}

void lattice_seen(const struct sql_value v[L_COLUMNS], struct roll_lattice *out)
{
    *out = (struct roll_lattice){.lattice = (uint32_t)v[L_LATTICE].i,
                                 .n_integrated = (uint32_t)v[L_N_INTEGRATED].i,
                                 .evidence = real_of(v + L_EVIDENCE),
                                 .rmsd_px = real_of(v + L_RMSD_PX),
                                 .res_a = real_of(v + L_RES),
                                 .dx_px = real_of(v + L_DX),
                                 .dy_px = real_of(v + L_DY)};
    for (int i = 0; i < 6; i++)
        out->cell[i] = real_of(v + L_CELL + i);
    if (v[L_MAT].n == 72)
        unpack_reals(v[L_MAT].p, 9, out->A);
    if (v[L_FREE_CELL].n == 48)
        unpack_reals(v[L_FREE_CELL].p, 6, out->free_cell);
    if (v[L_IDENT].n == 16)
        memcpy(out->ident, v[L_IDENT].p, 16);
}
