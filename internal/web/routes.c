/* routes.c - the table; see routes.h. test/unit/web/routes_test.c holds it against openapi.json. */
#include "web/routes.h"

#include "web/api.h"
#include "web/upload.h"

#include <string.h>

// clang-format off
const struct route web_routes[] = {
    {"GET", "/", ROLE_NONE, ROUTE_DIRECT, 0, api_page, "the page"},
    {"GET", "/assets/{}/{}", ROLE_NONE, ROUTE_DIRECT, 0, api_asset, "a file of the page"},
    {"GET", "/api/openapi.json", ROLE_NONE, ROUTE_DIRECT, 0, api_openapi, "this description"},
    {"GET", "/healthz", ROLE_NONE, ROUTE_DIRECT, 0, api_health, "is the server alive"},
    {"GET", "/readyz", ROLE_NONE, ROUTE_STORE, 0, api_ready, "can the database be read"},
    {"GET", "/metrics", ROLE_NONE, ROUTE_DIRECT, 0, api_metrics, "counters in Prometheus' form"},
    {"GET", "/api/v1/me", ROLE_NONE, ROUTE_DIRECT, 0, api_me, "who asks, and what he may"},
    {"GET", "/api/v1/events", ROLE_READER, ROUTE_EVENTS, 0, NULL, "a stream of what changes"},
    {"GET", "/api/v1/overview", ROLE_READER, ROUTE_STORE, 0, api_overview, "where things stand"},
    {"GET", "/api/v1/alarms", ROLE_READER, ROUTE_STORE, 0, api_alarms, "the log of alarms"},
    {"GET", "/api/v1/doctor", ROLE_READER, ROUTE_STORE, 0, api_doctor, "is everything as it must be"},
    {"GET", "/api/v1/runs", ROLE_READER, ROUTE_STORE, 0, api_runs, "all runs, in columns"},
    {"GET", "/api/v1/runs/{}", ROLE_READER, ROUTE_STORE, 0, api_run, "one run"},
    {"GET", "/api/v1/jobs", ROLE_READER, ROUTE_STORE, 0, api_jobs, "the newest jobs"},
    {"GET", "/api/v1/jobs/{}", ROLE_READER, ROUTE_STORE, 0, api_job, "one job"},
    {"GET", "/api/v1/jobs/{}/attempts/{}/log", ROLE_READER, ROUTE_STORE, 0, api_job_log, "the end of an attempt's log"},
    {"GET", "/api/v1/jobs/{}/strip", ROLE_READER, ROUTE_STORE, 0, api_strip, "its frames along the run"},
    {"GET", "/api/v1/jobs/{}/weather", ROLE_READER, ROUTE_STORE, 0, api_weather, "what each of its ranks did when"},
    {"GET", "/api/v1/frames", ROLE_READER, ROUTE_STORE, 0, api_frames, "frames of a job to look at"},
    {"GET", "/api/v1/frames/{}/{}/{}", ROLE_READER, ROUTE_STORE, 0, api_frame, "one frame"},
    {"GET", "/api/v1/frames/{}/{}/{}/image.png", ROLE_READER, ROUTE_SLOW, 0, api_frame_png, "its picture"},
    {"GET", "/api/v1/frames/{}/{}/{}/picture", ROLE_READER, ROUTE_SLOW, 0, api_frame_picture, "where its panels are, and what was found"},
    {"GET", "/api/v1/frames/{}/{}/{}/tile", ROLE_READER, ROUTE_SLOW, 0, api_frame_tile, "a part of its picture, as codes"},
    {"GET", "/api/v1/frames/{}/{}/{}/values", ROLE_READER, ROUTE_SLOW, 0, api_frame_values, "its pixels around a place"},
    {"GET", "/api/v1/frames/{}/{}/{}/spots", ROLE_READER, ROUTE_SLOW, 0, api_frame_spots, "its spots, found anew"},
    {"POST", "/api/v1/tune", ROLE_EDITOR, ROUTE_CHANGE, 1 << 17, api_tune, "try other parameters on a frame"},
    {"GET", "/api/v1/tune/{}", ROLE_READER, ROUTE_DIRECT, 0, api_tuned, "what that came to"},
    {"GET", "/api/v1/tune/{}/file", ROLE_READER, ROUTE_DIRECT, 0, api_tuned_file, "the mask it made, as a file"},
    {"GET", "/api/v1/cells", ROLE_READER, ROUTE_STORE, 0, api_cells, "unit cells of a trial, of tags, of a run or a job"},
    {"GET", "/api/v1/cells/{}", ROLE_READER, ROUTE_STORE, 0, api_cells_file, "covariance of their forms, for merging"},
    {"GET", "/api/v1/labels", ROLE_READER, ROUTE_STORE, 0, api_labels, "labels, and frames by the values of one"},
    {"GET", "/api/v1/detector", ROLE_READER, ROUTE_STORE, 0, api_detector, "powder, panels and shifts of the detector"},
    {"GET", "/api/v1/detector/{}/image.png", ROLE_READER, ROUTE_STORE, 0, api_detector_png, "the powder picture of a job"},
    {"GET", "/api/v1/detector/{}/panels", ROLE_READER, ROUTE_STORE, 0, api_panels, "where its panels are beside where they should be"},
    {"GET", "/api/v1/detector/{}/levels", ROLE_READER, ROUTE_STORE, 0, api_levels, "its panels over the jobs of the trial"},
    {"GET", "/api/v1/trials", ROLE_READER, ROUTE_STORE, 0, api_trials, "trials and rungroups"},
    {"GET", "/api/v1/compare", ROLE_READER, ROUTE_STORE, 0, api_compare, "trials side by side over the same runs"},
    {"GET", "/api/v1/parameters", ROLE_READER, ROUTE_STORE, 0, api_parameters, "parameters of trials, for forms"},
    {"POST", "/api/v1/check", ROLE_EDITOR, ROUTE_CHANGE, 1 << 20, api_check, "look at parameters; nothing is changed"},
    {"GET", "/api/v1/tags", ROLE_READER, ROUTE_STORE, 0, api_tags, "tags"},
    {"GET", "/api/v1/datasets", ROLE_READER, ROUTE_STORE, 0, api_datasets, "datasets and their versions"},
    {"GET", "/api/v1/datasets/{}", ROLE_READER, ROUTE_STORE, 0, api_dataset, "one dataset, with its merges"},
    {"GET", "/api/v1/log", ROLE_READER, ROUTE_STORE, 0, api_log, "log book, and who changed what"},
    {"GET", "/api/v1/log.md", ROLE_READER, ROUTE_STORE, 0, api_log_markdown, "the log book as a text to keep"},
    {"GET", "/api/v1/calibrations", ROLE_READER, ROUTE_STORE, 0, api_calibrations, "versions of masks, gains, geometries ..., and what is stale"},
    {"POST", "/api/v1/files", ROLE_EDITOR, ROUTE_UPLOAD, UPLOAD_MOST, api_handed, "hand over a file, for calib.add"},
    {"GET", "/api/v1/requests", ROLE_READER, ROUTE_STORE, 0, api_requests, "what is asked for and not done yet; what can be asked"},
    {"POST", "/api/v1/requests", ROLE_EDITOR, ROUTE_CHANGE, 1 << 20, api_request, "ask for a change"},
    {0},
};
// clang-format on

const struct route *route_find(const char *method, const char *path, char parts[TARGET_PARTS][TARGET_PART],
                               const char **allow)
{
    *allow = NULL;
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (const struct route *r = web_routes; r->method; r++)
        if (target_matches(r->path, path, parts)) {
            if (strcmp(r->method, method) == 0)
                return r;
            *allow = strcmp(r->method, "GET") == 0 ? "GET, HEAD" : r->method;
        }
    return NULL;
}
