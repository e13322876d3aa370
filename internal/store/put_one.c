/* put_one.c - see put_one.h. */
#include "store/put_one.h"

#include <stdio.h>
#include <string.h>

enum { VALUES_MAX = ROLL_MOVE_VALUES + F_COLUMNS + L_COLUMNS };

bool put_one_fits(const struct sql *s, const struct frame_rows *rows)
{
    return s->ops->dialect == DIALECT_MARIADB && !s->mysql && !s->no_procedures && rows->n == 1 &&
           rows->failures.n == 0 && rows->lattices.n <= L_COLUMNS;
}

/* A procedure that is being written: its parameters p0, p1, … and its statements. */
struct procedure {
    struct str parameters, body;
    int n;
};

static void declare(struct procedure *p, const char *type)
{
    str_printf(&p->parameters, "%sp%d ", p->n ? "," : "", p->n);
    schema_type(DIALECT_MARIADB, type, &p->parameters);
    p->n++;
}

/* A statement whose "?" are the parameters from number `first` on. */
static void add_statement(struct procedure *p, const char *text, int first)
{
    for (; *text; text++)
        if (*text == '?')
            str_printf(&p->body, "p%d", first++);
        else
            str_addc(&p->body, *text);
    str_add(&p->body, "; ");
}

static void add_insert(struct procedure *p, const char *table)
{
    struct schema_column columns[SCHEMA_COLUMNS_MAX];
    const struct schema_table *t = schema_find(table);
    size_t n = schema_columns(t, columns);
    struct str text = {0};
    int first = p->n;
    for (size_t i = 0; i < n; i++)
        declare(p, columns[i].type);
    schema_insert(DIALECT_MARIADB, t, MEETING_FAILS, &text);
    add_statement(p, text.text, first);
    str_free(&text);
}

/* What fails inside leaves its transaction open; whoever called rolls it back. */
static bool create(struct sql *s, const char *name, bool lattice, struct error *err)
{
    struct procedure p = {.n = 0};
    struct str text = {0};
    str_add(&p.body, "START TRANSACTION; ");
    for (int i = 0; i < ROLL_MOVE_VALUES; i++)
        declare(&p, i == ROLL_MOVE_REASONS ? "b256" : "i64");
    add_statement(&p, roll_move_text, 0);
    str_add(&p.body, "IF ROW_COUNT()<>1 THEN SIGNAL SQLSTATE '45000'; END IF; ");
    add_insert(&p, "frame");
    if (lattice)
        add_insert(&p, "lattice");
    str_printf(
        &text,
        "CREATE PROCEDURE IF NOT EXISTS %s(%s) MODIFIES SQL DATA SQL SECURITY INVOKER BEGIN %sCOMMIT; END;\n",
        name, p.parameters.text, p.body.text);
    bool ok = sql_script(s, text.text, err);
    str_free(&p.parameters);
    str_free(&p.body);
    str_free(&text);
    return ok;
}

static void call_of(const char *name, size_t n, struct str *text)
{
    str_printf(text, "CALL %s(", name);
    for (size_t i = 0; i < n; i++)
        str_add(text, i ? ",?" : "?");
    str_add(text, ")");
}

/* Is it there? Made when it is not (asked first: making what is there waits for all who are in it); where that is refused, or the server
 * does not show it, never asked for again. */
static bool has(struct sql *s, const char *name, bool lattice, struct error *err)
{
    int64_t there = 0;
    const char *question = "SELECT 1 FROM information_schema.routines WHERE routine_schema=DATABASE() AND "
                           "routine_name=?";
    if (s->procedures[lattice])
        return true;
    if (!sql_number(s, &there, 0, err, question, "t", name))
        return false;
    s->procedures[lattice] = there || create(s, name, lattice, err);
    s->no_procedures = s->class == CLASS_PERMANENT;
    return s->procedures[lattice];
}

bool put_one(struct sql *s, const struct roll *r, const struct roll_hot *hot, int64_t to,
             const struct frame_rows *rows, struct error *err)
{
    struct sql_value v[VALUES_MAX];
    uint8_t reasons[256];
    bool lattice = rows->lattices.n > 0;
    char name[64];
    struct str call = {0};
    size_t n = ROLL_MOVE_VALUES;
    roll_move_values(r, hot, r->pos, to, reasons, v);
    memcpy(v + n, rows->frames.values, rows->frames.n * sizeof *v);
    n += rows->frames.n;
    if (lattice)
        memcpy(v + n, rows->lattices.values, rows->lattices.n * sizeof *v);
    n += rows->lattices.n;
    snprintf(name, sizeof name, "put_frame%s_%d", lattice ? "_lattice" : "", SCHEMA_VERSION);
    call_of(name, n, &call);
    bool ok = has(s, name, lattice, err) && sql_run(s, call.text, v, n, NULL, err);
    str_free(&call);
    if (!ok && s->class == CLASS_PERMANENT) /* perhaps somebody dropped it */
        s->procedures[lattice] = false;
    return ok;
}
