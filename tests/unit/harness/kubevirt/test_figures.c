// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * figures: all amounts of one guest, and their JSON with the keys that
 * KubeVirt's own code has in ci/kubevirt-oracle; a shape without a manifest.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <math.h>

#include "harness/kubevirt/release.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/guest.h"
#include "tests/unit/fixture/run/json_path.h"

#define GI ((int64_t)GIB)

static void figures_hang_together(void **state)
{
	static const char instance[] =
		DOMAIN("memory: {guest: 2Gi}, devices: {hostDevices:"
		       " [{deviceName: d}]}, resources: {limits:"
		       " {memory: 4Gi}}");
	struct guest g;
	const struct figures *f = &g.figures;

	(void)state;
	guest_calculate(&g, instance, "v1.9.0", NULL);
	assert_int_equal(quantity_value(f->guest.q), 2 * GI);
	assert_int_equal(quantity_value(f->max_guest.q), 8 * GI);
	assert_string_equal(f->arch, "amd64");
	assert_string_equal(f->pod.containers[0].name, "compute");
	/* A limit alone is the request as well. */
	assert_int_equal(figures_compute_request(f),
			 4 * GI + f->overhead.total_bytes);
	assert_int_equal(figures_compute_limit(f), figures_compute_request(f));
	assert_int_equal(figures_pod_request(f),
			 figures_compute_request(f) + 35000000);
	assert_int_equal(figures_pod_limit(f),
			 figures_compute_limit(f) + 60000000);
	/* What it may become is what it may lock. */
	assert_int_equal(f->memlock_bytes,
			 f->overhead.total_bytes + 8589935000);
	guest_release(&g);
}

/* What was read serves for another release. */
static void a_guest_is_left_as_it_was_read(void **state)
{
	struct kubevirt_cluster c = kubevirt_cluster_default();
	struct guest g;
	struct figures again;
	struct err err;

	(void)state;
	guest_calculate(&g, DOMAIN("memory: {guest: 2Gi}"), "main", &c);
	assert_false(g.vmi.max_guest.is_set);
	assert_int_equal(g.vmi.interface_count, 0);
	assert_int_equal(figures_of(&g.vmi, kubevirt_release_find("v1.0.0"), &c,
				    &again, &err),
			 0);
	assert_false(again.max_guest.is_set);
	assert_int_equal(again.overhead.total_bytes, 253755392 + 4194304);
	figures_release(&again);
	guest_release(&g);
}

static void json_has_every_figure(void **state)
{
	struct guest g;
	json_t *json;
	double sum = 0;
	size_t i;

	(void)state;
	guest_calculate(&g,
			SPEC("domain: {memory: {guest: 1Gi}},"
			     " volumes: [{name: a, dataVolume:"
			     " {hotpluggable: true}}]"),
			"v1.9.0", NULL);
	json = figures_to_json(&g.figures);
	assert_json_text(json, "arch", "amd64");
	assert_json_text(json, "qos", "Burstable");
	assert_json_number(json, "overhead_bytes", 281018368);
	assert_json_number(json, "compute_request_bytes", GI + 281018368);
	assert_json_number(json, "guest_bytes", GI);
	assert_json_number(json, "max_guest_bytes", 4 * GI);
	assert_json_number(json, "compute_limit_bytes", NAN);
	assert_json_number(json, "pod_limit_bytes", NAN);
	assert_json_number(json, "memlock_bytes", NAN);
	assert_json_number(json, "hotplug_attachment_pod.limit_bytes",
			   80000000);
	assert_json_text(json, "containers.0.name", "compute");
	assert_json_number(json, "containers.0.requests.cpu", 100);
	assert_json_text(json, "containers.1.name", "guest-console-log");
	assert_true(json_is_true(json_at(json, "containers.1.init")));
	assert_true(json_is_true(json_at(json, "containers.1.restarts")));
	assert_null(json_object_get(json_at(json, "containers.0"), "init"));
	for (i = 0; i < json_array_size(json_at(json, "terms")); i++)
		sum += json_number_value(json_object_get(
			json_array_get(json_at(json, "terms"), i), "bytes"));
	assert_close(sum, 281018368, 0);
	json_decref(json);
	guest_release(&g);
}

/* Absent is null; unlimited is a word. */
static void limits_of_locked_memory_have_words(void **state)
{
	struct figures f = {.memlock_bytes = MEMLOCK_UNLIMITED};
	struct container compute = {.name = "compute"};
	json_t *json;

	(void)state;
	f.pod.containers = &compute;
	f.pod.container_count = 1;
	f.pod.qos = "Burstable";
	json = figures_to_json(&f);
	assert_json_text(json, "memlock_bytes", "unlimited");
	assert_json_number(json, "guest_bytes", NAN);
	assert_json_number(json, "compute_request_bytes", NAN);
	json_decref(json);
	f.memlock_bytes = 12345;
	json = figures_to_json(&f);
	assert_json_number(json, "memlock_bytes", 12345);
	json_decref(json);
}

static void a_guest_that_is_too_large_has_none(void **state)
{
	struct kubevirt_cluster c = kubevirt_cluster_default();
	struct guest g;
	struct err err = {0};

	(void)state;
	guest_read(&g, DOMAIN("memory: {guest: 4Ei}"));
	assert_int_equal(figures_of(&g.vmi, kubevirt_release_find("main"), &c,
				    &g.figures, &err),
			 -ERANGE);
	assert_contains(err.msg, "too large");
	assert_null(g.figures.pod.containers);
	guest_release(&g);
}

/* The overhead and its RAM, which with kvm each further device maps again. */
#define ONCE (-2)
#define SUM (-3)

static const struct {
	const char *release;
	struct overhead_shape shape;
	int64_t bytes, memlock;
} shapes[] = {
	{"v1.9", {.ram_bytes = GI, .vcpu_count = 1}, 249561088, MEMLOCK_NONE},
	{"main", {.ram_bytes = GI, .vcpu_count = 1}, 270532608, MEMLOCK_NONE},
	{"v1.9",
	 {.ram_bytes = GI, .vcpu_count = 3},
	 249561088 + 16 * MIB,
	 MEMLOCK_NONE},
	{"v1.9",
	 {.ram_bytes = GI, .vcpu_count = 1, .vfio_count = 2},
	 249561088 + GI,
	 SUM},
	{"v1.9",
	 {.ram_bytes = GI,
	  .vcpu_count = 1,
	  .vfio_count = 2,
	  .hypervisor = HYPERVISOR_HYPERV_DIRECT},
	 249561088 + GI,
	 ONCE},
	{"main",
	 {.ram_bytes = GI, .vcpu_count = 1, .vfio_count = 1},
	 270532608 + GI,
	 MEMLOCK_UNLIMITED},
	/* In thousands, cut: (249562 k) (1.5 - 1). */
	{"v1.9",
	 {.ram_bytes = GI, .vcpu_count = 1, .ratio = 1.5},
	 249561088 + 124781000,
	 MEMLOCK_NONE},
};

static void a_shape_has_an_overhead(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct kubevirt_release *r =
			kubevirt_release_find(shapes[i].release);
		int64_t want = shapes[i].memlock, memlock = -9;
		struct overhead o;
		struct err err;

		assert_int_equal(overhead_of_shape(&shapes[i].shape, r, &o,
						   &memlock, &err),
				 0);
		assert_int_equal(o.total_bytes, shapes[i].bytes);
		if (want <= ONCE)
			want = o.total_bytes + 1073742000 +
			       (want == SUM ? GI : 0);
		assert_int_equal(memlock, want);
		assert_int_equal(
			overhead_of_shape(&shapes[i].shape, r, &o, NULL, &err),
			0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_hang_together),
		cmocka_unit_test(a_guest_is_left_as_it_was_read),
		cmocka_unit_test(json_has_every_figure),
		cmocka_unit_test(limits_of_locked_memory_have_words),
		cmocka_unit_test(a_guest_that_is_too_large_has_none),
		cmocka_unit_test(a_shape_has_an_overhead),
	};

	return RUN_TESTS(tests);
}
