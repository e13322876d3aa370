/* directory.h - the directory watcher in two halves: a snapshot of what is there, and a pure function on it. */
#ifndef XFELX_FACILITY_DIRECTORY_H
#define XFELX_FACILITY_DIRECTORY_H

#include "facility/facility.h"

struct seen_file {
    const char *path; /* below data_dir */
    size_t folder;    /* bytes of it that are the folder's, 0 at the top */
    uint64_t size, inode;
    int64_t modified_ns;
    const char *text; /* content of a status file or manifest, else NULL */
};
struct snapshot {
    struct arena arena;
    struct seen_file *at; /* by folder, then name */
    size_t n, n_folders, n_stats;
    int64_t now_ns;
    bool server_clock;
};

enum { DIRECTORY_MOST = 20000000 }; /* files of a snapshot */

/* Look into data_dir and its folders, as deep as the settings say. Hidden files are left out. What vanishes meanwhile is left out. */
bool directory_scan(const struct facility_settings *s, struct snapshot *out, struct error *err);

/* From a snapshot and the last observations to the new ones. Pure but for memory. */
bool directory_observe(const struct facility_settings *s, const struct snapshot *snap,
                       const struct observations *before, struct observations *now, struct error *err);

bool directory_list(const struct facility_settings *s, const struct observations *before,
                    struct observations *now, struct error *err);

/* What a Cheetah status file says: 1 finished, 0 not yet, -1 an error. */
int directory_status(const char *text);

#endif
