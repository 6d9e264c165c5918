/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WORKLOADS_GUEST_WRITER_H
#define WORKLOADS_GUEST_WRITER_H

/*
 * writer - the guest of the durability test: writes numbered blocks round and
 * round over a disk and says "acked N" once block N was written and flushed.
 * Whoever kills its VMM then looks whether all of these are there.
 */

/* Until something fails or the machine is gone. */
void writer_run(const char *disk);

/*
 * The other half: every block in FILE up to number ACKED must be there, or a
 * later one in its place. 0, or 1 with what is lost on stderr.
 */
int writer_check(const char *file, const char *acked);

#endif
