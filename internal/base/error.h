/* error.h - the one way to fail.
 *
 * A function that can fail returns bool (or a pointer) and fills a struct error. The error is passed up unchanged and
 * printed once, in cmd/, as at most three lines: the fact, "detail:" (what the system or a library said), "hint:" (what
 * a person can do). A frame's failure is data, not an error: codes ERROR_UNREADABLE … ERROR_GAIN_TWICE carry the number of
 * the frame's reason (WORDS 2), so that the pipeline can turn one into the other.
 */
#ifndef XFELX_BASE_ERROR_H
#define XFELX_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum error_code {
    ERROR_NONE = 0,
    ERROR_FAILED = 1,   /* could not be done; nothing more specific fits */
    ERROR_USAGE = 2,    /* wrong option, parameter, settings file: exit code 2 */
    ERROR_END = 3,      /* an iterator has nothing more; not printed */
    ERROR_NO_SPACE = 4, /* disk full or quota: exit code 75 */
    ERROR_MEMORY = 5,
    ERROR_INTERNAL = 6, /* one of our own checks failed */
    ERROR_BUSY = 7,     /* somebody else holds it; run again: exit code 75 */

    /* what can be wrong with an input; the numbers are those of the frame reasons */
    ERROR_UNREADABLE = 40,  /* cannot be opened, or is none of our formats */
    ERROR_EMPTY = 41,       /* no frames, or zero length */
    ERROR_MISSING = 42,     /* linked file or dataset is not there */
    ERROR_METADATA = 43,    /* wavelength, distance, axes, sizes impossible or absent */
    ERROR_TRUNCATED = 44,   /* data end early */
    ERROR_DAMAGED = 45,     /* checksum or lengths wrong */
    ERROR_UNSUPPORTED = 46, /* a filter, type or layout that is not read, named */
    ERROR_IO = 47,          /* read error of the system */
    ERROR_CHANGED = 48,     /* size or time changed while it was read */
    ERROR_GAIN_TWICE = 49,  /* gain in the file and as parameter */
    ERROR_MASK = 50,        /* mask and frame differ in shape */
};

struct error {
    enum error_code code; /* ERROR_NONE: nothing set */
    char fact[512];       /* what could not be done, with names and numbers */
    char detail[512];     /* what the system said; may be empty */
    char hint[512];       /* what the person can do; may be empty */
};

/* Set the fact (and code) of *err; detail and hint are cleared. Over-long text loses its
 * middle. err may be NULL. Control characters and bytes that are no UTF-8 (hostile file names) are written as \xHH.
 * Always returns false, so that
 * `return error_set(…)` reads well; add lines with the comma operator: `return error_set(…), error_hint(…);`. */
bool error_set(struct error *err, enum error_code code, const char *fact, ...)
    __attribute__((format(printf, 3, 4)));

/* Set the detail or hint line of an error that has a fact. Always return false. */
bool error_detail(struct error *err, const char *detail, ...) __attribute__((format(printf, 2, 3)));
bool error_hint(struct error *err, const char *hint, ...) __attribute__((format(printf, 2, 3)));

/* error_set for a failed system call: the detail line is strerror(errno) as it was on entry. */
bool error_system(struct error *err, enum error_code code, const char *fact, ...)
    __attribute__((format(printf, 3, 4)));

/* The error as one line: "fact: detail (hint)", in as many bytes as there are; where that is too little the hint goes, then the
 * detail. For places that have no room for three lines. */
char *error_line(const struct error *err, char *out, size_t size);

#endif
