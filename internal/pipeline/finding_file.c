/* finding_file.c - a finding in a file of the results' folder, while the job is not whole. See survey.h.
 *
 * The file: magic, version, key, the lines for people, the finding's bytes, and the SHA-256 of all that. What does not fit is taken
 * for no file: the survey is made again. */
#include "pipeline/finding.h"

#include <string.h>

static const uint32_t MAGIC = 0x46534658, VERSION = 1; /* "XFSF" */
enum { HASH = 32, FILE_MOST = 1 << 26 };

static void hash_of(const void *data, size_t n, uint8_t out[HASH])
{
    struct sha256 h;
    sha256_start(&h);
    sha256_add(&h, data, n);
    sha256_end(&h, out);
}

bool finding_keep(const struct finding *f, const uint8_t key[32], const char *text, const char *path,
                  struct error *err)
{
    struct arena a = {0};
    struct found found;
    struct str bytes = {0};
    uint8_t hash[HASH];
    bool ok = found_unpack(f, &a, &found, err);
    if (ok && (found.known || (found.has_cell && found.cell.found))) {
        wire_u32(&bytes, MAGIC);
        wire_u32(&bytes, VERSION);
        wire_bytes(&bytes, key, HASH);
        wire_text(&bytes, text);
        wire_bytes(&bytes, f->data, f->size);
        hash_of(bytes.text, bytes.len, hash);
        str_addn(&bytes, (const char *)hash, HASH);
        ok = fs_make_folders(fs_folder(&a, path), err) && fs_write_atomic(path, bytes.text, bytes.len, err);
    }
    str_free(&bytes);
    arena_free(&a);
    return ok;
}

static bool read_kept(const struct bytes *file, const uint8_t key[32], struct arena *a, struct finding *out,
                      const char **text)
{
    uint8_t hash[HASH];
    if (file->size < HASH)
        return false;
    struct unwire in = {file->data, file->data + file->size - HASH, false};
    hash_of(file->data, file->size - HASH, hash);
    if (memcmp(hash, in.end, HASH) != 0 || unwire_u32(&in) != MAGIC || unwire_u32(&in) != VERSION)
        return false;
    size_t n_key = 0, n = 0;
    const uint8_t *of = unwire_bytes(&in, &n_key);
    if (in.bad || n_key != HASH || memcmp(of, key, HASH) != 0)
        return false;
    *text = unwire_text(&in, a);
    const uint8_t *data = unwire_bytes(&in, &n);
    if (in.bad || in.at != in.end || !*text)
        return false;
    *out = (struct finding){arena_memdup(a, data, n), n};
    return true;
}

bool finding_kept(const uint8_t key[32], const char *path, struct arena *a, struct finding *out,
                  const char **text)
{
    struct bytes file = {0};
    struct error none = {0};
    struct found found;
    bool ok = fs_is_file(path) && fs_read(path, FILE_MOST, &file, &none) &&
              read_kept(&file, key, a, out, text) && found_unpack(out, a, &found, &none);
    bytes_free(&file);
    return ok;
}
