/* smv.c - SMV (".img"): an ASCII header in braces, then 16-bit counts. Rules and beam-centre conventions:
 * FORMATS_INPUT 2. */
#include "source/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_LIMIT = 1 << 20, SIDE_LIMIT = 65536 };

#define ELECTRONS 0.05 /* Å; below it the beam is one of electrons, not polarised (dxtbx' limit) */

struct smv {
    size_t header_bytes, n_fast, n_slow;
    bool swap;
    const char *header;    /* NUL-terminated copy of the text */
    uint16_t offset[4][2]; /* per panel: first pixel along fast and slow */
};

/* ---- header ---- */

static bool understands(const uint8_t *head, size_t n, const char *path)
{
    (void)path;
    static const char key[] = "HEADER_BYTES";
    size_t at = 1;
    if (n < 20 || head[0] != '{')
        return false;
    while (at < n && at < 64 && (head[at] == '\r' || head[at] == '\n' || head[at] == ' '))
        at++;
    return n - at >= sizeof key - 1 && memcmp(head + at, key, sizeof key - 1) == 0;
}

/* The value of KEY=value; in the header, without blanks around; false: no such key. */
static bool value_of(const char *header, const char *key, char *out, size_t room)
{
    size_t n = strlen(key);
    for (const char *at = header; *at; at += strcspn(at, ";\n"), at += *at != 0) {
        at += strspn(at, " \t\r\n{");
        if (strncmp(at, key, n) != 0)
            continue;
        const char *q = at + n;
        q += strspn(q, " \t");
        if (*q != '=')
            continue;
        q++;
        q += strspn(q, " \t");
        size_t length = strcspn(q, ";\r\n");
        while (length > 0 && (q[length - 1] == ' ' || q[length - 1] == '\t'))
            length--;
        if (length >= room)
            length = room - 1;
        memcpy(out, q, length);
        out[length] = 0;
        return true;
    }
    return false;
}

/* Number of a key; units after it do not matter. 1: there, 0: no such key, -1: no number. */
static int number_of(const char *header, const char *key, double *out)
{
    char text[64], *end;
    if (!value_of(header, key, text, sizeof text))
        return 0;
    *out = strtod(text, &end);
    return end == text ? -1 : 1;
}

static bool need(const struct source *s, const char *header, const char *key, double low, double high,
                 double *out, struct error *err)
{
    int found = number_of(header, key, out);
    if (found == 0)
        return error_set(err, ERROR_METADATA, "%s has no %s in its header", s->path, key);
    if (found < 0 || !(*out >= low && *out <= high))
        return error_set(err, ERROR_METADATA, "%s: %s in its header is impossible", s->path, key);
    return true;
}

/* Header text up to the closing brace, and where the data begin. */
static bool read_header(struct source *s, struct smv *v, struct error *err)
{
    const uint8_t *data = s->content.data;
    size_t n = s->content.size;
    size_t text = n < HEADER_LIMIT ? n : HEADER_LIMIT;
    const uint8_t *brace = memchr(data, '}', text);
    if (!brace)
        return error_set(err, n < HEADER_LIMIT ? ERROR_TRUNCATED : ERROR_DAMAGED,
                         "%s: its SMV header does not end", s->path);
    v->header = arena_strndup(&s->arena, (const char *)data, (size_t)(brace - data));
    double bytes;
    if (!need(s, v->header, "HEADER_BYTES", 16, HEADER_LIMIT, &bytes, err))
        return false;
    v->header_bytes = (size_t)bytes;
    if (v->header_bytes < (size_t)(brace - data))
        return error_set(err, ERROR_DAMAGED, "%s: HEADER_BYTES is %zu, the header has more", s->path,
                         v->header_bytes);
    return true;
}

static bool read_layout(struct source *s, struct smv *v, struct error *err)
{
    char text[64];
    double fast, slow;
    if (!need(s, v->header, "SIZE1", 1, SIDE_LIMIT, &fast, err) ||
        !need(s, v->header, "SIZE2", 1, SIDE_LIMIT, &slow, err))
        return false;
    v->n_fast = (size_t)fast;
    v->n_slow = (size_t)slow;
    if (value_of(v->header, "TYPE", text, sizeof text) && !str_same_nocase(text, "unsigned_short"))
        return error_set(err, ERROR_UNSUPPORTED, "%s: TYPE=%s is not read, only unsigned_short", s->path,
                         text);
    if (value_of(v->header, "COMPRESSION", text, sizeof text) && !str_same_nocase(text, "none"))
        return error_set(err, ERROR_UNSUPPORTED, "%s: COMPRESSION=%s is not read", s->path, text);
    if (!value_of(v->header, "BYTE_ORDER", text, sizeof text))
        return error_set(err, ERROR_METADATA, "%s has no BYTE_ORDER in its header", s->path);
    v->swap = str_same_nocase(text, "big_endian");
    if (!v->swap && !str_same_nocase(text, "little_endian"))
        return error_set(err, ERROR_UNSUPPORTED, "%s: BYTE_ORDER=%s", s->path, text);
    return true;
}

/* ---- where the beam is: one rule per writer, the first that applies ---- */

enum convention { DIALS_ORIGIN, SIMULATOR, TIMEPIX_SU, ADSC, UNKNOWN };

struct geometry {
    enum convention convention;
    double pixel, distance, centre[2]; /* mm; centre along fast and slow from the corner */
    double origin[3];
};

/* Three numbers with commas. */
static bool three_numbers(const char *text, double out[3])
{
    for (int i = 0; i < 3; i++) {
        char *end;
        out[i] = strtod(text, &end);
        if (end == text || !isfinite(out[i]) || (i < 2 && *end != ','))
            return false;
        text = end + 1;
    }
    return true;
}

static enum convention find_convention(const char *header, double origin[3])
{
    char text[128];
    if (value_of(header, "DIALS_ORIGIN", text, sizeof text) && three_numbers(text, origin))
        return DIALS_ORIGIN;
    if (value_of(header, "BEAMLINE", text, sizeof text)) {
        if (str_same_nocase(text, "fake"))
            return SIMULATOR;
        if (str_same_nocase(text, "TIMEPIX_SU"))
            return TIMEPIX_SU;
    }
    int64_t serial;
    bool has_serial = value_of(header, "DETECTOR_SN", text, sizeof text) && str_to_i64(text, &serial);
    bool foreign = value_of(header, "DTREK_DATE_TIME", text, sizeof text);
    return has_serial && !foreign && value_of(header, "DATE", text, sizeof text) ? ADSC : UNKNOWN;
}

static bool read_geometry(struct source *s, const struct smv *v, struct geometry *g, struct error *err)
{
    double x = 0, y = 0;
    g->convention = find_convention(v->header, g->origin);
    if (!need(s, v->header, "PIXEL_SIZE", 1e-6, 100, &g->pixel, err))
        return false;
    int found = number_of(v->header, "DISTANCE", &g->distance);
    if (found == 0) {
        s->no_distance = true;
        s->missing = "DISTANCE";
        g->distance = 100;
    } else if (found < 0 || !(g->distance > 0 && g->distance < 1e6)) {
        if (s->options.distance == 0 && !s->options.reference)
            return error_set(err, ERROR_METADATA, "%s: DISTANCE %g mm is impossible", s->path, g->distance);
        g->distance = 100;
    }
    bool given = number_of(v->header, "BEAM_CENTER_X", &x) > 0 &&
                 number_of(v->header, "BEAM_CENTER_Y", &y) > 0 && isfinite(x) && isfinite(y);
    if (g->convention == DIALS_ORIGIN)
        return true;
    if (!given || g->convention == UNKNOWN) {
        s->no_centre = true;
        s->missing = !given ? "BEAM_CENTER_X and BEAM_CENTER_Y" : "known convention for its beam centre";
    } else if (g->convention == SIMULATOR) {
        g->centre[0] = x + g->pixel;
        g->centre[1] = (double)v->n_slow * g->pixel - y + g->pixel;
    } else if (g->convention == ADSC) {
        g->centre[0] = y;
        g->centre[1] = x;
    } else {
        g->centre[0] = x; /* TIMEPIX_SU: pixels of the stored image */
        g->centre[1] = y;
    }
    return true;
}

/* ---- panels ---- */

static void place_panel(struct panel *p, const struct smv *v, const struct geometry *g)
{
    double origin[3] = {-g->centre[0], g->centre[1], -g->distance}, slow[3] = {0, -1, 0};
    memcpy(p->origin, g->convention == DIALS_ORIGIN ? g->origin : origin, sizeof origin);
    memcpy(p->slow, slow, sizeof slow);
    p->n_fast = (int32_t)v->n_fast;
    p->n_slow = (int32_t)v->n_slow;
    p->pixel_fast = p->pixel_slow = g->pixel;
}

/* Four Timepix chips of 256² whose outermost pixels are three times as wide (stored as single columns and
 * left out of the panels): millimetres of a pixel coordinate of the 512² image. */
static double timepix_mm(double px, double pixel)
{
    static const double edges[] = {0, 1, 255, 257, 511, 512};
    double mm = 0;
    for (int i = 0; i < 5 && px > edges[i]; i++)
        mm += (fmin(px, edges[i + 1]) - edges[i]) * pixel * (i % 2 ? 1 : 3);
    return mm;
}

static bool timepix_panels(struct source *s, struct smv *v, struct geometry *g, struct error *err)
{
    if (v->n_fast != 512 || v->n_slow != 512)
        return error_set(err, ERROR_UNSUPPORTED, "%s: a TIMEPIX_SU image of %zu x %s is not known", s->path,
                         v->n_fast, COUNT(v->n_slow, "pixel"));
    struct detector *d = s->detector = detector_make(&s->arena, 4, 0);
    double centre[2] = {timepix_mm(g->centre[0], g->pixel), timepix_mm(g->centre[1], g->pixel)};
    for (uint16_t i = 0; i < 4; i++) {
        struct geometry here = *g;
        v->offset[i][0] = i % 2 ? 257 : 1;
        v->offset[i][1] = i / 2 ? 257 : 1;
        for (int k = 0; k < 2; k++) {
            here.centre[k] = centre[k] - timepix_mm(v->offset[i][k], g->pixel);
            d->info[i].raw_offset[k] = v->offset[i][k];
        }
        place_panel(&d->panels[i], v, &here);
        d->panels[i].n_fast = d->panels[i].n_slow = 254;
        d->panels[i].thickness = 0.3;
        d->info[i].material = "Si";
        d->info[i].name = arena_printf(&s->arena, "Panel%d", i);
    }
    return true;
}

static bool make_panels(struct source *s, struct smv *v, struct geometry *g, struct error *err)
{
    double pedestal = 0, low = 0;
    if (g->convention == TIMEPIX_SU) {
        if (!timepix_panels(s, v, g, err))
            return false;
    } else {
        s->detector = detector_make(&s->arena, 1, 0);
        place_panel(&s->detector->panels[0], v, g);
        s->detector->info[0].name = "Panel";
        s->detector->info[0].type = g->pixel == 0.172 ? "SENSOR_PAD" : "SENSOR_CCD"; /* simulated Pilatus */
    }
    /* Simulators write a constant offset and say so; image processing may leave one too. */
    if (number_of(v->header, "ADC_OFFSET", &pedestal) < 0 ||
        number_of(v->header, "IMAGE_PEDESTAL", &pedestal) < 0 || !(fabs(pedestal) < 65535))
        return error_set(err, ERROR_METADATA, "%s: the pedestal in its header is impossible", s->path);
    for (size_t i = 0; i < s->detector->n_panels; i++) {
        struct panel *p = &s->detector->panels[i];
        double saturation = 65535;
        if (number_of(v->header, "CCD_IMAGE_SATURATION", &saturation) <= 0 || !(saturation >= 1))
            saturation = 65535;
        p->trusted_lo = low;
        p->trusted_hi = ceil(fmin(saturation, 65535)) - 1;
        p->pedestal = pedestal;
    }
    return detector_finish(s->detector, s->path, err);
}

static void note_convention(struct source *s, const struct geometry *g)
{
    static const char *const words[] = {[DIALS_ORIGIN] = "origin from DIALS_ORIGIN",
                                        [SIMULATOR] = "beam centre as simulators write it (BEAMLINE=fake)",
                                        [TIMEPIX_SU] = "four Timepix chips, beam centre in pixels",
                                        [ADSC] = "beam centre as ADSC writes it (x and y swapped)",
                                        [UNKNOWN] = "convention of the beam centre not known"};
    double px[2];
    if (detector_beam_centre(s->detector, &s->beam.v, px) >= 0)
        source_note(s, "%s: at %.2f,%.2f px", words[g->convention], px[0], px[1]);
}

static bool smv_open(struct source *s, struct error *err)
{
    struct smv *v = arena_alloc(&s->arena, sizeof *v);
    struct geometry g = {0};
    double tilt = 0;
    s->own = v;
    s->type = PIXEL_U16;
    if (!read_header(s, v, err) || !read_layout(s, v, err) || !read_geometry(s, v, &g, err))
        return false;
    int found = number_of(v->header, "WAVELENGTH", &s->beam.v.wavelength);
    if (found < 0)
        return error_set(err, ERROR_METADATA, "%s: WAVELENGTH is not a number", s->path);
    if (s->beam.v.wavelength > 0 && s->beam.v.wavelength < ELECTRONS)
        s->beam.polarization_fraction = 0.5;
    if (number_of(v->header, "TWOTHETA", &tilt) != 0 && !(fabs(tilt) < 0.05) &&
        g.convention != DIALS_ORIGIN && !s->options.reference) {
        error_set(err, ERROR_UNSUPPORTED,
                  "%s: TWOTHETA is %g degrees; tilted detectors of SMV files are not placed", s->path, tilt);
        return error_hint(err, "input.reference_geometry places them");
    }
    if (!make_panels(s, v, &g, err))
        return false;
    note_convention(s, &g);
    return true;
}

/* ---- pixels ---- */

static bool smv_read(const struct source *s, uint32_t frame, struct frame_buffer *b, struct frame *out,
                     struct error *err)
{
    (void)frame;
    const struct smv *v = s->own;
    const struct detector *d = s->detector;
    size_t bytes = v->n_fast * v->n_slow * 2;
    if (s->content.size < v->header_bytes || s->content.size - v->header_bytes < bytes)
        return error_set(err, ERROR_TRUNCATED, "%s ends early: %s of pixels are announced, %zu are there",
                         s->path, COUNT(bytes, "byte"),
                         s->content.size > v->header_bytes ? s->content.size - v->header_bytes : 0);
    if (!bytes_reserve(&b->pixels, d->n_pixels * 2, err))
        return false;
    uint8_t *to = b->pixels.data;
    for (size_t i = 0; i < d->n_panels; i++)
        for (size_t y = 0; y < (size_t)d->panels[i].n_slow; y++) {
            size_t row = 2 * (size_t)d->panels[i].n_fast;
            const uint8_t *from =
                s->content.data + v->header_bytes + 2 * ((y + v->offset[i][1]) * v->n_fast + v->offset[i][0]);
            for (size_t x = 0; x < row && v->swap; x += 2) {
                to[x] = from[x + 1];
                to[x + 1] = from[x];
            }
            if (!v->swap)
                memcpy(to, from, row);
            to += row;
        }
    out->pixels = b->pixels.data;
    return true;
}

static void smv_close(struct source *s)
{
    (void)s;
}

const struct source_ops source_smv = {
    .info = {"SMV", "*.img *.img.gz *.img.bz2", "ADSC and simulators, 16-bit counts"},
    .single = true,
    .understands = understands,
    .open = smv_open,
    .read = smv_read,
    .close = smv_close,
};
