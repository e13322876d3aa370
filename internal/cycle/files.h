/* files.h - the files of a campaign that jobs are made of (STORE 2): OUT/.xfelx/{bin,phil,jobs}. Private to cycle/. */
#ifndef XFELX_CYCLE_FILES_H
#define XFELX_CYCLE_FILES_H

#include "cycle/cycle.h"

/* OUT/.xfelx/jobs/N with an ending (".sh", ".begin"; "": the record's stem). In the arena. */
char *job_file(struct arena *a, const char *out, int64_t attempt, const char *ending);

/* A record of an attempt; false: it is not there, or none of ours (then it is said once). */
bool job_record(const char *out, int64_t attempt, bool end, struct batch_record *r);

/* Remove records that lie under an attempt's number before it is submitted: a database that was deleted or taken back gives its
 * numbers again, and what earlier attempts wrote down would be believed. */
void job_forget_records(const char *out, int64_t attempt);

/* Copy the program to OUT/.xfelx/bin/xfelx-HASH, unless it is there; whole or not at all. *hash: SHA-256. In the arena. */
bool pin_program(struct arena *a, const char *out, const char *program, const char **path, uint8_t hash[32],
                 struct error *err);

/* The same for the text of parameters: OUT/.xfelx/phil/HASH.phil. */
bool pin_text(struct arena *a, const char *out, const char *text, const char **path, struct error *err);

#endif
