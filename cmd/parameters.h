/* parameters.h - what commands that take parameters share: the options, reading of all layers, --show-params. */
#ifndef XFELX_CMD_PARAMETERS_H
#define XFELX_CMD_PARAMETERS_H

#include "cmd/cli.h"
#include "param/param.h"

/* Rows for the options table of such a command. */
// clang-format off
#define PARAMETER_OPTIONS                                                                                                         \
    {'c', "show-params", NULL, "print the parameters that would be used, in a form that can be read back, and stop"},             \
    {0, "changed", NULL, "with --show-params: only those that differ from the defaults"},                                         \
    {'e', "expert", "LEVEL", "with --show-params: rows up to this expert level (0 to 3; 0 when not given)"},                      \
    {'a', "attributes", "LEVEL", "with --show-params: 1 adds help texts, 2 also type, unit and range"},                           \
    {'o', "origins", NULL, "with --show-params: say for each value which file, variable or argument it came from"},               \
    {0, "config", "FILE", "settings file, read after the others (also $XFELX_CONFIG)"},                                           \
    {0, "phil", "FILE", "parameter file, whatever its name; files ending in .phil are recognised without"}
// clang-format on

/* All layers: settings files, environment, --config, --phil, then the operands that are parameter files or assignments, in
 * order. The other operands are what is left in *others. */
bool parameters_read(struct cli *cli, struct params **out, char ***others, size_t *n_others,
                     struct error *err);

/* Was --show-params given? Then print them and return true. */
bool parameters_shown(const struct cli *cli, const struct params *p);

#endif
