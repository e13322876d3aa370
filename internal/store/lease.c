/* lease.c - one acts, however many run; see campaign.h. A lease is taken by compare-and-set on its token, by the database's clock.
 *
 * Who owns one is told by boot, process number and start time of the process: whoever finds a dead owner on its own machine need not
 * wait. A process number means something within its own namespace only (containers of one machine), so that is named with the boot. */
#include "store/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- owners ---- */

/* "BOOT-NAMESPACE" of this process; two that have the same one see each other's numbers. */
static void where_am_i(char out[128])
{
    char boot[64] = "", space[64] = "";
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (f && fgets(boot, sizeof boot, f))
        boot[strcspn(boot, "\n ")] = 0;
    if (f)
        fclose(f);
    ssize_t n = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    const char *inode = n > 0 ? strchr(space, '[') : NULL; /* "pid:[4026531836]" */
    int digits = inode ? (int)strspn(inode + 1, "0123456789") : 0;
    snprintf(out, 128, "%s-%.*s", *boot ? boot : "unknown", digits, inode ? inode + 1 : "");
}

/* Start time of a process in ticks since boot, the 22nd field; 0: there is none, or it only waits to be buried. */
static unsigned long long started(long pid)
{
    char path[64], text[1024];
    unsigned long long start = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = 0;
    const char *p = strrchr(text, ')'); /* the name may hold anything */
    if (!p || strlen(p) < 3 || p[2] == 'Z' || p[2] == 'X')
        return 0;
    p += 2;
    for (int field = 3; field < 22 && p; field++) {
        p = strchr(p, ' ');
        p = p ? p + 1 : NULL;
    }
    return p && sscanf(p, "%llu", &start) == 1 ? start : 0;
}

char *store_owner(char out[STORE_OWNER])
{
    char where[128], host[256] = "";
    where_am_i(where);
    gethostname(host, sizeof host - 1);
    snprintf(out, STORE_OWNER, "%.60s %ld %llu %.30s", where, (long)getpid(), started(getpid()), host);
    return out;
}

bool store_owner_is_dead(const char *owner)
{
    char here[128], where[128];
    long pid = 0;
    unsigned long long start = 0;
    where_am_i(here);
    return sscanf(owner, "%127s %ld %llu", where, &pid, &start) == 3 && start > 0 && pid > 0 &&
           strcmp(where, here) == 0 && started(pid) != start;
}

char *store_owner_shown(const char *owner, char out[STORE_OWNER])
{
    int at = 0;
    long pid = 0;
    if (sscanf(owner, "%*s %ld %*s %n", &pid, &at) == 1 && at > 0 && owner[at])
        snprintf(out, STORE_OWNER, "process %ld on %.64s", pid, owner + at);
    else
        snprintf(out, STORE_OWNER, "%s", *owner ? owner : "nobody");
    return out;
}

/* ---- taking ---- */

struct lease_work {
    const char *name, *owner;
    int64_t length;
    struct store_lease *out;
};

static bool read_lease(struct sql *s, const char *name, struct store_lease *out, bool *there,
                       struct error *err)
{
    struct sql_stmt *q = sql_query(s, err, "SELECT owner,token,expires FROM lease WHERE name=?", "t", name);
    int step = sql_step(s, q, err);
    *there = step == 1;
    if (step == 1) {
        sql_text(s, q, 0, out->owner, sizeof out->owner);
        out->token = sql_int(s, q, 1);
        out->expires_t = sql_int(s, q, 2);
        sql_reset(s, q);
    }
    return step >= 0;
}

static bool lease_work(struct store *store, void *arg, struct error *err)
{
    const struct lease_work *w = arg;
    struct sql *s = &store->sql;
    struct store_lease l = {0};
    bool there = false;
    int64_t now = 0, changed = 0, until;
    *w->out = l;
    if (!sql_now(s, &now, err) || !read_lease(s, w->name, &l, &there, err))
        return false;
    until = now + w->length;
    bool mine = there && strcmp(l.owner, w->owner) == 0, ended = l.expires_t <= now;
    if (there && !mine && !ended && !store_owner_is_dead(l.owner)) {
        *w->out = l;
        return true;
    }
    int64_t token = l.token + (mine && !ended ? 0 : 1);
    bool ok =
        there ? sql_do(s, &changed, err,
                       "UPDATE lease SET owner=?,token=?,expires=?,renewed=? WHERE name=? AND token=? AND "
                       "owner=?",
                       "tiiitit", w->owner, token, until, now, w->name, l.token, l.owner)
              : sql_do(s, &changed, err,
                       "INSERT INTO lease(name,owner,token,expires,renewed,info) VALUES(?,?,?,?,?,'')",
                       "ttiii", w->name, w->owner, token, until, now);
    if (!ok)
        return false;
    if (changed == 0) /* another one was quicker: look who */
        return sql_fails(s, CLASS_TRANSIENT, "the lease has just been taken", err);
    *w->out = (struct store_lease){.held = true, .token = token, .expires_t = until};
    snprintf(w->out->owner, sizeof w->out->owner, "%s", w->owner);
    return true;
}

bool store_lease(struct store *s, const char *name, const char *owner, double seconds,
                 struct store_lease *out, struct error *err)
{
    struct lease_work w = {name, owner, (int64_t)(seconds * 1e9), out};
    return store_transaction(s, lease_work, &w, err);
}

static bool end_work(struct store *s, void *arg, struct error *err)
{
    const struct lease_work *w = arg;
    return sql_do(&s->sql, NULL, err, "UPDATE lease SET expires=0 WHERE name=? AND owner=?", "tt", w->name,
                  w->owner);
}

bool store_lease_end(struct store *s, const char *name, const char *owner, struct error *err)
{
    struct lease_work w = {.name = name, .owner = owner};
    return store_transaction(s, end_work, &w, err);
}
