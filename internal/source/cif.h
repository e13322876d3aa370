/* cif.h - the text of a CBF file as tables, and its binary sections.
 *
 * A category is a table whether the file writes it as a loop or as single items. Values are text, NULL for
 * "." and "?". A binary section is a value whose text is NULL and whose section number is ≥ 0; its bytes are
 * stepped over by the size that its own header states, never searched. Everything lives in the arena except
 * the bytes of sections, which stay in data.
 */
#ifndef XFELX_SOURCE_CIF_H
#define XFELX_SOURCE_CIF_H

#include "source/cbf_section.h"

struct cif_value {
    const char *text;
    int section; /* -1: none */
};

struct cif_table {
    const char *category;
    bool loop;
    size_t n_columns, n_rows, room;
    const char **columns;    /* item names without the category, lower case */
    struct cif_value *cells; /* [n_rows][n_columns] of a loop; of single items the one row */
};

struct cif {
    size_t n_tables, n_sections;
    struct cif_table *tables;
    struct cbf_section *sections;
};

/* Parse a whole file. ERROR_DAMAGED (names the line), ERROR_TRUNCATED (ends inside a value),
 * ERROR_UNSUPPORTED (over the limits of FORMATS_INPUT 1.2). A section whose bytes are cut is kept, and fails
 * when it is decoded. */
bool cif_parse(const uint8_t *data, size_t n, const char *path, struct arena *a, struct cif *out,
               struct error *err);

/* The first table of a category that has this item (item NULL: any); NULL: none. */
const struct cif_table *cif_find(const struct cif *c, const char *category, const char *item);

/* Column number of an item, -1: none. Value of a row by item name; NULL: no column, or no value. */
int cif_column(const struct cif_table *t, const char *item);
const char *cif_text(const struct cif_table *t, size_t row, const char *item);

/* A value as a number: fallback when there is none. false: there is text, and it is no finite number. */
bool cif_number(const struct cif_table *t, size_t row, const char *item, double fallback, double *out);
bool cif_integer(const struct cif_table *t, size_t row, const char *item, int64_t fallback, int64_t *out);

/* Rows of a table by the text of one column, for tables that may be long. */
struct cif_index {
    size_t n;
    struct cif_key {
        const char *text;
        size_t row;
    } * keys; /* sorted by text, then row */
};
void cif_index_make(const struct cif_table *t, const char *item, struct arena *a, struct cif_index *out);
size_t cif_index_first(const struct cif_index *x, const char *text); /* first key with this text; n: none */
long cif_index_row(const struct cif_index *x, const char *text);     /* first such row, -1: none */

#endif
