/* text.h - small steps that readers share. Private to batch/. */
#ifndef XFELX_BATCH_TEXT_H
#define XFELX_BATCH_TEXT_H

#include "batch/batch.h"

/* A stretch of somebody's text. */
struct piece {
    const char *at;
    size_t n;
};

/* The next line of *text, which moves past it; without CR. false: the end. */
bool take_line(const char **text, struct piece *line);

/* Cut a piece at a character: the part before it goes to *field, the rest stays. The last field takes all. */
bool take_field(struct piece *rest, char cut, struct piece *field);

struct piece trim(struct piece p);
bool piece_is(struct piece p, const char *word);
bool piece_starts(struct piece p, const char *word);
void piece_copy(struct piece p, char *out, size_t size);
int64_t piece_int(struct piece p, int64_t otherwise); /* leading digits, sign allowed */

/* Times, in ns UTC: "1795634307" (seconds), "2026-11-25T19:37:15" (local), "Wed Nov 25 19:18:39 2026" (local); 0: none of these. */
int64_t piece_time(struct piece p);

/* A word of a scheduler and what it means. */
struct state_word {
    const char *word;
    enum attempt_state state;
    enum end_kind end;
};

/* Set state, end and raw word; a word that is not in the table leaves the state unknown. */
void set_state(struct batch_job *job, const struct state_word *table, struct piece word);

/* How a job ended by the code of its shell: 0 ok, 75 unfinished, 128 + n a signal, else exit. */
void set_exit(struct batch_job *job, int code);

#endif
