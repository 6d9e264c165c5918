// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/fleet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/fleet_keys.h"
#include "harness/findings/runs/run_facts.h"
#include "harness/fleet/fleet_arms.h"
#include "harness/fleet/fleet_claims.h"
#include "harness/fleet/fleet_loading.h"
#include "harness/verdict/claims.h"

/* A fleet's nodes may take turns for a day; a clock that is wrong is wrong by
 * more. */
#define FAR_NS (24 * 3600 * NS_PER_S)

static const char *const state_names[] = {
	[NODE_RAN] = "ran",
	[NODE_UNFINISHED] = "unfinished",
	[NODE_UNLIKE] = "unlike",
	[NODE_MISSING] = "missing",
};
_Static_assert(ARRAY_SIZE(state_names) == NODE_STATE_COUNT,
	       "every state has a name");

const char *node_state_name(enum node_state state)
{
	return state_names[state];
}

void fleet_init(struct fleet *f, const char *name)
{
	*f = (struct fleet){.name = xstrdup(name)};
	text_clean(f->name);
	f->loading = fleet_loading_create();
}

void fleet_release(struct fleet *f)
{
	size_t i;

	fleet_loading_destroy(f->loading);
	for (i = 0; i < f->node_count; i++) {
		free(f->nodes[i].name);
		json_decref(f->nodes[i].facts);
	}
	for (i = 0; i < f->run_count; i++) {
		free(f->runs[i].index);
		free(f->runs[i].attempt);
		free(f->runs[i].job);
	}
	free(f->nodes);
	free(f->runs);
	free(f->arms);
	free(f->series);
	free(f->values);
	free(f->match);
	free(f->chosen_arms);
	claims_free(f->claims);
	free(f->name);
	*f = (struct fleet){.name = NULL};
}

void fleet_expect(struct fleet *f, const char *node, const char *arm)
{
	if (!arm || !*arm || fleet_arm_is_chosen(f, arm))
		fleet_loading_expect(f->loading, node, arm);
}

void fleet_choose_arms(struct fleet *f, const char *list)
{
	free(f->chosen_arms);
	f->chosen_arms = xstrdup(list);
}

/* Before anything is sorted or found by them: what is cleaned later may stand in
 * another order. A name is one line. */
static void clean_names(json_t *facts)
{
	static const char *const keys[] = {FLEET_NODE, "host",
					   FLEET_ARM,  FLEET_INDEX,
					   FLEET_JOB,  FLEET_ATTEMPT};
	size_t i;
	char *at;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		char *name = xstrdup(run_fact(facts, keys[i]));

		text_clean(name);
		for (at = name; *at; at++)
			if (*at == '\n' || *at == '\t')
				*at = '?';
		if (*name)
			json_object_set_new(facts, keys[i], json_string(name));
		free(name);
	}
}

bool fleet_add_run(struct fleet *f, const struct fleet_run_info *info)
{
	json_t *facts = run_facts(info->fingerprint, info->plan,
				  info->guest_manifest, info->is_lab);

	clean_names(facts);
	if (!fleet_arm_is_chosen(f, fleet_arm_of(facts))) {
		json_decref(facts);
		return false;
	}
	fleet_loading_run(f->loading, info, facts);
	return true;
}

void fleet_add_boot(struct fleet *f, const struct fleet_boot *boot)
{
	fleet_loading_boot(f->loading, boot);
}

/* A run without a node's name is of the host that it says. */
static const char *node_of(const json_t *facts)
{
	const char *node = run_fact(facts, FLEET_NODE);

	return *node ? node : run_fact(facts, "host");
}

static int compare_loaded(const void *x, const void *y)
{
	const struct loaded_run *a = x, *b = y;
	int by = strcmp(node_of(a->facts), node_of(b->facts));

	if (!by)
		by = strcmp(run_fact(a->facts, FLEET_INDEX),
			    run_fact(b->facts, FLEET_INDEX));
	if (!by && a->started_unix_ns != b->started_unix_ns)
		by = a->started_unix_ns < b->started_unix_ns ? -1 : 1;
	return by ? by : strcmp(a->uuid, b->uuid);
}

static bool has_ended(const char *status)
{
	return !strcmp(status, "complete") || !strcmp(status, "decided") ||
	       !strcmp(status, "out of time");
}

static struct fleet_node *add_node(struct fleet *f, const char *name)
{
	struct fleet_node *n;

	f->nodes = xrealloc(f->nodes, f->node_count + 1, sizeof(*f->nodes));
	n = &f->nodes[f->node_count++];
	*n = (struct fleet_node){.name = xstrdup(name),
				 .state = NODE_UNFINISHED};
	return n;
}

/* The run of that node, job and index that counts already; NULL: none. Each night
 * has a job of its own. */
static const struct fleet_run *counted_of(const struct fleet *f,
					  const struct fleet_run *like)
{
	size_t i = f->run_count;

	while (i-- && f->runs[i].node == like->node)
		if (f->runs[i].counts &&
		    !strcmp(f->runs[i].index, like->index) &&
		    !strcmp(f->runs[i].job, like->job))
			return &f->runs[i];
	return NULL;
}

static void add_run(struct fleet *f, struct loaded_run *in)
{
	struct fleet_node *n = &f->nodes[f->node_count - 1];
	struct fleet_run *r;

	f->runs = xrealloc(f->runs, f->run_count + 1, sizeof(*f->runs));
	r = &f->runs[f->run_count];
	*r = (struct fleet_run){
		.id = in->id,
		.index = xstrdup(run_fact(in->facts, FLEET_INDEX)),
		.attempt = xstrdup(run_fact(in->facts, FLEET_ATTEMPT)),
		.job = xstrdup(run_fact(in->facts, FLEET_JOB)),
		.node = (uint32_t)f->node_count - 1,
		.started_unix_ns = in->started_unix_ns,
		.why_not = ""};
	snprintf(r->uuid, sizeof(r->uuid), "%s", in->uuid);
	snprintf(r->status, sizeof(r->status), "%s", in->status);
	if (!has_ended(r->status))
		r->why_not = "it did not end by itself";
	else if (n->state == NODE_RAN &&
		 !fleet_are_alike(f, n->facts, in->facts))
		r->why_not = "its node changed since the node's first run";
	else if (counted_of(f, r))
		r->why_not = "an earlier attempt of this index counts";
	else
		r->counts = true;
	f->run_count++;
	n->run_count++;
	n->counted_count += r->counts;
	if (r->counts && n->state != NODE_RAN) {
		n->state = NODE_RAN;
		json_decref(n->facts);
		n->facts = NULL;
	}
	if (!n->facts)
		n->facts = json_incref(in->facts);
}

/* All plans of a fleet are one. */
static void take_plan(struct fleet *f, const json_t *facts)
{
	const char *match = run_fact(facts, "plan.match");

	if (!f->match)
		f->match = xstrdup(match);
	else if (strcmp(f->match, match))
		f->has_several_matches = true;
}

/* What runs were told of the size of their arms, and who was told nothing. */
struct sizes {
	json_t *of_arms;     /* owned */
	size_t beside_count; /* nodes that no run told of, such as Slurm's */
	bool is_told;        /* a run of the node in hand was */
};

/* The size of an arm is what any of its runs was told. Runs that were told of no arm
 * know the size of all arms, of which some may not be chosen. */
static void take_size(const struct fleet *f, const json_t *facts,
		      bool is_next_node, struct sizes *s)
{
	const char *arm = run_fact(facts, FLEET_ARM);
	const char *told = run_fact(facts, FLEET_SIZE);
	unsigned long size = strtoul(told, NULL, 10);

	if (is_next_node) {
		s->is_told = false;
		s->beside_count++;
	}
	if (*told && !s->is_told) {
		s->is_told = true;
		s->beside_count--;
	}
	if (size < FLEET_MAX_NODES && (*arm || !f->chosen_arms) &&
	    (json_int_t)size >
		    json_integer_value(json_object_get(s->of_arms, arm)))
		json_object_set_new(s->of_arms, arm,
				    json_integer((json_int_t)size));
}

/* Unless nobody was told any. */
static void add_sizes(struct fleet *f, struct sizes *s)
{
	const char *arm;
	json_t *size;

	json_object_foreach(s->of_arms, arm, size)
		f->expected_count += (size_t)json_integer_value(size);
	if (f->expected_count)
		f->expected_count += s->beside_count;
	json_decref(s->of_arms);
}

static void add_loaded(struct fleet *f)
{
	struct fleet_loading *l = f->loading;
	struct sizes sizes = {.of_arms = json_object()};
	size_t i;

	if (l->run_count)
		qsort(l->runs, l->run_count, sizeof(*l->runs), compare_loaded);
	for (i = 0; i < l->run_count; i++) {
		const char *name = node_of(l->runs[i].facts);
		bool is_next =
			!i || strcmp(name, node_of(l->runs[i - 1].facts)) != 0;

		if (is_next)
			add_node(f, name);
		take_plan(f, l->runs[i].facts);
		take_size(f, l->runs[i].facts, is_next, &sizes);
		add_run(f, &l->runs[i]);
		if (f->runs[i].counts)
			fleet_claims_take(f, json_object_get(l->runs[i].facts,
							     "plan.claims"));
	}
	add_sizes(f, &sizes);
}

static int compare_nodes(const void *a, const void *b)
{
	return strcmp(((const struct fleet_node *)a)->name,
		      ((const struct fleet_node *)b)->name);
}

/* Behind those that ran, which their runs number. */
static void add_missing(struct fleet *f)
{
	const struct fleet_loading *l = f->loading;
	size_t i, ran = f->node_count, expected = 0;

	for (i = 0; i < l->expected_count; i++) {
		const struct expected_node *e = &l->expected[i];
		struct fleet_node key = {.name = e->name}, *n;

		if (i && !strcmp(e->name, e[-1].name))
			continue;
		expected++;
		if (ran &&
		    bsearch(&key, f->nodes, ran, sizeof(key), compare_nodes))
			continue;
		n = add_node(f, e->name);
		n->state = NODE_MISSING;
		snprintf(n->expected_arm, sizeof(n->expected_arm), "%s",
			 e->arm);
		snprintf(n->reason, sizeof(n->reason), "no run of it came");
	}
	if (expected)
		f->expected_count = expected;
}

static void explain_unfinished(struct fleet *f)
{
	size_t i;

	for (i = f->run_count; i--;) {
		struct fleet_node *n = &f->nodes[f->runs[i].node];

		if (n->state == NODE_UNFINISHED)
			snprintf(n->reason, sizeof(n->reason),
				 "its run %s is '%s'", f->runs[i].uuid,
				 f->runs[i].status);
	}
}

static int compare_starts(const void *x, const void *y)
{
	const struct fleet_run *a = *(struct fleet_run *const *)x;
	const struct fleet_run *b = *(struct fleet_run *const *)y;

	return (a->started_unix_ns > b->started_unix_ns) -
	       (a->started_unix_ns < b->started_unix_ns);
}

/* From run AT of COUNT, by their starts, to the nearest one of another node. */
static uint64_t apart_ns(struct fleet_run *const *by_start, size_t count,
			 size_t at)
{
	const struct fleet_run *r = by_start[at];
	uint64_t before = UINT64_MAX, after = UINT64_MAX;
	size_t i;

	for (i = at; i && before == UINT64_MAX; i--)
		if (by_start[i - 1]->node != r->node)
			before = r->started_unix_ns -
				 by_start[i - 1]->started_unix_ns;
	for (i = at + 1; i < count && after == UINT64_MAX; i++)
		if (by_start[i]->node != r->node)
			after = by_start[i]->started_unix_ns -
				r->started_unix_ns;
	return before < after ? before : after;
}

/* Nights are days apart, but no node is alone in one. */
static void look_at_times(struct fleet *f)
{
	struct fleet_run **by_start =
		xcalloc(f->run_count + 1, sizeof(struct fleet_run *));
	size_t i;

	for (i = 0; i < f->run_count; i++)
		by_start[i] = &f->runs[i];
	qsort(by_start, f->run_count, sizeof(*by_start), compare_starts);
	for (i = 0; i < f->run_count && f->node_count > 1; i++) {
		struct fleet_run *r = by_start[i];
		uint64_t apart = apart_ns(by_start, f->run_count, i);

		r->is_far_in_time = apart > FAR_NS;
		if (r->is_far_in_time)
			snprintf(
				f->nodes[r->node].note,
				sizeof(f->nodes[r->node].note),
				"%.1f days from the other nodes' runs: look at its clock",
				(double)apart / 1e9 / 86400);
	}
	free(by_start);
}

/* A name may change while the machine runs on. */
static void look_for_renamed(struct fleet *f)
{
	json_t *seen = json_object();
	size_t i;

	for (i = 0; i < f->node_count; i++) {
		struct fleet_node *n = &f->nodes[i];
		const char *id = run_fact(n->facts, "node.boot_id");
		const char *other =
			*id ? json_string_value(json_object_get(seen, id))
			    : NULL;

		if (other)
			snprintf(n->note, sizeof(n->note),
				 "one machine with node %.100s: renamed?",
				 other);
		else if (*id)
			json_object_set_new(seen, id, json_string(n->name));
	}
	json_decref(seen);
}

void fleet_finish(struct fleet *f)
{
	fleet_loading_end(f->loading);
	add_loaded(f);
	fleet_loading_values(f->loading, f);
	explain_unfinished(f);
	look_at_times(f);
	look_for_renamed(f);
	add_missing(f);
	fleet_arms_form(f);
	fleet_loading_destroy(f->loading);
	f->loading = NULL;
}

static int compare_series(const void *key, const void *value)
{
	uint32_t a = *(const uint32_t *)key;
	uint32_t b = ((const struct fleet_value *)value)->series;

	return (a > b) - (a < b);
}

const struct fleet_value *fleet_series_values(const struct fleet *f,
					      uint32_t series, size_t *count)
{
	const struct fleet_value *v = NULL, *end;

	if (f->value_count)
		v = bsearch(&series, f->values, f->value_count,
			    sizeof(*f->values), compare_series);
	*count = 0;
	if (!v)
		return NULL;
	while (v > f->values && v[-1].series == series)
		v--;
	for (end = v; end < f->values + f->value_count && end->series == series;
	     end++)
		++*count;
	return v;
}

const char *fleet_series_name(const struct fleet_series *s, char *buf,
			      size_t size)
{
	snprintf(buf, size, "%s%s%s", s->workload, s->point[0] ? " " : "",
		 s->point);
	return buf;
}

int fleet_find_series(const struct fleet *f, const char *runner,
		      const char *metric)
{
	char name[80];
	size_t i;

	for (i = 0; i < f->series_count; i++)
		if (!strcmp(f->series[i].runner, runner) &&
		    !strcmp(fleet_series_name(&f->series[i], name,
					      sizeof(name)),
			    metric))
			return (int)i;
	return -1;
}

size_t fleet_state_count(const struct fleet *f, enum node_state state)
{
	size_t i, count = 0;

	for (i = 0; i < f->node_count; i++)
		count += f->nodes[i].state == state;
	return count;
}
