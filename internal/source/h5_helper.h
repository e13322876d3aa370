/* h5_helper.h - the process that reads HDF5 metadata, seen from the program (FORMATS_INPUT 4.5).
 *
 * One helper a process, forked before threads; it forks a child for each file, so that a file that crashes the HDF5
 * library costs that file only. source_helper_start and source_helper_stop (source.h) begin and end it.
 */
#ifndef XFELX_SOURCE_H5_HELPER_H
#define XFELX_SOURCE_H5_HELPER_H

#include "source/h5_message.h"

#include <sys/types.h>

/* Ask about a file. Thread-safe: one request at a time. The description lives in the arena. Fails with what the child
 * said, with ERROR_UNREADABLE when the library crashed or took longer than a minute, or when the helper is not there. */
bool h5_ask(const struct h5_request *q, struct arena *a, struct h5_description *out, struct error *err);

/* Process id of the helper, 0: none. For tests. */
pid_t h5_helper_pid(void);

#endif
