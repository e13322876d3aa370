/* api.h - handlers of the routes, by subject. Private to web/. */
#ifndef XFELX_WEB_API_H
#define XFELX_WEB_API_H

#include "web/private.h"

typedef void api_handler(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a);

/* api_self.c - the server itself: its page and files, health, who is asking */
api_handler api_page, api_asset, api_openapi, api_health, api_ready, api_metrics, api_me;

/* api_jobs.c - what is processed */
api_handler api_jobs, api_job, api_runs, api_overview;

#endif
