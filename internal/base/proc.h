/* proc.h - this process and its helpers: CPUs that may be used, its name, forked helpers with a message socket, processes that live on. */
#ifndef XFELX_BASE_PROC_H
#define XFELX_BASE_PROC_H

#include "base/arena.h"
#include "base/error.h"

#include <sys/types.h>

/* CPUs this process may use: the smaller of its affinity and the cgroup's quota (v2 cpu.max, v1 cfs_quota), rounded up, ≥ 1. */
int proc_cpus(void);

/* Name of this machine; never NULL. */
const char *proc_host(struct arena *a);

/* Fork a helper that runs work(fd, arg) and then exits with its return value; the caller's end of a SOCK_SEQPACKET pair
 * comes back in *fd. The helper dies with its parent (PR_SET_PDEATHSIG). Must be called before threads and MPI start. */
bool proc_fork_helper(int (*work)(int fd, void *arg), void *arg, pid_t *pid, int *fd, struct error *err);

/* Wait for a helper that ends by itself. Its exit code; -1: it was killed. */
int proc_reap(pid_t pid);

/* Run work(fd, arg) in a process that lives on when this one ends: of its own session, with nothing of ours open. It writes a byte to fd
 * when it is well on its way; false: it ended before that. */
bool proc_detach(int (*work)(int fd, void *arg), void *arg, struct error *err);

/* Start a program in a session of its own: nothing on its input, what it says added to a file. environment: all of it, ends with NULL.
 * Wait for it by proc_wait: its exit code; -1: *signal killed it. */
bool proc_start(const char *const *argv, const char *folder, const char *output,
                const char *const *environment, pid_t *pid, struct error *err);
int proc_wait(pid_t pid, int *signal);

#endif
