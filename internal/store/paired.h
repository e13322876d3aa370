/* paired.h - the same frames in two jobs: what became of each in both. Part of the store's face; store.h includes it. */
#ifndef XFELX_STORE_PAIRED_H
#define XFELX_STORE_PAIRED_H

#include "base/base.h"
#include "model/model.h"

struct store;

enum { PAIRED_OUTCOMES = 8 };

/* n[a][b]: frames that both jobs have, by their outcomes. The jobs are of one run, whose files have one numbering. The only list of frames
 * that is read whole here: two look-ups a frame, by the keys of the jobs. */
bool store_paired(struct store *s, int64_t job_a, int64_t job_b, uint64_t n[PAIRED_OUTCOMES][PAIRED_OUTCOMES],
                  struct error *err);

#endif
