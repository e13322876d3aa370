/* schema.c - the tables of version 1 that exist so far, and how the notation becomes SQLite's DDL.
 *
 * A job is one identity (trial, rungroup, run, task revision, dataset version); absent parts are 0, never
 * NULL, since NULLs would admit duplicates. `uq job,live` with live = 1 or NULL forbids two live attempts:
 * NULLs are free to repeat. Frame rows are final and inserted once by key (job, source, frame). `failure`
 * holds the one line that says why a frame failed. */
#include "store/schema.h"

#include <string.h>

// clang-format off
static const struct schema_table version_1[] = {
    {"meta", "k:t64 v:text", "pk k"},
    {"migration", "step:u32 t:ns done:u8 by:t255 version:t64", "pk step"},
    {"run",
     "id:id ord:i64 num:i64? name:t255 path:b4096 path_hash:b16 facility:t32 state:u8 state_t:ns seen:ns begin_t:ns? end_t:ns? "
     "closed_t:ns? present_t:ns? n_files:u32 n_here:u32 bytes:i64 bytes_here:i64 n_frames:i64? readable:u8 ignored:u8 body:text?",
     "uq path_hash ; ix ord ; ix state,ord"},
    {"source", "run:i64 no:u32 path:b4096 path_hash:b16 size:i64 mtime:ns n_frames:u32? format:t32? here:u8",
     "pk run,no ; uq run,path_hash ; fk run run"},
    {"trial", "id:id num:u32 recipe_hash:b32 phil:text body:text active:u8 percent:f32? d_min:f32? used:u8 created:ns who:t128",
     "uq num ; ix recipe_hash"},
    {"job",
     "id:id trial:i64 rungroup:i64 run:i64 task_rev:i64 version:i64 state:u8 state_t:ns n_expected:i64 n_tries:u16 retry_t:ns? "
     "cancelled:u8 published:u8 preview:u8 folder:t1024 created:ns",
     "uq trial,rungroup,run,task_rev,version ; ix run ; ix state,id"},
    {"attempt",
     "id:id job:i64 no:u16 name:t63 live:u8? state:u8 end_kind:u8 token:i64 lease_expires:ns scheduler:t16 sched_id:t128? "
     "raw_state:t64? reason:text? submit_t:ns? start_t:ns? end_t:ns? exit_code:i32? exit_signal:i32? host:t255? n_ranks:u32 "
     "n_threads:u32 program:t64 binary_hash:b32 recipe_hash:b32 log_path:t1024? n_pending:u32 db_lag:ns",
     "uq job,no ; uq name ; uq job,live ; ix state,id ; fk job job"},
    {"frame",
     "job:i64 source:u32 frame:u32 attempt:i64 writer:u32 outcome:u8 reason:u8 flags:u32 label:u16 n_lattice:u8 n_strong:u32 "
     "n_sat:u32 event:i64? t_event:ns? t_done:ns ev_rec:f32? ev_used:f32? ev_src:u8 pulse_mj:f32? dist_mm:f32? res_a:f32? "
     "ring:f32? stages:b32",
     "pk job,source,frame"},
    {"lattice",
     "job:i64 source:u32 frame:u32 lattice:u8 reason:u8 cell_no:u8 n_indexed:u32 n_integrated:u32 evidence:f32 rmsd_px:f32? "
     "rmsd_psi:f32? res_a:f32? eta_deg:f32? dom_a:f32? dx_px:f32? dy_px:f32? a:f64 b:f64 c:f64 al:f64 be:f64 ga:f64 mat:b72 "
     "free_cell:b48 free_cov:b84 shells:b110 ident:b16",
     "pk job,source,frame,lattice"},
    {"failure", "job:i64 source:u32 frame:u32 body:text", "pk job,source,frame"},
};

const struct schema_step schema_steps[] = {
    {1, version_1, sizeof version_1 / sizeof *version_1},
};
// clang-format on
const size_t schema_n_steps = sizeof schema_steps / sizeof *schema_steps;

/* The next blank-separated word of *text; false at the end. */
static bool next_word(const char **text, char *word, size_t size)
{
    while (**text == ' ')
        ++*text;
    size_t n = strcspn(*text, " ");
    if (n == 0)
        return false;
    size_t kept = n < size - 1 ? n : size - 1;
    memcpy(word, *text, kept);
    word[kept] = 0;
    *text += n;
    return true;
}

static const char *sqlite_type(const char *type)
{
    if (!strcmp(type, "id"))
        return "INTEGER PRIMARY KEY AUTOINCREMENT";
    if (!strcmp(type, "text") || type[0] == 't')
        return "TEXT";
    if (!strcmp(type, "blob") || type[0] == 'b')
        return "BLOB";
    return type[0] == 'f' ? "REAL" : "INTEGER";
}

static void add_columns(const struct schema_table *t, struct str *sql)
{
    char word[64];
    const char *text = t->columns;
    for (const char *comma = ""; next_word(&text, word, sizeof word); comma = ", ") {
        char *type = strchr(word, ':');
        *type++ = 0;
        size_t n = strlen(type);
        bool null = type[n - 1] == '?';
        if (null)
            type[n - 1] = 0;
        str_printf(sql, "%s\"%s\" %s%s", comma, word, sqlite_type(type),
                   null || !strcmp(type, "id") ? "" : " NOT NULL");
    }
}

void schema_sqlite(const struct schema_table *t, struct str *sql)
{
    struct str indexes = {0};
    char kind[8], columns[64], other[64];
    str_printf(sql, "CREATE TABLE \"%s\" (", t->name);
    add_columns(t, sql);
    const char *text = t->keys;
    while (next_word(&text, kind, sizeof kind)) {
        if (!strcmp(kind, ";"))
            continue;
        next_word(&text, columns, sizeof columns);
        if (!strcmp(kind, "pk")) {
            str_printf(sql, ", PRIMARY KEY (%s)", columns);
        } else if (!strcmp(kind, "uq")) {
            str_printf(sql, ", UNIQUE (%s)", columns);
        } else if (!strcmp(kind, "fk")) {
            next_word(&text, other, sizeof other);
            str_printf(sql, ", FOREIGN KEY (%s) REFERENCES \"%s\"(id)", columns, other);
        } else {
            str_printf(&indexes, "CREATE INDEX \"%s_%.*s\" ON \"%s\" (%s);\n", t->name,
                       (int)strcspn(columns, ","), columns, t->name, columns);
        }
    }
    str_add(sql, ") STRICT;\n");
    if (indexes.text)
        str_add(sql, indexes.text);
    str_free(&indexes);
}
