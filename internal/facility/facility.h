/* facility.h - what a facility has: runs and their files, observed and never decided on (ARCHITECTURE 5).
 *
 * list() looks once and tells what there is, together with what the last look told: it keeps nothing itself, so that a process
 * from cron and a daemon do the same. A run never disappears from the observations: one that is not seen any more is `vanished`.
 */
#ifndef XFELX_FACILITY_FACILITY_H
#define XFELX_FACILITY_FACILITY_H

#include "base/base.h"
#include "net/net.h"
#include "param/param.h"

/* LCLS' run table and log books, where facility.lcls.url is not given. */
#define FACILITY_LCLS_URL "https://pswww.slac.stanford.edu/ws/lgbk/lgbk"

/* Where and how to look: the settings facility.* (made by facility_settings_read, or by hand). Times in seconds. */
struct facility_settings {
    const char *name; /* standalone, lcls */
    /* folders of files */
    const char *data_dir, *template, *regex, *manifest;
    bool folders, composite, need_status;
    int depth;
    size_t n_files_needed;
    double settle;
    uint64_t min_size;
    /* LCLS */
    const char *experiment, *url, *root, *files, *location, *user, *password;
    bool enforce80, enforce81;
    int stable_polls;
    double poll, empty_grace;
    struct net_auth auth;
    const char *ca_file;
    const char *const *path_map; /* FROM=TO; ends with NULL */
    const char *start_at;        /* complete, present; NULL: as is usual at the location */
};

/* One run as it was seen. Text lies in the observations' arena. */
struct observation {
    const char *path;   /* what the run is known by: its file or folder; at LCLS "EXPERIMENT:NUMBER" */
    const char *name;   /* to show: stem of the file, folder, folder_file, number */
    const char *was;    /* path of the last look when the same file was renamed since; else NULL */
    const char *reason; /* why it is not present yet, in words; "" when it is */
    int64_t number;     /* -1: none */
    enum run_state state;
    int64_t begun_ns, ended_ns; /* 0: not known */
    const char **files;         /* n_files paths on this machine; NULL: as at the last look, nobody asked */
    size_t n_files, n_here;
    uint64_t bytes; /* of those that are here */
    double rate;    /* bytes per second that came since the last look */
    /* for the next look */
    uint64_t inode, print; /* print: changes when names, sizes or times of the files change */
    int64_t modified_ns, since_ns, looked_ns; /* since when the print is the same; last look that counted */
    int looks;                                /* looks at which it was the same */
    bool wanted; /* in the last observations: its files are listed also when it rests */
};

struct observations {
    struct arena arena;
    struct observation *at; /* by path, bytewise */
    size_t n;
    int64_t now_ns;     /* time of the look by the clock of the file server, else ours */
    bool server_clock;  /* it is that of the file server */
    const char **notes; /* what a person should know: duplicates, names that are no numbers */
    size_t n_notes;
    size_t n_folders, n_stats; /* system calls that the look cost */
    enum net_class class;      /* when list failed: what may be done */
};
void observations_free(struct observations *o);
const struct observation *observations_find(const struct observations *o, const char *path);

struct facility_ops {
    const char *name;
    /* Look. before: the last observations (NULL: none); now: {0}. False: nothing can be told (now.class, error). */
    bool (*list)(const struct facility_settings *s, const struct observations *before,
                 struct observations *now, struct error *err);
};

/* The facility of that name; NULL: there is none. */
const struct facility_ops *facility_find(const char *name);

bool facility_settings_read(const struct params *p, struct arena *a, struct facility_settings *out,
                            struct error *err);

/* May a run be processed at this state? start_at as in the settings. In every case one file must be here. */
bool facility_may_start(const struct facility_settings *s, const struct observation *o);

/* Seconds until the next look, after so many failures in a row. Pure. */
double facility_wait(const struct facility_settings *s, enum net_class class, unsigned failures,
                     uint64_t dice);

/* A time of the run table: ISO 8601 with or without fraction and zone (none: UTC), or seconds since 1970. False: it is none. */
bool facility_time(const char *text, int64_t *ns);

/* Wait until something changes in the watched folders (depth levels), for that many seconds, or until a signal comes. True: something
 * changed. Where changes are not told (other hosts of a shared file system) it is a plain wait. fd < 0 opens, and looks for folders:
 * keep it between calls, close it at the end, and when the settings changed. */
bool facility_watch(int *fd, const struct facility_settings *s, double seconds);

/* ---- bring files here ---- */

/* from: address of a folder on the server; to: folder here. command: NULL = by HTTP(S); else run for each file by sh, with <source>,
 * <target> (a temporary name), <name>, <folder> quoted for it. piece: bytes of a part (0: 64 MiB); parallel: parts at once (0: 4). */
struct transfer {
    const char *from, *to, *command, *ca_file;
    const char *const *names; /* which files; NULL: all that the server lists */
    size_t n_names;
    struct net_auth auth;
    const char *const *trust;
    uint64_t piece;
    int parallel, tries; /* tries of a part or an answer, with back-off between; 0: 5 */
    double first_wait;   /* seconds; 0: 1 */
};
struct transfer_report {
    size_t n_files, n_done, n_there; /* of all; brought now; were here already */
    uint64_t bytes, resumed;         /* that came; that an earlier try had left */
};

/* Bring the files. A file has its final name only when it is whole: size, and checksum where the server tells adler32 or crc32c, are
 * those of the server before and after. What a broken try left is taken up again. An existing file of the same size is kept; of
 * another size it is never overwritten (error). Two at once on one file: the second fails with ERROR_BUSY. Files after one that
 * failed are still tried; the error is the first. */
bool transfer_fetch(const struct transfer *t, struct transfer_report *report, struct error *err);

/* A folder's listing (PROPFIND, depth 1) as XRootD and WebDAV servers answer: names of the files directly in it, sizes. Entries
 * that are folders, or whose name would leave the folder, are left out. */
struct transfer_entry {
    char *name;
    uint64_t size;
};
bool transfer_listing(const char *xml, size_t n, struct arena *a, struct transfer_entry **out, size_t *n_out,
                      struct error *err);

#endif
