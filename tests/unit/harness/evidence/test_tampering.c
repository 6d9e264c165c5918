// SPDX-License-Identifier: GPL-3.0-or-later
/* evidence: every changed byte is found, and so is what somebody without the key makes
 * of a bundle, with all checksums right. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/xmalloc.h"
#include "harness/evidence/judge.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/sealed.h"

static unsigned int tried, found;

static int setup(void **state)
{
	struct sealed *s = calloc(1, sizeof(*s));

	sealed_init(s, 2, 1.5);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	sealed_release(*state);
	free(*state);
	return 0;
}

/* Counts a fault of NAME that has to be refuted. */
static void expect_refuted(enum evidence_outcome outcome,
			   const struct evidence *e, const char *name)
{
	tried++;
	found += outcome == EVIDENCE_REFUTED;
	if (outcome != EVIDENCE_REFUTED)
		print_error("%s: %s\n", name, e->reason);
	assert_int_equal(outcome, EVIDENCE_REFUTED);
}

static void refuted(struct sealed *s, const char *words)
{
	enum evidence_outcome outcome;
	struct evidence e;

	outcome = sealed_verify(s, &s->keys, &e);
	expect_refuted(outcome, &e, words);
	assert_contains(e.reason, words);
	evidence_release(&e);
	/* All that follows is of the good one again. */
	sealed_export(s, s->key, NULL);
}

/* Every byte of the text, with one bit and with all but one. */
static void every_byte_counts(void **state)
{
	static const char flips[] = {1, 0x20};
	struct sealed *s = *state;
	struct strbuf text = {0};
	struct evidence e;
	size_t i;

	sealed_text(s, &text);
	assert_int_equal(sealed_verify_bytes(text.str, text.len, &s->keys, &e),
			 EVIDENCE_VERIFIED);
	evidence_release(&e);
	for (i = 0; i < text.len; i++) {
		char name[32];
		enum evidence_outcome outcome;

		snprintf(name, sizeof(name), "byte %zu", i);
		text.str[i] ^= flips[i % 2];
		outcome = sealed_verify_bytes(text.str, text.len, &s->keys, &e);
		expect_refuted(outcome, &e, name);
		evidence_release(&e);
		text.str[i] ^= flips[i % 2];
	}
	strbuf_release(&text);
}

/* Of the text, at every length; of the file likewise. */
static void every_cut_counts(void **state)
{
	struct sealed *s = *state;
	struct strbuf text = {0};
	struct evidence e;
	size_t i;

	sealed_text(s, &text);
	for (i = 0; i < text.len; i += 5) {
		enum evidence_outcome outcome =
			sealed_verify_bytes(text.str, i, &s->keys, &e);

		expect_refuted(outcome, &e, "cut");
		evidence_release(&e);
	}
	strbuf_release(&text);
}

static void read_file(const char *path, struct strbuf *out)
{
	char buf[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(out, buf, (size_t)n);
	close(fd);
}

/* What zlib unpacks of these bytes; false: not all, or not one member alone. */
static bool unpack(const struct strbuf *packed, struct strbuf *out)
{
	size_t room = 1 << 16;
	z_stream z = {.next_in = (unsigned char *)packed->str,
		      .avail_in = (unsigned int)packed->len,
		      .avail_out = (unsigned int)room};
	char *to = malloc(room);
	bool is_all;

	z.next_out = (unsigned char *)to;
	is_all = inflateInit2(&z, 16 + MAX_WBITS) == Z_OK &&
		 inflate(&z, Z_FINISH) == Z_STREAM_END && !z.avail_in;
	strbuf_add(out, to, room - z.avail_out);
	inflateEnd(&z);
	free(to);
	return is_all;
}

/*
 * Each bit of the compressed file. gzip's own header has bytes without a meaning for
 * the text (a date, the system), and so have the last bits of a block: with these
 * the text is the same, and so is the answer.
 */
static void every_bit_of_the_file_counts(void **state)
{
	struct sealed *s = *state;
	struct strbuf packed = {0}, text = {0}, other = {0};
	size_t i, same = 0;
	struct evidence e;

	read_file(s->bundle, &packed);
	assert_true(unpack(&packed, &text));
	for (i = 0; i < 8 * packed.len; i += i < 160 ? 1 : 11) {
		enum evidence_outcome outcome;

		packed.str[i / 8] ^= (char)(1 << i % 8);
		other.len = 0;
		outcome = sealed_verify_bytes(packed.str, packed.len, &s->keys,
					      &e);
		if (unpack(&packed, &other) && other.len == text.len &&
		    !memcmp(other.str, text.str, text.len)) {
			assert_int_equal(outcome, EVIDENCE_VERIFIED);
			same++;
		} else {
			expect_refuted(outcome, &e, "bit");
		}
		evidence_release(&e);
		packed.str[i / 8] ^= (char)(1 << i % 8);
	}
	/* The date, the hints, the system. */
	assert_in_range(same, 40, 80);
	strbuf_release(&other);
	strbuf_release(&text);
	strbuf_release(&packed);
}

/* All sums are right, and the signature is of another manifest, or of nobody known. */
static void what_was_measured_cannot_be_changed(void **state)
{
	struct sealed *s = *state;
	char *swap;

	sealed_replace(s, 2, "\"null\",\"\"", "\"null\",\"x\"");
	sealed_sum(s, true);
	refuted(s, "signature is wrong");
	/* Two boots change places; the samples of a series do. */
	swap = s->lines[1];
	s->lines[1] = s->lines[2];
	s->lines[2] = swap;
	refuted(s, "parts' differs");
	swap = s->lines[1];
	s->lines[1] = s->lines[2];
	s->lines[2] = swap;
	sealed_sum(s, true);
	refuted(s, "signature is wrong");
	sealed_replace(s, 1, ",100.0,", ",1e2,");
	refuted(s, "parts' differs");
	sealed_drop(s, 3);
	sealed_sum(s, false);
	refuted(s, "'boots.ok' differs");
	sealed_insert(s, 3, s->lines[3]);
	refuted(s, "'boots.ok' differs");
	sealed_replace(s, 0, "\"complete\"", "\"failed\"");
	sealed_sum(s, true);
	refuted(s, "'run.status' differs");
}

static void the_manifest_fits_one_run(void **state)
{
	static const struct {
		const char *was, *is, *words;
	} rows[] = {
		{"\"version\":1", "\"version\":2", "'version' differs"},
		{"v1-2-gabc", "v1-2-gabd", "'measured_by.revision' differs"},
		{"\"build_id\":\"b1\"", "\"build_id\":\"b2\"",
		 "'measured_by.build_id' differs"},
		{"12ab", "12ac", "'measured_by.guest_image.files.bzImage'"},
		{"\"registered_unix_ns\":1", "\"registered_unix_ns\":2",
		 "'claims.registered_unix_ns' differs"},
		{"\"name\":\"sealed\"", "\"name\":\"other\"",
		 "'claims.name' differs"},
		{"\"ok\":4", "\"ok\":5", "'boots.ok' differs"},
		{"\"sample_count\":12", "\"sample_count\":13",
		 "'sample_count' differs"},
		{"\"version\":1", "\"version\":1,\"more\":1", "'more' differs"},
		{"\"version\":1,", "", "'version' differs"},
		{"\"schema_version\"", "\"schema\"", "not well formed"},
		{"\"version\":1", "\"version\":1,\"version\":1",
		 "not a JSON object"},
		{"\"name\":\"boots\"", "\"name\":\"Boots\"", "'parts' differs"},
		{"{\"manifest\":", "{\"manifest\":1,\"x\":", "not well formed"},
		{"\"exported_by\":{\"revision\":\"",
		 "\"exported_by\":{\"revision\":\"x", "signature is wrong"},
	};
	struct sealed *s = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		sealed_replace(s, sealed_find(s, "manifest"), rows[i].was,
			       rows[i].is);
		sealed_sum(s, false);
		refuted(s, rows[i].words);
	}
}

static void lines_have_one_place(void **state)
{
	static const char *const keys[] = {"findings", "manifest", "signature",
					   "end"};
	struct sealed *s = *state;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t at = sealed_find(s, keys[i]);

		/* Twice; before the one before it; before the boots. */
		sealed_insert(s, at, s->lines[at]);
		refuted(s, i == 3 ? "after its end" : "not in its place");
		if (i) {
			char *swap = s->lines[at];

			s->lines[at] = s->lines[at - 1];
			s->lines[at - 1] = swap;
			refuted(s, "");
		}
		sealed_insert(s, 1, s->lines[at]);
		refuted(s, "");
	}
	for (k = 0; k < 3; k++) {
		if (k == 1)
			sealed_drop(s, sealed_find(s, "manifest"));
		else
			sealed_drop(s, sealed_find(s, keys[k ? 3 : 0]));
		refuted(s, k == 2 ? "truncated" : "");
	}
	sealed_insert(s, sealed_find(s, "end"), "{}");
	refuted(s, "not in its place");
	sealed_insert(s, s->line_count, "");
	refuted(s, "after its end");
	sealed_insert(s, 0, "{\"l1vh_bundle\":3}");
	refuted(s, "not well formed");
	/* As an older one, for which nobody asks a signature. */
	sealed_replace(s, 0, "\"l1vh_bundle\":3", "\"l1vh_bundle\":1");
	refuted(s, "not in its place");
}

/* Sums of version 1, so that nothing is left of the manifest. */
static void a_downgrade_has_no_signature(void **state)
{
	struct sealed *s = *state;
	char sum[SHA256_HEX + 1], end[160];
	struct strbuf text = {0};
	struct evidence e;

	sealed_replace(s, 0, "\"l1vh_bundle\":3", "\"l1vh_bundle\":1");
	while (s->line_count > 5)
		sealed_drop(s, 5);
	sealed_text(s, &text);
	sha256_of(text.str, text.len, sum);
	snprintf(end, sizeof(end),
		 "{\"end\":{\"boot_count\":4,\"sha256\":\"%s\"}}", sum);
	sealed_insert(s, 5, end);
	assert_int_equal(sealed_verify(s, NULL, &e), EVIDENCE_OPEN);
	evidence_release(&e);
	refuted(s, "has no signature");
	strbuf_release(&text);
}

static void a_signature_is_of_one_manifest(void **state)
{
	struct sealed *s = *state, other;
	size_t at = sealed_find(s, "signature");
	struct evidence e;

	/* Stripped: without --key it is a good file of nobody's. */
	sealed_drop(s, at);
	sealed_sum(s, false);
	assert_int_equal(sealed_verify(s, NULL, &e), EVIDENCE_VERIFIED);
	evidence_release(&e);
	refuted(s, "has no signature");
	/* A stranger's, and that of another run by the right key. */
	sealed_export(s, s->other_key, NULL);
	assert_int_equal(sealed_verify(s, NULL, &e), EVIDENCE_VERIFIED);
	evidence_release(&e);
	refuted(s, "which --key does not have");
	sealed_init(&other, 2, 1);
	sealed_export(&other, s->key, NULL);
	sealed_set(s, at, other.lines[at]);
	sealed_sum(s, false);
	refuted(s, "signature is wrong");
	/* Its findings, with a manifest that has their sum. */
	sealed_set(s, sealed_find(s, "findings"),
		   other.lines[sealed_find(&other, "findings")]);
	sealed_sum(s, true);
	refuted(s, "signature is wrong");
	sealed_release(&other);
	/* Written in other ways. */
	sealed_replace(s, at, "Ed25519", "ed25519");
	sealed_sum(s, false);
	refuted(s, "signature is not well formed");
	sealed_replace(s, at, "\"algorithm\"", "\"x\":1,\"algorithm\"");
	sealed_sum(s, false);
	refuted(s, "signature is not well formed");
	sealed_replace(s, at, "==\"", "=\"");
	sealed_sum(s, false);
	refuted(s, "signature is not well formed");
	sealed_replace(s, at, "==\"", "==\\n\"");
	sealed_sum(s, false);
	refuted(s, "signature is not well formed");
	sealed_set(s, at, "{\"signature\":{}}");
	sealed_sum(s, false);
	refuted(s, "signature is not well formed");
}

/* The last character of base64 has two bits that no byte needs. */
static void base64_has_one_form(void **state)
{
	struct sealed *s = *state;
	size_t at = sealed_find(s, "signature");
	char *end = strstr(s->lines[at], "==\"");

	assert_non_null(end);
	end[-1]++;
	sealed_sum(s, false);
	refuted(s, "signature is not well formed");
}

static int kinder(const struct run_data *run, char **out, struct err *err)
{
	char *line = sealed_judge(run), *at = strstr(line, "\"median\":");

	(void)err;
	at[strlen("\"median\":")] ^= 8; /* 1 and 9, in ASCII */
	*out = line;
	return 0;
}

/* Unsigned, and whole by every sum: the samples are what remains. */
static void another_figure_needs_other_samples(void **state)
{
	struct sealed *s = *state;
	struct evidence e;

	sealed_export(s, NULL, kinder);
	expect_refuted(sealed_verify(s, NULL, &e), &e, "figure");
	assert_contains(e.shown[0].where, "figure null on ");
	evidence_release(&e);
}

static void numbers_are_no_loophole(void **state)
{
	static const char *const words[] = {"NaN",   "nan",     "1e999",
					    "-1.0",  "\"1\"",   "null",
					    "0x1p3", "Infinity"};
	struct sealed *s = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		char is[32];

		snprintf(is, sizeof(is), ",%s,", words[i]);
		sealed_replace(s, 1, ",100.0,", is);
		sealed_sum(s, true);
		refuted(s, "");
	}
	sealed_replace(s, 1, "\"samples\":", "\"sampl\\u0065s\":");
	sealed_sum(s, true);
	refuted(s, "samples are not well formed");
}

static uint32_t draw(uint32_t below)
{
	static uint32_t x = 27;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % below;
}

/* One byte becomes one that JSON gives a meaning to, or a span goes or comes twice. */
static void edit(struct sealed *s, size_t line)
{
	static const char bytes[] = "{}[]\",:.\\ 0123456789-+eEntf\x01\xff";
	const char *was = s->lines[line];
	size_t len = strlen(was), at = draw((uint32_t)len);
	size_t span = draw((uint32_t)(len - at)) % 40 + 1;
	char *now;

	switch (draw(3)) {
	case 0:
		now = xstrdup(was);
		now[at] = bytes[draw(sizeof(bytes) - 1)];
		break;
	case 1:
		now = xasprintf("%.*s%s", (int)at, was,
				was + (at + span < len ? at + span : len));
		break;
	default:
		now = xasprintf("%.*s%.*s%s", (int)at, was, (int)span, was + at,
				was + at);
	}
	sealed_set(s, line, now);
	free(now);
}

/* Parsers and the judge get what no exporter writes; a missing signature is what
 * refutes those edits that are none, or that anybody may make. */
static void edits_with_right_sums_do_no_harm(void **state)
{
	struct sealed *s = *state;
	char *good[SEALED_MAX_LINES];
	size_t at, i, count;
	int round;

	sealed_drop(s, sealed_find(s, "signature"));
	at = sealed_find(s, "manifest");
	count = s->line_count;
	for (i = 0; i < count; i++)
		good[i] = xstrdup(s->lines[i]);
	for (round = 0; round < 1000; round++) {
		enum evidence_outcome outcome;
		struct evidence e;

		for (i = 0; i < count; i++)
			sealed_set(s, i, good[i]);
		for (i = 0; i < 1 + draw(2); i++)
			edit(s, draw((uint32_t)at));
		sealed_sum(s, true);
		outcome = sealed_verify(s, &s->keys, &e);
		expect_refuted(outcome, &e, "edit");
		evidence_release(&e);
	}
	for (i = 0; i < count; i++)
		free(good[i]);
}

/* The sum of all tests before; none of them may have been missed. */
static void all_were_found(void **state)
{
	(void)state;
	print_message("# tampering: %u tried, %u found\n", tried, found);
	assert_int_equal(tried, found);
	assert_true(tried > 1000);
}

#define SEALED(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEALED(every_byte_counts),
		SEALED(every_cut_counts),
		SEALED(every_bit_of_the_file_counts),
		SEALED(what_was_measured_cannot_be_changed),
		SEALED(the_manifest_fits_one_run),
		SEALED(lines_have_one_place),
		SEALED(a_downgrade_has_no_signature),
		SEALED(a_signature_is_of_one_manifest),
		SEALED(base64_has_one_form),
		SEALED(another_figure_needs_other_samples),
		SEALED(numbers_are_no_loophole),
		SEALED(edits_with_right_sums_do_no_harm),
		cmocka_unit_test(all_were_found),
	};

	return RUN_TESTS(tests);
}
