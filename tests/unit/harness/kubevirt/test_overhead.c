// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * overhead: every literal of KubeVirt's own tests that the facts list, and rows
 * computed by another program; terms that add up; the limit of locked memory by
 * release and hypervisor.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/kubevirt/overhead.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/guest.h"

#define G 1000000000
#define GI ((int64_t)GIB)

/* As KubeVirt's tests call it, without the webhook's defaults. */
static int overhead_in(const char *release, const char *instance,
		       const char *ratio, struct overhead *o, struct err *err)
{
	struct kubevirt_cluster c = kubevirt_cluster_default();
	struct guest g;
	int ret;

	snprintf(c.ratio, sizeof(c.ratio), "%s", ratio ? ratio : "");
	guest_read(&g, instance);
	ret = overhead_of(&g.vmi, g.vmi.arch, kubevirt_release_find(release),
			  &c, o, err);
	guest_release(&g);
	return ret;
}

static struct overhead of(const char *release, const char *instance,
			  const char *ratio)
{
	struct overhead o;
	struct err err;

	if (overhead_in(release, instance, ratio, &o, &err))
		fail_msg("%s: %s", instance, err.msg);
	return o;
}

static int64_t total(const char *release, const char *instance)
{
	return of(release, instance, NULL).total_bytes;
}

#define REQUEST(amount) "resources: {requests: {memory: " amount "}}"
#define ONE_GI REQUEST("1Gi")
#define ARM "architecture: arm64, "
#define MEMORY_64M "resources: {requests: {memory: 64M}, limits: {memory: 64M}}"
#define PAGES "memory: {hugepages: {pageSize: 2Mi}}, "

/* template_test.go. */
static void pods_are_those_of_its_tests(void **state)
{
#define POD "requests: {memory: 1G}, limits: {memory: 2G}"
	static const char plain[] = DOMAIN("resources: {" POD "}");
	static const char without[] =
		DOMAIN("resources: {overcommitGuestOverhead: true, " POD "}");
	static const char arm[] = SPEC(ARM "domain: {resources: {" POD "}}");
	static const struct {
		const char *release, *instance;
		int64_t request, limit;
	} rows[] = {
		{"v1.6", plain, 1282971493, 2282971493},
		{"main", plain, 1303943013, 2303943013},
		{"v1.9", without, G, 2282971493},
		{"main", without, G, 2303943013},
		{"v1.6", arm, 1417189221, 2417189221},
		{"main", arm, 1438160741, 2438160741},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest g;

		guest_calculate(&g, rows[i].instance, rows[i].release, NULL);
		assert_int_equal(figures_compute_request(&g.figures),
				 rows[i].request);
		assert_int_equal(figures_compute_limit(&g.figures),
				 rows[i].limit);
		guest_release(&g);
	}
}

/* In millions, up, as its tests print them. */
static void small_pods_are_those_of_its_tests(void **state)
{
#define SMALL "cpu: {cores: 3}, " REQUEST("64M")
#define BLIND "devices: {autoattachGraphicsDevice: false}, "
	static const struct {
		const char *release, *instance;
		int64_t millions;
	} rows[] = {
		{"v1.6", DOMAIN(SMALL), 362},
		{"main", DOMAIN(SMALL), 383},
		{"v1.7", DOMAIN(BLIND SMALL), 329},
		{"main", DOMAIN(BLIND SMALL), 350},
		{"v1.8", SPEC(ARM "domain: {" BLIND SMALL "}"), 463},
		{"main", SPEC(ARM "domain: {" BLIND SMALL "}"), 484},
		{"v1.9", SPEC(ARM "domain: {" SMALL "}"), 497},
		{"main", SPEC(ARM "domain: {" SMALL "}"), 518},
		{"v1.6", DOMAIN(PAGES MEMORY_64M), 282},
		{"main", DOMAIN(PAGES MEMORY_64M), 303},
		{"v1.6", SPEC(ARM "domain: {" PAGES MEMORY_64M "}"), 416},
		{"main", SPEC(ARM "domain: {" PAGES MEMORY_64M "}"), 437},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest g;
		int64_t bytes;

		guest_calculate(&g, rows[i].instance, rows[i].release, NULL);
		bytes = figures_compute_request(&g.figures);
		if ((bytes + 999999) / 1000000 != rows[i].millions)
			fail_msg("%s %s: %lld", rows[i].release,
				 rows[i].instance, (long long)bytes);
		guest_release(&g);
	}
}

#define DEVICES(n) "devices: {hostDevices: [" n "]}, "
#define EXEC "exec: {command: [cat]}"

/* hypervisorbackend_test.go, and rows computed beside it. */
static const struct {
	const char *instance, *ratio;
	int64_t v16, head;
} rows_of_its_tests[] = {
	{DOMAIN(REQUEST("1G")), NULL, 282971493, 303943013},
	{SPEC(ARM "domain: {" REQUEST("1G") "}"), NULL, 417189221, 438160741},
	{DOMAIN(ONE_GI), NULL, 283115520, 304087040},
	{DOMAIN("cpu: {cores: 8}, " ONE_GI), NULL, 341835776, 362807296},
	{DOMAIN("cpu: {cores: 5}, " ONE_GI), NULL, 316669952, 337641472},
	{DOMAIN("cpu: {cores: 3}, " ONE_GI), NULL, 299892736, 320864256},
	{DOMAIN(BLIND ONE_GI), NULL, 249561088, 270532608},
	{SPEC(ARM "domain: {" ONE_GI "}"), NULL, 417333248, 438304768},
	{DOMAIN(DEVICES("{}") ONE_GI), NULL, 1356857344, 1377828864},
	/* Once, however many. */
	{DOMAIN(DEVICES("{}, {}, {}, {}") ONE_GI), NULL, 1356857344,
	 1377828864},
	{DOMAIN("devices: {gpus: [{}], interfaces: [{sriov: {}}]}, " ONE_GI),
	 NULL, 1356857344, 1377828864},
	{SPEC("volumes: [{downwardMetrics: {}}], domain: {" ONE_GI "}"), NULL,
	 284164096, 305135616},
	{SPEC("livenessProbe: {" EXEC "}, domain: {" ONE_GI "}"), NULL,
	 398458880, 419430400},
	{SPEC("livenessProbe: {" EXEC "}, readinessProbe: {" EXEC
	      "}, domain: {" ONE_GI "}"),
	 NULL, 408944640, 429916160},
	{SPEC("livenessProbe: {guestAgentPing: {}}, domain: {" ONE_GI "}"),
	 NULL, 283115520, 304087040},
	{DOMAIN("launchSecurity: {sev: {}}, " ONE_GI), NULL, 551550976,
	 572522496},
	{DOMAIN("devices: {tpm: {}}, " ONE_GI), NULL, 338690048, 359661568},
	{DOMAIN("devices: {tpm: {enabled: false}}, " ONE_GI), NULL, 283115520,
	 304087040},
	{DOMAIN("cpu: {dedicatedCpuPlacement: true}, " ONE_GI), NULL, 387973120,
	 408944640},
	{DOMAIN(ONE_GI), "3.2", 905970520, 973080040},
	{DOMAIN(ONE_GI), "no_float", 283115520, 304087040},
	{DOMAIN(ONE_GI), "inf", 283115520, 304087040},
	{DOMAIN(REQUEST("1G")), "2.332", 659889493, 708796013},
	{DOMAIN(REQUEST("1G")), "1.0", 282971493, 303943013},
	{DOMAIN("cpu: {cores: 3}, " REQUEST("64M")), NULL, 297920584,
	 318892104},
	{DOMAIN("cpu: {cores: 4}, " REQUEST("8Gi")), NULL, 322961408,
	 343932928},
	/* Requests that are limits. */
	{DOMAIN("resources: {requests: {memory: 1Gi, cpu: 1},"
		" limits: {memory: 1024Mi, cpu: 1000m}}"),
	 NULL, 387973120, 408944640},
};

static void overheads_are_those_of_its_tests(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows_of_its_tests); i++) {
		static const char *const names[] = {"v1.6", "v1.9.3", "main"};

		for (k = 0; k < ARRAY_SIZE(names); k++) {
			int64_t got =
				of(names[k], rows_of_its_tests[i].instance,
				   rows_of_its_tests[i].ratio)
					.total_bytes;

			if (got != (k < 2 ? rows_of_its_tests[i].v16
					  : rows_of_its_tests[i].head))
				fail_msg("%s, row %zu: %lld", names[k], i,
					 (long long)got);
		}
	}
}

static void releases_differ_as_they_did(void **state)
{
	static const char added[] = DOMAIN(
		"memory: {reservedOverhead: {addedOverhead: 100G}}, " ONE_GI);
	static const char snp[] = DOMAIN("launchSecurity: {snp: {}}, " ONE_GI);
	static const char tpm[] =
		DOMAIN("devices: {tpm: {enabled: false}}, " ONE_GI);
	static const struct {
		const char *release, *instance;
		int64_t bytes;
	} rows[] = {
		{"v1.8", added, 100283115520},
		{"main", added, 100304087040},
		{"v1.7", added, 283115520}, /* knew no such thing */
		{"v1.0", DOMAIN(ONE_GI), 255852544},
		{"1.4.0", DOMAIN(ONE_GI), 255852544},
		{"v1.4.1", DOMAIN(ONE_GI), 261095424},
		{"v1.5", DOMAIN(ONE_GI), 266338304},
		{"v1.6", snp, 283115520},
		{"v1.7", snp, 551550976},
		{"v1.4.1", tpm, 261095424},
		{"v1.5.0", tpm, 266338304 + 53 * (int64_t)MIB},
		{"v1.5.1", tpm, 266338304},
		/* Without a request there are no page tables. */
		{"v1.9", DOMAIN("memory: {guest: 64Gi}"), 281018368},
		{"main", DOMAIN("memory: {guest: 64Gi}"), 301989888},
		{"v1.9", DOMAIN(""), 281018368},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (total(rows[i].release, rows[i].instance) != rows[i].bytes)
			fail_msg("%s %s", rows[i].release, rows[i].instance);
}

/* Until v1.6.3 the webhook requested the guest's memory, and page tables are a
 * part of the request. */
static void page_tables_are_forgotten_without_a_request(void **state)
{
	static const char *const names[] = {"v1.6.3", "v1.6.4", "v1.7"};
	static const int64_t tables[] = {134217728, 0, 0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct guest g;

		guest_calculate(&g, DOMAIN("memory: {guest: 64Gi}"), names[i],
				NULL);
		assert_int_equal(g.figures.overhead.total_bytes,
				 281018368 + tables[i]);
		assert_int_equal(figures_compute_request(&g.figures),
				 64 * GI + 281018368 + tables[i]);
		guest_release(&g);
	}
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
	char instance[120];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(instance, sizeof(instance), DOMAIN(REQUEST("%lld")),
			 (long long)rows[i].request);
		assert_int_equal(of("main", instance, NULL).terms[0].bytes,
				 rows[i].term);
	}
}

/* The same amount twice, or before it: with a ratio the order shows. */
static void dedicated_cpus_came_before_the_ratio_later(void **state)
{
	static const char dedicated[] =
		DOMAIN("cpu: {dedicatedCpuPlacement: true}, " ONE_GI);
	static const char plain[] = DOMAIN(ONE_GI);
	static const struct {
		const char *release, *ratio;
		int64_t more; /* in MiB */
	} rows[] = {
		{"v1.0.1", "2.0", 0},
		{"v1.1.0", "2.0", 100},
		{"v1.5.2", "2.0", 100},
		{"v1.5.3", "2.0", 200},
		{"v1.9.0", "2.0", 200},
		{"v1.5.2", "", 100},
		/* What is no number leaves out what is behind it. */
		{"v1.5.2", "two", 0},
		{"v1.5.3", "two", 100},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *r = rows[i].release;
		int64_t more = of(r, dedicated, rows[i].ratio).total_bytes -
			       of(r, plain, rows[i].ratio).total_bytes;

		/* It is rounded in kB along the way. */
		assert_close((double)more, (double)rows[i].more * MIB, 1000);
	}
}

static void passt_costs_by_release(void **state)
{
	static const char open[] =
		DOMAIN("devices: {interfaces: [{passt: {}}, {passt: {}},"
		       " {passt: {}, ports: [{port: 22}]}]}, " ONE_GI);
	static const char binding[] =
		DOMAIN("devices: {interfaces: [{passtBinding: {}},"
		       " {passtBinding: {}}]}, " ONE_GI);
	static const struct {
		const char *release, *instance, *ratio;
		int64_t mib;
	} rows[] = {
		{"v1.2.2", open, "", 1600},   {"v1.3.0", open, "", 0},
		{"v1.9.0", open, "", 0},      {"v1.7.4", binding, "", 0},
		{"v1.8.0", binding, "", 250}, {"v1.8.0", binding, "2.0", 250},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *r = rows[i].release;

		assert_int_equal(
			of(r, rows[i].instance, rows[i].ratio).total_bytes -
				of(r, DOMAIN(ONE_GI), rows[i].ratio)
					.total_bytes,
			rows[i].mib * (int64_t)MIB);
	}
}

static void nonsense_is_refused(void **state)
{
	static const struct {
		const char *instance, *ratio;
	} rows[] = {
		{DOMAIN(REQUEST("9223372036854775807")), NULL},
		{DOMAIN("memory: {guest: 4Ei}"), NULL},
		{DOMAIN("memory: {maxGuest: 4Ei}"), NULL},
		{DOMAIN("resources: {limits: {memory: 4Ei}}"), NULL},
		{DOMAIN("memory: {reservedOverhead: {addedOverhead: 4Ei}}"),
		 NULL},
		{DOMAIN(ONE_GI), "1e30"},
		{DOMAIN(ONE_GI), "-1e30"},
	};
	struct overhead o;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (overhead_in("main", rows[i].instance, rows[i].ratio, &o,
				&err) != -ERANGE)
			fail_msg("row %zu", i);
}

/* --- locked memory --- */

#define LOCKED "devices: {hostDevices: [{}]}, " REQUEST("8Gi")
#define LOCKED_2 "devices: {gpus: [{}], hostDevices: [{}]}, " REQUEST("8Gi")
#define REQUIRED \
	"memory: {reservedOverhead: {memLock: Required}}, " REQUEST("8Gi")
#define KVM HYPERVISOR_KVM
#define MSHV HYPERVISOR_HYPERV_DIRECT

static const struct {
	const char *release, *instance;
	enum hypervisor_kind hypervisor;
	int64_t bytes;
} locks[] = {
	{"v1.6", DOMAIN(LOCKED), KVM, 9961472408},
	{"v1.9", DOMAIN(LOCKED), KVM, 9961472408},
	{"main", DOMAIN(LOCKED), KVM, MEMLOCK_UNLIMITED},
	/* Less for graphics. */
	{"v1.5", DOMAIN(LOCKED), KVM, 9961472408 - 16 * (int64_t)MIB},
	{"v1.0.0", DOMAIN(LOCKED), KVM, 9961472408 - 26 * (int64_t)MIB},
	{"v1.6", DOMAIN(LOCKED_2), KVM, 9961472408},
	{"v1.8.2", DOMAIN(LOCKED_2), KVM, 9961472408},
	{"v1.8.3", DOMAIN(LOCKED_2), KVM, 18551407000},
	{"v1.9", DOMAIN(LOCKED_2), KVM, 18551407000},
	{"v1.9", DOMAIN(LOCKED_2), MSHV, 9961472408},
	{"main", DOMAIN(LOCKED_2), MSHV, MEMLOCK_UNLIMITED},
	/* A release that cannot choose has kvm. */
	{"v1.7", DOMAIN(LOCKED), MSHV, 9961472408},
	{"v1.9", DOMAIN(REQUEST("8Gi")), KVM, MEMLOCK_NONE},
	{"main", DOMAIN(REQUEST("8Gi")), KVM, MEMLOCK_NONE},
	/* Which mshv's backend did not heed at first. */
	{"v1.9", DOMAIN(REQUIRED), MSHV, MEMLOCK_NONE},
	{"main", DOMAIN(REQUIRED), MSHV, MEMLOCK_UNLIMITED},
	{"v1.9", DOMAIN(REQUIRED), KVM, 9961472408 - 1024 * (int64_t)MIB},
	{"v1.7", DOMAIN(REQUIRED), KVM, MEMLOCK_NONE},
	{"v1.9", DOMAIN("launchSecurity: {sev: {}}, " REQUEST("8Gi")), KVM,
	 9961472408 - 768 * (int64_t)MIB},
	{"v1.6", DOMAIN("launchSecurity: {snp: {}}, " REQUEST("8Gi")), KVM,
	 MEMLOCK_NONE},
	{"v1.9", DOMAIN("launchSecurity: {tdx: {}}, " REQUEST("8Gi")), KVM,
	 MEMLOCK_NONE},
	{"v1.9", DOMAIN("cpu: {realtime: {}}, " REQUEST("8Gi")), KVM,
	 9961472408 - 1024 * (int64_t)MIB},
	/* What it may become, where that is said and heeded. */
	{"v1.6.3", DOMAIN("memory: {maxGuest: 16Gi}, " LOCKED), KVM,
	 9961472408},
	{"v1.6.4", DOMAIN("memory: {maxGuest: 16Gi}, " LOCKED), KVM,
	 9961472408 + 8589935000},
};

static void memlock_follows_release_and_hypervisor(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(locks); i++) {
		struct kubevirt_cluster c = kubevirt_cluster_default();
		int64_t bytes = -7;
		struct guest g;
		struct err err;

		c.hypervisor = locks[i].hypervisor;
		guest_read(&g, locks[i].instance);
		assert_int_equal(
			overhead_memlock(
				&g.vmi, kubevirt_release_find(locks[i].release),
				&c, &bytes, &err),
			0);
		if (bytes != locks[i].bytes)
			fail_msg("row %zu, %s: %lld, not %lld", i,
				 locks[i].release, (long long)bytes,
				 (long long)locks[i].bytes);
		guest_release(&g);
	}
}

/* Since v1.8 the guest's memory, where nothing is requested. */
static void memlock_without_a_request(void **state)
{
	static const char instance[] =
		DOMAIN("memory: {guest: 8Gi}, devices: {hostDevices: [{}]}");
	static const struct {
		const char *release;
		int64_t guest;
	} rows[] = {{"v1.7.4", 0}, {"v1.8.0", 8589935000}};
	struct kubevirt_cluster c = kubevirt_cluster_default();
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct kubevirt_release *r =
			kubevirt_release_find(rows[i].release);
		struct guest g;
		struct err err;
		int64_t bytes;

		guest_read(&g, instance);
		assert_int_equal(overhead_memlock(&g.vmi, r, &c, &bytes, &err),
				 0);
		assert_int_equal(bytes, total(rows[i].release, instance) +
						rows[i].guest);
		guest_release(&g);
	}
}

/* --- terms --- */

/* All that a guest can have at once: each term is there, and they add up. */
static const char everything[] = SPEC(
	ARM "livenessProbe: {" EXEC "}, readinessProbe: {" EXEC "},"
	    " volumes: [{downwardMetrics: {}}], domain: {"
	    "cpu: {cores: 4, dedicatedCpuPlacement: true},"
	    "memory: {guest: 4Gi, reservedOverhead: {addedOverhead: 12345}},"
	    "launchSecurity: {sev: {}},"
	    "devices: {tpm: {}, gpus: [{}], interfaces: [{passtBinding: {}}]},"
	    "resources: {requests: {memory: 4Gi}, limits: {memory: 8Gi}}}");

static void terms_add_up(void **state)
{
	struct overhead o = of("v1.8", everything, "1.5");
	int64_t sum = 0;
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
	assert_int_equal(o.term_count, 19);
	assert_int_equal(sum, o.total_bytes);
	assert_int_equal(quantity_value(o.total), o.total_bytes);
	assert_int_equal(overhead_term(&o, "no such term"), 0);
	assert_int_equal(overhead_term(&o, "vCPUs, 8 MiB each"), 32 * MIB);
	assert_int_equal(overhead_term(&o, "exec probes"), 120 * MIB);
	assert_int_equal(overhead_term(&o, "passt binding"), 250 * MIB);
	assert_int_equal(overhead_term(&o, "reservedOverhead.addedOverhead"),
			 12345);
}

static void terms_are_of_processes(void **state)
{
	struct overhead o = of("v1.8", everything, NULL);
	int64_t kubevirts = overhead_term(&o, "virt-launcher") +
			    overhead_term(&o, "virt-launcher-monitor");
	int64_t libvirts =
		overhead_term(&o, "virtlogd") + overhead_term(&o, "virtqemud");

	(void)state;
	assert_int_equal(kubevirts, 125 * MIB);
	assert_int_equal(libvirts, 65 * MIB);
	assert_int_equal(overhead_of_guest(&o, true),
			 o.total_bytes - kubevirts);
	assert_int_equal(overhead_of_guest(&o, false),
			 o.total_bytes - kubevirts - libvirts);
}

/* Constants that changed say where. */
static void terms_that_changed_have_their_fact(void **state)
{
	struct overhead o = of("v1.8.1", everything, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < o.term_count; i++) {
		const struct overhead_term *t = &o.terms[i];
		bool has_changed = !strcmp(t->name, "virtlogd") ||
				   !strcmp(t->name, "virtqemud") ||
				   !strcmp(t->name, "qemu") ||
				   !strcmp(t->name, "graphics") ||
				   !strcmp(t->name, "passt binding") ||
				   !strncmp(t->name, "dedicated", 9);

		if (has_changed != (t->fact != NULL))
			fail_msg("'%s'", t->name);
		if (t->fact)
			assert_int_equal(t->fact->value * (int64_t)MIB,
					 t->bytes);
	}
}

/* Of all amounts this one may be no whole number of bytes. */
static void added_parts_of_a_byte_are_kept(void **state)
{
	struct overhead o = of("v1.9",
			       DOMAIN("memory: {reservedOverhead:"
				      " {addedOverhead: 1500m}}, " ONE_GI),
			       NULL);

	(void)state;
	assert_int_equal(o.total_bytes, 283115520 + 2);
	assert_int_equal(quantity_milli(o.total), 283115520000 + 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_are_those_of_its_tests),
		cmocka_unit_test(small_pods_are_those_of_its_tests),
		cmocka_unit_test(overheads_are_those_of_its_tests),
		cmocka_unit_test(releases_differ_as_they_did),
		cmocka_unit_test(page_tables_are_forgotten_without_a_request),
		cmocka_unit_test(page_tables_round_as_its_do),
		cmocka_unit_test(dedicated_cpus_came_before_the_ratio_later),
		cmocka_unit_test(passt_costs_by_release),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(memlock_follows_release_and_hypervisor),
		cmocka_unit_test(memlock_without_a_request),
		cmocka_unit_test(terms_add_up),
		cmocka_unit_test(terms_are_of_processes),
		cmocka_unit_test(terms_that_changed_have_their_fact),
		cmocka_unit_test(added_parts_of_a_byte_are_kept),
	};

	return RUN_TESTS(tests);
}
