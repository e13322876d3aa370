/* events.h - one row of events that all streams are sent from (WEB 6). Private to web/.
 *
 * An event's text is made once; a stream is only a place in the row. A reader that falls behind by more than the row holds, or comes
 * back with an id that is no longer there, gets one `resync` and goes on with the newest. Thread-safe.
 */
#ifndef XFELX_WEB_EVENTS_H
#define XFELX_WEB_EVENTS_H

#include "base/base.h"

enum { EVENTS_KEPT = 600, EVENT_MOST = 4096 };

struct events;
struct stream;

struct events *events_make(void);
void events_free(struct events *e); /* all streams must be closed */

/* Add an event: "id: SEQ\nevent: KIND\ndata: DATA\n\n"; data is one line. Its sequence number. kind NULL: a comment that only keeps
 * connections open; it is not counted. */
int64_t events_put(struct events *e, const char *kind, const char *data);

/* No more events come: streams end when they have sent what there is. */
void events_end(struct events *e);

/* A stream that begins after event `since` (< 0: with the next one). wake(arg) is called, outside of the lock, once for each time that
 * the stream had said it sleeps and something came. NULL: no memory. */
struct stream *stream_open(struct events *e, int64_t since, void (*wake)(void *arg), void *arg);
void stream_close(struct stream *s);

/* Copy what is next, at most room bytes. 0: nothing now; the stream sleeps, its wake will be called. -1: the end. before_sleep(arg) is
 * called under the lock just before it sleeps, so that a wake cannot come in between. */
long stream_read(struct stream *s, char *out, size_t room, void (*before_sleep)(void *arg));

size_t events_streams(struct events *e);
int64_t events_last(struct events *e); /* sequence number of the newest; 0: none */

#endif
