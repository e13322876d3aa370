/* lock.c - see store_private.h. */
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool busy_elsewhere(const struct store *s, struct error *err)
{
    error_set(err, ERROR_BUSY, "another xfelx is working with %s", sql_name(&s->sql));
    return error_hint(err, "`xfelx status` shows how far it is");
}

/* The byte of a job in the file of locks; job 0: of all jobs. */
static struct flock byte_of(int64_t job)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)job, .l_len = job != 0};
}

static int open_locks(const struct store *s, int flags)
{
    struct str name = {0};
    str_printf(&name, "%s.lock", s->sql.options.file);
    int fd = open(name.text, flags | O_CLOEXEC, 0666);
    str_free(&name);
    return fd;
}

/* A lock of the open file: dropped by the kernel when the process ends, and not by a close of the same file elsewhere in it. */
static bool lock_file(struct store *s, int64_t job, bool *elsewhere, struct error *err)
{
    struct flock lock = byte_of(job);
    s->lock = open_locks(s, O_RDWR | O_CREAT);
    if (s->lock < 0)
        return error_system(err, ERROR_FAILED, "cannot make %s.lock", s->sql.options.file);
    if (fcntl(s->lock, F_OFD_SETLK, &lock) == 0)
        return true;
    /* a file system without locks lets everybody in: nothing better is to be had there */
    *elsewhere = errno == EAGAIN || errno == EACCES;
    return !*elsewhere || busy_elsewhere(s, err);
}

static bool lock_on_server(struct store *s, int64_t job, bool *elsewhere, struct error *err)
{
    int64_t got = 0;
    snprintf(s->server_lock, sizeof s->server_lock, "xfelx.%.40s.%lld", s->sql.options.name, (long long)job);
    if (!sql_number(&s->sql, &got, 0, err, "SELECT GET_LOCK(?,1)", "t", s->server_lock))
        return false;
    *elsewhere = !got;
    return got || busy_elsewhere(s, err);
}

bool store_lock(struct store *s, int64_t job, bool *elsewhere, struct error *err)
{
    if (s->sql.ops->dialect == DIALECT_SQLITE)
        return lock_file(s, job, elsewhere, err);
    return !job || lock_on_server(s, job, elsewhere, err);
}

void store_unlock(struct store *s)
{
    if (s->lock >= 0)
        close(s->lock);
    s->lock = -1;
    s->server_lock[0] = 0; /* its connection is closed */
}

static bool file_is_locked(const struct store *s, int64_t job)
{
    struct flock lock = byte_of(job);
    int fd = open_locks(s, O_RDWR);
    bool alive = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return alive;
}

bool store_is_alive(struct store *s, int64_t job)
{
    char name[128];
    int64_t is_free = 1;
    if (s->sql.ops->dialect == DIALECT_SQLITE)
        return file_is_locked(s, job);
    snprintf(name, sizeof name, "xfelx.%.40s.%lld", s->sql.options.name, (long long)job);
    return sql_number(&s->sql, &is_free, 1, NULL, "SELECT IS_FREE_LOCK(?)", "t", name) && !is_free;
}

/* Leases tell of machines whose locks are not seen here. Schema 1 had none. */
static bool anybody_holds_a_lease(struct sql *s)
{
    int64_t now = 0;
    char owner[OWNER];
    bool any = false;
    if (!sql_now(s, &now, NULL))
        return false;
    struct sql_stmt *q =
        sql_query(s, NULL, "SELECT owner FROM attempt WHERE live=1 AND lease_expires>?", "i", now);
    while (sql_step(s, q, NULL) == 1) {
        sql_text(s, q, 0, owner, sizeof owner);
        any = any || !owner_is_dead(owner);
    }
    return any;
}

bool store_anybody_works(struct store *s)
{
    enum { JOBS_MAX = 256 };
    int64_t jobs[JOBS_MAX];
    int n = 0;
    if (anybody_holds_a_lease(&s->sql))
        return true;
    if (s->sql.ops->dialect == DIALECT_SQLITE)
        return file_is_locked(s, 0);
    struct sql_stmt *q = sql_query(&s->sql, NULL, "SELECT job FROM attempt WHERE live=1", "");
    while (sql_step(&s->sql, q, NULL) == 1)
        if (n < JOBS_MAX)
            jobs[n++] = sql_int(&s->sql, q, 0);
    while (n > 0)
        if (store_is_alive(s, jobs[--n]))
            return true;
    return false;
}
