/* schema.c - the tables, the steps, and how the notation becomes the DDL of SQLite and MariaDB.
 *
 * A job is one identity (trial, rungroup, run, task revision, dataset version); absent parts are 0, never
 * NULL, since NULLs would admit duplicates. `uq job,live` with live = 1 or NULL forbids two live attempts:
 * NULLs are free to repeat. Frame rows are final and inserted once by key (job, source, frame). `failure`
 * holds the one line that says why a frame failed. What the columns mean: STORE 3.1. */
#include "store/schema.h"

#include <stdlib.h>
#include <string.h>

// clang-format off
const struct schema_table schema_tables[] = {
    {"meta",
     "k:t64 v:text",
     "pk k", 1},
    {"migration",
     "step:u32 t:ns done:u8 by:t255 version:t64",
     "pk step", 1},
    {"lease",
     "name:t64 owner:t255 token:i64 expires:ns renewed:ns info:text",
     "pk name", 2},
    {"audit",
     "id:id t:ns who:t128 via:u8 verb:t64 target:t255 was:text? becomes:text?",
     "ix t ; ix target,t", 2},
    {"request",
     "id:id ukey:b16 t:ns who:t128 verb:t64 args:text state:u8 taken:ns? done:ns? answer:text?",
     "uq ukey ; ix state,id", 2},
    {"note",
     "id:id t:ns who:t128 kind:u8 target:i64 body:text",
     "ix kind,target,t", 2},
    {"event",
     "id:id t:ns kind:t32 level:u8 run:i64 job:i64 attempt:i64 body:text fields:text?",
     "ix t ; ix run,t ; ix job,t", 2},
    {"alarm",
     "id:id kind:t32 since:ns until:ns? acked:ns? who:t128? body:text fields:text?",
     "ix until,since", 2},
    {"run",
     "id:id ord:i64 num:i64? name:t255 path:b4096 path_hash:b16 facility:t32 state:u8 state_t:ns seen:ns"
     " begin_t:ns? end_t:ns? closed_t:ns? present_t:ns? n_files:u32 n_here:u32 bytes:i64 bytes_here:i64"
     " n_frames:i64? readable:u8 ignored:u8 body:text? why:text? rate:f64? look:b48?",
     "uq path_hash ; ix ord ; ix state,ord", 1},
    {"source",
     "run:i64 no:u32 path:b4096 path_hash:b16 size:i64 mtime:ns n_frames:u32? format:t32? here:u8",
     "pk run,no ; uq run,path_hash ; fk run run", 1},
    {"tag",
     "id:id name:t128 colour:u32? auto:u8 body:text?",
     "uq name", 2},
    {"run_tag",
     "run:i64 tag:i64 t:ns who:t128",
     "pk run,tag ; ix tag,run ; fk run run ; fk tag tag", 2},
    {"trial",
     "id:id num:u32 recipe_hash:b32 phil:text body:text active:u8 percent:f32? d_min:f32? used:u8 created:ns"
     " who:t128 bad_input:text? preview:f32?",
     "uq num ; ix recipe_hash", 1},
    {"rungroup",
     "id:id first_ord:i64 last_ord:i64? active:u8 phil:text body:text tt_low:f32? tt_high:f32? created:ns"
     " who:t128 bad_input:text?",
     "", 2},
    {"rungroup_run",
     "rungroup:i64 run:i64 include:u8",
     "pk rungroup,run", 2},
    {"trial_rungroup",
     "trial:i64 rungroup:i64 active:u8",
     "pk trial,rungroup", 2},
    {"task",
     "id:id name:t128 kind:t32",
     "uq name", 2},
    {"task_rev",
     "id:id task:i64 rev:u32 phil:text resources:text used:u8 created:ns who:t128",
     "uq task,rev ; fk task task", 2},
    {"dataset",
     "id:id name:t128 op:u8 active:u8 goal:text? body:text?",
     "uq name", 2},
    {"dataset_tag",
     "dataset:i64 tag:i64",
     "pk dataset,tag ; fk tag tag", 2},
    {"dataset_task",
     "dataset:i64 pos:u32 task_rev:i64",
     "pk dataset,pos", 2},
    {"dataset_version",
     "id:id dataset:i64 version:u32 created:ns body:text?",
     "uq dataset,version", 2},
    {"version_input",
     "version:i64 job:i64",
     "pk version,job", 2},
    {"job",
     "id:id trial:i64 rungroup:i64 run:i64 task_rev:i64 version:i64 state:u8 state_t:ns n_expected:i64"
     " n_tries:u16 retry_t:ns? cancelled:u8 published:u8 preview:u8 folder:t4096 created:ns forgiven_t:ns? cancelled_by:t128?"
     " outputs:u8? n_final:i64? n_lattices:i64?",
     "uq trial,rungroup,run,task_rev,version ; ix run ; ix state,id", 1},
    {"attempt",
     "id:id job:i64 no:u16 name:t63 live:u8? state:u8 end_kind:u8 token:i64 lease_expires:ns scheduler:t16"
     " sched_id:t128? raw_state:t64? reason:text? submit_t:ns? start_t:ns? end_t:ns? exit_code:i32?"
     " exit_signal:i32? host:t255? n_ranks:u32 n_threads:u32 program:t64 binary_hash:b32 recipe_hash:b32"
     " log_path:t4096? n_pending:u32 db_lag:ns owner:t128? claim_t:ns? since_t:ns? transient:u8? n_new:i64?",
     "uq job,no ; uq name ; uq job,live ; ix state,id ; fk job job", 1},
    {"chunk",
     "attempt:i64 no:u32 source:u32 first:u32 n:u32 owner:i64 expires:ns state:u8",
     "pk attempt,no ; ix attempt,state,expires", 2},
    {"writer",
     "attempt:i64 writer:u32 host:t255 journal:t4096 beat:ns beat_body:text? closed:u8",
     "pk attempt,writer", 2},
    {"frame",
     "job:i64 source:u32 frame:u32 attempt:i64 writer:u32 outcome:u8 reason:u8 flags:u32 label:u16 n_lattice:u8"
     " n_strong:u32 n_sat:u32 event:i64? t_event:ns? t_done:ns ev_rec:f32? ev_used:f32? ev_src:u8 pulse_mj:f32?"
     " dist_mm:f32? res_a:f32? ring:f32? stages:b32 low:f32? ice:f32? n_ice:u32? len_px:f32?",
     "pk job,source,frame", 1},
    {"lattice",
     "job:i64 source:u32 frame:u32 lattice:u8 reason:u8 cell_no:u8 n_indexed:u32 n_integrated:u32 evidence:f32"
     " rmsd_px:f32? rmsd_psi:f32? res_a:f32? eta_deg:f32? dom_a:f32? dx_px:f32? dy_px:f32? a:f64 b:f64 c:f64"
     " al:f64 be:f64 ga:f64 mat:b72 free_cell:b48 free_cov:b84 shells:b110 ident:b16 shell_d:f32?",
     "pk job,source,frame,lattice", 1},
    {"failure",
     "job:i64 source:u32 frame:u32 body:text",
     "pk job,source,frame", 1},
    {"refused",
     "id:id job:i64 source:u32 frame:u32 attempt:i64 what:t64 body:text t:ns",
     "ix job", 2},
    {"label_set",
     "id:id name:t64 kind:u8 unit:t16? rule:text version:u32 joined:ns n_unmatched:i64 n_unused:i64 bin:f64?",
     "uq name", 2},
    {"label_word",
     "label_set:i64 no:u16 word:t128 value:f64?",
     "pk label_set,no", 2},
    {"frame_label",
     "label_set:i64 run:i64 source:u32 frame:u32 no:u16? value:f64? nominal:f64?",
     "pk label_set,run,source,frame", 2},
    {"label_row",
     "label_set:i64 run:i64 layer:u8 version:u32 seq:u32 how:u8 place:i64 value:f64",
     "pk label_set,run,layer,version,seq", 4},
    {"label_span",
     "label_set:i64 seq:u32 run:i64 first_t:ns? last_t:ns? value:f64 version:u32",
     "pk label_set,seq", 4},
    {"label_join",
     "label_set:i64 run:i64 nominal:u32 corrected:u32 tolerance:i64 due:u8 seen:i64 t:ns n_frames:i64"
     " n_unmatched:i64 n_rows:i64 n_unused:i64",
     "pk label_set,run ; ix run", 4},
    {"label_count",
     "label_set:i64 job:i64 no:u16 frames:i64 blank:i64 indexed_below:i64 hit_not_indexed:i64"
     " indexed_not_integrated:i64 integrated:i64 failed:i64 lattices:i64 reasons:b256",
     "pk label_set,job,no ; ix job", 4},
    {"calib",
     "id:id kind:t16 hash:b32 label:t128 path:b4096? body:blob? first_ord:i64 last_ord:i64? t:ns who:t128",
     "uq kind,hash,label,first_ord", 2},
    {"attempt_calib",
     "attempt:i64 calib:i64",
     "pk attempt,calib", 2},
    {"roll",
     "attempt:i64 writer:u32 label:u16 token:i64 pos:i64 seq:i64 frames:i64 blank:i64 indexed_below:i64"
     " hit_not_indexed:i64 indexed_not_integrated:i64 integrated:i64 failed:i64 lattices:i64 multi:i64"
     " reflections:i64 sat:i64 duplicates:i64 t_first:ns t_last:ns t_frame:ns reasons:b256 ice:i64? ice_hits:i64?"
     " n_ring:i64? solvent:i64?",
     "pk attempt,writer,label", 2},
    {"roll_minute",
     "attempt:i64 writer:u32 label:u16 minute:u32 frames:u32 hits:u32 indexed:u32 integrated:u32"
     " indexed_below:u32 failed:u32 lattices:u32 multi:u32 sat:u32 n_res:u32 sum_s2:f64 spots_hit:b64"
     " spots_idx:b64 res_bins:b96 dx_sum:f64 dy_sum:f64 dxy2_sum:f64 ice:u32? ice_hits:u32? n_ring:u32?"
     " solvent:u32? n_len:u32? sum_ring:f64? sum_len:f64?",
     "pk attempt,writer,label,minute", 2},
    {"roll_hist",
     "attempt:i64 writer:u32 label:u16 kind:u8 n:i64 total:f64 peak:f64 lo:f64 step:f64 under:u32 over:u32"
     " bins:blob",
     "pk attempt,writer,label,kind", 2},
    {"roll_sample",
     "attempt:i64 writer:u32 hash:i64 source:u32 frame:u32 lattice:u8 label:u16 level:u8 a:f32 b:f32 c:f32"
     " al:f32 be:f32 ga:f32 res_a:f32? t_event:ns? dir:b18 rmsd_px:f32?",
     "pk attempt,writer,hash", 2},
    {"roll_change",
     "attempt:i64 writer:u32 job:i64 updated:ns pos:i64",
     "pk attempt,writer ; ix updated", 2},
    {"merge_stats",
     "version:i64 job:i64 shell:u16 d_max:f32? d_min:f32 possible:i64 uniq:i64 meas:i64 completeness:f32?"
     " multiplicity:f32? mean_i:f64? i_over_sigma:f32? cc_half:f32? cc_pairs:i64? cc_star:f32? r_split:f32?"
     " wilson_b:f32? lattices:i64",
     "pk version,job,shell", 2},
};
// clang-format on
const size_t schema_n_tables = sizeof schema_tables / sizeof *schema_tables;

static const struct schema_add adds_2[] = {{"attempt", "owner"}, {"lattice", "shell_d"}};

static const struct schema_add adds_3[] = {
    {"run", "why"},           {"run", "rate"},           {"run", "look"},
    {"trial", "bad_input"},   {"rungroup", "bad_input"}, {"job", "forgiven_t"},
    {"job", "cancelled_by"},  {"job", "outputs"},        {"job", "n_final"},
    {"job", "n_lattices"},    {"attempt", "claim_t"},    {"attempt", "since_t"},
    {"attempt", "transient"}, {"attempt", "n_new"},
};
/* runs that `process` alone made are told from those that a facility shows */
static const char after_3[] = "UPDATE run SET facility='process' WHERE facility='standalone'";

static const struct schema_add adds_4[] = {
    {"label_set", "bin"},
    {"label_word", "value"},
    {"frame_label", "nominal"},
    {"trial", "preview"},
};
/* one content may have several labels, and come back under one; -1: from the first run on */
static const char after_4[] = "UPDATE calib SET first_ord=-1 WHERE first_ord IS NULL";
static const char alter_4[] = "ALTER TABLE `calib` MODIFY `first_ord` BIGINT NOT NULL, DROP INDEX IF EXISTS "
                              "`kind`, ADD UNIQUE `kind` (`kind`,`hash`,`label`,`first_ord`)";

static const struct schema_add adds_5[] = {
    {"frame", "low"},
    {"frame", "ice"},
    {"frame", "n_ice"},
    {"frame", "len_px"},
    {"roll", "ice"},
    {"roll", "ice_hits"},
    {"roll", "n_ring"},
    {"roll", "solvent"},
    {"roll_minute", "ice"},
    {"roll_minute", "ice_hits"},
    {"roll_minute", "n_ring"},
    {"roll_minute", "solvent"},
    {"roll_minute", "n_len"},
    {"roll_minute", "sum_ring"},
    {"roll_minute", "sum_len"},
};
/* frames of before were not looked at for it: they count as such, not as unknown sums */
static const char after_5[] =
    "UPDATE roll SET ice=0,ice_hits=0,n_ring=0,solvent=0 WHERE ice IS NULL;\n"
    "UPDATE roll_minute SET ice=0,ice_hits=0,n_ring=0,solvent=0,n_len=0,sum_ring=0,sum_len=0 WHERE ice IS "
    "NULL";

const struct schema_step schema_steps[] = {
    {.version = 1, .additive = true},
    {.version = 2, .adds = adds_2, .n_adds = 2, .rolls = true}, /* a writer of version 1 would not count */
    /* a writer of version 2 would leave job.n_final as it was */
    {.version = 3, .adds = adds_3, .n_adds = sizeof adds_3 / sizeof *adds_3, .after = after_3},
    {.version = 4,
     .additive = true, /* no program of version 3 writes calibrations */
     .adds = adds_4,
     .n_adds = sizeof adds_4 / sizeof *adds_4,
     .after = after_4,
     .remake = "calib",
     .alter = alter_4},
    /* a writer of version 4 would not count ice and solvent */
    {.version = 5, .adds = adds_5, .n_adds = sizeof adds_5 / sizeof *adds_5, .after = after_5},
};
const size_t schema_n_steps = sizeof schema_steps / sizeof *schema_steps;

const struct schema_table *schema_find(const char *name)
{
    for (size_t i = 0; i < schema_n_tables; i++)
        if (!strcmp(schema_tables[i].name, name))
            return schema_tables + i;
    return NULL;
}

bool schema_word(const char **text, char *word, size_t size)
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

size_t schema_columns(const struct schema_table *t, struct schema_column out[SCHEMA_COLUMNS_MAX])
{
    char word[64];
    size_t n = 0;
    const char *text = t->columns;
    while (n < SCHEMA_COLUMNS_MAX && schema_word(&text, word, sizeof word)) {
        struct schema_column *c = out + n++;
        size_t name = strcspn(word, ":"), type = strlen(word) - name - 1;
        *c = (struct schema_column){.null = word[name + type] == '?'};
        memcpy(c->name, word, name < sizeof c->name ? name : sizeof c->name - 1);
        type -= c->null;
        memcpy(c->type, word + name + 1, type < sizeof c->type ? type : sizeof c->type - 1);
    }
    return n;
}

/* The primary key's columns as the keys name them, "a,b"; "id" where the table has one of its own. */
static void primary_key(const struct schema_table *t, char out[128])
{
    char kind[128];
    const char *text = t->keys;
    strcpy(out, "id");
    while (schema_word(&text, kind, sizeof kind))
        if (!strcmp(kind, "pk"))
            schema_word(&text, out, 128);
}

/* "`a`,`b`" of "a,b". */
static void quoted(const char *columns, struct str *sql)
{
    for (const char *p = columns; *p;) {
        size_t n = strcspn(p, ",");
        str_printf(sql, "%s`%.*s`", p == columns ? "" : ",", (int)n, p);
        p += n + (p[n] == ',');
    }
}

static bool in_list(const char *columns, const char *name)
{
    size_t length = strlen(name);
    for (const char *p = columns; *p;) {
        size_t n = strcspn(p, ",");
        if (n == length && !memcmp(p, name, n))
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

/* ---- DDL ---- */

void schema_type(enum dialect d, const char *type, struct str *sql)
{
    static const struct {
        const char *type, *names[2];
    } exact[] = {
        {"id", {"INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY"}},
        {"u8", {"INTEGER", "TINYINT UNSIGNED"}},
        {"u16", {"INTEGER", "SMALLINT UNSIGNED"}},
        {"u32", {"INTEGER", "INT UNSIGNED"}},
        {"i32", {"INTEGER", "INT"}},
        {"i64", {"INTEGER", "BIGINT"}},
        {"ns", {"INTEGER", "BIGINT"}},
        {"f32", {"REAL", "FLOAT"}},
        {"f64", {"REAL", "DOUBLE"}},
        {"text", {"TEXT", "MEDIUMTEXT"}},
        {"blob", {"BLOB", "MEDIUMBLOB"}},
    };
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (!strcmp(exact[i].type, type)) {
            str_add(sql, exact[i].names[d]);
            return;
        }
    if (d == DIALECT_SQLITE)
        str_add(sql, *type == 't' ? "TEXT" : "BLOB");
    else if (*type == 't')
        str_printf(sql, "VARCHAR(%s)", type + 1);
    else
        str_printf(sql, "%s(%s)", atoi(type + 1) <= 64 ? "BINARY" : "VARBINARY", type + 1);
}

static void column_of(enum dialect d, const struct schema_column *c, struct str *sql)
{
    str_printf(sql, "`%s` ", c->name);
    schema_type(d, c->type, sql);
    if (!c->null && strcmp(c->type, "id"))
        str_add(sql, " NOT NULL");
}

/* One key; what has to be a statement of its own goes to `after`. */
static void key_of(enum dialect d, const struct schema_table *t, const char *kind, const char **text,
                   struct str *sql, struct str *after)
{
    char columns[128] = "", other[64] = "";
    schema_word(text, columns, sizeof columns);
    bool index = !strcmp(kind, "ix"), separate = index && d == DIALECT_SQLITE;
    int first = (int)strcspn(columns, ",");
    struct str *out = separate ? after : sql;
    if (separate)
        str_printf(out, "CREATE INDEX IF NOT EXISTS `%s_%.*s` ON `%s` (", t->name, first, columns, t->name);
    else if (index)
        str_printf(out, ", KEY `%s_%.*s` (", t->name, first, columns);
    else if (!strcmp(kind, "pk"))
        str_add(out, ", PRIMARY KEY (");
    else
        str_add(out, !strcmp(kind, "uq") ? ", UNIQUE (" : ", FOREIGN KEY (");
    quoted(columns, out);
    str_add(out, separate ? ");\n" : ")");
    if (!strcmp(kind, "fk") && schema_word(text, other, sizeof other))
        str_printf(out, " REFERENCES `%s`(`id`)", other);
}

void schema_create(enum dialect d, const struct schema_table *t, struct str *sql)
{
    struct schema_column columns[SCHEMA_COLUMNS_MAX];
    struct str after = {0};
    char kind[16];
    size_t n = schema_columns(t, columns);
    str_printf(sql, "CREATE TABLE IF NOT EXISTS `%s` (", t->name);
    for (size_t i = 0; i < n; i++) {
        str_add(sql, i ? ", " : "");
        column_of(d, columns + i, sql);
    }
    const char *text = t->keys;
    while (schema_word(&text, kind, sizeof kind))
        if (strcmp(kind, ";"))
            key_of(d, t, kind, &text, sql, &after);
    if (d == DIALECT_SQLITE) /* without a row number of its own a table is one tree, not two */
        str_add(sql, strcmp(columns[0].type, "id") ? ") STRICT, WITHOUT ROWID;\n" : ") STRICT;\n");
    else
        str_add(sql, ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;\n");
    if (after.text)
        str_add(sql, after.text);
    str_free(&after);
}

void schema_add_column(enum dialect d, const struct schema_add *add, struct str *sql)
{
    struct schema_column columns[SCHEMA_COLUMNS_MAX];
    size_t n = schema_columns(schema_find(add->table), columns);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(columns[i].name, add->column)) {
            str_printf(sql, "ALTER TABLE `%s` ADD COLUMN ", add->table);
            column_of(d, columns + i, sql);
        }
}

/* ---- rows ---- */

void schema_select(const struct schema_table *t, struct str *sql)
{
    struct schema_column columns[SCHEMA_COLUMNS_MAX];
    size_t n = schema_columns(t, columns);
    char key[128];
    primary_key(t, key);
    for (size_t i = 0; i < n; i++)
        str_printf(sql, "%s`%s`", i ? "," : "SELECT ", columns[i].name);
    str_printf(sql, " FROM `%s` ORDER BY ", t->name);
    quoted(key, sql);
}

void schema_insert(enum dialect d, const struct schema_table *t, enum schema_meeting m, struct str *sql)
{
    struct schema_column columns[SCHEMA_COLUMNS_MAX];
    size_t n = schema_columns(t, columns);
    char key[128];
    primary_key(t, key);
    str_printf(sql, "INSERT INTO `%s`(", t->name);
    for (size_t i = 0; i < n; i++)
        str_printf(sql, "%s`%s`", i ? "," : "", columns[i].name);
    str_add(sql, ") VALUES(");
    for (size_t i = 0; i < n; i++)
        str_add(sql, i ? ",?" : "?");
    str_add(sql, ")");
    if (m == MEETING_KEEPS && d == DIALECT_SQLITE)
        str_add(sql, " ON CONFLICT DO NOTHING");
    else if (m == MEETING_KEEPS)
        str_printf(sql, " ON DUPLICATE KEY UPDATE `%s`=`%s`", columns[0].name, columns[0].name);
    if (m != MEETING_SETS)
        return;
    if (d == DIALECT_SQLITE) {
        str_add(sql, " ON CONFLICT(");
        quoted(key, sql);
        str_add(sql, ") DO UPDATE SET ");
    } else {
        str_add(sql, " ON DUPLICATE KEY UPDATE ");
    }
    const char *comma = "";
    for (size_t i = 0; i < n; i++)
        if (!in_list(key, columns[i].name)) {
            str_printf(sql, d == DIALECT_SQLITE ? "%s`%s`=excluded.`%s`" : "%s`%s`=VALUES(`%s`)", comma,
                       columns[i].name, columns[i].name);
            comma = ",";
        }
}
