/* place.h - what a file system can do for SQLite: shared memory between processes, or only locks, or not even these.
 * Private to store/. */
#ifndef XFELX_STORE_PLACE_H
#define XFELX_STORE_PLACE_H

#include <stdbool.h>

/* "wal" where the file's folder is on a local disk, "delete" (a rollback journal) on file systems of several machines
 * (Lustre, GPFS, NFS, …), where the mapped memory of WAL is not shared. */
const char *place_shared_name(const char *path); /* of the shared file system a file lies on; NULL: on none */
const char *place_journal_mode(const char *path);

/* Is a magic number of statfs that of a file system of several machines? */
bool place_is_shared(unsigned long magic);

/* Do locks hold between two processes in this folder? Tried with a child and a file of its own, which is removed. */
bool place_locks_hold(const char *folder);
bool place_locks_hold_beside(const char *path); /* in the folder of a file */

#endif
