/* upkeep.c - bringing a database up to date with a copy kept of the old one, and giving unused space back; see keep.h. */
#include "store/store_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A copy of the file that is either whole or not there. */
static bool back_up(struct store *s, int64_t version, char *name, size_t size, struct error *err)
{
    char when[32];
    struct str half = {0};
    clock_text(clock_now(), when);
    snprintf(name, size, "%s.schema%d.%s", s->sql.options.file, (int)version, when);
    str_printf(&half, "%s.tmp", name);
    unlink(half.text); /* VACUUM INTO wants a new file */
    bool ok = sql_do(&s->sql, NULL, err, "VACUUM INTO ?", "t", half.text);
    if (ok && rename(half.text, name) != 0)
        ok = error_system(err, errno == ENOSPC ? ERROR_NO_SPACE : ERROR_FAILED, "cannot make %s", name);
    if (!ok)
        unlink(half.text);
    str_free(&half);
    return ok;
}

bool store_bring_up(struct store *s, char *backup, size_t size, struct store_made *made, struct error *err)
{
    bool elsewhere = false, file = s->sql.ops->dialect == DIALECT_SQLITE;
    int64_t version = 0;
    *backup = 0;
    if (!store_version(s, &version, err) || !store_lock(s, 0, &elsewhere, err))
        return false;
    s->made = (struct store_made){0};
    bool ok =
        (!file || version == 0 || version >= SCHEMA_VERSION || back_up(s, version, backup, size, err)) &&
        store_migrate(s, false, err);
    store_unlock(s);
    *made = s->made;
    return ok;
}

static bool pack_file(struct store *s, struct error *err)
{
    bool elsewhere = false;
    if (!store_lock(s, 0, &elsewhere, err))
        return false;
    bool ok = sql_script(&s->sql, "VACUUM", err) &&
              sql_script(&s->sql, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize", err);
    store_unlock(s);
    return ok;
}

static bool pack_tables(struct store *s, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < schema_n_tables; i++) {
        struct str text = {0};
        str_printf(&text, "OPTIMIZE TABLE `%s`", schema_tables[i].name);
        ok = sql_script(&s->sql, text.text, err);
        str_free(&text);
    }
    return ok;
}

bool store_vacuum(struct store *s, struct error *err)
{
    return s->sql.ops->dialect == DIALECT_SQLITE ? pack_file(s, err) : pack_tables(s, err);
}
