/* params.h - struct params for the files of param/ that fill it. */
#ifndef XFELX_PARAM_PARAMS_H
#define XFELX_PARAM_PARAMS_H

#include "param/param.h"
#include "param/phil.h"

struct params {
    struct arena *arena;
    struct phil_node *root; /* of the master of all rows */
};

/* Merge a tree whose names must all be known, and check. */
bool params_merge_tree(struct params *p, struct phil_object *tree, struct error *err);

/* Check what was merged: types, ranges, nothing that is not supported yet. */
bool params_settle(struct params *p, struct error *err);

#endif
