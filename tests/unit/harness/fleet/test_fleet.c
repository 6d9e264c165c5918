// SPDX-License-Identifier: GPL-3.0-or-later
/* Which nodes and runs of a fleet count, and what their figures are. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/fleet/fleet.h"
#include "harness/fleet/fleet_arms.h"
#include "tests/unit/fixture/harness/made_fleet.h"

static const struct made_node like = {
	.node = "a", .arm = "l1vh", .runner = "mshv", .ratio = 0.9};

static const struct fleet_node *node(const struct fleet *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->node_count; i++)
		if (!strcmp(f->nodes[i].name, name))
			return &f->nodes[i];
	fail_msg("there is no node '%s'", name);
	return NULL;
}

static void native_is_the_bridge(void **state)
{
	struct made_node slow = like, fast = like;
	const struct fleet_value *v;
	struct fleet f;
	size_t count;
	int guest, boot;

	(void)state;
	slow.native = 500;
	fast.node = "b";
	fast.native = 2000;
	fleet_init(&f, "night");
	made_fleet_add(&f, &fast);
	made_fleet_add(&f, &slow);
	fleet_finish(&f);
	guest = fleet_find_series(&f, "mshv", "cpu_integer");
	boot = fleet_find_series(&f, "mshv", "boot agent_ready");
	assert_true(guest >= 0 && boot >= 0);
	assert_int_equal(fleet_find_series(&f, "kvm", "cpu_integer"), -1);
	v = fleet_series_values(&f, (uint32_t)guest, &count);
	assert_int_equal(count, 2);
	/* By node: a, then b; whatever the order they came in. */
	assert_true(fabs(v[0].log - log(450)) < 1e-9);
	assert_true(fabs(v[1].log - log(1800)) < 1e-9);
	assert_true(fabs(v[0].log_ratio - log(0.9)) < 1e-9);
	assert_true(fabs(v[1].log_ratio - log(0.9)) < 1e-9);
	v = fleet_series_values(&f, (uint32_t)boot, &count);
	assert_int_equal(count, 2);
	assert_true(isnan(v[0].log_ratio));
	assert_true(fabs(v[0].log - log(1e9)) < 1e-9);
	fleet_release(&f);
}

/* Blocks pair: a block without its native boot does not count in the ratio. */
static void a_block_without_its_pair(void **state)
{
	const struct fleet_run_info info = {.id = 1,
					    .uuid = "u",
					    .status = "complete",
					    .fingerprint = "{}",
					    .plan = "{}",
					    .guest_manifest = ""};
	struct fleet_boot b = {"native", "w", "", "ns", true, 0, 0, 100};
	const struct fleet_value *v;
	struct fleet f;
	size_t count;

	(void)state;
	fleet_init(&f, "pairs");
	fleet_add_run(&f, &info);
	fleet_add_boot(&f, &b);
	b.runner = "kvm";
	b.median = 200;
	fleet_add_boot(&f, &b);
	b.block = 1; /* ten times as slow, and nothing native beside it */
	b.median = 2000;
	fleet_add_boot(&f, &b);
	b.median = NAN;
	fleet_add_boot(&f, &b);
	b.workload = "zero"; /* which has no logarithm */
	b.median = 200;
	fleet_add_boot(&f, &b);
	b.median = 0;
	fleet_add_boot(&f, &b);
	fleet_finish(&f);
	v = fleet_series_values(
		&f, (uint32_t)fleet_find_series(&f, "kvm", "zero"), &count);
	assert_int_equal(count, 1);
	assert_true(isnan(v->log));
	v = fleet_series_values(&f, (uint32_t)fleet_find_series(&f, "kvm", "w"),
				&count);
	assert_int_equal(count, 1);
	assert_true(fabs(v->log_ratio - log(2)) < 1e-9);
	assert_true(fabs(v->log - (log(200) + log(2000)) / 2) < 1e-9);
	fleet_release(&f);
}

static void an_index_counts_once(void **state)
{
	struct made_node first = like, again = like, other = like, cut = like;
	struct fleet f;
	size_t i, counted = 0;

	(void)state;
	first.started_ns = 1000;
	cut.started_ns = 500;
	cut.status = "stopped";
	again.started_ns = 2000;
	other.started_ns = 3000;
	other.index = "1";
	fleet_init(&f, "night");
	made_fleet_add(&f, &again);
	made_fleet_add(&f, &other);
	made_fleet_add(&f, &cut);
	made_fleet_add(&f, &first);
	fleet_finish(&f);
	assert_int_equal(f.node_count, 1);
	assert_int_equal(f.run_count, 4);
	assert_int_equal(f.nodes[0].counted_count, 2);
	for (i = 0; i < f.run_count; i++) {
		counted += f.runs[i].counts;
		assert_true(f.runs[i].counts == !*f.runs[i].why_not);
		if (f.runs[i].started_unix_ns == 2000)
			assert_string_equal(
				f.runs[i].why_not,
				"an earlier attempt of this index counts");
	}
	assert_int_equal(counted, 2);
	fleet_release(&f);
}

/* The same index, of another job: another night. */
static void each_night_counts(void **state)
{
	struct made_node n = like;
	struct fleet f;

	(void)state;
	fleet_init(&f, "night");
	n.facts = "\"fleet.job\": \"nightly-1\"";
	made_fleet_add(&f, &n);
	n.facts = "\"fleet.job\": \"nightly-2\"";
	made_fleet_add(&f, &n);
	made_fleet_add(&f, &n);
	fleet_finish(&f);
	assert_int_equal(f.nodes[0].run_count, 3);
	assert_int_equal(f.nodes[0].counted_count, 2);
	fleet_release(&f);
}

static void states_of_nodes(void **state)
{
	struct made_node a = like, b = like;
	struct fleet f;

	(void)state;
	b.node = "b";
	b.status = "failed";
	fleet_init(&f, "night");
	fleet_expect(&f, "c", "l1vh");
	fleet_expect(&f, "a", NULL);
	fleet_expect(&f, "c", NULL);
	fleet_expect(&f, "d", NULL);
	made_fleet_add(&f, &a);
	made_fleet_add(&f, &b);
	fleet_finish(&f);
	assert_int_equal(f.node_count, 4);
	assert_int_equal(f.expected_count, 3);
	assert_int_equal(node(&f, "a")->state, NODE_RAN);
	assert_int_equal(node(&f, "b")->state, NODE_UNFINISHED);
	assert_non_null(strstr(node(&f, "b")->reason, "'failed'"));
	assert_int_equal(node(&f, "c")->state, NODE_MISSING);
	assert_string_equal(f.arms[node(&f, "c")->arm].name, "l1vh");
	assert_string_equal(f.arms[node(&f, "d")->arm].name, "unknown");
	assert_int_equal(fleet_state_count(&f, NODE_MISSING), 2);
	fleet_release(&f);
}

/* Each run knows the size of its own arm; the fleet is all of the arms. */
static void sizes_of_arms(void **state)
{
	struct made_node l1vh = like, nested = like;
	struct fleet f;

	(void)state;
	l1vh.facts = "\"fleet.size\": \"20\"";
	nested.node = "b";
	nested.arm = "nested";
	nested.facts = "\"fleet.size\": \"30\"";
	fleet_init(&f, "night");
	made_fleet_add(&f, &l1vh);
	made_fleet_add(&f, &nested);
	nested.node = "c";
	nested.facts = "\"fleet.size\": \"-1\"";
	made_fleet_add(&f, &nested);
	fleet_finish(&f);
	assert_int_equal(f.expected_count, 50);
	fleet_release(&f);
	fleet_init(&f, "one arm of it");
	fleet_choose_arms(&f, "l1vh");
	made_fleet_add(&f, &l1vh);
	nested.facts = "\"fleet.size\": \"30\"";
	made_fleet_add(&f, &nested);
	fleet_finish(&f);
	assert_int_equal(f.expected_count, 20);
	fleet_release(&f);
}

/* Three pods were to run, and Slurm's nodes were not told how many they are. */
static void a_size_counts_its_own_nodes(void **state)
{
	struct made_node n = like;
	struct fleet f;

	(void)state;
	fleet_init(&f, "night");
	made_fleet_add(&f, &n);
	n.node = "b";
	made_fleet_add(&f, &n);
	n.node = "c";
	n.facts = "\"fleet.size\": \"3\"";
	made_fleet_add(&f, &n);
	n.node = "b"; /* a second run, by a pod */
	n.index = "1";
	made_fleet_add(&f, &n);
	fleet_finish(&f);
	assert_int_equal(f.expected_count, 4);
	fleet_release(&f);
}

/* Of three, the one whose kernel differs is left out with its values. */
static void a_node_unlike_its_arm(void **state)
{
	struct made_node n = like;
	struct fleet f;
	size_t count;

	(void)state;
	fleet_init(&f, "night");
	made_fleet_add(&f, &n);
	n.node = "b";
	n.kernel = "6.6";
	made_fleet_add(&f, &n);
	n.node = "c";
	n.kernel = NULL;
	made_fleet_add(&f, &n);
	fleet_finish(&f);
	assert_int_equal(node(&f, "b")->state, NODE_UNLIKE);
	assert_non_null(strstr(node(&f, "b")->reason, "kernel.release"));
	assert_int_equal(f.arms[0].node_count, 3);
	assert_int_equal(f.arms[0].ran_count, 2);
	fleet_series_values(&f, 0, &count);
	assert_int_equal(count, 2);
	fleet_release(&f);
}

/* A container, here e, does not know the system of its node. */
static void a_container_lacks_its_nodes_system(void **state)
{
	struct made_node n = like;
	struct differences d;
	struct fleet f;

	(void)state;
	fleet_init(&f, "night");
	n.facts = "\"os\": \"12.11\"";
	made_fleet_add(&f, &n);
	n.node = "c";
	n.arm = "nested";
	made_fleet_add(&f, &n);
	n.node = "d";
	n.facts = "\"os\": \"12.10\"";
	made_fleet_add(&f, &n);
	n.node = "e";
	n.arm = "l1vh";
	n.facts = "\"fleet.pod\": \"p\"";
	made_fleet_add(&f, &n);
	fleet_finish(&f);
	assert_int_equal(node(&f, "a")->state, NODE_RAN);
	assert_int_equal(node(&f, "e")->state, NODE_RAN);
	assert_int_equal(node(&f, "d")->state, NODE_UNLIKE);
	assert_non_null(strstr(node(&f, "d")->reason, "os is '12.10'"));
	fleet_arms_compare(&f, 0, 1, &d);
	assert_int_equal(d.counts[DIFFERENCE_FATAL], 0);
	differences_release(&d);
	/* Of the arms alone, the pod's facts against the others'. */
	f.arms[0].facts = node(&f, "e")->facts;
	fleet_arms_compare(&f, 0, 1, &d);
	assert_int_equal(d.counts[DIFFERENCE_FATAL], 0);
	assert_int_equal(d.counts[DIFFERENCE_MARKED], 1);
	assert_string_equal(d.rows[0].key, "os");
	assert_string_equal(d.rows[0].a, "absent");
	differences_release(&d);
	f.arms[0].facts = node(&f, "d")->facts;
	fleet_arms_compare(&f, 0, 1, &d);
	assert_int_equal(d.counts[DIFFERENCE_FATAL], 1);
	differences_release(&d);
	fleet_release(&f);
}

/* A kernel may differ where the plan says so. */
static void a_plan_names_what_must_match(void **state)
{
	struct made_node n = like;
	struct fleet f;

	(void)state;
	n.plan = "{\"match\": \"size,cpu\"}";
	fleet_init(&f, "night");
	made_fleet_add(&f, &n);
	n.node = "b";
	n.kernel = "6.6";
	made_fleet_add(&f, &n);
	fleet_finish(&f);
	assert_string_equal(f.match, "size,cpu");
	assert_int_equal(fleet_state_count(&f, NODE_RAN), 2);
	fleet_release(&f);
}

static void a_node_that_changed(void **state)
{
	struct made_node n = like;
	struct fleet f;

	(void)state;
	fleet_init(&f, "night");
	made_fleet_add(&f, &n);
	n.index = "1";
	n.kernel = "6.6";
	made_fleet_add(&f, &n);
	fleet_finish(&f);
	assert_int_equal(f.nodes[0].counted_count, 1);
	assert_string_equal(f.runs[1].why_not,
			    "its node changed since the node's first run");
	fleet_release(&f);
}

static void arms_by_the_partition(void **state)
{
	static const struct {
		const char *facts, *arm;
	} cases[] = {
		{"\"hyperv.partition\": \"l1vh\", \"hypervisor\": \"Microsoft Hv\"",
		 "l1vh"},
		{"\"hyperv.partition\": \"guest\", \"hypervisor\": \"Microsoft Hv\"",
		 "nested"},
		{"\"hypervisor\": \"KVMKVMKVM\"", "nested"},
		{"\"hypervisor\": \"none\"", "metal"},
		{"\"host\": \"x\"", "metal"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct made_node n = like;
		struct fleet f;

		n.arm = "";
		n.facts = cases[i].facts;
		fleet_init(&f, "night");
		made_fleet_add(&f, &n);
		fleet_finish(&f);
		assert_string_equal(f.arms[0].name, cases[i].arm);
		fleet_release(&f);
	}
}

static void clocks_and_names(void **state)
{
	struct made_node n = like;
	struct fleet f;

	(void)state;
	fleet_init(&f, "night");
	n.facts = "\"node.boot_id\": \"one\"";
	made_fleet_add(&f, &n);
	n.node = "b";
	made_fleet_add(&f, &n);
	n.node = "c";
	n.facts = NULL;
	n.started_ns = 1000;
	made_fleet_add(&f, &n);
	fleet_finish(&f);
	assert_non_null(strstr(node(&f, "b")->note, "node a: renamed?"));
	assert_non_null(strstr(node(&f, "c")->note, "look at its clock"));
	assert_string_equal(node(&f, "a")->note, "");
	fleet_release(&f);
}

/* The clocks of a fleet are right, whatever night they show. */
static void nights_are_days_apart(void **state)
{
	struct fleet f;
	size_t night, i;

	(void)state;
	fleet_init(&f, "nights");
	for (night = 0; night < 5; night++) {
		struct made_node n = like;

		n.started_ns = (1 + 2 * night) * 86400 * 1000000000ULL;
		n.facts = night % 2 ? "\"fleet.job\": \"odd\""
				    : "\"fleet.job\": \"even\"";
		made_fleet_add(&f, &n);
		n.node = "b";
		made_fleet_add(&f, &n);
	}
	fleet_finish(&f);
	for (i = 0; i < f.node_count; i++)
		assert_string_equal(f.nodes[i].note, "");
	for (i = 0; i < f.run_count; i++)
		assert_false(f.runs[i].is_far_in_time);
	fleet_release(&f);
}

/* What comes from elsewhere may be anything. */
static void damaged_texts(void **state)
{
	const struct fleet_run_info info = {.id = 1,
					    .uuid = "u",
					    .status = "complete",
					    .fingerprint = "no JSON",
					    .plan = "[1]",
					    .guest_manifest = ""};
	struct fleet f;

	(void)state;
	fleet_init(&f, "a\x1b[31mb");
	fleet_add_run(&f, &info);
	fleet_finish(&f);
	assert_null(strchr(f.name, '\x1b'));
	assert_int_equal(f.node_count, 1);
	assert_int_equal(f.value_count, 0);
	fleet_release(&f);
	fleet_init(&f, "empty");
	fleet_finish(&f);
	assert_int_equal(f.node_count + f.run_count + f.arm_count, 0);
	fleet_release(&f);
}

/* Cleaned, "\1b" comes behind "0a", and two names may become one. */
static void names_are_cleaned_before_they_are_sorted(void **state)
{
	static const char *const names[] = {"\\u0001b", "0a", "\\u0002b",
					    "x\\ny"};
	struct fleet f;
	size_t i;

	(void)state;
	fleet_init(&f, "hostile");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct made_node n = like;

		n.node = names[i];
		made_fleet_add(&f, &n);
	}
	fleet_expect(&f, "0a", NULL);
	fleet_finish(&f);
	assert_int_equal(f.node_count, 3);
	assert_int_equal(fleet_state_count(&f, NODE_MISSING), 0);
	assert_string_equal(f.nodes[0].name, "0a");
	assert_string_equal(f.nodes[1].name, "?b");
	assert_int_equal(f.nodes[1].counted_count, 1);
	assert_string_equal(f.nodes[2].name, "x?y");
	fleet_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(native_is_the_bridge),
		cmocka_unit_test(a_block_without_its_pair),
		cmocka_unit_test(an_index_counts_once),
		cmocka_unit_test(each_night_counts),
		cmocka_unit_test(states_of_nodes),
		cmocka_unit_test(sizes_of_arms),
		cmocka_unit_test(a_size_counts_its_own_nodes),
		cmocka_unit_test(a_node_unlike_its_arm),
		cmocka_unit_test(a_container_lacks_its_nodes_system),
		cmocka_unit_test(a_plan_names_what_must_match),
		cmocka_unit_test(a_node_that_changed),
		cmocka_unit_test(arms_by_the_partition),
		cmocka_unit_test(clocks_and_names),
		cmocka_unit_test(nights_are_days_apart),
		cmocka_unit_test(damaged_texts),
		cmocka_unit_test(names_are_cleaned_before_they_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
