/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BOOT_LINE_H
#define HARNESS_STORE_BOOT_LINE_H

/* boot_line - a boot as a line of a bundle. Its samples are written as text: as
 * jansson's objects ten million of them take ten seconds. */

struct boot_data;
struct err;
struct strbuf;

/* Appends the line and its '\n'; nothing after an error. Any thread may call.
 * -EFBIG: it is longer than BUNDLE_MAX_LINE_BYTES; -EIO: JSON cannot hold it. */
int boot_line_add(const struct boot_data *b, struct strbuf *out,
		  struct err *err);

#endif
