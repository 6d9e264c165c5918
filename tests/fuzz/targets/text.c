// SPDX-License-Identifier: GPL-3.0-or-later
/* Words, numbers and text of any source: parsers and what is made safe to show. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/cli/column.h"
#include "harness/cli/vmm_args.h"
#include "harness/core/hostprobe.h"
#include "harness/core/pci_host.h"
#include "harness/core/shape.h"
#include "harness/kubevirt/node/prereq.h"
#include "harness/verdict/comparable.h"
#include "reports/data/exposition.h"
#include "reports/text/lines.h"
#include "runners/measure/hv_scheduler.h"
#include "runners/vmm/virtio/blk.h"
#include "runners/vmm/virtio/net.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

/* A number that is taken is within its bounds, whatever words it had. */
static void fuzz_units(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char buf[40];
	uint64_t value;
	struct err err;
	double number;

	if (!units_parse_uint(text, 3, 70000, &value, &err) &&
	    (value < 3 || value > 70000))
		abort();
	if (!units_parse_duration(text, &value, &err) &&
	    (!value || value > 365 * 24 * 3600 * NS_PER_S))
		abort();
	if (!units_parse_bytes(text, &value, &err))
		units_format((double)value, "bytes", buf, sizeof(buf));
	if (!column_number(text, &number)) {
		if (!isfinite(number))
			abort();
		units_format(number, "ns", buf, sizeof(buf));
		portable_number(number, buf, sizeof(buf));
		if (strtod(buf, NULL) != number)
			abort();
	}
	free(text);
}

static void fuzz_shape(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct shape shape;
	struct err err;

	if (!shape_parse(text, &shape, &err) &&
	    (!shape.vcpu_count || !shape.copy_count || !shape.ram_bytes ||
	     shape.disk_count > SHAPE_MAX_DISKS ||
	     shape.nic_count > SHAPE_MAX_NICS ||
	     shape.device_count > SHAPE_MAX_DEVICES ||
	     shape.copy_count > SHAPE_MAX_COPIES))
		abort();
	free(text);
}

static void fuzz_column(const uint8_t *data, size_t size)
{
	struct column c = {0};
	struct err err;
	size_t i;

	files_put("/column", data, size);
	if (!column_read("/column", &c, &err))
		for (i = 0; i < c.count; i++)
			if (!isfinite(c.values[i]))
				abort();
	files_forget();
	free(c.values);
}

static void fuzz_vmm_args(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *copy = strdup(text);
	struct blk_config blk;
	struct net_config net;
	struct err err;

	if (!vmm_args_disk(text, &blk, &err) &&
	    (!blk.queue_count || blk.queue_count > BLK_MAX_QUEUES))
		abort();
	if (!vmm_args_net(copy, &net, &err) &&
	    (!net.pair_count || net.pair_count > NET_MAX_PAIRS ||
	     net.mac[0] & 1))
		abort();
	free(text);
	free(copy);
}

/* What is read once is read again as the same. */
static void fuzz_pci_address(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char once[PCI_HOST_ADDRESS_BYTES], again[PCI_HOST_ADDRESS_BYTES];
	struct err err;

	if (!pci_host_address(text, once, &err) &&
	    (pci_host_address(once, again, &err) || strcmp(once, again)))
		abort();
	free(text);
}

/* Output of `--version`, releases of kernels, the kernel's log. */
static void fuzz_versions(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char name[HV_SCHEDULER_NAME_BYTES];
	struct version version;

	version_parse(text, &version);
	kernel_judge(text, size & 1);
	qemu_judge(text, size & 1);
	libvirt_judge(text);
	requirement_parse(text);
	kernel_log_classify(text);
	kernel_log_is_unvalidated(text);
	hv_scheduler_of_log(text, name);
	hv_scheduler_shows_cpu(name);
	difference_class_of(text);
	free(text);
}

/* Whatever comes in, what goes out is text that may be written. */
static void fuzz_portable(const uint8_t *data, size_t size)
{
	static const struct escape none[] = {{NULL, NULL}};
	const struct escape *const tables[] = {escape_markup, escape_attribute,
					       escape_page, none};
	char *text = strndup((const char *)data, size);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		struct strbuf out = {0};

		portable_text(&out, text, tables[i]);
		if (!portable_is_text(strbuf_str(&out)))
			abort();
		if (i < 3 && strpbrk(strbuf_str(&out), "<>\"'"))
			abort();
		strbuf_release(&out);
	}
	text_clean(text);
	if (!portable_is_text(text))
		abort();
	free(text);
}

/* One line of printable text, no wider than was asked for. */
static void check_line(const struct strbuf *out, size_t columns)
{
	const char *p;

	for (p = strbuf_str(out); *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			abort();
	if (!portable_is_text(strbuf_str(out)) ||
	    line_width(strbuf_str(out)) > columns)
		abort();
}

static void fuzz_lines(const uint8_t *data, size_t size)
{
	struct line_style style = {.columns = 80};
	struct strbuf out = {0};
	size_t columns;
	char *text;

	if (size < 2)
		return;
	columns = 1 + data[0] % 100;
	style.is_utf8 = data[1] & 1;
	style.columns = 1 + data[1] / 2;
	text = strndup((const char *)data + 2, size - 2);
	line_cut(&out, text, columns, &style);
	check_line(&out, columns);
	strbuf_consume(&out, out.len);
	line_pad(&out, text, columns, &style);
	check_line(&out, columns);
	strbuf_consume(&out, out.len);
	line_wrap(&out, text, data[0] % 8, 1 + data[0] % 5, &style);
	if (line_count(strbuf_str(&out)) > 1u + data[0] % 5)
		abort();
	strbuf_release(&out);
	free(text);
}

/* A label's value stays between its quotes, on its line. */
static void fuzz_exposition(const uint8_t *data, size_t size)
{
	static const struct family family = {.name = "a", .help = "b"};
	char *text = strndup((const char *)data, size);
	struct strbuf out = {0};
	const char *p;
	size_t quotes = 0;

	exposition_sample(&family, &out);
	exposition_label("x", text, &out);
	exposition_value(1, &out);
	for (p = strbuf_str(&out); *p; p++)
		if (*p == '\\' && p[1])
			p++;
		else
			quotes += *p == '"';
	if (quotes != 2 || strchr(strbuf_str(&out), '\n') != p - 1 ||
	    !portable_is_text(strbuf_str(&out)))
		abort();
	strbuf_release(&out);
	free(text);
}

const struct fuzz_target targets_text[] = {
	{.name = "units",
	 .run = fuzz_units,
	 .max_bytes = 40,
	 .dictionary = "words"},
	{.name = "shape",
	 .run = fuzz_shape,
	 .max_bytes = 64,
	 .dictionary = "words"},
	{.name = "column",
	 .run = fuzz_column,
	 .max_bytes = 256,
	 .dictionary = "words"},
	{.name = "vmm_args",
	 .run = fuzz_vmm_args,
	 .max_bytes = 128,
	 .dictionary = "words"},
	{.name = "pci_address",
	 .run = fuzz_pci_address,
	 .max_bytes = 32,
	 .dictionary = "words"},
	{.name = "versions",
	 .run = fuzz_versions,
	 .max_bytes = 160,
	 .dictionary = "words"},
	{.name = "portable",
	 .run = fuzz_portable,
	 .max_bytes = 128,
	 .dictionary = "text"},
	{.name = "lines",
	 .run = fuzz_lines,
	 .max_bytes = 160,
	 .dictionary = "text"},
	{.name = "exposition",
	 .run = fuzz_exposition,
	 .max_bytes = 96,
	 .dictionary = "text"},
	{0},
};
