// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * pod: which containers a guest's pod has in which release, what each asks for,
 * and what Kubernetes makes of them: sums with init containers, a class.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/kubevirt/pod.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/guest.h"

#define MB 1000000
#define GI ((int64_t)GIB)

struct names_case {
	const char *release, *instance, *gates, *names;
};

static void expect_names(const struct names_case *cases, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct kubevirt_cluster c = cluster_with_gates(
			cases[i].gates ? cases[i].gates : "");
		struct guest g;
		char names[512];

		guest_calculate(&g, cases[i].instance, cases[i].release, &c);
		guest_name_containers(&g, names, sizeof(names));
		if (strcmp(names, cases[i].names) != 0)
			fail_msg("row %zu, %s %s: %s", i, cases[i].release,
				 cases[i].instance, names);
		guest_release(&g);
	}
}

static void the_console_log_changes_its_place(void **state)
{
#define SILENT "devices: {logSerialConsole: false}"
#define NO_CONSOLE "devices: {autoattachSerialConsole: false}"
	static const struct names_case cases[] = {
		{"v1.0.1", DOMAIN(""), NULL, "compute"},
		{"v1.1.0", DOMAIN(""), NULL, "compute guest-console-log"},
		{"v1.5.3", DOMAIN(""), NULL, "compute guest-console-log"},
		{"v1.6.0", DOMAIN(""), NULL, "compute guest-console-log:stays"},
		{"main", DOMAIN(""), NULL, "compute guest-console-log:stays"},
		{"main", DOMAIN(SILENT), NULL, "compute"},
		{"main", DOMAIN(NO_CONSOLE), NULL, "compute"},
		{"v1.5.3", DOMAIN(SILENT), NULL, "compute"},
	};

	(void)state;
	expect_names(cases, ARRAY_SIZE(cases));
}

/* The guest's word counts before the cluster's. */
static void a_cluster_may_switch_the_log_off(void **state)
{
	static const struct {
		const char *instance;
		size_t count;
	} cases[] = {
		{DOMAIN(""), 1},
		{DOMAIN("devices: {logSerialConsole: true}"), 2},
		{DOMAIN("devices: {logSerialConsole: true,"
			" autoattachSerialConsole: false}"),
		 1},
	};
	struct kubevirt_cluster c = kubevirt_cluster_default();
	size_t i;

	(void)state;
	c.has_no_console_log = true;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guest g;

		guest_calculate(&g, cases[i].instance, "main", &c);
		assert_int_equal(g.figures.pod.container_count, cases[i].count);
		guest_release(&g);
	}
}

#define QUIET "devices: {autoattachSerialConsole: false}"
#define DISK                                                              \
	SPEC("domain: {" QUIET "}, volumes: [{name: root, containerDisk:" \
	     " {image: i}}, {name: x, emptyDisk: {}}]")
#define KERNEL DOMAIN("firmware: {kernelBoot: {container: {image: i}}}, " QUIET)
#define DISK_NAMES \
	"compute volumeroot container-disk-binary:init volumeroot-init:init"

static void disks_of_images_are_containers_or_volumes(void **state)
{
	static const struct names_case cases[] = {
		{"v1.0.0", DISK, NULL, DISK_NAMES},
		{"v1.8.4", DISK, NULL, DISK_NAMES},
		{"v1.5.3", DISK, "ImageVolume", DISK_NAMES},
		{"v1.6.0", DISK, "ImageVolume", "compute"},
		{"v1.7.0", DISK, "ImageVolume", "compute volumeroot:init"},
		{"v1.9.0", DISK, NULL, "compute volumeroot:init"},
		{"v1.8.4", KERNEL, NULL,
		 "compute volumekernel-boot-volume container-disk-binary:init"
		 " volumekernel-boot-volume-init:init"},
		{"v1.9.0", KERNEL, NULL,
		 "compute volumekernel-boot-volume:init"},
		{"v1.8.4",
		 SPEC("domain: {" QUIET "}, volumes: [{name: x, emptyDisk:"
		      " {}}]"),
		 NULL, "compute"},
	};

	(void)state;
	expect_names(cases, ARRAY_SIZE(cases));
}

#define SHARED                                                             \
	SPEC("domain: {devices: {autoattachSerialConsole: false,"          \
	     " filesystems: [{name: a}, {name: b}, {name: none}]}},"       \
	     " volumes: [{name: a, configMap: {}}, {name: c, secret: {}}," \
	     " {name: b, containerPath: {path: /x}}]")
#define PLUGGED                                                          \
	DOMAIN("devices: {autoattachSerialConsole: false, interfaces: [" \
	       "{name: a, binding: {name: p}}, {name: b, binding:"       \
	       " {name: p}}, {name: c, binding: {name: q}}]}")
#define SLIRP                                                            \
	DOMAIN("devices: {autoattachSerialConsole: false, interfaces: [" \
	       "{name: a, slirp: {}}, {name: b, slirp: {}}]}")
#define HOOKS                                                             \
	"{metadata: {annotations: {hooks.kubevirt.io/hookSidecars: '[{}," \
	" {}]'}}, spec: {domain: {" QUIET "}}}"

static void helpers_follow_the_release(void **state)
{
	static const struct names_case cases[] = {
		{"v1.0.0", SHARED, NULL, "compute virtiofs-a virtiofs-b"},
		{"v1.7.4", SHARED, NULL, "compute virtiofs-a virtiofs-b"},
		/* A path of the container is there already. */
		{"v1.8.0", SHARED, NULL, "compute virtiofs-a"},
		/* One for each plugin, however many interfaces have it. */
		{"v1.0.1", PLUGGED, NULL, "compute"},
		{"v1.1.0", PLUGGED, NULL,
		 "compute hook-sidecar-0 hook-sidecar-1"},
		{"main", PLUGGED, NULL,
		 "compute hook-sidecar-0 hook-sidecar-1"},
		{"v1.0.1", SLIRP, NULL, "compute"},
		{"v1.1.0", SLIRP, NULL, "compute hook-sidecar-0"},
		{"v1.2.2", SLIRP, NULL, "compute hook-sidecar-0"},
		{"v1.3.0", SLIRP, NULL, "compute"},
		{"v1.0.0", HOOKS, NULL,
		 "compute hook-sidecar-0 hook-sidecar-1"},
	};

	(void)state;
	expect_names(cases, ARRAY_SIZE(cases));
}

/* --- what they ask for --- */

struct amount_case {
	const char *release, *instance, *container;
	bool of_limits;
	const char *resource;
	int64_t want; /* -1: it is not set */
};

static void expect_amounts(const struct amount_case *cases, size_t count,
			   const struct kubevirt_cluster *cluster)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct amount_case *row = &cases[i];
		const struct container *c;
		struct guest g;
		int64_t got;

		guest_calculate(&g, row->instance, row->release, cluster);
		c = guest_container(&g, row->container);
		if (!c)
			fail_msg("row %zu: no '%s'", i, row->container);
		got = resource_of(row->of_limits ? &c->limits : &c->requests,
				  row->resource);
		if (got != row->want)
			fail_msg("row %zu, %s %s: %lld", i, row->release,
				 row->instance, (long long)got);
		guest_release(&g);
	}
}

#define EQUAL                                                   \
	"resources: {requests: {memory: 1Gi, cpu: 1}, limits: " \
	"{memory: 1Gi, cpu: 1}}"
#define LOG "guest-console-log"

static void helpers_ask_for_little(void **state)
{
	static const struct amount_case cases[] = {
		{"main", DOMAIN(""), LOG, false, "memory", 35 * MB},
		{"main", DOMAIN(""), LOG, true, "memory", 60 * MB},
		{"main", DOMAIN(""), LOG, false, "cpu", 5},
		{"main", DOMAIN(EQUAL), LOG, false, "memory", 60 * MB},
		{"main", DOMAIN(EQUAL), LOG, false, "cpu", 15},
		{"v1.8.4", DISK, "volumeroot", false, "memory", MB},
		{"v1.8.4", DISK, "volumeroot", true, "memory", 40 * MB},
		{"v1.8.4", DISK, "volumeroot", false, "ephemeral-storage",
		 50 * MB},
		{"v1.8.4", DISK, "container-disk-binary", false, "memory", MB},
		{"v1.8.4", DISK, "container-disk-binary", true, "cpu", 100},
		{"v1.8.4", SHARED, "virtiofs-a", false, "memory", MB},
		{"v1.8.4", SHARED, "virtiofs-a", true, "memory", 80 * MB},
		{"v1.8.4", HOOKS, "hook-sidecar-1", false, "memory", -1},
		{"v1.8.4", HOOKS, "hook-sidecar-1", true, "memory", -1},
	};

	(void)state;
	expect_amounts(cases, ARRAY_SIZE(cases), NULL);
}

#define EQUAL_SHARED                                                     \
	SPEC("domain: {" EQUAL ", devices: {filesystems: [{name: a}]}}," \
	     " volumes: [{name: a, configMap: {}}]")
#define EQUAL_HOOKS                                                 \
	"{metadata: {annotations: {hooks.kubevirt.io/hookSidecars:" \
	" '[{}]'}}, spec: {domain: {" EQUAL "}}}"

/* Helpers that request their limits, so that the pod may be Guaranteed. */
static void helpers_of_a_guaranteed_pod(void **state)
{
	static const struct amount_case cases[] = {
		{"v1.0.1", EQUAL_SHARED, "virtiofs-a", false, "memory", MB},
		{"v1.1.0", EQUAL_SHARED, "virtiofs-a", false, "memory",
		 80 * MB},
		{"main", EQUAL_HOOKS, "hook-sidecar-0", false, "memory",
		 64 * (int64_t)MB},
		{"main", EQUAL_HOOKS, "hook-sidecar-0", true, "cpu", 200},
	};

	(void)state;
	expect_amounts(cases, ARRAY_SIZE(cases), NULL);
}

#define PINNED(more)                                                   \
	DOMAIN("cpu: {cores: 3, dedicatedCpuPlacement: true" more "}," \
	       " resources: {requests: {memory: 1Gi}}")
#define ISOLATED PINNED(", isolateEmulatorThread: true")
#define PARITY(cores)                                                    \
	"{metadata: {annotations: {alpha.kubevirt.io/"                   \
	"EmulatorThreadCompleteToEvenParity: ''}}, spec: {domain: {cpu:" \
	" {cores: " cores ", dedicatedCpuPlacement: true,"               \
	" isolateEmulatorThread: true}, resources: {requests:"           \
	" {memory: 1Gi}}}}}"
#define POOL                                                          \
	DOMAIN("ioThreadsPolicy: supplementalPool, ioThreads:"        \
	       " {supplementalPoolThreadCount: 2}, cpu: {cores: 3,"   \
	       " dedicatedCpuPlacement: true}, resources: {requests:" \
	       " {memory: 1Gi}}")

static void cpus_are_pinned_by_release(void **state)
{
	static const struct amount_case cases[] = {
		{"v1.0.0", PINNED(""), "compute", true, "cpu", 3000},
		{"v1.0.0", PINNED(""), "compute", false, "cpu", -1},
		{"main", PINNED(""), "compute", true, "cpu", 3000},
		{"main", PINNED(""), "compute", false, "cpu", 3000},
		{"v1.0.0", ISOLATED, "compute", true, "cpu", 4000},
		{"main", ISOLATED, "compute", true, "cpu", 4000},
		/* One more, or two where that makes the sum even. */
		{"v1.1.0", PARITY("4"), "compute", true, "cpu", 5000},
		{"v1.1.1", PARITY("4"), "compute", true, "cpu", 6000},
		{"v1.1.1", PARITY("3"), "compute", true, "cpu", 4000},
		{"main", PARITY("4"), "compute", false, "cpu", 6000},
		{"v1.4.1", POOL, "compute", true, "cpu", 3000},
		{"v1.5.0", POOL, "compute", true, "cpu", 2000},
		{"v1.5.2", POOL, "compute", true, "cpu", 5000},
		{"v1.5.2", POOL, "compute", false, "cpu", 5000},
	};

	(void)state;
	expect_amounts(cases, ARRAY_SIZE(cases), NULL);
}

static void cpus_are_shared_otherwise(void **state)
{
	static const struct amount_case cases[] = {
		{"main", DOMAIN("cpu: {cores: 3}"), "compute", false, "cpu",
		 300},
		{"main", DOMAIN("cpu: {cores: 25}"), "compute", false, "cpu",
		 2500},
		{"main", DOMAIN("cpu: {cores: 3}"), "compute", true, "cpu", -1},
		/* What the guest says wins. */
		{"main",
		 DOMAIN("cpu: {cores: 3}, resources: {requests: {cpu: 2}}"),
		 "compute", false, "cpu", 2000},
	};

	(void)state;
	expect_amounts(cases, ARRAY_SIZE(cases), NULL);
}

#define HUGE(more) \
	DOMAIN("memory: {guest: 1Gi, hugepages: {pageSize: 2Mi}}" more)
#define MORE ", resources: {requests: {memory: 1100Mi}}"
#define OVERHEAD (281018368 + 2097152)
#define HUGE_NAME "hugepages-2Mi"

/* A guest's memory is huge pages, and memory what is beside it. */
static void huge_pages_are_a_resource(void **state)
{
	static const struct amount_case cases[] = {
		{"v1.6.3", HUGE(""), "compute", false, HUGE_NAME, GI},
		{"v1.6.3", HUGE(""), "compute", true, HUGE_NAME, GI},
		{"v1.6.3", HUGE(""), "compute", false, "memory", OVERHEAD},
		{"v1.6.3", HUGE(""), "compute", true, "memory", -1},
		{"v1.9.0",
		 HUGE(", resources: {requests: {memory: 1Gi},"
		      " limits: {memory: 1Gi}}"),
		 "compute", true, "memory", OVERHEAD},
		{"v1.9.0", HUGE(MORE), "compute", false, HUGE_NAME, GI},
		{"v1.9.0", HUGE(MORE), "compute", false, "memory",
		 76 * (int64_t)MIB + 281018368 + 2252800},
	};

	(void)state;
	expect_amounts(cases, ARRAY_SIZE(cases), NULL);
}

static void devices_are_resources(void **state)
{
#define HELD(name) "devices.kubevirt.io/" name
#define CARDS                                                                  \
	DOMAIN("devices: {gpus: [{deviceName: g}, {deviceName: g}],"           \
	       " hostDevices: [{deviceName: h}, {claimName: c}],"              \
	       " autoattachVSOCK: true, disks: [{lun: {reservation: true}}]}," \
	       " launchSecurity: {sev: {}}")
	static const struct amount_case cases[] = {
		{"main", DOMAIN(""), "compute", true, HELD("kvm"), 1},
		{"main", DOMAIN(""), "compute", true, HELD("tun"), 1},
		{"main", DOMAIN(""), "compute", true, HELD("vhost-net"), 1},
		{"main",
		 DOMAIN("devices: {interfaces: [{name: a,"
			" model: e1000}]}"),
		 "compute", true, HELD("vhost-net"), -1},
		{"main", DOMAIN("devices: {autoattachPodInterface: false}"),
		 "compute", true, HELD("tun"), -1},
		{"main", CARDS, "compute", true, "g", 2},
		{"main", CARDS, "compute", false, "g", 2},
		{"main", CARDS, "compute", true, "h", 1},
		{"main", CARDS, "compute", true, HELD("vhost-vsock"), 1},
		{"main", CARDS, "compute", true, HELD("pr-helper"), 1},
		{"main", CARDS, "compute", true, HELD("sev"), 1},
		{"v1.8.4", DOMAIN("launchSecurity: {tdx: {}}"), "compute", true,
		 HELD("tdx"), -1},
		{"v1.9.0", DOMAIN("launchSecurity: {tdx: {}}"), "compute", true,
		 HELD("tdx"), 1},
		{"v1.6.0", DOMAIN("launchSecurity: {snp: {}}"), "compute", true,
		 HELD("sev"), -1},
		{"v1.7.0", DOMAIN("launchSecurity: {snp: {}}"), "compute", true,
		 HELD("sev"), 1},
	};

	(void)state;
	expect_amounts(cases, ARRAY_SIZE(cases), NULL);
}

static void a_hypervisor_has_its_device(void **state)
{
	static const struct amount_case cases[] = {
		{"v1.7.4", DOMAIN(""), "compute", true, HELD("kvm"), 1},
		{"v1.8.0", DOMAIN(""), "compute", true, HELD("kvm"), -1},
		{"v1.8.0", DOMAIN(""), "compute", true, HELD("mshv"), 1},
	};
	struct kubevirt_cluster c = kubevirt_cluster_default();

	(void)state;
	c.hypervisor = HYPERVISOR_HYPERV_DIRECT;
	expect_amounts(cases, ARRAY_SIZE(cases), &c);
}

/* Twice the memory, and all CPUs, where the guest has no limit. */
static void quotas_make_limits(void **state)
{
#define ASKING "resources: {requests: {memory: 1Gi}}, cpu: {cores: 2}"
#define REQUESTED (GI + 281018368 + 2097152 + 8388608)
#define GATED (GI + 255852544 + 8388608)
	static const struct amount_case always[] = {
		{"v1.9.0", DOMAIN(ASKING), "compute", true, "memory",
		 2 * REQUESTED},
		{"v1.9.0", DOMAIN(ASKING), "compute", true, "cpu", 2000},
		{"v1.4.0", DOMAIN(ASKING), "compute", true, "memory", -1},
		{"v1.4.0", DOMAIN(ASKING), "compute", true, "cpu", -1},
		{"v1.9.0", DOMAIN("resources: {limits: {memory: 1Gi, cpu: 4}}"),
		 "compute", true, "cpu", 4000},
	};
	static const struct amount_case by_gate[] = {
		{"v1.0.0", DOMAIN(ASKING), "compute", true, "memory", -1},
		{"v1.0.1", DOMAIN(ASKING), "compute", true, "memory",
		 2 * GATED},
		{"v1.0.1", DOMAIN(ASKING), "compute", true, "cpu", -1},
		{"v1.1.0", DOMAIN(ASKING), "compute", true, "cpu", 2000},
	};
	struct kubevirt_cluster c = kubevirt_cluster_default();

	(void)state;
	c.has_memory_quota = c.has_cpu_quota = true;
	expect_amounts(always, ARRAY_SIZE(always), &c);
	c = cluster_with_gates("AutoResourceLimitsGate");
	c.has_memory_quota = c.has_cpu_quota = true;
	expect_amounts(by_gate, ARRAY_SIZE(by_gate), &c);
}

/* --- what Kubernetes makes of them --- */

static void sums_are_of_what_runs_at_once(void **state)
{
#define TINY "resources: {requests: {memory: 1}, limits: {memory: 1}}"
	static const struct {
		const char *release, *instance;
		int64_t request, limit; /* beside compute's; -1: none */
	} cases[] = {
		{"v1.0.0", DOMAIN(TINY), 0, 0},
		{"v1.5.3", DOMAIN(TINY), 35 * MB, 60 * MB},
		{"v1.9.0", DOMAIN(TINY), 35 * MB, 60 * MB},
		{"v1.9.0", DOMAIN(""), 35 * MB, -1},
		/* An init container that ends is not beside compute. */
		{"v1.8.4",
		 SPEC("domain: {" TINY "}, volumes: [{name: root,"
		      " containerDisk: {image: i}}]"),
		 36 * MB, 100 * MB},
		{"v1.9.0",
		 SPEC("domain: {" TINY "}, volumes: [{name: root,"
		      " containerDisk: {image: i}}]"),
		 35 * MB, 60 * MB},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct figures *f;
		struct guest g;

		guest_calculate(&g, cases[i].instance, cases[i].release, NULL);
		f = &g.figures;
		assert_int_equal(figures_pod_request(f) -
					 figures_compute_request(f),
				 cases[i].request);
		if (cases[i].limit < 0)
			assert_int_equal(figures_pod_limit(f), -1);
		else
			assert_int_equal(figures_pod_limit(f) -
						 figures_compute_limit(f),
					 cases[i].limit);
		guest_release(&g);
	}
}

/* CPUs of an init container: the largest at once, not the sum. */
static void init_containers_count_where_they_are_larger(void **state)
{
	struct guest g;

	(void)state;
	guest_calculate(&g,
			SPEC("domain: {resources: {requests: {memory: 1,"
			     " cpu: 1m}, limits: {memory: 1, cpu: 1m}}},"
			     " volumes: [{name: root, containerDisk:"
			     " {image: i}}]"),
			"v1.8.4", NULL);
	/* compute 1, volumeroot 10, the log 15; the log and an init 10. */
	assert_int_equal(resource_of(&g.figures.pod.limits, RESOURCE_CPU), 26);
	guest_release(&g);
	guest_calculate(&g,
			SPEC("domain: {" QUIET ", resources: {limits:"
			     " {memory: 1}}}, volumes: [{name: root,"
			     " containerDisk: {image: i}}]"),
			"v1.8.4", NULL);
	/* container-disk-binary's, which has more than volumeroot. */
	assert_int_equal(resource_of(&g.figures.pod.limits, RESOURCE_CPU), 100);
	guest_release(&g);
}

static void pods_have_a_class(void **state)
{
	static const struct {
		const char *release, *instance, *qos;
	} cases[] = {
		{"main", DOMAIN(""), "Burstable"},
		{"main", DOMAIN(EQUAL), "Guaranteed"},
		{"v1.0.0", DOMAIN(EQUAL), "Guaranteed"},
		{"main",
		 DOMAIN("resources: {requests: {memory: 1Gi},"
			" limits: {memory: 1Gi}}"),
		 "Burstable"},
		{"main", PINNED(""), "Guaranteed"},
		{"main", EQUAL_HOOKS, "Guaranteed"},
		/* Whose helper asks for less than its limit. */
		{"v1.0.1", EQUAL_SHARED, "Burstable"},
		{"v1.1.0", EQUAL_SHARED, "Guaranteed"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guest g;

		guest_calculate(&g, cases[i].instance, cases[i].release, NULL);
		if (strcmp(g.figures.pod.qos, cases[i].qos) != 0)
			fail_msg("row %zu: %s", i, g.figures.pod.qos);
		guest_release(&g);
	}
}

static void hot_plugged_volumes_have_another_pod(void **state)
{
	static const struct {
		const char *release;
		int64_t request;
	} cases[] = {{"v1.1.1", 80 * MB}, {"v1.2.0", 2 * MB}};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guest g;

		guest_calculate(&g,
				SPEC("domain: {}, volumes: [{name: a,"
				     " dataVolume: {hotpluggable: true}}]"),
				cases[i].release, NULL);
		assert_true(g.figures.pod.has_attachment);
		assert_int_equal(g.figures.pod.attachment_request_bytes,
				 cases[i].request);
		assert_int_equal(g.figures.pod.attachment_limit_bytes, 80 * MB);
		guest_release(&g);
		guest_calculate(&g, DOMAIN(""), cases[i].release, NULL);
		assert_false(g.figures.pod.has_attachment);
		guest_release(&g);
	}
}

/* Until v1.1 the pod is of the cluster's architecture. */
static void a_pod_has_an_architecture(void **state)
{
	static const struct {
		const char *release, *clusters, *arch;
	} cases[] = {
		{"v1.1.1", "amd64", "amd64"},
		{"v1.1.1", "", "arm64"},
		{"v1.2.0", "amd64", "arm64"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kubevirt_cluster c = kubevirt_cluster_default();
		struct guest g;

		snprintf(c.arch, sizeof(c.arch), "%s", cases[i].clusters);
		guest_read(&g, SPEC("architecture: arm64, domain: {}"));
		assert_string_equal(
			pod_architecture(
				&g.vmi, kubevirt_release_find(cases[i].release),
				&c),
			cases[i].arch);
		guest_release(&g);
	}
}

static void too_many_resources_are_refused(void **state)
{
	char text[4000];
	int len = snprintf(text, sizeof(text),
			   "{spec: {domain: {resources: {limits: {"),
	    i;
	struct kubevirt_cluster c = kubevirt_cluster_default();
	struct guest g;
	struct err err;

	(void)state;
	for (i = 0; i < RESOURCES_MAX; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"example.com/%d: 1, ", i);
	snprintf(text + len, sizeof(text) - (size_t)len, "}}}}}");
	guest_read(&g, text);
	assert_int_equal(figures_of(&g.vmi, kubevirt_release_find("main"), &c,
				    &g.figures, &err),
			 -ERANGE);
	assert_contains(err.msg, "container 'compute' has more than 40");
	guest_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_console_log_changes_its_place),
		cmocka_unit_test(a_cluster_may_switch_the_log_off),
		cmocka_unit_test(disks_of_images_are_containers_or_volumes),
		cmocka_unit_test(helpers_follow_the_release),
		cmocka_unit_test(helpers_ask_for_little),
		cmocka_unit_test(helpers_of_a_guaranteed_pod),
		cmocka_unit_test(cpus_are_pinned_by_release),
		cmocka_unit_test(cpus_are_shared_otherwise),
		cmocka_unit_test(huge_pages_are_a_resource),
		cmocka_unit_test(devices_are_resources),
		cmocka_unit_test(a_hypervisor_has_its_device),
		cmocka_unit_test(quotas_make_limits),
		cmocka_unit_test(sums_are_of_what_runs_at_once),
		cmocka_unit_test(init_containers_count_where_they_are_larger),
		cmocka_unit_test(pods_have_a_class),
		cmocka_unit_test(hot_plugged_volumes_have_another_pod),
		cmocka_unit_test(a_pod_has_an_architecture),
		cmocka_unit_test(too_many_resources_are_refused),
	};

	return RUN_TESTS(tests);
}
