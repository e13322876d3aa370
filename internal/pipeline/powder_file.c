/* powder_file.c - sums of a rank as bytes, those of all together, and the pictures of them; see powder.h.
 *
 * Bytes: "XFELXPW2", u32 CRC-32C of what follows, u32 bin, real scale, u64 place, u64 frames of each class, beam (4 reals), detector, then the
 * cells of each class as four numbers: sum, squares, max, and by how much n differs from the cell before; each with its sign in the lowest
 * bit, in pieces of seven bits (LEB128), since most are small: some 6 bytes a cell instead of 24. Then the residuals (powder_residuals.c).
 */
#include "pipeline/powder_private.h"

#include "sink/sink.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char magic[] = "XFELXPW2";
enum { HEAD = 12 };
#define PART_MOST ((size_t)1 << 30)

/* ---- a rank's ---- */

void powder_put_number(struct str *out, int64_t v)
{
    char bytes[10];
    size_t n = 0;
    uint64_t z = (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
    for (; z >= 0x80; z >>= 7)
        bytes[n++] = (char)(z | 0x80);
    bytes[n++] = (char)z;
    str_addn(out, bytes, n);
}

static void pack_cells(const struct powder_cell *cells, size_t n, struct str *out)
{
    uint32_t before = 0;
    for (size_t i = 0; i < n; i++) {
        powder_put_number(out, cells[i].sum);
        powder_put_number(out, (int64_t)cells[i].squares);
        powder_put_number(out, cells[i].max);
        powder_put_number(out, (int64_t)cells[i].n - before);
        before = cells[i].n;
    }
}

static void pack(struct powder *p, struct str *out)
{
    wire_u32(out, (uint32_t)p->bin);
    wire_real(out, p->scale);
    wire_u64(out, p->place);
    for (int c = 0; c < POWDER_CLASSES; c++)
        wire_u64(out, p->frames[c]);
    wire_real(out, p->beam.wavelength);
    for (int i = 0; i < 3; i++)
        wire_real(out, p->beam.direction[i]);
    detector_pack(p->detector, out);
}

bool powder_write(struct powder *p, const char *path, struct error *err)
{
    struct str body = {0}, file = {0};
    for (int i = 0; i < POWDER_STRIPES; i++)
        pthread_mutex_lock(p->stripes + i);
    pthread_mutex_lock(&p->lock);
    bool any = p->detector != NULL;
    if (any) {
        pack(p, &body);
        for (int c = 0; c < POWDER_CLASSES; c++)
            pack_cells(p->cells[c], p->n_cells, &body);
        powder_pack_residuals(p->residuals, p->detector->n_panels, p->shells, &body);
    }
    pthread_mutex_unlock(&p->lock);
    for (int i = POWDER_STRIPES; i-- > 0;)
        pthread_mutex_unlock(p->stripes + i);
    bool ok = true;
    if (any) {
        str_addn(&file, magic, 8);
        wire_u32(&file, crc32c(0, body.text, body.len));
        str_addn(&file, body.text, body.len);
        struct arena a = {0};
        ok = fs_make_folders(fs_folder(&a, path), err) && fs_write_atomic(path, file.text, file.len, err);
        arena_free(&a);
    }
    str_free(&body);
    str_free(&file);
    return ok;
}

/* ---- all together ---- */

struct part {
    int32_t bin;
    double scale;
    uint64_t place, frames[POWDER_CLASSES];
    struct beam_vector beam;
    struct detector *detector;
    size_t n_cells;
};

static bool unpack(struct unwire *g, struct arena *a, struct part *out)
{
    *out = (struct part){.bin = (int32_t)unwire_u32(g), .scale = unwire_real(g), .place = unwire_u64(g)};
    for (int c = 0; c < POWDER_CLASSES; c++)
        out->frames[c] = unwire_u64(g);
    out->beam.wavelength = unwire_real(g);
    for (int i = 0; i < 3; i++)
        out->beam.direction[i] = unwire_real(g);
    out->detector = g->bad ? NULL : detector_unpack(g, a);
    struct error err = {0};
    if (!out->detector || g->bad || out->bin < 1 || out->bin > 4 || !(out->scale >= 1 && out->scale <= 256) ||
        !(out->beam.wavelength > 0) || !detector_finish(out->detector, "powder", &err))
        return false;
    out->n_cells = powder_count(out->detector, out->bin);
    return true;
}

int64_t powder_get_number(struct unwire *g)
{
    uint64_t z = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        uint8_t byte = unwire_u8(g);
        z |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
    }
    g->bad = true;
    return 0;
}

static bool get_cells(struct unwire *g, struct powder_cell *cells, size_t n)
{
    int64_t count = 0;
    for (size_t i = 0; i < n && !g->bad; i++) {
        cells[i].sum = powder_get_number(g);
        cells[i].squares = (uint64_t)powder_get_number(g);
        cells[i].max = (int32_t)powder_get_number(g);
        int64_t step = powder_get_number(g);
        g->bad |= step < -count || step > UINT32_MAX - count;
        count += g->bad ? 0 : step;
        cells[i].n = (uint32_t)count;
    }
    return !g->bad;
}

/* Add a rank's bytes; place: of the earliest frame so far. */
static bool add_part(const struct bytes *b, struct arena *work, struct arena *a, struct powder_sum *s,
                     uint64_t *place)
{
    struct part p;
    if (b->size < HEAD || memcmp(b->data, magic, 8) != 0)
        return false;
    struct unwire g = {b->data + 8, b->data + b->size, false};
    uint32_t crc = unwire_u32(&g);
    if (crc != crc32c(0, g.at, (size_t)(g.end - g.at)) || !unpack(&g, work, &p))
        return false;
    struct powder_cell *cells[POWDER_CLASSES];
    for (int c = 0; c < POWDER_CLASSES; c++) {
        if (p.n_cells > (size_t)(g.end - g.at) / 4) /* a cell is four bytes or more */
            return false;
        cells[c] = arena_array(work, p.n_cells + 1, sizeof *cells[c]);
        if (!get_cells(&g, cells[c], p.n_cells))
            return false;
    }
    struct residual_shell shells[RESIDUAL_SHELLS];
    const size_t n_panels = p.detector->n_panels;
    struct residual_panel *residuals = arena_array(work, n_panels + 1, sizeof *residuals);
    if (!powder_unpack_residuals(&g, residuals, n_panels, shells))
        return false;
    if (!s->cells[0]) {
        s->residuals = arena_array(a, n_panels + 1, sizeof *s->residuals);
        s->n_cells = p.n_cells;
        s->bin = p.bin;
        s->scale = p.scale;
        for (int c = 0; c < POWDER_CLASSES; c++) {
            s->cells[c] = arena_array(a, p.n_cells + 1, sizeof *s->cells[c]);
            powder_clear(s->cells[c], p.n_cells);
        }
    }
    if ((s->detector && n_panels != s->detector->n_panels) || p.n_cells != s->n_cells || p.bin != s->bin ||
        p.scale != s->scale)
        return false;
    if (!s->detector || p.place < *place) {
        s->detector = detector_copy(a, p.detector);
        s->beam = p.beam;
        *place = p.place;
    }
    for (int c = 0; c < POWDER_CLASSES; c++) {
        powder_add_cells(s->cells[c], cells[c], s->n_cells);
        s->frames[c] += p.frames[c];
    }
    residual_add_panels(s->residuals, residuals, n_panels);
    residual_add_shells(s->shells, shells);
    return true;
}

/* The cells as pixels of a detector of their own. */
static void bin_detector(struct detector *d, int32_t bin)
{
    size_t first = 0;
    for (size_t k = 0; k < d->n_panels; k++) {
        struct panel *p = d->panels + k;
        p->n_fast = powder_cells(p->n_fast, bin);
        p->n_slow = powder_cells(p->n_slow, bin);
        p->pixel_fast *= bin;
        p->pixel_slow *= bin;
        p->first_pixel = first;
        first += (size_t)p->n_fast * (size_t)p->n_slow;
    }
    d->n_pixels = first;
}

bool powder_gather(const char *folder, struct arena *a, struct powder_sum *out, struct error *err)
{
    char **names;
    size_t n;
    uint64_t place = UINT64_MAX;
    *out = (struct powder_sum){0};
    if (!fs_is_folder(folder))
        return true;
    if (!fs_list(folder, a, &names, &n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct bytes b = {0};
        struct arena work = {0};
        struct error broken = {0};
        if (!fs_read(names[i], PART_MOST, &b, &broken) || !add_part(&b, &work, a, out, &place))
            log_warn("%s is left out of the powder picture: it is broken, or of another detector", names[i]);
        arena_free(&work);
        bytes_free(&b);
    }
    if (out->detector)
        bin_detector(out->detector, out->bin);
    return true;
}

/* ---- the pictures ---- */

static double mean_of(const struct powder_cell *c)
{
    return (double)c->sum / (double)c->n;
}
static double largest_of(const struct powder_cell *c)
{
    return c->max;
}

/* The images of the file, in its order. */
static const struct {
    bool hits;
    double (*value)(const struct powder_cell *c);
} images[] = {{false, mean_of},   {false, largest_of},       {true, mean_of},
              {true, largest_of}, {false, powder_deviation}, {true, powder_deviation}};
enum { IMAGES = sizeof images / sizeof *images };

static void put_facts(struct nxmx *w, const struct powder_sum *s)
{
    static const char group[] = "/entry/powder";
    const double all = (double)(s->frames[0] + s->frames[1]), hits = (double)s->frames[POWDER_HIT],
                 bin = s->bin;
    nxmx_put_reals(w, "/entry/instrument/beam", "NXbeam", "incident_wavelength", 0, NULL, &s->beam.wavelength,
                   "angstrom");
    nxmx_put_reals(w, group, "NXcollection", "frames", 0, NULL, &all, NULL);
    nxmx_put_reals(w, group, "NXcollection", "hits", 0, NULL, &hits, NULL);
    nxmx_put_reals(w, group, "NXcollection", "bin", 0, NULL, &bin, NULL);
}

static bool put_images(struct nxmx *w, const struct powder_sum *s, float *image, struct powder_cell *all,
                       struct error *err)
{
    bool ok = true;
    for (int k = 0; k < IMAGES && ok; k++) {
        const struct powder_cell *cells = images[k].hits ? s->cells[POWDER_HIT] : all;
        for (size_t i = 0; i < s->n_cells; i++)
            image[i] = cells[i].n ? (float)(images[k].value(cells + i) / s->scale) : NAN;
        ok = nxmx_put(w, image, err);
    }
    return ok;
}

static void put_reals(struct json_writer *j, const char *key, const double *v, size_t n)
{
    json_array(j, key, true);
    for (size_t i = 0; i < n; i++)
        json_put_fixed(j, NULL, v[i], 4);
    json_end_array(j);
}

static bool put_json(const struct powder_sum *s, const char *path, struct arena *a, struct error *err)
{
    struct powder_facts *f = arena_array(a, 1, sizeof *f);
    struct str text = {0};
    struct json_writer j = {.out = &text, .indent = 1};
    powder_facts_of(s, a, f);
    json_object(&j, NULL);
    json_put_int(&j, "version", 1);
    json_put_int(&j, "frames", (int64_t)(s->frames[0] + s->frames[1]));
    json_put_int(&j, "hits", (int64_t)s->frames[POWDER_HIT]);
    json_put_int(&j, "bin", s->bin);
    json_put_bool(&j, "judged", f->judged);
    json_put_real(&j, "wavelength", s->beam.wavelength);
    json_put_real(&j, "distance_mm", fabs(panel_distance(s->detector->panels)));
    json_put_real(&j, "two_theta_max", f->two_theta_max);
    put_reals(&j, "radial", f->radial, POWDER_RADIAL);
    put_reals(&j, "radial_hits", f->radial_hits, POWDER_RADIAL);
    json_array(&j, "panels", false);
    for (size_t k = 0; k < f->n_panels; k++) {
        json_object(&j, NULL);
        json_put_text(&j, "name", f->panels[k].name);
        json_put_int(&j, "cells", (int64_t)f->panels[k].cells);
        json_put_int(&j, "masked", (int64_t)f->panels[k].masked);
        json_put_int(&j, "dead", (int64_t)f->panels[k].dead);
        json_put_int(&j, "hot", (int64_t)f->panels[k].hot);
        json_put_fixed(&j, "mean", f->panels[k].mean, 4);
        json_put_fixed(&j, "max", f->panels[k].max, 2);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
    str_addc(&text, '\n');
    int stem = (int)(strlen(path) - (str_ends(path, ".h5") ? 3 : 0));
    bool ok = fs_write_atomic(arena_printf(a, "%.*s.json", stem, path), text.text, text.len, err);
    str_free(&text);
    return ok;
}

/* What a process left that was killed while it wrote: one at a time works on a folder. */
static void drop_parts(const char *path, struct arena *a)
{
    char **parts;
    size_t n;
    if (!fs_glob(arena_printf(a, "%s.part*", fs_quoted(a, path)), a, &parts, &n, NULL))
        return;
    for (size_t i = 0; i < n; i++)
        unlink(parts[i]);
}

bool powder_publish(const struct powder_sum *s, const char *path, struct error *err)
{
    struct arena a = {0};
    struct nxmx *w = NULL;
    struct powder_cell *all = arena_array(&a, s->n_cells + 1, sizeof *all);
    uint8_t *mask = arena_array(&a, s->n_cells + 1, 1);
    float *image = arena_array(&a, s->n_cells + 1, sizeof *image);
    powder_clear(all, s->n_cells);
    for (int c = 0; c < POWDER_CLASSES; c++)
        powder_add_cells(all, s->cells[c], s->n_cells);
    for (size_t i = 0; i < s->n_cells; i++)
        mask[i] = all[i].n > 0;
    const struct nxmx_options o = {.detector = s->detector,
                                   .mask = mask,
                                   .type = PIXEL_F32,
                                   .n_frames = IMAGES,
                                   .description =
                                       "powder pattern: mean and largest of all frames, the same of "
                                       "hits, standard deviation of all frames, of hits",
                                   .name = "powder",
                                   .underload = s->detector->panels->trusted_lo};
    drop_parts(path, &a);
    bool ok = nxmx_open(path, &o, &w, err);
    if (ok && !put_images(w, s, image, all, err)) {
        nxmx_abandon(w);
        ok = false;
    } else if (ok) {
        put_facts(w, s);
        ok = nxmx_close(w, err) && put_json(s, path, &a, err);
    }
    arena_free(&a);
    return ok;
}
