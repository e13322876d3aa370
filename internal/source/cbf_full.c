/* cbf_full.c - imgCIF: detector from its axes, beam from its source, trusted range from its intensities. */
#include "source/cbf.h"

#include <math.h>
#include <string.h>

/* Where the source stands: the axis of equipment "source"; (0,0,1) in every real file. */
static void read_beam_direction(struct source *s, const struct cif *c)
{
    const struct cif_table *t = cif_find(c, "axis", "equipment");
    for (size_t row = 0; t && row < t->n_rows; row++) {
        const char *equipment = cif_text(t, row, "equipment");
        double v[3];
        if (!equipment || !str_same_nocase(equipment, "source") ||
            !cif_number(t, row, "vector[1]", 0, &v[0]) || !cif_number(t, row, "vector[2]", 0, &v[1]) ||
            !cif_number(t, row, "vector[3]", 0, &v[2]))
            continue;
        double length = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
        for (int i = 0; i < 3 && length > 0; i++)
            s->beam.v.direction[i] = v[i] / length;
        return;
    }
}

static bool read_wavelength(struct source *s, const struct cif *c, struct error *err)
{
    const struct cif_table *t = cif_find(c, "diffrn_radiation_wavelength", "wavelength");
    const char *text = cif_text(t, 0, "wavelength");
    if (text && !str_to_double(text, &s->beam.v.wavelength))
        return error_set(err, ERROR_METADATA,
                         "%s: _diffrn_radiation_wavelength.wavelength is not a number: \"%.40s\"", s->path,
                         text);
    if (t && t->n_rows > 1)
        source_note(s, "the first of %zu wavelengths is taken", t->n_rows);
    return true;
}

/* [undefined_value, overload] excludes both ends in the sense of the files' writers (FORMATS_INPUT 0): what
 * is kept is the range of whole numbers between them. Rows of arrays by name, else by place, else the only
 * one. */
static bool read_intensities(struct source *s, struct cbf *c, struct error *err)
{
    const struct cif_table *t = cif_find(&c->cif, "array_intensities", NULL);
    struct cif_index arrays;
    cif_index_make(t, "array_id", &s->arena, &arrays);
    for (size_t i = 0; i < s->detector->n_panels; i++) {
        struct panel *p = &s->detector->panels[i];
        long found = cif_index_row(&arrays, c->places[i].array);
        size_t row = found >= 0 ? (size_t)found : 0;
        double undefined, overload, gain;
        bool ok = cif_number(t, row, "undefined_value", -1, &undefined) &&
                  cif_number(t, row, "overload", 2147483648.0, &overload) &&
                  cif_number(t, row, "gain", 1, &gain);
        if (!ok || !(gain > 0) || !(undefined < overload))
            return error_set(err, ERROR_METADATA, "%s: _array_intensities of panel %s are impossible",
                             s->path, s->detector->info[i].name);
        p->trusted_lo = floor(undefined) + 1;
        p->trusted_hi = ceil(overload) - 1;
        p->gain = gain;
    }
    return true;
}

bool cbf_full_open(struct source *s, struct cbf *c, struct error *err)
{
    if (!cbf_axes_detector(s, c, err))
        return false;
    for (size_t i = 0; i < s->detector->n_panels; i++)
        s->detector->info[i].type = "SENSOR_UNKNOWN"; /* as dxtbx; decides the smallest spot */
    if (cbf_header_lines(&c->cif))
        cbf_header_sensor(cbf_header_lines(&c->cif), s->detector, &s->arena);
    read_beam_direction(s, &c->cif);
    return read_wavelength(s, &c->cif, err) && read_intensities(s, c, err) &&
           detector_finish(s->detector, s->path, err);
}
