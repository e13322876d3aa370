/* changes.c - the newest of everything; see changes.h. */
#include "store/changes.h"

#include "store/store_private.h"

/* Tables that come with later steps of the schema than a database that is only read may have. */
static const struct part {
    const char *table, *text;
} parts[] = {
    {"roll_change", "(SELECT coalesce(max(updated),0) FROM roll_change)"},
    {"job", "(SELECT coalesce(max(state_t),0) FROM job)"},
    {"run", "(SELECT coalesce(max(state_t),0) FROM run)"},
    {"request", "(SELECT coalesce(max(id),0)+coalesce(max(done),0)+coalesce(max(taken),0) FROM request)"},
    {"audit", "(SELECT coalesce(max(id),0) FROM audit)"},
    {"event", "(SELECT coalesce(max(id),0) FROM event)"},
    {"note", "(SELECT coalesce(max(id),0) FROM note)"},
    {"roll", "(SELECT coalesce(max(r.t_frame),0) FROM roll_change c JOIN roll r ON r.attempt=c.attempt AND "
             "r.writer=c.writer AND r.label=0 WHERE c.updated=(SELECT max(updated) FROM roll_change))"},
};
enum { PARTS = sizeof parts / sizeof *parts };

bool store_read_changes(struct store *s, struct store_changes *out, struct error *err)
{
    *out = (struct store_changes){0};
    struct str text = {0};
    str_add(&text, "SELECT ");
    bool ok = true;
    for (int i = 0; i < PARTS && ok; i++) {
        bool has = false;
        ok = sql_has_table(&s->sql, parts[i].table, &has, err);
        str_printf(&text, "%s%s", i ? "," : "", has ? parts[i].text : "0");
    }
    struct sql_stmt *q = ok ? sql_query(&s->sql, err, text.text, "") : NULL;
    str_free(&text);
    int step = q ? sql_step(&s->sql, q, err) : -1;
    if (step == 1) {
        int64_t *values[PARTS] = {&out->rolls_t, &out->jobs_t, &out->runs_t, &out->requests,
                                  &out->audit,   &out->event,  &out->note,   &out->frame_t};
        for (int i = 0; i < PARTS; i++)
            *values[i] = sql_int(&s->sql, q, i);
        step = sql_step(&s->sql, q, err);
    }
    return step == 0;
}
