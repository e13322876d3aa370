/* status.h - the parts of `status`. */
#ifndef XFELX_CMD_STATUS_H
#define XFELX_CMD_STATUS_H

#include "cmd/cli.h"
#include "param/param.h"
#include "report/report.h"

/* Rows of the options of --serve. */
// clang-format off
#define STATUS_SERVE_OPTIONS                                                                                                      \
    {0, "serve", "ADDR:PORT", "serve pages and a JSON API (/api/openapi.json) over HTTP until stopped: 127.0.0.1:8080, 8080 (of this machine; 0: any free " \
                              "port), or unix:/path of a socket"},                                                                \
    {0, "token-file", "FILE", "who may come in: lines \"reader|editor NAME SECRET\", in a file that only its owner can read; "    \
                              "without it one token is made and printed"},                                                        \
    {0, "no-token", NULL, "no token is needed: everybody on this machine comes in"},                                              \
    {0, "tls-cert", "FILE", "speak TLS: the certificate and those that lead to its authority, in PEM; read again when it changes and at SIGHUP"}, \
    {0, "tls-key", "FILE", "its key in PEM (RSA or EC, not encrypted), in a file that only its owner can read"},                  \
    {0, "behind-proxy", NULL, "a proxy in front speaks TLS: needed to serve beyond this machine"},                                \
    {0, "allow-host", "NAME", "a host name under which browsers may ask (also several times)"},                                   \
    {0, "prefix", "/PATH/", "the path that a proxy puts before all of ours"},                                                     \
    {0, "read-only", NULL, "nothing can be changed from the pages, whoever asks"}
// clang-format on

/* How a screen is shown: columns, whether marks may be UTF-8 and colours used, and how many runs are listed. */
struct status_look {
    int width;
    bool utf8, colour;
    size_t rows;
};
void status_size(int *width, int *height);
void status_marks(struct str *out, const double *v, size_t n,
                  bool utf8);              /* one a value, from 0 to the greatest; NaN: a blank */
char *status_time(double s, char out[32]); /* "9 s", "22 min", "3 h 48"; returns out */
void status_screen(const struct standing *o, const char *name, const struct status_look *look,
                   struct str *out);
void status_line(const struct standing *o, const char *name, struct str *out); /* for a prompt */

/* Show what make writes, again and again, until q (exit code 0, returned) or a signal, of which the process then dies; jobs: the list of
 * jobs was asked for. Where make fails with ERROR_BUSY, what it wrote before stays and is called old. */
typedef bool (*status_maker)(void *arg, bool jobs, struct str *out, struct error *err);
int status_follow(status_maker make, void *arg, struct error *err);

/* One run (status_run.c): the frames of a job along it, and what happened to the run when. The same figures as on its page. */
bool status_along(struct store *s, int64_t job, bool utf8, struct arena *a, struct str *out,
                  struct error *err);
bool status_history(struct store *s, int64_t run, struct arena *a, struct str *out, struct error *err);

/* The names of the stages; returns how many. */
size_t status_stages(const char *names[STAGE_MAX]);

int status_serve(struct cli *cli, const struct params *p);

#endif
