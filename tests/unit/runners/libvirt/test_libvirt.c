// SPDX-License-Identifier: GPL-3.0-or-later
/* libvirt: the domain that it is given. */
#include "tests/unit/test.h"

#include "harness/base/strbuf.h"
#include "harness/core/bench_case.h"
#include "runners/libvirt/domain_xml.h"
#include "runners/libvirt/libvirt_domain.h"
#include "runners/machine/cpu_model.h"
#include "runners/site/io_site.h"
#include "runners/site/shape_site.h"
#include "tests/unit/fixture/expect.h"

static struct domain_spec plain_spec(void)
{
	return (struct domain_spec){.type = "kvm",
				    .name = "n",
				    .cpu = cpu_model_libvirt(CPU_MODEL_HOST),
				    .kernel = "/k",
				    .initrd = "/i",
				    .cmdline = "a=\"1\" b<c & d",
				    .emulator = "/e",
				    .ram_bytes = 256 * MIB,
				    .vcpu_count = 2,
				    .vsock_cid = 70000,
				    .console = "/c"};
}

static void expect(const struct domain_spec *spec, const char *const *words)
{
	struct strbuf xml = {0};

	domain_xml_write(spec, &xml);
	for (; *words; words++)
		assert_contains(xml.str, *words);
	strbuf_release(&xml);
}

static void a_plain_domain(void **state)
{
	static const char *const words[] = {
		"<domain type='kvm'>",
		"<memory unit='KiB'>262144</memory>",
		"<vcpu>2</vcpu>",
		"<cmdline>a=&quot;1&quot; b&lt;c &amp; d</cmdline>",
		"<cpu mode='host-passthrough'/>",
		"<cid auto='no' address='70000'/>",
		"</domain>\n",
		NULL};
	struct domain_spec spec = plain_spec();

	(void)state;
	expect(&spec, words);
}

static void disks_cards_and_locks(void **state)
{
	static const char *const words[] = {
		"<source file='/d&apos;0'/>",
		"<target dev='vda' bus='virtio'/>",
		"<target dev='vdb' bus='virtio'/>",
		"<target dev='l1v1.0' managed='no'/>",
		"<locked/>",
		"<hard_limit unit='KiB'>1048576</hard_limit>",
		NULL};
	const struct shape_site site = {.disk_count = 2,
					.disks = {"/d'0", "/d1"},
					.tap_count = 1,
					.taps = {"l1v1.0"}};
	const struct mem_limits limits = {
		.has_memlock = true, .memlock_bytes = GIB, .locks_ram = true};
	struct domain_spec spec = plain_spec();

	(void)state;
	spec.site = &(const struct io_site){.shape = &site};
	spec.limits = &limits;
	expect(&spec, words);
}

#define HOSTDEV(domain, bus, slot, function)                                   \
	"<hostdev mode='subsystem' type='pci' managed='no'>\n"                 \
	"      <source><address domain='" domain "' bus='" bus "' slot='" slot \
	"' function='" function "'/></source>\n"                               \
	"    </hostdev>"

/* As decimals another function would go. */
static void functions_of_the_host(void **state)
{
	static const char *const words[] = {
		HOSTDEV("0x0000", "0x00", "0x05", "0x0"),
		HOSTDEV("0xabcd", "0x1f", "0x1a", "0x7"), NULL};
	static const struct shape_site site = {
		.device_count = 2,
		.devices = {{.fn = {.address = "0000:00:05.0"}},
			    {.fn = {.address = "abcd:1f:1a.7"}}}};
	struct domain_spec spec = plain_spec();

	(void)state;
	spec.site = &(const struct io_site){.shape = &site};
	expect(&spec, words);
}

static char tools[] = "/t&.ext4";

/* Itself with the programs, or its disk with them; never both. */
static void a_device_of_the_plan(void **state)
{
	static const char *const itself[] = {
		HOSTDEV("0x0000", "0x00", "0x10", "0x0"),
		"<source file='/t&amp;.ext4'/>\n"
		"      <target dev='vdb' bus='virtio'/>\n      <readonly/>",
		NULL};
	static const char *const its_disk[] = {
		"<disk type='block' device='disk'>",
		"<source dev='/dev/nvme0n1'/>\n"
		"      <target dev='vda' bus='virtio'/>\n"
		"      <serial>l1vh-data</serial>",
		"<serial>l1vh-tools</serial>", NULL};
	struct bench_case bc = {
		.io = {.devices = {"0000:00:10.0"}, .device_count = 1}};
	struct io_site site = {.bc = &bc,
			       .has_device = true,
			       .needs_tools = true,
			       .tools = tools};
	struct domain_spec spec = plain_spec();
	struct strbuf xml = {0};

	(void)state;
	spec.site = &site;
	expect(&spec, itself);
	domain_xml_write(&spec, &xml);
	assert_int_equal(count_of(xml.str, "<disk "), 1);
	strbuf_release(&xml);
	site.has_device = false;
	site.has_disk = true;
	snprintf(site.disk, sizeof(site.disk), "/dev/nvme0n1");
	expect(&spec, its_disk);
	domain_xml_write(&spec, &xml);
	assert_int_equal(count_of(xml.str, "<disk "), 2);
	assert_int_equal(count_of(xml.str, "<hostdev"), 0);
	assert_non_null(strstr(xml.str, "cache='none'"));
	strbuf_release(&xml);
	snprintf(bc.io.disk_cache, sizeof(bc.io.disk_cache), "host");
	domain_xml_write(&spec, &xml);
	assert_non_null(strstr(xml.str, "cache='writeback'"));
	assert_null(strstr(xml.str, "cache='none'"));
	strbuf_release(&xml);
}

static void a_guest_of_the_plan(void **state)
{
	const struct bench_case bc = {.vcpu_count = 1, .ram_bytes = 512 * MIB};
	struct strbuf xml = {0};

	(void)state;
	libvirt_domain_xml("hyperv", &bc, &xml);
	assert_non_null(strstr(xml.str, "<domain type='hyperv'>"));
	assert_null(strstr(xml.str, "<vsock"));
	strbuf_release(&xml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_domain),
		cmocka_unit_test(disks_cards_and_locks),
		cmocka_unit_test(functions_of_the_host),
		cmocka_unit_test(a_device_of_the_plan),
		cmocka_unit_test(a_guest_of_the_plan),
	};

	return RUN_TESTS(tests);
}
