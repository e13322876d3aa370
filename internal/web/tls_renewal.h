/* tls_renewal.h - certificates are renewed while the server runs: when are the files to be read again? Private to web/. */
#ifndef XFELX_WEB_TLS_RENEWAL_H
#define XFELX_WEB_TLS_RENEWAL_H

#include "web/tls.h"

#include <pthread.h>

enum { TLS_LOOK_S = 10 };

/* A file as it was at a look; 0: not there. */
struct tls_file {
    uint64_t device, inode, size;
    int64_t changed_ns;
};

struct tls_renewal {
    const char *cert, *key; /* paths; not copied */
    pthread_mutex_t lock;
    struct tls_file taken[2], seen[2]; /* as the present pair was read; at the last look */
    int64_t look_ns;
};

/* Begin with the pair as it lies there. false: error; nothing has to be freed. */
bool tls_renewal_begin(struct tls_renewal *r, const char *cert, const char *key, struct tls_identity **out,
                       struct error *err);
void tls_renewal_end(struct tls_renewal *r);

/* Read them now. A pair that cannot be used is an error: the old one is kept. Any thread. */
bool tls_renewal_read(struct tls_renewal *r, struct tls *t, struct error *err);

/* To be called now and then, with clock_monotonic: each TLS_LOOK_S the files are looked at; when they changed and have rested since the
 * look before (who renews writes two files), they are read. What is wrong with them is logged once for each change. */
void tls_renewal_look(struct tls_renewal *r, struct tls *t, int64_t now_ns);

#endif
