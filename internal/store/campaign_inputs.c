/* campaign_inputs.c - which trials and rungroups name files that cannot be used now: what pages and the doctor show. */
#include "store/store_private.h"

struct inputs_work {
    const struct store_bad_input *found;
    size_t n;
};

static bool put_all(struct store *s, void *arg, struct error *err)
{
    const struct inputs_work *w = arg;
    bool ok = true;
    for (size_t i = 0; ok && i < w->n; i++) {
        const struct store_bad_input *x = &w->found[i];
        ok =
            sql_do(&s->sql, NULL, err,
                   x->rungroup
                       ? "UPDATE rungroup SET bad_input=nullif(?,'') WHERE id=? AND coalesce(bad_input,'')<>?"
                       : "UPDATE trial SET bad_input=nullif(?,'') WHERE id=? AND coalesce(bad_input,'')<>?",
                   "tit", x->text, x->id, x->text);
    }
    return ok;
}

bool store_put_bad_inputs(struct store *s, const struct store_bad_input *found, size_t n, struct error *err)
{
    struct inputs_work w = {found, n};
    return n == 0 || store_transaction(s, put_all, &w, err);
}
