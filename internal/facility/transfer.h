/* transfer.h - what the files of the transfer share. */
#ifndef XFELX_FACILITY_TRANSFER_H
#define XFELX_FACILITY_TRANSFER_H

#include "facility/facility.h"

/* Beginning of the names of files that are not whole yet; hidden, so that no watcher takes them for data. */
#define TRANSFER_PART ".xfelx-part-"

/* May this name stand in a folder of ours? No '/', no ".", "..", at most 255 bytes, none of our own. */
bool transfer_name_is_safe(const char *name);

/* What the server says of a file. */
struct transfer_remote {
    uint64_t size;
    int64_t modified_ns;
    char algorithm[8]; /* adler32, crc32c, "" */
    uint32_t sum;
    char etag[128];
};

/* A file on its way: dir/part beside dir/name. */
struct transfer_file {
    const struct transfer *t;
    const char *name;
    char *url, *path, *part, *state; /* address, final name, the growing file, the note of finished pieces */
    int fd, fd_state;
    struct transfer_remote remote;
    uint64_t piece;
    size_t n_pieces, n_left;
    bool *have; /* [n_pieces] */
};

/* Bring the pieces that are missing, several at once. */
bool transfer_pieces(struct transfer_file *f, uint64_t *bytes, struct error *err);

#endif
