/* log.h - warnings that people see once: the same text is printed the first time and only counted afterwards.
 *
 * To stderr, one line, "warning: …". Thread-safe. log_warn never fails and never allocates without bound: after 256
 * different texts further ones are only counted.
 */
#ifndef XFELX_BASE_LOG_H
#define XFELX_BASE_LOG_H

#include <stddef.h>
#include <stdbool.h>

void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Warnings so far: number of different texts; text and count of the i-th. */
size_t log_count(void);
const char *log_text(size_t i, size_t *times);

/* Hold warnings back from stderr (a progress line is being drawn); they are counted and printed by log_flush. */
void log_hold(bool hold);
void log_flush(void);

#endif
