// SPDX-License-Identifier: GPL-3.0-or-later
/* place: what a pod or a Slurm job is told of its node, and by whom. */
#include "tests/unit/test.h"

#include <sys/utsname.h>

#include "harness/core/place.h"

static const char *const variables[] = {
	"L1VH_FLEET",      "L1VH_NODE",           "L1VH_ARM",
	"L1VH_INDEX",      "L1VH_ATTEMPT",        "L1VH_ENGINE",
	"L1VH_JOB",        "L1VH_FLEET_SIZE",     "L1VH_INSTANCE_TYPE",
	"L1VH_ZONE",       "L1VH_REGION",         "L1VH_IMAGE",
	"SLURM_JOB_ID",    "SLURM_ARRAY_JOB_ID",  "SLURM_RESTART_COUNT",
	"SLURMD_NODENAME", "SLURM_ARRAY_TASK_ID",
};

static int nowhere(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
	return 0;
}

struct row {
	const char *key, *value;
};

/* NAME=VALUE, or a NULL. */
static void be_at(const char *const *env)
{
	nowhere(NULL);
	for (; *env; env++) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*env, "="),
			 *env);
		setenv(name, *env + strlen(name) + 1, 1);
	}
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* Every "fleet." and "node." key but those of the machine, and no other. */
static void expect_rows(const json_t *o, const struct row *rows, size_t count)
{
	const char *key;
	size_t i, found = 0;
	json_t *value;

	for (i = 0; i < count && rows[i].key; i++)
		if (!text_of(o, rows[i].key) ||
		    strcmp(text_of(o, rows[i].key), rows[i].value))
			fail_msg("%s is '%s'", rows[i].key,
				 text_of(o, rows[i].key));
	json_object_foreach((json_t *)o, key, value)
		found += !strncmp(key, "fleet.", 6) &&
			 strcmp(key, "fleet.pod") != 0;
	json_object_foreach((json_t *)o, key, value)
		found += !strncmp(key, "node.", 5) &&
			 strcmp(key, "node.boot_id") != 0;
	assert_int_equal(found, i);
}

static const struct {
	const char *env[12];
	struct row rows[12];
} places[] = {
	{{"L1VH_FLEET=f", "L1VH_NODE=n1", "L1VH_ARM=l1vh", "L1VH_INDEX=0",
	  "L1VH_ATTEMPT=6b9c", "L1VH_ENGINE=kubernetes", "L1VH_JOB=f-n1",
	  "L1VH_FLEET_SIZE=9", "L1VH_INSTANCE_TYPE=Standard_D8", "L1VH_ZONE=1",
	  "L1VH_REGION=eu", NULL},
	 {{"fleet.name", "f"},
	  {"fleet.node", "n1"},
	  {"fleet.arm", "l1vh"},
	  {"fleet.index", "0"},
	  {"fleet.attempt", "6b9c"},
	  {"fleet.engine", "kubernetes"},
	  {"fleet.job", "f-n1"},
	  {"fleet.size", "9"},
	  {"node.instance_type", "Standard_D8"},
	  {"node.zone", "1"},
	  {"node.region", "eu"}}},
	/* Slurm says what nobody else does. */
	{{"SLURM_JOB_ID=17", "SLURM_ARRAY_JOB_ID=15", "SLURM_ARRAY_TASK_ID=2",
	  "SLURMD_NODENAME=s2", "L1VH_FLEET=f", NULL},
	 {{"fleet.name", "f"},
	  {"fleet.node", "s2"},
	  {"fleet.index", "2"},
	  {"fleet.attempt", "15/17"},
	  {"fleet.job", "15"},
	  {"fleet.engine", "slurm"}}},
	/* A job that is queued again is another attempt. */
	{{"SLURM_JOB_ID=17", "SLURM_RESTART_COUNT=1", NULL},
	 {{"fleet.attempt", "17.1"}, {"fleet.engine", "slurm"}}},
	{{"SLURM_JOB_ID=17", "SLURMD_NODENAME=s2", "L1VH_NODE=n1",
	  "L1VH_ENGINE=kubernetes", "L1VH_ATTEMPT=a", "L1VH_INDEX=9", NULL},
	 {{"fleet.node", "n1"},
	  {"fleet.index", "9"},
	  {"fleet.attempt", "a"},
	  {"fleet.engine", "kubernetes"}}},
	/* Without a job these are of a shell that someone has on a node. */
	{{"SLURMD_NODENAME=s2", "SLURM_ARRAY_TASK_ID=2", NULL}, {{0}}},
	{{"L1VH_FLEET=", "L1VH_NODE=", "SLURM_JOB_ID=", NULL}, {{0}}},
	{{"L1VH_FLEET=a\nb\033[2J\303\244\"\\", NULL},
	 {{"fleet.name", "a\nb?[2J??\"\\"}}},
};

static void the_environment_says_where(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		json_t *o = json_pack("{s:s}", "host", "pod-x");

		be_at(places[i].env);
		place_put(o, false);
		expect_rows(o, places[i].rows, ARRAY_SIZE(places[i].rows));
		assert_int_equal(json_object_get(o, "node.boot_id") != NULL,
				 places[i].rows[0].key != NULL);
		json_decref(o);
	}
}

/* Two values that differ at their ends stay two. */
static void nothing_is_cut(void **state)
{
	char *name, *got;

	(void)state;
	name = malloc(100001);
	assert_non_null(name);
	memset(name, 'n', 100000);
	name[100000] = '\0';
	setenv("L1VH_NODE", name, 1);
	got = place_value("fleet.node");
	assert_string_equal(got, name);
	free(got);
	free(name);
	assert_null(place_value("fleet.name"));
	assert_null(place_value("no.such"));
}

static void a_pod_is_known_by_its_node(void **state)
{
	struct utsname u;
	json_t *o = json_pack("{s:s}", "host", "pod-x");

	(void)state;
	assert_int_equal(uname(&u), 0);
	setenv("L1VH_NODE", "n1", 1);
	place_put(o, false);
	assert_string_equal(text_of(o, "host"), "n1");
	assert_string_equal(text_of(o, "fleet.pod"), u.nodename);
	json_decref(o);
	/* The lab has a name of its own, and the pod stays in view. */
	o = json_pack("{s:s}", "host", "lab");
	place_put(o, true);
	assert_string_equal(text_of(o, "host"), "lab");
	assert_string_equal(text_of(o, "fleet.node"), "n1");
	assert_string_equal(text_of(o, "fleet.pod"), u.nodename);
	json_decref(o);
	/* Slurm's nodes have no pods. */
	o = json_pack("{s:s}", "host", u.nodename);
	setenv("L1VH_NODE", u.nodename, 1);
	place_put(o, false);
	assert_null(text_of(o, "fleet.pod"));
	json_decref(o);
}

/* Also outside a fleet, where nothing else is told. */
static void a_container_is_named(void **state)
{
	json_t *o = json_object();

	(void)state;
	setenv("L1VH_IMAGE", "r/bench@sha256:12\x1b", 1);
	place_put(o, false);
	assert_string_equal(text_of(o, "l1vh.image"), "r/bench@sha256:12?");
	assert_int_equal(json_object_size(o), 1);
	json_decref(o);
	nowhere(NULL);
}

static void machine_and_clock_are_told(void **state)
{
	json_t *o = json_object();
	const char *clock;

	(void)state;
	setenv("L1VH_FLEET", "f", 1);
	place_put(o, false);
	assert_int_equal(strlen(text_of(o, "node.boot_id")), 36);
	clock = text_of(o, "clock.synchronised");
	assert_true(!strcmp(clock, "yes") || !strcmp(clock, "no") ||
		    !strcmp(clock, "unknown"));
	assert_null(text_of(o, "host"));
	json_decref(o);
}

static void azure_has_keys_of_its_own(void **state)
{
	json_t *o = json_object();
	json_t *imds =
		json_pack("{s:s, s:s, s:{s:s, s:s}}", "vm_size", "Standard_D8",
			  "location", "eu", "tags", "a.b c", "1", "d", "2");

	(void)state;
	place_put_azure(o, NULL);
	assert_int_equal(json_object_size(o), 0);
	place_put_azure(o, imds);
	assert_string_equal(text_of(o, "azure.vm_size"), "Standard_D8");
	assert_string_equal(text_of(o, "azure.location"), "eu");
	assert_string_equal(text_of(o, "azure.tag.a.b c"), "1");
	assert_string_equal(text_of(o, "azure.tag.d"), "2");
	assert_int_equal(json_object_size(o), 4);
	json_decref(imds);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_environment_says_where, nowhere),
		cmocka_unit_test_setup(nothing_is_cut, nowhere),
		cmocka_unit_test_setup(a_pod_is_known_by_its_node, nowhere),
		cmocka_unit_test_setup(a_container_is_named, nowhere),
		cmocka_unit_test_setup(machine_and_clock_are_told, nowhere),
		cmocka_unit_test_setup(azure_has_keys_of_its_own, nowhere),
	};

	return RUN_TESTS(tests);
}
