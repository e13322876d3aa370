/* cbf_mini.c - miniCBF: a header of "# key value" lines, as Dectris' cameras and converters for Eiger data
 * write it.
 *
 * Rules: FORMATS_INPUT 1.6. The header knows a flat detector that stands straight: anything else is refused
 * or, for the one curved camera with this header, read as its 24 rows of modules with the places of the
 * drawing.
 */
#include "source/cbf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An oscillation this large (degrees) in what is worked on as a still deserves a word. */
#define LARGE_ROTATION_DEG 0.2
/* Writers print 2θ with four digits; half of the second is no tilt. */
#define NO_TILT_DEG 0.005
#define STAND_IN_DISTANCE 100.0 /* mm, format.h: until an option gives it */

const char *cbf_header_lines(const struct cif *c)
{
    return cif_text(cif_find(c, "array_data", "header_contents"), 0, "header_contents");
}

/* ---- "# key value" ---- */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* What follows the key in its line; NULL: no such line. Keys are whole words; ':' and '=' behind them do not
 * matter. */
static const char *value_of(const char *lines, const char *key)
{
    size_t n = strlen(key);
    for (const char *at = lines; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        const char *q = at;
        while (*q == '#' || *q == ' ' || *q == '\t' || *q == '\r')
            q++;
        if (q == at || strncmp(q, key, n) != 0 || is_word_char(q[n]))
            continue;
        q += n;
        return q + strspn(q, " \t:=");
    }
    return NULL;
}

/* A number and its unit (next word); false: no line, or it has no number. */
static bool number_of(const char *lines, const char *key, double *value, char unit[8])
{
    const char *text = value_of(lines, key);
    if (!text)
        return false;
    char *end;
    *value = strtod(text, &end);
    if (end == text)
        return false;
    size_t n = 0;
    for (end += strspn(end, " \t"); n < 7 && is_word_char(end[n]); n++)
        unit[n] = end[n];
    unit[n] = 0;
    return true;
}

/* Lengths are in metres unless the unit says otherwise. */
static double to_mm(double value, const char *unit)
{
    return strcmp(unit, "mm") == 0 ? value : strcmp(unit, "um") == 0 ? value / 1000 : value * 1000;
}

/* "(1261.61, 1306.96) pixels", "172e-6 m x 172e-6 m": two numbers with anything but numbers between. */
static bool two_numbers(const char *text, double out[2])
{
    for (int k = 0; k < 2; k++) {
        size_t skip = strcspn(text, "+-.0123456789nN\n");
        char *end;
        out[k] = strtod(text + skip, &end);
        if (end == text + skip)
            return false;
        text = end;
    }
    return true;
}

/* ---- sensor ---- */

/* "# Silicon sensor, thickness 0.000450 m": a line of its own kind, without a key. */
static const char *sensor_line(const char *lines, double *thickness)
{
    const char *at = strstr(lines, "sensor, thickness");
    if (!at)
        return NULL;
    double metres = strtod(at + strlen("sensor, thickness"), NULL);
    *thickness = metres > 0 && metres < 0.1 ? metres * 1000 : 0;
    while (at > lines && at[-1] != '\n' && at[-1] != '#')
        at--;
    return at + strspn(at, " \t");
}

void cbf_header_sensor(const char *lines, struct detector *d, struct arena *a)
{
    double thickness = 0;
    const char *words = sensor_line(lines, &thickness);
    const char *material = words ? sensor_material(words) : "";
    const char *type = "SENSOR_UNKNOWN";
    if (words && *material)
        type = "SENSOR_PAD";
    else if (words && strncmp(words, "CCD", 3) == 0)
        type = "SENSOR_CCD";
    for (size_t i = 0; i < d->n_panels; i++) {
        d->info[i].type = type;
        d->info[i].material = arena_strdup(a, material);
        d->panels[i].thickness = *material ? thickness : 0;
    }
}

/* ---- geometry ---- */

struct mini {
    double pixel[2], beam[2], distance; /* mm, px, mm */
    size_t size_of[2];
};

static bool read_wavelength(struct source *s, const char *lines, struct error *err)
{
    char unit[8];
    double value;
    const char *text = value_of(lines, "Wavelength");
    if (number_of(lines, "Wavelength", &value, unit))
        s->beam.v.wavelength = strcmp(unit, "nm") == 0 ? value * 10 : value;
    else if (text)
        return error_set(err, ERROR_METADATA, "%s: Wavelength is not a number", s->path);
    else if (number_of(lines, "Energy", &value, unit) || number_of(lines, "Photon_energy", &value, unit))
        s->beam.v.wavelength =
            value > 0 ? EV_ANGSTROM / (strcmp(unit, "keV") == 0 ? value * 1000 : value) : -1;
    return true;
}

static bool read_geometry(struct source *s, const char *lines, struct mini *m, struct error *err)
{
    char unit[8];
    double tilt;
    const char *pixel = value_of(lines, "Pixel_size"), *beam = value_of(lines, "Beam_xy");
    if (!pixel || !two_numbers(pixel, m->pixel))
        return error_set(err, ERROR_METADATA, "%s has no Pixel_size in its header", s->path);
    for (int k = 0; k < 2; k++) {
        m->pixel[k] *= 1000;
        if (!(m->pixel[k] > 1e-6 && m->pixel[k] < 100))
            return error_set(err, ERROR_METADATA, "%s: Pixel_size %g mm is impossible", s->path, m->pixel[k]);
    }
    if (number_of(lines, "Detector_2theta", &tilt, unit) && !(fabs(tilt) < NO_TILT_DEG)) {
        error_set(err, ERROR_UNSUPPORTED, "%s: Detector_2theta is %g degrees, and the header has no axes",
                  s->path, tilt);
        return error_hint(err, "files with a full imgCIF header carry the tilt");
    }
    if (!beam || !two_numbers(beam, m->beam)) {
        s->no_centre = true;
        s->missing = "Beam_xy";
        m->beam[0] = m->beam[1] = 0;
    } else if (!(fabs(m->beam[0]) < 1e7 && fabs(m->beam[1]) < 1e7)) {
        return error_set(err, ERROR_METADATA, "%s: Beam_xy %g, %g pixels is impossible", s->path, m->beam[0],
                         m->beam[1]);
    }
    if (!number_of(lines, "Detector_distance", &m->distance, unit)) {
        s->no_distance = true;
        s->missing = s->no_centre ? "Detector_distance and Beam_xy" : "Detector_distance";
        m->distance = STAND_IN_DISTANCE;
    } else {
        m->distance = to_mm(m->distance, unit);
        if (!(m->distance > 0 && m->distance < 1e6) && s->options.distance == 0 && !s->options.reference)
            return error_set(err, ERROR_METADATA, "%s: Detector_distance %g mm is impossible", s->path,
                             m->distance);
        if (!(m->distance > 0 && m->distance < 1e6))
            m->distance = STAND_IN_DISTANCE;
    }
    return true;
}

static void flat_panel(struct source *s, struct cbf *c, const struct mini *m)
{
    s->detector = detector_make(&s->arena, 1, 0);
    c->places = arena_array(&s->arena, 1, sizeof *c->places);
    c->places[0] = (struct cbf_place){.fast = 0, .slow = 1};
    struct panel *p = &s->detector->panels[0];
    p->n_fast = (int32_t)m->size_of[0];
    p->n_slow = (int32_t)m->size_of[1];
    p->pixel_fast = m->pixel[0];
    p->pixel_slow = m->pixel[1];
    double origin[3] = {-m->beam[0] * m->pixel[0], m->beam[1] * m->pixel[1], -m->distance};
    double fast[3] = {1, 0, 0}, slow[3] = {0, -1, 0};
    memcpy(p->origin, origin, sizeof origin);
    memcpy(p->fast, fast, sizeof fast);
    memcpy(p->slow, slow, sizeof slow);
    s->detector->info[0].name = "Panel";
}

/* PILATUS 12M, the barrel at Diamond's I23: 24 rows of modules, 195 lines each with gaps of 17, on a cylinder
 * of 250 mm radius. Angles, radius and the nominal beam place are those of the detector's drawing as dxtbx
 * has them. The header's distance and beam centre only shift the whole, and real rows are off the drawing by
 * pixels: hence `unplaced`. */
enum { BARREL_ROWS = 24, ROW_LINES = 195, ROW_GAP = 17, BARREL_FAST = 2463, BARREL_SLOW = 5071 };

static bool is_barrel(const char *lines, const struct mini *m)
{
    const char *detector = value_of(lines, "Detector");
    return detector && strstr(detector, "120-0100") && m->size_of[0] == BARREL_FAST &&
           m->size_of[1] == BARREL_SLOW;
}

static void barrel_panels(struct source *s, struct cbf *c, const struct mini *m)
{
    struct detector *d = s->detector = detector_make(&s->arena, BARREL_ROWS, BARREL_ROWS + 1);
    c->places = arena_array(&s->arena, BARREL_ROWS, sizeof *c->places);
    double shift_x = m->pixel[0] * (1075 - m->beam[0]), shift_y = m->pixel[1] * (2594 - m->beam[1]);
    d->nodes[0] = (struct detector_node){.name = "barrel",
                                         .parent = -1,
                                         .panel = -1,
                                         .origin = {-shift_x, shift_y, -m->distance},
                                         .fast = {-1, 0, 0},
                                         .slow = {0, 1, 0}};
    for (int j = 0; j < BARREL_ROWS; j++) {
        double angle = M_PI * (-12.2 + 0.5 * 7.903 + j * (7.903 + 0.441)) / 180, sine = sin(angle),
               cosine = cos(angle);
        c->places[j] =
            (struct cbf_place){.start = {0, (size_t)(j * (ROW_LINES + ROW_GAP)), 0}, .fast = 0, .slow = 1};
        d->info[j].name = arena_printf(&s->arena, "row-%02d", j);
        d->info[j].raw_offset[1] = j * (ROW_LINES + ROW_GAP);
        d->nodes[j + 1] = (struct detector_node){
            .name = d->info[j].name,
            .parent = 0,
            .panel = j,
            .origin = {-184.9, -250 * cosine - 16.8 * sine, 250 * sine - 16.8 * cosine},
            .fast = {1, 0, 0},
            .slow = {0, sine, cosine},
        };
        d->panels[j].n_fast = BARREL_FAST;
        d->panels[j].n_slow = ROW_LINES;
        d->panels[j].pixel_fast = m->pixel[0];
        d->panels[j].pixel_slow = m->pixel[1];
    }
    s->unplaced = "curved detector: give a reference geometry (input.reference_geometry)";
    source_note(s, "curved detector: places of its 24 rows are those of the drawing");
}

static bool read_trusted(struct source *s, const char *lines, struct error *err)
{
    char unit[8];
    double cutoff;
    const char *text = value_of(lines, "Count_cutoff");
    bool given = number_of(lines, "Count_cutoff", &cutoff, unit);
    if (text && (!given || !(cutoff >= 1)))
        return error_set(err, ERROR_METADATA, "%s: Count_cutoff is impossible", s->path);
    for (size_t i = 0; i < s->detector->n_panels; i++) {
        s->detector->panels[i].trusted_lo = 0; /* -1 gaps, -2 bad pixels */
        if (given)
            s->detector->panels[i].trusted_hi = ceil(cutoff) - 1;
    }
    return true;
}

bool cbf_mini_open(struct source *s, struct cbf *c, struct error *err)
{
    const char *lines = cbf_header_lines(&c->cif);
    if (c->cif.n_sections == 0)
        return error_set(err, ERROR_MISSING, "%s is a header only: it holds no pixels", s->path);
    struct mini m = {0};
    size_t size_of[3];
    enum pixel_type type;
    char unit[8];
    double increment;
    if (!cbf_section_shape(&c->cif.sections[0], s->path, size_of, &type, err))
        return false;
    m.size_of[0] = size_of[0];
    m.size_of[1] = size_of[1];
    if (!read_wavelength(s, lines, err) || !read_geometry(s, lines, &m, err))
        return false;
    if (is_barrel(lines, &m))
        barrel_panels(s, c, &m);
    else
        flat_panel(s, c, &m);
    cbf_header_sensor(lines, s->detector, &s->arena);
    if (number_of(lines, "Angle_increment", &increment, unit) && fabs(increment) > LARGE_ROTATION_DEG)
        source_note(s, "rotation image (Angle_increment %g degrees) taken as a still", increment);
    return read_trusted(s, lines, err) && detector_finish(s->detector, s->path, err);
}
