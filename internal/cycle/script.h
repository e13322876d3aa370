/* script.h - from an action to a job script: what it runs, where, with what. Private to cycle/. */
#ifndef XFELX_CYCLE_SCRIPT_H
#define XFELX_CYCLE_SCRIPT_H

#include "batch/batch.h"
#include "cycle/cycle.h"

/* A job before its attempt is known: all that can be wrong is found here. In the arena. */
struct recipe_of_job {
    struct store_making making;
    struct campaign_key key;
    const struct params *params;  /* the settings, with those of the task's revision over them */
    const char *folder;           /* of the job, absolute */
    const char *phil, *phil_text; /* of the parameters: where they are pinned ("": not yet), and their text */
    const char *program;          /* pinned; "": not yet */
    uint8_t binary_hash[32];
    const char *own;            /* a template of the user, for the whole script; NULL: ours */
    struct batch_script script; /* but name, attempt, record, log, folder, environment */
};

/* Read what the job is made of; version: id of the version that was made for it, 0: as the key says. */
bool script_prepare(struct cycle *c, struct arena *a, const struct action *x, int64_t version,
                    struct recipe_of_job *out, struct error *err);

/* Pin program and parameters. */
bool script_pin(struct cycle *c, struct arena *a, struct recipe_of_job *j, struct error *err);

/* The script of an attempt. */
bool script_render(struct cycle *c, struct arena *a, const struct recipe_of_job *j,
                   const struct store_claimed *k, struct str *out, struct error *err);

/* An attempt that stands for the one that is not claimed yet, to see whether the script can be made. */
extern const struct store_claimed script_no_attempt;

/* Log of an attempt. */
char *script_log(struct arena *a, const struct recipe_of_job *j, int64_t attempt);

/* A task's command for sh: its first line, with the fields of task.c as shell expressions. ERROR_USAGE: unknown field, no command. */
bool task_command(const char *text, struct str *out, struct error *err);

/* What follows the first line: the task's parameters. */
const char *task_parameters(const char *text);

#endif
