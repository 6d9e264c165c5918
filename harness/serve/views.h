/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_VIEWS_H
#define HARNESS_SERVE_VIEWS_H

/*
 * views - the data that an address asks for, shared by a page and its JSON
 * twin. Only this module checks parameters.
 */
#include <stddef.h>

#include "harness/findings/findings.h"
#include "harness/findings/runs/run_pair.h"
#include "harness/findings/runs/trend.h"
#include "harness/store/history.h"
#include "harness/store/run_data.h"
#include "harness/store/run_list.h"

struct err;
struct query;
struct store;

#define VIEW_PAGE_RUNS 50
#define VIEW_PAGE_TREND_RUNS 200

/* The number of "page" in Q, from 1; -EINVAL for anything else. */
int view_page_of(const struct query *q, size_t *page, struct err *err);

/* Release a view only after 0. */
struct view_runs {
	struct run_list list;
	size_t page; /* from 1 */
};

int view_runs_load(struct store *store, const struct query *q,
		   struct view_runs *v, struct err *err);
void view_runs_release(struct view_runs *v);

struct view_run {
	struct run_data run;
	struct findings findings;
};

int view_run_load(struct store *store, const char *uuid, struct view_run *v,
		  struct err *err);
void view_run_release(struct view_run *v);

/* A run's figures, where nothing else of it is shown. */
struct view_figures {
	struct run_data run;
	struct model model;
};

int view_figures_load(struct store *store, const char *uuid,
		      struct view_figures *v, struct err *err);
void view_figures_release(struct view_figures *v);

struct view_pair {
	struct view_figures a, b;
	struct run_pair pair;
};

int view_pair_load(struct store *store, const struct query *q,
		   struct view_pair *v, struct err *err);
void view_pair_release(struct view_pair *v);

struct view_trend {
	struct history history;
	struct trend trend;
	size_t page; /* from 1, which is the latest */
	char title[200];
};

int view_trend_load(struct store *store, const struct query *q,
		    struct view_trend *v, struct err *err);
void view_trend_release(struct view_trend *v);

/* The latest run of each host, a page of them or all. */
int view_hosts_load(struct store *store, const struct query *q,
		    struct view_runs *v, struct err *err);
int view_all_hosts_load(struct store *store, struct run_list *list,
			struct err *err);

#endif
