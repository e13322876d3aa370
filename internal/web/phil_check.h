/* phil_check.h - what parameters from a page may not hold (WEB 4.9): nothing that reads another file as parameters, and nothing that
 * becomes a command. Pure. Private to web/. */
#ifndef XFELX_WEB_PHIL_CHECK_H
#define XFELX_WEB_PHIL_CHECK_H

#include "base/base.h"

/* A word `include` anywhere, or one of the scopes of settings, which say what is run and where things are (mp, custom, hook, db, facility …), as "mp.…" or "mp {", also in comments and values: what the parser would make of a text is not guessed here. ERROR_USAGE with
 * the word. Who may type commands has the command line. */
bool web_phil_check(const char *text, struct error *err);

#endif
