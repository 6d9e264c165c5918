// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/serve/http.h"
#include "harness/serve/views.h"
#include "reports/data/openmetrics.h"

/* The server's own counters, behind those of the runs. */
static void write_counters(const struct http *http, struct strbuf *out)
{
	unsigned int digit;

	openmetrics_family("l1vh_serve_replies", "counter", NULL,
			   "Responses of this server, by status.", out);
	for (digit = 2; digit < 6; digit++)
		strbuf_printf(out,
			      "l1vh_serve_replies_total{status=\"%uxx\"}"
			      " %" PRIu64 "\n",
			      digit, http_reply_count(http, digit));
	strbuf_puts(out, "# EOF\n");
}

/* The host of each run is a label, so that two may have the same series. */
int metrics_write(struct store *store, const struct http *http,
		  struct strbuf *out, struct err *err)
{
	struct openmetrics_run *runs;
	struct view_figures *views;
	struct run_list list;
	size_t i, count = 0;
	int ret = view_all_hosts_load(store, &list, err);

	if (ret)
		return ret;
	runs = xcalloc(list.count + 1, sizeof(*runs));
	views = xcalloc(list.count + 1, sizeof(*views));
	for (i = 0; i < list.count && !ret; i++) {
		ret = view_figures_load(store, list.lines[i].uuid, &views[i],
					err);
		if (ret)
			break;
		runs[count++] = (struct openmetrics_run){&views[i].model,
							 list.lines[i].host};
	}
	if (!ret) {
		openmetrics_write_runs(runs, count, out);
		write_counters(http, out);
	}
	for (i = 0; i < count; i++)
		view_figures_release(&views[i]);
	free(views);
	free(runs);
	run_list_release(&list);
	return ret;
}
