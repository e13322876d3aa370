/* libraries_test.c - the vendored libraries that the program does not call yet do what they were taken for, linked as it links
 * them: static, musl, one allocator. (HDF5, SQLite, cJSON, libdeflate, bzip2, zlib are tested by the rooms that use them.)
 *
 * Started with the argument "rank" under mpiexec it is one rank of the MPI test instead. */
#include "support.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <lz4.h>
#include <microhttpd.h>
#include <mpi.h>
#include <mysql.h>
#include <omp.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- MPI ---- */

/* Rank 0 hands out ten numbers to each of the others by probing and sleeping, as the program will. */
static int be_a_rank(int argc, char **argv)
{
    int level = 0, rank = 0, size = 0, flag = 0, number = 0, sum = 0;
    MPI_Status status;
    if (MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int i = 0; rank == 0 && i < 10 * (size - 1); i++) {
        for (flag = 0; !flag; usleep(200))
            MPI_Iprobe(MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, &flag, &status);
        MPI_Recv(&number, sizeof number, MPI_BYTE, status.MPI_SOURCE, 1, MPI_COMM_WORLD, &status);
        number = i;
        MPI_Send(&number, sizeof number, MPI_BYTE, status.MPI_SOURCE, 2, MPI_COMM_WORLD);
    }
    for (int i = 0; rank > 0 && i < 10; i++) {
        MPI_Send(&number, sizeof number, MPI_BYTE, 0, 1, MPI_COMM_WORLD);
        MPI_Recv(&number, sizeof number, MPI_BYTE, 0, 2, MPI_COMM_WORLD, &status);
        sum += number;
    }
    if (rank > 0)
        printf("rank %d of %d, sum %d\n", rank, size, sum);
    MPI_Finalize();
    return 0;
}

static char own_path[4096];

static void two_ranks_share_work_under_our_own_mpiexec(void **state)
{
    (void)state;
    const char *mpiexec = getenv("TEST_MPIEXEC");
    if (!mpiexec) {
        print_message("needs TEST_MPIEXEC, the vendored mpiexec.hydra\n");
        skip();
    }
    char command[8400], line[128] = "";
    snprintf(command, sizeof command, "%s -n 2 %s rank 2>&1", mpiexec, own_path);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    assert_non_null(fgets(line, sizeof line, p));
    assert_int_equal(pclose(p), 0);
    assert_string_equal(line, "rank 1 of 2, sum 45\n");
}

static void a_team_of_threads_runs_with_large_stacks(void **state)
{
    (void)state;
    int sum = 0;
#pragma omp parallel num_threads(3) reduction(+ : sum)
    {
        volatile char large[2 << 20]; /* musl's default of 128 KiB would end here */
        large[0] = large[sizeof large - 1] = 1;
        sum += large[0] * (omp_get_thread_num() + 1);
    }
    assert_int_equal(sum, 6);
}

/* ---- MariaDB: never in the clear when TLS is asked for ---- */

/* A server that offers no TLS: sends its greeting, then counts what comes. */
struct plain_server {
    int listener;
    size_t received;
};

static void *serve_greeting(void *arg)
{
    struct plain_server *s = arg;
    static const uint8_t body[] =
        "\x0a"
        "10.11.0-test\0"
        "\1\0\0\0"
        "abcdefgh\0"
        "\x00\xa2" /* capabilities: protocol 41, secure connection, but not SSL (0x0800) */
        "\x21\2\0"
        "\x08\0"
        "\x15"
        "\0\0\0\0\0\0\0\0\0\0"
        "ijklmnopqrst\0"
        "mysql_native_password";
    uint8_t packet[4 + sizeof body] = {sizeof body, 0, 0, 0}, in[512];
    memcpy(packet + 4, body, sizeof body);
    int fd = accept(s->listener, NULL, NULL);
    if (fd < 0 || send(fd, packet, sizeof packet, MSG_NOSIGNAL) < 0)
        return NULL;
    for (ssize_t n; (n = recv(fd, in, sizeof in, 0)) > 0;)
        s->received += (size_t)n;
    close(fd);
    return NULL;
}

static void tls_asked_for_and_not_offered_is_refused_before_a_byte_is_sent(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct plain_server server = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server.listener, 1), 0);
    assert_int_equal(getsockname(server.listener, (struct sockaddr *)&address, &size), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve_greeting, &server), 0);

    MYSQL *db = mysql_init(NULL);
    my_bool yes = 1;
    unsigned seconds = 5;
    mysql_options(db, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_options(db, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    mysql_options(db, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    assert_null(mysql_real_connect(db, "127.0.0.1", "user", "secret", "", ntohs(address.sin_port), NULL, 0));
    assert_non_null(strstr(mysql_error(db), "SSL"));
    mysql_close(db);
    pthread_join(thread, NULL);
    close(server.listener);
    assert_int_equal(server.received, 0);
}

/* ---- HTTP, both ends ---- */

static enum MHD_Result answer(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **request)
{
    (void)cls, (void)method, (void)version, (void)data, (void)size, (void)request;
    struct MHD_Response *r =
        MHD_create_response_from_buffer(strlen(url), (void *)(uintptr_t)url, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_queue_response(c, 200, r);
    MHD_destroy_response(r);
    return result;
}

static size_t keep(char *data, size_t one, size_t n, void *out)
{
    strncat(out, data, one * n < 30 ? one * n : 30);
    return one * n;
}

static void a_client_reads_what_our_server_answers(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *server = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL,
                                                 MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    assert_non_null(server);
    char url[64], got[64] = "";
    snprintf(url, sizeof url, "http://127.0.0.1:%u/runs/12",
             MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
    CURL *client = curl_easy_init();
    curl_easy_setopt(client, CURLOPT_URL, url);
    curl_easy_setopt(client, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client, CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(client, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(client, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(client, CURLOPT_WRITEDATA, got);
    assert_int_equal(curl_easy_perform(client), CURLE_OK);
    curl_easy_cleanup(client);
    MHD_stop_daemon(server);
    assert_string_equal(got, "/runs/12");
    assert_non_null(strstr(curl_version(), "BearSSL"));
}

static void lz4_gives_back_what_it_took(void **state)
{
    (void)state;
    char text[1000], packed[1100], back[1000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)("counts"[i % 6] + (i % 97 == 0));
    int n = LZ4_compress_default(text, packed, sizeof text, sizeof packed);
    assert_in_range(n, 1, 900);
    assert_int_equal(LZ4_decompress_safe(packed, back, n, sizeof back), sizeof text);
    assert_memory_equal(back, text, sizeof text);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "rank"))
        return be_a_rank(argc, argv);
    if (!realpath(argv[0], own_path))
        return 1;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_ranks_share_work_under_our_own_mpiexec),
        cmocka_unit_test(a_team_of_threads_runs_with_large_stacks),
        cmocka_unit_test(tls_asked_for_and_not_offered_is_refused_before_a_byte_is_sent),
        cmocka_unit_test(a_client_reads_what_our_server_answers),
        cmocka_unit_test(lz4_gives_back_what_it_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
