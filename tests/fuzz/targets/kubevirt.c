// SPDX-License-Identifier: GPL-3.0-or-later
/* Manifests of guests. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/kubevirt/instancetype.h"
#include "harness/kubevirt/quantity.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/survey.h"
#include "tests/fuzz/fuzz.h"

/* Figures that a guest has must be ones that can be asked for. */
static void check_guest(const struct survey_guest *g, void *arg)
{
	struct survey *s = arg;
	size_t i;

	for (i = 0; g->figures && i < s->release_count; i++)
		if (g->figures[i].overhead.total_bytes < 0 ||
		    !g->figures[i].pod.container_count)
			abort();
	if (!g->figures != (g->error != NULL))
		abort();
}

/* Reading KubeVirt's common types takes far longer than a manifest, so a text that
 * cannot add any shares them with those before it. */
static bool has_types(const char *text, size_t len)
{
	return memmem(text, len, "Instancetype", 12) ||
	       memmem(text, len, "Preference", 10) || memchr(text, '\\', len);
}

static void survey_text(const char *text, size_t len)
{
	const struct manifest_parameter parameter = {"A", "1Gi"};
	static struct instancetypes *shared;
	bool is_own = has_types(text, len);
	struct survey s = {
		.releases = {kubevirt_release_find("v1.0.0"),
			     kubevirt_release_find("v1.6.2"),
			     kubevirt_release_find("main")},
		.release_count = 3,
		.cluster = kubevirt_cluster_default(),
		.base = {.name = "", .space = ""},
		.options = {&parameter, 1},
		.each = check_guest,
	};
	FILE *in = fmemopen((void *)text, len, "r");
	struct err err;

	if (!is_own && !shared)
		shared = instancetypes_new();
	s.types = is_own ? instancetypes_new() : shared;
	s.arg = &s;
	s.cluster.has_memory_quota = s.cluster.has_cpu_quota = true;
	if (in) {
		survey_stream(&s, in, false, &err);
		fclose(in);
	}
	survey_release(&s);
	if (is_own)
		instancetypes_free(s.types);
}

/* Manifests with damage in one place, and amounts. */
static void fuzz_vmi(const uint8_t *data, size_t size)
{
	static const char *const formats[] = {
		"%.*s",
		"kind: VirtualMachine\nspec: {template: {spec: {domain: {%.*s}}}}\n",
		"kind: VirtualMachineInstance\nspec:\n  domain:\n"
		"    memory: {guest: %.*s}\n",
		"kind: VirtualMachineInstance\nspec: {domain: {}, %.*s}\n",
		"kind: List\nitems: [{kind: VirtualMachine, spec: {template:"
		" &t {spec: {domain: {}}}}}, %.*s]\n",
		"kind: Template\nparameters: [{name: B, value: '2'}]\n"
		"objects: [{kind: VirtualMachine, spec: {template: {spec:"
		" {domain: {cpu: {cores: '${{B}}'}, memory: {guest: '${A}'},"
		" %.*s}}}}}]\n",
		"kind: VirtualMachineInstancetype\nmetadata: {name: t}\n"
		"spec: {cpu: {guest: 2}, memory: {guest: 1Gi}, %.*s}\n---\n"
		"kind: VirtualMachinePreference\nmetadata: {name: t}\n"
		"spec: {%.*s}\n---\n"
		"kind: VirtualMachine\nspec: {instancetype: {name: t, kind:"
		" VirtualMachineInstancetype}, preference: {name: t, kind:"
		" VirtualMachinePreference}, template: {spec: {domain: {}}}}\n",
		"kind: VirtualMachinePool\nspec: {replicas: 3,"
		" virtualMachineTemplate: {spec: {template: {metadata:"
		" {annotations: {hooks.kubevirt.io/hookSidecars: '%.*s'}},"
		" spec: {domain: {}}}}}}\n",
	};
	int most = (int)(size < 256 ? size : 256), len;
	char text[2048];

	if (!size)
		return;
	len = snprintf(text, sizeof(text), formats[size % ARRAY_SIZE(formats)],
		       most, (const char *)data, most, (const char *)data);
	if (len)
		survey_text(text, (size_t)len);
}

/* A whole manifest, with a few bytes of it replaced. */
static void fuzz_manifest(const uint8_t *data, size_t size)
{
	char text[] =
		"kind: List\nitems:\n- &v {kind: VirtualMachine, metadata:"
		" {name: a}, spec: {instancetype: {name: u1.small}, template:"
		" {metadata: {annotations: {hooks.kubevirt.io/hookSidecars:"
		" '[{}]'}}, spec: &s {architecture: amd64, domain: {cpu:"
		" {cores: 2, dedicatedCpuPlacement: true, realtime: {}},"
		" memory: {guest: 1Gi, hugepages: {pageSize: 2Mi}}, devices:"
		" {tpm: {enabled: no}, gpus: [{deviceName: g}], interfaces:"
		" [{name: i, binding: {name: p}}], filesystems: [{name: f}]},"
		" resources: {requests: {memory: 1.5G, cpu: 500m}, limits:"
		" {memory: 2Gi, cpu: 1e0}}}, volumes: [{name: f, configMap:"
		" {}}, {name: d, containerDisk: {}}]}}}}\n- *v\n---\n"
		"kind: VirtualMachineInstance\nspec: {<<: {domain: {}}}\n";
	size_t i;

	for (i = 0; i + 2 < size && i < 12; i += 3)
		text[(data[i] * 256u + data[i + 1]) % (sizeof(text) - 1)] =
			(char)data[i + 2];
	survey_text(text, sizeof(text) - 1);
}

/* A text that is an amount is one of those that can be added. */
static void fuzz_quantity(const uint8_t *data, size_t size)
{
	char text[64];
	struct quantity q;
	struct err err;

	snprintf(text, sizeof(text), "%.*s", (int)(size < 60 ? size : 60),
		 (const char *)data);
	if (quantity_read(text, &q, &err))
		return;
	if (q.nano < 0 || quantity_value(q) < 0 ||
	    quantity_subtract(quantity_add(q, q), q).nano != q.nano)
		abort();
}

const struct fuzz_target targets_kubevirt[] = {
	{.name = "vmi",
	 .run = fuzz_vmi,
	 .max_bytes = 256,
	 .dictionary = "manifest"},
	{.name = "manifest", .run = fuzz_manifest, .max_bytes = 16},
	{.name = "quantity",
	 .run = fuzz_quantity,
	 .max_bytes = 60,
	 .dictionary = "quantity"},
	{0},
};
