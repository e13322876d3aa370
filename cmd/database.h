/* database.h - the database that the parameters db.* name: a file, or a server. */
#ifndef XFELX_CMD_DATABASE_H
#define XFELX_CMD_DATABASE_H

#include "cmd/cli.h"
#include "param/param.h"
#include "store/store.h"

/* What db.* say; folder: where the SQLite file is when they say nothing. Texts in the arena; reads db.password_file.
 * ERROR_USAGE: settings that cannot be or do not go together, a password file that others can read. */
bool database_options(struct arena *a, const struct params *p, const char *folder, struct store_options *out,
                      struct error *err);

/* Open it. */
bool database_open(struct arena *a, const struct params *p, const char *folder, bool read_only,
                   struct store **out, struct error *err);

/* What place (a folder of results, or a file: one that is there, or a name in .db) or, where it is NULL, the settings name; else
 * that of the present folder. */
bool database_options_at(struct cli *cli, const struct params *p, const char *place,
                         struct store_options *out, struct error *err);

/* Commands that look at one: place is a folder of results or a file, NULL: what the settings name, else the present folder. */
bool database_open_at(struct cli *cli, const struct params *p, const char *place, bool read_only,
                      struct store **out, struct error *err);

/* What people call it: the experiment's name, where the settings name the database, else the folder's. */
const char *database_title(struct cli *cli, const struct params *p, const char *place);

#endif
