/* import_cctbx.c - an experiment of cctbx.xfel into an empty database: one SELECT over the reference's tables a table of ours, all
 * columns in order; the server shapes the rows, so that this file is a table of texts. All goes in by one transaction.
 *
 * The reference has no key on jobs: rows that mean the same (trial, rungroup, run, task, version) become attempts of one job, in the
 * order of their numbers. Jobs of which it says they run are lost to us: nobody here works on them. Its events stay where they are:
 * they do not say which file and which image of it they are, so no frame of ours has their key; they are counted. */
#include "store/copy.h"
#include "store/store_private.h"
#include "store/views.h"

#include <stdlib.h>
#include <string.h>

// clang-format off
#define NOW "UNIX_TIMESTAMP()*1000000000"
#define NUMBER "'^[0-9][0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?$'"
/* what stands for a run in the order of a rungroup: its number where all have one (LCLS), else when it was first seen */
#define ORDER "CASE WHEN (SELECT COUNT(*) FROM `{prefix}_run` a WHERE a.run NOT REGEXP " NUMBER ")=0 THEN CAST(r.run AS SIGNED) ELSE r.id END"
#define RUNS "(SELECT r.id,r.run,r.path," ORDER " AS ord FROM `{prefix}_run` r)"
#define GROUPS "(SELECT g.rungroup_id AS id,MIN(r.ord) AS lo,MAX(r.ord) AS hi FROM `{prefix}_rungroup_run` g JOIN " RUNS " r ON r.id=g.run_id GROUP BY g.rungroup_id)"
#define VERSION "COALESCE((SELECT MAX(v.dataset_version_id) FROM `{prefix}_dataset_version_job` v WHERE v.job_id=j.id AND j.dataset_id IS NOT NULL),0)"
#define JOBS "(SELECT j.id,COALESCE(j.trial_id,0) AS t,COALESCE(j.rungroup_id,0) AS g,COALESCE(j.run_id,0) AS r,COALESCE(j.task_id,0) AS k," VERSION \
    " AS v,COALESCE(j.status,'') AS status,j.submission_id FROM `{prefix}_job` j)"
#define IDENTITIES "(SELECT MIN(i.id) AS first_id,MAX(i.id) AS last_id,COUNT(*) AS n,i.t,i.g,i.r,i.k,i.v FROM " JOBS " i GROUP BY i.t,i.g,i.r,i.k,i.v)"
#define SAME "i.t=k.t AND i.g=k.g AND i.r=k.r AND i.k=k.k AND i.v=k.v"
#define REMARK(name) "CONCAT('# cctbx.xfel: " name " = ',REPLACE(g." name ",CHAR(10),' '))"

static const struct {
    const char *table, *select;
} steps[] = {
    {"run",
     "SELECT r.id,r.ord,CASE WHEN r.run REGEXP " NUMBER " THEN CAST(r.run AS SIGNED) END,LEFT(r.run,255),"
     "CAST(LEFT(COALESCE(r.path,r.run),1024) AS BINARY),UNHEX(LEFT(SHA2(CONCAT(COALESCE(r.path,''),CHAR(0),r.run),256),32)),'cctbx.xfel',3," NOW "," NOW
     ",NULL,NULL,NULL,NULL,0,0,0,0,NULL,1,0,NULL,NULL,NULL,NULL FROM " RUNS " r ORDER BY r.id"},
    {"tag", "SELECT id,name,NULL,0,comment FROM `{prefix}_tag` ORDER BY id"},
    {"run_tag", "SELECT run_id,tag_id,0,'cctbx.xfel' FROM `{prefix}_run_tag`"},
    {"trial",
     "SELECT t.id,t.trial,UNHEX(SHA2(CONCAT('cctbx.xfel',t.id,CHAR(0),COALESCE(t.target_phil_str,'')),256)),COALESCE(t.target_phil_str,''),"
     "COALESCE(t.comment,''),t.active,t.process_percent,t.d_min+0e0,EXISTS(SELECT 1 FROM `{prefix}_job` j WHERE j.trial_id=t.id)," NOW
     ",'cctbx.xfel',NULL,NULL FROM `{prefix}_trial` t ORDER BY t.id"},
    {"rungroup",
     "SELECT g.id,COALESCE(s.lo,1),CASE WHEN g.open THEN NULL ELSE COALESCE(s.hi,0) END,g.active,CONCAT_WS(CHAR(10),g.extra_phil_str,"
     REMARK("config_str") "," REMARK("format") "," REMARK("detector_address") "," REMARK("detz_parameter") "," REMARK("beamx") ","
     REMARK("beamy") "," REMARK("binning") "," REMARK("energy") "," REMARK("untrusted_pixel_mask_path") "," REMARK("dark_avg_path") ","
     REMARK("dark_stddev_path") "," REMARK("gain_map_path") "," REMARK("gain_mask_level") "," REMARK("calib_dir") "),COALESCE(g.comment,''),"
     "g.two_theta_low,g.two_theta_high," NOW ",'cctbx.xfel',NULL FROM `{prefix}_rungroup` g LEFT JOIN " GROUPS " s ON s.id=g.id ORDER BY g.id"},
    /* members one by one, and what lies between them and is none */
    {"rungroup_run",
     "SELECT rungroup_id,run_id,1 FROM `{prefix}_rungroup_run` UNION ALL SELECT s.id,r.id,0 FROM " GROUPS " s JOIN `{prefix}_rungroup` g ON g.id=s.id"
     " JOIN " RUNS " r ON r.ord>=s.lo AND (g.open OR r.ord<=s.hi) WHERE NOT EXISTS(SELECT 1 FROM `{prefix}_rungroup_run` m WHERE"
     " m.rungroup_id=s.id AND m.run_id=r.id)"},
    {"trial_rungroup", "SELECT trial_id,rungroup_id,1 FROM `{prefix}_trial_rungroup`"},
    {"task", "SELECT id,CONCAT(type,' ',id),LEFT(type,32) FROM `{prefix}_task` ORDER BY id"},
    {"task_rev",
     "SELECT k.id,k.id,1,CONCAT_WS(CHAR(10),CONCAT('# cctbx.xfel: trial_id = ',k.trial_id),COALESCE(k.parameters,'')),'',"
     "EXISTS(SELECT 1 FROM `{prefix}_job` j WHERE j.task_id=k.id)," NOW ",'cctbx.xfel' FROM `{prefix}_task` k ORDER BY k.id"},
    {"dataset",
     "SELECT id,name,CASE tag_operator WHEN 'intersection' THEN 2 ELSE 1 END,active,NULL,comment FROM `{prefix}_dataset` ORDER BY id"},
    {"dataset_tag", "SELECT dataset_id,tag_id FROM `{prefix}_dataset_tag`"},
    {"dataset_task", "SELECT dataset_id,task_id,task_id FROM `{prefix}_dataset_task`"}, /* the reference's order is that of their ids */
    {"dataset_version", "SELECT id,dataset_id,version," NOW ",NULL FROM `{prefix}_dataset_version` ORDER BY id"},
    {"job",
     "SELECT k.first_id,k.t,k.g,k.r,k.k,k.v,CASE WHEN l.status='DONE' THEN 1 WHEN l.status='DELETED' THEN 4 WHEN l.status IN"
     " ('EXIT','ERR','TIMEOUT','SUBMIT_FAIL') THEN 5 ELSE 6 END," NOW ",0,k.n,NULL,COALESCE(l.status='DELETED',0),0,0,''," NOW ",NULL,NULL,NULL,NULL,NULL FROM " IDENTITIES
     " k JOIN `{prefix}_job` l ON l.id=k.last_id ORDER BY k.first_id"},
    {"version_input",
     "SELECT DISTINCT d.dataset_version_id,k.first_id FROM `{prefix}_dataset_version_job` d JOIN " JOBS " i ON i.id=d.job_id JOIN " IDENTITIES
     " k ON " SAME " WHERE i.v<>d.dataset_version_id"},
    {"attempt",
     "SELECT i.id,k.first_id,ROW_NUMBER() OVER(PARTITION BY k.first_id ORDER BY i.id),CONCAT('cctbx.xfel ',i.id),NULL,CASE WHEN i.status IN"
     " ('DONE','EXIT','ERR','TIMEOUT','SUBMIT_FAIL','DELETED') THEN 9 ELSE 11 END,CASE i.status WHEN 'DONE' THEN 1 WHEN 'EXIT' THEN 2"
     " WHEN 'TIMEOUT' THEN 4 WHEN 'DELETED' THEN 8 WHEN 'SUBMIT_FAIL' THEN 9 WHEN 'ERR' THEN 14 ELSE 6 END,0,0,'cctbx.xfel',"
     "LEFT(i.submission_id,128),i.status,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,'cctbx.xfel',UNHEX(REPEAT('00',32)),UNHEX(REPEAT('00',32)),"
     "NULL,0,0,NULL,NULL,NULL,NULL,NULL FROM " JOBS " i JOIN " IDENTITIES " k ON " SAME " ORDER BY i.id"},
};
// clang-format on

static bool from_words(struct sql *from, const char *template, const char *prefix, struct sql_stmt **q,
                       struct error *err)
{
    struct str text = {0};
    view_text(DIALECT_MARIADB, template, prefix, &text);
    *q = sql_query(from, err, text.text, "");
    str_free(&text);
    return *q != NULL;
}

/* Rows of one table. What the reference has no limit for is checked by ours: a value that is refused ends the import with its text. */
static bool take(struct sql *from, struct sql *to, size_t step, const char *prefix, int64_t *rows,
                 struct error *err)
{
    struct schema_column columns[SCHEMA_COLUMNS_MAX];
    struct sql_value row[SCHEMA_COLUMNS_MAX];
    size_t n = schema_columns(schema_find(steps[step].table), columns);
    struct sql_stmt *q;
    int got = -1;
    if (!from_words(from, steps[step].select, prefix, &q, err))
        return false;
    while ((got = sql_step(from, q, err)) == 1) {
        for (size_t i = 0; i < n; i++) {
            row[i] = from->ops->column(q, (int)i);
            if (row[i].kind == SQL_REAL && *columns[i].type != 'f') /* sums are decimals to MariaDB */
                row[i] = sql_i((int64_t)row[i].d);
        }
        if (!sql_insert(to, steps[step].table, MEETING_FAILS, row, 1, NULL, err)) {
            sql_reset(from, q);
            return false;
        }
        ++*rows;
    }
    return got == 0;
}

static bool count(struct sql *from, const char *template, const char *prefix, int64_t *out, struct error *err)
{
    struct sql_stmt *q;
    if (!from_words(from, template, prefix, &q, err))
        return false;
    int got = sql_step(from, q, err);
    if (got == 1) {
        *out = sql_int(from, q, 0);
        sql_reset(from, q);
    }
    return got == 1;
}

struct import_work {
    struct sql from;
    const char *prefix;
    struct store_imported_cctbx *out;
};

static bool take_all(struct store *s, void *arg, struct error *err)
{
    struct import_work *w = arg;
    struct store_imported_cctbx *o = w->out;
    int64_t *const counts[] = {&o->runs,     &o->tags, NULL,      &o->trials,   &o->rungroups, NULL,
                               NULL,         NULL,     &o->tasks, &o->datasets, NULL,          NULL,
                               &o->versions, &o->jobs, NULL,      &o->attempts};
    bool empty = false;
    const char *table = NULL;
    *o = (struct store_imported_cctbx){0};
    if (!copy_is_empty(&s->sql, &empty, &table, err))
        return false;
    if (!empty)
        return error_set(err, ERROR_USAGE, "%s is not empty: it has rows in %s", sql_name(&s->sql), table);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int64_t rows = 0;
        if (!take(&w->from, &s->sql, i, w->prefix, &rows, err))
            return false;
        if (counts[i])
            *counts[i] = rows;
    }
    return count(&w->from, "SELECT COUNT(*) FROM `{prefix}_event`", w->prefix, &o->events_left, err) &&
           count(&w->from, "SELECT COUNT(*) FROM `{prefix}_crystal`", w->prefix, &o->crystals_left, err) &&
           count(&w->from, "SELECT COUNT(*) FROM `{prefix}_isoform`", w->prefix, &o->isoforms_left, err) &&
           count(&w->from,
                 "SELECT COUNT(*) FROM `{prefix}_run` WHERE CHAR_LENGTH(run)>255 OR CHAR_LENGTH(path)>1024",
                 w->prefix, &o->texts_cut, err);
}

bool store_import_cctbx(struct store *s, const struct store_options *from, const char *prefix,
                        struct store_imported_cctbx *out, struct error *err)
{
    struct import_work w = {.prefix = prefix, .out = out};
    if (!from->host && !from->socket) {
        error_set(err, ERROR_USAGE, "no server is named that has the experiment of cctbx.xfel");
        return error_hint(err, "name it by the settings db.host or db.socket, db.user and db.password_file");
    }
    if (!views_prefix_is_good(prefix, err) || !sql_open(&w.from, from, true, err))
        return false;
    bool ok = sql_script(&w.from,
                         "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\nSTART TRANSACTION WITH "
                         "CONSISTENT SNAPSHOT, READ ONLY",
                         err) &&
              store_transaction(s, take_all, &w, err);
    sql_close(&w.from);
    return ok;
}
