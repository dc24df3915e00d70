/* An engine as a child process: the protocol over its stdin and stdout.
 *
 * The command runs under /bin/sh -c in a process group of its own, so Ctrl-C reaches us alone and we end it in order: stdin
 * is closed, after close_timeout the group gets SIGTERM, after another 1 s SIGKILL. Its stderr comes out on ours, line by line,
 * behind a prefix. Nothing of ours is open in it. */
#ifndef FL_ENGINE_EXEC_H
#define FL_ENGINE_EXEC_H

#include "engine/channel.h"

/* Starts it. FL_EENGINE with the problem (a sentence without its subject: "cannot be started: ..."); FL_EFULL. A command
 * that does not exist is known only at the first exchange, when the shell has exited with status 127. */
FL_MUST_CHECK enum fl_status fl_exec_open(const struct fl_channel_setup *setup, const char *command, struct fl_channel **channel, char problem[256]);

#endif
