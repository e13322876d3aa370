/* process.h - the main job in parts: inputs (process_inputs.c), what people see of it (process_say.c), the survey (process_survey.c), its journals
 * (process_journal.c), the job itself (process.c). Private to the command. */
#ifndef XFELX_CMD_PROCESS_H
#define XFELX_CMD_PROCESS_H

#include "cmd/parameters.h"

#include "parallel/parallel.h"

/* What is drawn while it runs. */
struct watch {
    bool terminal;
    int64_t drawn;
    uint64_t n_failed;
};

struct job {
    struct cli *cli;
    struct farm *farm;
    struct params *params;
    struct recipe *recipe;
    struct source_list list;
    uint64_t *frames, n_frames; /* rank 0: what the job is about */
    const char *folder;
    int n_threads; /* of this rank */
    struct store *store;
    struct store_job stored;
    int64_t attempt;         /* that a job script was made for; 0: `process` alone */
    struct store_work work;  /* rank 0: of that attempt */
    const char *journals;    /* folder of the job's journals */
    struct journal *journal; /* of this rank */
    struct resume resume;    /* rank 0: what is still to be done */
    struct publish publish;
    struct powder *powder;                /* of this rank; NULL: none is asked for */
    const struct team_survey *survey_how; /* NULL: no survey is asked for */
    struct survey *survey;                /* rank 0 */
    const char *finding_path;             /* rank 0: where the finding is kept until the job is whole */
    uint8_t finding_key[32];
    struct finding kept; /* by an earlier attempt; in the arena */
    const char *kept_text;
    struct watch watch;
    bool hangs; /* threads of ours hang in a disk: they still use what is here */
};

/* ---- an attempt of a campaign (XFELX_ATTEMPT): process_attempt.c ---- */

/* Rank 0: is it one? Then the store is opened and says what it is to work on. ERROR_USAGE: no number, files are named. */
bool attempt_read(struct job *j, size_t n_inputs, struct error *err);

/* Rank 0: who writes, into the store, for status. */
void attempt_writers(const struct job *j);

/* ---- inputs ---- */

/* Rank 0, or a program alone: everything that is read before the first frame. */
bool inputs_read(struct job *j, struct error *err);

/* The same for the other ranks: as bytes, and from them. */
void inputs_pack(const struct job *j, struct str *out);
bool inputs_unpack(struct job *j, struct unwire *in, struct error *err);

/* The run as the store knows it: name, identity, files. In the arena. */
const char *inputs_run_name(struct arena *a, const struct source_list *l);
void inputs_run_hash(struct arena *a, const struct source_list *l, uint8_t out[32]);
struct store_source *inputs_describe(struct arena *a, const struct source_list *l);

/* Prepare the survey that the recipe asks for, if it does. */
bool survey_begin(struct job *j, struct error *err);

/* The job is whole: what was kept for another attempt goes. */
void survey_end(const struct job *j);

/* Rank 0, after store_begin: masks, geometries and reference that the recipe read, as versions (process_calib.c). */
bool calibrations_note(const struct job *j, struct error *err);

/* Where what a survey found stays, beside the journals of its job (keyed by the recipe's hash). In the arena. */
const char *finding_place(struct arena *a, const char *journals, const struct recipe *r);

/* ---- journals ---- */

/* Where they are: journals of the job in its folder; of a campaign's job, or of `process` alone. In the arena. */
const char *journals_place(struct arena *a, const struct params *p, const char *folder, bool campaign);
void journal_place(struct job *j);

/* Rank 0, after store_begin: read what earlier attempts left, put into the store what it lacks, find out what is still to be done,
 * and begin a journal. */
bool journal_resume(struct job *j, struct error *err);

/* The other ranks: begin a journal. */
bool journal_begin(struct job *j, struct error *err);

/* How this rank's files are made. */
const struct publish *journal_publish(struct job *j, const struct sink_options *o);

/* ---- what people see ---- */

void say_start(const struct job *j);
void say_end(const struct job *j, const struct team_progress *p);
int say_elsewhere(const struct error *err);                  /* somebody is at it already; the exit code */
void say_progress(void *arg, const struct team_progress *p); /* arg: struct job */
void say_failed(void *arg, const struct result *r);

#endif
