/* views.c - the templates, and making them; see views.h. Columns and their meaning are those of the reference's own tables (its
 * schema 5, 2019 on). A column that our rows cannot fill is NULL. */
#include "store/views.h"

#include "store/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// clang-format off

/* ---- what the dialects say differently ---- */

/* Of SQLite, which has only hex() to look into a blob: the byte at a place of $1. */
#define DIGIT(byte, n) "(instr('0123456789ABCDEF',substr(hex(substr($1," byte ",1))," n ",1))-1)"
#define BYTE(byte) "(" DIGIT(byte, "1") "*16+" DIGIT(byte, "2") ")"

/* {NAME argument@argument}: $1, $2, $3 in the dialect's text, which may have markers itself. */
static const struct {
    const char *name, *text[2];
} markers[] = {
    {"text", {"CAST($1 AS TEXT)", "CONVERT($1 USING utf8mb4)"}},
    {"digits", {"CAST($1 AS TEXT)", "CAST($1 AS CHAR)"}},
    {"join", {"($1||$2)", "CONCAT($1,$2)"}},
    {"largest", {"max($1,$2,$3)", "GREATEST($1,$2,$3)"}},
    {"five", {"printf('%05d',$1)", "LPAD($1,GREATEST(5,LENGTH($1)),'0')"}},
    /* numbers of rows: SQLite has indexes on these expressions, MariaDB on columns that hold them (view_keys) */
    {"event", {"($1.job*1099511627776+$1.source*16777216+$1.frame)", "$1.cctbx_event"}},
    {"lattice", {"($1.job*17592186044416+$1.source*268435456+$1.frame*16+$1.lattice)", "$1.cctbx_lattice"}},
    {"fits", {"($1.job<32768 AND $1.source<65536 AND $1.frame<16777216)", "($1.job<32768 AND $1.source<65536 AND $1.frame<16777216)"}},
    {"trial", {"(SELECT $2 FROM job j JOIN trial t ON t.id=j.trial WHERE j.id=$1.job)",
               "(SELECT $2 FROM job j JOIN trial t ON t.id=j.trial WHERE j.id=$1.job)"}},
    /* big-endian numbers at byte $2 of blob $1: two bytes; the small reals of shells; a double (STORE 3.1) */
    {"u16", {"(" BYTE("$2") "*256+" BYTE("$2+1") ")", "CONV(HEX(SUBSTR($1,$2,2)),16,10)"}},
    {"small", {"CASE WHEN {u16 $1@$2}<>0 THEN ({u16 $1@$2}-32768)*pow(2," BYTE("$2+2") "-128) END",
               "CASE WHEN {u16 $1@$2}<>0 THEN ({u16 $1@$2}-32768)*POW(2,CONV(HEX(SUBSTR($1,$2+2,1)),16,10)-128) END"}},
    {"mantissa", {"(((((((" BYTE("$2+1") "%16)*256+" BYTE("$2+2") ")*256+" BYTE("$2+3") ")*256+" BYTE("$2+4") ")*256+" BYTE("$2+5")
                  ")*256+" BYTE("$2+6") ")*256+" BYTE("$2+7") ")",
                  "(CAST(CONV(HEX(SUBSTR($1,$2,8)),16,10) AS UNSIGNED)&4503599627370495)"}},
    {"real", {"CASE WHEN {u16 $1@$2}%32768<16 THEN 0e0 ELSE CASE WHEN {u16 $1@$2}>32767 THEN -1 ELSE 1 END"
              "*(1+{mantissa $1@$2}*2.220446049250313e-16)*pow(2,{u16 $1@$2}%32768/16-1023) END",
              "CASE WHEN {u16 $1@$2}%32768<16 THEN 0e0 ELSE CASE WHEN {u16 $1@$2}>32767 THEN -1 ELSE 1 END"
              "*(1+{mantissa $1@$2}*2.220446049250313e-16)*POW(2,({u16 $1@$2}%32768) DIV 16-1023) END"}},
    /* a file's name without its folders */
    {"name", {"replace($1,rtrim($1,replace($1,'/','')),'')", "SUBSTRING_INDEX($1,'/',-1)"}},
    /* ns since 1970: a shot's time as the reference writes it; as a time */
    {"shot", {"(strftime('%Y-%m-%dT%H:%MZ%S',$1/1000000000,'unixepoch')||printf('.%03d',$1/1000000%1000))",
              "CONCAT(DATE_FORMAT({time $1},'%Y-%m-%dT%H:%iZ%s.'),LPAD($1 DIV 1000000 MOD 1000,3,'0'))"}},
    {"time", {"strftime('%Y-%m-%d %H:%M:%S',$1/1000000000,'unixepoch')", "(TIMESTAMP('1970-01-01')+INTERVAL ($1 DIV 1000000000) SECOND)"}},
    /* what follows the first $2 in $1; its first line */
    {"behind", {"substr($1,instr($1,$2)+length($2))", "SUBSTR($1,LOCATE($2,$1)+CHAR_LENGTH($2))"}},
    {"line", {"substr($1,1,instr($1||char(10),char(10))-1)", "SUBSTRING_INDEX($1,CHAR(10),1)"}},
};

const struct view_key view_keys[] = {
    {"frame", "cctbx_event", "job*1099511627776+source*16777216+frame"},
    {"lattice", "cctbx_event", "job*1099511627776+source*16777216+frame"},
    {"lattice", "cctbx_lattice", "job*17592186044416+source*268435456+frame*16+lattice"},
};
const size_t view_keys_n = sizeof view_keys / sizeof *view_keys;

/* ---- the views ---- */

#define NO(name) ",NULL AS " name
#define SHELLS "(SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL" \
    " SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10) n"
/* `process` alone has no rungroup: its runs and trials are in one with number 0. */
#define ALONE "j.version=0 AND j.run>0 AND j.trial>0 AND j.rungroup=0"
/* a second table keeps a view from being written through */
#define LATTICES " FROM lattice l JOIN meta m ON m.k='schema' WHERE {fits l} AND l.lattice<16"
#define INDEXED_FRAMES " FROM frame f JOIN meta m ON m.k='schema' WHERE f.n_lattice>0 AND {fits f}"
/* the resolution that a lattice's shells reach */
#define SHELL_D "COALESCE(l.shell_d,{trial l@t.d_min})"

const struct view views[] = {
    {"run",
     "SELECT r.id AS id,CASE WHEN r.id=u.first_id THEN u.label ELSE {join u.label@{join '#'@{digits r.id}}} END AS run,"
     "{text r.path} AS path FROM run r JOIN (SELECT COALESCE({digits num},name) AS label,MIN(id) AS first_id FROM run"
     " GROUP BY COALESCE({digits num},name)) u ON u.label=COALESCE({digits r.num},r.name)", true},
    {"trial",
     "SELECT id,num AS trial,active,phil AS target_phil_str,percent AS process_percent,body AS comment,d_min FROM trial", true},
    {"rungroup",
     "SELECT id,active,CASE WHEN last_ord IS NULL THEN 1 ELSE 0 END AS open" NO("config_str") ",phil AS extra_phil_str"
     NO("extra_format_str") NO("format") NO("detector_address") NO("detz_parameter") NO("beamx") NO("beamy") NO("binning") NO("energy")
     NO("wavelength_offset") NO("untrusted_pixel_mask_path") NO("dark_avg_path") NO("dark_stddev_path") NO("gain_map_path")
     NO("gain_mask_level") NO("calib_dir") ",tt_low AS two_theta_low,tt_high AS two_theta_high" NO("spectrum_eV_per_pixel")
     NO("spectrum_eV_offset") ",body AS comment FROM rungroup"
     " UNION ALL SELECT 0,1,1" ",NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,"
     "'processed without a rungroup' FROM meta m WHERE m.k='schema' AND EXISTS(SELECT 1 FROM job j WHERE " ALONE ")", true},
    {"rungroup_run",
     "SELECT g.id AS rungroup_id,r.id AS run_id FROM rungroup g JOIN run r ON r.ord>=g.first_ord AND (g.last_ord IS NULL OR r.ord<=g.last_ord)"
     " LEFT JOIN rungroup_run x ON x.rungroup=g.id AND x.run=r.id WHERE COALESCE(x.include,1)=1"
     " UNION SELECT rungroup,run FROM rungroup_run WHERE include=1 UNION SELECT 0,j.run FROM job j WHERE " ALONE, true},
    {"trial_rungroup",
     "SELECT trial AS trial_id,rungroup AS rungroup_id FROM trial_rungroup WHERE active=1 UNION SELECT j.trial,0 FROM job j WHERE " ALONE, true},
    {"tag", "SELECT id,name,body AS comment FROM tag", true},
    {"run_tag", "SELECT run AS run_id,tag AS tag_id FROM run_tag", true},
    {"task",
     "SELECT v.id AS id,k.kind AS type" NO("trial_id") ",v.phil AS parameters FROM task_rev v JOIN task k ON k.id=v.task", true},
    {"dataset",
     "SELECT id,name,active,body AS comment,CASE op WHEN 2 THEN 'intersection' ELSE 'union' END AS tag_operator FROM dataset", true},
    {"dataset_task", "SELECT dataset AS dataset_id,task_rev AS task_id FROM dataset_task", true},
    {"dataset_tag", "SELECT dataset AS dataset_id,tag AS tag_id FROM dataset_tag", true},
    {"dataset_version", "SELECT id,dataset AS dataset_id,version FROM dataset_version", true},
    {"dataset_version_job",
     "SELECT version AS dataset_version_id,job AS job_id FROM version_input UNION SELECT version,id FROM job WHERE version>0", true},
    {"job",
     "SELECT j.id AS id,CASE WHEN j.state=1 THEN 'DONE' WHEN j.state=2 AND a.state=7 THEN 'SUSP' WHEN j.state=2 AND a.state=10 THEN 'UNKWN'"
     " WHEN j.state=2 THEN 'RUN' WHEN j.state=3 AND a.state<3 THEN 'SUBMITTED' WHEN j.state=3 AND a.state=4 THEN 'HOLD'"
     " WHEN j.state=4 THEN 'DELETED' WHEN j.state=5 AND a.end_kind=4 THEN 'TIMEOUT' WHEN j.state=5 AND a.end_kind=9 THEN 'SUBMIT_FAIL'"
     " WHEN j.state=5 AND a.end_kind=14 THEN 'ERR' WHEN j.state=5 THEN 'EXIT' ELSE 'PEND' END AS status,a.sched_id AS submission_id,"
     "NULLIF(j.run,0) AS run_id,CASE WHEN " ALONE " THEN 0 ELSE NULLIF(j.rungroup,0) END AS rungroup_id,NULLIF(j.trial,0) AS trial_id,"
     "NULLIF(j.task_rev,0) AS task_id,d.dataset AS dataset_id FROM job j LEFT JOIN dataset_version d ON d.id=j.version"
     " LEFT JOIN attempt a ON a.job=j.id AND a.no=(SELECT MAX(b.no) FROM attempt b WHERE b.job=j.id)"
     " WHERE j.preview=0", true},
    {"event",
     "SELECT {event f} AS id,{time f.t_done} AS `current_time`,COALESCE({shot f.t_event},CASE WHEN s.n_frames=1 THEN {name {text s.path}}"
     " ELSE {join {name {text s.path}}@{join '_'@{five f.frame}}} END) AS `timestamp`,j.run AS run_id,j.trial AS trial_id,"
     "j.rungroup AS rungroup_id,f.n_strong+0 AS n_strong,f.low+0e0 AS two_theta_low,"
     "f.low*f.ring+0e0 AS two_theta_high FROM frame f JOIN job j ON j.id=f.job JOIN run r ON r.id=j.run LEFT JOIN source s ON s.run=j.run AND"
     " s.no=f.source WHERE f.outcome<>6 AND {fits f} AND j.version=0 AND j.task_rev=0 AND r.n_files<=65536 AND COALESCE(r.n_frames,0)<=16777216", false},
    {"imageset", "SELECT {event f} AS id" INDEXED_FRAMES, false},
    {"imageset_event",
     "SELECT {event f} AS imageset_id,{event f} AS event_id,j.run AS event_run_id FROM frame f JOIN job j ON j.id=f.job"
     " WHERE f.n_lattice>0 AND j.preview=0 AND {fits f}", false},
    {"beam",
     "SELECT {event f} AS id" NO("direction_1") NO("direction_2") NO("direction_3") ",12398.419843320026/f.ev_used AS wavelength"
     NO("attenuation") INDEXED_FRAMES, false},
    {"detector", "SELECT {event f} AS id" NO("metrology") ",f.dist_mm+0e0 AS distance" INDEXED_FRAMES, false},
    {"experiment",
     "SELECT {lattice l} AS id,{event l} AS beam_id,{event l} AS imageset_id,{event l} AS detector_id,{lattice l} AS crystal_id,"
     "{lattice l} AS crystal_cell_id" LATTICES, false},
    /* A and the matrix that makes cartesian of fractional coordinates; crystal has U = A·O^T */
    {"xfelx_setting",
     "SELECT {lattice l} AS id,{real l.mat@1} AS m1,{real l.mat@9} AS m2,{real l.mat@17} AS m3,{real l.mat@25} AS m4,{real l.mat@33} AS m5,"
     "{real l.mat@41} AS m6,{real l.mat@49} AS m7,{real l.mat@57} AS m8,{real l.mat@65} AS m9,l.a AS o1,l.b*cos(radians(l.ga)) AS o2,"
     "l.c*cos(radians(l.be)) AS o3,l.b*sin(radians(l.ga)) AS o5,"
     "l.c*(cos(radians(l.al))-cos(radians(l.be))*cos(radians(l.ga)))/sin(radians(l.ga)) AS o6,"
     "l.c*sqrt(abs(1-pow(cos(radians(l.be)),2)"
     "-pow((cos(radians(l.al))-cos(radians(l.be))*cos(radians(l.ga)))/sin(radians(l.ga)),2))) AS o9,"
     "l.eta_deg AS eta_deg,l.dom_a AS dom_a" LATTICES, false},
    {"crystal",
     "SELECT q.id AS id,q.m1*q.o1+q.m2*q.o2+q.m3*q.o3 AS ori_1,q.m2*q.o5+q.m3*q.o6 AS ori_2,q.m3*q.o9 AS ori_3,"
     "q.m4*q.o1+q.m5*q.o2+q.m6*q.o3 AS ori_4,q.m5*q.o5+q.m6*q.o6 AS ori_5,q.m6*q.o9 AS ori_6,"
     "q.m7*q.o1+q.m8*q.o2+q.m9*q.o3 AS ori_7,q.m8*q.o5+q.m9*q.o6 AS ori_8,q.m9*q.o9 AS ori_9,"
     "q.eta_deg/2e0 AS mosaic_block_rotation,q.dom_a+0e0 AS mosaic_block_size" NO("ewald_proximal_volume") ",q.id AS cell_id"
     " FROM {prefix}_xfelx_setting q", false},
    {"cell",
     "SELECT {lattice l} AS id,l.a+0e0 AS cell_a,l.b+0e0 AS cell_b,l.c+0e0 AS cell_c,l.al+0e0 AS cell_alpha,l.be+0e0 AS cell_beta,"
     "l.ga+0e0 AS cell_gamma,{trial l@COALESCE(NULLIF(TRIM(REPLACE({line {behind {behind {join t.phil@'known_symmetry space_group = P1'}"
     "@'known_symmetry'}@'space_group ='}},'''','')),'None'),'P1')} AS lookup_symbol" NO("isoform_id") NO("trial_id") LATTICES, false},
    {"isoform", /* none, ever */ "SELECT id,name,id AS trial_id FROM tag WHERE id<0", true},
    /* joined by numbers that no index has: made whole, the server indexes what it made (merged, a join of 10 shells with 10 of every
     * other lattice is quadratic) */
    {"bin",
     "SELECT {lattice l}*16+n.n AS id,n.n AS number," SHELL_D "*pow(10e0/n.n,1e0/3) AS d_min,CASE WHEN n.n=1 THEN {largest l.a@l.b@l.c} ELSE "
     SHELL_D "*pow(10e0/(n.n-1),1e0/3) END AS d_max" NO("total_hkl") ",{lattice l} AS cell_id FROM lattice l JOIN " SHELLS
     " WHERE {fits l} AND l.lattice<16 AND " SHELL_D " IS NOT NULL", true},
    {"cell_bin",
     "SELECT {lattice l}*16+n.n AS bin_id,{lattice l} AS crystal_id,{u16 l.shells@11*n.n-10}+0 AS count,"
     "{small l.shells@11*n.n-8} AS avg_intensity,{small l.shells@11*n.n-5} AS avg_sigma,{small l.shells@11*n.n-2} AS avg_i_sigi"
     " FROM lattice l JOIN " SHELLS " WHERE {fits l} AND l.lattice<16", true},
};
// clang-format on
const size_t views_n = sizeof views / sizeof *views;

/* ---- from template to SQL ---- */

/* The text of a marker with its arguments, "ARGUMENT@ARGUMENT". */
static void put_marker(enum dialect d, const char *name, size_t name_n, const char *arguments, size_t n,
                       const char *prefix, struct str *out)
{
    const char *text = NULL, *at[3] = {"", "", ""};
    size_t length[3] = {0};
    if (name_n == 6 && !memcmp(name, "prefix", 6)) {
        str_add(out, prefix);
        return;
    }
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++)
        if (strlen(markers[i].name) == name_n && !memcmp(markers[i].name, name, name_n))
            text = markers[i].text[d];
    if (!text)
        abort(); /* a template of ours with a word that is none: the test makes all of them */
    for (size_t k = 0, from = 0; k < 3 && from <= n; k++) {
        at[k] = arguments + from;
        const char *bar = memchr(at[k], '@', n - from);
        length[k] = bar ? (size_t)(bar - at[k]) : n - from;
        from += length[k] + 1;
    }
    for (; *text; text++)
        if (text[0] == '$' && text[1] >= '1' && text[1] <= '3') {
            str_addn(out, at[text[1] - '1'], length[text[1] - '1']);
            text++;
        } else {
            str_addc(out, *text);
        }
}

void view_text(enum dialect d, const char *template, const char *prefix, struct str *sql)
{
    struct str now = {0}, next = {0};
    str_add(&now, template);
    for (;;) { /* the innermost marker that closes first */
        const char *end = strchr(now.text, '}'), *begin = end;
        if (!end)
            break;
        while (*begin != '{')
            begin--;
        size_t name_n = strcspn(begin + 1, " }");
        const char *arguments = begin + 1 + name_n + (begin[1 + name_n] == ' ');
        str_clear(&next);
        str_addn(&next, now.text, (size_t)(begin - now.text));
        put_marker(d, begin + 1, name_n, arguments, (size_t)(end - arguments), prefix, &next);
        str_add(&next, end + 1);
        struct str swap = now;
        now = next;
        next = swap;
    }
    str_add(sql, now.text);
    str_free(&now);
    str_free(&next);
}

bool views_prefix_is_good(const char *prefix, struct error *err)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    size_t n = strlen(prefix);
    if (n < 1 || n > 30 || strspn(prefix, letters) != n)
        return error_set(err, ERROR_USAGE, "a prefix of views has 1 to 30 letters, digits and underscores");
    for (size_t i = 0; i < views_n; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s_%s", prefix, views[i].name);
        if (schema_find(name))
            return error_set(err, ERROR_USAGE, "the prefix %s would name a view as our table %s", prefix,
                             name);
    }
    return true;
}

/* ---- making them ---- */

static void put_view(enum dialect d, const struct view *v, const char *prefix, struct str *sql)
{
    if (d == DIALECT_SQLITE)
        str_printf(sql, "DROP VIEW IF EXISTS `%s_%s`;\nCREATE VIEW `%s_%s` AS ", prefix, v->name, prefix,
                   v->name);
    else
        str_printf(sql, "CREATE OR REPLACE ALGORITHM=%s VIEW `%s_%s` AS ", v->small ? "TEMPTABLE" : "MERGE",
                   prefix, v->name);
    view_text(d, v->select, prefix, sql);
    str_add(sql, ";\n");
}

/* A column that a number too large would make fail is NULL instead: rows must always go in. */
static bool make_key(struct sql *s, const struct view_key *k, struct error *err)
{
    struct str text = {0};
    bool has = false, ok = true;
    if (s->ops->dialect == DIALECT_SQLITE)
        str_printf(&text, "CREATE INDEX IF NOT EXISTS `%s_%s` ON `%s`((%s))", k->table, k->column, k->table,
                   k->expression);
    else
        ok = sql_has_column(s, k->table, k->column, &has, err);
    if (!text.text && !has)
        str_printf(&text,
                   "ALTER TABLE `%s` ADD COLUMN `%s` BIGINT AS (CASE WHEN job<32768 THEN %s END) VIRTUAL, "
                   "ADD INDEX `%s` (`%s`)",
                   k->table, k->column, k->expression, k->column, k->column);
    ok = ok && (!text.text || sql_script(s, text.text, err));
    str_free(&text);
    return ok;
}

struct views_work {
    const char *prefix;
    struct store_views *out;
};

static bool make_views(struct store *store, void *arg, struct error *err)
{
    const struct views_work *w = arg;
    struct sql *s = &store->sql;
    struct str text = {0};
    bool ok = true;
    w->out->made = 0;
    for (size_t i = 0; ok && i < view_keys_n; i++)
        ok = make_key(s, &view_keys[i], err);
    for (size_t i = 0; ok && i < views_n; i++) {
        str_clear(&text);
        put_view(s->ops->dialect, &views[i], w->prefix, &text);
        ok = sql_script(s, text.text, err);
        w->out->made++;
    }
    str_free(&text);
    return ok && sql_number(s, &w->out->refused_jobs, 0, err,
                            "SELECT count(*) FROM job j JOIN run r ON r.id=j.run WHERE j.version=0 AND "
                            "j.task_rev=0 AND (j.id>=32768 OR "
                            "r.n_files>65536 OR COALESCE(r.n_frames,0)>16777216)",
                            "");
}

bool store_views(struct store *s, const char *prefix, struct store_views *out, struct error *err)
{
    struct views_work w = {prefix, out};
    *out = (struct store_views){0};
    return views_prefix_is_good(prefix, err) && store_transaction(s, make_views, &w, err);
}
