/* requests.h - what pages ask for and cannot do themselves (STORE 7.6): done by our own commands, as a person would type them. */
#ifndef XFELX_CYCLE_REQUESTS_H
#define XFELX_CYCLE_REQUESTS_H

#include "cycle/cycle.h"

/* The command line of a request: words behind the program's name, in the arena, ended by NULL. phil: the text that it wants as a file
 * called `file`, NULL: none. detached: it may take long. ERROR_USAGE: a verb that is not for the watcher, arguments that are none. Pure. */
bool request_words(const char *verb, const char *args, const char *file, struct arena *a,
                   const char *const **words, const char **phil, bool *detached, struct error *err);

/* This program with these words (ended by NULL), on the campaign's database, in the name of who. detached: it goes on by itself, and log
 * gets what it says; else its answer is waited for. */
bool run_own(const struct cycle *c, struct arena *a, const char *const *words, const char *who, bool detached,
             const char *log, struct child_answer *said, struct error *err);

#endif
