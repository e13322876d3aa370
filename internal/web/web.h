/* web.h - a database's pages and JSON API over HTTP: what `xfelx status --serve` is.
 *
 * libmicrohttpd speaks HTTP in one thread that never touches a database or an image; a few workers answer from the store, one thread
 * asks the store once a second what has changed and sends it to all open pages (server-sent events). Routes are one table
 * (routes.h), pages are files embedded in the program (pages/). Rules, limits and why: doc/WEB.md.
 */
#ifndef XFELX_WEB_WEB_H
#define XFELX_WEB_WEB_H

#include "base/base.h"
#include "store/store.h"

struct alarm_limits;
struct web;

/* listen      "ADDRESS:PORT" ("[::1]:8080"), "PORT" (of 127.0.0.1; 0: any free one), or "unix:/path" (mode 0600)
 * prefix      path that a proxy puts before all of ours, "/xfelx/"; NULL: "/"
 * token_file  lines "reader|editor NAME SECRET"; NULL: one editor's token is made at start, but with no_token
 * proxied     a proxy in front speaks TLS with the world, checks nothing for us
 * tls_cert, tls_key   PEM files; NULL: plain HTTP
 * hosts       names that Host may have beside localhost and IP literals
 * path_map    where data lie on this machine (base/path_map.h); NULL: where they were named
 * folder      with the results, to see how full its disk is; NULL: not looked at
 * handed      folder for files that pages hand over, made when the first comes; NULL: there can be none
 * stages      [n_stages] names of the stages (pipeline.h); NULL: "stage 3" is said
 * read_only   nothing can be changed, whoever asks
 *
 * Beyond loopback a token file, and TLS or a proxy, are needed: else ERROR_USAGE (WORDS 1: nothing was touched). Texts and store
 * options are not copied: they must live as long as the server does. */
struct web_options {
    const char *listen, *prefix, *token_file, *tls_cert, *tls_key;
    const char *const *hosts;
    size_t n_hosts;
    const char *const *path_map;
    bool no_token, proxied, read_only;
    const char *folder, *handed;
    const char *const *stages;
    size_t n_stages;
    const char *title;   /* what the pages call the experiment */
    const char *version; /* of the program */
    const struct store_options *store;
    const struct alarm_limits *limits; /* of alarms (report/alarm_limits.h); NULL: the usual ones */
};

/* Bind, start the threads, answer. ERROR_USAGE: options; ERROR_FAILED: the address cannot be had. Signals should be blocked in the
 * caller before, so that the threads never see them. */
bool web_start(const struct web_options *o, struct web **out, struct error *err);

/* The address to open, with the token where one was made: "http://127.0.0.1:8080/?t=…". */
const char *web_link(const struct web *w);

/* Read certificate and key again (SIGHUP). A bad pair is refused and the old one kept. */
bool web_reload(struct web *w, struct error *err);

/* Say good-bye to open pages, finish what is being answered, free everything. */
void web_stop(struct web *w);

#endif
