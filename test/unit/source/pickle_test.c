/* Pickles: masks that DIALS itself wrote (flex.bool of 5 x 7 and 3 x 4), in every protocol; and what must be refused. */
#include "made.h"

#include "source/pickle.h"

/* pickle.dump((m, n), file, protocol) with m = True but [2,3] and [0,0], n = False but [1,2] */
// clang-format off
static const char protocol_0[] =
    "(cscitbx_array_family_flex_ext\012bool\012p0\012(tRp1\012(cscitbx_array_family_flex_ext\012grid\012"
    "p2\012((I0\012I0\012tp3\012(I5\012I7\012tp4\012I01\012tp5\012Rp6\012(I5\012I7\012tp7\012bc_codec"
    "s\012encode\012p8\012(V\002#01111111111111111011111111111111111\012p9\012Vlatin1\012p10\012tp11\012"
    "Rp12\012tp13\012bg0\012(tRp14\012(g2\012((I0\012I0\012tp15\012(I3\012I4\012tp16\012I01\012tp17\012"
    "Rp18\012(I3\012I4\012tp19\012bg8\012(V\002\014000000100000\012p20\012g10\012tp21\012Rp22\012tp23"
    "\012btp24\012.";
static const char protocol_1[] =
    "(cscitbx_array_family_flex_ext\012bool\012q\000)Rq\001(cscitbx_array_family_flex_ext\012grid\012"
    "q\002((K\000K\000tq\003(K\005K\007tq\004I01\012tq\005Rq\006(K\005K\007tq\007bc_codecs\012encode\012"
    "q\010(X%\000\000\000\002#01111111111111111011111111111111111q\011X\006\000\000\000latin1q\012tq\013"
    "Rq\014tq\015bh\000)Rq\016(h\002((K\000K\000tq\017(K\003K\004tq\020I01\012tq\021Rq\022(K\003K\004"
    "tq\023bh\010(X\016\000\000\000\002\014000000100000q\024h\012tq\025Rq\026tq\027btq\030.";
static const char protocol_2[] =
    "\200\002cscitbx_array_family_flex_ext\012bool\012q\000)Rq\001cscitbx_array_family_flex_ext\012gr"
    "id\012q\002K\000K\000\206q\003K\005K\007\206q\004\210\207q\005Rq\006K\005K\007\206q\007bc_codecs"
    "\012encode\012q\010X%\000\000\000\002#01111111111111111011111111111111111q\011X\006\000\000\000l"
    "atin1q\012\206q\013Rq\014\206q\015bh\000)Rq\016h\002K\000K\000\206q\017K\003K\004\206q\020\210\207"
    "q\021Rq\022K\003K\004\206q\023bh\010X\016\000\000\000\002\014000000100000q\024h\012\206q\025Rq\026"
    "\206q\027b\206q\030.";
static const char protocol_3[] =
    "\200\003cscitbx_array_family_flex_ext\012bool\012q\000)Rq\001cscitbx_array_family_flex_ext\012gr"
    "id\012q\002K\000K\000\206q\003K\005K\007\206q\004\210\207q\005Rq\006K\005K\007\206q\007bC%\002#0"
    "1111111111111111011111111111111111q\010\206q\011bh\000)Rq\012h\002K\000K\000\206q\013K\003K\004\206"
    "q\014\210\207q\015Rq\016K\003K\004\206q\017bC\016\002\014000000100000q\020\206q\021b\206q\022.";
static const char protocol_4[] =
    "\200\004\225\257\000\000\000\000\000\000\000\214\034scitbx_array_family_flex_ext\224\214\004bool"
    "\224\223\224)R\224h\000\214\004grid\224\223\224K\000K\000\206\224K\005K\007\206\224\210\207\224R"
    "\224K\005K\007\206\224bC%\002#01111111111111111011111111111111111\224\206\224bh\002)R\224h\005K\000"
    "K\000\206\224K\003K\004\206\224\210\207\224R\224K\003K\004\206\224bC\016\002\014000000100000\224"
    "\206\224b\206\224.";
static const char protocol_5[] =
    "\200\005\225\257\000\000\000\000\000\000\000\214\034scitbx_array_family_flex_ext\224\214\004bool"
    "\224\223\224)R\224h\000\214\004grid\224\223\224K\000K\000\206\224K\005K\007\206\224\210\207\224R"
    "\224K\005K\007\206\224bC%\002#01111111111111111011111111111111111\224\206\224bh\002)R\224h\005K\000"
    "K\000\206\224K\003K\004\206\224\210\207\224R\224K\003K\004\206\224bC\016\002\014000000100000\224"
    "\206\224b\206\224.";
// clang-format on

static const struct {
    const char *bytes;
    size_t n;
} protocols[] = {
    {protocol_0, sizeof protocol_0 - 1}, {protocol_1, sizeof protocol_1 - 1},
    {protocol_2, sizeof protocol_2 - 1}, {protocol_3, sizeof protocol_3 - 1},
    {protocol_4, sizeof protocol_4 - 1}, {protocol_5, sizeof protocol_5 - 1},
};
enum { PROTOCOLS = sizeof protocols / sizeof *protocols };

static struct arena arena;

/* From a block of exactly n bytes, for the sanitizer. */
static bool read_exact(const void *data, size_t n, struct pickle_mask *out, struct error *err)
{
    static uint8_t *copy;
    free(copy);
    copy = malloc(n ? n : 1);
    memcpy(copy, data, n);
    *err = (struct error){0};
    bool ok = pickle_read_mask(copy, n, "made", &arena, out, err);
    if (!ok) {
        free(copy);
        copy = NULL;
    }
    return ok;
}

static void masks_of_dials_are_read_in_every_protocol(void **state)
{
    (void)state;
    for (int k = 0; k < PROTOCOLS; k++) {
        struct pickle_mask m;
        struct error err;
        if (!read_exact(protocols[k].bytes, protocols[k].n, &m, &err))
            fail_msg("protocol %d: %s", k, err.fact);
        assert_int_equal(m.n_arrays, 2);
        assert_int_equal(m.arrays[0].n_fast, 7);
        assert_int_equal(m.arrays[0].n_slow, 5);
        assert_int_equal(m.arrays[1].n_fast, 4);
        assert_int_equal(m.arrays[1].n_slow, 3);
        for (size_t i = 0; i < 35; i++)
            assert_int_equal(m.arrays[0].values[i], i == 0 || i == 2 * 7 + 3 ? '0' : '1');
        for (size_t i = 0; i < 12; i++)
            assert_int_equal(m.arrays[1].values[i], i == 1 * 4 + 2 ? '1' : '0');
        arena_free(&arena);
    }
}

static void a_pickle_cut_anywhere_fails(void **state)
{
    (void)state;
    for (int k = 0; k < PROTOCOLS; k++)
        for (size_t n = 0; n < protocols[k].n; n++) {
            struct pickle_mask m;
            struct error err;
            assert_false(read_exact(protocols[k].bytes, n, &m, &err));
            assert_true(err.code == ERROR_TRUNCATED || err.code == ERROR_DAMAGED);
            arena_free(&arena);
        }
}

static void a_spoiled_pickle_never_crashes_and_never_names_more(void **state)
{
    (void)state;
    for (int k = 0; k < PROTOCOLS; k++)
        for (size_t i = 0; i < protocols[k].n; i++)
            for (int bit = 0; bit < 8; bit++) {
                char copy[512];
                struct pickle_mask m;
                struct error err;
                memcpy(copy, protocols[k].bytes, protocols[k].n);
                copy[i] ^= (char)(1 << bit);
                bool ok = read_exact(copy, protocols[k].n, &m, &err);
                assert_true(ok || err.fact[0]);
                arena_free(&arena);
            }
}

static void code_is_refused_by_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"cos\nsystem\n(S'id'\ntR.", "os.system"},
        {"cposix\nsystem\n(S'id'\ntR.", "posix.system"},
        {"c__builtin__\neval\n(S'1'\ntR.", "__builtin__.eval"},
        {"\200\004\214\002os\214\006system\223\214\002id\205R.", "os.system"},
        {"cscitbx_array_family_flex_ext\nint\n(tR.", "scitbx_array_family_flex_ext.int"},
        {"(ios\nsystem\n.", "0x69"},                                     /* INST */
        {"(S'id'\nos\n.", "0x6f"},                                       /* OBJ */
        {"\200\002cscitbx_array_family_flex_ext\nbool\n)\201.", "0x81"}, /* NEWOBJ */
        {"}.", "0x7d"},
        {"P1\n.", "0x50"}, /* PERSID */
        {"\200\011.", "0x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pickle_mask m;
        struct error err;
        assert_false(read_exact(cases[i].text, strlen(cases[i].text), &m, &err));
        assert_int_equal(err.code, ERROR_UNSUPPORTED);
        if (!strstr(err.fact, cases[i].word))
            fail_msg("\"%s\" does not say %s", err.fact, cases[i].word);
        arena_free(&arena);
    }
}

static void things_that_are_no_masks_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "I1\n.",
        "(I1\nI2\nt.",
        "N.",
        "(t.",
        "(lp0\ng0\na.",
        ".",
        "t.",
        "R.",
        "b.",
        "a.",
        "g5\n.",
        "p0\n.",
        "0.",
        "(1.",
        "cscitbx_array_family_flex_ext\nbool\n(tR.", /* an array without state */
        "cscitbx_array_family_flex_ext\ngrid\n(tR.",
        "cscitbx_array_family_flex_ext\nbool\n.",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pickle_mask m;
        struct error err;
        bool ok = read_exact(cases[i], strlen(cases[i]), &m, &err);
        if (ok && m.n_arrays == 0) /* an empty tuple has no arrays; the detector has */
            continue;
        assert_false(ok);
        assert_true(err.code == ERROR_UNSUPPORTED || err.code == ERROR_DAMAGED);
        arena_free(&arena);
    }
}

static void a_list_that_holds_itself_does_not_hang(void **state)
{
    (void)state;
    struct pickle_mask m;
    struct error err;
    struct str s = {0};
    assert_false(read_exact("]q\000h\000a.", 7, &m, &err));
    for (int i = 0; i < 200000; i++)
        str_addc(&s, '(');
    assert_false(read_exact(s.text, s.len, &m, &err));
    str_clear(&s);
    for (int i = 0; i < 1100000; i++)
        str_add(&s, ")0");
    assert_false(read_exact(s.text, s.len, &m, &err));
    str_free(&s);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_of_dials_are_read_in_every_protocol),
        cmocka_unit_test(a_pickle_cut_anywhere_fails),
        cmocka_unit_test(a_spoiled_pickle_never_crashes_and_never_names_more),
        cmocka_unit_test(code_is_refused_by_its_name),
        cmocka_unit_test(things_that_are_no_masks_are_refused),
        cmocka_unit_test(a_list_that_holds_itself_does_not_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
