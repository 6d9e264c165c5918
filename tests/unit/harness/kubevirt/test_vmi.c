// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * vmi: what KubeVirt makes of a guest's fields: how many vCPUs and devices, and
 * whether its resources are guaranteed. Copies own their lists.
 */
#include "tests/unit/test.h"

#include "harness/kubevirt/release.h"
#include "tests/unit/fixture/harness/guest.h"

#define GI ((int64_t)GIB)

/* In 32 bits, as in Go; zeros are passed over. */
static void vcpus_are_a_product(void **state)
{
	static const struct {
		uint32_t cores, sockets, threads;
		int64_t vcpus;
	} cases[] = {
		{0, 0, 0, 0},  {3, 0, 0, 3},         {0, 3, 0, 3},
		{0, 0, 3, 3},  {3, 2, 4, 24},        {0, 2, 4, 8},
		{3, 0, 4, 12}, {65536, 65536, 0, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct vmi v = {
			.cores = cases[i].cores,
			.sockets = cases[i].sockets,
			.threads = cases[i].threads,
		};

		assert_int_equal(vmi_vcpu_count(&v), cases[i].vcpus);
	}
}

static void devices_of_vfio_are_counted(void **state)
{
	struct guest g;

	(void)state;
	guest_read(&g, DOMAIN("devices: {gpus: [{}], hostDevices: [{}, {}],"
			      " interfaces: [{sriov: {}}, {bridge: {}},"
			      " {passtBinding: {}}]}"));
	assert_int_equal(vmi_vfio_count(&g.vmi), 4);
	assert_true(vmi_has_passt_binding(&g.vmi));
	guest_release(&g);
	guest_read(&g, DOMAIN(""));
	assert_int_equal(vmi_vfio_count(&g.vmi), 0);
	assert_false(vmi_has_passt_binding(&g.vmi));
	guest_release(&g);
}

static void equal_requests_and_limits_are_guaranteed(void **state)
{
#define BOTH(request, limit) \
	DOMAIN("resources: {requests: {" request "}, limits: {" limit "}}")
	static const struct {
		const char *instance;
		bool before, since; /* v1.6.4 */
	} cases[] = {
		{BOTH("memory: 1Gi, cpu: 1", "memory: 1024Mi, cpu: 1000m"),
		 true, true},
		{BOTH("memory: 1Gi, cpu: 1", "memory: 1Gi, cpu: 999m"), false,
		 false},
		{BOTH("memory: 1Gi, cpu: 1", "memory: 2Gi, cpu: 1"), false,
		 false},
		{BOTH("memory: 1Gi", "memory: 1Gi"), false, false},
		{BOTH("cpu: 1", "memory: 1Gi, cpu: 1"), false, true},
		{BOTH("", "memory: 1Gi, cpu: 1"), false, false},
		{BOTH("memory: 1Gi, cpu: 1", ""), false, false},
		{BOTH("memory: 0, cpu: 1", "memory: 0, cpu: 1"), false, false},
		{DOMAIN(""), false, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guest g;

		guest_read(&g, cases[i].instance);
		if (vmi_is_guaranteed(&g.vmi,
				      kubevirt_release_find("v1.6.3")) !=
			    cases[i].before ||
		    vmi_is_guaranteed(&g.vmi,
				      kubevirt_release_find("v1.6.4")) !=
			    cases[i].since)
			fail_msg("row %zu", i);
		guest_release(&g);
	}
}

static void copies_own_their_lists(void **state)
{
	struct guest g;
	struct vmi copy;

	(void)state;
	guest_read(&g, SPEC("networks: [{name: a}], volumes: [{name: v}],"
			    " domain: {devices: {gpus: [{deviceName: g}],"
			    " hostDevices: [{deviceName: h}], filesystems:"
			    " [{name: f}], interfaces: [{name: i}]}}"));
	copy = vmi_copy(&g.vmi);
	vmi_release(&g.vmi);
	assert_int_equal(g.vmi.gpu_count, 0);
	assert_null(g.vmi.gpus);
	assert_string_equal(copy.networks[0].name, "a");
	assert_string_equal(copy.volumes[0].name, "v");
	assert_string_equal(copy.gpus[0].resource, "g");
	assert_string_equal(copy.host_devices[0].resource, "h");
	assert_string_equal(copy.filesystems[0], "f");
	assert_string_equal(copy.interfaces[0].name, "i");
	vmi_release(&copy);
	guest_release(&g);
}

static void a_shape_is_a_guest(void **state)
{
	struct vmi v = vmi_of_shape(GI, 3, 2);

	(void)state;
	assert_int_equal(resource_of(&v.requests, RESOURCE_MEMORY), GI);
	assert_int_equal(vmi_vcpu_count(&v), 3);
	assert_int_equal(vmi_vfio_count(&v), 2);
	assert_int_equal(v.graphics, FLAG_FALSE);
	assert_string_equal(v.host_devices[1].resource, "");
	vmi_release(&v);
	v = vmi_of_shape(0, 1, 0);
	assert_int_equal(resource_of(&v.requests, RESOURCE_MEMORY), -1);
	vmi_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vcpus_are_a_product),
		cmocka_unit_test(devices_of_vfio_are_counted),
		cmocka_unit_test(equal_requests_and_limits_are_guaranteed),
		cmocka_unit_test(copies_own_their_lists),
		cmocka_unit_test(a_shape_is_a_guest),
	};

	return RUN_TESTS(tests);
}
