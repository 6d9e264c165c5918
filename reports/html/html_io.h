/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_IO_H
#define REPORTS_HTML_HTML_IO_H

/* html_io - what fio, iperf3 and the request/response client measured: a table and a
 * distribution per job. */
#include <stddef.h>

struct model;
struct strbuf;

enum html_io {
	HTML_IO_STORAGE,
	HTML_IO_NETWORK,
	HTML_IO_PASSTHROUGH,
};

/* Distributions that are drawn without being asked for. */
#define HTML_IO_PICTURES 2

/* All jobs of WHICH; nothing without any. */
void html_io_write(const struct model *m, enum html_io which,
		   struct strbuf *out);

/* The first distributions, HTML_IO_PICTURES at most; returns how many. */
size_t html_io_write_pictures(const struct model *m, enum html_io which,
			      struct strbuf *out);

#endif
