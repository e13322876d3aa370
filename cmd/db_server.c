/* db_server.c - `xfelx db server`: a private MariaDB for those who have no service: its configuration, start, stop.
 *
 * Everything lies in one folder that only its owner may enter: data, socket, password, log. Users are set by an init file at each
 * start, before the server takes connections, so there is no moment without a password. */
#include "cmd/db.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { START_SECONDS = 90, STOP_SECONDS = 90 };

struct server {
    struct cli *cli;
    const char *folder, *socket, *password, *config, *init, *pid, *log;
    int64_t port; /* 0: the socket alone */
};

static bool place(struct cli *cli, const char *folder, struct server *out, struct error *err)
{
    struct arena *a = &cli->arena;
    *out = (struct server){.cli = cli, .folder = fs_absolute(a, folder)};
    out->socket = fs_join(a, out->folder, "socket");
    out->password = fs_join(a, out->folder, "password");
    out->config = fs_join(a, out->folder, "mariadb.cnf");
    out->init = fs_join(a, out->folder, "init.sql");
    out->pid = fs_join(a, out->folder, "pid");
    out->log = fs_join(a, out->folder, "error.log");
    if (strlen(out->socket) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return error_set(err, ERROR_USAGE, "%s is too long a name for a socket", out->socket),
               error_hint(err, "give a folder with a shorter name");
    if (strpbrk(out->folder, "\n\"'\\#"))
        return error_set(err, ERROR_USAGE, "a server's folder has no quotes, # or line ends in its name");
    return cli_int(cli, "port", 1, 65535, 0, &out->port, err);
}

/* ---- is it there? ---- */

static bool answers(const struct server *s)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(to.sun_path, s->socket, strlen(s->socket));
    bool ok = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Its process; 0: none. A number that another process has meanwhile is none: the command line must name our configuration. */
static pid_t running(const struct server *s)
{
    struct bytes text = {0};
    char name[64], line[8192];
    int64_t pid = 0;
    if (!fs_read(s->pid, 64, &text, NULL))
        return 0;
    snprintf(name, sizeof name, "%.*s", (int)text.size, (const char *)text.data);
    bytes_free(&text);
    name[strcspn(name, "\n")] = 0;
    if (!str_to_i64(name, &pid) || pid <= 1 || pid > INT32_MAX)
        return 0;
    snprintf(name, sizeof name, "/proc/%lld/cmdline", (long long)pid);
    FILE *f = fopen(name, "re");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f)
        fclose(f);
    return n && memmem(line, n, s->config, strlen(s->config)) ? (pid_t)pid : 0;
}

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

/* ---- start ---- */

/* Programs of the server are often outside of a user's PATH. $1: the folder, $2: the configuration. */
static const char prepare[] =
    "PATH=$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/local/mysql/bin\n"
    "command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null || exit 77\n"
    "[ -d \"$1/data/mysql\" ] && exit 0\n"
    "rm -rf \"$1/data.tmp\"\n"
    "mariadb-install-db --no-defaults --user=\"$(id -un)\" --datadir=\"$1/data.tmp\" "
    "--auth-root-authentication-method=normal --skip-test-db >\"$1/install.log\" 2>&1 && "
    "mv \"$1/data.tmp\" \"$1/data\"";
static const char launch[] =
    "PATH=$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/local/mysql/bin\n"
    "setsid mariadbd --defaults-file=\"$2\" </dev/null >/dev/null 2>>\"$1/error.log\" &\necho $! >\"$1/pid\"";

static bool run_script(const struct server *s, const char *script, int *code, struct error *err)
{
    const char *argv[] = {"sh", "-c", script, "sh", s->folder, s->config, NULL};
    struct child_answer answer;
    if (!child_run(&(struct child){.argv = argv, .seconds = 300}, &answer, err))
        return false;
    *code = answer.exit_code;
    child_answer_free(&answer);
    return true;
}

/* Readable by us alone, from its first byte on: the folder is. */
static bool write_private(const char *path, const struct str *text, struct error *err)
{
    mode_t mask = umask(0077);
    bool ok = fs_write_atomic(path, text->text, text->len, err);
    umask(mask);
    return ok;
}

static bool make_password(const struct server *s, struct str *out, struct error *err)
{
    uint8_t random[16];
    char hex[33];
    if (fs_is_file(s->password))
        return secret_read(s->password, out, err);
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return error_system(err, ERROR_FAILED, "no random numbers are to be had");
    hash_hex(random, sizeof random, hex);
    str_printf(out, "%s\n", hex);
    bool ok = write_private(s->password, out, err);
    str_clear(out);
    str_add(out, hex);
    return ok;
}

static bool write_files(const struct server *s, struct error *err)
{
    struct str password = {0}, config = {0}, init = {0};
    bool ok = make_password(s, &password, err);
    if (ok && password.len != strspn(password.text, "0123456789abcdefABCDEF"))
        ok = error_set(err, ERROR_USAGE, "%s holds other characters than hexadecimal digits", s->password);
    str_printf(&config,
               "# Written by xfelx db server start at each "
               "start.\n[mariadbd]\ndatadir=%s/data\nsocket=%s\n"
               "log-error=%s\ninit-file=%s\n%sskip-name-resolve\nskip-log-bin\ncharacter-set-server=utf8mb4\n"
               "innodb-flush-log-at-trx-commit=1\ninnodb-buffer-pool-size=256M\nmax-connections=1000\nback-"
               "log=1024\n"
               "max-allowed-packet=64M\nperformance-schema=OFF\n",
               s->folder, s->socket, s->log, s->init, geteuid() == 0 ? "user=root\n" : "");
    if (s->port)
        str_printf(&config, "bind-address=127.0.0.1\nport=%lld\n", (long long)s->port);
    else
        str_add(&config, "skip-networking\n");
    str_add(&init, "DELETE FROM mysql.global_priv WHERE User='' OR (User='root' AND Host<>'localhost');\n"
                   "FLUSH PRIVILEGES;\n");
    str_printf(&init, "ALTER USER root@localhost IDENTIFIED BY '%s';\n", ok ? password.text : "");
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        str_printf(&init,
                   "CREATE USER IF NOT EXISTS xfelx@'%s';\nALTER USER xfelx@'%s' IDENTIFIED BY '%s';\n"
                   "GRANT ALL ON *.* TO xfelx@'%s';\n",
                   hosts[i], hosts[i], ok ? password.text : "", hosts[i]);
    ok = ok && write_private(s->config, &config, err) && write_private(s->init, &init, err);
    str_free(&password);
    str_free(&config);
    str_free(&init);
    return ok;
}

/* Its last line that tells of an error, for the detail. */
static void add_log(const struct server *s, struct error *err)
{
    struct bytes text = {0};
    char line[400] = "";
    if (!fs_read(s->log, 64 << 20, &text, NULL))
        return;
    for (size_t i = 0; i < text.size;) {
        const char *p = (const char *)text.data + i;
        size_t n = 0;
        while (i + n < text.size && p[n] != '\n')
            n++;
        if (memmem(p, n, "[ERROR]", 7) && !memmem(p, n, "Aborting", 8))
            snprintf(line, sizeof line, "%.*s", (int)n, p);
        i += n + 1;
    }
    bytes_free(&text);
    error_detail(err, "%s", *line ? line : "its log says nothing");
    error_hint(err, "its log is %s", s->log);
}

static bool begin(const struct server *s, struct error *err)
{
    int code = 0;
    if (!fs_make_folders(s->folder, err))
        return false;
    if (chmod(s->folder, 0700) != 0)
        return error_system(err, ERROR_FAILED, "cannot keep others out of %s", s->folder);
    if (!run_script(s, prepare, &code, err))
        return false;
    if (code == 77)
        return error_set(err, ERROR_FAILED, "no MariaDB server is installed on this machine"),
               error_hint(err,
                          "its package is called mariadb-server; without one, a SQLite file needs no server");
    if (code != 0)
        return error_set(err, ERROR_FAILED, "the server's own tables could not be made in %s", s->folder),
               error_hint(err, "see %s/install.log", s->folder);
    if (!write_files(s, err) || !run_script(s, launch, &code, err))
        return false;
    for (int i = 0; i < 10 * START_SECONDS; i++, pause_shortly()) {
        if (answers(s))
            return true;
        if (i > 20 && !running(s))
            break;
    }
    error_set(err, ERROR_FAILED, "the server in %s does not answer", s->folder);
    add_log(s, err);
    return false;
}

static int start(struct server *s)
{
    struct error err = {0};
    struct str text = {0};
    if (!answers(s) && !begin(s, &err))
        return cli_fail(&err);
    str_printf(&text,
               "# the server in %s runs; put into xfelx.phil, and give db.name=EXPERIMENT:\n"
               "db {\n  socket = %s\n  user = xfelx\n  password_file = %s\n}\n",
               s->folder, s->socket, s->password);
    cli_print(&text);
    str_free(&text);
    return EXIT_CODE_DONE;
}

static int stop(struct server *s)
{
    struct error err = {0};
    pid_t pid = running(s);
    if (pid && kill(pid, SIGTERM) != 0) {
        error_system(&err, ERROR_FAILED, "cannot stop the server in %s", s->folder);
        return cli_fail(&err);
    }
    for (int i = 0; pid && running(s) && i < 10 * STOP_SECONDS; i++)
        pause_shortly();
    if (running(s)) {
        error_set(&err, ERROR_FAILED, "the server in %s is still ending", s->folder);
        error_hint(&err, "look again: xfelx db server status %s", s->folder);
        return cli_fail(&err);
    }
    printf(pid ? "the server in %s has ended\n" : "no server runs in %s\n", s->folder);
    return EXIT_CODE_DONE;
}

static int status(struct server *s)
{
    pid_t pid = running(s);
    if (pid && answers(s))
        printf("the server in %s runs as process %d and answers at %s\n", s->folder, (int)pid, s->socket);
    else if (answers(s))
        printf("a server of another machine or user answers at %s\n", s->socket);
    else
        printf(pid ? "the server in %s runs, but does not answer\n" : "no server runs in %s\n", s->folder);
    return answers(s) ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}

static const struct {
    const char *word;
    int (*run)(struct server *s);
} actions[] = {{"start", start}, {"stop", stop}, {"status", status}};

static int run(struct cli *cli)
{
    struct error err = {0};
    struct server s;
    if (!cli_operands(cli, 2, 2, "start, stop or status, and a folder", &err) ||
        !place(cli, cli->operands[1], &s, &err))
        return cli_misuse(cli, &err);
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (!strcmp(cli->operands[0], actions[i].word))
            return actions[i].run(&s);
    error_set(&err, ERROR_USAGE, "a server is told to start, to stop, or asked for its status, not to %s",
              cli->operands[0]);
    return cli_misuse(cli, &err);
}

const struct command db_server = {
    .name = "db server",
    .summary = "a private MariaDB server, where there is no service",
    .usage = "start|stop|status [OPTIONS] DIR",
    .text = "For those who want a server and have none: writes a configuration for an installed MariaDB into "
            "DIR, makes "
            "its tables, starts it, and prints the settings that let xfelx use it. It runs as whoever calls, "
            "on, until "
            "it is stopped or the machine ends; start it again then. Every commit is on disk before it "
            "counts.\n\n"
            "It is reached through a socket in DIR, which only its owner may enter, or with --port through "
            "that port "
            "of this machine too, never from others. DIR wants a local disk.",
    .options = (const struct option_row[]){{0, "port", "N", "also through a port of 127.0.0.1"}, {0}},
    .examples =
        (const struct example[]){
            {"xfelx db server start ~/db >>xfelx.phil",
             "start it, and tell the commands in this folder of it"},
            {"xfelx db server stop ~/db", "end it in good order"},
            {0},
        },
    .run = run,
};
