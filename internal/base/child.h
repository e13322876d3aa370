/* child.h - run another program and take its answer: no shell, a time limit, an end to what it may say. */
#ifndef XFELX_BASE_CHILD_H
#define XFELX_BASE_CHILD_H

#include "base/error.h"
#include "base/str.h"

#include <stdatomic.h>
#include <sys/types.h>

/* What to run.
 *
 * argv     ends with NULL; argv[0] is looked for in PATH
 * set      "NAME=value", added to the environment or in place of what is there; ends with NULL; NULL: nothing
 * drop     names, or beginnings of names that end in '*', taken out of the environment first; ends with NULL
 * folder   where it runs; NULL: here
 * input    its standard input; NULL: empty
 * seconds  after these it and its group get SIGTERM, two seconds later, or when it has ended, SIGKILL; 0: never
 * stop     becomes true: as if its time were over; NULL: never
 * running  the process while it runs, for a signal handler that ends its whole group (kill(-pid)); 0 before and after. NULL: nobody asks
 * limit    bytes kept of each output; the rest is read and forgotten. 0: 16 MiB
 */
struct child {
    const char *const *argv, *const *set, *const *drop;
    const char *folder, *input;
    size_t n_input;
    double seconds;
    const atomic_bool *stop;
    size_t limit;
    volatile pid_t *running;
};

struct child_answer {
    int exit_code;       /* -1: it was killed */
    int signal;          /* that killed it; 0: none */
    bool timed_out;      /* … because its time was over */
    struct str out, err; /* what it said; NUL bytes become blanks */
};

/* Run it to its end. false: it could not be started at all (not found, no memory). Release the answer in either case. Other threads
 * may run at the same time; its own children that keep the outputs open are not waited for longer than its time. */
bool child_run(const struct child *c, struct child_answer *out, struct error *err);
void child_answer_free(struct child_answer *a);

/* Quote text for a POSIX shell: as it is when that is harmless, else 'in single quotes'. */
void shell_quote(struct str *out, const char *text);

/* A command of the user's settings with its fields <name> filled in, quoted, for sh. What is no word in small letters between the brackets
 * is a redirection of the shell and stays. ERROR_USAGE: a field that is none of these; setting: its name for the message.
 *
 * ready    value is shell text already (several words), taken as it is
 */
struct shell_field {
    const char *name, *value;
    bool ready;
};
bool shell_fill(struct str *out, const char *setting, const char *command, const struct shell_field *fields,
                size_t n, struct error *err);

#endif
