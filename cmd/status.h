/* status.h - the parts of `status`. */
#ifndef XFELX_CMD_STATUS_H
#define XFELX_CMD_STATUS_H

#include "cmd/cli.h"
#include "param/param.h"

/* Rows of the options of --serve. */
// clang-format off
#define STATUS_SERVE_OPTIONS                                                                                                      \
    {0, "serve", "ADDR:PORT", "serve pages and a JSON API over HTTP until stopped: 127.0.0.1:8080, 8080 (of this machine; 0: any free "   \
                              "port), or unix:/path of a socket"},                                                                \
    {0, "token-file", "FILE", "who may come in: lines \"reader|editor NAME SECRET\", in a file that only its owner can read; "    \
                              "without it one token is made and printed"},                                                        \
    {0, "no-token", NULL, "no token is needed: everybody on this machine comes in"},                                              \
    {0, "behind-proxy", NULL, "a proxy in front speaks TLS: needed to serve beyond this machine"},                                \
    {0, "allow-host", "NAME", "a host name under which browsers may ask (also several times)"},                                   \
    {0, "prefix", "/PATH/", "the path that a proxy puts before all of ours"},                                                     \
    {0, "read-only", NULL, "nothing can be changed from the pages, whoever asks"}
// clang-format on

int status_serve(struct cli *cli, const struct params *p);

#endif
