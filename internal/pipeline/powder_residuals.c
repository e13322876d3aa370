/* powder_residuals.c - where spots lie beside where their lattices have them: of a rank, as bytes, and the file (FORMATS 3.2).
 *
 * Bytes: of each panel its sums, then its bins along fast and slow; then n, sum, squares of each shell; all of them numbers as in
 * powder_file.c, most of them zero.
 */
#include "pipeline/powder_private.h"

#include <math.h>

void powder_add_residuals(struct powder *p, const struct frame *f, uint64_t place,
                          const struct residual *rows, size_t n)
{
    pthread_mutex_lock(&p->lock);
    if (powder_knows(p, f, place))
        residual_add(rows, n, p->residuals, p->detector->n_panels, p->shells);
    pthread_mutex_unlock(&p->lock);
}

void powder_pack_residuals(const struct residual_panel *panels, size_t n, const struct residual_shell *shells,
                           struct str *out)
{
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < RESIDUAL_SUMS; k++)
            powder_put_number(out, panels[i].sums[k]);
        for (int k = 0; k < 2 * RESIDUAL_BINS; k++)
            powder_put_number(out, panels[i].bins[k / RESIDUAL_BINS][k % RESIDUAL_BINS]);
    }
    for (int k = 0; k < RESIDUAL_SHELLS; k++) {
        powder_put_number(out, shells[k].n);
        powder_put_number(out, shells[k].sum);
        powder_put_number(out, shells[k].squares);
    }
}

bool powder_unpack_residuals(struct unwire *g, struct residual_panel *panels, size_t n,
                             struct residual_shell *shells)
{
    for (size_t i = 0; i < n && !g->bad; i++) {
        for (int k = 0; k < RESIDUAL_SUMS; k++)
            panels[i].sums[k] = powder_get_number(g);
        for (int k = 0; k < 2 * RESIDUAL_BINS; k++)
            panels[i].bins[k / RESIDUAL_BINS][k % RESIDUAL_BINS] = (uint32_t)powder_get_number(g);
    }
    for (int k = 0; k < RESIDUAL_SHELLS;
         k++) { /* no initializers: C does not say which of them is read first */
        shells[k].n = powder_get_number(g);
        shells[k].sum = powder_get_number(g);
        shells[k].squares = powder_get_number(g);
    }
    return !g->bad;
}

/* ---- the file ---- */

static void put_place(struct json_writer *j, const struct panel *p, double bin)
{
    const double size[] = {p->n_fast * p->pixel_fast, p->n_slow * p->pixel_slow},
                 pixel[] = {p->pixel_fast / bin, p->pixel_slow / bin};
    json_put_reals(j, "origin", p->origin, 3);
    json_put_reals(j, "fast", p->fast, 3);
    json_put_reals(j, "slow", p->slow, 3);
    json_put_reals(j, "size", size, 2);
    json_put_reals(j, "pixel", pixel, 2);
}

/* From the first that is not zero to the last, behind the number of the first. */
static void put_bins(struct json_writer *j, const char *key, const uint32_t *bins)
{
    int first = 0, last = RESIDUAL_BINS;
    while (first < RESIDUAL_BINS && bins[first] == 0)
        first++;
    while (last > first && bins[last - 1] == 0)
        last--;
    json_array(j, key, true);
    json_put_int(j, NULL, first);
    for (int k = first; k < last; k++)
        json_put_int(j, NULL, bins[k]);
    json_end_array(j);
}

static void put_panel(struct json_writer *j, const char *name, const struct panel *p, double bin,
                      const struct residual_panel *r)
{
    json_object(j, NULL);
    json_put_text(j, "name", name);
    put_place(j, p, bin);
    json_array(j, "sums", true);
    for (int k = 0; k < RESIDUAL_SUMS; k++)
        json_put_int(j, NULL, r->sums[k]);
    json_end_array(j);
    put_bins(j, "x", r->bins[0]);
    put_bins(j, "y", r->bins[1]);
    json_end_object(j);
}

static void put_shells(struct json_writer *j, const struct residual_shell *shells)
{
    json_array(j, "shells", false);
    for (int k = 0; k < RESIDUAL_SHELLS; k++) {
        json_array(j, NULL, true);
        json_put_int(j, NULL, shells[k].n);
        json_put_int(j, NULL, shells[k].sum);
        json_put_int(j, NULL, shells[k].squares);
        json_end_array(j);
    }
    json_end_array(j);
}

bool powder_publish_residuals(const struct powder_sum *s, const char *path, struct error *err)
{
    struct str text = {0};
    struct json_writer j = {.out = &text, .indent = 1};
    int64_t any = 0;
    for (size_t k = 0; k < s->detector->n_panels; k++)
        any += s->residuals[k].sums[RESIDUAL_SEEN] + s->residuals[k].sums[RESIDUAL_FAR];
    if (any == 0)
        return true;
    json_object(&j, NULL);
    json_put_int(&j, "version", 1);
    json_put_reals(&j, "beam", s->beam.direction, 3);
    json_array(&j, "panels", false);
    for (size_t k = 0; k < s->detector->n_panels; k++)
        put_panel(&j, s->detector->info[k].name, s->detector->panels + k, s->bin, s->residuals + k);
    json_end_array(&j);
    put_shells(&j, s->shells);
    json_end_object(&j);
    str_addc(&text, '\n');
    bool ok = fs_write_atomic(path, text.text, text.len, err);
    str_free(&text);
    return ok;
}
