/* doctor.h - what `xfelx doctor` looks at: a row a check. Private to its files. */
#ifndef XFELX_CMD_DOCTOR_H
#define XFELX_CMD_DOCTOR_H

#include "cmd/cli.h"
#include "cycle/cycle.h"
#include "param/param.h"
#include "store/store.h"

enum doctor_level { DOCTOR_WELL, DOCTOR_NOTE, DOCTOR_ILL, DOCTOR_LEVELS };

struct doctor_finding {
    const char *check;
    enum doctor_level level;
    const char *fact, *hint; /* hint "": none */
};

/* What checks share. Those that could not be had are NULL, and whose check it is says why. */
struct doctor {
    struct cli *cli;
    struct arena *arena;
    struct params *params;
    const char *folder;  /* output_folder; NULL: not set */
    struct store *store; /* opened by the check "database" */
    struct cycle *cycle; /* opened by the check "scheduler" */
    double wait;         /* seconds that the job of --mpi may take; 0: none is submitted */
    const char *check;   /* that runs */
    struct doctor_finding *findings;
    size_t n;
};

/* Say something; at least once a check. */
void doctor_say(struct doctor *d, enum doctor_level level, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void doctor_say_error(struct doctor *d, const struct error *err); /* ill */

struct doctor_check {
    const char *name, *text;
    void (*run)(struct doctor *d);
};
extern const struct doctor_check doctor_checks[]; /* in order; ends with a row without name */

#endif
