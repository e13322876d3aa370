/* replay.h - from journals into the store: what a process found and could not store any more, whatever ended it (STORE 5.5, 7.2).
 *
 *     journals_list(folder, -1, &arena, &paths, &n, &err);
 *     journals_open(paths, n, &journals, &err);            // every record is read once
 *     replay_store(journals, store, &job, hash, &put, &err);
 *
 * `process` does so when it goes on with a job, and when a database that was away is back; `xfelx db replay` without processing
 * anything. The caller holds the job's lock. Any number of times: a frame's row is inserted once.
 */
#ifndef XFELX_PARALLEL_REPLAY_H
#define XFELX_PARALLEL_REPLAY_H

#include "sink/sink.h"
#include "store/store.h"

/* Put the final frames of the journals that the store lacks there, in batches, in the order of the frames. recipe_hash: hexadecimal,
 * for the identifiers. n_put: how many it lacked. Of a frame that two ranks did
 * the record counts from then on whose row is there (journals_prefer). Memory: one batch, and a few bytes a frame. */
bool replay_store(struct journals *j, struct store *s, const struct store_job *job, const char *recipe_hash,
                  uint64_t *n_put, struct error *err);

#endif
