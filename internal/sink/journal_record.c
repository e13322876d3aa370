/* journal_record.c - a result as the body of a FRAME record, and back (STORE 5.1).
 *
 * The fixed parts hold what the database shows, in its precision; the tables behind them hold every number that files need, as it
 * was. What is read is what was put, bit for bit.
 */
#include "sink/journal_format.h"

#include <lz4.h>
#include <math.h>
#include <string.h>

#define NO_TIME INT64_MIN

/* ---- writing: fixed parts */

static void put_float(struct str *out, double v)
{
    float f = (float)v;
    uint32_t bits;
    memcpy(&bits, &f, 4);
    wire_u32(out, bits);
}

static void put_big(struct str *out, uint64_t bits, int bytes)
{
    while (bytes-- > 0)
        str_addc(out, (char)(bits >> (8 * bytes) & 0xff));
}

/* Columns that the database keeps as blobs are big-endian here as there. */
static void put_big_reals(struct str *out, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, v + i, 8);
        put_big(out, bits, 8);
    }
}

static void put_big_floats(struct str *out, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float f = (float)v[i];
        uint32_t bits;
        memcpy(&bits, &f, 4);
        put_big(out, bits, 4);
    }
}

static void put_zeros(struct str *out, size_t n)
{
    while (n-- > 0)
        str_addc(out, 0);
}

static double best_resolution(const struct result *r)
{
    double best = NAN;
    for (size_t i = 0; i < r->n_lattices; i++)
        if (r->lattices[i].res_a > 0 && !(best <= r->lattices[i].res_a))
            best = r->lattices[i].res_a;
    return best;
}

static void put_stages(struct str *out, const struct result *r)
{
    for (uint32_t i = 0; i < STAGE_MAX; i++) {
        int64_t tenth_ms = i < r->n_stages ? (r->stage_ns[i] + 50000) / 100000 : 0;
        put_big(out, tenth_ms > 65535 ? 65535 : (uint64_t)tenth_ms, 2);
    }
    put_big(out, r->thread > 65535 ? 65535 : r->thread, 2);
    put_zeros(out, 12);
}

static void put_fixed(struct str *out, const struct result *r, bool final, unsigned tries)
{
    bool failed = r->outcome == OUTCOME_FAILED;
    double wavelength = r->beam.v.wavelength;
    wire_u32(out, r->id.source);
    wire_u32(out, r->id.frame);
    wire_u8(out, (uint8_t)r->outcome);
    wire_u8(out, (uint8_t)r->reason);
    wire_u8(out, final);
    wire_u8(out, (uint8_t)tries);
    wire_u32(out, r->flags);
    wire_u16(out, 0); /* label */
    wire_u8(out, (uint8_t)r->n_lattices);
    wire_u8(out, failed ? 0 : r->beam.energy_source);
    wire_u32(out, (uint32_t)r->n_strong);
    wire_u32(out, (uint32_t)r->n_saturated);
    wire_u32(out, (uint32_t)(r->n_indexed + r->n_integrated));
    wire_u64(out, (uint64_t)(r->numbered ? r->event : NO_TIME));
    wire_u64(out, (uint64_t)(r->t_event ? r->t_event : NO_TIME));
    wire_u64(out, (uint64_t)r->t_done);
    put_float(out, failed ? NAN : r->beam.energy_recorded_ev);
    put_float(out, failed || !(wavelength > 0) ? NAN : EV_ANGSTROM / wavelength);
    put_float(out, NAN); /* pulse energy */
    put_float(out, failed ? NAN : r->distance);
    put_float(out, best_resolution(r));
    put_float(out, !failed && r->glow.ring > 0 ? r->glow.ring : NAN);
    put_stages(out, r);
}

static void put_lattice(struct str *out, const struct lattice *l, size_t number, const uint8_t *shells)
{
    wire_u8(out, (uint8_t)number);
    wire_u8(out, (uint8_t)l->reason);
    wire_u8(out, (uint8_t)l->cell_no);
    wire_u8(out, 0);
    wire_u32(out, l->n_indexed);
    wire_u32(out, l->n_integrated);
    const double reals[8] = {l->evidence,
                             hypot(l->rmsd_x, l->rmsd_y),
                             l->rmsd_psi,
                             l->res_a > 0 ? l->res_a : NAN,
                             2 * l->half_mosaicity_deg,
                             l->domain_size_ang,
                             l->shift_px[0],
                             l->shift_px[1]};
    for (int i = 0; i < 8; i++)
        put_float(out, reals[i]);
    wire_u32(out, 0);
    for (int i = 0; i < 6; i++)
        wire_real(out, l->cell[i]);
    put_big_reals(out, l->A, 9);
    put_big_reals(out, l->free_cell, 6);
    put_big_floats(out, l->free_cov, 21);
    if (shells)
        str_addn(out, (const char *)shells, RESULT_SHELLS);
    else
        put_zeros(out, RESULT_SHELLS);
    put_zeros(out, 16 + 6); /* the identifier follows from path, frame, lattice and recipe */
}

/* ---- writing: tables */

static struct frame_extra extra_of(const struct result *r, int32_t detector)
{
    struct frame_extra x;
    memset(&x, 0, sizeof x);
    x.wavelength = r->beam.v.wavelength;
    memcpy(x.direction, r->beam.v.direction, sizeof x.direction);
    memcpy(x.normal, r->beam.polarization_normal, sizeof x.normal);
    x.fraction = r->beam.polarization_fraction;
    x.energy_recorded = r->beam.energy_recorded_ev;
    x.distance = r->distance;
    memcpy(x.stage_ns, r->stage_ns, sizeof x.stage_ns);
    x.detector = detector;
    x.single = r->id.single;
    x.energy_source = r->beam.energy_source;
    x.n_stages = (int32_t)r->n_stages;
    x.thread = (int32_t)r->thread;
    x.n_ice = (int32_t)r->glow.n_ice;
    x.ice_known = r->glow.ice_known;
    x.ring = r->glow.ring;
    x.low = r->glow.low;
    x.ice = r->glow.ice;
    x.spot_length = r->glow.spot_length_px;
    return x;
}

/* A table for each lattice that has rows; they come by lattice. */
static void put_rows(struct str *out, enum journal_table kind, const struct reflection *rows, size_t n)
{
    for (size_t i = 0, first = 0; i < n; i++)
        if (i + 1 == n || rows[i + 1].lattice != rows[i].lattice) {
            journal_columns_put(out, kind, rows[i].lattice, rows + first, i + 1 - first);
            first = i + 1;
        }
}

static void put_tables(struct str *out, const struct result *r, int32_t detector)
{
    struct frame_extra extra = extra_of(r, detector);
    put_rows(out, TABLE_ROWS_INDEXED, r->indexed, r->n_indexed);
    put_rows(out, TABLE_ROWS_INTEGRATED, r->integrated, r->n_integrated);
    if (r->spots && r->n_strong)
        journal_columns_put(out, TABLE_SPOTS, 0, r->spots, r->n_strong);
    if (r->pixels && r->n_pixels)
        journal_columns_put(out, TABLE_PIXELS, 0, r->pixels, r->n_pixels);
    journal_columns_put(out, TABLE_FRAME, 0, &extra, 1);
    if (r->n_lattices)
        journal_columns_put(out, TABLE_LATTICES, 0, r->lattices, r->n_lattices);
    if (r->message[0])
        journal_columns_put(out, TABLE_MESSAGE, 0, r->message, strlen(r->message));
}

/* The tables, packed when that is shorter, behind the three numbers that say so. */
static void put_variable(struct str *out, const struct str *raw, size_t fixed_end)
{
    int room = LZ4_compressBound((int)raw->len), n = 0;
    size_t start = out->len;
    str_reserve(out, (size_t)room);
    n = LZ4_compress_default(raw->text, out->text + start, (int)raw->len, room);
    bool packed = n > 0 && (size_t)n < raw->len;
    if (packed) {
        out->len = start + (size_t)n;
        out->text[out->len] = 0;
    } else {
        str_addn(out, raw->text, raw->len);
    }
    uint32_t numbers[4] = {(uint32_t)raw->len, (uint32_t)(out->len - start), packed, 0};
    memcpy(out->text + fixed_end, numbers, sizeof numbers);
}

bool journal_frame_put(struct str *out, const struct result *r, int32_t detector, bool final, unsigned tries,
                       struct str *scratch, struct error *err)
{
    size_t start = out->len, rows = r->n_indexed + r->n_integrated;
    if (r->n_lattices > LATTICES_MAX ||
        rows * sizeof *r->indexed + r->n_strong * sizeof *r->spots + r->n_pixels * sizeof *r->pixels >
            TABLES_MAX / 2)
        return error_set(err, ERROR_UNSUPPORTED, "%s, frame %u: %s with %s are too many to be kept",
                         r->id.path, r->id.frame, COUNT(r->n_lattices, "lattice"), COUNT(rows, "reflection"));
    put_fixed(out, r, final, tries);
    size_t numbers = out->len;
    put_zeros(out, 16);
    for (size_t i = 0; i < r->n_lattices; i++)
        put_lattice(out, &r->lattices[i], i, r->shells ? r->shells[i] : NULL);
    str_clear(scratch);
    put_tables(scratch, r, detector);
    put_variable(out, scratch, numbers);
    if (out->len - start > RECORD_MAX - RECORD_HEADER) {
        size_t size = out->len - start;
        out->len = start;
        return error_set(err, ERROR_UNSUPPORTED, "%s, frame %u: %s of results are too many to be kept",
                         r->id.path, r->id.frame, COUNT(size, "byte"));
    }
    return true;
}

/* ---- reading: fixed parts */

static void get_big_reals(struct unwire *g, double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        for (int b = 0; b < 8; b++)
            bits = bits << 8 | unwire_u8(g);
        memcpy(v + i, &bits, 8);
    }
}

static bool skip(struct unwire *g, size_t n)
{
    if (n > (size_t)(g->end - g->at))
        return g->bad = true, false;
    g->at += n;
    return true;
}

bool journal_frame(const struct journal_record *r, struct journal_frame *out, struct error *err)
{
    if (r->type != JOURNAL_FRAME || r->n < FRAME_FIXED)
        return error_set(err, ERROR_DAMAGED, "record %llu is no whole frame", (unsigned long long)r->seq);
    struct unwire g = {r->body, r->body + r->n, false};
    out->source = unwire_u32(&g);
    out->frame = unwire_u32(&g);
    unsigned outcome = unwire_u8(&g), reason = unwire_u8(&g), final = unwire_u8(&g);
    out->tries = unwire_u8(&g);
    skip(&g, 6);
    out->n_lattices = unwire_u8(&g);
    skip(&g, 9);
    out->n_rows = unwire_u32(&g);
    if (outcome < OUTCOME_BLANK || outcome >= OUTCOME_END || reason >= REASON_END || final > 1)
        return error_set(err, ERROR_DAMAGED, "frame %u of source %u has outcome %u, reason %u", out->frame,
                         out->source, outcome, reason);
    out->outcome = (enum outcome)outcome;
    out->reason = (enum reason)reason;
    out->final = final == 1;
    return true;
}

static void get_lattice(struct unwire *g, struct lattice *l, uint8_t shells[RESULT_SHELLS])
{
    skip(g, 1);
    l->reason = unwire_u8(g);
    l->cell_no = unwire_u8(g);
    skip(g, 1);
    l->n_indexed = unwire_u32(g);
    l->n_integrated = unwire_u32(g);
    skip(g, 9 * 4);
    for (int i = 0; i < 6; i++)
        l->cell[i] = unwire_real(g);
    get_big_reals(g, l->A, 9);
    get_big_reals(g, l->free_cell, 6);
    skip(g, 84);
    const uint8_t *at = g->at;
    if (skip(g, RESULT_SHELLS))
        memcpy(shells, at, RESULT_SHELLS);
    skip(g, 16 + 6);
}

/* ---- reading: tables */

/* Tables of rows, added up over the lattices. */
struct rows {
    struct reflection *rows;
    size_t n;
};

struct tables {
    struct result *out;
    struct frame_extra extra;
    struct lattice *lattices;
    struct rows indexed, integrated;
};

/* How many rows of reflections of a kind are there? And are all tables together of a size that can be? Only the heads are
 * looked at. */
static bool count_rows(struct unwire g, struct tables *t, struct error *err)
{
    uint64_t bytes = 0;
    while (!g.bad && g.at < g.end) {
        unsigned kind = unwire_u16(&g);
        skip(&g, 2);
        uint64_t rows = unwire_u32(&g);
        uint32_t columns = unwire_u32(&g);
        skip(&g, 4);
        if (journal_row_size(kind) == 0)
            return error_set(err, ERROR_UNSUPPORTED, "a table of kind %u is not known", kind);
        bytes += rows * journal_row_size(kind);
        t->indexed.n += kind == TABLE_ROWS_INDEXED ? rows : 0;
        t->integrated.n += kind == TABLE_ROWS_INTEGRATED ? rows : 0;
        for (uint32_t c = 0; c < columns && !g.bad; c++) {
            skip(&g, 4);
            size_t n = unwire_u32(&g);
            skip(&g, (n + 7) / 8 * 8);
        }
        if (bytes > TABLES_MAX)
            return error_set(err, ERROR_DAMAGED, "its tables are too large");
    }
    return !g.bad || error_set(err, ERROR_DAMAGED, "a table ends early");
}

/* Where the rows of a table go; NULL: not where it belongs. */
static void *place_of(struct tables *t, const struct table_head *head, struct arena *a)
{
    struct rows *r = head->kind == TABLE_ROWS_INDEXED ? &t->indexed : &t->integrated;
    struct result *out = t->out;
    switch (head->kind) {
    case TABLE_ROWS_INDEXED:
    case TABLE_ROWS_INTEGRATED:
        r->n += head->rows;
        return head->lattice < out->n_lattices ? r->rows + r->n - head->rows : NULL;
    case TABLE_SPOTS:
        return out->spots || head->rows != out->n_strong
                   ? NULL
                   : (void *)(out->spots = arena_array(a, head->rows, sizeof(struct spot)));
    case TABLE_PIXELS:
        out->n_pixels = head->rows;
        return out->pixels ? NULL : (void *)(out->pixels = arena_array(a, head->rows, sizeof *out->pixels));
    case TABLE_FRAME:
        t->extra.detector = 0; /* columns that are all zero are left out */
        return head->rows == 1 ? &t->extra : NULL;
    case TABLE_LATTICES:
        return head->rows == out->n_lattices ? t->lattices : NULL;
    case TABLE_MESSAGE:
        return head->rows < sizeof out->message ? out->message : NULL;
    default:
        return NULL;
    }
}

static bool get_tables(struct unwire *g, struct tables *t, struct arena *a, struct error *err)
{
    t->indexed.rows = arena_array(a, t->indexed.n, sizeof *t->indexed.rows);
    t->integrated.rows = arena_array(a, t->integrated.n, sizeof *t->integrated.rows);
    t->indexed.n = t->integrated.n = 0;
    while (g->at < g->end) {
        struct table_head head;
        head.kind = unwire_u16(g);
        head.lattice = unwire_u16(g);
        head.rows = unwire_u32(g);
        head.columns = unwire_u32(g);
        unwire_u32(g);
        void *rows = place_of(t, &head, a);
        if (!rows)
            return error_set(err, ERROR_DAMAGED, "a table of kind %u is not where it belongs", head.kind);
        if (!journal_columns_get(g, &head, rows, err))
            return false;
    }
    return true;
}

/* The variable part as it was before it was packed. */
static bool unpack(struct unwire *g, const uint32_t numbers[3], struct arena *a, struct unwire *out,
                   struct error *err)
{
    size_t raw = numbers[0], stored = numbers[1];
    bool packed = numbers[2] & 1;
    if (g->bad || stored != (size_t)(g->end - g->at) || numbers[2] > 1 || raw > TABLES_MAX ||
        (packed ? raw / 256 > stored : raw != stored))
        return error_set(err, ERROR_DAMAGED, "the lengths of its tables do not fit");
    if (!packed) {
        *out = *g;
        return true;
    }
    char *bytes = arena_alloc(a, raw + 1);
    if (LZ4_decompress_safe((const char *)g->at, bytes, (int)stored, (int)raw) != (int)raw)
        return error_set(err, ERROR_DAMAGED, "its tables cannot be unpacked");
    *out = (struct unwire){(uint8_t *)bytes, (uint8_t *)bytes + raw, false};
    return true;
}

/* What rows point to is there. */
static bool sound(const struct tables *t)
{
    const struct result *r = t->out;
    for (size_t i = 0; i < t->indexed.n; i++)
        if (t->indexed.rows[i].lattice >= r->n_lattices)
            return false;
    for (size_t i = 0; i < t->integrated.n; i++)
        if (t->integrated.rows[i].lattice >= r->n_lattices)
            return false;
    return t->extra.n_stages >= 0 && t->extra.n_stages <= STAGE_MAX;
}

static void set_extra(struct result *out, const struct frame_extra *x)
{
    out->beam.v.wavelength = x->wavelength;
    memcpy(out->beam.v.direction, x->direction, sizeof x->direction);
    memcpy(out->beam.polarization_normal, x->normal, sizeof x->normal);
    out->beam.polarization_fraction = x->fraction;
    out->beam.energy_recorded_ev = x->energy_recorded;
    out->beam.energy_source = (uint8_t)x->energy_source;
    out->distance = x->distance;
    memcpy(out->stage_ns, x->stage_ns, sizeof x->stage_ns);
    out->id.single = x->single != 0;
    out->n_stages = (uint32_t)x->n_stages;
    out->thread = (uint32_t)x->thread;
    out->glow = (struct frame_glow){.ring = x->ring,
                                    .low = x->low,
                                    .ice = x->ice,
                                    .n_ice = (uint32_t)x->n_ice,
                                    .ice_known = x->ice_known != 0,
                                    .spot_length_px = x->spot_length};
}

static bool set_seen(struct result *out, int32_t detector, const struct journal_seen *seen, struct error *err)
{
    if (out->id.source >= seen->n_paths)
        return error_set(err, ERROR_DAMAGED, "source %u is not in its list", out->id.source);
    if (detector >= (int64_t)seen->n_detectors || (detector >= 0 && !seen->detectors[detector]))
        return error_set(err, ERROR_DAMAGED, "%s, frame %u: detector %d did not come before it",
                         seen->paths[out->id.source], out->id.frame, detector);
    out->id.path = seen->paths[out->id.source];
    out->detector = detector >= 0 ? seen->detectors[detector] : NULL;
    return true;
}

bool journal_frame_get(const uint8_t *body, size_t n, const struct journal_seen *seen, struct arena *a,
                       struct result *out, struct error *err)
{
    struct journal_frame head;
    const struct journal_record record = {.type = JOURNAL_FRAME, .body = body, .n = n};
    if (!journal_frame(&record, &head, err))
        return false;
    *out = (struct result){.id = {.source = head.source, .frame = head.frame},
                           .outcome = head.outcome,
                           .reason = head.reason,
                           .n_lattices = head.n_lattices};
    struct unwire g = {body + 12, body + n, false}, raw;
    out->flags = unwire_u32(&g);
    skip(&g, 4);
    out->n_strong = unwire_u32(&g);
    out->n_saturated = unwire_u32(&g);
    skip(&g, 4);
    int64_t event = (int64_t)unwire_u64(&g), t_event = (int64_t)unwire_u64(&g);
    out->numbered = event != NO_TIME;
    out->event = out->numbered ? event : 0;
    out->t_event = t_event != NO_TIME ? t_event : 0;
    out->t_done = (int64_t)unwire_u64(&g);
    skip(&g, 6 * 4 + 32);
    uint32_t numbers[3] = {unwire_u32(&g), unwire_u32(&g), unwire_u32(&g)};
    skip(&g, 4);
    struct tables t = {.out = out, .extra = {.detector = -1}};
    t.lattices = arena_array(a, head.n_lattices, sizeof *t.lattices);
    uint8_t(*shells)[RESULT_SHELLS] = arena_array(a, head.n_lattices, sizeof *shells);
    for (uint32_t i = 0; i < head.n_lattices; i++)
        get_lattice(&g, &t.lattices[i], shells[i]);
    if (!unpack(&g, numbers, a, &raw, err) || !count_rows(raw, &t, err) || !get_tables(&raw, &t, a, err) ||
        !set_seen(out, t.extra.detector, seen, err))
        return false;
    if (!sound(&t))
        return error_set(err, ERROR_DAMAGED, "%s, frame %u: a row of no lattice", out->id.path,
                         out->id.frame);
    set_extra(out, &t.extra);
    out->lattices = t.lattices;
    out->indexed = t.indexed.rows, out->n_indexed = t.indexed.n;
    out->integrated = t.integrated.rows, out->n_integrated = t.integrated.n;
    return true;
}
