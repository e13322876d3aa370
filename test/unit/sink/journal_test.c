/* journal_test.c - journals: what is put comes back bit for bit; nothing that was not whole is ever taken; and a second
 * implementation, written from the same page, agrees. */
#include "fixture.h"

#include "sink/journal_format.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char *path_of(const char *name)
{
    return fs_join(&memory, folder, name);
}

static const struct journal_source sources[] = {{"/data/run_0.h5", 1000, 5, 8}, {"/data/run_1.h5", -1, 0, 2}};

static struct journal_start start_of(void)
{
    return (struct journal_start){
        .identity = {.attempt = 7, .rank = 3, .created = 1764082812, .recipe = {1, 2, 3}},
        .program = "xfelx 0.1.0",
        .host = "node",
        .boot_id = "b",
        .pid = 12,
        .recipe_text = "indexing.known_symmetry.space_group = P43212\n",
        .sources = sources,
        .n_sources = 2};
}

static void good(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s: %s", err->fact, err->detail);
}

static struct journal *created(const char *name)
{
    struct journal_start start = start_of();
    struct error err = {0};
    struct journal *j = NULL;
    good(journal_create(path_of(name), &start, &j, &err), &err);
    return j;
}

static struct journal_reader *opened(const char *name)
{
    struct journal_reader *r = NULL;
    struct error err = {0};
    good(journal_open(path_of(name), &r, &err), &err);
    return r;
}

static void put(struct journal *j, const struct result *r)
{
    struct error err = {0};
    good(journal_put(j, r, true, 1, &err), &err);
}

static void sync_all(struct journal *j)
{
    struct error err = {0};
    good(journal_sync(j, &err), &err);
}

static struct bytes content(const char *path)
{
    struct bytes b = {0};
    struct error err = {0};
    good(fs_read(path, 1 << 26, &b, &err), &err);
    return b;
}

/* All records of a file; returns how many. The last error is left in err. */
static size_t read_all(struct journal_reader *r, struct journal_record *out, size_t max, struct error *err)
{
    size_t n = 0;
    struct journal_record record;
    *err = (struct error){0};
    while (journal_next(r, &record, err))
        if (n < max)
            out[n++] = record;
    return n;
}

/* ---- what is put comes back */

/* Odd bytes for numbers that are never computed with: none is zero, none like its neighbour. */
static void scramble(void *at, size_t n)
{
    uint8_t *p = at;
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(1 + (i * 167 + n) % 251);
}

static void every_byte_of_a_row_has_its_column(void **state)
{
    (void)state;
    static const struct {
        enum journal_table kind;
        size_t padding; /* bytes between members */
    } kinds[] = {
        {TABLE_ROWS_INDEXED, 4}, {TABLE_SPOTS, 0}, {TABLE_PIXELS, 0}, {TABLE_FRAME, 4}, {TABLE_MESSAGE, 0}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t size = journal_row_size(kinds[k].kind);
        uint8_t *row = arena_alloc(&memory, size), *back = arena_alloc(&memory, size);
        struct str out = {0};
        struct error err = {0};
        size_t kept = 0;
        memset(row, 0xff, size);
        journal_columns_put(&out, kinds[k].kind, 0, row, 1);
        struct unwire g = {(uint8_t *)out.text + 16, (uint8_t *)out.text + out.len, false};
        struct table_head head = {kinds[k].kind, 0, 1, 0};
        memcpy(&head.columns, out.text + 8, 4);
        good(journal_columns_get(&g, &head, back, &err), &err);
        for (size_t i = 0; i < size; i++)
            kept += back[i] == 0xff;
        if (kept + kinds[k].padding != size)
            fail_msg("kind %d: %zu of %zu bytes are kept: a member has no row in journal_columns.c",
                     kinds[k].kind, kept, size);
        str_free(&out);
    }
}

static void assert_same_lattice(const struct lattice *a, const struct lattice *b)
{
    assert_memory_equal(a, b, sizeof *a);
}

static void a_result_comes_back_bit_for_bit(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct result r = frames_result(&memory, 1, 1, 2, d), back;
    struct lattice *l = arena_array(&memory, 2, sizeof *l);
    struct reflection *rows = arena_memdup(&memory, r.integrated, r.n_integrated * sizeof *rows);
    struct error err = {0};
    for (int i = 0; i < 2; i++) {
        l[i] = r.lattices[i];
        scramble(l[i].cell, sizeof l[i].cell);
        scramble(l[i].free_cell, sizeof l[i].free_cell);
        scramble(l[i].free_cov, sizeof l[i].free_cov);
        scramble(&l[i].evidence, offsetof(struct lattice, cell_no) - offsetof(struct lattice, evidence));
        l[i].n_indexed = 40, l[i].n_integrated = 41, l[i].reason = 20, l[i].flags = LATTICE_SPLIT;
    }
    scramble(&rows[1].s1, sizeof rows[1].s1);
    rows[3].intensity = -0.0;
    r.lattices = l, r.integrated = rows;
    r.flags = FRAME_ICE, r.reason = REASON_FEW_SPOTS, r.n_saturated = 5, r.distance = 100.25;
    r.n_stages = 3, r.stage_ns[2] = 123456789, r.thread = 4;
    r.beam.energy_recorded_ev = NAN, r.beam.energy_source = 2;
    r.glow = (struct frame_glow){1.7, 0.31, -0.02, 7, true, 4.5};
    struct journal *j = created("a.xfj");
    put(j, &r);
    journal_end(j, 0);
    sync_all(j);
    journal_close(j);

    struct journal_reader *reader = opened("a.xfj");
    struct journal_record record;
    assert_int_equal(journal_identity(reader)->attempt, 7);
    assert_int_equal(journal_identity(reader)->rank, 3);
    good(journal_next(reader, &record, &err), &err);
    assert_int_equal(record.type, JOURNAL_START);
    good(journal_next(reader, &record, &err), &err);
    assert_int_equal(record.type, JOURNAL_DETECTOR);
    good(journal_next(reader, &record, &err), &err);
    good(journal_result(reader, &record, &memory, &back, &err), &err);
    assert_string_equal(back.id.path, "/data/run_1.h5");
    assert_true(back.id.source == 1 && back.id.frame == 1 && back.outcome == r.outcome &&
                back.reason == r.reason);
    assert_true(back.flags == r.flags && back.n_strong == 1 && back.n_saturated == 5 &&
                back.t_done == r.t_done);
    assert_true(back.n_stages == 3 && back.thread == 4 && back.distance == 100.25);
    assert_memory_equal(back.stage_ns, r.stage_ns, sizeof r.stage_ns);
    assert_memory_equal(&back.beam.v, &r.beam.v, sizeof r.beam.v);
    assert_memory_equal(back.beam.polarization_normal, r.beam.polarization_normal, 24);
    assert_true(back.glow.ring == 1.7 && back.glow.low == 0.31 && back.glow.ice == -0.02 &&
                back.glow.n_ice == 7 && back.glow.ice_known && back.glow.spot_length_px == 4.5);
    assert_true(isnan(back.beam.energy_recorded_ev) && back.beam.energy_source == 2);
    assert_int_equal(back.n_lattices, 2);
    for (int i = 0; i < 2; i++)
        assert_same_lattice(&back.lattices[i], &l[i]);
    assert_int_equal(back.n_indexed, 4);
    assert_memory_equal(back.indexed, r.indexed, 4 * sizeof *r.indexed);
    assert_memory_equal(back.integrated, rows, 4 * sizeof *rows);
    assert_memory_equal(back.spots, r.spots, sizeof *r.spots);
    assert_int_equal(back.n_pixels, 2);
    assert_memory_equal(back.pixels, r.pixels, 2 * sizeof *r.pixels);
    assert_true(detector_fingerprint(back.detector) == detector_fingerprint(d));
    assert_string_equal(back.detector->info[1].material, "Si");
    assert_int_equal(back.detector->n_pixels, d->n_pixels);
    assert_false(journal_ended(reader));
    good(journal_next(reader, &record, &err), &err);
    assert_int_equal(record.type, JOURNAL_END);
    assert_false(journal_next(reader, &record, &err));
    assert_int_equal(err.code, ERROR_END);
    assert_true(journal_ended(reader));
    journal_reader_close(reader);
}

static void a_failed_frame_keeps_its_words_and_needs_no_detector(void **state)
{
    (void)state;
    struct result r = {.id = {.source = 0, .frame = 4, .path = "/data/run_0.h5"},
                       .outcome = OUTCOME_FAILED,
                       .reason = REASON_TRUNCATED,
                       .message = "run_0.h5: frame 4 ends early"},
                  back;
    struct error err = {0};
    struct journal *j = created("a.xfj");
    good(journal_put(j, &r, false, 2, &err), &err);
    sync_all(j);
    journal_close(j);
    struct journal_reader *reader = opened("a.xfj");
    struct journal_record record;
    struct journal_frame frame;
    journal_next(reader, &record, &err);
    good(journal_next(reader, &record, &err), &err);
    good(journal_frame(&record, &frame, &err), &err);
    assert_true(!frame.final && frame.tries == 2 && frame.outcome == OUTCOME_FAILED && frame.frame == 4);
    good(journal_result(reader, &record, &memory, &back, &err), &err);
    assert_string_equal(back.message, r.message);
    assert_null(back.detector);
    journal_reader_close(reader);
}

static void equal_detectors_are_written_once(void **state)
{
    (void)state;
    const struct detector *near = frames_detector(&memory, 100), *same = frames_detector(&memory, 100),
                          *far = frames_detector(&memory, 101);
    const struct result frames[] = {frames_result(&memory, 0, 0, 1, near),
                                    frames_result(&memory, 0, 1, 1, far),
                                    frames_result(&memory, 0, 2, 1, same)};
    static const enum journal_type types[] = {JOURNAL_START,    JOURNAL_DETECTOR, JOURNAL_FRAME,
                                              JOURNAL_DETECTOR, JOURNAL_FRAME,    JOURNAL_FRAME};
    struct journal_record records[8];
    struct error err;
    struct journal *j = created("a.xfj");
    for (int i = 0; i < 3; i++)
        put(j, &frames[i]);
    sync_all(j);
    journal_close(j);
    struct journal_reader *reader = opened("a.xfj");
    assert_int_equal(read_all(reader, records, 8, &err), 6);
    for (int i = 0; i < 6; i++)
        assert_int_equal(records[i].type, types[i]);
    for (int i = 4; i < 6; i++) {
        struct journal_record record;
        struct result back;
        good(journal_at(reader, records[i].offset, &record, &err), &err);
        good(journal_result(reader, &record, &memory, &back, &err), &err);
        assert_true(detector_fingerprint(back.detector) == detector_fingerprint(i == 4 ? far : near));
    }
    journal_reader_close(reader);
}

/* ---- what is not whole is not there */

/* A journal of one blank frame, one of a lattice, a note: small, so that every byte of it can be tried. */
static struct bytes small_journal(void)
{
    const struct detector *d = frames_detector(&memory, 100);
    const struct result frames[] = {frames_result(&memory, 0, 0, 0, d), frames_result(&memory, 0, 1, 1, d)};
    struct journal *j = created("small.xfj");
    put(j, &frames[0]);
    put(j, &frames[1]);
    journal_note(j, 1, "a note");
    sync_all(j);
    journal_close(j);
    return content(path_of("small.xfj"));
}

/* Written without fsync: there are thousands. */
static struct journal_reader *reader_of(const uint8_t *data, size_t n)
{
    FILE *f = fopen(path_of("try.xfj"), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    return opened("try.xfj");
}

static void a_journal_cut_at_any_byte_gives_the_records_before_it(void **state)
{
    (void)state;
    struct bytes whole = small_journal();
    struct journal_record all[8], some[8];
    struct error err;
    struct journal_reader *r = reader_of(whole.data, whole.size);
    size_t n = read_all(r, all, 8, &err);
    assert_int_equal(n, 5);
    assert_int_equal(journal_whole(r), whole.size);
    journal_reader_close(r);
    for (size_t cut = JOURNAL_FIRST; cut < whole.size; cut++) {
        r = reader_of(whole.data, cut);
        size_t k = read_all(r, some, 8, &err), n_gaps;
        assert_int_equal(err.code, ERROR_END);
        for (size_t i = 0; i < n; i++) {
            uint64_t end = i + 1 < n ? all[i + 1].offset : whole.size;
            assert_true((end <= cut) == (i < k));
        }
        assert_true(journal_whole(r) == (k < n ? all[k].offset : whole.size));
        journal_gaps(r, &n_gaps);
        assert_int_equal(n_gaps, 0);
        journal_reader_close(r);
    }
    bytes_free(&whole);
}

static void a_flipped_bit_costs_its_record_alone_and_is_said(void **state)
{
    (void)state;
    struct bytes whole = small_journal();
    struct journal_record all[8], some[8];
    struct error err;
    struct journal_reader *r = reader_of(whole.data, whole.size);
    size_t n = read_all(r, all, 8, &err);
    journal_reader_close(r);
    for (size_t bit = 8 * all[2].offset; bit < 8 * all[3].offset;
         bit += bit / 8 < all[2].offset + 40 ? 1 : 61) {
        whole.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        r = reader_of(whole.data, whole.size);
        size_t k = read_all(r, some, 8, &err), n_gaps;
        const struct journal_gap *gaps = journal_gaps(r, &n_gaps);
        assert_int_equal(err.code, ERROR_END);
        assert_int_equal(k, n - 1);
        for (size_t i = 0; i < k; i++)
            assert_true(some[i].offset == all[i < 2 ? i : i + 1].offset);
        assert_int_equal(n_gaps, 1);
        assert_true(gaps->offset == all[2].offset && gaps->offset + gaps->size == all[3].offset);
        journal_reader_close(r);
        whole.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    bytes_free(&whole);
}

static void a_torn_end_is_cut_and_the_next_writer_finds_it_whole(void **state)
{
    (void)state;
    struct bytes whole = small_journal();
    struct journal_record some[8];
    struct error err;
    struct journal_reader *r = reader_of(whole.data, whole.size - 3);
    size_t n = read_all(r, some, 8, &err);
    uint64_t good_bytes = journal_whole(r);
    journal_reader_close(r);
    good(journal_cut(path_of("try.xfj"), good_bytes, &err), &err);
    r = opened("try.xfj");
    assert_int_equal(read_all(r, some, 8, &err), n);
    assert_int_equal(journal_whole(r), good_bytes);
    journal_reader_close(r);
    assert_false(journal_cut(path_of("try.xfj"), 100, &err)); /* never the header */
    bytes_free(&whole);
}

static void what_is_not_a_journal_or_of_another_version_is_refused_in_a_line(void **state)
{
    (void)state;
    struct bytes whole = small_journal();
    struct journal_reader *r;
    struct error err = {0};
    assert_false(journal_open(path_of("none.xfj"), &r, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    good(fs_write_atomic(path_of("v.xfj"), "hello", 5, &err), &err);
    assert_false(journal_open(path_of("v.xfj"), &r, &err));
    assert_int_equal(err.code, ERROR_DAMAGED);
    whole.data[20]++; /* the attempt: the checksum no longer holds */
    good(fs_write_atomic(path_of("v.xfj"), whole.data, whole.size, &err), &err);
    assert_false(journal_open(path_of("v.xfj"), &r, &err));
    assert_int_equal(err.code, ERROR_DAMAGED);
    whole.data[20]--;
    whole.data[8] = 2;
    good(fs_write_atomic(path_of("v.xfj"), whole.data, whole.size, &err), &err);
    assert_false(journal_open(path_of("v.xfj"), &r, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.fact, "version 2"));
    bytes_free(&whole);
}

/* Set a field of the record at this offset and make its checksum right. */
static void forge(uint8_t *record, size_t at, uint16_t value)
{
    uint32_t n, crc;
    memcpy(record + at, &value, 2);
    memcpy(&n, record + 24, 4);
    crc = crc32c(crc32c(0, record, 28), record + 32, n);
    memcpy(record + 28, &crc, 4);
}

static void an_unknown_record_stops_the_reading_by_name(void **state)
{
    (void)state;
    struct bytes whole = small_journal();
    struct journal_record some[8];
    struct error err;
    static const struct {
        size_t at;
        uint16_t was, is;
        const char *word;
    } rows[] = {{4, JOURNAL_START, 40, "type 40"}, {6, 1, 3, "version 3"}};
    for (int i = 0; i < 2; i++) {
        forge(whole.data + JOURNAL_FIRST, rows[i].at, rows[i].is);
        struct journal_reader *r = reader_of(whole.data, whole.size);
        assert_int_equal(read_all(r, some, 8, &err), 0);
        assert_int_equal(err.code, ERROR_UNSUPPORTED);
        assert_non_null(strstr(err.fact, rows[i].word));
        journal_reader_close(r);
        forge(whole.data + JOURNAL_FIRST, rows[i].at, rows[i].was);
    }
    bytes_free(&whole);
}

/* ---- tables that lie */

static bool try_body(const char *body, size_t n, struct error *err)
{
    static const char *paths[] = {"/data/run_0.h5"};
    const struct detector *d = frames_detector(&memory, 100);
    const struct journal_seen seen = {paths, 1, &d, 1};
    struct result back;
    uint8_t *exact = malloc(n); /* so that a sanitizer sees what is beyond */
    memcpy(exact, body, n);
    struct arena a = {0};
    bool ok = journal_frame_get(exact, n, &seen, &a, &back, err);
    arena_free(&a);
    free(exact);
    return ok;
}

static void a_body_that_ends_anywhere_is_refused(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct result r = frames_result(&memory, 0, 0, 2, d);
    struct str body = {0}, scratch = {0};
    struct error err = {0};
    good(journal_frame_put(&body, &r, 0, true, 1, &scratch, &err), &err);
    assert_true(try_body(body.text, body.len, &err));
    for (size_t n = 0; n < body.len; n++)
        assert_false(try_body(body.text, n, &err));
    r.id.source = 5;
    str_clear(&body);
    good(journal_frame_put(&body, &r, 0, true, 1, &scratch, &err), &err);
    assert_false(try_body(body.text, body.len, &err));
    r.id.source = 0;
    str_clear(&body);
    good(journal_frame_put(&body, &r, 9, true, 1, &scratch, &err), &err);
    assert_false(try_body(body.text, body.len, &err));
    str_free(&body);
    str_free(&scratch);
}

static void an_unknown_column_is_refused_never_skipped(void **state)
{
    (void)state;
    struct str out = {0};
    struct error err = {0};
    struct spot spot = {.x = 1}, back = {0};
    journal_columns_put(&out, TABLE_SPOTS, 0, &spot, 1);
    struct table_head head = {TABLE_SPOTS, 0, 1, 1};
    uint8_t *column = (uint8_t *)out.text + 16;
    struct unwire g = {column, (uint8_t *)out.text + out.len, false};
    assert_true(journal_columns_get(&g, &head, &back, &err) && back.x == 1);
    column[0] = 41 + 90;
    g.at = column;
    assert_false(journal_columns_get(&g, &head, &back, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    column[0] = 40, column[2]++; /* another type */
    g.at = column;
    assert_false(journal_columns_get(&g, &head, &back, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    str_free(&out);
}

/* ---- the second implementation */

static bool run_example(const char *verb, const char *file)
{
    char path[4096], command[9000];
    support_data("tools/journal_example.py", path);
    snprintf(command, sizeof command, "/usr/bin/python3 -B '%s' %s '%s' >'%s/out'", path, verb, file, folder);
    return system(command) == 0;
}

static void the_example_of_the_second_implementation_is_read_whole(void **state)
{
    (void)state;
    static const enum journal_type types[] = {JOURNAL_NOTE,  JOURNAL_FRAME, JOURNAL_FRAME,
                                              JOURNAL_FRAME, JOURNAL_VOID,  JOURNAL_END};
    struct error err = {0};
    struct journal_record record;
    struct journal_void *voids;
    uint8_t hash[32];
    char hex[65];
    size_t n;
    assert_true(run_example("write", path_of("example.xfj")));
    struct bytes b = content(path_of("example.xfj"));
    sha256(b.data, b.size, hash);
    assert_string_equal(hash_hex(hash, 32, hex),
                        "8a3a3af6bc8f53c1cf163c34f2f214e01ca5dad2e6dfceae880a94051cbf0efa");
    struct journal_reader *r = opened("example.xfj");
    static const char *paths[] = {"/data/run_0.h5"};
    const struct journal_seen seen = {paths, 1, NULL, 0};
    for (int i = 0; i < 6; i++) {
        struct result back;
        good(journal_next(r, &record, &err), &err);
        assert_int_equal(record.type, types[i]);
        assert_int_equal(record.seq, i);
        if (record.type == JOURNAL_FRAME)
            good(journal_frame_get(record.body, record.n, &seen, &memory, &back, &err), &err);
        if (i == 2) {
            assert_true(back.outcome == OUTCOME_INTEGRATED && back.n_strong == 71 && back.n_lattices == 1);
            assert_true(back.n_integrated == 2 && back.integrated[1].hkl[0] == -1 &&
                        back.integrated[1].hkl[2] == 4);
            assert_true(back.integrated[0].intensity == 104.5 && back.integrated[1].intensity == 17.25);
            assert_true(back.lattices[0].n_indexed == 40 && back.lattices[0].cell[2] == 131.03);
            assert_true(back.lattices[0].A[0] == 0.0107 && back.lattices[0].A[8] == 0.0076);
        }
        if (record.type == JOURNAL_VOID) {
            good(journal_voids(&record, &memory, &voids, &n, &err), &err);
            assert_true(n == 1 && voids->attempt == 7 && voids->rank == 3 && voids->frame == 2);
        }
    }
    assert_false(journal_next(r, &record, &err));
    assert_true(journal_ended(r) && journal_identity(r)->attempt == 7);
    journal_reader_close(r);
    bytes_free(&b);
}

static void the_second_implementation_reads_ours(void **state)
{
    (void)state;
    struct bytes whole = small_journal(), out;
    assert_true(run_example("read", path_of("small.xfj")));
    out = content(path_of("out"));
    char *text = arena_strndup(&memory, (char *)out.data, out.size);
    assert_non_null(strstr(text, "8192 START 0 "));
    assert_non_null(strstr(text, " FRAME 3 "));
    assert_non_null(strstr(text, " NOTE 4 10\nend\n"));
    bytes_free(&whole);
    bytes_free(&out);
}

/* ---- writing */

static void what_was_not_synced_is_not_there_and_a_second_journal_of_a_name_is_refused(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct result r = frames_result(&memory, 0, 0, 0, d);
    struct journal_start start = start_of();
    struct journal_record some[8];
    struct error err = {0};
    struct journal *j = created("sub/folder/a.xfj"), *second;
    assert_int_equal(journal_pending(j), 0);
    put(j, &r);
    assert_true(journal_pending(j) > 0);
    struct journal_reader *reader = opened("sub/folder/a.xfj");
    assert_int_equal(read_all(reader, some, 8, &err), 1);
    journal_reader_close(reader);
    assert_false(journal_create(path_of("sub/folder/a.xfj"), &start, &second, &err));
    assert_int_equal(err.code, ERROR_BUSY);
    journal_close(j);
}

static void a_full_disk_keeps_the_batch_for_a_second_try(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct result r = frames_result(&memory, 0, 0, 2, d);
    struct journal *j = created("a.xfj");
    struct journal_record some[8];
    struct error err = {0};
    struct rlimit before, small;
    struct stat st;
    put(j, &r);
    assert_int_equal(stat(path_of("a.xfj"), &st), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = (rlim_t)st.st_size + 100; /* some of the batch goes in */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool ok = journal_sync(j, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(ok);
    assert_int_equal(err.code, ERROR_NO_SPACE);
    assert_true(journal_reserve(j, 10, &err));
    sync_all(j);
    journal_close(j);
    struct journal_reader *reader = opened("a.xfj");
    assert_int_equal(read_all(reader, some, 8, &err), 3);
    journal_reader_close(reader);
}

static void slots_say_what_threads_were_busy_with_and_are_in_no_checksum(void **state)
{
    (void)state;
    struct journal_busy busy[JOURNAL_SLOTS];
    struct journal *j = created("a.xfj");
    journal_slot(j, 0, true, 1, 22, 3, 1);
    journal_slot(j, 5, true, 0, 7, 2, 2);
    journal_slot(j, 126, true, 0, 8, 1, 1);
    journal_slot(j, 127, true, 0, 9, 1, 1); /* one more than there are */
    journal_slot(j, 5, false, 0, 7, 2, 2);
    struct journal_reader *reader = opened("a.xfj"); /* while the writer lives: as after its death */
    assert_int_equal(journal_busy(reader, busy), 2);
    assert_true(busy[0].source == 1 && busy[0].frame == 22 && busy[0].stage == 3 && busy[0].tries == 1);
    assert_true(busy[1].thread == 126 && busy[1].frame == 8 && busy[1].t > 0);
    journal_reader_close(reader);
    journal_close(j);
}

static void other_records_come_back_as_they_were_put(void **state)
{
    (void)state;
    struct journal *j = created("a.xfj");
    static const struct journal_void two[] = {{1, 2, 3, 4}, {UINT64_MAX, 5, 6, 7}};
    struct journal_record record;
    struct journal_void *back;
    struct error err = {0};
    size_t n;
    journal_geometry(j, "geometry", 8);
    journal_applied(j, 4711);
    journal_void(j, two, 2);
    sync_all(j);
    journal_close(j);
    struct journal_reader *r = opened("a.xfj");
    journal_next(r, &record, &err);
    good(journal_next(r, &record, &err), &err);
    assert_true(record.type == JOURNAL_GEOMETRY && record.n == 8 && !memcmp(record.body, "geometry", 8));
    good(journal_next(r, &record, &err), &err);
    assert_true(record.type == JOURNAL_APPLIED && record.n == 8 && record.body[0] == (4711 & 255));
    good(journal_next(r, &record, &err), &err);
    good(journal_voids(&record, &memory, &back, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_memory_equal(back, two, sizeof two);
    journal_reader_close(r);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_byte_of_a_row_has_its_column),
        TEST(a_result_comes_back_bit_for_bit),
        TEST(a_failed_frame_keeps_its_words_and_needs_no_detector),
        TEST(equal_detectors_are_written_once),
        TEST(a_journal_cut_at_any_byte_gives_the_records_before_it),
        TEST(a_flipped_bit_costs_its_record_alone_and_is_said),
        TEST(a_torn_end_is_cut_and_the_next_writer_finds_it_whole),
        TEST(what_is_not_a_journal_or_of_another_version_is_refused_in_a_line),
        TEST(an_unknown_record_stops_the_reading_by_name),
        TEST(a_body_that_ends_anywhere_is_refused),
        TEST(an_unknown_column_is_refused_never_skipped),
        TEST(the_example_of_the_second_implementation_is_read_whole),
        TEST(the_second_implementation_reads_ours),
        TEST(what_was_not_synced_is_not_there_and_a_second_journal_of_a_name_is_refused),
        TEST(a_full_disk_keeps_the_batch_for_a_second_try),
        TEST(slots_say_what_threads_were_busy_with_and_are_in_no_checksum),
        TEST(other_records_come_back_as_they_were_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
