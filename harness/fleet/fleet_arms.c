// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/fleet_arms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/fleet_keys.h"
#include "harness/findings/runs/run_facts.h"
#include "harness/fleet/arm_gate.h"
#include "harness/fleet/fleet.h"

const char *fleet_arm_of(const json_t *facts)
{
	const char *named = run_fact(facts, FLEET_ARM);
	const char *partition = run_fact(facts, "hyperv.partition");
	const char *hypervisor = run_fact(facts, "hypervisor");

	if (*named)
		return named;
	if (!strcmp(partition, "l1vh") || !strcmp(partition, "root"))
		return partition;
	return *hypervisor && strcmp(hypervisor, "none") ? "nested" : "metal";
}

static const char *arm_of(const struct fleet_node *n)
{
	if (n->facts)
		return fleet_arm_of(n->facts);
	return *n->expected_arm ? n->expected_arm : "unknown";
}

bool fleet_arm_is_chosen(const struct fleet *f, const char *name)
{
	const char *list = f->chosen_arms;
	size_t len = strlen(name);

	while (list) {
		size_t word = strcspn(list, ",");

		if (word == len && !strncmp(list, name, len))
			return true;
		if (!list[word])
			return false;
		list += word + 1;
	}
	return true;
}

int fleet_find_arm(const struct fleet *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->arm_count; i++)
		if (!strcmp(f->arms[i].name, name))
			return (int)i;
	return -1;
}

static int compare_arms(const void *a, const void *b)
{
	return strcmp(((const struct fleet_arm *)a)->name,
		      ((const struct fleet_arm *)b)->name);
}

static void name_arms(struct fleet *f)
{
	size_t i;

	for (i = 0; i < f->node_count; i++) {
		struct fleet_arm arm = {.facts = NULL};

		snprintf(arm.name, sizeof(arm.name), "%s",
			 arm_of(&f->nodes[i]));
		text_clean(arm.name);
		if (fleet_find_arm(f, arm.name) >= 0)
			continue;
		f->arms = xrealloc(f->arms, f->arm_count + 1, sizeof(*f->arms));
		f->arms[f->arm_count++] = arm;
	}
	if (f->arm_count)
		qsort(f->arms, f->arm_count, sizeof(*f->arms), compare_arms);
	for (i = 0; i < f->node_count; i++) {
		char name[sizeof(f->arms->name)];

		snprintf(name, sizeof(name), "%s", arm_of(&f->nodes[i]));
		text_clean(name);
		f->nodes[i].arm = (uint32_t)fleet_find_arm(f, name);
		f->arms[f->nodes[i].arm].node_count++;
	}
}

static struct arm_gate gate_of(const struct fleet *f)
{
	return (struct arm_gate){.groups = f->match ? f->match : "",
				 .knows_os = true};
}

static void compare(const struct fleet *f, const json_t *a, const json_t *b,
		    struct differences *d)
{
	struct arm_gate gate = gate_of(f);

	gate.knows_os = *run_fact(a, "os") && *run_fact(b, "os");
	differences_init_by(d, a, b, arm_gate_class, &gate);
}

/* All that must be the same on the nodes of an arm, as one text. */
struct likeness {
	char *text; /* owned */
	uint32_t node;
};

static char *likeness_of(const struct arm_gate *gate, const json_t *facts)
{
	json_t *must = json_object();
	const char *key;
	json_t *value;
	char *text;

	json_object_foreach((json_t *)facts, key, value)
		if (arm_gate_class(key, gate) == DIFFERENCE_FATAL)
			json_object_set(must, key, value);
	text = json_dumps(must, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(must);
	return text ? text : xstrdup("");
}

/* Where two have as many nodes, the first by name stands for the arm. */
static int compare_likeness(const void *x, const void *y)
{
	const struct likeness *a = x, *b = y;
	int by = strcmp(a->text, b->text);

	return by ? by : (a->node > b->node) - (a->node < b->node);
}

/* The nodes of ARM that ran, as COUNT rows of L. */
static size_t list_arm(const struct fleet *f, uint32_t arm, struct likeness *l)
{
	struct arm_gate gate = gate_of(f);
	size_t i, count = 0;

	for (i = 0; i < f->node_count; i++)
		if (f->nodes[i].arm == arm && f->nodes[i].state == NODE_RAN) {
			gate.knows_os &=
				*run_fact(f->nodes[i].facts, "os") != '\0';
			l[count++].node = (uint32_t)i;
		}
	for (i = 0; i < count; i++)
		l[i].text = likeness_of(&gate, f->nodes[l[i].node].facts);
	qsort(l, count, sizeof(*l), compare_likeness);
	return count;
}

/* The first of the nodes that are most often alike. */
static const struct likeness *typical_of(const struct likeness *l, size_t count)
{
	size_t i, begin = 0, most = 0, at = 0;

	for (i = 1; i <= count; i++) {
		if (i < count && !strcmp(l[i].text, l[begin].text))
			continue;
		if (i - begin > most ||
		    (i - begin == most && l[begin].node < l[at].node)) {
			most = i - begin;
			at = begin;
		}
		begin = i;
	}
	return &l[at];
}

static void leave_out(struct fleet *f, uint32_t number, const json_t *typical)
{
	struct fleet_node *n = &f->nodes[number];
	struct differences d;

	compare(f, typical, n->facts, &d);
	n->state = NODE_UNLIKE;
	if (d.count)
		snprintf(n->reason, sizeof(n->reason),
			 "%.60s is '%.50s', of the arm's other nodes '%.50s'",
			 d.rows[0].key, d.rows[0].b, d.rows[0].a);
	differences_release(&d);
}

static void form_arm(struct fleet *f, uint32_t number, struct likeness *l)
{
	struct fleet_arm *arm = &f->arms[number];
	size_t i, count = list_arm(f, number, l);
	const struct likeness *typical;

	arm->ran_count = 0;
	if (!count)
		return;
	typical = typical_of(l, count);
	arm->facts = f->nodes[typical->node].facts;
	for (i = 0; i < count; i++)
		if (strcmp(l[i].text, typical->text))
			leave_out(f, l[i].node, arm->facts);
		else
			arm->ran_count++;
	for (i = 0; i < count; i++)
		free(l[i].text);
}

static void drop_values(struct fleet *f)
{
	size_t i, kept = 0;

	for (i = 0; i < f->value_count; i++) {
		const struct fleet_run *r = &f->runs[f->values[i].run];

		if (f->nodes[r->node].state == NODE_RAN)
			f->values[kept++] = f->values[i];
	}
	f->value_count = kept;
}

void fleet_arms_form(struct fleet *f)
{
	struct likeness *l = xcalloc(f->node_count + 1, sizeof(*l));
	size_t i;

	name_arms(f);
	for (i = 0; i < f->arm_count; i++)
		form_arm(f, (uint32_t)i, l);
	for (i = 0; i < f->run_count; i++)
		if (f->nodes[f->runs[i].node].state == NODE_UNLIKE &&
		    f->runs[i].counts) {
			f->runs[i].counts = false;
			f->runs[i].why_not = "its node is unlike its arm's";
		}
	drop_values(f);
	free(l);
}

bool fleet_are_alike(const struct fleet *f, const json_t *a, const json_t *b)
{
	struct differences d;
	bool alike;

	compare(f, a, b, &d);
	alike = !d.counts[DIFFERENCE_FATAL];
	differences_release(&d);
	return alike;
}

void fleet_arms_compare(const struct fleet *f, size_t a, size_t b,
			struct differences *d)
{
	*d = (struct differences){.count = 0};
	if (f->arms[a].facts && f->arms[b].facts)
		compare(f, f->arms[a].facts, f->arms[b].facts, d);
}
