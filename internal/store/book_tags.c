/* book_tags.c - tags; see book.h. A tag is a word on runs: what datasets are made of, and the log book of a beam time. */
#include "store/book_private.h"

#include <stdio.h>
#include <string.h>

bool store_tags(struct store *store, struct arena *a, struct store_tag_row **rows, size_t *n,
                struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT t.id,t.name,coalesce(t.colour,-1),t.auto,t.body,(SELECT count(*) FROM run_tag r "
                  "WHERE r.tag=t.id),(SELECT count(*) FROM dataset_tag d WHERE d.tag=t.id) FROM tag t ORDER "
                  "BY t.name",
                  "");
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct store_tag_row){
            .id = sql_int(s, q, 0),
            .name = book_text(s, q, 1, a),
            .colour = sql_int(s, q, 2),
            .automatic = sql_int(s, q, 3) != 0,
            .comment = book_text(s, q, 4, a),
            .n_runs = (uint32_t)sql_int(s, q, 5),
            .n_datasets = (uint32_t)sql_int(s, q, 6),
        };
    }
    return step == 0;
}

/* One tag as it stands, and as words for the audit. */
struct tag {
    int64_t id, colour;
    bool automatic;
    const char *name, *comment;
};

static const char *tag_words(const struct tag *t, struct arena *a)
{
    return arena_printf(a, "%s%s%s%s%s", t->name,
                        t->colour >= 0 ? arena_printf(a, " colour=#%06llx", (long long)t->colour) : "",
                        t->automatic ? " auto" : "", *t->comment ? " comment=" : "", t->comment);
}

static bool read_tag(struct store *store, const char *name, struct arena *a, struct tag *out,
                     struct error *err)
{
    struct sql *s = &store->sql;
    int64_t id = 0;
    if (!book_tag_id(store, name, &id, err))
        return false;
    struct sql_stmt *q =
        sql_query(s, err, "SELECT name,coalesce(colour,-1),auto,body FROM tag WHERE id=?", "i", id);
    if (sql_step(s, q, err) != 1)
        return false;
    *out = (struct tag){id, sql_int(s, q, 1), sql_int(s, q, 2) != 0, book_text(s, q, 0, a),
                        book_text(s, q, 3, a)};
    sql_reset(s, q);
    return true;
}

static bool edit_good(const struct store_tag_edit *e, struct error *err)
{
    if (e->colour > 0xffffff || e->colour < -2)
        return error_set(err, ERROR_USAGE, "a tag's colour is six hexadecimal digits");
    return (!e->name || book_name_good("tag", e->name, err)) && book_text_good("comment", e->comment, err);
}

static bool name_is_free(struct store *s, const char *name, struct error *err)
{
    int64_t other = 0;
    return book_id_of(s, "tag", name, &other, err) &&
           (!other || error_set(err, ERROR_USAGE, "there is a tag \"%s\" already", name));
}

struct tag_work {
    const struct store_by *by;
    const char *name;
    const struct store_tag_edit *edit;
};

/* SQL's NULL for a tag without colour. */
static bool write_tag(struct store *s, const struct tag *t, struct error *err)
{
    return sql_do(&s->sql, NULL, err, "UPDATE tag SET name=?,auto=?,body=? WHERE id=?", "titi", t->name,
                  (int64_t)t->automatic, t->comment, t->id) &&
           (t->colour < 0
                ? sql_do(&s->sql, NULL, err, "UPDATE tag SET colour=NULL WHERE id=?", "i", t->id)
                : sql_do(&s->sql, NULL, err, "UPDATE tag SET colour=? WHERE id=?", "ii", t->colour, t->id));
}

static bool add_work(struct store *s, void *arg, struct error *err)
{
    const struct tag_work *w = arg;
    const struct store_tag_edit *e = w->edit;
    struct arena a = {0};
    struct tag t = {.colour = e->colour, .automatic = e->automatic > 0, .name = e->name};
    t.comment = e->comment ? e->comment : "";
    bool ok = book_name_good("tag", e->name, err) && edit_good(e, err) && name_is_free(s, e->name, err) &&
              sql_do(&s->sql, NULL, err, "INSERT INTO tag(name,auto) VALUES(?,0)", "t", e->name);
    t.id = ok ? s->sql.ops->last_id(&s->sql) : 0;
    ok = ok && write_tag(s, &t, err) &&
         book_audit(s, w->by, "tag.add", arena_printf(&a, "tag %s", e->name), NULL, tag_words(&t, &a), err);
    arena_free(&a);
    return ok;
}

bool store_tag_add(struct store *s, const struct store_by *by, const struct store_tag_edit *tag,
                   struct error *err)
{
    return book_change(s, add_work, &(struct tag_work){by, tag->name, tag}, err);
}

static bool edit_work(struct store *s, void *arg, struct error *err)
{
    const struct tag_work *w = arg;
    const struct store_tag_edit *e = w->edit;
    struct arena a = {0};
    struct tag t;
    bool ok = edit_good(e, err) && read_tag(s, w->name, &a, &t, err);
    const char *was = ok ? tag_words(&t, &a) : "";
    if (ok && e->name && strcmp(e->name, t.name) != 0)
        ok = name_is_free(s, e->name, err);
    if (ok) {
        t.name = e->name ? e->name : t.name;
        t.comment = e->comment ? e->comment : t.comment;
        t.colour = e->colour == -1 ? t.colour : e->colour;
        t.automatic = e->automatic < 0 ? t.automatic : e->automatic > 0;
        const char *becomes = tag_words(&t, &a);
        ok = !strcmp(was, becomes) ||
             (write_tag(s, &t, err) &&
              book_audit(s, w->by, "tag.edit", arena_printf(&a, "tag %s", w->name), was, becomes, err));
    }
    arena_free(&a);
    return ok;
}

bool store_tag_edit(struct store *s, const struct store_by *by, const char *name,
                    const struct store_tag_edit *edit, struct error *err)
{
    return book_change(s, edit_work, &(struct tag_work){by, name, edit}, err);
}

static bool not_in_dataset(struct store *s, const struct tag *t, struct error *err)
{
    const char *dataset;
    bool there = false;
    struct arena a = {0};
    bool ok = book_look(s, &a, &dataset, &there, err,
                        "SELECT d.name FROM dataset_tag x JOIN dataset d ON d.id=x.dataset WHERE x.tag=? "
                        "ORDER BY d.name LIMIT 1",
                        t->id);
    if (ok && there) {
        ok = error_set(err, ERROR_USAGE, "tag \"%s\" is part of dataset \"%s\"", t->name, dataset);
        error_hint(err, "take it out of the dataset first: xfelx dataset edit");
    }
    arena_free(&a);
    return ok;
}

static bool remove_work(struct store *s, void *arg, struct error *err)
{
    const struct tag_work *w = arg;
    struct arena a = {0};
    struct tag t;
    int64_t runs = 0;
    bool ok = read_tag(s, w->name, &a, &t, err) && not_in_dataset(s, &t, err) &&
              sql_number(&s->sql, &runs, 0, err, "SELECT count(*) FROM run_tag WHERE tag=?", "i", t.id) &&
              sql_do(&s->sql, NULL, err, "DELETE FROM run_tag WHERE tag=?", "i", t.id) &&
              sql_do(&s->sql, NULL, err, "DELETE FROM tag WHERE id=?", "i", t.id);
    ok = ok && book_audit(s, w->by, "tag.remove", arena_printf(&a, "tag %s", w->name),
                          arena_printf(&a, "%s (on %s)", tag_words(&t, &a), COUNT(runs, "run")), NULL, err);
    arena_free(&a);
    return ok;
}

bool store_tag_remove(struct store *s, const struct store_by *by, const char *name, struct error *err)
{
    return book_change(s, remove_work, &(struct tag_work){by, name, NULL}, err);
}
