/* db.h - what the verbs of `xfelx db` share. A verb is a struct command named "db VERB" in a file cmd/db_*.c and a row of the table in
 * db.c; it takes the parameters db.* like every command, then its own words, then, where no server is named, a folder of
 * results or a database file.
 */
#ifndef XFELX_CMD_DB_H
#define XFELX_CMD_DB_H

#include "cmd/cli.h"
#include "cmd/database.h"

/* The first rows of every verb's options. */
#define DB_OPTIONS                                                                                           \
    {0, "config", "FILE", "settings file, read after the others (also $XFELX_CONFIG)"},                      \
    {                                                                                                        \
        0, "phil", "FILE", "a parameter file"                                                                \
    }

struct db {
    struct params *params;
    struct store_options options; /* of the database that is meant */
    char **words;                 /* the verb's own operands, as many as were asked for */
};

/* Read parameters and operands: n_words of the verb's own, called `what` in messages, then at most one place. */
bool db_read(struct cli *cli, size_t n_words, const char *what, struct db *out, struct error *err);

/* The same, and open the database that is there (store_open_existing). */
bool db_open(struct cli *cli, size_t n_words, const char *what, bool read_only, bool any_schema,
             struct db *out, struct store **store, struct error *err);

/* Wait until nobody works on the database; says once on stderr that it does. */
void db_wait(struct store *s, const char *place);

/* Long work on a terminal: how far it is. db_draw goes into a struct store_progress. */
struct db_drawn {
    bool terminal;
    int64_t start, last;
};
struct db_drawn db_drawing(void);
void db_draw(void *arg, const char *table, int64_t rows);
void db_erase(const struct db_drawn *d);

/* "1.3 MB" */
char *db_bytes(int64_t bytes, char out[32]);

#endif
