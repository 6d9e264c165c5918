// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * kubevirt: every literal of KubeVirt's own tests that the facts list, and rows
 * computed by another program; amounts in all their forms; manifests.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/yaml_tree.h"
#include "harness/kubevirt/overhead.h"
#include "harness/kubevirt/quantity.h"
#include "harness/kubevirt/vmi.h"
#include "tests/unit/fixture/expect.h"

#define G 1000000000
#define GI ((int64_t)GIB)

static struct overhead of(const char *release, const struct vm_spec *s)
{
	struct overhead o;
	struct err err;

	if (overhead_of(s, kubevirt_release_find(release), &o, &err))
		fail_msg("%s", err.msg);
	return o;
}

static int64_t total(const char *release, const struct vm_spec *s)
{
	return of(release, s).total_bytes;
}

static void amounts_are_kubernetes(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{"0", 0},
		{"1", 1},
		{"1Gi", GI},
		{"1.5Gi", GI * 3 / 2},
		{"1e3", 1000},
		{"1E3", 1000},
		{"12e-1", 2},
		{"1E", 1000000000000000000},
		{"7Ei", 8070450532247928832},
		{"100M", 100000000},
		{"1500m", 2},
		{"1m", 1},
		{"1n", 1},
		{"2u", 1},
		{"2k", 2000},
		{".5Ki", 512},
		{"5.", 5},
		{"+3", 3},
		{"0.1Ki", 103},
		{"9223372036854775807", INT64_MAX},
	};
	static const char *const bad[] = {
		"",      "Gi",   "0x10", "1 GiB", "1GiB", "1gi", "1K",
		"-1",    "1..2", "1e",   "e3",    "1Gi ", " 1",  "1e3Gi",
		"1.5.5", "1e99", "nan",  "inf",   "1,5"};
	static const char *const large[] = {"9223372036854775808", "8Ei", "10E",
					    "1e19", "1e40"};
	struct err err;
	int64_t value = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		if (quantity_parse(good[i].text, &value, &err))
			fail_msg("%s", err.msg);
		if (value != good[i].value)
			fail_msg("'%s' is %lld", good[i].text,
				 (long long)value);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (quantity_parse(bad[i], &value, &err) != -EINVAL)
			fail_msg("'%s' is taken", bad[i]);
	for (i = 0; i < ARRAY_SIZE(large); i++)
		if (quantity_parse(large[i], &value, &err) != -ERANGE)
			fail_msg("'%s' is taken", large[i]);
}

/* template_test.go: whole pods. */
static void pods_are_those_of_its_tests(void **state)
{
	struct vm_spec s = {
		.memory_request = G, .memory_limit = 2ll * G, .vcpu_count = 1};
	struct overhead o;

	(void)state;
	o = of("v1.6", &s);
	assert_int_equal(o.pod_request_bytes, 1282971493);
	assert_int_equal(o.pod_limit_bytes, 2282971493);
	o = of("main", &s);
	assert_int_equal(o.pod_request_bytes, 1303943013);
	assert_int_equal(o.pod_limit_bytes, 2303943013);
	s.overcommits_guest_overhead = true;
	assert_int_equal(of("v1.9", &s).pod_request_bytes, G);
	assert_int_equal(of("v1.9", &s).pod_limit_bytes, 2282971493);
	assert_int_equal(of("main", &s).pod_limit_bytes, 2303943013);
	s.overcommits_guest_overhead = false;
	s.is_arm64 = true;
	assert_int_equal(of("v1.6", &s).pod_request_bytes, 1417189221);
	assert_int_equal(of("v1.6", &s).pod_limit_bytes, 2417189221);
	assert_int_equal(of("main", &s).pod_request_bytes, 1438160741);
	assert_int_equal(of("main", &s).pod_limit_bytes, 2438160741);
}

/* In millions, up, as the tests print them. */
static int64_t millions(const char *release, const struct vm_spec *s)
{
	return (of(release, s).pod_request_bytes + 999999) / 1000000;
}

static void small_pods_are_those_of_its_tests(void **state)
{
	struct vm_spec s = {.memory_request = 64000000, .vcpu_count = 3};

	(void)state;
	assert_int_equal(millions("v1.6", &s), 362);
	assert_int_equal(millions("main", &s), 383);
	s.has_no_graphics = true;
	assert_int_equal(millions("v1.7", &s), 329);
	assert_int_equal(millions("main", &s), 350);
	s.is_arm64 = true;
	assert_int_equal(millions("v1.8", &s), 463);
	assert_int_equal(millions("main", &s), 484);
	s.has_no_graphics = false;
	assert_int_equal(millions("v1.9", &s), 497);
	assert_int_equal(millions("main", &s), 518);
	s = (struct vm_spec){.memory_request = 64000000,
			     .memory_limit = 64000000,
			     .hugepage_bytes = 2 * (int64_t)MIB};
	assert_int_equal(millions("v1.6", &s), 282);
	assert_int_equal(millions("main", &s), 303);
	s.is_arm64 = true;
	assert_int_equal(millions("v1.6", &s), 416);
	assert_int_equal(millions("main", &s), 437);
}

/* hypervisorbackend_test.go, and rows computed beside it. */
static void overheads_are_those_of_its_tests(void **state)
{
	const struct {
		struct vm_spec spec;
		int64_t v16, head;
	} rows[] = {
		{{.memory_request = G}, 282971493, 303943013},
		{{.memory_request = G, .is_arm64 = true}, 417189221, 438160741},
		{{.memory_request = GI}, 283115520, 304087040},
		{{.memory_request = GI, .vcpu_count = 8}, 341835776, 362807296},
		{{.memory_request = GI, .vcpu_count = 5}, 316669952, 337641472},
		{{.memory_request = GI, .vcpu_count = 3}, 299892736, 320864256},
		{{.memory_request = GI, .has_no_graphics = true},
		 249561088,
		 270532608},
		{{.memory_request = GI, .is_arm64 = true},
		 417333248,
		 438304768},
		{{.memory_request = GI, .vfio_count = 1},
		 1356857344,
		 1377828864},
		/* Once, however many. */
		{{.memory_request = GI, .vfio_count = 4},
		 1356857344,
		 1377828864},
		{{.memory_request = GI, .has_downward_metrics = true},
		 284164096,
		 305135616},
		{{.memory_request = GI, .has_liveness_exec = true},
		 398458880,
		 419430400},
		{{.memory_request = GI,
		  .has_liveness_exec = true,
		  .has_readiness_exec = true},
		 408944640,
		 429916160},
		{{.memory_request = GI, .has_sev = true}, 551550976, 572522496},
		{{.memory_request = GI, .has_tpm = true}, 338690048, 359661568},
		{{.memory_request = GI, .has_dedicated_cpus = true},
		 387973120,
		 408944640},
		{{.memory_request = GI, .ratio = "3.2"}, 905970520, 973080040},
		{{.memory_request = GI, .ratio = "no_float"},
		 283115520,
		 304087040},
		{{.memory_request = G, .ratio = "2.332"}, 659889493, 708796013},
		{{.memory_request = G, .ratio = "1.0"}, 282971493, 303943013},
		{{.memory_request = 64000000, .vcpu_count = 3},
		 297920584,
		 318892104},
		{{.memory_request = 8 * GI, .vcpu_count = 4},
		 322961408,
		 343932928},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (total("v1.6", &rows[i].spec) != rows[i].v16 ||
		    total("v1.9.3", &rows[i].spec) != rows[i].v16 ||
		    total("main", &rows[i].spec) != rows[i].head)
			fail_msg("row %zu: %lld, %lld", i,
				 (long long)total("v1.6", &rows[i].spec),
				 (long long)total("main", &rows[i].spec));
	}
}

static void releases_differ_as_they_did(void **state)
{
	struct vm_spec s = {.memory_request = GI, .added_overhead = 100ll * G};

	(void)state;
	assert_int_equal(total("v1.8", &s), 100283115520);
	assert_int_equal(total("main", &s), 100304087040);
	assert_int_equal(total("v1.7", &s), 283115520); /* knew no such thing */
	s.added_overhead = 0;
	assert_int_equal(total("v1.0", &s), 255852544);
	assert_int_equal(total("1.4", &s), 255852544);
	assert_int_equal(total("v1.5", &s), 266338304);
	s.has_snp = true;
	assert_int_equal(total("v1.6", &s), 283115520);
	assert_int_equal(total("v1.7", &s), 551550976);
	/* No request: from v1.7 on the page tables are forgotten. */
	s = (struct vm_spec){.guest_memory = 64 * GI};
	assert_int_equal(total("v1.9", &s), 281018368);
	assert_int_equal(total("main", &s), 301989888);
	assert_int_equal(total("v1.6", &s) - total("v1.7", &s), 134217728);
	assert_int_equal(of("v1.7", &s).total_by_guest_bytes,
			 total("v1.6", &s));
	assert_int_equal(of("v1.7", &s).pod_request_bytes, 64 * GI + 281018368);
	assert_null(kubevirt_release_find("v1.10"));
	assert_null(kubevirt_release_find("v2.0"));
	assert_null(kubevirt_release_find(""));
	assert_null(kubevirt_release_find("v"));
	assert_null(kubevirt_release_find("mainline"));
}

static void page_tables_round_as_its_do(void **state)
{
	static const struct {
		int64_t request, term;
	} rows[] = {
		{3, 1},
		{64000000, 125000},
		{136ll << 20, 278529},
		{G, 1953125},
		{1ll << 30, 2097152},
		{2ll << 30, 4194304},
		{4ll << 30, 8388609},
		{8ll << 30, 16777216},
		{16ll << 30, 33554433},
		{32ll << 30, 67108865},
		{64ll << 30, 134217728},
		{160ll << 30, 335544320},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vm_spec s = {.memory_request = rows[i].request};

		assert_int_equal(of("main", &s).terms[0].bytes, rows[i].term);
	}
}

static void memlock_follows_the_release(void **state)
{
	struct vm_spec s = {.memory_request = 8 * GI, .vfio_count = 1};

	(void)state;
	assert_int_equal(of("v1.6", &s).memlock_bytes, 9961472408);
	assert_int_equal(of("v1.9", &s).memlock_bytes, 9961472408);
	assert_int_equal(of("main", &s).memlock_bytes, MEMLOCK_UNLIMITED);
	assert_int_equal(of("v1.5", &s).memlock_bytes, MEMLOCK_UNKNOWN);
	s.vfio_count = 2;
	assert_int_equal(of("v1.6", &s).memlock_bytes, 9961472408);
	assert_int_equal(of("v1.9", &s).memlock_bytes, 18551407000);
	s.hypervisor = HYPERVISOR_HYPERV_DIRECT;
	assert_int_equal(of("v1.9", &s).memlock_bytes, 9961472408);
	s.vfio_count = 0;
	assert_int_equal(of("v1.9", &s).memlock_bytes, 0);
	/* Which mshv's backend did not heed at first. */
	s.is_memlock_required = true;
	assert_int_equal(of("v1.9", &s).memlock_bytes, 0);
	assert_int_equal(of("main", &s).memlock_bytes, MEMLOCK_UNLIMITED);
	s.hypervisor = HYPERVISOR_KVM;
	assert_true(of("v1.9", &s).memlock_bytes > 8 * GI);
	assert_int_equal(of("v1.6", &s).memlock_bytes, 0);
	/* What it may become, where that is said. */
	s.max_guest = 16 * GI;
	assert_true(of("v1.9", &s).memlock_bytes > 16 * GI);
}

static void nonsense_is_refused(void **state)
{
	struct vm_spec s = {.vcpu_count = 1};
	struct overhead o;
	struct err err;

	(void)state;
	assert_int_equal(
		overhead_of(&s, kubevirt_release_find("main"), &o, &err),
		-EINVAL);
	assert_non_null(strstr(err.msg, "no memory"));
	s.memory_request = INT64_MAX;
	assert_int_equal(
		overhead_of(&s, kubevirt_release_find("main"), &o, &err),
		-ERANGE);
	s.memory_request = GI;
	snprintf(s.ratio, sizeof(s.ratio), "1e30");
	assert_int_equal(
		overhead_of(&s, kubevirt_release_find("main"), &o, &err),
		-ERANGE);
	snprintf(s.ratio, sizeof(s.ratio), "inf");
	assert_int_equal(total("main", &s), 304087040);
}

/* As KubeVirt's user guide writes them. */
static const char vm[] =
	"apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\n---\n"
	"apiVersion: kubevirt.io/v1\nkind: VirtualMachine\n"
	"metadata:\n  name: testvm\nspec:\n  runStrategy: Halted\n"
	"  template:\n    metadata:\n      labels: {kubevirt.io/size: small}\n"
	"    spec:\n      domain:\n        devices:\n          disks:\n"
	"            - name: containerdisk\n              disk: {bus: virtio}\n"
	"          interfaces:\n          - name: default\n"
	"            masquerade: {}\n          - name: fast\n"
	"            sriov: {}\n"
	"          autoattachGraphicsDevice: false\n          tpm: {}\n"
	"        cpu:\n          cores: 2\n          sockets: 2\n"
	"        memory: {guest: 1Gi}\n"
	"        resources:\n          requests:\n            memory: 1Gi\n"
	"      volumes:\n        - name: m\n          downwardMetrics: {}\n"
	"      readinessProbe:\n        exec: {command: [cat, /x]}\n";

static void manifests_are_understood(void **state)
{
	static const char json[] =
		"{\"kind\": \"VirtualMachineInstance\", \"spec\": {\"domain\":"
		" {\"resources\": {\"requests\": {\"memory\": \"1Gi\", \"cpu\":"
		" 3}, \"limits\": {\"cpu\": \"4500m\"}}}}}";
	struct vm_spec s = {.memory_request = 0};
	char name[32];
	struct err err;

	(void)state;
	if (vmi_parse(vm, strlen(vm), &s, name, sizeof(name), &err))
		fail_msg("%s", err.msg);
	assert_string_equal(name, "testvm");
	assert_int_equal(s.memory_request, GI);
	assert_int_equal(s.guest_memory, GI);
	assert_int_equal(s.vcpu_count, 4);
	assert_int_equal(s.vfio_count, 1);
	assert_true(s.has_no_graphics && s.has_tpm && s.has_downward_metrics &&
		    s.has_readiness_exec);
	assert_false(s.has_liveness_exec || s.has_sev || s.has_dedicated_cpus);
	s = (struct vm_spec){.memory_request = 0};
	assert_int_equal(
		vmi_parse(json, strlen(json), &s, name, sizeof(name), &err), 0);
	assert_int_equal(s.vcpu_count, 5); /* the limit, in whole CPUs */
	assert_int_equal(total("v1.6", &s), 316669952);
}

static void guaranteed_pods_are_seen(void **state)
{
	static const char yaml[] =
		"kind: VirtualMachineInstance\nspec:\n  domain:\n"
		"    resources:\n      requests: {memory: 1Gi, cpu: 1}\n"
		"      limits: {memory: 1024Mi, cpu: 1000m}\n";
	struct vm_spec s = {.memory_request = 0};
	char name[32];
	struct err err;

	(void)state;
	assert_int_equal(
		vmi_parse(yaml, strlen(yaml), &s, name, sizeof(name), &err), 0);
	assert_true(s.has_dedicated_cpus);
	assert_int_equal(total("v1.9", &s), 387973120);
}

static void bad_manifests_are_named(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "holds no VirtualMachineInstance"},
		{"kind: Pod\n", "holds no VirtualMachineInstance"},
		{"a: [", "line "},
		{"a: &x 1\nb: *x\n", "aliases"},
		{"a: 1\na: 2\n", "line 2: a key stands there twice"},
		{"kind: VirtualMachineInstance\nspec: {}\n", "no 'domain'"},
		{"kind: VirtualMachineInstance\nspec:\n  domain:\n"
		 "    memory: {guest: 1 GiB}\n",
		 "'domain.memory.guest': '1 GiB' is not an amount"},
		{"kind: VirtualMachineInstance\nspec:\n  domain:\n"
		 "    memory: {guest: [1]}\n",
		 "is not an amount"},
		{"kind: VirtualMachineInstance\nspec:\n  domain:\n"
		 "    cpu: {cores: 1.5}\n",
		 "'domain.cpu.cores' is no number"},
		{"kind: VirtualMachineInstance\nspec:\n  domain:\n"
		 "    devices: {autoattachGraphicsDevice: maybe}\n",
		 "neither true nor false"},
		{"kind: VirtualMachineInstance\nspec:\n"
		 "  architecture: s390x\n  domain: {x: 1}\n",
		 "'architecture'"},
	};
	struct vm_spec s;
	char name[32], deep[512];
	struct err err;
	json_t *tree;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&s, 0, sizeof(s));
		assert_int_equal(vmi_parse(rows[i].text, strlen(rows[i].text),
					   &s, name, sizeof(name), &err),
				 -EINVAL);
		assert_contains(err.msg, rows[i].says);
	}
	memset(deep, '[', sizeof(deep));
	assert_int_equal(yaml_tree_parse(deep, sizeof(deep), &tree, &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "too deeply"));
}

/* --- what is shown ------------------------------------------------------- */

/* All that a guest can have at once: each term is there, and they add up. */
static const struct vm_spec everything = {
	.is_arm64 = true,
	.memory_request = 4 * GI,
	.guest_memory = 4 * GI,
	.memory_limit = 8 * GI,
	.vcpu_count = 4,
	.vfio_count = 2,
	.has_sev = true,
	.has_tpm = true,
	.has_dedicated_cpus = true,
	.has_liveness_exec = true,
	.has_readiness_exec = true,
	.has_downward_metrics = true,
	.is_memlock_required = true,
	.added_overhead = 12345,
	.ratio = "1.5",
};

static void terms_add_up(void **state)
{
	struct overhead o = of("v1.8", &everything);
	int64_t sum = 0, kubevirts, libvirts;
	size_t i, k;

	(void)state;
	for (i = 0; i < o.term_count; i++) {
		sum += o.terms[i].bytes;
		assert_int_equal(overhead_term(&o, o.terms[i].name),
				 o.terms[i].bytes);
		for (k = 0; k < i; k++)
			assert_string_not_equal(o.terms[i].name,
						o.terms[k].name);
	}
	assert_int_equal(o.term_count, 18);
	assert_int_equal(sum, o.total_bytes);
	assert_int_equal(overhead_term(&o, "no such term"), 0);
	assert_int_equal(overhead_term(&o, "vCPUs, 8 MiB each"), 32 * MIB);
	assert_int_equal(overhead_term(&o, "exec probes"), 120 * MIB);
	assert_int_equal(overhead_term(&o, "reservedOverhead.addedOverhead"),
			 12345);
	kubevirts = overhead_term(&o, "virt-launcher") +
		    overhead_term(&o, "virt-launcher-monitor");
	libvirts =
		overhead_term(&o, "virtlogd") + overhead_term(&o, "virtqemud");
	assert_int_equal(kubevirts, 125 * MIB);
	assert_int_equal(overhead_of_guest(&o, true), sum - kubevirts);
	assert_int_equal(overhead_of_guest(&o, false),
			 sum - kubevirts - libvirts);
}

static char *written(const struct overhead *o)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	overhead_write(o, out);
	fclose(out);
	return text;
}

/* The words for a limit; in JSON they are null, or "unlimited". */
static void limits_have_words(void **state)
{
	static const struct {
		int64_t pod, memlock;
		const char *words;
		bool memlock_is_text, memlock_is_null;
	} cases[] = {
		{0, 0, "left alone", false, true},
		{GI, MEMLOCK_UNKNOWN, "not known", false, true},
		{GI, MEMLOCK_UNLIMITED, "unlimited", true, false},
		{GI, 3 * MIB, "3.00 MiB", false, false},
	};
	struct overhead o = of("v1.8", &everything);
	const json_t *limit;
	json_t *json;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		o.pod_limit_bytes = cases[i].pod;
		o.memlock_bytes = cases[i].memlock;
		text = written(&o);
		assert_contains(text, cases[i].words);
		assert_int_equal(count_of(text, " none\n"), !cases[i].pod);
		assert_int_equal(count_of(text, "\n"), o.term_count + 4);
		free(text);
		json = overhead_to_json(&o);
		limit = json_object_get(json, "memlock_bytes");
		assert_int_equal(json_is_string(limit),
				 cases[i].memlock_is_text);
		assert_int_equal(json_is_null(limit), cases[i].memlock_is_null);
		assert_int_equal(json_integer_value(json_object_get(
					 json, "pod_limit_bytes")),
				 cases[i].pod);
		assert_int_equal(
			json_array_size(json_object_get(json, "terms")),
			o.term_count);
		json_decref(json);
	}
}

/* One formula is of the request, the other of the guest. */
static void two_totals_are_shown(void **state)
{
	const struct vm_spec s = {.guest_memory = 512 * GI};
	struct overhead o = of("v1.7", &s);
	char *text = written(&o);

	(void)state;
	assert_true(o.total_by_guest_bytes > o.total_bytes);
	/* Page tables of 1/512: a GiB, in whole thousands. */
	assert_close((double)(o.total_by_guest_bytes - o.total_bytes), GI,
		     1000);
	assert_contains(text, "were the guest's memory requested");
	free(text);
	/* Which fills in the request. */
	assert_int_equal(of("v1.6", &s).total_bytes, o.total_by_guest_bytes);
}

static void releases_have_names(void **state)
{
	static const char *const none[] = {"", "v1", "v1.10", "v2.0", "main.1"};
	const char *names = kubevirt_release_names();
	size_t i;

	(void)state;
	assert_int_equal(count_of(names, "v1."), 10);
	assert_contains(names, " main");
	for (i = 0; i < ARRAY_SIZE(none); i++)
		if (kubevirt_release_find(none[i]))
			fail_msg("'%s' is found", none[i]);
	assert_string_equal(
		kubevirt_release_name(kubevirt_release_find("1.6.3")), "v1.6");
	assert_true(kubevirt_release_has_hypervisor_gate(
		kubevirt_release_find("main")));
	assert_false(kubevirt_release_has_hypervisor_gate(
		kubevirt_release_find("v1.7")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_kubernetes),
		cmocka_unit_test(pods_are_those_of_its_tests),
		cmocka_unit_test(small_pods_are_those_of_its_tests),
		cmocka_unit_test(overheads_are_those_of_its_tests),
		cmocka_unit_test(releases_differ_as_they_did),
		cmocka_unit_test(page_tables_round_as_its_do),
		cmocka_unit_test(memlock_follows_the_release),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(manifests_are_understood),
		cmocka_unit_test(guaranteed_pods_are_seen),
		cmocka_unit_test(bad_manifests_are_named),
		cmocka_unit_test(terms_add_up),
		cmocka_unit_test(limits_have_words),
		cmocka_unit_test(two_totals_are_shown),
		cmocka_unit_test(releases_have_names),
	};

	return RUN_TESTS(tests);
}
