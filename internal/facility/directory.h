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

/* The files of one folder, by name; gone when the one who took them returns. */
struct seen_folder {
    const char *path; /* below data_dir, "" at the top */
    const struct seen_file *at;
    size_t n;
    int wrong; /* errno of what kept us from looking into it, at != 0 are no files: what is in it nobody knows */
};
struct snapshot {
    const struct seen_folder *at;
    size_t n;
    int64_t now_ns;
};

enum { DIRECTORY_MOST = 20000000 }; /* files of a scan */

/* Look into data_dir and its folders, as deep as the settings say, one after the other: a million files need the memory of those of one
 * folder. Hidden files are left out. What vanishes meanwhile is left out; what cannot be read for another reason is said to be so. An
 * error: the top itself cannot be read. files false: only the folders, at the cost of no question about files. */
struct directory_scan {
    bool files;
    void (*take)(void *arg, const struct seen_folder *f);
    void *arg;
    /* out */
    size_t n_files, n_folders, n_stats;
    int64_t now_ns;
    bool server_clock;
};
bool directory_scan(const struct facility_settings *s, struct directory_scan *scan, struct error *err);

/* From a snapshot and the last observations to the new ones. Pure but for memory. */
bool directory_observe(const struct facility_settings *s, const struct snapshot *snap,
                       const struct observations *before, struct observations *now, struct error *err);

bool directory_list(const struct facility_settings *s, const struct observations *before,
                    struct observations *now, struct error *err);

/* What a Cheetah status file says: 1 finished, 0 not yet, -1 an error. */
int directory_status(const char *text);

#endif
