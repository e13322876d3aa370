/* api.h - handlers of the routes, by subject. Private to web/. */
#ifndef XFELX_WEB_API_H
#define XFELX_WEB_API_H

#include "web/private.h"

typedef void api_handler(struct web *w, struct store *s, const struct web_request *q, struct web_answer *a);

/* api_self.c - the server itself: its page and files, health, who is asking */
api_handler api_page, api_asset, api_openapi, api_health, api_ready, api_metrics, api_me;

/* api_overview.c - where things stand, with the rates over time; the log of alarms */
api_handler api_overview, api_alarms;

/* api_runs.c - runs, and one of them */
api_handler api_runs, api_run;

/* api_jobs.c - jobs, and one of them */
api_handler api_jobs, api_job;

/* api_detector.c - powder pictures, panels, where the beam was */
api_handler api_detector, api_detector_png;

/* api_panels.c - its panels: residuals, and levels over the jobs of a trial */
api_handler api_panels, api_levels;

/* api_strip.c - a job's frames along its run */
api_handler api_strip;

/* api_weather.c - what each rank of a job did when */
api_handler api_weather;

/* api_tail.c - the end of an attempt's log */
api_handler api_job_log;

/* api_frames.c - frames of a job, and one of them */
api_handler api_frames, api_frame;

/* api_image.c - what a frame looks like, and what was found in it */
api_handler api_frame_png, api_frame_picture, api_frame_tile, api_frame_values;

/* api_tune.c - other parameters tried on frames */
api_handler api_tune, api_tuned, api_tuned_file, api_frame_spots;

/* api_cells.c - unit cells of a trial, of tags, of a run or a job */
api_handler api_cells, api_cells_file;

/* api_labels.c - labels, and frames by the values of one */
api_handler api_labels;

/* api_book.c - what persons have set up: trials, rungroups, tags */
api_handler api_trials, api_tags;

/* api_log.c - the log book */
api_handler api_log, api_log_markdown;

/* api_trials.c - trials side by side */
api_handler api_compare;

/* api_parameters.c - the table of parameters, and parameters that are looked at before a trial is made */
api_handler api_parameters, api_check;

/* api_datasets.c - datasets, and one with what merging came to */
api_handler api_datasets, api_dataset;

/* api_requests.c - what is asked for, and asking */
api_handler api_requests, api_request;

/* api_calibs.c - versions of masks, gains, geometries ..., and files for new ones */
api_handler api_calibrations, api_handed;

/* api_doctor.c - what the doctor found last, and what the server sees itself */
api_handler api_doctor;

/* api_put.c - pieces of JSON that several have. Times in ns, 0: not known (null). */
struct rate;
void put_time(struct json_writer *j, const char *key, int64_t ns);
void put_fraction(struct json_writer *j, const char *key, uint64_t k, uint64_t n);
void put_words(struct json_writer *j, const char *key, const char *const *words, size_t n);
void put_job_states(struct json_writer *j, const char *key, const struct store_job_counts *c);
void put_columns(struct json_writer *j, const char *const *names,
                 size_t n); /* begins the rows too: end the array */
void put_reasons(struct json_writer *j, const uint64_t reasons[REASON_END]);

/* The store said no: the answer says why. Frees the arena. Returns false. */
bool api_failed(struct web_answer *a, struct arena *arena, const struct error *err);

/* The run that a person means by number (12), number and row where two have one number (12#7), or name. false: the answer is 404, or
 * that of the store, and the arena is freed. api_run_asked: that of the query's `run`; none: -1. */
bool api_run_named(struct store *s, const char *word, struct arena *arena, int64_t *id, struct web_answer *a);
bool api_run_asked(struct store *s, const struct web_request *q, struct arena *arena, int64_t *id,
                   struct web_answer *a);

/* Are the trial (its number), job (its row) and tags there that the query names? What is no number is passed over: the handler
 * refuses it itself. false: the answer is 404, or that of the store, and the arena is freed. */
bool api_there(struct store *s, const struct web_request *q, struct arena *arena, struct web_answer *a);

/* A number of the path, or 404. */
bool api_number(const struct web_request *q, struct web_answer *a, int64_t *out);

#endif
