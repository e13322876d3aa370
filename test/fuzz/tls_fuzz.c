/* tls_fuzz.c - any bytes as what a database server says in TLS to vendor/files/mariadb/bearssl.c, and as the PEM and DER that it reads.
 *
 * An input: u8 way, u32 time, u16 n (little-endian), PEM [n] (CA, in way 2 also a client's certificate and key), then what the server
 * sends. Random numbers and the clock are the input's, so that a recorded handshake can be played again to its end and behind it.
 *
 * "tls record WAY PORT PEM OUT" makes such an input of a conversation with a server that sends lines back reversed (openssl s_server
 * -rev); "tls replay INPUT" prints how far one gets: test/services/tls_test. */
#include "vendor/files/mariadb/bearssl.c"

#include <assert.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { HEAD = 7, PEM_MAX = 65535, WRITTEN_MAX = 1 << 20 };
enum way { WAY_NAME, WAY_ADDRESS, WAY_CLIENT_CERTIFICATE, WAY_PINNED, WAY_PEM, WAY_DER, WAYS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);
time_t __wrap_time(time_t *out);
br_prng_seeder __wrap_br_prng_seeder_system(const char **name);

static time_t now_of_input;

time_t __wrap_time(time_t *out)
{
    if (out)
        *out = now_of_input;
    return now_of_input;
}

static int seed(const br_prng_class **random)
{
    static const uint8_t fixed[32] = "thirty-two bytes without chance";
    (*random)->update(random, fixed, sizeof fixed);
    return 1;
}

br_prng_seeder __wrap_br_prng_seeder_system(const char **name)
{
    if (name)
        *name = "fixed";
    return seed;
}

/* ---- the other end: bytes in memory, or a socket whose bytes are kept ---- */

struct wire {
    MARIADB_PVIO pvio; /* first: the backend's handle is the wire */
    const uint8_t *data;
    size_t n, at, written;
    int fd; /* -1: none */
    struct bytes kept;
};

static ssize_t wire_read(MARIADB_PVIO *p, uchar *out, size_t n)
{
    struct wire *w = (struct wire *)p;
    if (w->fd >= 0) {
        ssize_t got = read(w->fd, out, n);
        if (got > 0)
            bytes_add(&w->kept, out, (size_t)got);
        return got;
    }
    size_t some = w->n - w->at < n ? w->n - w->at : n;
    some = some > 1 ? (some + 1) / 2 : some; /* in pieces */
    memcpy(out, w->data + w->at, some);
    w->at += some;
    return (ssize_t)some;
}

static ssize_t wire_write(MARIADB_PVIO *p, const uchar *data, size_t n)
{
    struct wire *w = (struct wire *)p;
    w->written += n;
    if (w->fd >= 0)
        return write(w->fd, data, n);
    return w->written < WRITTEN_MAX ? (ssize_t)n : -1;
}

static my_bool is_blocking(MARIADB_PVIO *p __attribute__((unused)))
{
    return 1;
}

static PVIO_METHODS methods = {.read = wire_read, .write = wire_write, .is_blocking = is_blocking};

/* ---- ways ---- */

static void set_options(MYSQL *m, enum way way, const char *pem)
{
    static char address[] = "127.0.0.1", name[] = "localhost";
    mysql_optionsv(m, way == WAY_PINNED ? (enum mysql_option)MARIADB_OPT_TLS_PEER_FP : MYSQL_OPT_SSL_CA,
                   way == WAY_PINNED ? "0000000000000000000000000000000000000000" : pem);
    if (way == WAY_CLIENT_CERTIFICATE) {
        mysql_optionsv(m, MYSQL_OPT_SSL_CERT, pem);
        mysql_optionsv(m, MYSQL_OPT_SSL_KEY, pem);
    }
    m->host = way == WAY_ADDRESS ? address : name;
}

/* How far it came: 0 not set up, 1 no connection, 2 connected, 3 and a line came back. */
static int talk(struct wire *w, enum way way, const char *pem)
{
    static const char line[] = "a line to be sent back\n";
    unsigned char back[sizeof line], print[64];
    int far = 0;
    MYSQL *m = mysql_init(NULL);
    assert(m);
    set_options(m, way, pem);
    w->pvio.methods = &methods;
    MARIADB_TLS tls = {.pvio = &w->pvio, .ssl = ma_tls_init(m)};
    w->pvio.ctls = &tls;
    m->net.pvio = &w->pvio;
    if (tls.ssl) {
        far = 1;
        if (ma_tls_connect(&tls) == 0) {
            far = 2;
            assert(ma_tls_get_finger_print(&tls, (char *)print, sizeof print) == 20);
            assert(ma_tls_get_cipher(&tls) && ma_tls_get_protocol_version(&tls) == PROTOCOL_TLS_1_2);
            ma_tls_set_connection(m);
            size_t got = 0;
            ssize_t some = ma_tls_write(&tls, (const uchar *)line, sizeof line - 1);
            while (some > 0 && got < sizeof line - 1 &&
                   (some = ma_tls_read(&tls, back + got, sizeof line - 1 - got)) > 0)
                got += (size_t)some;
            far += got == sizeof line - 1;
            while (some > 0 && w->fd < 0) /* whatever else it says */
                some = ma_tls_read(&tls, back, sizeof back);
        }
        ma_tls_close(&tls);
    }
    m->net.pvio = NULL;
    m->host = NULL;
    mysql_close(m);
    return far;
}

/* A path under which a file has these bytes. */
static int path_of(const uint8_t *data, size_t n, char path[64])
{
    int fd = memfd_create("pem", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data, n) == (ssize_t)n);
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

static void read_pem(const char *path)
{
    struct session *s = calloc(1, sizeof *s);
    assert(s);
    for_each_pem(path, take_anchor, s);
    for_each_pem(path, take_chain, s);
    br_skey_decoder_init(&s->key);
    for_each_pem(path, take_key, s);
    session_free(s);
}

static void read_der(const uint8_t *data, size_t n)
{
    static const unsigned char local[16] = {127, 0, 0, 1};
    struct bytes exact = {.data = malloc(n ? n : 1), .size = n};
    assert(exact.data);
    memcpy(exact.data, data, n);
    names_address(&exact, local, 4);
    names_address(&exact, local, 16);
    free(exact.data);
}

/* The parts of an input; -1: it is none. */
static int play(const uint8_t *data, size_t n)
{
    char path[64];
    if (n < HEAD || n - HEAD < (size_t)(data[5] | data[6] << 8))
        return -1;
    enum way way = data[0] % WAYS;
    size_t pem = (size_t)(data[5] | data[6] << 8);
    struct wire w = {.data = data + HEAD + pem, .n = n - HEAD - pem, .fd = -1};
    now_of_input = (time_t)(data[1] | data[2] << 8 | data[3] << 16 | (uint32_t)data[4] << 24);
    if (way == WAY_DER)
        return read_der(w.data, w.n), 0;
    int far = 0, fd = path_of(data + HEAD, pem, path);
    if (way == WAY_PEM)
        read_pem(path);
    else
        far = talk(&w, way, path);
    close(fd);
    return far;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    play(data, n);
    return 0;
}

/* ---- recording ---- */

static int connect_to(int port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

static int record(int way, int port, const char *pem_path, const char *out_path)
{
    struct timespec now;
    struct bytes pem = {0}, out = {0};
    struct wire w = {.fd = connect_to(port)};
    clock_gettime(CLOCK_REALTIME, &now);
    now_of_input = now.tv_sec;
    if (w.fd < 0 || read_file(pem_path, &pem) || pem.size > PEM_MAX)
        return fprintf(stderr, "no connection, or no PEM\n"), 1;
    int far = talk(&w, way, pem_path);
    uint8_t head[HEAD] = {(uint8_t)way,
                          (uint8_t)now.tv_sec,
                          (uint8_t)(now.tv_sec >> 8),
                          (uint8_t)(now.tv_sec >> 16),
                          (uint8_t)(now.tv_sec >> 24),
                          (uint8_t)pem.size,
                          (uint8_t)(pem.size >> 8)};
    bytes_add(&out, head, sizeof head);
    bytes_add(&out, pem.data, pem.size);
    bytes_add(&out, w.kept.data, w.kept.size);
    FILE *f = fopen(out_path, "wb");
    if (!f || fwrite(out.data, 1, out.size, f) != out.size || fclose(f) != 0)
        return perror(out_path), 1;
    free(pem.data);
    free(out.data);
    free(w.kept.data);
    close(w.fd);
    printf("%d\n", far);
    return 0;
}

static int replay(const char *path)
{
    struct bytes in = {0};
    if (read_file(path, &in))
        return perror(path), 1;
    printf("%d\n", play(in.data, in.size));
    free(in.data);
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char **v = *argv;
    mysql_server_init(0, NULL, NULL);
    if (*argc == 6 && !strcmp(v[1], "record"))
        exit(record(atoi(v[2]), atoi(v[3]), v[4], v[5]));
    if (*argc == 3 && !strcmp(v[1], "replay"))
        exit(replay(v[2]));
    return 0;
}
