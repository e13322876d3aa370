/* rows.h - the built-in table inside param/, and the master made of it. */
#ifndef XFELX_PARAM_ROWS_H
#define XFELX_PARAM_ROWS_H

#include "param/param.h"
#include "param/phil.h"

/* The master of all rows, both trees in one: no path is in both. Every definition's `row` is its struct param_row. */
struct phil_object *rows_master(struct arena *a);

/* Name of the environment variable of a row, "XFELX_DB_HOST"; NULL: it has none (WORDS 6: only single settings and xfelx.*). */
const char *rows_environment(struct arena *a, const struct param_row *row);

/* A value that must not be printed or given on a command line. */
bool rows_is_secret(const struct param_row *row);

#endif
