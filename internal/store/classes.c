/* classes.c - error numbers of MariaDB, MySQL and SQLite and what each class of them asks for; see sql.h. Numbers:
 * FACILITY 9; what is done: STORE 7.3. */
#include "store/sql.h"

#include <sqlite3.h>
#include <string.h>

enum flavour { BOTH, MARIADB, MYSQL_ONLY };

static const struct {
    uint16_t number;
    uint8_t flavour, class;
} mariadb_numbers[] = {
    {1040, BOTH, CLASS_TRANSIENT}, /* too many connections */
    {1203, BOTH, CLASS_TRANSIENT}, /* … of this user */
    {1226, BOTH, CLASS_TRANSIENT},
    {1205, BOTH, CLASS_TRANSIENT}, /* lock wait: only the statement was rolled back */
    {1213, BOTH, CLASS_TRANSIENT}, /* deadlock; Galera's certification, also at COMMIT */
    {1020, BOTH, CLASS_TRANSIENT}, /* changed since last read */
    {1135, BOTH, CLASS_TRANSIENT}, /* no thread */
    {1317, BOTH, CLASS_TRANSIENT}, /* interrupted */
    {1969, MARIADB, CLASS_TRANSIENT},
    {3024, MYSQL_ONLY, CLASS_TRANSIENT}, /* time limit of a statement */
    {1047, BOTH, CLASS_RECONNECT},       /* Galera: not ready */
    {1053, BOTH, CLASS_RECONNECT},
    {1077, BOTH, CLASS_RECONNECT},
    {1079, BOTH, CLASS_RECONNECT}, /* shutdown */
    {1927, MARIADB, CLASS_RECONNECT},
    {3169, MYSQL_ONLY, CLASS_RECONNECT}, /* killed */
    {4031, MYSQL_ONLY, CLASS_RECONNECT}, /* inactive for too long */
    {1152, BOTH, CLASS_RECONNECT},
    {1184, BOTH, CLASS_RECONNECT},
    {1158, BOTH, CLASS_RECONNECT},
    {1159, BOTH, CLASS_RECONNECT},
    {1160, BOTH, CLASS_RECONNECT},
    {1161, BOTH, CLASS_RECONNECT}, /* network */
    {1180, BOTH, CLASS_RECONNECT}, /* error during COMMIT */
    {2002, BOTH, CLASS_RECONNECT},
    {2003, BOTH, CLASS_RECONNECT},
    {2005, BOTH, CLASS_RECONNECT}, /* no socket, no TCP, no such host */
    {2006, BOTH, CLASS_RECONNECT},
    {2013, BOTH, CLASS_RECONNECT},
    {2055, BOTH, CLASS_RECONNECT}, /* gone away */
    {2008, BOTH, CLASS_RECONNECT},
    {2014, BOTH, CLASS_RECONNECT},
    {2027, BOTH, CLASS_RECONNECT}, /* out of sync */
    {1290, BOTH, CLASS_WAIT},
    {1836, BOTH, CLASS_WAIT}, /* read-only */
    {1021, BOTH, CLASS_WAIT},
    {1114, BOTH, CLASS_WAIT}, /* full */
    {3, BOTH, CLASS_WAIT},
    {20, BOTH, CLASS_WAIT},
    {1026, BOTH, CLASS_WAIT},
    {1598, BOTH,
     CLASS_WAIT}, /* a file, or the binary log, cannot be written: the same with logs on a disk of their own */
    {1030, BOTH, CLASS_WAIT}, /* storage engine: errno 28 is what facilities see */
    {1129, BOTH, CLASS_OPERATOR},
    {1062, BOTH, CLASS_SUCCESS},
    {1153, BOTH, CLASS_SPLIT},
    {2020, BOTH, CLASS_SPLIT}, /* packet too large for the client's side */
    {1048, BOTH, CLASS_ROW},
    {1264, BOTH, CLASS_ROW},
    {1265, BOTH, CLASS_ROW},
    {1292, BOTH, CLASS_ROW},
    {1366, BOTH, CLASS_ROW},
    {1406, BOTH, CLASS_ROW},
    {1452, BOTH, CLASS_ROW},
    {4025, MARIADB, CLASS_ROW},
    {3819, MYSQL_ONLY, CLASS_ROW}, /* a CHECK of the table */
    {1461, BOTH, CLASS_REPAIR},
    {1615, BOTH, CLASS_REPAIR},
};

enum sql_class mariadb_class(unsigned number, const char *sqlstate, bool mysql)
{
    for (size_t i = 0; i < sizeof mariadb_numbers / sizeof *mariadb_numbers; i++)
        if (mariadb_numbers[i].number == number &&
            mariadb_numbers[i].flavour != (mysql ? MARIADB : MYSQL_ONLY))
            return (enum sql_class)mariadb_numbers[i].class;
    /* a state says something about numbers that no list knows; client errors all have HY000 */
    if (sqlstate && !strncmp(sqlstate, "08", 2))
        return CLASS_RECONNECT;
    if (sqlstate && !strncmp(sqlstate, "40", 2))
        return CLASS_TRANSIENT;
    return CLASS_PERMANENT;
}

enum sql_class sqlite_class(int code)
{
    if (code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE)
        return CLASS_SUCCESS;
    if (code == SQLITE_READONLY_RECOVERY || code == SQLITE_IOERR_SHMSIZE) /* the latter: no room for -shm */
        return CLASS_WAIT;
    switch (code & 255) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
        return CLASS_TRANSIENT;
    case SQLITE_FULL:
        return CLASS_WAIT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOLFS:
        return CLASS_RECONNECT;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
        return CLASS_ROW;
    case SQLITE_SCHEMA:
        return CLASS_REPAIR;
    default:
        return CLASS_PERMANENT;
    }
}

int64_t sql_backoff(unsigned n, uint64_t random)
{
    const int64_t first = 200000000, most = 30000000000;
    if (n < 2)
        return 0;
    int64_t limit = n - 2 > 8 ? most : first << (n - 2);
    limit = limit > most ? most : limit;
    return (int64_t)((double)(random >> 11) * 0x1p-53 * (double)limit);
}
