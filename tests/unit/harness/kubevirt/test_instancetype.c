// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * instancetype: what a guest is with the type and the preference that it names.
 * The expected topologies and conflicts are those of KubeVirt's own code
 * (pkg/instancetype/apply and preference/apply of v1.9.0, v1.4.0, v1.0.0).
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <string.h>

#include "harness/kubevirt/instancetype.h"
#include "harness/kubevirt/release.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/guest.h"

#define MI ((int64_t)MIB)

static void succeed(int ret, const struct err *err)
{
	if (ret)
		fail_msg("%s", err->msg);
}

/* A guest, the definitions beside it, and what came of them. */
struct typed {
	struct guest guest;
	struct yaml_stream *definitions;
	struct instancetypes *types;
	struct vmi vmi;
};

static void begin(struct typed *t, const char *guest, const char *definitions)
{
	const struct yaml_value *object;
	struct err err;

	guest_read(&t->guest, guest);
	t->types = instancetypes_new();
	t->definitions =
		yaml_stream_open_bytes(definitions, strlen(definitions), NULL);
	while (yaml_stream_next(t->definitions, &object, &err) == 1)
		succeed(instancetypes_add(
				t->types, object,
				yaml_text_of(yaml_member(object, "kind")),
				&err),
			&err);
	t->vmi = vmi_copy(&t->guest.vmi);
}

/* TYPE and PREFERENCE are names of the cluster's; NULL: none. */
static int apply(struct typed *t, const char *type, const char *preference,
		 const char *release, struct err *err)
{
	char text[128];
	struct yaml_stream *stream;
	const struct yaml_value *matchers;
	const struct instancetype *found = NULL;
	const struct preference *preferred = NULL;
	const char *why;
	int ret;

	snprintf(text, sizeof(text), "{t: {name: %s}, p: {name: %s}}",
		 type ? type : "-", preference ? preference : "-");
	stream = yaml_stream_open_bytes(text, strlen(text), NULL);
	assert_int_equal(yaml_stream_next(stream, &matchers, err), 1);
	if (type)
		found = instancetype_find(t->types, yaml_member(matchers, "t"),
					  "", &why);
	if (preference)
		preferred = preference_find(
			t->types, yaml_member(matchers, "p"), "", &why);
	assert_true(!type == !found && !preference == !preferred);
	ret = instancetype_apply(found, preferred, &t->vmi,
				 kubevirt_release_find(release), err);
	yaml_stream_close(stream);
	return ret;
}

static void end(struct typed *t)
{
	vmi_release(&t->vmi);
	instancetypes_free(t->types);
	yaml_stream_close(t->definitions);
	guest_release(&t->guest);
}

#define TYPE(spec)                                                            \
	"---\n{kind: VirtualMachineClusterInstancetype, metadata: {name: t}," \
	" spec: {" spec "}}\n"
#define PREFERENCE(spec)                                                    \
	"---\n{kind: VirtualMachineClusterPreference, metadata: {name: p}," \
	" spec: {" spec "}}\n"
#define EIGHT TYPE("cpu: {guest: 8}, memory: {guest: 1Gi}")

/* sockets, cores, threads */
static void a_preference_spreads_vcpus(void **state)
{
	static const struct {
		const char *preference, *release;
		unsigned int sockets, cores, threads;
	} rows[] = {
		{"devices: {}", "v1.9.0", 8, 1, 1},
		{"cpu: {preferredCPUTopology: preferSockets}", "v1.9.0", 8, 1,
		 1},
		{"cpu: {preferredCPUTopology: preferCores}", "v1.9.0", 1, 8, 1},
		{"cpu: {preferredCPUTopology: preferThreads}", "v1.9.0", 1, 1,
		 8},
		{"cpu: {preferredCPUTopology: cores}", "v1.9.0", 1, 8, 1},
		{"cpu: {preferredCPUTopology: any}", "v1.9.0", 8, 1, 1},
		/* A name that the release does not know. */
		{"cpu: {preferredCPUTopology: cores}", "v1.0.0", 1, 1, 1},
		{"cpu: {preferredCPUTopology: preferSpread}", "v1.9.0", 4, 2,
		 1},
		{"preferSpreadSocketToCoreRatio: 4, cpu: {preferredCPUTopology:"
		 " preferSpread}",
		 "v1.9.0", 2, 4, 1},
		{"cpu: {preferredCPUTopology: spread, spreadOptions: {across:"
		 " SocketsCoresThreads}}",
		 "v1.9.0", 2, 2, 2},
		{"cpu: {preferredCPUTopology: spread, spreadOptions: {across:"
		 " CoresThreads}}",
		 "v1.9.0", 1, 4, 2},
	};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct typed t;
		char text[512];

		snprintf(text, sizeof(text), EIGHT PREFERENCE("%s"),
			 rows[i].preference);
		begin(&t, DOMAIN("devices: {}"), text);
		succeed(apply(&t, "t", "p", rows[i].release, &err), &err);
		if (t.vmi.sockets != rows[i].sockets ||
		    t.vmi.cores != rows[i].cores ||
		    t.vmi.threads != rows[i].threads)
			fail_msg("%s: %ux%ux%u", rows[i].preference,
				 t.vmi.sockets, t.vmi.cores, t.vmi.threads);
		end(&t);
	}
}

static void uneven_vcpus_are_not_spread(void **state)
{
	struct typed t;
	struct err err;

	(void)state;
	begin(&t, DOMAIN("devices: {}"),
	      TYPE("cpu: {guest: 3}, memory: {guest: 1Gi}")
		      PREFERENCE("cpu: {preferredCPUTopology: preferSpread}"));
	assert_int_equal(apply(&t, "t", "p", "v1.9.0", &err), -EPERM);
	assert_non_null(strstr(err.msg, "3 vCPUs are not divisible by"));
	end(&t);
}

/* The field of the guest that the type has as well. */
static void conflicts_are_refused(void **state)
{
	static const struct {
		const char *guest, *release, *field;
	} rows[] = {
		{DOMAIN("cpu: {cores: 2}"), "v1.9.0", "domain.cpu"},
		{DOMAIN("memory: {guest: 2Gi}"), "v1.9.0",
		 "'domain.memory.guest'"},
		{DOMAIN("memory: {guest: 2Gi}"), "v1.4.0", "'domain.memory'"},
		{DOMAIN("memory: {maxGuest: 8Gi}"), "v1.4.0",
		 "'domain.memory'"},
		{DOMAIN("resources: {requests: {memory: 2Gi}}"), "v1.9.0",
		 "'domain.resources.requests.memory'"},
		{DOMAIN("resources: {requests: {cpu: 2}}"), "v1.0.0",
		 "'domain.resources.requests.cpu'"},
		{DOMAIN("resources: {limits: {memory: 2Gi}}"), "v1.9.0",
		 "'domain.resources.limits.memory'"},
	};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct typed t;

		begin(&t, rows[i].guest, EIGHT);
		assert_int_equal(apply(&t, "t", NULL, rows[i].release, &err),
				 -EPERM);
		if (!strstr(err.msg, rows[i].field))
			fail_msg("%s: %s", rows[i].field, err.msg);
		end(&t);
	}
}

/* Since memory sections are merged, huge pages of the guest stay. */
static void what_does_not_conflict_stays(void **state)
{
	struct typed t;
	struct err err;

	(void)state;
	begin(&t, DOMAIN("memory: {hugepages: {pageSize: 2Mi}}"), EIGHT);
	succeed(apply(&t, "t", NULL, "v1.9.0", &err), &err);
	assert_true(t.vmi.has_hugepages);
	assert_int_equal(quantity_value(t.vmi.guest.q), 1024 * MI);
	end(&t);
}

/* 15 % less of 1 GiB, in 32-bit floats: 912680576, where exact arithmetic has
 * 912680550. */
static void overcommit_is_in_floats(void **state)
{
	struct typed t;
	struct err err;

	(void)state;
	begin(&t, DOMAIN("devices: {}"),
	      TYPE("cpu: {guest: 1}, memory: {guest: 1Gi, overcommitPercent:"
		   " 15}"));
	succeed(apply(&t, "t", NULL, "v1.9.0", &err), &err);
	assert_int_equal(resource_of(&t.vmi.requests, RESOURCE_MEMORY),
			 912680576);
	assert_int_equal(quantity_value(t.vmi.guest.q), 1024 * MI);
	end(&t);
}

/* KubeVirt's own set is there, and one of the same name comes before it. */
static void a_given_type_comes_before_the_common_one(void **state)
{
	struct typed t;
	struct err err;

	(void)state;
	begin(&t, DOMAIN("devices: {}"), "");
	succeed(apply(&t, "cx1.medium", NULL, "v1.9.0", &err), &err);
	assert_int_equal(quantity_value(t.vmi.guest.q), 2048 * MI);
	assert_true(t.vmi.has_dedicated_cpus && t.vmi.isolates_emulator &&
		    t.vmi.has_hugepages);
	end(&t);
	begin(&t, DOMAIN("devices: {}"),
	      "{kind: VirtualMachineClusterInstancetype, metadata: {name:"
	      " cx1.medium}, spec: {cpu: {guest: 3}, memory: {guest: 5Gi}}}");
	succeed(apply(&t, "cx1.medium", NULL, "v1.9.0", &err), &err);
	assert_int_equal(quantity_value(t.vmi.guest.q), 5120 * MI);
	assert_int_equal(t.vmi.sockets, 3);
	assert_false(t.vmi.has_dedicated_cpus);
	end(&t);
}

/* A preference fills what the guest leaves open, and no more. */
static void a_preference_never_overrides(void **state)
{
	struct typed t;
	struct err err;

	(void)state;
	begin(&t, DOMAIN("devices: {}"),
	      PREFERENCE("devices: {preferredAutoattachGraphicsDevice: false,"
			 " preferredTPM: {}}"));
	succeed(apply(&t, NULL, "p", "v1.9.0", &err), &err);
	assert_int_equal(t.vmi.graphics, FLAG_FALSE);
	assert_true(t.vmi.has_tpm);
	end(&t);
	begin(&t,
	      DOMAIN("devices: {autoattachGraphicsDevice: true, tpm: {enabled:"
		     " false}}"),
	      PREFERENCE("devices: {preferredAutoattachGraphicsDevice: false,"
			 " preferredTPM: {}}"));
	succeed(apply(&t, NULL, "p", "v1.9.0", &err), &err);
	assert_int_equal(t.vmi.graphics, FLAG_TRUE);
	assert_int_equal(t.vmi.tpm_enabled, FLAG_FALSE);
	end(&t);
}

/* Of a namespace, for guests there alone. */
static void a_namespace_has_its_own(void **state)
{
	static const char definitions[] =
		"{kind: VirtualMachineInstancetype, metadata: {name: t,"
		" namespace: a}, spec: {cpu: {guest: 1}, memory: {guest: 1Gi}}}"
		"\n---\n"
		"{kind: VirtualMachineInstancetype, metadata: {name: t,"
		" namespace: b}, spec: {cpu: {guest: 8}, memory: {guest: 8Gi}}}";
	static const char text[] =
		"{name: t, kind: VirtualMachineInstancetype}";
	struct yaml_stream *s =
		yaml_stream_open_bytes(text, strlen(text), NULL);
	const struct yaml_value *matcher;
	struct typed t;
	struct err err;
	const char *why;

	(void)state;
	begin(&t, DOMAIN("devices: {}"), definitions);
	assert_int_equal(yaml_stream_next(s, &matcher, &err), 1);
	assert_null(instancetype_find(t.types, matcher, "c", &why));
	succeed(instancetype_apply(
			instancetype_find(t.types, matcher, "a", &why), NULL,
			&t.vmi, kubevirt_release_find("v1.9.0"), &err),
		&err);
	assert_int_equal(quantity_value(t.vmi.guest.q), 1024 * MI);
	yaml_stream_close(s);
	end(&t);
}

/* A namespaced kind, a name that nobody has, and what a data volume infers. */
static void what_is_not_known_has_a_reason(void **state)
{
	static const char *const matchers[] = {
		"{name: none-such}",
		"{name: cx1.medium, kind: VirtualMachineInstancetype}",
		"{inferFromVolume: root}",
	};
	struct instancetypes *types = instancetypes_new();
	const struct yaml_value *matcher;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(matchers); i++) {
		struct yaml_stream *s = yaml_stream_open_bytes(
			matchers[i], strlen(matchers[i]), NULL);
		const char *why = NULL;

		assert_int_equal(yaml_stream_next(s, &matcher, &err), 1);
		assert_null(instancetype_find(types, matcher, "", &why));
		assert_true(why && *why);
		yaml_stream_close(s);
	}
	instancetypes_free(types);
}

static void bad_definitions_are_refused(void **state)
{
	static const char *const bad[] = {
		"{metadata: {}, spec: {cpu: {guest: 1}}}",
		"{metadata: {name: a}, spec: {cpu: {guest: -1}}}",
		"{metadata: {name: a}, spec: {cpu: {guest: 1}, memory: {guest:"
		" 1Q}}}",
	};
	struct instancetypes *types = instancetypes_new();
	const struct yaml_value *object;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct yaml_stream *s =
			yaml_stream_open_bytes(bad[i], strlen(bad[i]), NULL);

		assert_int_equal(yaml_stream_next(s, &object, &err), 1);
		if (instancetypes_add(types, object,
				      "VirtualMachineInstancetype",
				      &err) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
		yaml_stream_close(s);
	}
	instancetypes_free(types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_preference_spreads_vcpus),
		cmocka_unit_test(uneven_vcpus_are_not_spread),
		cmocka_unit_test(conflicts_are_refused),
		cmocka_unit_test(what_does_not_conflict_stays),
		cmocka_unit_test(overcommit_is_in_floats),
		cmocka_unit_test(a_given_type_comes_before_the_common_one),
		cmocka_unit_test(a_namespace_has_its_own),
		cmocka_unit_test(a_preference_never_overrides),
		cmocka_unit_test(what_is_not_known_has_a_reason),
		cmocka_unit_test(bad_definitions_are_refused),
	};

	return RUN_TESTS(tests);
}
