/* mariadb.c - the form of a connection to a MariaDB or MySQL server; see sql.h. Statements: mariadb_stmt.c.
 *
 * The connector goes on in plain text when a man in the middle takes the TLS bit out of the server's greeting, unless the
 * certificate is to be verified: both options are set for every host that is not this machine, and there is no switch that
 * turns one of them off (VENDOR 6.1). CLIENT_FOUND_ROWS stays off: a row that was there must not count as affected. */
#include "store/mariadb.h"

#include <errmsg.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What to set, for errors in words that have one number for all (2026, TLS). */
static const struct {
    const char *part, *hint;
} tls_hints[] = {
    {"trusted CA", "db.ca=FILE names the certificate of the authority that signed the server's"},
    {"expired", "the server needs a new certificate; see also the clock of this machine"},
    {"another host name",
     "give db.host as the certificate has it, or its db.fingerprint where no name will do"},
    {"no TLS 1.2", "on the server: tls_version=TLSv1.2,TLSv1.3"},
    {"TLS 1.3 only", "on the server: tls_version=TLSv1.2,TLSv1.3"},
    {"ingerprint", "see db.fingerprint: SHA-1 of the certificate that the server shows now"},
    {"required",
     "on the server: ssl_cert and ssl_key; without TLS passwords would cross the network readable"},
    {"client certificate", "see db.cert and db.key"},
    {"client key", "see db.key"},
    {"CA file", "see db.ca"},
};

static void hint(unsigned number, const char *text, struct error *err)
{
    static const struct {
        unsigned number;
        const char *hint;
    } hints[] = {
        {1049, "`xfelx db init` makes it"},
        {1146, "`xfelx db init` makes it"},
        {1129, "on the server: mariadb-admin flush-hosts"},
        {1044, "see db.user and db.password_file, and what the server allows that user"},
        {1045, "see db.user and db.password_file, and what the server allows that user"},
        {1698, "see db.user and db.password_file, and what the server allows that user"},
        {2059, "this program knows mysql_native_password, client_ed25519 and caching_sha2_password"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].number == number)
            error_hint(err, "%s", hints[i].hint);
    for (size_t i = 0; number == CR_SSL_CONNECTION_ERROR && i < sizeof tls_hints / sizeof *tls_hints; i++)
        if (strstr(text, tls_hints[i].part)) {
            error_hint(err, "%s", tls_hints[i].hint);
            return;
        }
}

bool mariadb_fails(struct sql *s, unsigned number, const char *state, const char *text, struct error *err)
{
    char detail[512];
    enum sql_class class = mariadb_class(number, state, s->mysql);
    if (number == CR_SSL_CONNECTION_ERROR && strstr(text, "closed or timed out"))
        class = CLASS_RECONNECT; /* cut in the handshake: nothing was found wrong */
    snprintf(detail, sizeof detail, "%s (error %u)", text, number);
    sql_fails(s, class, detail, err);
    hint(number, text, err);
    return false;
}

static bool fails(struct sql *s, struct error *err)
{
    return mariadb_fails(s, mysql_errno(s->db), mysql_sqlstate(s->db), mysql_error(s->db), err);
}

static bool is_this_machine(const char *host)
{
    return !strcmp(host, "127.0.0.1") || !strcmp(host, "::1") || !strcmp(host, "localhost");
}

bool mariadb_check(const struct store_options *o, struct error *err)
{
    char host[256];
    for (const char *p = o->socket || o->tls != STORE_TLS_OFF ? "" : o->host; *p;) {
        size_t n = strcspn(p, ",");
        snprintf(host, sizeof host, "%.*s", (int)n, p);
        p += n + (p[n] == ',');
        if (!is_this_machine(host))
            return error_set(err, ERROR_USAGE, "db.tls=off is refused for %s", host),
                   error_hint(
                       err, "passwords and results would cross the network readable; only this machine or a "
                            "socket may do without");
    }
    return true;
}

/* TLS as asked for. auto: over TCP to another machine. */
static bool wants_tls(const struct store_options *o, const char *host)
{
    return host && (o->tls == STORE_TLS_ON || (o->tls == STORE_TLS_AUTO && !is_this_machine(host)));
}

static void set_tls(MYSQL *db, const struct store_options *o)
{
    my_bool yes = 1;
    mysql_optionsv(db, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_optionsv(db, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    if (o->fingerprint)
        mysql_optionsv(db, MARIADB_OPT_TLS_PEER_FP, o->fingerprint);
    if (o->ca)
        mysql_optionsv(db, MYSQL_OPT_SSL_CA, o->ca);
    if (o->cert)
        mysql_optionsv(db, MYSQL_OPT_SSL_CERT, o->cert);
    if (o->key)
        mysql_optionsv(db, MYSQL_OPT_SSL_KEY, o->key);
}

static bool connect_to(struct sql *s, const char *host, const char *database, struct error *err)
{
    const struct store_options *o = &s->options;
    unsigned connecting = 10, waiting = 60;
    unsigned protocol =
        host ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET; /* "localhost" would become the socket */
    MYSQL *db = mysql_init(NULL);
    if (!db)
        return error_set(err, ERROR_MEMORY, "out of memory");
    s->db = db;
    mysql_optionsv(db, MYSQL_OPT_CONNECT_TIMEOUT, &connecting);
    mysql_optionsv(db, MYSQL_OPT_READ_TIMEOUT, &waiting);
    mysql_optionsv(db, MYSQL_OPT_WRITE_TIMEOUT, &waiting);
    mysql_optionsv(db, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_optionsv(db, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (wants_tls(o, host))
        set_tls(db, o);
    if (!mysql_real_connect(db, host, o->user, o->password, database, (unsigned)o->port, o->socket, 0))
        return fails(s, err);
    if (wants_tls(o, host) && !mysql_get_ssl_cipher(db))
        return sql_fails(s, CLASS_PERMANENT, "the server went on without TLS", err);
    s->mysql = !strstr(mysql_get_server_info(db), "MariaDB");
    return true;
}

static void close_server(struct sql *s)
{
    if (s->db)
        mysql_close(s->db);
    s->db = NULL;
}

static bool script(struct sql *s, const char *text, struct error *err)
{
    while (*text) {
        const char *end = strstr(text, ";\n");
        size_t n = end ? (size_t)(end - text) : strlen(text);
        s->n_statements++;
        if (mysql_real_query(s->db, text, n) != 0)
            return fails(s, err);
        MYSQL_RES *rows = mysql_store_result(s->db);
        if (rows)
            mysql_free_result(rows);
        text += n + (end ? 2 : 0);
    }
    return true;
}

bool mariadb_check_table(struct sql *s, const char *table, char out[300], struct error *err)
{
    enum { KIND = 2, TEXT = 3 }; /* columns: Table, Op, Msg_type, Msg_text */
    char text[128];
    *out = 0;
    snprintf(text, sizeof text, "CHECK TABLE `%s`", table);
    s->n_statements++;
    MYSQL_RES *rows = mysql_query(s->db, text) == 0 ? mysql_store_result(s->db) : NULL;
    if (!rows)
        return fails(s, err);
    for (MYSQL_ROW row; (row = mysql_fetch_row(rows)) && !*out;)
        if (mysql_num_fields(rows) > TEXT && row[KIND] && row[TEXT] && strcasecmp(row[TEXT], "ok") != 0 &&
            strcmp(row[KIND], "note") != 0)
            snprintf(out, 300, "%s", row[TEXT]);
    mysql_free_result(rows);
    return true;
}

static const char settings[] =
    "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00', autocommit=1;\n"
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\n"; /* no gap locks between many inserters */

/* The hosts of a list in order, to the first one that answers, whatever it says: one that shows a wrong certificate is not passed over. */
static bool connect_to_list(struct sql *s, const char *database, struct error *err)
{
    char host[256];
    for (const char *p = s->options.host; *p;) {
        size_t n = strcspn(p, ",");
        snprintf(host, sizeof host, "%.*s", (int)n, p);
        p += n + (p[n] == ',');
        s->class = CLASS_NONE;
        if (connect_to(s, host, database, err))
            return true;
        if (s->class != CLASS_RECONNECT && s->class != CLASS_TRANSIENT)
            return false;
        if (*p)
            close_server(s);
    }
    return false;
}

static bool open_server(struct sql *s, bool read_only, struct error *err)
{
    const struct store_options *o = &s->options;
    (void)read_only;
    if (o->socket)
        return connect_to(s, NULL, o->name, err) && script(s, settings, err);
    return connect_to_list(s, o->name, err) && script(s, settings, err);
}

unsigned long mariadb_thread(const struct sql *s)
{
    return s->db && s->ops == &mariadb_ops ? mysql_thread_id(s->db) : 0;
}

static int64_t last_id(struct sql *s)
{
    return (int64_t)mysql_insert_id(s->db);
}

bool mariadb_make_database(const struct store_options *o, struct error *err)
{
    struct sql s = {.ops = &mariadb_ops, .options = *o};
    struct str text = {0};
    bool ok = o->socket ? connect_to(&s, NULL, NULL, err) : connect_to_list(&s, NULL, err);
    /* the name was checked: letters, digits and underscores only */
    str_printf(&text, "CREATE DATABASE IF NOT EXISTS `%s` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
               o->name);
    if (ok && !script(&s, text.text, err)) {
        ok = false;
        error_hint(err, "its administrator types: %s; GRANT ALL ON `%s`.* TO the user", text.text, o->name);
    }
    str_free(&text);
    close_server(&s);
    return ok;
}

const struct store_ops mariadb_ops = {
    .name = "mariadb",
    .dialect = DIALECT_MARIADB,
    .open = open_server,
    .close = close_server,
    .script = script,
    .prepare = mariadb_prepare,
    .finalize = mariadb_finalize,
    .run = mariadb_run,
    .run_many = mariadb_run_many,
    .step = mariadb_step,
    .reset = mariadb_reset,
    .column = mariadb_column,
    .columns = mariadb_columns,
    .last_id = last_id,
    .begin = "START TRANSACTION",
    .has_table =
        "SELECT count(*) FROM information_schema.tables WHERE table_schema=database() AND table_name=?",
    .has_column =
        "SELECT count(*) FROM information_schema.columns WHERE table_schema=database() AND table_name=? "
        "AND column_name=?",
    .now = "SELECT CAST(UNIX_TIMESTAMP(NOW(6))*1000000 AS SIGNED)*1000",
};
