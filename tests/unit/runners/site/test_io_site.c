// SPDX-License-Identifier: GPL-3.0-or-later
/* Disk and network of a case: what an agent is told of them, and whether what
 * is missing is skipped or failed. */
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

#include "harness/core/bench_case.h"
#include "runners/site/io_site.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/stage.h"

static struct bench_case io_case(const char *workload, const char *point)
{
	struct bench_case bc = {.vcpu_count = 1,
				.io = {.disk_bytes = 16 * MIB,
				       .queue_count = 1,
				       .ignores_panic = true}};

	bench_case_add(&bc, workload, point);
	return bc;
}

static struct bench_case disk_case(const char *disk)
{
	struct bench_case bc = io_case("storage", "randread-4k-qd1");

	snprintf(bc.io.disk, sizeof(bc.io.disk), "%s", disk);
	return bc;
}

static void nothing_is_made_for_nothing(void **state)
{
	struct bench_case bc = io_case("null", "");
	struct io_site site;

	(void)state;
	stage_script("l1vh-bench", "echo was here >\"$here/started\"\n");
	io_site_open(&site, &bc, NET_GUEST);
	assert_false(site.has_disk || site.has_net || site.needs_tools);
	assert_null(site.tools);
	assert_null(stage_text("started"));
	io_site_close(&site);
	bench_case_release(&bc);
}

static void a_disk_is_for_both_sides(void **state)
{
	struct bench_case bc = disk_case(stage_path("a-disk"));
	struct io_site site;

	(void)state;
	io_site_open(&site, &bc, NET_NATIVE);
	assert_true(site.has_disk);
	assert_string_equal(site.env.disk, stage_path("a-disk"));
	assert_false(site.needs_tools); /* the host has its own */
	io_site_close(&site);
	io_site_open(&site, &bc, NET_GUEST);
	assert_true(site.has_disk && site.needs_tools);
	assert_string_equal(site.tools, stage_path("guest/tools.ext4"));
	io_site_close(&site);
	io_site_close(&site); /* once more is fine */
	assert_null(site.tools);
	bench_case_release(&bc);
}

static void a_null_disk_is_a_guest_s(void **state)
{
	struct bench_case bc = disk_case("null:1G");
	struct io_site site;

	(void)state;
	io_site_open(&site, &bc, NET_GUEST);
	assert_true(site.has_disk);
	assert_string_equal(site.env.disk_refusal, "");
	io_site_close(&site);
	io_site_open(&site, &bc, NET_NATIVE);
	assert_false(site.has_disk);
	assert_contains(site.env.disk_refusal, "no null disk");
	assert_string_equal(site.env.disk_failure, "");
	io_site_close(&site);
	bench_case_release(&bc);
}

/* A host that must not be used skips; a disk that should work fails. */
static void a_missing_disk_has_a_reason(void **state)
{
	static const struct {
		const char *path, *refusal, *failure;
	} rows[] = {
		{"foreign", "foreign", ""},
		{"file/below", "", "file"},
	};
	struct bench_case bc;
	struct io_site site;
	size_t i;

	(void)state;
	/* A file that is not ours, and one where a folder should be. */
	stage_file("foreign", "somebody's letters", 18);
	stage_file("file", "", 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bc = disk_case(stage_path(rows[i].path));
		io_site_open(&site, &bc, NET_NATIVE);
		assert_false(site.has_disk);
		assert_string_equal(site.env.disk, "");
		assert_contains(site.env.disk_refusal, rows[i].refusal);
		assert_contains(site.env.disk_failure, rows[i].failure);
		assert_true(!site.env.disk_refusal[0] !=
			    !site.env.disk_failure[0]);
		io_site_close(&site);
		bench_case_release(&bc);
	}
}

/* Addresses by RFC 5737, or those of the plan in a real network. */
static void each_side_has_its_addresses(void **state)
{
	static const struct {
		enum net_side side;
		bool is_real;
		const char *peer, *address, *gateway, *backend;
	} rows[] = {
		{NET_NATIVE, false, "192.0.2.1", "", "", "veth"},
		{NET_GUEST, false, "192.0.2.1", "192.0.2.2/24", "", ""},
		{NET_NATIVE, true, "10.0.0.1", "", "", "host"},
	};
	struct bench_case bc = io_case("network_rr", "tcp-1B");
	struct io_site site;
	size_t i;

	(void)state;
	stage_script("l1vh-bench", "echo ready 0 tap1; cat\n");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(bc.io.peer, sizeof(bc.io.peer), "%s",
			 rows[i].is_real ? rows[i].peer : "");
		io_site_open(&site, &bc, rows[i].side);
		if (!site.has_net)
			fail_msg("%s%s", site.env.net_refusal,
				 site.env.net_failure);
		assert_string_equal(site.env.peer, rows[i].peer);
		assert_string_equal(site.env.net_address, rows[i].address);
		assert_string_equal(site.env.net_gateway, rows[i].gateway);
		assert_string_equal(site.env.net_backend, rows[i].backend);
		assert_int_equal(site.needs_tools, rows[i].side == NET_GUEST);
		io_site_close(&site);
	}
	bench_case_release(&bc);
}

static void a_missing_network_has_a_reason(void **state)
{
	static const struct {
		const char *script, *refusal, *failure;
	} rows[] = {
		{"echo error no namespaces here\n", "no namespaces here", ""},
		{"exit 1\n", "", "helper has ended"},
		{"echo what\n", "", "said 'what'"},
	};
	struct bench_case bc = io_case("network_rr", "tcp-1B");
	struct io_site site;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		stage_script("l1vh-bench", rows[i].script);
		io_site_open(&site, &bc, NET_GUEST);
		assert_false(site.has_net || site.needs_tools);
		assert_contains(site.env.net_refusal, rows[i].refusal);
		assert_contains(site.env.net_failure, rows[i].failure);
		assert_true(!site.env.net_refusal[0] !=
			    !site.env.net_failure[0]);
		assert_string_equal(site.env.peer, "");
		io_site_close(&site);
	}
	/* An interface that is not there is a plan for another host. */
	snprintf(bc.io.peer, sizeof(bc.io.peer), "10.0.0.1");
	snprintf(bc.io.interface, sizeof(bc.io.interface), "none-such");
	io_site_open(&site, &bc, NET_GUEST);
	assert_contains(site.env.net_refusal, "none-such");
	io_site_close(&site);
	bench_case_release(&bc);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_made_for_nothing),
		cmocka_unit_test(a_disk_is_for_both_sides),
		cmocka_unit_test(a_null_disk_is_a_guest_s),
		cmocka_unit_test(a_missing_disk_has_a_reason),
		cmocka_unit_test(each_side_has_its_addresses),
		cmocka_unit_test(a_missing_network_has_a_reason),
	};

	return RUN_TESTS(tests);
}

int main(void)
{
	return stage_main(all_tests);
}
