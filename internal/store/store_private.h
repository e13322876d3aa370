/* store_private.h - what store.c and read.c share. */
#ifndef XFELX_STORE_PRIVATE_H
#define XFELX_STORE_PRIVATE_H

#include "store/sqlite.h"
#include "store/store.h"

struct store {
    struct sql sql;
    int lock; /* flock of "<file>.lock" held while an attempt of this process lives; -1: none */
};

#endif
