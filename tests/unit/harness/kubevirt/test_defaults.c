// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * defaults: what KubeVirt's mutating webhook writes into a guest, by release
 * and configuration: requests, the guest's memory, its CPUs and its network,
 * and how far it may grow.
 */
#include "tests/unit/test.h"

#include "harness/kubevirt/defaults.h"
#include "harness/kubevirt/release.h"
#include "tests/unit/fixture/harness/guest.h"

#define MI ((int64_t)MIB)
#define GI ((int64_t)GIB)

enum value {
	REQUEST, /* of memory */
	CPU_REQUEST,
	GUEST,
	MAX_GUEST,
	SOCKETS,
	VCPUS,
	MAX_SOCKETS,
	INTERFACES,
};

struct default_case {
	const char *release, *instance;
	enum value value;
	int64_t want; /* -1: it is not set */
};

static int64_t amount_or_none(struct amount a)
{
	return a.is_set ? quantity_value(a.q) : -1;
}

static int64_t value_of(const struct vmi *v, enum value what)
{
	switch (what) {
	case REQUEST:
		return resource_of(&v->requests, RESOURCE_MEMORY);
	case CPU_REQUEST:
		return resource_of(&v->requests, RESOURCE_CPU);
	case GUEST:
		return amount_or_none(v->guest);
	case MAX_GUEST:
		return amount_or_none(v->max_guest);
	case SOCKETS:
		return v->sockets;
	case VCPUS:
		return vmi_vcpu_count(v);
	case MAX_SOCKETS:
		return v->max_sockets;
	case INTERFACES:
	default:
		assert_int_equal(v->interface_count, v->network_count);
		return (int64_t)v->interface_count;
	}
}

static void expect_values(const struct default_case *cases, size_t count,
			  const struct kubevirt_cluster *c)
{
	const struct kubevirt_cluster plain = kubevirt_cluster_default();
	size_t i;

	for (i = 0; i < count; i++) {
		struct guest g;
		int64_t got;

		guest_read(&g, cases[i].instance);
		vmi_set_defaults(&g.vmi,
				 kubevirt_release_find(cases[i].release),
				 c ? c : &plain);
		got = value_of(&g.vmi, cases[i].value);
		if (got != cases[i].want)
			fail_msg("row %zu, %s %s: %lld", i, cases[i].release,
				 cases[i].instance, (long long)got);
		vmi_release(&g.vmi);
		yaml_stream_close(g.stream);
	}
}

#define LIMIT "resources: {limits: {memory: 3Gi}}"
#define GUEST_2GI "memory: {guest: 2Gi}"
#define PAGES "memory: {hugepages: {pageSize: 2Mi}}"

/* From the limit, the guest or a huge page, until v1.6.3. */
static void a_missing_request_is_filled_in(void **state)
{
	static const struct default_case cases[] = {
		{"v1.0.0", DOMAIN(LIMIT), REQUEST, 3 * GI},
		{"v1.6.3", DOMAIN(LIMIT), REQUEST, 3 * GI},
		{"v1.6.4", DOMAIN(LIMIT), REQUEST, -1},
		{"main", DOMAIN(LIMIT), REQUEST, -1},
		{"v1.6.3", DOMAIN(GUEST_2GI), REQUEST, 2 * GI},
		{"v1.6.3", DOMAIN(GUEST_2GI ", " LIMIT), REQUEST, 3 * GI},
		{"v1.7.0", DOMAIN(GUEST_2GI), REQUEST, -1},
		{"v1.6.3", DOMAIN(PAGES), REQUEST, 2 * MI},
		{"v1.6.3", DOMAIN(""), REQUEST, -1},
		{"v1.6.3",
		 DOMAIN("memory: {guest: 2Gi}, resources: {requests:"
			" {memory: 1Gi}, limits: {memory: 4Gi}}"),
		 REQUEST, GI},
		/* A page size that is none is passed over. */
		{"v1.6.3", DOMAIN("memory: {hugepages: {pageSize: large}}"),
		 REQUEST, -1},
		{"main", DOMAIN("resources: {limits: {cpu: 1500m}}"),
		 CPU_REQUEST, 1500},
		{"main",
		 DOMAIN("resources: {limits: {cpu: 2}, requests: {cpu: 1}}"),
		 CPU_REQUEST, 1000},
	};

	(void)state;
	expect_values(cases, ARRAY_SIZE(cases), NULL);
}

static void a_request_is_overcommitted(void **state)
{
	static const struct default_case cases[] = {
		{"v1.6.1", DOMAIN("memory: {guest: 3Gi}"), REQUEST, 2 * GI},
		/* Whose pod does it. */
		{"v1.6.2", DOMAIN("memory: {guest: 3Gi}"), REQUEST, 3 * GI},
		{"v1.6.3", DOMAIN("memory: {guest: 3Gi}"), REQUEST, 2 * GI},
		{"v1.6.3", DOMAIN(LIMIT), REQUEST, 3 * GI},
		{"v1.6.3", DOMAIN("resources: {requests: {memory: 3Gi}}"),
		 REQUEST, 3 * GI},
		/* The guest has what was asked for. */
		{"v1.6.3", DOMAIN("memory: {guest: 3Gi}"), GUEST, 3 * GI},
	};
	struct kubevirt_cluster c = kubevirt_cluster_default();

	(void)state;
	c.overcommit_percent = 150;
	expect_values(cases, ARRAY_SIZE(cases), &c);
}

static void a_guest_has_what_is_requested(void **state)
{
	static const struct default_case cases[] = {
		{"v1.2.2", DOMAIN(LIMIT), GUEST, -1},
		{"v1.3.0", DOMAIN(LIMIT), GUEST, 3 * GI},
		{"main", DOMAIN(LIMIT), GUEST, 3 * GI},
		{"main",
		 DOMAIN("resources: {requests: {memory: 1Gi},"
			" limits: {memory: 3Gi}}"),
		 GUEST, GI},
		{"main", DOMAIN(PAGES), GUEST, 2 * MI},
		{"main", DOMAIN(""), GUEST, -1},
		{"main", DOMAIN(GUEST_2GI ", " LIMIT), GUEST, 2 * GI},
	};

	(void)state;
	expect_values(cases, ARRAY_SIZE(cases), NULL);
}

static void cpus_are_sockets(void **state)
{
	static const struct default_case cases[] = {
		{"main", DOMAIN(""), VCPUS, 1},
		{"main", DOMAIN("cpu: {}"), VCPUS, 1},
		{"main", DOMAIN("resources: {requests: {cpu: 1500m}}"), SOCKETS,
		 2},
		{"main",
		 DOMAIN("resources: {requests: {cpu: 1}, limits: {cpu: 3}}"),
		 SOCKETS, 3},
		{"main",
		 DOMAIN("cpu: {model: x}, resources: {limits:"
			" {cpu: 3}}"),
		 VCPUS, 3},
		{"main",
		 DOMAIN("cpu: {cores: 2}, resources: {limits:"
			" {cpu: 3}}"),
		 VCPUS, 2},
		{"main", DOMAIN("cpu: {threads: 2, sockets: 3}"), VCPUS, 6},
		{"v1.0.0", DOMAIN("resources: {limits: {cpu: 3}}"), VCPUS, 3},
	};

	(void)state;
	expect_values(cases, ARRAY_SIZE(cases), NULL);
}

static void a_guest_gets_the_pods_network(void **state)
{
	static const struct default_case cases[] = {
		{"main", DOMAIN(""), INTERFACES, 1},
		{"main", DOMAIN("devices: {autoattachPodInterface: true}"),
		 INTERFACES, 1},
		{"main", DOMAIN("devices: {autoattachPodInterface: false}"),
		 INTERFACES, 0},
		{"main",
		 SPEC("networks: [{name: a}, {name: b}], domain: {devices:"
		      " {interfaces: [{name: a}, {name: b}]}}"),
		 INTERFACES, 2},
	};

	(void)state;
	expect_values(cases, ARRAY_SIZE(cases), NULL);
}

/* --- hot plug --- */

static void strategies_and_releases_let_it_grow(void **state)
{
	static const struct {
		const char *release, *gates;
		enum rollout_strategy rollout;
		bool grows;
	} cases[] = {
		{"v1.2.2", "VMLiveUpdateFeatures", ROLLOUT_LIVE_UPDATE, false},
		{"v1.3.0", "VMLiveUpdateFeatures", ROLLOUT_LIVE_UPDATE, true},
		{"v1.3.0", "VMLiveUpdateFeatures", ROLLOUT_DEFAULT, false},
		{"v1.4.1", "", ROLLOUT_LIVE_UPDATE, false},
		{"v1.4.1", "A,VMLiveUpdateFeatures,B", ROLLOUT_LIVE_UPDATE,
		 true},
		{"v1.4.1", "VMLiveUpdateFeature", ROLLOUT_LIVE_UPDATE, false},
		{"v1.5.0", "", ROLLOUT_LIVE_UPDATE, true},
		{"v1.5.3", "", ROLLOUT_DEFAULT, false},
		{"v1.6.0", "", ROLLOUT_DEFAULT, true},
		{"v1.6.0", "", ROLLOUT_LIVE_UPDATE, true},
		{"v1.6.0", "", ROLLOUT_STAGE, false},
		{"main", "", ROLLOUT_DEFAULT, true},
		{"main", "", ROLLOUT_STAGE, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kubevirt_cluster c = cluster_with_gates(cases[i].gates);
		const struct default_case rows[] = {
			{cases[i].release, DOMAIN(GUEST_2GI), MAX_GUEST,
			 cases[i].grows ? 8 * GI : -1},
			{cases[i].release, DOMAIN("cpu: {sockets: 2}"),
			 MAX_SOCKETS, cases[i].grows ? 8 : 0},
		};

		c.rollout = cases[i].rollout;
		expect_values(rows, ARRAY_SIZE(rows), &c);
	}
}

static void some_guests_cannot_grow(void **state)
{
#define ARM(memory) \
	SPEC("architecture: arm64, domain: {memory: {guest: " memory "}}")
	static const struct default_case cases[] = {
		{"main", DOMAIN("memory: {guest: 1Gi}"), MAX_GUEST, 4 * GI},
		{"main", DOMAIN("memory: {guest: 1023Mi}"), MAX_GUEST, -1},
		{"v1.3.0", DOMAIN("memory: {guest: 512Mi}"), MAX_GUEST, 2 * GI},
		{"v1.3.1", DOMAIN("memory: {guest: 512Mi}"), MAX_GUEST, -1},
		{"main", DOMAIN("memory: {guest: 2G}"), MAX_GUEST, -1},
		{"main", DOMAIN("memory: {guest: 1025Mi}"), MAX_GUEST, -1},
		{"main", DOMAIN("memory: {guest: 1026Mi}"), MAX_GUEST,
		 4104 * MI},
		{"main",
		 DOMAIN("memory: {guest: 1026Mi, hugepages: {pageSize: 1Gi}}"),
		 MAX_GUEST, -1},
		{"main",
		 DOMAIN("memory: {guest: 2Gi, hugepages: {pageSize: 1Gi}}"),
		 MAX_GUEST, 8 * GI},
		{"main", DOMAIN("memory: {guest: 2Gi, maxGuest: 3Gi}"),
		 MAX_GUEST, 3 * GI},
		{"main", DOMAIN("cpu: {realtime: {}}, " GUEST_2GI), MAX_GUEST,
		 -1},
		{"main",
		 DOMAIN("cpu: {numa: {guestMappingPassthrough: {}}},"
			" memory: {guest: 2Gi}"),
		 MAX_GUEST, -1},
		{"main", DOMAIN("launchSecurity: {sev: {}}, " GUEST_2GI),
		 MAX_GUEST, -1},
		{"main", DOMAIN("launchSecurity: {}, " GUEST_2GI), MAX_GUEST,
		 -1},
		{"main", DOMAIN(""), MAX_GUEST, -1},
		{"main", SPEC("architecture: s390x, domain: {" GUEST_2GI "}"),
		 MAX_GUEST, -1},
		{"v1.5.1", ARM("2Gi"), MAX_GUEST, 8 * GI},
		{"v1.5.2", ARM("2Gi"), MAX_GUEST, -1},
		{"main", ARM("2Gi"), MAX_GUEST, -1},
		/* More than there can be. */
		{"main", DOMAIN("memory: {guest: 4Ei}"), MAX_GUEST, -1},
	};
	struct kubevirt_cluster c = cluster_with_gates("VMLiveUpdateFeatures");

	(void)state;
	c.rollout = ROLLOUT_LIVE_UPDATE;
	expect_values(cases, ARRAY_SIZE(cases), &c);
}

static void sockets_grow_to_512_cpus(void **state)
{
	static const struct default_case cases[] = {
		{"main", DOMAIN(""), MAX_SOCKETS, 4},
		{"main", DOMAIN("cpu: {sockets: 3, maxSockets: 5}"),
		 MAX_SOCKETS, 5},
		{"main", DOMAIN("cpu: {sockets: 128, cores: 1, threads: 1}"),
		 MAX_SOCKETS, 512},
		{"main", DOMAIN("cpu: {sockets: 200, cores: 1, threads: 1}"),
		 MAX_SOCKETS, 512},
		{"main", DOMAIN("cpu: {sockets: 100, cores: 2, threads: 2}"),
		 MAX_SOCKETS, 128},
		{"main", DOMAIN("cpu: {sockets: 600, cores: 1, threads: 1}"),
		 MAX_SOCKETS, 600},
	};

	(void)state;
	expect_values(cases, ARRAY_SIZE(cases), NULL);
}

static void the_ratio_of_hot_plug_is_the_clusters(void **state)
{
	static const struct default_case cases[] = {
		{"main", DOMAIN(GUEST_2GI), MAX_GUEST, 20 * GI},
		{"main", DOMAIN("cpu: {sockets: 2}"), MAX_SOCKETS, 20},
	};
	struct kubevirt_cluster c = kubevirt_cluster_default();

	(void)state;
	c.max_hotplug_ratio = 10;
	expect_values(cases, ARRAY_SIZE(cases), &c);
}

/* v1.0 did not know the field. */
static void v1_0_drops_what_it_does_not_know(void **state)
{
	static const struct default_case cases[] = {
		{"v1.0.1", DOMAIN("memory: {maxGuest: 3Gi}"), MAX_GUEST, -1},
		{"v1.1.0", DOMAIN("memory: {maxGuest: 3Gi}"), MAX_GUEST,
		 3 * GI},
	};

	(void)state;
	expect_values(cases, ARRAY_SIZE(cases), NULL);
}

static void a_guest_has_an_architecture(void **state)
{
	static const struct {
		const char *instance, *clusters, *arch;
	} cases[] = {
		{DOMAIN(""), "", "amd64"},
		{DOMAIN(""), "arm64", "arm64"},
		{SPEC("architecture: s390x, domain: {}"), "arm64", "s390x"},
		{SPEC("architecture: '', domain: {}"), "", "amd64"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kubevirt_cluster c = kubevirt_cluster_default();
		struct guest g;

		snprintf(c.arch, sizeof(c.arch), "%s", cases[i].clusters);
		guest_calculate(&g, cases[i].instance, "main", &c);
		assert_string_equal(g.figures.arch, cases[i].arch);
		guest_release(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_request_is_filled_in),
		cmocka_unit_test(a_request_is_overcommitted),
		cmocka_unit_test(a_guest_has_what_is_requested),
		cmocka_unit_test(cpus_are_sockets),
		cmocka_unit_test(a_guest_gets_the_pods_network),
		cmocka_unit_test(strategies_and_releases_let_it_grow),
		cmocka_unit_test(some_guests_cannot_grow),
		cmocka_unit_test(sockets_grow_to_512_cpus),
		cmocka_unit_test(the_ratio_of_hot_plug_is_the_clusters),
		cmocka_unit_test(v1_0_drops_what_it_does_not_know),
		cmocka_unit_test(a_guest_has_an_architecture),
	};

	return RUN_TESTS(tests);
}
