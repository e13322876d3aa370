/* launch.h - what is right before MPI_Init, decided without MPI (VENDOR 3.2, 3.4). Private to parallel/; launch_detect is in
 * parallel.h. */
#ifndef XFELX_PARALLEL_LAUNCH_H
#define XFELX_PARALLEL_LAUNCH_H

#include "parallel/parallel.h"

/* Set in the environment what MPI_Init needs on this machine: an address where the host's name says none, TCP alone where
 * there is no shared memory. Fails when no address can be found. */
bool launch_prepare(const struct launch *l, struct error *err);

/* launch_prepare's two questions with their answers as arguments, for tests.
 *
 * launch_address   the text that other ranks can reach this machine by; NULL: the name will do
 * launch_no_shm    shared memory cannot be used: neither folder can be written, or shm has too little room
 */
const char *launch_address(const struct launch *l, const char *name, const char *route_table, char out[64]);
bool launch_no_shm(const char *shm, const char *tmp);

#endif
