/* move_test.c - export, import, export again: the same rows; an import that fails leaves the database empty. */
#include "database.h"

#include "store/store_private.h"

#include <string.h>

/* Texts with quotes, line ends and all of UTF-8's lengths, blobs with every byte, numbers at their ends. */
static const char *const hostile[] = {
    "INSERT INTO tag(id,name,colour,auto,body) VALUES(7,'a''b\"c`d;\n-- é€😀',4294967295,255,NULL)",
    "INSERT INTO tag(id,name,colour,auto,body) VALUES(9,'',NULL,0,'')",
    "DELETE FROM tag WHERE id=9", /* its number is not given again */
    "INSERT INTO "
    "run(id,ord,name,path,path_hash,facility,state,state_t,seen,n_files,n_here,bytes,bytes_here,readable,"
    "ignored) "
    "VALUES(3,-9223372036854775807,'r',x'2f00ff27225c0a',x'000102030405060708090a0b0c0d0e0f','standalone',3,"
    "9223372036854775807,0,1,1,0,0,1,0)",
    "INSERT INTO "
    "job(id,trial,rungroup,run,task_rev,version,state,state_t,n_expected,n_tries,cancelled,published,preview,"
    "folder,created) VALUES(5,1,0,3,0,0,2,0,1,1,0,0,0,'/a/out',0)",
    "INSERT INTO "
    "attempt(id,job,no,name,live,state,end_kind,token,lease_expires,scheduler,host,start_t,n_ranks,n_threads,"
    "program,binary_hash,recipe_hash,n_pending,db_lag,log_path) SELECT "
    "11,5,1,'a',1,6,0,0,0,'local','nodeA',5,1,1,'',path_hash,path_hash,3,0,'/ab/log' FROM run",
    "INSERT INTO "
    "frame(job,source,frame,attempt,writer,outcome,reason,flags,label,n_lattice,n_strong,n_sat,event,t_done,"
    "ev_rec,ev_src,stages) SELECT 5,0,1,11,0,5,0,0,0,0,0,0,-9223372036854775808,1,9.5,0,path_hash FROM run",
    "INSERT INTO roll_hist(attempt,writer,label,kind,n,total,peak,lo,step,under,`over`,bins) "
    "VALUES(11,0,0,1,1,1e300,-2.5e-300,0.1,0.30000000000000004,0,0,x'')",
};

static void fill(void)
{
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        database_do(hostile[i]);
}

/* Every value of every row but the times of copies, as one hash. */
static void dump(const struct store_options *o, char out[65])
{
    struct store *s = NULL;
    struct error err = {0};
    struct str text = {0};
    uint8_t sum[32];
    assert_true(store_open_existing(o, true, false, &s, &err));
    for (size_t i = 0; i < schema_n_tables; i++) {
        struct str query = {0};
        schema_select(schema_tables + i, &query);
        struct sql_stmt *q = sql_query(&s->sql, &err, query.text, "");
        while (sql_step(&s->sql, q, &err) == 1) {
            struct sql_value first = s->sql.ops->column(q, 0);
            if (first.kind == SQL_TEXT && first.n == 8 &&
                (!memcmp(first.p, "exported", 8) || !memcmp(first.p, "imported", 8)))
                continue;
            for (int c = 0; c < s->sql.ops->columns(q); c++) {
                struct sql_value v = s->sql.ops->column(q, c);
                str_addn(&text, (const char *)&v.kind, sizeof v.kind);
                if (v.kind == SQL_INT)
                    str_addn(&text, (const char *)&v.i, sizeof v.i);
                else if (v.kind == SQL_REAL)
                    str_addn(&text, (const char *)&v.d, sizeof v.d);
                else if (v.n)
                    str_addn(&text, v.p, v.n);
            }
        }
        str_free(&query);
    }
    sha256(text.text, text.len, sum);
    hash_hex(sum, 32, out);
    str_free(&text);
    store_close(s);
}

static void export_to(const struct store_options *o, const char *file)
{
    struct store *s = NULL;
    struct error err = {0};
    int64_t rows = 0;
    assert_true(store_open_existing(o, true, false, &s, &err));
    if (!store_export(s, file, NULL, &rows, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    assert_true(rows > 10);
    store_close(s);
}

static void import_from(const struct store_options *o, const char *file, struct store_imported *done)
{
    static const struct store_map maps[] = {{"/a/", "/b"}};
    const struct store_import how = {.file = file, .maps = maps, .n_maps = 1};
    struct store *s = NULL;
    struct error err = {0};
    assert_true(store_open(o, false, &s, &err));
    if (!store_import(s, &how, done, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    store_close(s);
}

/* Database, file, file (attempts that lived are lost now), then database of the test's kind, file. */
static void copies_hold_the_same_rows(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    struct store_imported done;
    char one[128], two[128], three[128], sum[4][65];
    database_place();
    snprintf(one, sizeof one, "%s/1.db", database_folder);
    snprintf(two, sizeof two, "%s/2.db", database_folder);
    snprintf(three, sizeof three, "%s/3.db", database_folder);
    assert_true(database_open(false, &s, &err));
    store_close(s);
    fill();
    struct store_options o = database_options();
    export_to(&o, one);
    dump(&o, sum[0]);
    dump(&(struct store_options){.file = one}, sum[1]);
    assert_string_equal(sum[0], sum[1]);
    import_from(&(struct store_options){.file = two}, one, &done);
    assert_int_equal(done.lost, 1);
    assert_int_equal(done.jobs, 1);
    assert_int_equal(done.folders_missing, 1);
    dump(&(struct store_options){.file = two}, sum[1]);
    assert_string_not_equal(sum[0], sum[1]);
    database_drop_on_server();
    snprintf(database_file, sizeof database_file, "%s/4.db", database_folder);
    o = database_options();
    import_from(&o, two, &done);
    assert_int_equal(done.lost, 0);
    export_to(&o, three);
    dump(&o, sum[2]);
    dump(&(struct store_options){.file = three}, sum[3]);
    assert_string_equal(sum[1], sum[2]);
    assert_string_equal(sum[1], sum[3]);
    /* folders moved, what only begins alike did not; the job waits to be gone on with; numbers are not given twice */
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE folder='/b/out' AND state=6"), 1);
    assert_int_equal(
        database_number(
            "SELECT count(*) FROM attempt WHERE log_path='/ab/log' AND live IS NULL AND state=11"),
        1);
    database_do("INSERT INTO tag(name,auto) VALUES('next',0)");
    assert_int_equal(database_number("SELECT id FROM tag WHERE name='next'"), 10);
    database_drop();
}

static void an_import_that_fails_has_done_nothing(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    struct store_imported done;
    char file[128];
    database_place();
    snprintf(file, sizeof file, "%s/1.db", database_folder);
    assert_true(store_open_file(file, false, &s, &err));
    /* a row that no database of ours takes: its run is not there */
    assert_true(sql_script(&s->sql, "PRAGMA foreign_keys=OFF", &err));
    assert_true(sql_script(
        &s->sql,
        "INSERT INTO tag(id,name,auto) VALUES(1,'x',0); INSERT INTO run_tag(run,tag,t,who) VALUES(99,1,0,'')",
        &err));
    store_close(s);
    assert_true(database_open(false, &s, &err));
    const struct store_import how = {.file = file};
    assert_false(store_import(s, &how, &done, &err));
    store_close(s);
    assert_int_equal(database_number("SELECT count(*) FROM tag"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM meta"), 5);
    database_drop();
}

static void what_is_there_is_not_written_over(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    struct store_imported done;
    int64_t rows;
    char file[128];
    database_place();
    snprintf(file, sizeof file, "%s/1.db", database_folder);
    assert_true(database_open(false, &s, &err));
    store_close(s);
    fill();
    assert_true(database_open(false, &s, &err));
    assert_true(store_export(s, file, NULL, &rows, &err));
    assert_false(store_export(s, file, NULL, &rows, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    const struct store_import how = {.file = file};
    assert_false(store_import(s, &how, &done, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "not empty"));
    store_close(s);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_hold_the_same_rows),
        cmocka_unit_test(an_import_that_fails_has_done_nothing),
        cmocka_unit_test(what_is_there_is_not_written_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
