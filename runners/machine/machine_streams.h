/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_MACHINE_STREAMS_H
#define RUNNERS_MACHINE_MACHINE_STREAMS_H

/* machine_streams - the three streams between the harness and a machine. */
#include "runners/machine/machine.h"

enum machine_streams_end { MACHINE_OWN_END, MACHINE_CHILD_END };

/* Both ends of each; -1 where there is none. */
struct machine_streams {
	int channel[2];
	int events[2];
	int console[2];
};

#define MACHINE_STREAMS_NONE        \
	{                           \
		{-1, -1}, {-1, -1}, \
		{                   \
			-1, -1      \
		}                   \
	}

/* S is MACHINE_STREAMS_NONE. 0 or a negative errno; close both ends in any
 * case. */
int machine_streams_open(struct machine_streams *s, enum machine_events events);
void machine_streams_close(const struct machine_streams *s,
			   enum machine_streams_end end);

#endif
