/* tls_identity.h - the certificate and the key that the server shows: from PEM files, as the usual tools write them. Private to web/.
 *
 * An identity never changes; it is held by whoever talks with it, so that a renewed one can take its place while old conversations go
 * on. Thread-safe.
 */
#ifndef XFELX_WEB_TLS_IDENTITY_H
#define XFELX_WEB_TLS_IDENTITY_H

#include "base/base.h"

#include <bearssl.h>
#include <stdatomic.h>

enum { TLS_CHAIN_MOST = 8, TLS_PEM_MOST = 256 << 10 };

struct tls_identity {
    atomic_int holders;
    struct arena arena;
    br_x509_certificate chain[TLS_CHAIN_MOST]; /* ours first */
    size_t n_chain;
    br_skey_decoder_context key; /* the key lies in it */
    int kind;                    /* BR_KEYTYPE_RSA or BR_KEYTYPE_EC */
};

/* From texts. Certificates: our own first, then those that lead to an authority, at most TLS_CHAIN_MOST; other blocks are passed over.
 * Key: the first block of PKCS#8, PKCS#1 or SEC1, not encrypted. RSA of 2048 to 4096 bits, EC of P-256, P-384 and P-521. ERROR_USAGE: what is
 * there is none of these, or the key is not the certificate's. Names are for messages. */
bool tls_identity_parse(const char *cert_name, const void *cert, size_t n_cert, const char *key_name,
                        const void *key, size_t n_key, struct tls_identity **out, struct error *err);

/* From files; the key's must not be readable by others (base/secret.h). They may be the same file. */
bool tls_identity_read(const char *cert_path, const char *key_path, struct tls_identity **out,
                       struct error *err);

/* Hold it once more; let it go (the last wipes the key). NULL: nothing. */
struct tls_identity *tls_identity_hold(struct tls_identity *t);
void tls_identity_drop(struct tls_identity *t);

#endif
