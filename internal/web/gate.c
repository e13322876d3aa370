/* gate.c - tokens, sessions, Host and origin; see gate.h.
 *
 * Secrets are kept as SHA-256 only, so a core file or a look into memory gives nobody a token, and comparing is of one length. A
 * token list is always walked to its end: the time tells nothing of where a match was.
 */
#include "web/gate.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

enum {
    SESSIONS = 1024,
    SESSION_S = 43200, /* 12 h: a shift */
    ADDRESSES = 1024,
    WRONG_A_MINUTE = 10,
    SECRET_LEAST = 20,
    TOKEN_FILE_MOST = 1 << 20,
};

struct token {
    uint8_t hash[32];
    enum gate_role role;
    char name[128];
};

struct session {
    uint8_t id[16];
    enum gate_role role; /* ROLE_NONE: a free place */
    int64_t used_ns, end_ns;
    char name[128];
};

struct gate {
    struct gate_options o;
    struct arena arena;
    struct token *tokens;
    size_t n_tokens;
    char made[33], cookie_name[24];
    pthread_mutex_t lock;
    struct session sessions[SESSIONS];
    struct {
        uint32_t address;
        int32_t n;
        int64_t since_ns;
    } wrong[ADDRESSES]; /* by the address's sum: two that share a place are counted together */
};

const char *gate_role_word(enum gate_role r)
{
    static const char *const words[] = {"none", "reader", "editor"};
    return words[r];
}

bool gate_same(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;
    uint8_t differ = 0;
    for (size_t i = 0; i < n; i++)
        differ |= (uint8_t)(x[i] ^ y[i]);
    return differ == 0;
}

/* ---- tokens ---- */

static bool add_token(struct gate *g, enum gate_role role, const char *name, const char *secret)
{
    g->tokens = arena_grow(&g->arena, g->tokens, g->n_tokens, sizeof *g->tokens);
    struct token *t = g->tokens + g->n_tokens++;
    t->role = role;
    snprintf(t->name, sizeof t->name, "%s", name);
    sha256(secret, strlen(secret), t->hash);
    return true;
}

static bool token_line(struct gate *g, char *line, int number, const char *path, struct error *err)
{
    char *words[4] = {0}, *rest = NULL;
    int n = 0;
    for (char *w = strtok_r(line, " \t\r", &rest); w && n < 4; w = strtok_r(NULL, " \t\r", &rest))
        words[n++] = w;
    if (n == 0 || words[0][0] == '#')
        return true;
    enum gate_role role = strcmp(words[0], "reader") == 0   ? ROLE_READER
                          : strcmp(words[0], "editor") == 0 ? ROLE_EDITOR
                                                            : ROLE_NONE;
    if (n != 3 || role == ROLE_NONE || strlen(words[1]) > 100)
        return error_set(err, ERROR_USAGE,
                         "line %d of the token file %s is not \"reader|editor NAME SECRET\"", number, path);
    if (strlen(words[2]) < SECRET_LEAST)
        return error_set(err, ERROR_USAGE, "the secret in line %d of %s is shorter than %d characters",
                         number, path, SECRET_LEAST),
               error_hint(err, "make one with: openssl rand -hex 16");
    return add_token(g, role, words[1], words[2]);
}

static bool read_tokens(struct gate *g, const char *path, struct error *err)
{
    struct bytes text = {0};
    bool ok = secret_read_all(path, TOKEN_FILE_MOST, &text, err);
    if (!ok)
        return bytes_free(&text), false;
    char *copy = arena_strndup(&g->arena, (const char *)text.data, text.size), *rest = NULL;
    explicit_bzero(text.data, text.size);
    bytes_free(&text);
    size_t size = strlen(copy);
    int number = 0;
    for (char *line = copy; line && ok; line = rest) {
        rest = strchr(line, '\n');
        if (rest)
            *rest++ = 0;
        ok = token_line(g, line, ++number, path, err);
    }
    explicit_bzero(copy, size);
    if (ok && g->n_tokens == 0)
        return error_set(err, ERROR_USAGE, "the token file %s has no token", path);
    return ok;
}

static bool random_hex(char *out, size_t bytes, struct error *err)
{
    uint8_t raw[32];
    if (getrandom(raw, bytes, 0) != (ssize_t)bytes)
        return error_system(err, ERROR_FAILED, "the system gives no random numbers");
    hash_hex(raw, bytes, out);
    return true;
}

bool gate_make(const struct gate_options *o, struct gate **out, struct error *err)
{
    struct gate *g = calloc(1, sizeof *g);
    if (!g)
        return error_set(err, ERROR_MEMORY, "out of memory");
    g->o = *o;
    pthread_mutex_init(&g->lock, NULL);
    uint8_t sum[32];
    char sum_hex[65];
    sha256(o->instance, strlen(o->instance), sum);
    snprintf(g->cookie_name, sizeof g->cookie_name, "xfelx_s_%.6s", hash_hex(sum, 32, sum_hex));
    bool ok = true;
    if (o->token_file)
        ok = read_tokens(g, o->token_file, err);
    else if (!o->open && (ok = random_hex(g->made, 16, err)))
        add_token(g, ROLE_EDITOR, o->user, g->made);
    if (!ok) {
        gate_free(g);
        return false;
    }
    *out = g;
    return true;
}

void gate_free(struct gate *g)
{
    if (!g)
        return;
    pthread_mutex_destroy(&g->lock);
    arena_free(&g->arena);
    explicit_bzero(g, sizeof *g);
    free(g);
}

const char *gate_token(const struct gate *g)
{
    return g->made[0] ? g->made : NULL;
}

static const struct token *find_token(const struct gate *g, const char *secret, size_t n)
{
    uint8_t hash[32];
    const struct token *found = NULL;
    sha256(secret, n, hash);
    for (size_t i = 0; i < g->n_tokens; i++)
        if (gate_same(g->tokens[i].hash, hash, 32) && !found)
            found = g->tokens + i;
    return found;
}

/* ---- wrong tokens ---- */

static bool too_many_wrong(struct gate *g, const char *address, bool one_more, int64_t now)
{
    uint32_t sum = crc32c(0, address, strlen(address));
    int64_t minute = INT64_C(60000000000);
    int i = (int)(sum % ADDRESSES);
    if (now - g->wrong[i].since_ns >= minute)
        g->wrong[i].n = 0;
    if (one_more && g->wrong[i].n++ == 0)
        g->wrong[i].since_ns = now;
    if (one_more && g->wrong[i].n == WRONG_A_MINUTE)
        log_warn("wrong tokens from %s: refused for a minute", address);
    return g->wrong[i].n >= WRONG_A_MINUTE;
}

/* ---- sessions ---- */

bool gate_cookie(const char *header, const char *name, char *out, size_t room)
{
    size_t n = strlen(name);
    for (const char *p = header; p && *p;) {
        p += strspn(p, " \t;");
        size_t len = strcspn(p, ";");
        if (len > n && strncmp(p, name, n) == 0 && p[n] == '=') {
            if (len - n - 1 >= room)
                return false;
            memcpy(out, p + n + 1, len - n - 1);
            out[len - n - 1] = 0;
            return true;
        }
        p += len;
    }
    return false;
}

static int hex_byte(const char *p)
{
    int value = 0;
    for (int i = 0; i < 2; i++) {
        const char *digits = "0123456789abcdef", *at = p[i] ? strchr(digits, p[i]) : NULL;
        if (!at)
            return -1;
        value = value * 16 + (int)(at - digits);
    }
    return value;
}

static struct session *find_session(struct gate *g, const char *cookies, int64_t now)
{
    char text[64];
    uint8_t id[16];
    if (!cookies || !gate_cookie(cookies, g->cookie_name, text, sizeof text) || strlen(text) != 32)
        return NULL;
    for (int i = 0; i < 16; i++) {
        int byte = hex_byte(text + 2 * i);
        if (byte < 0)
            return NULL;
        id[i] = (uint8_t)byte;
    }
    struct session *found = NULL;
    for (size_t i = 0; i < SESSIONS; i++) {
        struct session *s = g->sessions + i;
        if (gate_same(s->id, id, sizeof id) && s->role != ROLE_NONE && now < s->end_ns)
            found = s;
    }
    if (found)
        found->used_ns = now;
    return found;
}

static bool new_session(struct gate *g, const struct token *t, int64_t now, char id[33])
{
    struct session *place = g->sessions;
    for (size_t i = 0; i < SESSIONS; i++) {
        struct session *s = g->sessions + i;
        if (s->role == ROLE_NONE || now >= s->end_ns) {
            place = s;
            break;
        }
        if (s->used_ns < place->used_ns)
            place = s;
    }
    uint8_t raw[16];
    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
        return false;
    memcpy(place->id, raw, sizeof raw);
    place->role = t->role;
    place->used_ns = now;
    place->end_ns = now + SESSION_S * INT64_C(1000000000);
    memcpy(place->name, t->name, sizeof place->name);
    hash_hex(raw, sizeof raw, id);
    return true;
}

bool gate_login(struct gate *g, const char *secret, const char *address, bool secure, int64_t now,
                char cookie[256], struct gate_verdict *out)
{
    *out = (struct gate_verdict){0};
    char id[33];
    pthread_mutex_lock(&g->lock);
    bool barred = too_many_wrong(g, address, false, now);
    const struct token *t = barred ? NULL : find_token(g, secret, strlen(secret));
    bool ok = t && new_session(g, t, now, id);
    if (!barred && !t)
        too_many_wrong(g, address, true, now);
    pthread_mutex_unlock(&g->lock);
    if (!ok) {
        out->status = barred ? 429 : 401;
        out->code = barred ? "too_many" : "wrong_token";
        out->text = barred ? "too many wrong tokens from this address; wait a minute"
                           : "this token is not known here; the server may have been started anew";
        return false;
    }
    snprintf(cookie, 256, "%s=%s; HttpOnly; SameSite=Strict; Path=%s; Max-Age=%d%s", g->cookie_name, id,
             g->o.prefix, SESSION_S, secure || g->o.secure ? "; Secure" : "");
    return true;
}

/* ---- Host and origin ---- */

static bool is_address(const char *name)
{
    uint8_t bytes[16];
    size_t n = strlen(name);
    char bare[64];
    if (name[0] == '[' && n > 2 && n < sizeof bare && name[n - 1] == ']') {
        snprintf(bare, sizeof bare, "%.*s", (int)(n - 2), name + 1);
        return inet_pton(AF_INET6, bare, bytes) == 1;
    }
    return inet_pton(AF_INET, name, bytes) == 1;
}

bool gate_host_is_ours(const char *host, const char *const *names, size_t n)
{
    char name[256];
    if (!host || !*host || strlen(host) >= sizeof name)
        return false;
    strcpy(name, host);
    char *colon = strrchr(name, ':'), *bracket = strrchr(name, ']');
    if (colon && (!bracket || colon > bracket)) {
        if (strspn(colon + 1, "0123456789") != strlen(colon + 1))
            return false;
        *colon = 0;
    }
    if (str_same_nocase(name, "localhost") || is_address(name))
        return true;
    for (size_t i = 0; i < n; i++)
        if (str_same_nocase(name, names[i]))
            return true;
    return false;
}

/* "https://host:port" against Host; behind a proxy, which may have changed Host, any name of ours will do. */
static bool origin_is_ours(const struct gate *g, const struct gate_request *q)
{
    if (!q->origin)
        return true;
    const char *host = strstr(q->origin, "://");
    if (!host)
        return false; /* "null" too: a sandboxed frame */
    host += 3;
    return str_same_nocase(host, q->host) ||
           (g->o.proxied && g->o.n_hosts && gate_host_is_ours(host, g->o.hosts, g->o.n_hosts));
}

static bool refuse(struct gate_verdict *out, int status, const char *code, const char *text)
{
    out->status = status;
    out->code = code;
    out->text = text;
    return false;
}

/* Who asks: fills role and name; false: refused. */
static bool find_out_who(struct gate *g, const struct gate_request *q, int64_t now, struct gate_verdict *out)
{
    if (g->o.open || q->local) {
        out->role = ROLE_EDITOR;
        snprintf(out->name, sizeof out->name, "%s", g->o.user);
        return true;
    }
    bool bearer = q->authorization && strncmp(q->authorization, "Bearer ", 7) == 0;
    pthread_mutex_lock(&g->lock);
    bool barred = bearer && too_many_wrong(g, q->address, false, now);
    if (bearer && !barred) {
        const struct token *t = find_token(g, q->authorization + 7, strlen(q->authorization + 7));
        if (t) {
            out->role = t->role;
            memcpy(out->name, t->name, sizeof out->name);
        } else {
            too_many_wrong(g, q->address, true, now);
        }
    } else if (!bearer) {
        const struct session *s = find_session(g, q->cookie, now);
        if (s) {
            out->role = s->role;
            memcpy(out->name, s->name, sizeof out->name);
        }
    }
    pthread_mutex_unlock(&g->lock);
    if (barred)
        return refuse(out, 429, "too_many", "too many wrong tokens from this address; wait a minute");
    return true;
}

static bool change_is_meant(const struct gate *g, const struct gate_request *q, struct gate_verdict *out)
{
    const char *type = q->bytes ? "application/octet-stream" : "application/json";
    if (!q->content_type || strcmp(q->content_type, type) != 0)
        return q->bytes ? refuse(out, 415, "no_file", "a file is sent as application/octet-stream")
                        : refuse(out, 415, "not_json", "a change is sent as application/json");
    if (!q->x_xfelx || strcmp(q->x_xfelx, "1") != 0)
        return refuse(out, 403, "no_header", "a change needs the header X-Xfelx: 1");
    if (q->fetch_site && strcmp(q->fetch_site, "same-origin") != 0 && strcmp(q->fetch_site, "none") != 0)
        return refuse(out, 403, "other_site", "a change must come from a page of this server");
    if (!origin_is_ours(g, q))
        return refuse(out, 403, "other_site", "a change must come from a page of this server");
    return true;
}

void gate_check(struct gate *g, const struct gate_request *q, enum gate_role needed, int64_t now,
                struct gate_verdict *out)
{
    *out = (struct gate_verdict){0};
    if (!q->local && !gate_host_is_ours(q->host, g->o.hosts, g->o.n_hosts)) {
        refuse(out, 421, "other_host",
               "this server does not answer to that name; start it with --allow-host");
        return;
    }
    if (!find_out_who(g, q, now, out))
        return;
    if (needed > out->role) {
        if (out->role == ROLE_NONE)
            refuse(out, 401, "no_token",
                   "open the address with its token: the link that was printed when the server started, or "
                   "one of its token file");
        else
            refuse(out, 403, "reader", "this needs an editor's token");
        return;
    }
    if (q->changes)
        change_is_meant(g, q, out);
}
