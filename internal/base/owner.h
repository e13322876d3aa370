/* owner.h - a process named so that another one can tell whether it still lives: "BOOT-NAMESPACE PID START HOST". For leases and
 * queues whose holder may die without a word. */
#ifndef XFELX_BASE_OWNER_H
#define XFELX_BASE_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

enum { OWNER = 255 };

/* Name of a process of this machine. Returns out. */
char *owner_of(pid_t pid, char out[OWNER]);

/* Is it of this machine, since its last start, and gone? A process number means something within its own namespace only (containers of
 * one machine): of owners in others nothing can be told, they are not dead. */
bool owner_is_dead(const char *owner);

/* Is it of this machine and alive? Neither dead nor alive: nothing can be told. */
bool owner_is_alive(const char *owner);

/* Is it of a machine of this one's name, before its last start? It is dead then, where names are unique: in a folder of this machine
 * they are, in a database that others use too they need not be. */
bool owner_is_of_earlier_start(const char *owner);

/* "process 4711 on login7"; "nobody" for "". Returns out. */
char *owner_shown(const char *owner, char out[OWNER]);

#endif
