/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_IO_DOC_H
#define HARNESS_CORE_IO_DOC_H

/*
 * io_doc - parsers for the output of fio, iperf3, our own request/response
 * client and the micro guest, with one common result. The store keeps the
 * output itself, so it can be parsed again.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct io_bin {
	double ns;
	uint64_t count;
};

struct io_doc {
	double op_count;   /* 0 where the program counts none */
	double byte_count; /* NaN where none are to be moved */
	double ops_per_s;
	double bytes_per_s;
	double tsc_khz;        /* of the micro guest; NaN for others */
	double ring0_slowdown; /* of its ring 0, where the series ran there:
				* the same loop's time over that in ring 3 */
	double span_ns;        /* of all its samples; NaN for others */
	double loss_ratio;     /* NaN where nothing can be lost */
	double verified_bytes; /* NaN unless it was asked for */
	struct io_bin *bins;   /* owned; latencies, in order */
	size_t bin_count;
};

/*
 * OUTPUT is a program's whole object. -EPROTO with the reason if it is not that
 * program's output, or if it reports a failure.
 */
int io_doc_read(const char *workload, const json_t *output, struct io_doc *doc,
		struct err *err);
void io_doc_release(struct io_doc *doc); /* zeroed is fine */

/* Add FROM's latencies to those of TO, which may be zeroed. */
void io_doc_add_bins(struct io_doc *to, const struct io_doc *from);

/*
 * Quantile Q of the requests' latency, by the midpoints of bins: accurate to
 * 1/128 of the value (fio's stat.h). NaN without bins.
 */
double io_doc_quantile(const struct io_doc *doc, double q);

#endif
