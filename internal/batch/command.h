/* command.h - running a scheduler's commands. Private to batch/. */
#ifndef XFELX_BATCH_COMMAND_H
#define XFELX_BATCH_COMMAND_H

#include "batch/batch.h"

/* A command line that grows. Words live in the arena. */
struct command_line {
    struct arena arena;
    const char **words;
    size_t n;
};
void command_add(struct command_line *c, const char *word);
void command_add_all(struct command_line *c, const char *const *words); /* ends with NULL */
void command_free(struct command_line *c);

/* Run it with the environment that schedulers' commands want: nothing of the job that we may be part of, C locale, epoch times.
 * folder, input: NULL for none. */
bool command_run(const struct batch_site *s, const struct command_line *c, const char *folder,
                 const struct bytes *input, struct child_answer *out, struct error *err);

/* The first line of what it said on stderr, else on stdout. */
void command_says(const struct child_answer *a, char *out, size_t size);

/* "squeue failed: …" */
bool command_failed(const struct command_line *c, const struct child_answer *a, struct error *err);

/* Judge the answer to a submission by its id, else by the scheduler's texts. */
void command_judge(const struct child_answer *a, bool (*read_id)(const char *text, char *id, size_t size),
                   const struct batch_text *texts, struct batch_answer *out);

/* Ids joined by a character, in the arena; text of an answer, never NULL. */
char *join_ids(struct arena *a, const char *const *ids, size_t n, char between);
const char *answer_text(const struct str *s);

#endif
