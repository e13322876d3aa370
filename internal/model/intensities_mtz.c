/* intensities_mtz.c - merged MTZ files (FORMATS 6.1): 4-byte words, the header behind the data.
 *
 * Only what is needed to take one column of intensities: sizes, columns, cell. Symmetry comes from the caller. Every number of the
 * header is checked against the size of the file before it is used. */
#include "model/intensities_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RECORD = 80, COLUMNS_MAX = 1000, DATA_AT = 80 };

struct mtz {
    const uint8_t *data;
    size_t size, header; /* byte where the header begins */
    bool big;            /* big-endian */
    long columns, rows, batches;
    double missing; /* besides NaN; NaN: none */
    double cell[6];
    char labels[COLUMNS_MAX][32], types[COLUMNS_MAX];
    long n_labels;
};

bool mtz_known(const uint8_t *data, size_t n)
{
    return n >= 4 && !memcmp(data, "MTZ ", 4);
}

static uint32_t word(const struct mtz *m, size_t at)
{
    const uint8_t *p = m->data + at;
    return m->big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                  : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static double real(const struct mtz *m, size_t at)
{
    uint32_t bits = word(m, at);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* Where the header begins: words counted from 1; -1 says that a 64-bit number at byte 12 has it. */
static bool find_header(struct mtz *m, const char *name, struct error *err)
{
    if (m->size < DATA_AT)
        return error_set(err, ERROR_TRUNCATED, "%s is cut inside the first record of an MTZ file", name);
    uint8_t stamp = m->data[8] >> 4;
    if (stamp != 1 && stamp != 4)
        return error_set(err, ERROR_UNSUPPORTED,
                         "%s has MTZ numbers of a machine that is not known (stamp %02x)", name, m->data[8]);
    m->big = stamp == 1;
    uint64_t place = word(m, 4);
    if (place == UINT32_MAX) {
        uint64_t first = word(m, 12), second = word(m, 16);
        place = m->big ? first << 32 | second : second << 32 | first;
    }
    if (place < DATA_AT / 4 + 1 || place > m->size / 4 || 4 * (place - 1) + RECORD > m->size)
        return error_set(err, ERROR_TRUNCATED, "%s ends before its MTZ header", name);
    m->header = 4 * (size_t)(place - 1);
    return true;
}

static bool bad_record(const char *record, const char *name, struct error *err)
{
    error_set(err, ERROR_DAMAGED, "%s has an MTZ header record that cannot be read", name);
    return error_detail(err, "%s", record);
}

static bool take_record(struct mtz *m, const char *record, const char *name, struct error *err)
{
    if (!strncmp(record, "NCOL", 4)) {
        if (sscanf(record + 4, "%ld %ld %ld", &m->columns, &m->rows, &m->batches) < 2 || m->columns < 4 ||
            m->columns > COLUMNS_MAX || m->rows < 0)
            return bad_record(record, name, err);
    } else if (!strncmp(record, "CELL", 4)) {
        double *c = m->cell;
        if (sscanf(record + 4, "%lf %lf %lf %lf %lf %lf", c, c + 1, c + 2, c + 3, c + 4, c + 5) != 6)
            return bad_record(record, name, err);
    } else if (!strncmp(record, "VALM", 4)) {
        if (sscanf(record + 4, "%lf", &m->missing) != 1)
            return bad_record(record, name, err);
    } else if (!strncmp(record, "COLU", 4)) {
        if (m->n_labels == COLUMNS_MAX ||
            sscanf(record, "%*s %31s %c", m->labels[m->n_labels], &m->types[m->n_labels]) != 2)
            return bad_record(record, name, err);
        m->n_labels++;
    }
    return true;
}

static bool read_header(struct mtz *m, const char *name, struct error *err)
{
    for (size_t at = m->header; at + RECORD <= m->size; at += RECORD) {
        char record[RECORD + 1];
        memcpy(record, m->data + at, RECORD);
        record[RECORD] = 0;
        if (!strncmp(record, "END", 3)) {
            if (m->columns && m->n_labels == m->columns)
                break;
            return error_set(err, ERROR_DAMAGED, "%s names %s and describes %ld", name,
                             COUNT(m->columns, "column"), m->n_labels);
        }
        if (!take_record(m, record, name, err))
            return false;
        if (at + 2 * RECORD > m->size)
            return error_set(err, ERROR_TRUNCATED, "%s is cut inside its MTZ header", name);
    }
    if (m->batches > 0)
        return error_set(err, ERROR_UNSUPPORTED, "%s holds unmerged reflections (%ld batches)", name,
                         m->batches),
               error_hint(err, "merge them first");
    if ((uint64_t)m->rows * (uint64_t)m->columns * 4 + DATA_AT > m->header)
        return error_set(err, ERROR_TRUNCATED, "%s has room for fewer than its %s", name,
                         COUNT(m->rows, "reflection"));
    return true;
}

static long column_of_type(const struct mtz *m, char type)
{
    for (long c = 3; c < m->n_labels; c++)
        if (m->types[c] == type)
            return c;
    return -1;
}

/* The column asked for; else intensity, I(+), amplitude, F(+). */
static bool choose_column(const struct mtz *m, const char *label, const char *name, long *column,
                          struct error *err)
{
    *column = -1;
    for (long c = 0; label && c < m->n_labels; c++)
        if (!strcmp(m->labels[c], label))
            *column = c;
    for (const char *type = "JKFG"; !label && *type && *column < 0; type++)
        *column = column_of_type(m, *type);
    if (*column < 0 || !strchr("JKFG", m->types[*column])) {
        error_set(err, ERROR_METADATA,
                  label ? "%s has no intensities or amplitudes named %s"
                        : "%s has no intensities or amplitudes",
                  name, label);
        struct str names = {0};
        for (long c = 3; c < m->n_labels; c++)
            str_printf(&names, "%s%s", c > 3 ? " " : "", m->labels[c]);
        error_detail(err, "its columns: %s", names.text ? names.text : "none");
        str_free(&names);
        return false;
    }
    return true;
}

bool mtz_read(const uint8_t *data, size_t n, const char *name, const char *label, struct raw_intensities *out,
              struct error *err)
{
    struct mtz *m = arena_alloc(out->arena, sizeof *m);
    long column;
    *m = (struct mtz){.data = data, .size = n, .missing = NAN};
    if (!find_header(m, name, err) || !read_header(m, name, err) ||
        !choose_column(m, label, name, &column, err))
        return false;
    bool amplitude = strchr("FG", m->types[column]) != NULL;
    for (long row = 0; row < m->rows; row++) {
        size_t at = DATA_AT + 4 * (size_t)row * (size_t)m->columns;
        const double hkl[3] = {real(m, at), real(m, at + 4), real(m, at + 8)};
        double value = real(m, at + 4 * (size_t)column);
        if (!isfinite(value) || value == m->missing)
            continue;
        if (!raw_intensities_add(out, hkl, amplitude ? value * value : value, name, (size_t)row + 1, err))
            return false;
    }
    memcpy(out->cell, m->cell, sizeof m->cell);
    return true;
}
