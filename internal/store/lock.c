/* lock.c - see store_private.h. */
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static bool busy_elsewhere(const struct store *s, struct error *err)
{
    error_set(err, ERROR_BUSY, "another xfelx is working with %s", sql_name(&s->sql));
    return error_hint(err, "`xfelx status` shows how far it is");
}

static bool lock_file(struct store *s, bool *elsewhere, struct error *err)
{
    struct str name = {0};
    str_printf(&name, "%s.lock", s->sql.options.file);
    s->lock = open(name.text, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    bool ok = s->lock >= 0 || error_system(err, ERROR_FAILED, "cannot make %s", name.text);
    int busy = ok ? flock(s->lock, LOCK_EX | LOCK_NB) : 0;
    /* store_is_alive holds it for a moment */
    for (int i = 0; busy != 0 && errno == EWOULDBLOCK && i < 10; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        busy = flock(s->lock, LOCK_EX | LOCK_NB);
    }
    if (busy != 0) {
        /* a file system without locks lets everybody in: nothing better is to be had there */
        *elsewhere = errno == EWOULDBLOCK;
        ok = !*elsewhere || busy_elsewhere(s, err);
    }
    str_free(&name);
    return ok;
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

/* On a server the job's number must be known; a file is locked before anything is read from it. */
bool store_lock(struct store *s, int64_t job, bool *elsewhere, struct error *err)
{
    if (s->sql.ops->dialect == DIALECT_SQLITE)
        return job || lock_file(s, elsewhere, err);
    return !job || lock_on_server(s, job, elsewhere, err);
}

void store_unlock(struct store *s)
{
    if (s->lock >= 0)
        close(s->lock);
    s->lock = -1;
    s->server_lock[0] = 0; /* its connection is closed */
}

static bool file_is_locked(const struct store *s)
{
    struct str name = {0};
    str_printf(&name, "%s.lock", s->sql.options.file);
    int fd = open(name.text, O_RDONLY | O_CLOEXEC);
    bool alive = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    str_free(&name);
    return alive;
}

bool store_is_alive(struct store *s, int64_t job)
{
    char name[128];
    int64_t is_free = 1;
    if (s->sql.ops->dialect == DIALECT_SQLITE)
        return file_is_locked(s);
    snprintf(name, sizeof name, "xfelx.%.40s.%lld", s->sql.options.name, (long long)job);
    return sql_number(&s->sql, &is_free, 1, NULL, "SELECT IS_FREE_LOCK(?)", "t", name) && !is_free;
}

bool store_anybody_works(struct store *s)
{
    enum { JOBS_MAX = 256 };
    int64_t jobs[JOBS_MAX];
    int n = 0;
    if (s->sql.ops->dialect == DIALECT_SQLITE)
        return file_is_locked(s);
    struct sql_stmt *q = sql_query(&s->sql, NULL, "SELECT job FROM attempt WHERE live=1", "");
    while (sql_step(&s->sql, q, NULL) == 1)
        if (n < JOBS_MAX)
            jobs[n++] = sql_int(&s->sql, q, 0);
    while (n > 0)
        if (store_is_alive(s, jobs[--n]))
            return true;
    return false;
}
