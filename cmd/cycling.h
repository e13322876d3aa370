/* cycling.h - what `xfelx submit` and `xfelx watch` share: settings, database, lease, and a cycle of the slow flow. */
#ifndef XFELX_CMD_CYCLING_H
#define XFELX_CMD_CYCLING_H

#include "cmd/cli.h"
#include "cmd/inputs.h"
#include "cycle/cycle.h"

/* The first rows of their options. */
#define CYCLING_OPTIONS                                                                                      \
    {0, "config", "FILE", "settings file, read after the others (also $XFELX_CONFIG)"},                      \
    {                                                                                                        \
        0, "phil", "FILE", "a parameter file"                                                                \
    }

enum { LEASE_SECONDS = 60, LEASE_RENEWED = 20 };

struct cycling {
    struct cli *cli;
    struct arena arena; /* of settings: emptied when they are read anew */
    struct params *params;
    struct store *store;
    struct cycle cycle;
    struct inputs inputs; /* files of recipes that were opened */
    char owner[OWNER];
    int64_t held_until, renew_at; /* of the lease, by our monotonic clock; 0: not held */
    bool (*stopped)(void);        /* asked to end */
};

/* Settings, database (made when it is not there) and cycle. ERROR_USAGE: operands that are no parameters, settings that cannot be. */
bool cycling_open(struct cli *cli, struct cycling *out, struct error *err);
void cycling_close(struct cycling *g);

/* Read the settings again; a mistake in them leaves the old ones. */
bool cycling_reload(struct cycling *g, struct error *err);

/* Take or renew the lease when it is time to. *held: we may act; else *holder says who does. */
bool cycling_lease(struct cycling *g, bool *held, char holder[OWNER], struct error *err);
void cycling_release(struct cycling *g);

/* A cycle's report as a line: "12 runs (1 new), 3 jobs live, 2 submitted". Added to out. */
void cycling_say(const struct cycle_report *r, struct str *out);

#endif
