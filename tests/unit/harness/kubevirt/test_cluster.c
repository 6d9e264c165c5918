// SPDX-License-Identifier: GPL-3.0-or-later
/* cluster: KubeVirt's defaults, gates by their whole name, and what is shown of
 * a configuration. Which releases hot-plug is test_defaults' concern. */
#include "tests/unit/test.h"

#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/release.h"
#include "tests/unit/fixture/harness/guest.h"
#include "tests/unit/fixture/run/json_path.h"

static void gates_have_whole_names(void **state)
{
	static const struct {
		const char *gates;
		bool has_it; /* "Gate" */
	} cases[] = {
		{"", false},          {"Gate", true},     {"A,Gate", true},
		{"Gate,A", true},     {"A,Gate,B", true}, {"Gates", false},
		{"AGate,Gat", false}, {",Gate,", true},   {"gate", false},
		{",,", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kubevirt_cluster c = cluster_with_gates(cases[i].gates);

		if (kubevirt_cluster_has_gate(&c, "Gate") != cases[i].has_it)
			fail_msg("'%s'", cases[i].gates);
	}
}

static void the_configuration_is_shown(void **state)
{
	struct kubevirt_cluster c = cluster_with_gates("A,B");
	json_t *json =
		kubevirt_cluster_to_json(&c, kubevirt_release_find("v1.9.0"));

	(void)state;
	assert_json_text(json, "hypervisor", "kvm");
	assert_json_number(json, "memoryOvercommit", 100);
	assert_json_number(json, "maxHotplugRatio", 4);
	assert_json_number(json, "cpuAllocationRatio", 10);
	assert_json_text(json, "vmRolloutStrategy", "LiveUpdate");
	assert_json_text(json, "featureGates", "A,B");
	assert_true(json_is_true(json_at(json, "guestConsoleLog")));
	json_decref(json);
	c.hypervisor = HYPERVISOR_HYPERV_DIRECT;
	json = kubevirt_cluster_to_json(&c, kubevirt_release_find("v1.0.0"));
	assert_json_text(json, "hypervisor", "hyperv-direct");
	assert_json_text(json, "vmRolloutStrategy", "Stage");
	assert_true(json_is_false(json_at(json, "guestConsoleLog")));
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gates_have_whole_names),
		cmocka_unit_test(the_configuration_is_shown),
	};

	return RUN_TESTS(tests);
}
