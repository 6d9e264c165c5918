/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_WRITER_H
#define WORKLOADS_GUEST_WRITER_H

/*
 * writer - the guest of the durability test. It writes numbered blocks over a
 * disk again and again, and prints "acked N" when block N is written and
 * flushed. The test kills its VMM and then checks that all acknowledged blocks
 * are there.
 */

/* Until something fails or the machine is gone. */
void writer_run(const char *disk);

/*
 * The other half: every block in FILE up to number ACKED must be there, or a
 * later one in its place. 0, or 1 with the lost block on stderr.
 */
int writer_check(const char *file, const char *acked);

#endif
