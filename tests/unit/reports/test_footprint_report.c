// SPDX-License-Identifier: GPL-3.0-or-later
/* The report of the footprint: a made-up run whose costs are known. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <math.h>

#include "harness/base/strbuf.h"
#include "harness/core/shape.h"
#include "harness/findings/findings.h"
#include "harness/kubevirt/release.h"
#include "reports/data/footprint_json.h"
#include "reports/html/html.h"
#include "reports/html/html_footprint.h"
#include "reports/text/footprint_text.h"
#include "tests/unit/fixture/made_run.h"

#define MI ((double)MIB)

struct fixture {
	struct run_data run;
	struct model m;
};

static const char *const shapes[] = {"256M-1cpu",      "1G-1cpu",
				     "256M-2cpu",      "256M-1cpu-2disk",
				     "256M-1cpu-2nic", "512M-2cpu-1disk-1nic"};

/* A VMM of 20 MiB, 3 a vCPU, 2 a GiB, 1 a disk, 4 a card; and some noise. */
static double cost_of(const struct shape *s, uint32_t boot)
{
	static const double noise[] = {0, .02, -.02, .01, -.03, .02, 0, .01};

	return (20 + 3.0 * s->vcpu_count +
		2.0 * (double)s->ram_bytes / (double)GIB + s->disk_count +
		4.0 * s->nic_count + noise[boot % ARRAY_SIZE(noise)]) *
	       MI;
}

static void add_value(struct result *res, const char *shape, const char *metric,
		      double value)
{
	char point[64];

	snprintf(point, sizeof(point), "%s/%s", shape, metric);
	series_add_sample(result_add_series(res, "footprint", point, "bytes"))
		->value = value;
}

/* Of the host: what was used before, with the guest, and after it. */
static char *document(double rss, double cost, double left, double charged,
		      bool has_libvirt)
{
	char *text = NULL;

	assert_true(
		asprintf(
			&text,
			"{\"footprint\": {\"moments\": {"
			"\"baseline\": {\"host\": {\"used\": 1e9,"
			"  \"mshv_deposited\": null}},"
			"\"touched\": {\"host\": {\"used\": %.17g,"
			"  \"mshv_deposited\": null}, \"guests\": [{"
			"  \"processes\": [{\"role\": \"vmm\", \"rss\": %.17g,"
			"    \"pss\": 1, \"guest_rss\": %.17g}%s]}]},"
			"\"gone\": {\"host\": {\"used\": %.17g}, \"guests\": [{"
			"  \"cgroup\": {\"unreclaimable\": %.17g}}]}}}}",
			1e9 + rss + cost, rss + cost, rss,
			has_libvirt ? ", {\"role\": \"virtqemud\", \"rss\": 5,"
				      " \"pss\": 4, \"guest_rss\": 0}"
				    : "",
			1e9 + left, charged) > 0);
	return text;
}

static void add_boot(struct fixture *f, const char *runner, uint32_t block,
		     const char *name, double more, double left,
		     bool has_libvirt)
{
	struct boot_data *b = made_run_boot(&f->run, runner, block);
	struct shape s;
	struct err err;
	double cost;
	char *text;

	assert_int_equal(shape_parse(name, &s, &err), 0);
	cost = cost_of(&s, b->position) + more;
	add_value(&b->res, name, "charged", cost);
	add_value(&b->res, name, "beside_rss", cost + 7 * MI);
	add_value(&b->res, name, "beside_pss", cost + 6 * MI);
	text = document((double)s.ram_bytes, cost, left, left > MI ? left : 300,
			has_libvirt);
	result_add_document(&b->res, "footprint", name, text);
	free(text);
}

static void add_boots(struct fixture *f, const char *runner, double more,
		      double left, bool has_libvirt)
{
	uint32_t block;
	size_t i;

	for (block = 0; block < 2; block++)
		for (i = 0; i < ARRAY_SIZE(shapes); i++)
			/* What differs from boot to boot is no leak. */
			add_boot(f, runner, block, shapes[i], more,
				 left + (block ? .4 : -.4) * MI, has_libvirt);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	made_run_init(&f->run, "{}");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	model_release(&f->m);
	run_data_release(&f->run);
	free(f);
	return 0;
}

static const struct kubevirt_release *release(void)
{
	return kubevirt_release_find("v1.9");
}

static void assert_cost(const struct footprint *f, enum footprint_cost cost,
			enum footprint_term term, double known_mib)
{
	struct footprint_interval i;

	assert_true(footprint_term_cost(f, cost, term, &i));
	assert_true(fabs(i.mean / MI - known_mib) < 0.1);
	assert_true(i.low < i.mean && i.mean < i.high);
	assert_true(i.high - i.low < MI);
}

static void costs_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct footprint fp;

	add_boots(f, "kvm", 0, 0, false);
	model_init(&f->m, &f->run);
	assert_true(footprint_init(&fp, &f->m, "kvm", release()));
	assert_int_equal(fp.boot_count, 12);
	assert_cost(&fp, FOOTPRINT_CHARGED, FOOTPRINT_FIXED, 20);
	assert_cost(&fp, FOOTPRINT_CHARGED, FOOTPRINT_VCPU, 3);
	assert_cost(&fp, FOOTPRINT_CHARGED, FOOTPRINT_GIB, 2);
	assert_cost(&fp, FOOTPRINT_CHARGED, FOOTPRINT_DISK, 1);
	assert_cost(&fp, FOOTPRINT_CHARGED, FOOTPRINT_NIC, 4);
	assert_cost(&fp, FOOTPRINT_SYSTEM, FOOTPRINT_VCPU, 3);
	assert_cost(&fp, FOOTPRINT_RSS, FOOTPRINT_FIXED, 27);
	/* 30 of QEMU and 8 of its I/O thread; 8 a vCPU; 1/512 of a GiB. */
	assert_true(fp.granted[FOOTPRINT_FIXED] == 38 * MI);
	assert_true(fp.granted[FOOTPRINT_VCPU] == 8 * MI);
	assert_true(fp.granted[FOOTPRINT_GIB] == 2 * MI);
	assert_true(fp.granted[FOOTPRINT_NIC] == 0);
	footprint_release(&fp);
	assert_false(footprint_init(&fp, &f->m, "mshv", release()));
}

static enum footprint_answer answer_for(double more_mib)
{
	struct fixture f = {.run = {.status = strdup("complete"),
				    .plan = strdup("{}"),
				    .fingerprint = strdup("{}")}};
	enum footprint_answer answer;
	struct footprint fp;

	add_boots(&f, "kvm", more_mib * MI, 0, false);
	model_init(&f.m, &f.run);
	assert_true(footprint_init(&fp, &f.m, "kvm", release()));
	answer = fp.answer;
	footprint_release(&fp);
	model_release(&f.m);
	run_data_release(&f.run);
	return answer;
}

/* The card's shape has the least to spare: 46.5 granted, 31.5 needed. */
static void a_pod_is_covered_or_not(void **state)
{
	(void)state;
	assert_int_equal(answer_for(0), FOOTPRINT_COVERED);
	assert_int_equal(answer_for(14.5), FOOTPRINT_COVERED);
	assert_int_equal(answer_for(15), FOOTPRINT_UNDECIDED);
	assert_int_equal(answer_for(16), FOOTPRINT_NOT_COVERED);
}

static void one_boot_decides_nothing(void **state)
{
	struct fixture *f = *state;
	struct footprint fp;

	add_boot(f, "kvm", 0, "256M-1cpu", 0, 0, false);
	model_init(&f->m, &f->run);
	assert_true(footprint_init(&fp, &f->m, "kvm", release()));
	assert_int_equal(fp.answer, FOOTPRINT_UNDECIDED);
	assert_false(fp.advice.is_known);
	footprint_release(&fp);
}

/* What is recommended would have covered all, and one step less would not. */
static void advice_covers(void **state)
{
	struct fixture *f = *state;
	struct footprint fp;

	add_boots(f, "kvm", 20 * MI, 0, false);
	model_init(&f->m, &f->run);
	assert_true(footprint_init(&fp, &f->m, "kvm", release()));
	assert_int_equal(fp.answer, FOOTPRINT_NOT_COVERED);
	assert_true(fp.advice.is_known);
	/* It lacks 5.0 and what noise of 0.02 MiB asks for. */
	assert_int_equal(fp.advice.qemu_mib, 36);
	assert_true(fp.advice.ratio > 1.02 && fp.advice.ratio < 1.05);
	footprint_release(&fp);
}

static void libvirts_own_are_granted_where_they_are(void **state)
{
	struct fixture *f = *state;
	struct footprint fp;

	add_boots(f, "libvirt-kvm", 0, 0, true);
	model_init(&f->m, &f->run);
	assert_true(footprint_init(&fp, &f->m, "libvirt-kvm", release()));
	assert_true(fp.granted[FOOTPRINT_FIXED] == (38 + 25 + 40) * MI);
	assert_int_equal(fp.role_count, 2);
	/* QEMU's 30 MiB and the guest's RAM; it took RAM and its cost. The card
	 * and the vCPUs cost most. */
	assert_string_equal(fp.roles[0].name, "vmm");
	assert_string_equal(fp.role_shapes[0], "512M-2cpu-1disk-1nic");
	assert_true(fp.roles[0].constant_bytes == (30 + 512) * MI);
	assert_true(fp.roles[0].rss_bytes > fp.roles[0].constant_bytes);
	assert_true(fp.roles[1].constant_bytes == 40 * MI);
	assert_true(fp.roles[1].rss_bytes == 5);
	footprint_release(&fp);
}

static void a_planted_leak_is_found(void **state)
{
	struct fixture *f = *state;
	struct footprint fp;

	add_boots(f, "kvm", 0, 0, false);
	add_boots(f, "leaky", 0, 12 * MI, false);
	model_init(&f->m, &f->run);
	assert_true(footprint_init(&fp, &f->m, "kvm", release()));
	assert_false(footprint_leaks(&fp, FOOTPRINT_LEFT_SYSTEM));
	assert_false(footprint_leaks(&fp, FOOTPRINT_LEFT_CHARGED));
	footprint_release(&fp);
	assert_true(footprint_init(&fp, &f->m, "leaky", release()));
	assert_true(fabs(fp.lefts[FOOTPRINT_LEFT_SYSTEM].mean - 12 * MI) < 1);
	assert_true(footprint_leaks(&fp, FOOTPRINT_LEFT_SYSTEM));
	assert_true(footprint_leaks(&fp, FOOTPRINT_LEFT_CHARGED));
	footprint_release(&fp);
}

/* All three say the same, and damaged documents make no numbers. */
static void it_is_written(void **state)
{
	struct fixture *f = *state;
	struct strbuf html = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct findings found;
	json_t *json, *runner;

	add_boots(f, "kvm", 0, 3 * MI, false);
	f->run.boots[5].res.grade = GRADE_EMULATED;
	free(f->run.boots[3].res.documents[0].text);
	f->run.boots[3].res.documents[0].text = strdup("{\"footprint\": [");
	/* Of a later version, say. */
	add_value(&f->run.boots[0].res, shapes[0], "unheard_of", 1);
	findings_init(&found, &f->run,
		      &(struct findings_options){.release = release()});
	assert_int_equal(found.footprints.count, 1);
	html_write(&found, &html);
	footprint_text_write(&found.footprints, true, out);
	fclose(out);
	assert_non_null(strstr(text, "kvm: covered (EMULATED"));
	assert_non_null(strstr(text, "each vCPU"));
	assert_non_null(strstr(text, "QemuOverhead = "));
	html_footprint_write(&found.footprints, &html);
	assert_non_null(strstr(html.str, "<h2 id=\"footprint\">"));
	assert_non_null(strstr(html.str, "a leak"));
	json = footprint_json(&found.footprints);
	runner = json_array_get(json_object_get(json, "runners"), 0);
	assert_string_equal(
		json_string_value(json_object_get(runner, "answer")),
		"covered");
	json_decref(json);
	findings_release(&found);
	strbuf_release(&html);
	free(text);
}

#define WITH_FIXTURE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(costs_are_told_apart),
		cmocka_unit_test(a_pod_is_covered_or_not),
		WITH_FIXTURE(one_boot_decides_nothing),
		WITH_FIXTURE(advice_covers),
		WITH_FIXTURE(libvirts_own_are_granted_where_they_are),
		WITH_FIXTURE(a_planted_leak_is_found),
		WITH_FIXTURE(it_is_written),
	};

	return RUN_TESTS(tests);
}
