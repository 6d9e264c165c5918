// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/qualify/qualify_steps.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/qualify/qualification.h"

#define MAX_WORDS 48
/* Of a command of this program. */
#define STATUS_UNDECIDED 2
/* The limits below are for this much time. */
#define WHOLE_NS (30 * 60 * NS_PER_S)

enum need {
	NEEDS_MSHV = 1 << 0,
	NEEDS_DEVICE = 1 << 1, /* a true one, no emulator */
	NEEDS_KVM = 1 << 2,
	NEEDS_GUEST = 1 << 3,
	NEEDS_QEMU = 1 << 4,
	NEEDS_LIBVIRT = 1 << 5,
	NEEDS_CLOUD_HYPERVISOR = 1 << 6,
	NEEDS_TRACE = 1 << 7,  /* of the boot before */
	NEEDS_BOOTED = 1 << 8, /* some runner's boot was OK */
	NEEDS_ANY = 1 << 9,    /* some device */
};

/*
 * LIMIT_S scales with the budget, down to LEAST_S; the last step takes what is
 * left. FINDING: words of the line of its output that says what was found.
 */
struct step_row {
	const char *name, *title;
	uint32_t limit_s, least_s;
	uint32_t needs; /* enum need */
	const char *command;
	const char *finding;
	const char *file;
	/* Words of a failure that says that there was nothing to try. */
	const char *absent;
	/* Claims that this host cannot decide (exit status 2) are no finding. */
	bool may_be_undecided;
};

#define GUEST                                                       \
	" --kernel {guest}/bzImage --initrd {guest}/initramfs.cpio" \
	" --cmdline {cmdline}"
#define RUN "{bench} run --no-lab --db {dir}/qualify.db"
#define BOOT_WITHIN(runner, time)                       \
	RUN " --html {dir}/boot.html --runners " runner \
	    " --workloads boot --blocks 1 --samples 1 --timeout " time
#define BOOT(runner) BOOT_WITHIN(runner, "{half}")
/* It may try three CPU models, one after the other. */
#define BOOT_THRICE(runner) BOOT_WITHIN(runner, "{quarter}")
#define CANNOT "cannot boot|: timeout: |_failed: "
#define NO_LIBVIRT "vhost-vsock|is not installed|already runs here|unavailable:"

static const struct step_row rows[] = {
	{.name = "device",
	 .title = "what this host is, and its devices",
	 .limit_s = 20,
	 .least_s = 10,
	 .command = "{bench} probe --json {imds}",
	 .file = "probe.json"},
	{.name = "kubevirt",
	 .title = "KubeVirt's requirements of a node",
	 .limit_s = 20,
	 .least_s = 10,
	 .command = "{bench} probe --kubevirt",
	 .file = "kubevirt.txt"},
	{.name = "selftest",
	 .title = "every behaviour of the device that we rely on",
	 .limit_s = 90,
	 .least_s = 30,
	 .needs = NEEDS_MSHV,
	 .command = "{bench} selftest mshv --json {dir}/selftest.json {emu}",
	 .finding = "not ok",
	 .file = "selftest.json"},
	{.name = "boot-mshv",
	 .title = "Linux in our VMM on /dev/mshv, with a trace",
	 .limit_s = 90,
	 .least_s = 40,
	 .needs = NEEDS_MSHV | NEEDS_GUEST,
	 .command =
		 "{vmm} --hv {hv} --trace {dir}/boot.trace --channel-fd 0" GUEST,
	 .finding = "guest ended|l1vh-vmm:",
	 .file = "boot.trace"},
	{.name = "replay",
	 .title = "that trace again, without the device",
	 .limit_s = 60,
	 .least_s = 15,
	 .needs = NEEDS_MSHV | NEEDS_TRACE,
	 .command = "{bench} selftest --replay {dir}/boot.trace",
	 .finding = "# line"},
	{.name = "run-mshv",
	 .title = "our VMM on /dev/mshv, measured",
	 .limit_s = 90,
	 .least_s = 45,
	 .needs = NEEDS_MSHV | NEEDS_GUEST,
	 .command = BOOT("{hv}"),
	 .finding = CANNOT},
	{.name = "run-kvm",
	 .title = "our VMM on /dev/kvm",
	 .limit_s = 90,
	 .least_s = 30,
	 .needs = NEEDS_KVM | NEEDS_GUEST,
	 .command = BOOT("kvm"),
	 .finding = CANNOT},
	{.name = "qemu-mshv",
	 .title = "QEMU on /dev/mshv, with three CPU models",
	 .limit_s = 200,
	 .least_s = 60,
	 .needs = NEEDS_MSHV | NEEDS_GUEST | NEEDS_QEMU,
	 .command = BOOT_THRICE("{qemu}"),
	 .finding = CANNOT,
	 .absent = "has no accelerator"},
	{.name = "qemu-kvm",
	 .title = "QEMU on /dev/kvm",
	 .limit_s = 90,
	 .least_s = 30,
	 .needs = NEEDS_KVM | NEEDS_GUEST | NEEDS_QEMU,
	 .command = BOOT("qemu-kvm"),
	 .finding = CANNOT,
	 .absent = "has no accelerator"},
	{.name = "libvirt-mshv",
	 .title = "libvirt's domain type hyperv",
	 .limit_s = 200,
	 .least_s = 60,
	 .needs = NEEDS_DEVICE | NEEDS_GUEST | NEEDS_LIBVIRT,
	 .command = BOOT_THRICE("libvirt-hyperv"),
	 .finding = CANNOT,
	 .absent = NO_LIBVIRT},
	{.name = "libvirt-kvm",
	 .title = "libvirt's domain type kvm",
	 .limit_s = 90,
	 .least_s = 30,
	 .needs = NEEDS_KVM | NEEDS_GUEST | NEEDS_LIBVIRT,
	 .command = BOOT("libvirt-kvm"),
	 .finding = CANNOT,
	 .absent = NO_LIBVIRT},
	{.name = "cloud-hypervisor",
	 .title = "Cloud Hypervisor on what it finds",
	 .limit_s = 90,
	 .least_s = 30,
	 .needs = NEEDS_MSHV | NEEDS_GUEST | NEEDS_CLOUD_HYPERVISOR,
	 .command = "{under-emu} cloud-hypervisor --kernel {guest}/bzImage"
		    " --initramfs {guest}/initramfs.cpio --cmdline {cmdline}"
		    " --memory size=512M --serial tty --console off",
	 .finding = "rror"},
	{.name = "micro",
	 .title = "what each kind of exit costs",
	 .limit_s = 240,
	 .least_s = 30,
	 .needs = NEEDS_ANY,
	 .command = RUN " --html {dir}/micro.html --runners native,{guests}"
			" --workloads micro --blocks 2 --budget {seconds}s",
	 .finding = CANNOT},
	{.name = "churn",
	 .title = "guests that come and go, and what they leave",
	 .limit_s = 120,
	 .least_s = 20,
	 .needs = NEEDS_ANY,
	 .command = RUN
	 " --html {dir}/churn.html --runners {guests} --workloads churn"
	 " --claims no-leak --blocks 2 --timeout {block} --budget {seconds}s",
	 .finding = CANNOT "| FAIL|boots failed",
	 .absent = "guests fit into",
	 .may_be_undecided = true},
	{.name = "footprint",
	 .title = "memory that a guest costs",
	 .limit_s = 180,
	 .least_s = 40,
	 .needs = NEEDS_BOOTED,
	 .command = RUN " --html {dir}/footprint.html --runners {booted}"
			" --workloads footprint --blocks 1 --budget {seconds}s",
	 .finding = CANNOT},
	{.name = "plan",
	 .title = "the quick plan, against native and KVM",
	 .limit_s = 900,
	 .least_s = 60,
	 .needs = NEEDS_BOOTED,
	 .command = RUN " --html {dir}/plan.html --plan quick --blocks 20"
			" --runners native,{booted} --budget {seconds}s",
	 .finding = CANNOT},
};

/* A boot that was OK makes its runner one to measure. */
static const struct {
	const char *step, *runner, *emulated;
} booting[] = {
	{"run-mshv", "mshv", "mshv-emu"},
	{"run-kvm", "kvm", "kvm"},
	{"qemu-mshv", "qemu-mshv", "qemu-mshv-emu"},
	{"qemu-kvm", "qemu-kvm", "qemu-kvm"},
};

void qualify_site_init(struct qualify_site *site, const char *folder,
		       uint64_t budget_ns, bool is_emulated)
{
	char *kernel = file_beside_exe("guest/bzImage");

	*site = (struct qualify_site){
		.folder = folder,
		.budget_ns = budget_ns,
		.is_emulated = is_emulated,
		.has_kvm = !access("/dev/kvm", F_OK),
		.has_guest = !access(kernel, R_OK),
	};
	site->has_mshv =
		is_emulated ? site->has_kvm : !access("/dev/mshv", F_OK);
	free(kernel);
}

/* Why there is nothing to try; NULL: there is. */
static const char *lacks(const struct qualify_site *site, uint32_t needs)
{
	if ((needs & NEEDS_DEVICE) && site->is_emulated)
		return "the emulator is not for libvirt's daemons";
	if ((needs & (NEEDS_MSHV | NEEDS_DEVICE)) && !site->has_mshv)
		return site->is_emulated ? "the emulator needs /dev/kvm"
					 : "there is no /dev/mshv";
	if ((needs & NEEDS_ANY) && !site->has_mshv && !site->has_kvm)
		return "there is neither /dev/mshv nor /dev/kvm";
	if ((needs & NEEDS_KVM) && !site->has_kvm)
		return "there is no /dev/kvm";
	if ((needs & NEEDS_GUEST) && !site->has_guest)
		return "there is no guest image: l1vh-bench guest build";
	if ((needs & NEEDS_QEMU) && !getenv("L1VH_QEMU") &&
	    !file_in_path("qemu-system-x86_64"))
		return "there is no QEMU";
	if ((needs & NEEDS_LIBVIRT) && !file_in_path("virsh"))
		return "there is no libvirt";
	if ((needs & NEEDS_CLOUD_HYPERVISOR) &&
	    !file_in_path("cloud-hypervisor"))
		return "there is no Cloud Hypervisor";
	return NULL;
}

static uint64_t scaled_ns(const struct qualify_site *site,
			  const struct step_row *row)
{
	double part = (double)site->budget_ns / (double)WHOLE_NS;
	uint64_t ns = (uint64_t)(row->limit_s * part * NS_PER_S);
	uint64_t least_ns = row->least_s * NS_PER_S;

	return ns > least_ns ? ns : least_ns;
}

void qualify_steps_add(const struct qualify_site *site, struct qualification *q)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct step *s =
			qualification_add_step(q, rows[i].name, rows[i].title);
		const char *why = lacks(site, rows[i].needs);

		s->limit_ns = scaled_ns(site, &rows[i]);
		if (why)
			step_end(s, STEP_SKIPPED, why);
	}
}

uint64_t qualify_step_limit(const struct qualify_site *site,
			    const struct qualification *q, size_t i,
			    uint64_t left_ns)
{
	bool is_last = i + 1 == ARRAY_SIZE(rows);
	uint64_t wanted_ns = is_last ? left_ns : scaled_ns(site, &rows[i]);
	uint64_t least_s = rows[i].least_s, later_s = 0, spare_ns, most_ns;
	size_t k;

	for (k = i + 1; k < q->step_count; k++)
		if (q->steps[k].status == STEP_WAITING)
			later_s += rows[k].least_s;
	/* What the steps behind can spare, but this one's share in any case. */
	spare_ns =
		left_ns > later_s * NS_PER_S ? left_ns - later_s * NS_PER_S : 0;
	most_ns = left_ns / (least_s + later_s) * least_s;
	if (spare_ns > most_ns)
		most_ns = spare_ns;
	if (most_ns < NS_PER_S)
		return 0;
	return wanted_ns < most_ns ? wanted_ns : most_ns;
}

/* Runners whose boots were OK, "mshv,kvm"; "" for none. */
static void add_booted(const struct qualify_site *site,
		       const struct qualification *q, struct strbuf *out)
{
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(booting); i++) {
		const struct step *s = qualification_step(q, booting[i].step);

		if (s && s->status == STEP_OK)
			strbuf_printf(out, "%s%s", count++ ? "," : "",
				      site->is_emulated ? booting[i].emulated
							: booting[i].runner);
	}
}

/* The micro guest needs a device and nothing else. */
static void add_guests(const struct qualify_site *site, struct strbuf *out)
{
	if (site->has_mshv)
		strbuf_puts(out, site->is_emulated ? "mshv-emu" : "mshv");
	if (site->has_kvm)
		strbuf_puts(out, site->has_mshv ? ",kvm" : "kvm");
}

static void add_seconds(struct strbuf *out, uint64_t seconds, uint64_t least)
{
	strbuf_printf(out, "%" PRIu64, seconds > least ? seconds : least);
}

static void add_path(struct strbuf *out, const char *name)
{
	char *path = file_beside_exe(name);

	strbuf_puts(out, path);
	free(path);
}

/* What KEY, "{hv}" without the braces, stands for. */
static void add_value(const struct qualify_site *site,
		      const struct qualification *q, const char *key,
		      uint64_t seconds, struct strbuf *out)
{
	bool is_emulated = site->is_emulated;

	if (!strcmp(key, "bench"))
		add_path(out, "l1vh-bench");
	else if (!strcmp(key, "vmm"))
		add_path(out, "l1vh-vmm");
	else if (!strcmp(key, "guest"))
		add_path(out, "guest");
	else if (!strcmp(key, "dir"))
		strbuf_puts(out, site->folder);
	else if (!strcmp(key, "hv"))
		strbuf_puts(out, is_emulated ? "mshv-emu" : "mshv");
	else if (!strcmp(key, "qemu"))
		strbuf_puts(out, is_emulated ? "qemu-mshv-emu" : "qemu-mshv");
	else if (!strcmp(key, "emu"))
		strbuf_puts(out, is_emulated ? "--mshv-emu" : "");
	else if (!strcmp(key, "imds"))
		strbuf_puts(out, site->asks_imds ? "--imds" : "");
	else if (!strcmp(key, "cmdline"))
		strbuf_puts(out, "console=ttyS0 panic=-1 nokaslr");
	else if (!strcmp(key, "half"))
		add_seconds(out, seconds / 2, 8);
	else if (!strcmp(key, "quarter"))
		add_seconds(out, seconds / 4, 8);
	else if (!strcmp(key, "seconds"))
		add_seconds(out, seconds, 3);
	else if (!strcmp(key, "block"))
		/* Two blocks of two runners, which boot twice in each. */
		add_seconds(out, seconds / 9, 5);
	else if (!strcmp(key, "guests"))
		add_guests(site, out);
	else if (!strcmp(key, "booted"))
		add_booted(site, q, out);
}

/* One word of a command; its values may have blanks. */
static char *expand(const struct qualify_site *site,
		    const struct qualification *q, const char *word,
		    uint64_t seconds)
{
	struct strbuf out = {0};
	char key[32], *copy;

	while (*word) {
		size_t plain = strcspn(word, "{");
		size_t len;

		strbuf_add(&out, word, plain);
		word += plain;
		len = strcspn(word, "}");
		if (!*word || !word[len])
			break;
		snprintf(key, sizeof(key), "%.*s", (int)len - 1, word + 1);
		add_value(site, q, key, seconds, &out);
		word += len + 1;
	}
	copy = xstrdup(strbuf_str(&out));
	strbuf_release(&out);
	return copy;
}

/* A VMM of others that is to run on the emulator. */
static size_t add_emulator(char **words)
{
	words[0] = file_beside_exe("l1vh-bench");
	words[1] = xstrdup("mshv-emu");
	words[2] = xstrdup("--hide-kvm");
	words[3] = xstrdup("--");
	return 4;
}

static bool stands(const struct qualify_site *site, struct qualification *q,
		   size_t i)
{
	char path[400];
	struct strbuf booted = {0};
	bool has_booted;

	snprintf(path, sizeof(path), "%s/boot.trace", site->folder);
	if ((rows[i].needs & NEEDS_TRACE) && access(path, R_OK)) {
		step_end(&q->steps[i], STEP_SKIPPED, "the boot left no trace");
		return false;
	}
	add_booted(site, q, &booted);
	has_booted = booted.len;
	strbuf_release(&booted);
	if ((rows[i].needs & NEEDS_BOOTED) && !has_booted) {
		step_end(&q->steps[i], STEP_SKIPPED,
			 "no guest boots Linux here");
		return false;
	}
	return true;
}

/* As one would type it; a word with blanks in quotes. */
static char *typed(char *const *words)
{
	struct strbuf out = {0};
	char *copy;

	for (; *words; words++)
		strbuf_printf(&out, strchr(*words, ' ') ? "%s'%s'" : "%s%s",
			      out.len ? " " : "", *words);
	copy = xstrdup(strbuf_str(&out));
	strbuf_release(&out);
	text_clean(copy);
	return copy;
}

char **qualify_step_words(const struct qualify_site *site,
			  struct qualification *q, size_t i, uint64_t seconds)
{
	char **words, *copy, *rest, *word;
	size_t n = 0;

	if (!stands(site, q, i))
		return NULL;
	words = xcalloc(MAX_WORDS, sizeof(*words));
	copy = rest = xstrdup(rows[i].command);
	while ((word = strsep(&rest, " ")) && n < MAX_WORDS - 5) {
		if (!strcmp(word, "{under-emu}")) {
			n += site->is_emulated ? add_emulator(words + n) : 0;
			continue;
		}
		words[n] = expand(site, q, word, seconds);
		if (words[n][0])
			n++;
		else
			free(words[n]);
	}
	words[n] = NULL;
	free(copy);
	free(q->steps[i].command);
	q->steps[i].command = typed(words);
	return words;
}

void qualify_words_free(char **words)
{
	size_t i;

	for (i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

/* Where the first of the "A|B" of WANTED stands in TEXT; NULL: none does. */
static const char *first_of(const char *text, const char *wanted)
{
	char *words = xstrdup(wanted ? wanted : ""), *rest = words, *word;
	const char *first = NULL, *at;

	while ((word = strsep(&rest, "|"))) {
		at = *word ? strstr(text, word) : NULL;
		if (at && (!first || at < first))
			first = at;
	}
	free(words);
	return first;
}

/* The first line of OUTPUT with such words; else the last of all. */
static char *finding_of(const char *output, const char *wanted)
{
	const char *line = first_of(output, wanted);
	int len;

	if (!line)
		line = text_last_line(output, &len);
	while (line > output && line[-1] != '\n')
		line--;
	return xasprintf("%.*s", (int)strcspn(line, "\n"), line);
}

/* What the probe says of the device decides; without it no boot is tried. */
static void judge_device(const struct qualify_site *site, struct step *s)
{
	json_t *o = json_loads(s->output, 0, NULL);
	const json_t *probe = json_object_get(o, "probe");
	const json_t *mshv = json_object_get(probe, "mshv");
	const char *reason = json_string_value(json_object_get(mshv, "reason"));
	char text[300];

	if (!site->is_emulated && mshv &&
	    !json_is_true(json_object_get(mshv, "usable"))) {
		snprintf(text, sizeof(text), "/dev/mshv: %s",
			 reason && reason[0] ? reason : "not usable");
		step_end(s, STEP_FINDING, text);
	}
	json_decref(o);
}

void qualify_step_judge(const struct qualify_site *site,
			struct qualification *q, size_t i, bool is_late)
{
	struct step *s = &q->steps[i];
	char *finding = finding_of(s->output, rows[i].finding);
	char *text =
		is_late ? xasprintf("no end after %.0f s: %s",
				    (double)s->elapsed_ns / NS_PER_S, finding)
			: xstrdup(finding);

	if (is_late)
		step_end(s, STEP_LATE, text);
	else if (s->exit_status && first_of(s->output, rows[i].absent))
		step_end(s, STEP_SKIPPED, text);
	else if (s->exit_status == STATUS_UNDECIDED &&
		 rows[i].may_be_undecided &&
		 !first_of(s->output, rows[i].finding))
		step_end(s, STEP_OK, "");
	else if (s->exit_status)
		step_end(s, STEP_FINDING, text);
	else
		step_end(s, STEP_OK, "");
	if (!i && s->status == STEP_OK)
		judge_device(site, s);
	free(text);
	free(finding);
}

const char *qualify_step_file(size_t i)
{
	return rows[i].file;
}
