// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * survey: sums over the guests of streams, replicas counted, for each release;
 * what was not looked at is counted and told, and a guest without figures is
 * counted and in no sum.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/strbuf.h"
#include "harness/kubevirt/instancetype.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/survey.h"
#include "tests/unit/fixture/expect.h"

#define MI ((int64_t)MIB)

/* What the callbacks heard. */
struct heard {
	struct survey survey;
	struct strbuf guests, remarks;
	int64_t overhead_bytes, pod_bytes; /* of the first release, by hand */
};

static void hear_guest(const struct survey_guest *g, void *arg)
{
	struct heard *h = arg;
	size_t i;

	strbuf_printf(&h->guests, "%s: %s\n", g->manifest->name,
		      g->error ? g->error : "calculated");
	for (i = 0; i < g->note_count; i++)
		strbuf_printf(&h->guests, "  %s: %s\n",
			      g->notes[i].is_warning ? "warning" : "note",
			      g->notes[i].text);
	if (!g->figures)
		return;
	h->overhead_bytes += g->figures[0].overhead.total_bytes *
			     (int64_t)g->manifest->replica_count;
	h->pod_bytes += figures_pod_request(&g->figures[0]) *
			(int64_t)g->manifest->replica_count;
}

static void hear_remark(const char *text, bool is_warning, void *arg)
{
	struct heard *h = arg;

	strbuf_printf(&h->remarks, "%s: %s\n", is_warning ? "warning" : "note",
		      text);
}

static void begin(struct heard *h, const char *first, const char *second)
{
	*h = (struct heard){.survey = {
				    .releases = {kubevirt_release_find(first)},
				    .release_count = 1,
				    .cluster = kubevirt_cluster_default(),
				    .base = {.name = "", .space = ""},
				    .types = instancetypes_new(),
				    .each = hear_guest,
				    .remark = hear_remark,
			    }};
	h->survey.arg = h;
	if (second)
		h->survey.releases[h->survey.release_count++] =
			kubevirt_release_find(second);
}

static int look_at(struct heard *h, const char *text)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	struct err err;
	int ret;

	assert_non_null(in);
	ret = survey_stream(&h->survey, in, false, &err);
	fclose(in);
	return ret;
}

static void end(struct heard *h)
{
	instancetypes_free(h->survey.types);
	survey_release(&h->survey);
	strbuf_release(&h->guests);
	strbuf_release(&h->remarks);
}

#define PLAIN                                                          \
	"---\nkind: VirtualMachineInstance\nmetadata: {name: plain}\n" \
	"spec: {domain: {memory: {guest: 1Gi}}}\n"
#define MANY(n)                                                            \
	"---\nkind: VirtualMachineInstanceReplicaSet\nmetadata:"           \
	" {name: many}\nspec: {replicas: " n ", template: {spec: {domain:" \
	" {resources: {requests: {memory: 2Gi}, limits: {memory: 2Gi}}}}}}\n"
#define LOCKED                                                           \
	"---\nkind: VirtualMachineInstance\nmetadata: {name: locked}\n"  \
	"spec: {domain: {resources: {requests: {memory: 1Gi}}, devices:" \
	" {gpus: [{deviceName: g}]}}}\n"
#define BROKEN                                                          \
	"---\nkind: VirtualMachineInstance\nmetadata: {name: broken}\n" \
	"spec: {domain: {memory: {guest: [1]}}}\n"
#define HUGE                                                          \
	"---\nkind: VirtualMachineInstance\nmetadata: {name: huge}\n" \
	"spec: {domain: {memory: {guest: 4Ei}}}\n"

static void sums_count_replicas(void **state)
{
	struct heard h;
	const struct survey_sum *sum = &h.survey.sums[0];

	(void)state;
	begin(&h, "v1.9.0", NULL);
	assert_int_equal(look_at(&h, PLAIN MANY("3")), 0);
	assert_int_equal(h.survey.guest_count, 4);
	assert_int_equal(h.survey.error_count, 0);
	assert_int_equal(h.survey.warning_count, 0);
	assert_int_equal(sum->overhead.total_bytes, h.overhead_bytes);
	assert_int_equal(sum->pod_request_bytes, h.pod_bytes);
	assert_int_equal(sum->compute_request_bytes,
			 h.overhead_bytes + 7 * 1024 * MI);
	assert_int_equal(sum->unlimited_pods, 1);
	assert_int_equal(sum->pod_limit_bytes,
			 3 * (2048 * MI + 281018368 + 4194304 + 60000000));
	assert_int_equal(overhead_term(&sum->overhead, "qemu"), 4 * 30 * MI);
	assert_int_equal(
		overhead_term(&sum->overhead, "page tables, request / 512"),
		3 * 4194304);
	end(&h);
}

/* Several streams are one survey. */
static void sums_go_on(void **state)
{
	struct heard one, two;

	(void)state;
	begin(&one, "v1.9.0", "main");
	begin(&two, "v1.9.0", "main");
	assert_int_equal(look_at(&one, PLAIN MANY("2") LOCKED), 0);
	assert_int_equal(look_at(&two, PLAIN), 0);
	assert_int_equal(look_at(&two, MANY("2") LOCKED), 0);
	assert_int_equal(one.survey.guest_count, two.survey.guest_count);
	assert_int_equal(one.survey.sums[1].pod_request_bytes,
			 two.survey.sums[1].pod_request_bytes);
	assert_int_equal(one.survey.sums[1].overhead.total_bytes,
			 two.survey.sums[1].overhead.total_bytes);
	end(&one);
	end(&two);
}

static void each_release_has_its_sums(void **state)
{
	struct heard h;
	const struct survey_sum *old = &h.survey.sums[0];
	const struct survey_sum *new = &h.survey.sums[1];

	(void)state;
	begin(&h, "v1.9.0", "main");
	assert_int_equal(look_at(&h, MANY("5") LOCKED), 0);
	assert_int_equal(new->overhead.total_bytes - old->overhead.total_bytes,
			 6 * 20 * MI);
	assert_int_equal(old->memlocked_guests, 1);
	assert_int_equal(old->unlimited_memlocks, 0);
	assert_true(old->memlock_bytes > 2048 * MI);
	assert_int_equal(new->memlocked_guests, 1);
	assert_int_equal(new->unlimited_memlocks, 1);
	assert_int_equal(new->memlock_bytes, 0);
	end(&h);
}

static void none_of_a_set_is_none(void **state)
{
	struct heard h;

	(void)state;
	begin(&h, "main", NULL);
	assert_int_equal(look_at(&h, MANY("0")), 0);
	assert_int_equal(h.survey.guest_count, 0);
	assert_int_equal(h.survey.sums[0].pod_request_bytes, 0);
	assert_string_equal(h.guests.str, "many: calculated\n");
	end(&h);
}

static void a_guest_without_figures_is_in_no_sum(void **state)
{
	struct heard h, without;

	(void)state;
	begin(&without, "v1.9.0", "main");
	assert_int_equal(look_at(&without, PLAIN), 0);
	begin(&h, "v1.9.0", "main");
	assert_int_equal(look_at(&h, BROKEN PLAIN HUGE), 0);
	assert_int_equal(h.survey.error_count, 2);
	assert_int_equal(h.survey.guest_count, 1);
	assert_memory_equal(&h.survey.sums[1].overhead,
			    &without.survey.sums[1].overhead,
			    sizeof(struct overhead));
	assert_int_equal(h.survey.sums[0].pod_request_bytes, h.pod_bytes);
	assert_contains(h.guests.str, "broken: line 4: 'domain.memory.guest'");
	assert_contains(h.guests.str, "plain: calculated\n");
	assert_contains(h.guests.str, "huge: ");
	end(&h);
	end(&without);
}

static void what_is_not_looked_at_is_counted(void **state)
{
	static const struct {
		const char *text;
		size_t warnings;
		const char *says;
	} cases[] = {
		{PLAIN "---\nkind: Secret\n", 0,
		 "note: document 2, line 6: kind 'Secret' holds no guest"},
		{PLAIN "---\nkind: Machine\n", 1,
		 "warning: document 2, line 6: kind 'Machine' is not known;"},
		{"kind: VirtualMachine\n", 1, "it has no template of a guest"},
		/* Each unknown field once, whoever has it. */
		{"kind: List\nitems:\n"
		 "- {kind: VirtualMachineInstance, spec: {domain: {odd: 1}}}\n"
		 "- {kind: VirtualMachineInstance, spec: {domain: {odd: 1}}}\n",
		 1, "warning: line 3: field 'spec.domain.odd' is not known"},
		{"kind: VirtualMachineInstance\n"
		 "spec: {domain: {cpu: {a: 1}, memory: {b: 1}}, c: 1}\n",
		 3, "'spec.domain.memory.b'"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct heard h;

		begin(&h, "main", NULL);
		assert_int_equal(look_at(&h, cases[i].text), 0);
		assert_int_equal(h.survey.warning_count, cases[i].warnings);
		assert_contains(strbuf_str(&h.remarks), cases[i].says);
		end(&h);
	}
}

/* Of a guest: the type that it names, and what had to be assumed. */
static void notes_are_of_their_guest(void **state)
{
	static const struct {
		const char *text;
		size_t warnings;
		const char *says;
	} cases[] = {
		{"kind: VirtualMachine\nmetadata: {name: a}\n"
		 "spec: {instancetype: {name: no-such}, preference:"
		 " {name: none}, template: {spec: {domain: {}}}}\n",
		 2, "warning: line 3: instancetype 'no-such'"},
		{"kind: VirtualMachineInstance\nmetadata: {name: a}\n"
		 "spec: {networks: [{name: net, pod: {}}], domain: {devices:"
		 " {interfaces: [{name: net, binding: {name: plug}}]}}}\n",
		 1, "warning: network binding plugin 'plug'"},
		{"kind: VirtualMachineInstance\nmetadata: {name: a}\n"
		 "spec: {networks: [{name: net, multus: {networkName: m}}],"
		 " domain: {devices: {interfaces:"
		 " [{name: net, sriov: {}}]}}}\n",
		 0, "note: the device resource of network 'net'"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct heard h;

		begin(&h, "main", NULL);
		assert_int_equal(look_at(&h, cases[i].text), 0);
		assert_int_equal(h.survey.warning_count, cases[i].warnings);
		assert_contains(h.guests.str, "a: calculated\n");
		assert_contains(h.guests.str, cases[i].says);
		end(&h);
	}
}

/* In either order, a VirtualMachine and its instance are one guest; so are a pool
 * and its VirtualMachines. Those of another namespace are others. */
static void what_is_owned_is_counted_once(void **state)
{
#define VM(space)                                                          \
	"---\nkind: VirtualMachine\nmetadata: {name: a, namespace: " space \
	"}\nspec: {running: false, template: {spec: {domain:"              \
	" {memory: {guest: 1Gi}}}}}\n"
#define VMI                                                                 \
	"---\nkind: VirtualMachineInstance\nmetadata: {name: a, namespace:" \
	" n, ownerReferences: [{kind: VirtualMachine, name: a}]}\n"         \
	"spec: {domain: {memory: {guest: 1Gi}}}\n"
	static const struct {
		const char *text;
		uint64_t guests, owned, stopped;
	} cases[] = {
		{VM("n") VMI, 1, 1, 1},
		{VMI VM("n"), 1, 1, 0},
		{VMI, 1, 0, 0},
		{VM("other") VMI, 2, 0, 1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct heard h;

		begin(&h, "v1.9.0", NULL);
		assert_int_equal(look_at(&h, cases[i].text), 0);
		assert_int_equal(h.survey.guest_count, cases[i].guests);
		assert_int_equal(h.survey.owned_count, cases[i].owned);
		assert_int_equal(h.survey.stopped_count, cases[i].stopped);
		end(&h);
	}
}

/* What changes pods, and kinds of another API, are warnings. */
static void what_changes_pods_is_told(void **state)
{
	static const char *const texts[] = {
		"kind: KubeVirt\nmetadata: {name: a}\n",
		"kind: LimitRange\nmetadata: {name: a}\n",
		"kind: VirtualMachineInstancePreset\nmetadata: {name: a}\n",
		"kind: VirtualMachine\napiVersion: example.com/v1\n",
		"kind: VirtualMachine\nmetadata: {name: a}\nspec: {instancetyp:"
		" {name: x}, template: {spec: {domain: {}}}}\n",
		"kind: VirtualMachineInstancetype\nmetadata: {name: a}\nspec:"
		" {cpu: {guest: 1}, memory: {guest: 1Gi}, gpu: []}\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		struct heard h;

		begin(&h, "v1.9.0", NULL);
		assert_int_equal(look_at(&h, texts[i]), 0);
		if (h.survey.warning_count != 1)
			fail_msg("%zu: %s", h.survey.warning_count, texts[i]);
		end(&h);
	}
}

static void the_base_fills_what_is_open(void **state)
{
	struct heard h;
	int64_t with_tpm;

	(void)state;
	begin(&h, "v1.9.0", NULL);
	h.survey.base.has_tpm = true;
	resources_set(&h.survey.base.requests, RESOURCE_MEMORY,
		      quantity_of(64 * 1024 * MI));
	assert_int_equal(look_at(&h, MANY("1")), 0);
	with_tpm = h.overhead_bytes;
	end(&h);
	begin(&h, "v1.9.0", NULL);
	assert_int_equal(look_at(&h, MANY("1")), 0);
	assert_int_equal(with_tpm - h.overhead_bytes, 53 * MI);
	end(&h);
}

static void the_base_is_a_guest_as_well(void **state)
{
	struct heard h;

	(void)state;
	begin(&h, "v1.9.0", NULL);
	h.survey.base.guest = amount_of(1024 * MI);
	survey_base(&h.survey);
	assert_int_equal(h.survey.guest_count, 1);
	assert_int_equal(h.survey.sums[0].overhead.total_bytes, 281018368);
	assert_string_equal(h.guests.str, ": calculated\n");
	end(&h);
}

static void what_came_before_a_mistake_is_summed(void **state)
{
	struct heard h;

	(void)state;
	begin(&h, "main", NULL);
	assert_int_equal(look_at(&h, PLAIN "---\na: [\n"), -EINVAL);
	assert_int_equal(h.survey.guest_count, 1);
	assert_int_equal(h.survey.sums[0].overhead.total_bytes,
			 h.overhead_bytes);
	end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_count_replicas),
		cmocka_unit_test(sums_go_on),
		cmocka_unit_test(each_release_has_its_sums),
		cmocka_unit_test(none_of_a_set_is_none),
		cmocka_unit_test(a_guest_without_figures_is_in_no_sum),
		cmocka_unit_test(what_is_not_looked_at_is_counted),
		cmocka_unit_test(notes_are_of_their_guest),
		cmocka_unit_test(what_is_owned_is_counted_once),
		cmocka_unit_test(what_changes_pods_is_told),
		cmocka_unit_test(the_base_fills_what_is_open),
		cmocka_unit_test(the_base_is_a_guest_as_well),
		cmocka_unit_test(what_came_before_a_mistake_is_summed),
	};

	return RUN_TESTS(tests);
}
