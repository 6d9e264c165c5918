/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_TRIM_H
#define RUNNERS_VMM_TRIM_H

/*
 * trim - give back the code and constants that only the start needed. A page that is
 * needed again is mapped again from the page cache, without I/O while that has it.
 *
 * Any thread, also in the sandbox: it opens and maps nothing.
 */
void trim_code(void);

#endif
