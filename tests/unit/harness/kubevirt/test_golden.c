// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * golden: the figures of 151 guests in fourteen tags are those of KubeVirt's
 * own code, to the byte. The files of tests/golden/kubevirt were made with
 * ci/kubevirt-oracle: 31 guests that were written for one rule each, and what
 * `generate --seed 2026 --count 120` draws. The oracle's cluster is amd64.
 */
#include "tests/unit/test.h"

#include <jansson.h>

#include "harness/kubevirt/cluster.h"
#include "harness/kubevirt/figures.h"
#include "harness/kubevirt/manifest.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/vmi.h"

#define FOLDER "tests/golden/kubevirt/"
#define LEAST_COMPARISONS 15000

struct golden {
	json_t *guests, *truth;
	const json_t *keys;
	const char *name; /* of the guest in hand */
	size_t comparisons, differences;
};

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *o = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	if (!o)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	return o;
}

/* Up to v1.8 KubeVirt's code for locked memory takes the architecture that it
 * was compiled for, which for the oracle is amd64. */
static bool is_judged(const char *key, const struct figures *f)
{
	return strcmp(key, "memlock_bytes") || !strcmp(f->arch, "amd64");
}

static void compare(struct golden *g, const char *tag, const json_t *row,
		    const struct figures *f)
{
	json_t *ours = figures_to_json(f);
	size_t i;

	assert_in_range(json_array_size(row), 6, json_array_size(g->keys));
	for (i = 0; i < json_array_size(row); i++) {
		const char *key = json_string_value(json_array_get(g->keys, i));
		const json_t *want = json_array_get(row, i);
		const json_t *got = json_object_get(ours, key);

		if (!is_judged(key, f))
			continue;
		g->comparisons++;
		if (json_equal(got, want))
			continue;
		g->differences++;
		print_error("%s %s: %s is %lld, not %lld\n", tag, g->name, key,
			    json_integer_value(got), json_integer_value(want));
	}
	json_decref(ours);
}

/* "v1.9.0", or "v1.9.0/hyperv-direct". */
static const struct kubevirt_release *release_of(const char *tag,
						 struct kubevirt_cluster *c)
{
	const struct kubevirt_release *r;
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(tag, "/"), tag);
	*c = kubevirt_cluster_default();
	snprintf(c->arch, sizeof(c->arch), "amd64");
	if (strchr(tag, '/'))
		c->hypervisor = HYPERVISOR_HYPERV_DIRECT;
	r = kubevirt_release_find(name);
	assert_true(r && kubevirt_release_is_exact(r, name));
	return r;
}

static void check_guest(const struct manifest_guest *m, void *arg)
{
	struct golden *g = arg;
	struct vmi v = {.name = ""};
	struct err err;
	const char *tag;
	json_t *rows;

	if (vmi_read(&v, m->instance, &err))
		fail_msg("%s: %s", g->name, err.msg);
	json_object_foreach(json_object_get(g->truth, "truth"), tag, rows) {
		const json_t *row = json_object_get(rows, g->name);
		struct kubevirt_cluster c;
		const struct kubevirt_release *r = release_of(tag, &c);
		struct figures f;

		if (!row) /* KubeVirt has none */
			continue;
		if (figures_of(&v, r, &c, &f, &err))
			fail_msg("%s %s: %s", tag, g->name, err.msg);
		compare(g, tag, row, &f);
		figures_release(&f);
	}
	vmi_release(&v);
}

static void refuse_remark(const struct manifest_remark *r, void *arg)
{
	const struct golden *g = arg;

	fail_msg("%s: %s", g->name, r->text);
}

static void figures_are_kubevirts_own(void **state)
{
	struct golden g = {
		.guests = load(FOLDER "guests.json"),
		.truth = load(FOLDER "truth.json"),
	};
	const struct manifest_visitor visitor = {
		.guest = check_guest,
		.remark = refuse_remark,
		.arg = &g,
	};
	json_t *manifest;

	(void)state;
	g.keys = json_object_get(g.truth, "keys");
	json_object_foreach(g.guests, g.name, manifest) {
		char *text = json_dumps(manifest, 0);
		struct err err;

		if (manifest_visit_bytes(text, strlen(text), NULL, &visitor,
					 &err))
			fail_msg("%s: %s", g.name, err.msg);
		free(text);
	}
	json_decref(g.guests);
	json_decref(g.truth);
	assert_int_equal(g.differences, 0);
	assert_true(g.comparisons >= LEAST_COMPARISONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_kubevirts_own),
	};

	return RUN_TESTS(tests);
}
