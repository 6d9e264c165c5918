// SPDX-License-Identifier: GPL-3.0-or-later
/* fields: what KubeVirt's API does not have is told with its path, and nothing
 * that it has. */
#include "tests/unit/test.h"

#include "harness/base/strbuf.h"
#include "harness/base/yaml_stream.h"
#include "harness/kubevirt/fields.h"

static void hear(const char *path, const struct yaml_value *at, void *arg)
{
	strbuf_printf(arg, "%s@%zu ", path, yaml_line_of(at));
}

static void unknown_fields_are_told(void **state)
{
	static const struct {
		const char *spec, *unknown;
	} cases[] = {
		{"{}", ""},
		{"text", ""},
		{"{domain: {cpu: {cores: 2, model: m}, memory: {guest: 1Gi}}}",
		 ""},
		{"{domain: {memroy: {guest: 1Gi}}}", "spec.domain.memroy@1 "},
		{"a: 1\ndomain:\n  b: 2\n", "spec.a@1 spec.domain.b@3 "},
		/* Below an unknown field nothing is looked at. */
		{"{a: {b: {c: 1}}}", "spec.a@1 "},
		{"{domain: {devices: {disks: [{name: a}, {nmae: b}]}}}",
		 "spec.domain.devices.disks.nmae@1 "},
		{"{domain: {devices: {interfaces: [{bridge: {}, mac: x}]}}}",
		 "spec.domain.devices.interfaces.mac@1 "},
		{"{nodeSelector: {any: thing}, affinity: {nodeAffinity: {}}}",
		 ""},
		{"{domain: {resources: {requests: {memory: 1, x/y: 2}}}}", ""},
		{"{x: &x {cores: 1}, domain: {cpu: {<<: *x}}}", "spec.x@1 "},
		{"{domain: {Memory: {}}}", "spec.domain.Memory@1 "},
		{"{domain: {'': 1}}", "spec.domain.@1 "},
		{"{domain: null, volumes: [null, 1]}", ""},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct yaml_stream *s = yaml_stream_open_bytes(
			cases[i].spec, strlen(cases[i].spec), NULL);
		const struct yaml_value *spec;
		struct strbuf out = {0};
		struct err err;

		assert_int_equal(yaml_stream_next(s, &spec, &err), 1);
		fields_check(spec, "VirtualMachineInstance", hear, &out);
		if (strcmp(strbuf_str(&out), cases[i].unknown) != 0)
			fail_msg("%s: %s", cases[i].spec, strbuf_str(&out));
		strbuf_release(&out);
		yaml_stream_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_fields_are_told),
	};

	return RUN_TESTS(tests);
}
