/* directory_private.h - a look at folders of files on its way: candidates, folder by folder, then compared with the last look. */
#ifndef XFELX_FACILITY_DIRECTORY_PRIVATE_H
#define XFELX_FACILITY_DIRECTORY_PRIVATE_H

#include "facility/directory.h"

#include <regex.h>

/* A run that may be, before it is compared with the last look. */
struct candidate {
    const struct seen_file *first; /* while its folder is gathered */
    size_t n;                      /* files of its folder that match; 1 for a file */
    int64_t number;                /* -1: none */
    const char *path, *name;
    uint64_t bytes, smallest, inode, print;
    int64_t modified_ns;
    const char *hindrance; /* what keeps it from being whole besides time; NULL: nothing */
    const char **files;    /* NULL: nobody asks for them */
};

struct directory_look {
    const struct facility_settings *s;
    const struct observations *before; /* NULL: none */
    struct observations *now;
    regex_t regex;
    struct candidate *at;
    size_t n, n_unseen;
    const char **unseen; /* folders that could not be looked into: what was there stays as it was */
};

bool directory_begin(struct directory_look *w, const struct facility_settings *s,
                     const struct observations *before, struct observations *now, struct error *err);
void directory_add(struct directory_look *w, const struct seen_folder *f);
void directory_end(struct directory_look *w, int64_t now_ns, bool server_clock); /* drops it too */
void directory_drop(struct directory_look *w);

/* Every candidate, and every run of the last look that is none now, becomes an observation; by path. */
void directory_compare(struct directory_look *w);

#endif
