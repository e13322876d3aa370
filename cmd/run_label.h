/* run_label.h - what the ways to give labels share (SCIENCE 23): what is known of frames beside their images, said of runs and of
 * stretches of time on the command line, or of single frames in a file.
 */
#ifndef XFELX_CMD_RUN_LABEL_H
#define XFELX_CMD_RUN_LABEL_H

#include "cmd/book.h"

/* A label of this name with the options --kind, --unit, --bin of the command line. Fails where they are none. */
bool run_label_options(struct book *b, const char *name, struct store_label *out, struct error *err);

/* Kind of a word (text, number, bool); false, and kind 0: it is none. */
bool run_label_kind(const char *word, int *kind);

/* off, false, no: 0; on, true, yes: 1; false: it is none of these. */
bool run_label_bool(const char *text, double *out);

/* A text as a value of a kind; false: it is none. A bool may be 0 and 1 too. */
bool run_label_value(const char *text, int kind, struct store_label_value *out);

/* That of a name; NULL: there is none. */
const struct store_label_set *run_label_set(const struct store_label_set *rows, size_t n, const char *name);

/* "laser: bool, version 2; 4 frames of 1 run labelled, …". */
void run_label_say_set(struct book *b, const struct store_label_set *s);

/* Take all labels of a file, or none where a line cannot be used (but --skip-bad passes over it), join them to the frames that are
 * there, and say so. */
bool run_label_file(struct book *b, const char *path, struct error *err);

#endif
