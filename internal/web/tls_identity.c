/* tls_identity.c - PEM, certificates and keys; see tls_identity.h. */
#include "web/tls_identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RSA_LEAST = 2048, RSA_MOST = 4096, BLOCK_MOST = 64 << 10 };

/* ---- blocks of PEM ---- */

/* One that is being read; when it is too long, or memory is out, bad. */
struct block {
    char name[128];
    uint8_t *data;
    size_t size;
    bool bad;
};

static void add(void *arg, const void *data, size_t n)
{
    struct block *b = arg;
    b->bad |= n > BLOCK_MOST - b->size;
    if (b->bad)
        return;
    memcpy(b->data + b->size, data, n);
    b->size += n;
}

/* Call take for each whole block, until it says false. Text between blocks is no matter; a block that cannot be read is an error. */
static bool for_each_block(const char *name, const void *pem, size_t n,
                           bool (*take)(void *arg, const struct block *b, struct error *err), void *arg,
                           struct error *err)
{
    br_pem_decoder_context decoder;
    struct block b = {.data = malloc(BLOCK_MOST)};
    const char *at = pem, *end = at + n;
    bool ok = b.data || error_set(err, ERROR_MEMORY, "out of memory"), ended = false, inside = false;
    br_pem_decoder_init(&decoder);
    while (ok && (at < end || !ended)) {
        if (at < end)
            at += br_pem_decoder_push(&decoder, at, (size_t)(end - at));
        else /* the last line may have no end */
            ended = br_pem_decoder_push(&decoder, "\n", 1) == 1;
        switch (br_pem_decoder_event(&decoder)) {
        case BR_PEM_BEGIN_OBJ:
            snprintf(b.name, sizeof b.name, "%s", br_pem_decoder_name(&decoder));
            b.size = 0;
            br_pem_decoder_setdest(&decoder, add, &b);
            inside = true;
            break;
        case BR_PEM_END_OBJ:
            ok = b.bad ? error_set(err, ERROR_USAGE, "a block of %s is too long", name) : take(arg, &b, err);
            inside = false;
            break;
        case BR_PEM_ERROR:
            ok = error_set(err, ERROR_USAGE, "the block \"%s\" of %s cannot be read", b.name, name);
            if (strstr(b.name, "PRIVATE KEY"))
                error_hint(
                    err,
                    "an encrypted key is decrypted by: openssl pkey -in OLD -out NEW (and chmod 600 NEW)");
            break;
        }
    }
    if (ok && inside)
        ok = error_set(err, ERROR_USAGE, "the block \"%s\" of %s has no end", b.name, name);
    if (b.data)
        explicit_bzero(b.data, BLOCK_MOST);
    explicit_bzero(&decoder, sizeof decoder);
    free(b.data);
    return ok;
}

/* What is being put together. */
struct making {
    struct tls_identity *identity;
    const char *name;
    bool has_key;
};

static bool take_certificate(void *arg, const struct block *b, struct error *err)
{
    struct making *m = arg;
    struct tls_identity *t = m->identity;
    if (strcmp(b->name, "CERTIFICATE") != 0 && strcmp(b->name, "X509 CERTIFICATE") != 0)
        return true;
    if (t->n_chain == TLS_CHAIN_MOST)
        return error_set(err, ERROR_USAGE, "%s has more than %d certificates", m->name, TLS_CHAIN_MOST),
               error_hint(err, "it needs the server's and those between it and the authority, nothing else");
    unsigned char *copy = arena_alloc(&t->arena, b->size + 1);
    memcpy(copy, b->data, b->size);
    t->chain[t->n_chain++] = (br_x509_certificate){copy, b->size};
    return true;
}

static bool take_key(void *arg, const struct block *b, struct error *err)
{
    struct making *m = arg;
    if (!strstr(b->name, "PRIVATE KEY") || m->has_key)
        return true;
    if (strstr(b->name, "ENCRYPTED"))
        return error_set(err, ERROR_USAGE, "the key %s is encrypted", m->name),
               error_hint(err, "openssl pkey -in %s -out NEW (and chmod 600 NEW)", m->name);
    br_skey_decoder_init(&m->identity->key);
    br_skey_decoder_push(&m->identity->key, b->data, b->size);
    m->identity->kind = br_skey_decoder_key_type(&m->identity->key);
    m->has_key = true;
    if (br_skey_decoder_last_error(&m->identity->key) != 0 || m->identity->kind == 0)
        return error_set(err, ERROR_USAGE, "the key in %s cannot be used", m->name),
               error_hint(err, "RSA of %d to %d bits, or EC of the curves P-256, P-384, P-521", RSA_LEAST,
                          RSA_MOST);
    return true;
}

/* ---- do they belong together? ---- */

static bool matches_rsa(const struct tls_identity *t, const br_x509_pkey *public, struct error *err)
{
    const br_rsa_private_key *key = br_skey_decoder_get_rsa(&t->key);
    unsigned char n[RSA_MOST / 8 + 8];
    if (key->n_bitlen < RSA_LEAST || key->n_bitlen > RSA_MOST)
        return error_set(err, ERROR_USAGE, "the RSA key has %u bits: %d to %d can be used",
                         (unsigned)key->n_bitlen, RSA_LEAST, RSA_MOST);
    size_t size = br_rsa_compute_modulus_get_default()(NULL, key);
    if (public->key_type != BR_KEYTYPE_RSA || size > sizeof n)
        return false;
    size = br_rsa_compute_modulus_get_default()(n, key);
    return size > 0 && size == public->key.rsa.nlen && memcmp(n, public->key.rsa.n, size) == 0;
}

static bool matches_ec(const struct tls_identity *t, const br_x509_pkey *public, struct error *err)
{
    const br_ec_private_key *key = br_skey_decoder_get_ec(&t->key);
    unsigned char room[BR_EC_KBUF_PUB_MAX_SIZE];
    br_ec_public_key ours;
    if (key->curve != BR_EC_secp256r1 && key->curve != BR_EC_secp384r1 && key->curve != BR_EC_secp521r1)
        return error_set(err, ERROR_USAGE, "the key's curve is none of P-256, P-384 and P-521");
    if (br_ec_compute_pub(br_ec_get_default(), &ours, room, key) == 0)
        return error_set(err, ERROR_USAGE, "the key is no number of its curve");
    return public->key_type == BR_KEYTYPE_EC && public->key.ec.curve == ours.curve &&
           public->key.ec.qlen == ours.qlen && memcmp(public->key.ec.q, ours.q, ours.qlen) == 0;
}

static bool belong_together(const struct tls_identity *t, const char *cert_name, const char *key_name,
                            struct error *err)
{
    br_x509_decoder_context decoder;
    for (size_t i = t->n_chain; i-- > 0;) { /* our own last: its key is looked at */
        br_x509_decoder_init(&decoder, NULL, NULL);
        br_x509_decoder_push(&decoder, t->chain[i].data, t->chain[i].data_len);
        if (!br_x509_decoder_get_pkey(&decoder))
            return error_set(err, ERROR_USAGE, "certificate %zu of %s cannot be read", i + 1, cert_name);
    }
    const br_x509_pkey *public = br_x509_decoder_get_pkey(&decoder);
    if (t->kind == BR_KEYTYPE_RSA ? matches_rsa(t, public, err) : matches_ec(t, public, err))
        return true;
    if (err->code == ERROR_NONE)
        error_set(err, ERROR_USAGE, "%s is not the key of the first certificate in %s", key_name, cert_name),
            error_hint(err,
                       "the server's own certificate stands first, then those that lead to the authority");
    return false;
}

bool tls_identity_parse(const char *cert_name, const void *cert, size_t n_cert, const char *key_name,
                        const void *key, size_t n_key, struct tls_identity **out, struct error *err)
{
    struct tls_identity *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(err, ERROR_MEMORY, "out of memory");
    atomic_init(&t->holders, 1);
    struct making certificates = {.identity = t, .name = cert_name}, keys = {.identity = t, .name = key_name};
    bool ok = for_each_block(cert_name, cert, n_cert, take_certificate, &certificates, err) &&
              for_each_block(key_name, key, n_key, take_key, &keys, err);
    if (ok && t->n_chain == 0)
        ok = error_set(err, ERROR_USAGE, "%s has no certificate in PEM", cert_name);
    if (ok && !keys.has_key)
        ok = error_set(err, ERROR_USAGE, "%s has no private key in PEM", key_name);
    if (ok && belong_together(t, cert_name, key_name, err)) {
        *out = t;
        return true;
    }
    tls_identity_drop(t);
    return false;
}

bool tls_identity_read(const char *cert_path, const char *key_path, struct tls_identity **out,
                       struct error *err)
{
    struct bytes cert = {0}, key = {0};
    bool ok = fs_read(cert_path, TLS_PEM_MOST, &cert, err) &&
              secret_read_all(key_path, TLS_PEM_MOST, &key, err) &&
              tls_identity_parse(cert_path, cert.data, cert.size, key_path, key.data, key.size, out, err);
    if (key.data)
        explicit_bzero(key.data, key.room);
    bytes_free(&cert);
    bytes_free(&key);
    return ok;
}

struct tls_identity *tls_identity_hold(struct tls_identity *t)
{
    atomic_fetch_add(&t->holders, 1);
    return t;
}

void tls_identity_drop(struct tls_identity *t)
{
    if (!t || atomic_fetch_sub(&t->holders, 1) > 1)
        return;
    arena_free(&t->arena);
    explicit_bzero(t, sizeof *t);
    free(t);
}
