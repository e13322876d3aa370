/* note.h - alarms are written down by the server too, where no watcher does it. Private to web/. */
#ifndef XFELX_WEB_NOTE_H
#define XFELX_WEB_NOTE_H

#include "web/web.h"

/* Look which alarms stand (s: open for reading) and bring the log in the store up to date, when nobody holds the watcher's lease, whose task
 * it is else. The store is opened for writing only when the log changes; a server that is read-only writes nothing. Costs as much as the
 * first page. */
bool note_alarms(const struct web_options *o, struct store *s, struct error *err);

#endif
