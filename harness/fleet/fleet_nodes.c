// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/fleet_nodes.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"
#include "harness/fleet/fleet.h"

static void begin(struct fleet_nodes *n, size_t most)
{
	*n = (struct fleet_nodes){
		.nodes = xcalloc(most + 1, sizeof(*n->nodes)),
		.numbers = xcalloc(most + 1, sizeof(*n->numbers)),
		.values = xcalloc(most + 1, sizeof(*n->values)),
		.arm = -1};
}

/* Values come by node, since runs stand so. USED of them were added. */
static void add(struct fleet_nodes *n, const struct fleet *f, uint32_t node,
		double value, size_t used)
{
	int arm = (int)f->nodes[node].arm;

	if (!n->count || n->numbers[n->count - 1] != node) {
		n->numbers[n->count] = node;
		n->nodes[n->count++] =
			(struct cluster_node){&n->values[used], 0};
	}
	n->values[used] = value;
	n->nodes[n->count - 1].count++;
	if (n->arm < 0)
		n->arm = arm;
	n->has_several_arms = n->has_several_arms || n->arm != arm;
}

void fleet_nodes_of(struct fleet_nodes *n, const struct fleet *f,
		    uint32_t series, int arm, bool is_ratio)
{
	size_t count, i, used = 0;
	const struct fleet_value *v = fleet_series_values(f, series, &count);
	uint32_t left_out = UINT32_MAX;

	begin(n, count);
	for (i = 0; i < count; i++) {
		double value = is_ratio ? v[i].log_ratio : v[i].log;
		uint32_t node = f->runs[v[i].run].node;

		if (arm >= 0 && (int)f->nodes[node].arm != arm)
			continue;
		if (!isnan(value)) {
			add(n, f, node, value, used++);
		} else if (node != left_out) {
			left_out = node;
			n->left_out_count++;
		}
	}
}

void fleet_nodes_within(struct fleet_nodes *n, const struct fleet *f,
			uint32_t candidate, uint32_t baseline, int arm)
{
	size_t c_count, b_count, c = 0, b = 0, used = 0;
	uint32_t left_out = UINT32_MAX;
	const struct fleet_value *cs =
		fleet_series_values(f, candidate, &c_count);
	const struct fleet_value *bs =
		fleet_series_values(f, baseline, &b_count);

	begin(n, c_count);
	for (; c < c_count; c++) {
		uint32_t node = f->runs[cs[c].run].node;

		if (arm >= 0 && (int)f->nodes[node].arm != arm)
			continue;
		while (b < b_count && bs[b].run < cs[c].run)
			b++;
		if (b == b_count || bs[b].run != cs[c].run)
			continue;
		if (!isnan(cs[c].log - bs[b].log)) {
			add(n, f, node, cs[c].log - bs[b].log, used++);
		} else if (node != left_out) {
			left_out = node;
			n->left_out_count++;
		}
	}
}

void fleet_nodes_release(struct fleet_nodes *n)
{
	free(n->nodes);
	free(n->numbers);
	free(n->values);
	*n = (struct fleet_nodes){.arm = -1};
}

bool fleet_nodes_overlap(const struct fleet *f, uint32_t a, uint32_t b, int arm)
{
	struct fleet_nodes n;
	bool overlap;

	fleet_nodes_within(&n, f, a, b, arm);
	overlap = n.count > 0;
	fleet_nodes_release(&n);
	return overlap;
}

bool fleet_has_bridge(const struct fleet *f, uint32_t series, int arm)
{
	struct fleet_nodes n;
	bool has;

	fleet_nodes_of(&n, f, series, arm, true);
	has = n.count > 1;
	fleet_nodes_release(&n);
	return has;
}

enum grade fleet_worst_grade(const struct fleet *f, uint32_t a, uint32_t b)
{
	enum grade worst = GRADE_HARDWARE;
	size_t i;

	for (i = 0; i < f->value_count; i++)
		if ((f->values[i].series == a || f->values[i].series == b) &&
		    f->values[i].grade > worst)
			worst = f->values[i].grade;
	return worst;
}
