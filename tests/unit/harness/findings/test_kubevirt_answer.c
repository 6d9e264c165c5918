// SPDX-License-Identifier: GPL-3.0-or-later
/* kubevirt_answer: the questions, answered on boots whose costs are known. */
#include "tests/unit/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/findings/kubevirt_answer.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define MI ((double)MIB)
#define BOOTS 8

struct costs {
	double charged_mib, spread_mib; /* of the guest's cgroup */
	double rss_mib, locked_mib;     /* of the VMM, guest RAM included */
};

/* One boot of a shape in BLOCK, its charge OFF of what it should be. */
static void add_boot(struct shown *s, const char *runner, uint32_t block,
		     const char *shape, const struct costs *c, double off)
{
	char document[256], point[64];

	snprintf(
		document, sizeof(document),
		"{\"footprint\": {\"moments\": {\"touched\": {\"guests\": [{\"processes\":"
		" [{\"role\": \"vmm\", \"rss\": %.0f, \"locked\": %.0f, \"pinned\": 0}]}]}}}}",
		c->rss_mib * MI, c->locked_mib * MI);
	snprintf(point, sizeof(point), "%s/beside_rss", shape);
	shown_sample(s, runner, block, "footprint", point, 1);
	snprintf(point, sizeof(point), "%s/charged", shape);
	shown_sample(s, runner, block, "footprint", point,
		     (c->charged_mib + off) * MI);
	result_add_document(&shown_boot(s, runner, block)->res, "footprint",
			    shape, document);
}

/* A guest of 256 MiB per block, whose charge is now above and now below. */
static void fill(struct shown *s, const char *runner, const struct costs *c)
{
	uint32_t i;

	for (i = 0; i < BOOTS; i++)
		add_boot(s, runner, i, "256M-1cpu", c,
			 (i % 2 ? 1 : -1) * c->spread_mib);
}

static const struct costs ordinary = {20, .5, 270, 0};

static struct kubevirt_answer ask(struct shown *s, enum kubevirt_question q,
				  const char *runner)
{
	const struct findings *f = shown_find(s);

	return kubevirt_answer(q, runner, .001, .95, &f->footprints, f->run,
			       false);
}

/* KubeVirt's terms for the measured processes are about 46 MiB: the limit for
 * 99.9 % of guests is below, on both sides, or beyond with the mean. */
static void the_limit_decides_on_the_overhead(void **state)
{
	static const struct {
		struct costs costs;
		enum verdict verdict;
	} rows[] = {
		{{20, .5, 270, 0}, VERDICT_PASS},
		{{44, 4, 270, 0}, VERDICT_UNDECIDED},
		{{60, .5, 270, 0}, VERDICT_FAIL},
	};
	struct shown *s = *state;
	struct kubevirt_answer a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fill(s, "kvm", &rows[i].costs);
		a = ask(s, QUESTION_OVERHEAD, "kvm");
		assert_int_equal(a.verdict, rows[i].verdict);
		assert_true(a.limit_ratio > a.ratio);
		assert_int_equal(a.boot_count, BOOTS);
		assert_non_null(strstr(a.reason,
				       rows[i].verdict == VERDICT_FAIL
					       ? "256M-1cpu is charged 60.0 MiB"
					       : "256M-1cpu needs "));
		shown_teardown(state);
		assert_int_equal(shown_setup(state), 0);
		s = *state;
	}
}

static void one_process_beyond_its_constant_fails(void **state)
{
	static const struct costs huge = {20, .5, 400, 0};
	struct shown *s = *state;

	fill(s, "kvm", &ordinary);
	assert_int_equal(ask(s, QUESTION_PROCESSES, "kvm").verdict,
			 VERDICT_PASS);
	shown_teardown(state);
	assert_int_equal(shown_setup(state), 0);
	s = *state;
	fill(s, "kvm", &huge);
	assert_int_equal(ask(s, QUESTION_PROCESSES, "kvm").verdict,
			 VERDICT_FAIL);
}

/* One device: 256 MiB, the overhead and 1 GiB more are the limit. */
static void the_limit_decides_on_locked_memory(void **state)
{
	static const struct costs pinned = {20, .5, 270, 256};
	static const struct costs beyond = {20, .5, 270, 4096};
	struct shown *s = *state;
	struct kubevirt_answer a;

	fill(s, "kvm", &pinned);
	a = ask(s, QUESTION_MEMLOCK, "kvm");
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_true(a.ratio > .1 && a.ratio < .3);
	shown_teardown(state);
	assert_int_equal(shown_setup(state), 0);
	s = *state;
	fill(s, "kvm", &beyond);
	assert_int_equal(ask(s, QUESTION_MEMLOCK, "kvm").verdict, VERDICT_FAIL);
}

/* Guest RAM for each device, and more: 2.5 GiB are beyond the limit for one, which
 * guests without any are held to, and within that for two. */
static void the_limit_of_locked_memory_is_for_its_devices(void **state)
{
	static const struct costs locked = {20, .5, 1044, 2560};
	static const struct {
		const char *shape;
		enum verdict verdict;
	} rows[] = {
		{"1G-1cpu", VERDICT_FAIL},
		{"1G-1cpu-1vfio", VERDICT_FAIL},
		{"1G-1cpu-2vfio", VERDICT_PASS},
	};
	double limits[ARRAY_SIZE(rows)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct shown *s = *state;
		struct kubevirt_answer a;
		uint32_t k;

		for (k = 0; k < BOOTS; k++)
			add_boot(s, "kvm", k, rows[i].shape, &locked, 0);
		a = ask(s, QUESTION_MEMLOCK, "kvm");
		assert_int_equal(a.verdict, rows[i].verdict);
		limits[i] = locked.locked_mib / a.ratio;
		shown_teardown(state);
		assert_int_equal(shown_setup(state), 0);
	}
	assert_close(limits[0], limits[1], 1e-9);
	assert_close(limits[2] - limits[1], 1024, 1e-6);
}

/* Guests with devices, and such without, whose charge varies. */
static void add_vfio(struct shown *s, const char *shape, double charged,
		     uint32_t count)
{
	const struct costs c = {charged, .5, 270, 0};
	uint32_t i, at = (uint32_t)s->run.boot_count;

	for (i = 0; i < count; i++)
		add_boot(s, "kvm", at + i, shape, &c, i % 2 ? .5 : -.5);
}

/* What such guests are charged more than others of their size, of 1 GiB. */
static void the_constant_for_devices_is_judged(void **state)
{
	static const struct {
		double plain, one, two;
		enum verdict verdict;
		double ratio;
		const char *says;
	} rows[] = {
		{20, 20 + 102.4, 0, VERDICT_PASS, .1, "256M-1cpu-1vfio: 0.100"},
		{20, 20 + 1126.4, 0, VERDICT_FAIL, 1.1, "256M-1cpu-1vfio: 1.1"},
		/* Two within one constant; by what both cost. */
		{20, 20 + 307.2, 20 + 614.4, VERDICT_PASS, .6,
		 "256M-1cpu-2vfio: 0.600"},
		{20, 20 + 614.4, 20 + 1228.8, VERDICT_FAIL, 1.2,
		 "256M-1cpu-2vfio: 1.200"},
		/* Less than nothing is no cost. */
		{40, 20, 0, VERDICT_PASS, -20. / 1024,
		 "256M-1cpu-1vfio: -0.020"},
	};
	struct kubevirt_answer a;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct shown *s = *state;

		/* Of another size, with a charge of its own. */
		add_vfio(s, "1G-1cpu", 3000, BOOTS);
		add_vfio(s, "256M-1cpu", rows[i].plain, BOOTS);
		add_vfio(s, "256M-1cpu-1vfio", rows[i].one, BOOTS);
		if (rows[i].two > 0)
			add_vfio(s, "256M-1cpu-2vfio", rows[i].two, BOOTS);
		a = ask(s, QUESTION_VFIO, "kvm");
		assert_int_equal(a.verdict, rows[i].verdict);
		assert_close(a.ratio, rows[i].ratio, 1e-9);
		assert_contains(a.reason, rows[i].says);
		assert_contains(a.reason,
				"of KubeVirt's 1 Gi for VFIO devices");
		assert_int_equal(a.boot_count,
				 rows[i].two > 0 ? 2 * BOOTS : BOOTS);
		shown_teardown(state);
		assert_int_equal(shown_setup(state), 0);
	}
}

/* Without guests of the same size nothing tells what is the devices'. */
static void devices_need_guests_without_them(void **state)
{
	struct shown *s = *state;
	struct kubevirt_answer a;

	add_vfio(s, "256M-1cpu-1vfio", 100, BOOTS);
	add_vfio(s, "1G-1cpu", 20, BOOTS);
	add_vfio(s, "256M-1cpu-1disk", 20, BOOTS);
	a = ask(s, QUESTION_VFIO, "kvm");
	assert_int_equal(a.verdict, VERDICT_NOT_EVALUABLE);
	assert_string_equal(a.reason, "no boot has a reading of it");
	add_vfio(s, "256M-1cpu", 20, BOOTS);
	a = ask(s, QUESTION_VFIO, "kvm");
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_close(a.ratio, 80. / 1024, 1e-9);
	/* Of a shape that has none beside it, nothing is known. */
	add_vfio(s, "1G-2cpu-1vfio", 20, BOOTS);
	a = ask(s, QUESTION_VFIO, "kvm");
	assert_int_equal(a.verdict, VERDICT_NOT_EVALUABLE);
	assert_contains(a.reason, "1G-2cpu-1vfio has a reading in 0 ");
}

/* What the distribution makes likely does not outweigh what was seen. */
static void one_boot_beyond_is_no_pass(void **state)
{
	static const struct costs little = {20, .5, 270, 128};
	static const struct costs beyond = {20, .5, 270, 2000};
	struct shown *s = *state;
	struct kubevirt_answer a;
	uint32_t i;

	for (i = 0; i < 60; i++)
		add_boot(s, "kvm", i, "256M-1cpu", i ? &little : &beyond, 0);
	a = ask(s, QUESTION_MEMLOCK, "kvm");
	assert_true(a.limit_ratio <= 1);
	assert_int_equal(a.verdict, VERDICT_UNDECIDED);
}

/* A shape that is always beyond is not hidden by another that never is. */
static void the_worst_shape_decides(void **state)
{
	static const struct costs little = {20, .5, 270, 1};
	static const struct costs beyond = {20, .5, 270, 4096};
	struct shown *s = *state;
	struct kubevirt_answer a;
	uint32_t i;

	for (i = 0; i < 20; i++)
		add_boot(s, "kvm", i, i < 16 ? "1G-1cpu" : "256M-1cpu",
			 i < 16 ? &little : &beyond, 0);
	a = ask(s, QUESTION_MEMLOCK, "kvm");
	assert_int_equal(a.verdict, VERDICT_FAIL);
	assert_non_null(strstr(a.reason, "256M-1cpu: "));
}

/* The shape that was beyond is named, not one whose limit is nearer. */
static void a_shape_with_a_boot_beyond_is_named(void **state)
{
	static const struct costs near_limit = {20, .5, 270, 1800};
	static const struct costs little = {20, .5, 270, 128};
	static const struct costs beyond = {20, .5, 270, 2000};
	struct shown *s = *state;
	struct kubevirt_answer a;
	uint32_t i;

	for (i = 0; i < 60; i++)
		add_boot(s, "kvm", i, "256M-1cpu", i ? &little : &beyond, 0);
	for (; i < 64; i++)
		add_boot(s, "kvm", i, "1G-1cpu", &near_limit, 0);
	a = ask(s, QUESTION_MEMLOCK, "kvm");
	assert_int_equal(a.verdict, VERDICT_UNDECIDED);
	assert_int_equal(strncmp(a.reason, "256M-1cpu: ", 11), 0);
	assert_int_equal(a.boot_count, 64);
}

/* The same of the charge: the fit makes it unlikely, and it was seen. */
static void one_boot_charged_beyond_is_no_pass(void **state)
{
	struct shown *s = *state;
	struct kubevirt_answer a;
	uint32_t i;

	for (i = 0; i < 60; i++)
		add_boot(s, "kvm", i, "256M-1cpu", &ordinary, i ? 0 : 27);
	a = ask(s, QUESTION_OVERHEAD, "kvm");
	assert_true(a.limit_ratio <= 1);
	assert_int_equal(a.verdict, VERDICT_UNDECIDED);
	assert_non_null(strstr(a.reason, "the most was 47.0 MiB"));
}

/* Another shape can be further beyond by its limit: the reason and the ratio are
 * of the one that fails. */
static void the_failing_shape_is_named(void **state)
{
	static const struct costs wild = {55, 0, 270, 0};
	static const struct costs beyond = {50, 0, 270, 0};
	struct shown *s = *state;
	struct kubevirt_answer a;
	uint32_t i;

	for (i = 0; i < 8; i++)
		add_boot(s, "kvm", i, "256M-1cpu", &beyond, i % 2 ? .1 : -.1);
	for (; i < 10; i++)
		add_boot(s, "kvm", i, "1G-1cpu", &wild, i % 2 ? 5 : -5);
	a = ask(s, QUESTION_OVERHEAD, "kvm");
	assert_int_equal(a.verdict, VERDICT_FAIL);
	assert_int_equal(strncmp(a.reason, "256M-1cpu is charged 50.0 MiB", 29),
			 0);
	assert_true(a.ratio > 1.05 && a.ratio < 1.1);
}

/* By two boots beyond at .95 alone; of two shapes, .975 is needed. */
static void two_shapes_need_more_confidence(void **state)
{
	static const struct costs beyond = {50, 0, 270, 0};
	struct shown *s = *state;

	/* The mean is 3.5 MiB beyond, its error .45: t is 7.8, of 6.3. */
	add_boot(s, "kvm", 0, "256M-1cpu", &beyond, .45);
	add_boot(s, "kvm", 1, "256M-1cpu", &beyond, -.45);
	assert_int_equal(ask(s, QUESTION_OVERHEAD, "kvm").verdict,
			 VERDICT_FAIL);
	/* Of 12.7 now. */
	add_boot(s, "kvm", 2, "1G-1cpu", &ordinary, .5);
	add_boot(s, "kvm", 3, "1G-1cpu", &ordinary, -.5);
	assert_int_equal(ask(s, QUESTION_OVERHEAD, "kvm").verdict,
			 VERDICT_UNDECIDED);
}

static void add_processes(struct shown *s, uint32_t block, double virtlogd_mib)
{
	char document[256];

	snprintf(
		document, sizeof(document),
		"{\"footprint\": {\"moments\": {\"touched\": {\"guests\": [{\"processes\":"
		" [{\"role\": \"vmm\", \"rss\": %.0f},"
		" {\"role\": \"virtlogd\", \"rss\": %.0f},"
		" {\"role\": \"other\", \"rss\": %.0f}]}]}}}}",
		270 * MI, virtlogd_mib * MI, 4096 * MI);
	shown_sample(s, "kvm", block, "footprint", "256M-1cpu/beside_rss", 1);
	result_add_document(&shown_boot(s, "kvm", block)->res, "footprint",
			    "256M-1cpu", document);
}

/* Each process is a population of its own; one without a constant is none. */
static void each_process_is_judged_alone(void **state)
{
	struct shown *s = *state;
	struct kubevirt_answer a;
	uint32_t i;

	for (i = 0; i < BOOTS; i++)
		add_processes(s, i, i % 2 ? 20.1 : 19.9);
	a = ask(s, QUESTION_PROCESSES, "kvm");
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_int_equal(a.boot_count, BOOTS);
	assert_non_null(strstr(a.reason, "; judged: vmm, virtlogd"));
	assert_null(strstr(a.reason, "other"));
	for (; i < 2 * BOOTS; i++)
		add_processes(s, i, 90);
	a = ask(s, QUESTION_PROCESSES, "kvm");
	assert_int_equal(a.verdict, VERDICT_FAIL);
	assert_int_equal(strncmp(a.reason, "256M-1cpu virtlogd: ", 20), 0);
}

/* The shape that lacks boots is named, however well the others do. */
static void a_shape_of_one_boot_is_named(void **state)
{
	struct shown *s = *state;
	struct kubevirt_answer a;
	int q;

	fill(s, "kvm", &ordinary);
	add_boot(s, "kvm", BOOTS, "1G-1cpu", &ordinary, 0);
	for (q = QUESTION_PROCESSES; q <= QUESTION_MEMLOCK; q++) {
		a = ask(s, (enum kubevirt_question)q, "kvm");
		assert_int_equal(a.verdict, VERDICT_NOT_EVALUABLE);
		assert_int_equal(strncmp(a.reason, "1G-1cpu", 7), 0);
	}
}

/* What should have been read and was not is no reason for a PASS. */
static void a_shape_without_a_reading_is_named(void **state)
{
	struct shown *s = *state;
	struct kubevirt_answer a;
	uint32_t i;

	fill(s, "kvm", &ordinary);
	for (i = BOOTS; i < 2 * BOOTS; i++) {
		shown_sample(s, "kvm", i, "footprint", "1G-1cpu/beside_rss", 1);
		result_add_document(&shown_boot(s, "kvm", i)->res, "footprint",
				    "1G-1cpu", "{}");
	}
	a = ask(s, QUESTION_MEMLOCK, "kvm");
	assert_int_equal(a.verdict, VERDICT_NOT_EVALUABLE);
	assert_int_equal(strncmp(a.reason, "1G-1cpu has a reading in 0 ", 27),
			 0);
	assert_int_equal(a.boot_count, BOOTS);
}

/* Guests that lock nothing are within any limit. */
static void nothing_locked_passes(void **state)
{
	struct shown *s = *state;
	struct kubevirt_answer a;

	fill(s, "kvm", &ordinary);
	a = ask(s, QUESTION_MEMLOCK, "kvm");
	assert_int_equal(a.verdict, VERDICT_PASS);
	assert_non_null(strstr(a.reason, "256M-1cpu: 0.000 of "));
}

static void one_boot_is_not_enough(void **state)
{
	struct shown *s = *state;
	int q;

	add_boot(s, "kvm", 0, "256M-1cpu", &ordinary, 0);
	for (q = QUESTION_OVERHEAD; q <= QUESTION_MEMLOCK; q++)
		assert_int_equal(
			ask(s, (enum kubevirt_question)q, "kvm").verdict,
			VERDICT_NOT_EVALUABLE);
}

/* Numbers, and no verdict. */
static void an_emulated_host_gets_no_verdict(void **state)
{
	struct shown *s = *state;
	struct kubevirt_answer a;
	size_t i;

	fill(s, "mshv-emu", &ordinary);
	for (i = 0; i < BOOTS; i++)
		shown_boot(s, "mshv-emu", (uint32_t)i)->res.grade =
			GRADE_EMULATED;
	a = ask(s, QUESTION_OVERHEAD, "mshv");
	assert_int_equal(a.verdict, VERDICT_NOT_EVALUABLE);
	assert_string_equal(a.runner, "mshv-emu");
	assert_false(isnan(a.limit_ratio));
	assert_int_equal(strncmp(a.reason, "emulated: 256M-1cpu needs ", 26),
			 0);
	/* Its own devices are none of the emulator's business. */
	a = ask(s, QUESTION_DEVICES, "mshv");
	assert_int_equal(a.verdict, VERDICT_NOT_EVALUABLE);
}

static void what_was_not_measured_is_not_evaluable(void **state)
{
	struct shown *s = *state;
	struct kubevirt_answer a;
	int q;

	fill(s, "kvm", &ordinary);
	for (q = 0; q < QUESTION_DEVICES; q++) {
		a = ask(s, (enum kubevirt_question)q, "mshv");
		assert_int_equal(a.verdict, VERDICT_NOT_EVALUABLE);
		assert_true(isnan(a.ratio));
		assert_true(*a.reason);
	}
	a = ask(s, QUESTION_VFIO, "kvm");
	assert_string_equal(a.reason, "no guest of this run has a device "
				      "passed through");
}

static void the_node_answers_for_its_devices(void **state)
{
	struct shown *s = *state;
	struct kubevirt_answer a;

	a = ask(s, QUESTION_DEVICES, "mshv");
	assert_int_equal(a.verdict, VERDICT_NOT_EVALUABLE);
	shown_set(&s->run.probe, "{\"kubevirt\": {\"devices\": {"
				 "\"/dev/mshv\": {\"present\": true},"
				 " \"/dev/vhost-net\": {\"present\": true}}}}");
	/* Nobody asked for it on this node. */
	a = ask(s, QUESTION_DEVICES, "mshv");
	assert_int_equal(a.verdict, VERDICT_NOT_EVALUABLE);
	assert_non_null(strstr(a.reason, "mshv was not in this run"));
	shown_sample(s, "mshv", 0, "null", "", 1);
	shown_sample(s, "kvm", 0, "null", "", 1);
	a = ask(s, QUESTION_DEVICES, "mshv");
	assert_int_equal(a.verdict, VERDICT_PASS);
	a = ask(s, QUESTION_DEVICES, "kvm");
	assert_int_equal(a.verdict, VERDICT_FAIL);
	assert_non_null(strstr(a.reason, "/dev/kvm is not there"));
}

static void each_question_has_its_metric(void **state)
{
	int q;

	(void)state;
	for (q = 0; q < QUESTION_COUNT; q++)
		assert_int_equal(kubevirt_question_of(kubevirt_question_metric(
					 (enum kubevirt_question)q)),
				 q);
	assert_int_equal(kubevirt_question_of("footprint"), QUESTION_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(the_limit_decides_on_the_overhead),
		WITH_SHOWN(one_process_beyond_its_constant_fails),
		WITH_SHOWN(the_limit_decides_on_locked_memory),
		WITH_SHOWN(the_limit_of_locked_memory_is_for_its_devices),
		WITH_SHOWN(the_constant_for_devices_is_judged),
		WITH_SHOWN(devices_need_guests_without_them),
		WITH_SHOWN(one_boot_beyond_is_no_pass),
		WITH_SHOWN(the_worst_shape_decides),
		WITH_SHOWN(a_shape_with_a_boot_beyond_is_named),
		WITH_SHOWN(one_boot_charged_beyond_is_no_pass),
		WITH_SHOWN(the_failing_shape_is_named),
		WITH_SHOWN(two_shapes_need_more_confidence),
		WITH_SHOWN(each_process_is_judged_alone),
		WITH_SHOWN(a_shape_of_one_boot_is_named),
		WITH_SHOWN(a_shape_without_a_reading_is_named),
		WITH_SHOWN(nothing_locked_passes),
		WITH_SHOWN(one_boot_is_not_enough),
		WITH_SHOWN(an_emulated_host_gets_no_verdict),
		WITH_SHOWN(what_was_not_measured_is_not_evaluable),
		WITH_SHOWN(the_node_answers_for_its_devices),
		cmocka_unit_test(each_question_has_its_metric),
	};

	return RUN_TESTS(tests);
}
