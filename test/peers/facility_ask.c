/* facility_ask.c - the facility's room for tests in Python.
 *
 *   facility_ask fetch FROM TO CA PIECE [NAME...]     brings files; prints files, done, there, bytes, resumed, or the error
 *   facility_ask lcls URL CA ROOT LOCATION AUTH FILE  a look for each line of standard input; prints a line a run, then "." or "! CLASS error"
 */
#include "facility/facility.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fetch(int n, char **argv)
{
    struct transfer t = {.from = argv[0],
                         .to = argv[1],
                         .ca_file = *argv[2] ? argv[2] : NULL,
                         .piece = strtoull(argv[3], NULL, 10)};
    struct transfer_report r;
    struct error err = {0};
    t.names = n > 4 ? (const char *const *)(argv + 4) : NULL;
    t.n_names = n > 4 ? (size_t)n - 4 : 0;
    t.first_wait = 0.1;
    t.tries = 4;
    bool good = transfer_fetch(&t, &r, &err);
    printf("%zu %zu %zu %llu %llu\n", r.n_files, r.n_done, r.n_there, (unsigned long long)r.bytes,
           (unsigned long long)r.resumed);
    if (!good)
        printf("%d %s: %s\n", (int)err.code, err.fact, err.detail);
    return !good;
}

static int looks(char **argv)
{
    struct facility_settings s = {
        .name = "lcls", .experiment = "mfxl1027522", .url = argv[0], .ca_file = *argv[1] ? argv[1] : NULL};
    struct observations before = {0}, now = {0};
    char line[64];
    s.root = argv[2];
    s.location = argv[3];
    s.auth.kind = strcmp(argv[4], "basic") == 0    ? NET_AUTH_BASIC
                  : strcmp(argv[4], "bearer") == 0 ? NET_AUTH_BEARER
                                                   : NET_AUTH_NONE;
    s.auth.file = argv[5];
    s.stable_polls = 3;
    s.empty_grace = 1e9;
    while (fgets(line, sizeof line, stdin)) {
        struct error err = {0};
        now = (struct observations){0};
        if (!facility_find("lcls")->list(&s, &before, &now, &err)) {
            printf("! %s %s: %s\n", net_class_word(now.class), err.fact, err.detail);
            observations_free(&now);
        } else {
            for (size_t i = 0; i < now.n; i++)
                printf("%s %s %zu/%zu %s\n", now.at[i].name, run_state_word((int)now.at[i].state),
                       now.at[i].n_here, now.at[i].n_files, now.at[i].reason);
            observations_free(&before);
            before = now;
            printf(".\n");
        }
        fflush(stdout);
    }
    observations_free(&before);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 6 && strcmp(argv[1], "fetch") == 0)
        return fetch(argc - 2, argv + 2);
    if (argc == 8 && strcmp(argv[1], "lcls") == 0)
        return looks(argv + 2);
    fprintf(stderr, "usage: facility_ask fetch|lcls ...\n");
    return 2;
}
