/* merge_log.h - what cctbx.xfel.merge says of a merge in its main log (FORMATS 10.3). Pure: text in, shells out. Part of the store's face.
 *
 * Taken are its table "Intensity Statistics (all accepted experiments)" (possible, unique and measured reflections, mean I, I/σ), from
 * which completeness and multiplicity are computed anew; "CC 1/2" (pairs, CC); R split of "Table of Scaling Results", where that step
 * was reached; and the last number of experiments, which are the lattices. A log is appended to by the next merge in the same folder:
 * only what follows its last "STEP 1" counts.
 *
 * A CC of fewer than three pairs is not known (two always agree; the program writes 0 for one); CC* = sqrt(2 CC / (1 + CC)), for CC ≥ 0.
 */
#ifndef XFELX_STORE_MERGE_LOG_H
#define XFELX_STORE_MERGE_LOG_H

#include "store/merges.h"

enum { MERGE_LOG_BYTES = 16 << 20, MERGE_LOG_SHELLS = 1000 }; /* of a log: its end; of a table */

/* Shell 0 (all), then those that have reflections, from low resolution; version and job are 0. name: of the file, for messages.
 * ERROR_METADATA: there is no such table, its columns are others than we know, or its sums do not fit; ERROR_TRUNCATED: the log ends
 * before its table does. In the arena. */
bool merge_log_parse(const char *text, size_t size, const char *name, struct arena *a,
                     struct store_merge_shell **rows, size_t *n, struct error *err);

/* Of a file, which may be growing. Also ERROR_UNREADABLE, ERROR_IO. */
bool merge_log_read(const char *path, struct arena *a, struct store_merge_shell **rows, size_t *n,
                    struct error *err);

#endif
