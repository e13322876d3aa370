/* lease.c - one acts, however many run; see campaign.h. A lease is taken by compare-and-set on its token, by the database's clock. */
#include "store/store_private.h"

#include <stdio.h>
#include <string.h>

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
    if (there && !mine && !ended && !owner_is_dead(l.owner)) {
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
