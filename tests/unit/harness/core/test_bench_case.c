// SPDX-License-Identifier: GPL-3.0-or-later
/* bench_case: the whole of a case reaches the worker, or none of it. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>

#include "harness/core/bench_case.h"
#include "workloads/workload.h"

/* Another value in every field. */
static void fill(struct bench_case *bc)
{
	*bc = (struct bench_case){
		.runner = "runner-of-15-by",
		.block = 1,
		.vcpu_count = 2,
		.ram_bytes = 3ULL << 40,
		.paravirt = "identical",
		.sandbox = "required",
		.guest_kernel = "bzimage",
		.pinning = "cores",
		.warmup_count = 4,
		.sample_count = 5,
		.target_ns = 6,
		.timeout_ns = UINT64_MAX / 2,
		.stretch_ppm = 7,
		.io = {.io_ns = 8,
		       .disk = "/dev/\xc3\xa4 \"quoted\"",
		       .disk_bytes = 9,
		       .may_overwrite = true,
		       .disk_cache = "host",
		       .ioeventfd = "off",
		       .disk_poll_us = 13,
		       .net_poll_us = 14,
		       .devices = {"0000:00:05.0", "ffffffff:ff:1f.7"},
		       .device_count = 2,
		       .may_overwrite_device = true,
		       .queue_count = 10,
		       .vhost = "auto",
		       .peer = "peer.example",
		       .interface = "eth0",
		       .guest_address = "10.0.0.7/24",
		       .guest_gateway = "10.0.0.1",
		       .ignores_panic = true},
		.limits = {.cgroup_bytes = 11,
			   .has_memlock = true,
			   .memlock_bytes = 12,
			   .locks_ram = true},
	};
	bench_case_add(bc, "mem_latency", "16KiB,4KiB-pages");
	bench_case_add(bc, "null", "");
}

static void must_equal(const struct bench_case *a, const struct bench_case *b)
{
	size_t i;

	assert_string_equal(a->runner, b->runner);
	assert_int_equal(a->block, b->block);
	assert_int_equal(a->vcpu_count, b->vcpu_count);
	assert_int_equal(a->ram_bytes, b->ram_bytes);
	assert_string_equal(a->paravirt, b->paravirt);
	assert_string_equal(a->sandbox, b->sandbox);
	assert_string_equal(a->guest_kernel, b->guest_kernel);
	assert_string_equal(a->pinning, b->pinning);
	assert_int_equal(a->warmup_count, b->warmup_count);
	assert_int_equal(a->sample_count, b->sample_count);
	assert_int_equal(a->target_ns, b->target_ns);
	assert_int_equal(a->timeout_ns, b->timeout_ns);
	assert_int_equal(a->stretch_ppm, b->stretch_ppm);
	assert_int_equal(a->io.io_ns, b->io.io_ns);
	assert_string_equal(a->io.disk, b->io.disk);
	assert_int_equal(a->io.disk_bytes, b->io.disk_bytes);
	assert_int_equal(a->io.may_overwrite, b->io.may_overwrite);
	assert_string_equal(a->io.disk_cache, b->io.disk_cache);
	assert_string_equal(a->io.ioeventfd, b->io.ioeventfd);
	assert_int_equal(a->io.disk_poll_us, b->io.disk_poll_us);
	assert_int_equal(a->io.net_poll_us, b->io.net_poll_us);
	assert_int_equal(a->io.device_count, b->io.device_count);
	for (i = 0; i < a->io.device_count; i++)
		assert_string_equal(a->io.devices[i], b->io.devices[i]);
	assert_int_equal(a->io.may_overwrite_device,
			 b->io.may_overwrite_device);
	assert_int_equal(a->io.queue_count, b->io.queue_count);
	assert_string_equal(a->io.vhost, b->io.vhost);
	assert_string_equal(a->io.peer, b->io.peer);
	assert_string_equal(a->io.interface, b->io.interface);
	assert_string_equal(a->io.guest_address, b->io.guest_address);
	assert_string_equal(a->io.guest_gateway, b->io.guest_gateway);
	assert_int_equal(a->io.ignores_panic, b->io.ignores_panic);
	assert_int_equal(a->limits.cgroup_bytes, b->limits.cgroup_bytes);
	assert_int_equal(a->limits.has_memlock, b->limits.has_memlock);
	assert_int_equal(a->limits.memlock_bytes, b->limits.memlock_bytes);
	assert_int_equal(a->limits.locks_ram, b->limits.locks_ram);
	assert_int_equal(a->item_count, b->item_count);
	for (i = 0; i < a->item_count; i++) {
		assert_string_equal(a->items[i].workload, b->items[i].workload);
		assert_string_equal(a->items[i].point, b->items[i].point);
	}
}

static void every_field_reaches_the_worker(void **state)
{
	struct bench_case bc, back, empty = {.block = 0};
	struct err err = {0};
	json_t *json;

	(void)state;
	fill(&bc);
	json = bench_case_to_json(&bc);
	assert_int_equal(bench_case_from_json(json, &back, &err), 0);
	must_equal(&bc, &back);
	bench_case_release(&back);
	bench_case_release(&bc);
	json_decref(json);
	json = bench_case_to_json(&empty);
	assert_int_equal(bench_case_from_json(json, &back, &err), 0);
	must_equal(&empty, &back);
	assert_null(back.items);
	bench_case_release(&back);
	json_decref(json);
}

static void must_be_refused(const json_t *json, const char *key)
{
	struct err err = {0};
	struct bench_case bc;

	if (bench_case_from_json(json, &bc, &err) != -EPROTO)
		fail_msg("'%s' may be absent, or anything", key);
	assert_null(bc.items);
	assert_int_equal(bc.item_count, 0);
}

/* What came later than the first workers. */
static bool is_optional(const char *key)
{
	static const char *const keys[] = {
		"devices",   "may_overwrite_device", "disk_cache",
		"ioeventfd", "disk_poll_us",         "net_poll_us"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

/* Each member of OBJECT, which is somewhere in JSON, in turn: gone, and of
 * another type. */
static size_t damage_each(const json_t *json, json_t *object)
{
	json_t *copy = json_deep_copy(object), *value;
	const char *key;
	size_t count = 0;

	json_object_foreach(copy, key, value) {
		if (is_optional(key))
			continue;
		json_object_del(object, key);
		must_be_refused(json, key);
		if (!json_is_array(value)) {
			json_object_set_new(object, key, json_null());
			must_be_refused(json, key);
		}
		json_object_set(object, key, value);
		count++;
	}
	json_decref(copy);
	return count;
}

static void a_case_needs_every_key(void **state)
{
	struct bench_case bc, back;
	struct err err = {0};
	json_t *json;

	(void)state;
	fill(&bc);
	json = bench_case_to_json(&bc);
	assert_int_equal(damage_each(json, json), 16);
	assert_int_equal(damage_each(json, json_object_get(json, "io")), 11);
	assert_int_equal(damage_each(json, json_object_get(json, "limits")), 4);
	/* The second of its series, when the first is already taken. */
	assert_int_equal(
		damage_each(json,
			    json_array_get(json_object_get(json, "items"), 1)),
		2);
	assert_int_equal(bench_case_from_json(json, &back, &err), 0);
	must_equal(&bc, &back);
	bench_case_release(&back);
	must_be_refused(NULL, "all");
	json_decref(json);
	bench_case_release(&bc);
}

/* A worker of another version names no devices; nor are there more than a case
 * has room for. */
static void a_case_may_lack_devices(void **state)
{
	struct bench_case bc, back;
	struct err err = {0};
	json_t *json, *io, *devices;

	(void)state;
	fill(&bc);
	json = bench_case_to_json(&bc);
	io = json_object_get(json, "io");
	devices = json_incref(json_object_get(io, "devices"));
	json_object_del(io, "devices");
	json_object_del(io, "may_overwrite_device");
	json_object_del(io, "disk_cache");
	json_object_del(io, "ioeventfd");
	json_object_del(io, "disk_poll_us");
	json_object_del(io, "net_poll_us");
	assert_int_equal(bench_case_from_json(json, &back, &err), 0);
	assert_int_equal(back.io.device_count, 0);
	assert_false(back.io.may_overwrite_device);
	assert_false(io_plan_caches(&back.io));
	assert_true(io_plan_has_ioeventfd(&back.io));
	assert_int_equal(back.io.disk_poll_us, 0);
	assert_int_equal(back.io.net_poll_us, 0);
	bench_case_release(&back);
	json_object_set_new(io, "ioeventfd", json_string("offline"));
	must_be_refused(json, "ioeventfd");
	json_object_del(io, "ioeventfd");
	json_object_set_new(io, "disk_poll_us", json_integer(-1));
	must_be_refused(json, "disk_poll_us");
	json_object_set_new(io, "disk_poll_us", json_integer(0));
	json_object_set_new(io, "net_poll_us", json_string("1"));
	must_be_refused(json, "net_poll_us");
	json_object_del(io, "net_poll_us");
	json_object_set_new(io, "devices", devices);
	while (json_array_size(devices) < IO_MAX_DEVICES)
		json_array_append_new(devices, json_string("0000:00:06.0"));
	assert_int_equal(bench_case_from_json(json, &back, &err), 0);
	assert_int_equal(back.io.device_count, IO_MAX_DEVICES);
	bench_case_release(&back);
	json_array_append_new(devices, json_string("0000:00:07.0"));
	must_be_refused(json, "devices");
	json_array_clear(devices);
	json_array_append_new(devices, json_integer(5));
	must_be_refused(json, "devices");
	json_object_set_new(io, "devices", json_string("0000:00:05.0"));
	must_be_refused(json, "devices");
	json_decref(json);
	bench_case_release(&bc);
}

/* Names longer than any workload's end inside their field. */
static void long_names_are_cut(void **state)
{
	char name[100];
	struct bench_case bc = {.block = 0};

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	bench_case_add(&bc, name, name);
	assert_int_equal(strlen(bc.items[0].workload), 31);
	assert_int_equal(strlen(bc.items[0].point), 31);
	bench_case_release(&bc);
	assert_null(bc.items);
}

static void series_are_found(void **state)
{
	struct bench_case bc = {.block = 0};

	(void)state;
	assert_false(bench_case_has(&bc, "null"));
	assert_false(bench_case_needs(&bc, UINT32_MAX));
	bench_case_add(&bc, "null", "");
	bench_case_add(&bc, "unheard of", "");
	assert_true(bench_case_has(&bc, "null"));
	assert_true(bench_case_has(&bc, "unheard of"));
	assert_false(bench_case_has(&bc, "nul"));
	assert_false(bench_case_needs(&bc, WL_NEEDS_DISK | WL_NEEDS_NET));
	bench_case_add(&bc, "network", "tcp");
	assert_true(bench_case_needs(&bc, WL_NEEDS_DISK | WL_NEEDS_NET));
	assert_true(bench_case_needs(&bc, WL_NEEDS_NET));
	assert_false(bench_case_needs(&bc, WL_NEEDS_DISK));
	assert_false(bench_case_needs(&bc, 0));
	bench_case_release(&bc);
}

static void null_disks_have_a_size(void **state)
{
	static const struct {
		const char *disk, *size;
	} cases[] = {
		{"null:4G", "4G"},
		{"null:", ""},
		{"null:null:1", "null:1"},
		{"null", NULL},
		{"", NULL},
		{"Null:4G", NULL},
		{" null:4G", NULL},
		{"/null:4G", NULL},
		{"nulls:4G", NULL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *size = io_plan_null_size(cases[i].disk);

		assert_int_equal(!size, !cases[i].size);
		if (size)
			assert_string_equal(size, cases[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_reaches_the_worker),
		cmocka_unit_test(a_case_needs_every_key),
		cmocka_unit_test(a_case_may_lack_devices),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(series_are_found),
		cmocka_unit_test(null_disks_have_a_size),
	};

	return RUN_TESTS(tests);
}
