/* tls_renewal.c - when a certificate was renewed; see tls_renewal.h. */
#include "web/tls_renewal.h"

#include <string.h>
#include <sys/stat.h>

static struct tls_file look_at(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0)
        return (struct tls_file){0};
    return (struct tls_file){(uint64_t)s.st_dev, (uint64_t)s.st_ino, (uint64_t)s.st_size,
                             (int64_t)s.st_mtim.tv_sec * 1000000000 + s.st_mtim.tv_nsec};
}

static void look_at_both(const struct tls_renewal *r, struct tls_file out[2])
{
    out[0] = look_at(r->cert);
    out[1] = look_at(r->key);
}

bool tls_renewal_begin(struct tls_renewal *r, const char *cert, const char *key, struct tls_identity **out,
                       struct error *err)
{
    *r = (struct tls_renewal){.cert = cert, .key = key};
    look_at_both(r, r->taken); /* before they are read: a change in between is seen later */
    memcpy(r->seen, r->taken, sizeof r->seen);
    if (!tls_identity_read(cert, key, out, err))
        return false;
    pthread_mutex_init(&r->lock, NULL);
    return true;
}

void tls_renewal_end(struct tls_renewal *r)
{
    pthread_mutex_destroy(&r->lock);
}

/* Under the lock. */
static bool read_both(struct tls_renewal *r, struct tls *t, struct error *err)
{
    struct tls_identity *fresh = NULL;
    look_at_both(r, r->taken);
    memcpy(r->seen, r->taken, sizeof r->seen);
    if (!tls_identity_read(r->cert, r->key, &fresh, err))
        return false;
    tls_renew(t, fresh);
    tls_identity_drop(fresh);
    return true;
}

bool tls_renewal_read(struct tls_renewal *r, struct tls *t, struct error *err)
{
    pthread_mutex_lock(&r->lock);
    bool ok = read_both(r, t, err);
    pthread_mutex_unlock(&r->lock);
    return ok;
}

void tls_renewal_look(struct tls_renewal *r, struct tls *t, int64_t now)
{
    struct tls_file is[2];
    struct error err = {0};
    pthread_mutex_lock(&r->lock);
    if (now - r->look_ns >= TLS_LOOK_S * INT64_C(1000000000)) {
        r->look_ns = now;
        look_at_both(r, is);
        bool rests = memcmp(is, r->seen, sizeof is) == 0, changed = memcmp(is, r->taken, sizeof is) != 0;
        memcpy(r->seen, is, sizeof is);
        if (changed && rests && !read_both(r, t, &err))
            log_warn("the renewed certificate is not taken, the old one is kept: %s", err.fact);
    }
    pthread_mutex_unlock(&r->lock);
}
