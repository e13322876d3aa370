/* guard.h - a frame on which a kernel crashes or hangs ends that frame, not the job.
 *
 * Kernels are pure arithmetic in memory of their thread: nothing is locked and nothing half done outside when one is left in the
 * middle. So a SIGSEGV, SIGBUS, SIGFPE or SIGILL whose program counter lies in kernel text (the section kernel_text, which the build
 * puts all of kernels/ into) is caught on a stack of its own, and guard_run returns; likewise a kernel that does not end is left
 * when guard_interrupt is called. Anywhere else (libraries, this program's other rooms) the default action follows: the process
 * dies, and its journal says on what. What the thread's kernels worked in must be made anew before it is used again.
 *
 * In sanitizer builds guard_run only calls: a sanitizer wants the crash.
 */
#ifndef XFELX_PARALLEL_GUARD_H
#define XFELX_PARALLEL_GUARD_H

#include "base/base.h"

enum guard_end {
    GUARD_DONE,
    GUARD_FAULT, /* a kernel crashed */
    GUARD_HANG,  /* a kernel was left because guard_interrupt asked for it */
};

struct guard;

/* Handlers for the process: once, after MPI_Init, before threads. */
void guard_install(void);

/* The guard of the calling thread; NULL: no memory. */
struct guard *guard_make(void);
void guard_free(struct guard *g); /* by the same thread */

/* Call work(arg) on the guard's thread. */
enum guard_end guard_run(struct guard *g, void (*work)(void *arg), void *arg);

/* A byte that is set to this value when the process dies of what the guard's thread did; NULL: none. */
void guard_mark(struct guard *g, volatile uint8_t *byte, uint8_t value);

/* How long its thread has been in guard_run, ns; 0: it is not. Any thread may ask. */
int64_t guard_busy(const struct guard *g);

/* From another thread: leave what it works on, if it is a kernel. It may be called again and again: a thread that waits for a disk
 * is not disturbed, and stays busy. */
void guard_interrupt(struct guard *g);

/* Is this address in kernel text? */
bool guard_is_kernel(const void *address);

#endif
