// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * vmi_read: each field of a manifest sets what it is for and nothing else, null
 * is as if it were absent, and a value of another kind is refused by its line
 * and path.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>

#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/guest.h"

#define GI ((int64_t)GIB)

enum field_type {
	TYPE_BOOL,
	TYPE_COUNT, /* uint32_t */
	TYPE_FLAG,
	TYPE_AMOUNT,
	TYPE_REQUEST, /* of memory, in struct resources */
	TYPE_CPUS,    /* in struct resources, thousandths */
};

/* What it sets, and the sections that are there because of it. */
static const struct field {
	const char *instance;
	size_t offset;
	enum field_type type;
	int64_t value;
} fields[] = {
#define FIELD(instance, type, name, value)                               \
	{                                                                \
		instance, offsetof(struct vmi, name), TYPE_##type, value \
	}
	FIELD(DOMAIN("resources: {requests: {memory: 3Gi}}"), REQUEST, requests,
	      3 * GI),
	FIELD(DOMAIN("resources: {limits: {memory: 5Gi}}"), REQUEST, limits,
	      5 * GI),
	FIELD(DOMAIN("resources: {requests: {memory: 1073741824}}"), REQUEST,
	      requests, GI),
	FIELD(DOMAIN("resources: {limits: {cpu: 1500m}}"), CPUS, limits, 1500),
	FIELD(DOMAIN("resources: {requests: {cpu: 2}}"), CPUS, requests, 2000),
	FIELD(DOMAIN("resources: {overcommitGuestOverhead: true}"), BOOL,
	      overcommits_guest_overhead, true),
	FIELD(DOMAIN("memory: {guest: 512Mi}"), AMOUNT, guest, GI / 2),
	FIELD(DOMAIN("memory: {maxGuest: 8Gi}"), AMOUNT, max_guest, 8 * GI),
	FIELD(DOMAIN("memory: {reservedOverhead: {addedOverhead: 7Mi}}"),
	      AMOUNT, added_overhead, 7 * MIB),
	FIELD(DOMAIN("memory: {reservedOverhead: {memLock: Required}}"), BOOL,
	      requires_memlock, true),
	FIELD(DOMAIN("memory: {hugepages: {}}"), BOOL, has_hugepages, true),
	FIELD(DOMAIN("memory: {}"), BOOL, has_memory, true),
	FIELD(DOMAIN("cpu: {}"), BOOL, has_cpu, true),
	FIELD(DOMAIN("cpu: {cores: 3}"), COUNT, cores, 3),
	FIELD(DOMAIN("cpu: {sockets: 0x10}"), COUNT, sockets, 16),
	FIELD(DOMAIN("cpu: {threads: 2.0}"), COUNT, threads, 2),
	FIELD(DOMAIN("cpu: {maxSockets: 9}"), COUNT, max_sockets, 9),
	FIELD(DOMAIN("cpu: {dedicatedCpuPlacement: yes}"), BOOL,
	      has_dedicated_cpus, true),
	FIELD(DOMAIN("cpu: {isolateEmulatorThread: true}"), BOOL,
	      isolates_emulator, true),
	FIELD(DOMAIN("cpu: {realtime: {}}"), BOOL, is_realtime, true),
	FIELD(DOMAIN("cpu: {numa: {guestMappingPassthrough: {}}}"), BOOL,
	      has_numa_passthrough, true),
	FIELD(DOMAIN("ioThreadsPolicy: supplementalPool"), BOOL,
	      has_io_thread_pool, true),
	FIELD(DOMAIN("ioThreads: {supplementalPoolThreadCount: 4}"), COUNT,
	      io_thread_count, 4),
	FIELD(DOMAIN("devices: {autoattachGraphicsDevice: false}"), FLAG,
	      graphics, FLAG_FALSE),
	FIELD(DOMAIN("devices: {autoattachGraphicsDevice: true}"), FLAG,
	      graphics, FLAG_TRUE),
	FIELD(DOMAIN("devices: {autoattachSerialConsole: off}"), FLAG,
	      serial_console, FLAG_FALSE),
	FIELD(DOMAIN("devices: {logSerialConsole: true}"), FLAG, serial_log,
	      FLAG_TRUE),
	FIELD(DOMAIN("devices: {autoattachPodInterface: false}"), FLAG,
	      pod_interface, FLAG_FALSE),
	FIELD(DOMAIN("devices: {autoattachVSOCK: True}"), FLAG, vsock,
	      FLAG_TRUE),
	FIELD(DOMAIN("devices: {tpm: {}}"), BOOL, has_tpm, true),
	FIELD(DOMAIN("devices: {tpm: {enabled: false}}"), FLAG, tpm_enabled,
	      FLAG_FALSE),
	FIELD(DOMAIN("devices: {disks: [{}, {lun: {reservation: true}}]}"),
	      BOOL, has_reservation, true),
	FIELD(DOMAIN("launchSecurity: {sev: {}}"), BOOL, has_sev, true),
	FIELD(DOMAIN("launchSecurity: {snp: {}}"), BOOL, has_snp, true),
	FIELD(DOMAIN("launchSecurity: {tdx: {}}"), BOOL, has_tdx, true),
	FIELD(DOMAIN("firmware: {kernelBoot: {container: {}}}"), BOOL,
	      has_kernel_boot, true),
	FIELD(SPEC("domain: {}, livenessProbe: {exec: {}}"), BOOL,
	      has_liveness_exec, true),
	FIELD(SPEC("domain: {}, readinessProbe: {exec: {}}"), BOOL,
	      has_readiness_exec, true),
	FIELD("{metadata: {annotations: {alpha.kubevirt.io/"
	      "EmulatorThreadCompleteToEvenParity: ''}}, spec: {domain: {}}}",
	      BOOL, has_even_parity, true),
};

/* And takes it away. */
static int64_t take_value(struct vmi *v, const struct field *f)
{
	void *at = (char *)v + f->offset;
	int64_t value;

	switch (f->type) {
	case TYPE_BOOL:
		value = *(bool *)at;
		memset(at, 0, sizeof(bool));
		return value;
	case TYPE_COUNT:
		value = *(uint32_t *)at;
		memset(at, 0, sizeof(uint32_t));
		return value;
	case TYPE_FLAG:
		value = *(enum vmi_flag *)at;
		memset(at, 0, sizeof(enum vmi_flag));
		return value;
	case TYPE_AMOUNT:
		value = quantity_value(((struct amount *)at)->q);
		memset(at, 0, sizeof(struct amount));
		return value;
	case TYPE_REQUEST:
	case TYPE_CPUS:
	default:
		value = resource_of(at, f->type == TYPE_CPUS ? RESOURCE_CPU
							     : RESOURCE_MEMORY);
		assert_int_equal(((struct resources *)at)->count, 1);
		memset(at, 0, sizeof(struct resources));
		return value;
	}
}

/* A section is there as soon as one of its fields is. */
static void take_sections(struct vmi *v, const char *instance)
{
	v->has_cpu &= !strstr(instance, "cpu: {");
	v->has_memory &= !strstr(instance, "memory: {");
	v->has_tpm &= !strstr(instance, "tpm: {");
	v->has_launch_security &= !strstr(instance, "launchSecurity: {");
	if (strstr(instance, "ioThreadsPolicy"))
		v->given &= ~(unsigned int)GIVEN_IO_POLICY;
	if (strstr(instance, "numa: {"))
		v->given &= ~(unsigned int)GIVEN_NUMA;
}

/* Names are borrowed until the next call. */
static int read_into(struct vmi *v, const char *instance, struct err *err)
{
	static struct yaml_stream *s;
	const struct yaml_value *root;

	yaml_stream_close(s);
	s = yaml_stream_open_bytes(instance, strlen(instance), NULL);
	assert_int_equal(yaml_stream_next(s, &root, err), 1);
	return vmi_read(v, root, err);
}

static void each_field_sets_its_own(void **state)
{
	static const struct vmi nothing;
	static struct vmi v; /* its padding is zero as well */
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];

		memset(&v, 0, sizeof(v));
		if (read_into(&v, f->instance, &err))
			fail_msg("%s: %s", f->instance, err.msg);
		if (take_value(&v, f) != f->value)
			fail_msg("%s", f->instance);
		take_sections(&v, f->instance);
		if (memcmp(&v, &nothing, sizeof(v)) != 0)
			fail_msg("%s sets something else", f->instance);
	}
}

/* An instance type must not set them again. */
static void what_only_has_to_be_there_is_noted(void **state)
{
	static const struct {
		const char *instance;
		unsigned int given;
	} cases[] = {
		{DOMAIN("cpu: {model: host-model}"), GIVEN_CPU_MODEL},
		{SPEC("domain: {}, nodeSelector: {a: b}"), GIVEN_NODE_SELECTOR},
		{SPEC("domain: {}, schedulerName: s"), GIVEN_SCHEDULER},
		{DOMAIN("ioThreadsPolicy: auto"), GIVEN_IO_POLICY},
		{DOMAIN("cpu: {numa: {}}"), GIVEN_NUMA},
		{DOMAIN(""), 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guest g;

		guest_read(&g, cases[i].instance);
		assert_int_equal(g.vmi.given, cases[i].given);
		guest_release(&g);
	}
}

/* What an instance type or an option gave stays, whether a key is null or not
 * there. */
static void what_is_absent_changes_nothing(void **state)
{
	static const char *const instances[] = {
		DOMAIN(""),
		DOMAIN("resources: null, memory: null, cpu: null, devices: ~,"
		       " launchSecurity: null, firmware: null"),
		DOMAIN("resources: {requests: null, limits: {memory: null}},"
		       " memory: {guest: null, hugepages: null},"
		       " cpu: {cores: null, realtime: ~}, devices: {tpm: null,"
		       " autoattachGraphicsDevice: null, hostDevices: null,"
		       " disks: null}"),
		"{metadata: null, spec: {domain: {}, architecture: null,"
		" volumes: null, networks: null, livenessProbe: null}}",
		"{metadata: {annotations: {}}, spec: {domain: {}}}",
	};
	struct vmi_device devices[2] = {{.resource = "a"}, {.resource = "b"}};
	static struct vmi before, v;
	struct err err;
	size_t i;

	(void)state;
	memset(&before, 0, sizeof(before));
	resources_set(&before.requests, RESOURCE_MEMORY, quantity_of(GI));
	before.cores = 5;
	before.has_cpu = before.has_memory = before.has_tpm = true;
	before.is_realtime = before.has_hugepages = true;
	before.graphics = FLAG_FALSE;
	before.host_devices = devices;
	before.host_device_count = 2;
	snprintf(before.arch, sizeof(before.arch), "arm64");
	for (i = 0; i < ARRAY_SIZE(instances); i++) {
		memcpy(&v, &before, sizeof(v));
		if (read_into(&v, instances[i], &err))
			fail_msg("%s: %s", instances[i], err.msg);
		if (memcmp(&v, &before, sizeof(v)) != 0)
			fail_msg("%s sets something", instances[i]);
	}
}

/* What it says wins over what was there. */
static void what_is_there_wins(void **state)
{
	static struct vmi v;
	struct err err;

	(void)state;
	memset(&v, 0, sizeof(v));
	v.overcommits_guest_overhead = v.has_dedicated_cpus = true;
	v.requires_memlock = v.has_io_thread_pool = true;
	v.cores = 5;
	v.graphics = FLAG_FALSE;
	assert_int_equal(
		read_into(&v,
			  DOMAIN("resources: {overcommitGuestOverhead: false},"
				 " cpu: {dedicatedCpuPlacement: false,"
				 " cores: 0},"
				 " memory: {reservedOverhead:"
				 " {memLock: NotRequired}},"
				 " ioThreadsPolicy: shared,"
				 " devices: {autoattachGraphicsDevice: true}"),
			  &err),
		0);
	assert_false(v.overcommits_guest_overhead || v.has_dedicated_cpus ||
		     v.requires_memlock || v.has_io_thread_pool);
	assert_int_equal(v.cores, 0);
	assert_int_equal(v.graphics, FLAG_TRUE);
}

static void networks_and_volumes_are_read(void **state)
{
	struct guest g;
	const struct vmi *v = &g.vmi;

	(void)state;
	guest_read(
		&g,
		SPEC("networks: [{name: a}, {name: b,"
		     " multus: {networkName: x/y}}], domain: {},"
		     " volumes: [{name: root, containerDisk: {image: i}},"
		     " {name: m, downwardMetrics: {}}, {name: p,"
		     " containerPath: {}}, {name: c,"
		     " persistentVolumeClaim: {hotpluggable: true}}, {name: d,"
		     " dataVolume: {hotpluggable: true}}, {name: s}]"));
	assert_int_equal(v->network_count, 2);
	assert_null(v->networks[0].attachment);
	assert_string_equal(v->networks[1].attachment, "x/y");
	assert_int_equal(v->volume_count, 6);
	assert_true(v->volumes[0].is_container_disk &&
		    v->volumes[1].is_downward_metrics &&
		    v->volumes[2].is_container_path &&
		    v->volumes[3].is_hotpluggable &&
		    v->volumes[4].is_hotpluggable);
	assert_string_equal(v->volumes[5].name, "s");
	guest_release(&g);
}

static void interfaces_are_read(void **state)
{
	struct guest g;
	const struct vmi_interface *i;

	(void)state;
	guest_read(&g, DOMAIN("devices: {interfaces: [{name: a, model: e1000,"
			      " binding: {name: plug}}, {name: b, sriov: {}},"
			      " {passt: {}, ports: [{port: 1}]},"
			      " {passtBinding: {}}, {slirp: {}, ports: []}]}"));
	i = g.vmi.interfaces;
	assert_int_equal(g.vmi.interface_count, 5);
	assert_string_equal(i[0].model, "e1000");
	assert_string_equal(i[0].plugin, "plug");
	assert_null(i[1].plugin);
	assert_true(i[1].has_sriov && i[2].has_passt && i[2].has_ports &&
		    i[3].has_passt_binding && i[4].has_slirp);
	assert_false(i[4].has_ports || i[0].has_sriov || i[1].has_passt);
	guest_release(&g);
}

static void devices_and_words_are_read(void **state)
{
	struct guest g;
	const struct vmi *v = &g.vmi;

	(void)state;
	guest_read(&g, SPEC("architecture: s390x, domain: {devices: {gpus:"
			    " [{deviceName: g}], hostDevices: [{deviceName: h},"
			    " {claimName: c}, {requestName: r}],"
			    " filesystems: [{name: f}, {}]}, memory:"
			    " {hugepages: {pageSize: 1Gi}}}"));
	assert_string_equal(v->arch, "s390x");
	assert_string_equal(v->page_size, "1Gi");
	assert_string_equal(v->gpus[0].resource, "g");
	assert_int_equal(v->host_device_count, 3);
	assert_true(v->host_devices[1].has_claim &&
		    v->host_devices[2].has_claim);
	assert_false(v->host_devices[0].has_claim);
	assert_int_equal(v->filesystem_count, 2);
	assert_string_equal(v->filesystems[0], "f");
	guest_release(&g);
}

/* What a map takes from others is the map's. */
static void merged_fields_are_read(void **state)
{
	struct guest g;

	(void)state;
	guest_read(&g, "{x: &x {cores: 3, threads: 2}, y: &y {memory: 1Gi,"
		       " cpu: 2}, spec: {domain: {cpu: {<<: *x, threads: 1},"
		       " resources: {requests: {<<: *y, cpu: 1}}}}}");
	assert_int_equal(g.vmi.cores, 3);
	assert_int_equal(g.vmi.threads, 1);
	assert_int_equal(resource_of(&g.vmi.requests, RESOURCE_MEMORY), GI);
	assert_int_equal(resource_of(&g.vmi.requests, RESOURCE_CPU), 1000);
	assert_int_equal(g.vmi.requests.count, 2);
	guest_release(&g);
}

/* A list replaces one that was there, an empty one too. */
static void lists_replace_lists(void **state)
{
	struct guest g;
	struct err err;

	(void)state;
	guest_read(&g, DOMAIN("devices: {gpus: [{}, {}], hostDevices: [{}]}"));
	assert_int_equal(read_into(&g.vmi, DOMAIN("devices: {gpus: []}"), &err),
			 0);
	assert_int_equal(g.vmi.gpu_count, 0);
	assert_int_equal(g.vmi.host_device_count, 1);
	guest_release(&g);
}

static void sidecars_are_counted(void **state)
{
#define SIDECARS(text)                                                    \
	"{metadata: {annotations: {hooks.kubevirt.io/hookSidecars: " text \
	"}}, spec: {domain: {}}}"
	static const struct {
		const char *instance;
		size_t count; /* SIZE_MAX: it is refused */
	} cases[] = {
		{SIDECARS("'[{\"image\": \"a\"}, {\"image\": \"b\"}]'"), 2},
		{SIDECARS("'[]'"), 0},
		{SIDECARS("'{}'"), SIZE_MAX},
		{SIDECARS("'[{'"), SIZE_MAX},
		{SIDECARS("[]"), SIZE_MAX},
	};
	static struct vmi v;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};
		int ret;

		memset(&v, 0, sizeof(v));
		ret = read_into(&v, cases[i].instance, &err);
		assert_int_equal(ret, cases[i].count == SIZE_MAX ? -EINVAL : 0);
		if (!ret)
			assert_int_equal(v.sidecar_count, cases[i].count);
		else
			assert_contains(err.msg, "hookSidecars");
	}
}

static const struct {
	const char *instance, *says;
} refused[] = {
	{"spec:\n  domain:\n    memory: {guest: 1 GiB}\n",
	 "line 3: 'domain.memory.guest': '1 GiB' is not an amount"},
	{DOMAIN("memory: {guest: [1]}"), "domain.memory.guest"},
	{DOMAIN("memory: {maxGuest: '-1'}"), "'-1' is negative"},
	{DOMAIN("memory: {guest: true}"), "is 'true', not an amount"},
	{DOMAIN("memory: {guest: 16Ei}"), "too large"},
	{DOMAIN("resources: {limits: {memory: {}}}"), "line 1: "},
	{DOMAIN("resources: {limits: {cpu: x}}"), "'x'"},
	{DOMAIN("resources: {requests: []}"),
	 "'domain.resources.requests' is no scalar, not a map"},
	{DOMAIN("resources: {overcommitGuestOverhead: {}}"),
	 "overcommitGuestOverhead"},
	{"spec:\n  domain:\n    cpu:\n      cores: 1.5\n",
	 "line 4: 'domain.cpu.cores' is '1.5', not a whole number"},
	{DOMAIN("cpu: {sockets: []}"), "domain.cpu.sockets"},
	{DOMAIN("cpu: {sockets: '2'}"), "domain.cpu.sockets"},
	{DOMAIN("cpu: {threads: -1}"), "domain.cpu.threads"},
	{DOMAIN("cpu: {threads: 4294967296}"), "domain.cpu.threads"},
	{DOMAIN("cpu: {dedicatedCpuPlacement: 1}"),
	 "'domain.cpu.dedicatedCpuPlacement' is '1', not true or"},
	{DOMAIN("cpu: {dedicatedCpuPlacement: 'true'}"),
	 "dedicatedCpuPlacement"},
	{DOMAIN("devices: {autoattachGraphicsDevice: maybe}"),
	 "'maybe', not true or false"},
	{DOMAIN("devices: {tpm: true}"), "'domain.devices.tpm'"},
	{DOMAIN("devices: {hostDevices: {}}"), "not a list"},
	{DOMAIN("devices: {gpus: [1]}"), "not a list of maps"},
	{DOMAIN("devices: {interfaces: [null]}"), "interfaces"},
	{DOMAIN("devices: {interfaces: [{model: 1}]}"), "'model'"},
	{DOMAIN("devices: {interfaces: [{sriov: 1}]}"), "'sriov'"},
	{DOMAIN("devices: {disks: [{lun: {reservation: 1}}]}"),
	 "lun.reservation"},
	{DOMAIN("memory: {hugepages: {pageSize: 2}}"),
	 "'domain.memory.hugepages.pageSize' is '2', not a text"},
	{SPEC("domain: {}, volumes: x"), "'volumes'"},
	{SPEC("domain: {}, architecture: 64"), "'architecture'"},
	{SPEC("domain: {}, architecture: a-very-long-name-of-one"),
	 "'architecture'"},
	{SPEC("volumes: []"), "line 1: its spec has no 'domain'"},
	{SPEC("domain: []"), "no 'domain'"},
	{"\n{spec: 5}", "line 2: its spec has no 'domain'"},
	{"{kind: x}", "no 'domain'"},
};

static void values_of_another_kind_are_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		struct vmi v = {.name = ""};
		struct err err = {0};

		if (!read_into(&v, refused[i].instance, &err))
			fail_msg("%s is taken", refused[i].instance);
		assert_contains(err.msg, refused[i].says);
		vmi_release(&v);
	}
}

static void resources_are_bounded(void **state)
{
	char text[4000];
	int count, i;

	(void)state;
	for (count = RESOURCES_MAX; count <= RESOURCES_MAX + 1; count++) {
		struct vmi v = {.name = ""};
		struct err err = {0};
		int len = snprintf(text, sizeof(text),
				   "{spec: {domain: {resources: {requests: {");

		for (i = 0; i < count; i++)
			len += snprintf(text + len, sizeof(text) - (size_t)len,
					"example.com/%d: 1, ", i);
		snprintf(text + len, sizeof(text) - (size_t)len, "}}}}}");
		assert_int_equal(read_into(&v, text, &err),
				 count > RESOURCES_MAX ? -EINVAL : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_sets_its_own),
		cmocka_unit_test(what_only_has_to_be_there_is_noted),
		cmocka_unit_test(what_is_absent_changes_nothing),
		cmocka_unit_test(what_is_there_wins),
		cmocka_unit_test(networks_and_volumes_are_read),
		cmocka_unit_test(interfaces_are_read),
		cmocka_unit_test(devices_and_words_are_read),
		cmocka_unit_test(merged_fields_are_read),
		cmocka_unit_test(lists_replace_lists),
		cmocka_unit_test(sidecars_are_counted),
		cmocka_unit_test(values_of_another_kind_are_refused),
		cmocka_unit_test(resources_are_bounded),
	};

	return RUN_TESTS(tests);
}
