/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_IO_HIST_H
#define HARNESS_FINDINGS_IO_HIST_H

/*
 * io_hist - the latencies of one job under one runner, all boots together, from
 * the stored documents. For pictures only: estimates are made per boot.
 */
#include <stddef.h>

#include "harness/core/io_doc.h"

struct model;

/* DOC's bins in order; release it with io_doc_release(). */
void io_hist_collect(const struct model *m, const char *runner,
		     const char *workload, const char *point,
		     struct io_doc *doc);

/* The packet path, "vhost", "tap" or "veth"; "" without packets. */
void io_hist_backend(const struct model *m, const char *runner, char *buf,
		     size_t size);

#endif
