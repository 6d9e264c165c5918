// SPDX-License-Identifier: GPL-3.0-or-later
/* footprint: runs that lack something, and documents that say odd things. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/base/portable.h"
#include "harness/kubevirt/release.h"
#include "reports/data/footprint_json.h"
#include "reports/text/footprint_text.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/shown.h"

#define MI ((double)MIB)

/* A boot of SHAPE that costs so many MiB by each metric; NaN: not read. */
static struct result *add(struct shown *s, const char *runner, uint32_t block,
			  const char *shape, double charged, double rss,
			  const char *document)
{
	struct result *res;
	char point[64];

	snprintf(point, sizeof(point), "%s/beside_rss", shape);
	if (!isnan(rss))
		shown_sample(s, runner, block, "footprint", point, rss * MI);
	snprintf(point, sizeof(point), "%s/charged", shape);
	if (!isnan(charged))
		shown_sample(s, runner, block, "footprint", point,
			     charged * MI);
	res = &shown_boot(s, runner, block)->res;
	result_add_document(res, "footprint", shape, document);
	return res;
}

static const struct footprint *only_footprint(struct shown *s)
{
	const struct findings *f = shown_find(s);

	assert_int_equal(f->footprints.count, 1);
	return &f->footprints.rows[0];
}

static void what_was_not_measured_is_no_footprint(void **state)
{
	struct shown *s = *state;

	assert_int_equal(shown_find(s)->footprints.count, 0);
	assert_non_null(s->findings.footprints.release);
	/* Without the resident size, of no shape, and of a failed boot. */
	add(s, "kvm", 0, "256M-1cpu", 20, NAN, "{}");
	add(s, "kvm", 1, "huge", 20, 20, "{}");
	result_fail(add(s, "kvm", 2, "256M-1cpu", 20, 20, "{}"), RUN_TIMEOUT,
		    "no end");
	/* Without a document, and with another program's. */
	shown_sample(s, "kvm", 3, "footprint", "256M-1cpu/beside_rss", 20);
	result_add_document(&shown_boot(s, "kvm", 3)->res, "storage",
			    "256M-1cpu", "{}");
	assert_int_equal(shown_find(s)->footprints.count, 0);
	add(s, "kvm", 4, "256M-1cpu", 20, 20, "not json");
	assert_int_equal(only_footprint(s)->boot_count, 1);
	assert_true(isnan(only_footprint(s)->boots[0].costs[FOOTPRINT_SYSTEM]));
}

/* Two boots of one shape: a margin of known mean, and no other cost. */
static void one_shape_tells_no_terms(void **state)
{
	struct shown *s = *state;
	struct footprint_interval i;
	const struct footprint *f;
	int t;

	add(s, "kvm", 0, "256M-1cpu", 20, 25, "{}");
	add(s, "kvm", 1, "256M-1cpu", 22, 27, "{}");
	f = only_footprint(s);
	assert_true(f->has_term[FOOTPRINT_FIXED]);
	for (t = FOOTPRINT_VCPU; t < FOOTPRINT_TERM_COUNT; t++) {
		assert_false(f->has_term[t]);
		assert_false(footprint_term_cost(f, FOOTPRINT_CHARGED,
						 (enum footprint_term)t, &i));
	}
	assert_true(
		footprint_term_cost(f, FOOTPRINT_CHARGED, FOOTPRINT_FIXED, &i));
	assert_close(i.mean, 21 * MI, 1);
	assert_int_equal(i.boot_count, 2);
	/* Two boots have no interval that is shown. */
	assert_true(isnan(i.low) && isnan(i.high));
	assert_int_equal(f->margin_count, 1);
	/* 38 MiB, 8 for the vCPU and 0.5 for 256 MiB. */
	assert_close(f->margins[0].granted_bytes, 46.5 * MI, MI / 2);
	assert_close(f->margins[0].mean_bytes,
		     f->margins[0].granted_bytes - 21 * MI, 1);
	/* Student's t of one degree, 12.706, times the error of 1 MiB. */
	assert_close(f->margins[0].mean_bytes - f->margins[0].low_bytes,
		     12.706 * MI, .001 * MI);
	i = footprint_margin_shown(&f->margins[0]);
	assert_close(i.mean, f->margins[0].mean_bytes, 0);
	assert_true(isnan(i.low) && isfinite(f->margins[0].low_bytes));
}

/* Its charge was never read: nothing is covered, and nothing is advised. */
static void without_a_charge_nothing_is_known(void **state)
{
	struct shown *s = *state;
	const struct footprint *f;
	struct footprint_interval i;

	add(s, "kvm", 0, "256M-1cpu", NAN, 25, "{}");
	add(s, "kvm", 1, "512M-2cpu", NAN, 30, "{}");
	f = only_footprint(s);
	assert_int_equal(f->answer, FOOTPRINT_UNDECIDED);
	assert_false(f->advice.is_known);
	assert_contains(f->advice.reason, "charge");
	assert_false(
		footprint_term_cost(f, FOOTPRINT_CHARGED, FOOTPRINT_FIXED, &i));
	assert_int_equal(f->margins[0].boot_count, 0);
	assert_true(isnan(f->margins[0].mean_bytes));
}

static void shapes_come_in_order_of_size(void **state)
{
	static const char *const shapes[] = {
		"1G-1cpu",   "256M-1cpu-x4",    "256M-1cpu-2vfio",
		"256M-2cpu", "256M-1cpu-1nic",  "256M-1cpu-1vfio",
		"256M-1cpu", "256M-1cpu-1disk",
	};
	static const char *const sorted[] = {
		"256M-1cpu",       "256M-1cpu-x4",   "256M-1cpu-1vfio",
		"256M-1cpu-2vfio", "256M-1cpu-1nic", "256M-1cpu-1disk",
		"256M-2cpu",       "1G-1cpu",
	};
	struct shown *s = *state;
	const struct footprint *f;
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		add(s, "kvm", i, shapes[i], 20, 25, "{}");
	f = only_footprint(s);
	assert_int_equal(f->margin_count, ARRAY_SIZE(sorted));
	for (i = 0; i < ARRAY_SIZE(sorted); i++)
		assert_string_equal(f->margins[i].name, sorted[i]);
}

/* What each device costs; KubeVirt grants 1 Gi for all of them. */
static void devices_are_a_term(void **state)
{
	static const struct {
		const char *shape;
		double charged;
	} boots[] = {
		{"256M-1cpu", 19},       {"256M-1cpu", 21},
		{"256M-1cpu-1vfio", 24}, {"256M-1cpu-1vfio", 26},
		{"256M-1cpu-2vfio", 29}, {"256M-1cpu-2vfio", 31},
	};
	struct shown *s = *state;
	struct footprint_interval i;
	const struct footprint *f;
	uint32_t k;

	for (k = 0; k < ARRAY_SIZE(boots); k++)
		add(s, "kvm", k, boots[k].shape, boots[k].charged, 25, "{}");
	f = only_footprint(s);
	assert_true(f->has_term[FOOTPRINT_DEVICE]);
	assert_false(f->has_term[FOOTPRINT_NIC]);
	assert_true(footprint_term_cost(f, FOOTPRINT_CHARGED, FOOTPRINT_DEVICE,
					&i));
	assert_close(i.mean, 5 * MI, 1);
	assert_true(
		footprint_term_cost(f, FOOTPRINT_CHARGED, FOOTPRINT_FIXED, &i));
	assert_close(i.mean, 20 * MI, 1);
	assert_close(f->granted[FOOTPRINT_DEVICE], GIB, 0);
	assert_close(f->granted[FOOTPRINT_NIC], 0, 0);
	assert_int_equal(f->margin_count, 3);
	assert_close(f->margins[1].granted_bytes - f->margins[0].granted_bytes,
		     GIB, 0);
	assert_close(f->margins[2].granted_bytes - f->margins[1].granted_bytes,
		     0, 0);
	assert_string_equal(footprint_term_names[FOOTPRINT_DEVICE],
			    "each VFIO device");
	assert_string_equal(footprint_term_keys[FOOTPRINT_DEVICE], "vfio");
}

/* A bundle may have more shapes than there is room for margins. */
static void shapes_beyond_the_room_are_left_out(void **state)
{
	struct shown *s = *state;
	const struct footprint *f;
	char shape[32];
	uint32_t i;

	for (i = 1; i <= FOOTPRINT_MAX_SHAPES + 2; i++) {
		snprintf(shape, sizeof(shape), "256M-%ucpu", i);
		add(s, "kvm", i, shape, 20, 25, "{}");
	}
	f = only_footprint(s);
	assert_int_equal(f->boot_count, FOOTPRINT_MAX_SHAPES + 2);
	assert_int_equal(f->margin_count, FOOTPRINT_MAX_SHAPES);
	assert_string_equal(f->margins[31].name, "256M-32cpu");
}

/* One that any boot has been emulated in is emulated; the emulator is so
 * whatever it ran on. */
static void the_caveat_is_by_grade_and_runner(void **state)
{
	struct shown *s = *state;

	add(s, "kvm", 0, "256M-1cpu", 20, 25, "{}");
	add(s, "kvm", 1, "256M-1cpu", 20, 25, "{}");
	assert_string_equal(footprint_caveat(only_footprint(s)), "");
	s->run.boots[1].res.grade = GRADE_EMULATED;
	assert_int_equal(only_footprint(s)->grade, GRADE_EMULATED);
	assert_contains(footprint_caveat(&s->findings.footprints.rows[0]),
			"a host emulated");
	add(s, "mshv-emu", 0, "256M-1cpu", 20, 25, "{}");
	assert_int_equal(shown_find(s)->footprints.count, 2);
	assert_contains(footprint_caveat(&s->findings.footprints.rows[1]),
			"nothing of /dev/mshv");
}

#define DOCUMENT(processes)                                                  \
	"{\"footprint\": {\"moments\": {"                                    \
	"\"baseline\": {\"host\": {\"used\": 1000, \"mshv_deposited\": 5}}," \
	"\"touched\": {\"host\": {\"used\": 9000, \"mshv_deposited\": 25},"  \
	"  \"guests\": [{\"processes\": [" processes "]}]},"                 \
	"\"gone\": {\"host\": {\"used\": 1400}}}}}"

/* Four guests at once: what the host lost is of all four. */
static void copies_share_what_the_host_lost(void **state)
{
	struct shown *s = *state;
	const struct footprint_boot *b;

	add(s, "kvm", 0, "256M-1cpu-x4", 20, 25,
	    DOCUMENT("{\"role\": \"vmm\", \"rss\": 7, \"pss\": 6,"
		     " \"guest_rss\": 500}"));
	b = &only_footprint(s)->boots[0];
	assert_close(b->costs[FOOTPRINT_SYSTEM], 8000. / 4 - 500, 1e-9);
	assert_close(b->lefts[FOOTPRINT_LEFT_SYSTEM], 100, 1e-9);
	assert_true(isnan(b->lefts[FOOTPRINT_LEFT_CHARGED]));
	assert_close(b->deposited_bytes, 5, 1e-9);
	assert_int_equal(b->role_count, 1);
	assert_close(b->roles[0].rss_bytes, 7, 0);
}

/* The constants are the formula's: QEMU's and its guest's RAM for the VMM,
 * nothing for one that KubeVirt does not know. */
static void roles_are_four_at_most(void **state)
{
	struct shown *s = *state;
	const struct footprint *f;

	add(s, "kvm", 0, "256M-1cpu", 20, 25,
	    DOCUMENT("{\"role\": \"vmm\", \"rss\": 1}, {\"role\": \"b\"},"
		     "{\"role\": \"c\"}, {\"role\": \"d\", \"rss\": 4},"
		     "{\"role\": \"e\"}"));
	f = only_footprint(s);
	assert_int_equal(f->role_count, FOOTPRINT_MAX_ROLES);
	assert_string_equal(f->roles[0].name, "vmm");
	assert_close(f->roles[0].constant_bytes, (30 + 256) * MI, 0);
	assert_string_equal(f->roles[3].name, "d");
	assert_close(f->roles[3].constant_bytes, 0, 0);
	/* One without a name ends them. */
	shown_set(&s->run.boots[0].res.documents[0].text,
		  DOCUMENT("{\"role\": \"vmm\"}, {\"role\": 5},"
			   "{\"role\": \"c\"}"));
	assert_int_equal(only_footprint(s)->boots[0].role_count, 1);
}

/* A bundle's document may call its processes anything. */
static void foreign_roles_are_plain_text(void **state)
{
	struct shown *s = *state;
	char *text = NULL;
	json_t *json, *list;
	size_t size = 0;
	FILE *out;

	add(s, "kvm", 0, "256M-1cpu", 20, 25,
	    DOCUMENT("{\"role\": \"\\u001b[2J\\nkvm\", \"rss\": 1,"
		     " \"pss\": 1}, {\"role\": \"fourteen-bytes\\u20ac\","
		     " \"rss\": 1, \"pss\": 1}"));
	only_footprint(s);
	out = open_memstream(&text, &size);
	footprint_text_write(&s->findings.footprints, true, out);
	fclose(out);
	assert_null(strchr(text, '\033'));
	assert_null(strstr(text, "\nkvm "));
	assert_true(portable_is_text(text));
	free(text);
	json = footprint_json(&s->findings.footprints);
	list = json_object_get(
		json_array_get(json_object_get(json, "runners"), 0),
		"processes");
	assert_int_equal(json_array_size(list), 2);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(what_was_not_measured_is_no_footprint),
		WITH_SHOWN(one_shape_tells_no_terms),
		WITH_SHOWN(without_a_charge_nothing_is_known),
		WITH_SHOWN(shapes_come_in_order_of_size),
		WITH_SHOWN(devices_are_a_term),
		WITH_SHOWN(shapes_beyond_the_room_are_left_out),
		WITH_SHOWN(the_caveat_is_by_grade_and_runner),
		WITH_SHOWN(copies_share_what_the_host_lost),
		WITH_SHOWN(roles_are_four_at_most),
		WITH_SHOWN(foreign_roles_are_plain_text),
	};

	return RUN_TESTS(tests);
}
