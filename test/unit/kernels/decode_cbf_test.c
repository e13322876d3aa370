/* The two CBF codecs against encoders written from the format's tables (FORMATS_INPUT 1.4, 1.5), one element
 * at a time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernels/decode_cbf.h"

static uint64_t seed = 20130301;

static uint32_t draw(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

struct stream {
    uint8_t data[1 << 16];
    size_t bits;
};

static void put_bits(struct stream *s, uint64_t value, unsigned n)
{
    for (unsigned i = 0; i < n; i++, s->bits++) {
        assert_true(s->bits / 8 < sizeof(s->data));
        if (value >> i & 1)
            s->data[s->bits / 8] |= (uint8_t)(1 << s->bits % 8);
    }
}

/* The prediction for element (f, m, s) as the format's table words it. */
static int32_t predict(const struct cbf_packed *p, const int32_t *v, size_t f, size_t m, size_t s)
{
    size_t D = p->n_fast * p->n_mid, n = s * D + m * p->n_fast + f, places[8], k = 0;
    if (n == 0)
        return 0;
    if (p->flat)
        return v[n - 1];
    if (m == 0)
        return f ? v[n - 1] : v[n - D];
    bool deep = s > 0 && !p->uncorrelated;
    for (size_t back = 0; back <= (deep ? D : 0); back += D) {
        size_t up = n - back - p->n_fast;
        if (f > 0)
            places[k++] = back ? n - back : n - 1;
        if (f > 0 && f < p->n_fast - 1)
            places[k++] = up - 1;
        places[k++] = up;
        if (f < p->n_fast - 1)
            places[k++] = up + 1;
        if (D == 0)
            break;
    }
    uint32_t sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += (uint32_t)v[places[i]];
    int64_t wide = (int32_t)(sum + (uint32_t)k / 2);
    return (int32_t)((wide - ((wide % (int64_t)k) + (int64_t)k) % (int64_t)k) / (int64_t)k);
}

static unsigned width_code(const struct cbf_packed *p, int32_t low, int32_t high, unsigned *bits)
{
    static const unsigned v1[] = {0, 4, 5, 6, 7, 8, 16, 32};
    static const unsigned v2[] = {0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 32};
    for (unsigned c = 0;; c++) {
        *bits = p->v2 ? v2[c] : v1[c];
        if (*bits == 32 || (*bits == 0 && low == 0 && high == 0))
            return c;
        if (*bits && low >= -(1 << (*bits - 1)) && high < 1 << (*bits - 1))
            return c;
    }
}

static void encode_packed(struct stream *s, const struct cbf_packed *p, const int32_t *v)
{
    memset(s, 0, sizeof(*s));
    size_t n = p->n_fast * p->n_mid * p->n_slow, D = p->n_fast * p->n_mid;
    put_bits(s, n, 64);
    s->bits = 32 * 8;
    for (size_t i = 0; i < n;) {
        unsigned log = draw() % 8, bits;
        size_t end = i + ((size_t)1 << log);
        int32_t low = 0, high = 0, offset[128] = {0};
        for (size_t j = i; j < end && j < n; j++) {
            int32_t guess = predict(p, v, j % p->n_fast, j / p->n_fast % p->n_mid, j / D);
            int32_t d = (int32_t)((uint32_t)v[j] - (uint32_t)guess);
            offset[j - i] = d;
            low = d < low ? d : low;
            high = d > high ? d : high;
        }
        unsigned code = width_code(p, low, high, &bits);
        put_bits(s, log, 3);
        put_bits(s, code, p->v2 ? 4 : 3);
        for (size_t j = i; j < end && j < n; j++)
            put_bits(s, (uint32_t)offset[j - i], bits);
        i = end;
    }
}

static int32_t random_value(int kind)
{
    if (kind == 0)
        return (int32_t)(draw() % 16);
    if (kind == 1)
        return (int32_t)(draw() % 2000) - 500;
    if (draw() % 10 == 0)
        return draw() % 2 ? INT32_MAX : INT32_MIN;
    return (int32_t)(draw() << 1 ^ draw());
}

/* Decode from a block of exactly n bytes, so that the sanitizer sees any byte read outside. */
static enum cbf_status decode_exact(const uint8_t *in, size_t n, const struct cbf_packed *p, int32_t *out)
{
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, in, n);
    enum cbf_status status = p ? decode_cbf_packed(copy, n, p, out) : CBF_OK;
    free(copy);
    return status;
}

static void packed_arrays_of_all_dialects_come_back(void **state)
{
    (void)state;
    static struct stream s;
    for (int round = 0; round < 400; round++) {
        struct cbf_packed p = {.n_fast = 2 + draw() % 9, .n_mid = 1 + draw() % 6, .n_slow = 1 + draw() % 3};
        p.v2 = draw() % 2;
        p.uncorrelated = draw() % 4 == 0;
        p.flat = draw() % 5 == 0;
        size_t n = p.n_fast * p.n_mid * p.n_slow;
        int32_t v[256], out[256];
        for (size_t i = 0; i < n; i++)
            v[i] = random_value(round % 3);
        encode_packed(&s, &p, v);
        assert_int_equal(decode_exact(s.data, (s.bits + 7) / 8, &p, out), CBF_OK);
        assert_memory_equal(out, v, n * 4);
    }
}

static void a_packed_stream_cut_anywhere_is_short(void **state)
{
    (void)state;
    static struct stream s;
    struct cbf_packed p = {.n_fast = 7, .n_mid = 5, .n_slow = 2};
    int32_t v[70], out[70];
    for (size_t i = 0; i < 70; i++)
        v[i] = random_value(2);
    encode_packed(&s, &p, v);
    size_t whole = (s.bits + 7) / 8;
    for (size_t n = 0; n < whole; n++)
        assert_int_equal(decode_exact(s.data, n, &p, out), CBF_SHORT);
}

static void a_packed_head_with_another_count_is_refused(void **state)
{
    (void)state;
    static struct stream s;
    struct cbf_packed p = {.n_fast = 4, .n_mid = 3, .n_slow = 1};
    int32_t v[12] = {0}, out[12];
    encode_packed(&s, &p, v);
    s.data[0] ^= 1;
    assert_int_equal(decode_cbf_packed(s.data, sizeof(s.data), &p, out), CBF_COUNT);
}

static void rows_of_one_element_are_not_defined(void **state)
{
    (void)state;
    uint8_t head[64] = {3};
    int32_t out[3];
    struct cbf_packed p = {.n_fast = 1, .n_mid = 3, .n_slow = 1};
    assert_int_equal(decode_cbf_packed(head, sizeof(head), &p, out), CBF_SHAPE);
    p = (struct cbf_packed){.n_fast = 1, .n_mid = 1, .n_slow = 3};
    assert_int_equal(decode_cbf_packed(head, sizeof(head), &p, out), CBF_OK);
}

static void random_bytes_never_leave_the_arrays(void **state)
{
    (void)state;
    for (int round = 0; round < 500; round++) {
        struct cbf_packed p = {.n_fast = 2 + draw() % 5, .n_mid = 1 + draw() % 4, .n_slow = 1 + draw() % 3};
        p.v2 = round % 2;
        size_t n = p.n_fast * p.n_mid * p.n_slow, size = 32 + draw() % 60;
        uint8_t in[128];
        for (size_t i = 0; i < sizeof(in); i++)
            in[i] = (uint8_t)draw();
        memset(in, 0, 8);
        in[0] = (uint8_t)n;
        int32_t *out = malloc(n * 4);
        decode_exact(in, size, &p, out);
        decode_cbf_byte_offset(in, size, out, n);
        free(out);
    }
}

static size_t encode_byte_offset(uint8_t *out, const int32_t *v, size_t n, bool eight)
{
    size_t at = 0;
    uint32_t last = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t d = eight ? (int64_t)v[i] - (int32_t)last : (int32_t)((uint32_t)v[i] - last);
        last = (uint32_t)v[i];
        unsigned bytes = d >= -127 && d <= 127 ? 1 : d >= -32767 && d <= 32767 ? 2 : 4;
        if (bytes == 4 && (d < -INT32_MAX || d > INT32_MAX))
            bytes = 8;
        static const uint8_t escape[] = {0x80, 0x00, 0x80, 0x00, 0x00, 0x00, 0x80};
        size_t lead = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 3 : 7;
        memcpy(out + at, escape, lead);
        at += lead;
        for (unsigned k = 0; k < bytes; k++)
            out[at++] = (uint8_t)((uint64_t)d >> 8 * k);
    }
    return at;
}

static void byte_offsets_of_every_length_come_back(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t n = 1 + draw() % 90;
        int32_t v[96], out[96];
        for (size_t i = 0; i < n; i++)
            v[i] = random_value(draw() % 8 ? 0 : (int)(draw() % 3));
        uint8_t in[96 * 15];
        size_t size = encode_byte_offset(in, v, n, round % 2);
        uint8_t *copy = malloc(size);
        memcpy(copy, in, size);
        assert_int_equal(decode_cbf_byte_offset(copy, size, out, n), CBF_OK);
        assert_memory_equal(out, v, n * 4);
        free(copy);
        for (size_t cut = 0; cut < size; cut++) {
            copy = malloc(cut ? cut : 1);
            memcpy(copy, in, cut);
            assert_int_equal(decode_cbf_byte_offset(copy, cut, out, n), CBF_SHORT);
            free(copy);
        }
    }
}

static void bytes_behind_the_last_element_are_no_error(void **state)
{
    (void)state;
    const uint8_t in[] = {1, 1, 1, 0x80, 0x80, 0x80};
    int32_t out[3];
    assert_int_equal(decode_cbf_byte_offset(in, sizeof(in), out, 3), CBF_OK);
    assert_int_equal(out[2], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_arrays_of_all_dialects_come_back),
        cmocka_unit_test(a_packed_stream_cut_anywhere_is_short),
        cmocka_unit_test(a_packed_head_with_another_count_is_refused),
        cmocka_unit_test(rows_of_one_element_are_not_defined),
        cmocka_unit_test(random_bytes_never_leave_the_arrays),
        cmocka_unit_test(byte_offsets_of_every_length_come_back),
        cmocka_unit_test(bytes_behind_the_last_element_are_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
