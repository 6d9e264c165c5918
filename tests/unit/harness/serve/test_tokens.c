// SPDX-License-Identifier: GPL-3.0-or-later
/* tokens, rates: who may do what, and how often an address may ask. */
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

#include "harness/base/strbuf.h"
#include "harness/serve/rates.h"
#include "harness/serve/tokens.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

/* SHA-256 of "abc" (FIPS 180-2, B.1), and of nothing. */
#define SUM_ABC \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SUM_NOTHING \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const uint8_t here[TOKEN_ADDRESS_BYTES] = {127, 0, 0, 1};

static int load(const char *text, struct tokens *t, struct err *err)
{
	char path[SCRATCH_SIZE];
	int ret;

	scratch_file(path, text, strlen(text));
	ret = tokens_load(path, t, err);
	unlink(path);
	return ret;
}

static void must_load(const char *text, struct tokens *t, size_t count)
{
	struct err err = {0};

	if (load(text, t, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(t->count, count);
}

static void files_are_lines_of_three_words(void **state)
{
	static const struct {
		const char *text;
		size_t count;
	} good[] = {
		{"", 0},
		{"\n\n# nobody\n", 0},
		{" \t\r\n", 0},
		{"read " SUM_ABC " a", 1},
		{"read " SUM_ABC " a\nwrite " SUM_NOTHING " b\n", 2},
		{"\tread \t" SUM_ABC "\ta\r\n# write\n", 1},
		{"write " SUM_ABC " a # of the nightly run\n", 1},
		{"write " SUM_ABC " a more words\n", 1},
		{"read BA7816BF8F01CFEA414140DE5DAE2223"
		 "B00361A396177A9CB410FF61F20015AD a\n",
		 1},
	};
	struct tokens t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		must_load(good[i].text, &t, good[i].count);
		tokens_release(&t);
		assert_null(t.list);
	}
}

static void wrong_lines_are_numbered_and_not_shown(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"secret", ":1:"},
		{"write secret name\n", ":1:"},
		{"\n# x\nadmin " SUM_ABC " secret\n", ":3:"},
		{"read " SUM_ABC " a\nwrite " SUM_ABC "\n", ":2:"},
		{"read " SUM_ABC "0 secret\n", ":1:"},
		{"read g" SUM_ABC " secret\n", ":1:"},
		{"read ga7816bf8f01cfea414140de5dae2223"
		 "b00361a396177a9cb410ff61f20015ad secret\n",
		 ":1:"},
		{"read " SUM_ABC " # secret\n", ":1:"},
		{"READ " SUM_ABC " secret\n", ":1:"},
		{"read:" SUM_ABC ":secret\n", ":1:"},
	};
	struct err err = {0};
	struct tokens t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (load(bad[i].text, &t, &err) != -EINVAL)
			fail_msg("taken: %s", bad[i].text);
		assert_contains(err.msg, bad[i].says);
		/* A token may stand there by mistake. */
		assert_null(strstr(err.msg, "secret"));
		assert_null(strstr(err.msg, SUM_ABC));
	}
	assert_int_equal(tokens_load("/nonexistent", &t, &err), -ENOENT);
	assert_int_equal(tokens_load("/tmp", &t, &err), -EISDIR);
}

/* Lines behind either would not be looked at, and their tokens be refused. */
static void what_hides_lines_is_refused(void **state)
{
	static const char zero[] =
		"read " SUM_ABC " a\n\0\nwrite " SUM_ABC " b\n";
	char path[SCRATCH_SIZE];
	struct err err = {0};
	struct tokens t;

	(void)state;
	assert_int_equal(
		load("read " SUM_ABC " a\rwrite " SUM_ABC " b\n", &t, &err),
		-EINVAL);
	assert_contains(err.msg, "carriage return");
	scratch_file(path, zero, sizeof(zero) - 1);
	assert_int_equal(tokens_load(path, &t, &err), -EINVAL);
	assert_contains(err.msg, "NUL byte");
	unlink(path);
	must_load("\xef\xbb\xbfread " SUM_ABC " a\r\n", &t, 1);
	tokens_release(&t);
}

static void a_token_opens_what_its_scope_says(void **state)
{
	static const struct {
		const char *header;
		int to_read, to_write;
	} cases[] = {
		{"Bearer abc", 0, -EPERM},
		{"bearer abc", 0, -EPERM},
		{"BEARER abc", 0, -EPERM},
		{"Bearer writer", 0, 0},
		{"Bearer Abc", -EACCES, -EACCES},
		{"Bearer  abc", -EACCES, -EACCES},
		{"Bearer abc ", -EACCES, -EACCES},
		{"Bearer", -EACCES, -EACCES},
		{"Bearer ", -EACCES, -EACCES},
		{"Basic abc", -EACCES, -EACCES},
		{"abc", -EACCES, -EACCES},
		{"", -EACCES, -EACCES},
		/* The sum itself opens nothing. */
		{"Bearer " SUM_ABC, -EACCES, -EACCES},
		{NULL, -EACCES, -EACCES},
	};
	/* printf writer | sha256sum */
	static const char file[] = "read " SUM_ABC " a\n"
				   "write b93006774cbdd4b299389a03ac3d88c3"
				   "a76b460d538795bc12718011a909fba5 b\n";
	uint8_t address[TOKEN_ADDRESS_BYTES] = {1};
	struct err err = {0};
	struct tokens t;
	size_t i;

	(void)state;
	must_load(file, &t, 2);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		address[1] = (uint8_t)i; /* each has its own wrong tokens */
		assert_int_equal(tokens_check(&t, cases[i].header, TOKEN_READ,
					      address, &err),
				 cases[i].to_read);
		assert_int_equal(tokens_check(&t, cases[i].header, TOKEN_WRITE,
					      address, &err),
				 cases[i].to_write);
	}
	tokens_release(&t);
}

static void wrong_tokens_bar_their_address(void **state)
{
	const uint8_t other[TOKEN_ADDRESS_BYTES] = {127, 0, 0, 2};
	struct err err = {0};
	struct tokens t;
	int i;

	(void)state;
	must_load("read " SUM_ABC " a\n", &t, 1);
	/* Who sends none, or may not, has not guessed. */
	for (i = 0; i < 20; i++) {
		assert_int_equal(tokens_check(&t, NULL, TOKEN_READ, here, &err),
				 -EACCES);
		assert_int_equal(
			tokens_check(&t, "Bearer abc", TOKEN_WRITE, here, &err),
			-EPERM);
	}
	for (i = 0; i < 10; i++)
		assert_int_equal(
			tokens_check(&t, "Bearer x", TOKEN_READ, here, &err),
			-EACCES);
	assert_int_equal(tokens_check(&t, "Bearer abc", TOKEN_READ, here, &err),
			 -EAGAIN);
	assert_int_equal(tokens_check(&t, NULL, TOKEN_READ, here, &err),
			 -EAGAIN);
	assert_int_equal(
		tokens_check(&t, "Bearer abc", TOKEN_READ, other, &err), 0);
	tokens_release(&t);
}

/* As if a minute had passed since the first of them. */
static void a_bar_is_lifted_after_its_minute(void **state)
{
	struct err err = {0};
	struct tokens t;
	size_t k;
	int i;

	(void)state;
	must_load("read " SUM_ABC " a\n", &t, 1);
	for (i = 0; i < 10; i++)
		tokens_check(&t, "Bearer x", TOKEN_READ, here, &err);
	assert_int_equal(tokens_check(&t, "Bearer abc", TOKEN_READ, here, &err),
			 -EAGAIN);
	for (k = 0; k < TOKEN_ADDRESSES; k++)
		if (t.failures[k].since_mono_ns)
			t.failures[k].since_mono_ns -= 60 * NS_PER_S + 1;
	assert_int_equal(tokens_check(&t, "Bearer abc", TOKEN_READ, here, &err),
			 0);
	tokens_release(&t);
}

/* As many guessers as there is room for are all remembered. */
static void every_guesser_is_remembered(void **state)
{
	uint8_t address[TOKEN_ADDRESS_BYTES] = {10};
	struct err err = {0};
	struct tokens t;
	int i, k;

	(void)state;
	must_load("read " SUM_ABC " a\n", &t, 1);
	for (i = 0; i < TOKEN_ADDRESSES; i++) {
		address[3] = (uint8_t)i;
		for (k = 0; k < 10; k++)
			assert_int_equal(tokens_check(&t, "Bearer x",
						      TOKEN_READ, address,
						      &err),
					 -EACCES);
	}
	for (i = 0; i < TOKEN_ADDRESSES; i++) {
		address[3] = (uint8_t)i;
		assert_int_equal(tokens_check(&t, "Bearer abc", TOKEN_READ,
					      address, &err),
				 -EAGAIN);
	}
	tokens_release(&t);
}

static void made_tokens_are_random_and_open(void **state)
{
	static const char *const names[] = {"",    "a b",  "a\tb",
					    "a#b", "a\nb", "a\rb"};
	struct strbuf token = {0}, line = {0}, other = {0}, rest = {0};
	char header[128], name[70];
	struct err err = {0};
	struct tokens t;
	size_t i;

	(void)state;
	assert_int_equal(tokens_make("write", "w", &token, &line, &err), 0);
	assert_int_equal(tokens_make("write", "w", &other, &rest, &err), 0);
	assert_int_equal(token.len, 64);
	assert_string_not_equal(token.str, other.str);
	assert_null(strstr(line.str, token.str));
	must_load(line.str, &t, 1);
	snprintf(header, sizeof(header), "Bearer %s", token.str);
	assert_int_equal(tokens_check(&t, header, TOKEN_WRITE, here, &err), 0);
	snprintf(header, sizeof(header), "Bearer %s", other.str);
	assert_int_equal(tokens_check(&t, header, TOKEN_READ, here, &err),
			 -EACCES);
	tokens_release(&t);
	strbuf_release(&rest);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(
			tokens_make("read", names[i], &rest, &rest, &err),
			-EINVAL);
	assert_int_equal(tokens_make("x", "n", &rest, &rest, &err), -EINVAL);
	memset(name, 'n', sizeof(name));
	name[65] = '\0';
	assert_int_equal(tokens_make("read", name, &rest, &rest, &err),
			 -EINVAL);
	assert_int_equal(rest.len, 0);
	name[64] = '\0';
	strbuf_release(&line);
	assert_int_equal(tokens_make("read", name, &rest, &line, &err), 0);
	must_load(line.str, &t, 1);
	tokens_release(&t);
	strbuf_release(&token);
	strbuf_release(&line);
	strbuf_release(&other);
	strbuf_release(&rest);
}

static void rates_are_of_an_address(void **state)
{
	uint8_t one[RATES_ADDRESS_BYTES] = {1}, other[RATES_ADDRESS_BYTES];
	struct err err = {0};
	struct rates r;
	unsigned int i;

	(void)state;
	rates_init(&r, 2);
	for (i = 0; i < 20; i++)
		assert_int_equal(rates_check(&r, one, NS_PER_S, &err), 0);
	assert_int_equal(rates_check(&r, one, NS_PER_S, &err), -EDQUOT);
	/* Half a second is worth one; a clock that goes back nothing. */
	assert_int_equal(rates_check(&r, one, NS_PER_S * 3 / 2, &err), 0);
	assert_int_equal(rates_check(&r, one, NS_PER_S, &err), -EDQUOT);
	/* As many others as there is room for, and then it is forgotten. */
	for (i = 0; i < RATES_ADDRESSES; i++) {
		memset(other, 0, sizeof(other));
		other[4] = 1;
		other[5] = (uint8_t)i;
		assert_int_equal(rates_check(&r, other, 2 * NS_PER_S, &err), 0);
	}
	for (i = 0; i < 20; i++)
		assert_int_equal(rates_check(&r, one, 2 * NS_PER_S, &err), 0);
	assert_int_equal(rates_check(&r, one, 2 * NS_PER_S, &err), -EDQUOT);
	rates_release(&r);
	rates_init(&r, 0);
	for (i = 0; i < 1000; i++)
		assert_int_equal(rates_check(&r, one, 1, &err), 0);
	rates_release(&r);
}

/* Ten seconds' worth at once, and in the long run no more than allowed. */
static void bursts_are_paid_back(void **state)
{
	uint64_t now_ns = NS_PER_S;
	unsigned int i, taken = 0;
	struct err err = {0};
	struct rates r;

	(void)state;
	rates_init(&r, 5);
	for (i = 0; i < 10000; i++) {
		taken += !rates_check(&r, here, now_ns, &err);
		now_ns += 10 * NS_PER_MS;
	}
	/* 100 seconds. */
	assert_in_range(taken, 50 + 5 * 100 - 1, 50 + 5 * 100 + 1);
	/* After a long rest no more than a burst is saved. */
	now_ns += 3600 * NS_PER_S;
	for (taken = 0; !rates_check(&r, here, now_ns, &err); taken++)
		;
	assert_int_equal(taken, 50);
	assert_contains(err.msg, "5 requests");
	rates_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_lines_of_three_words),
		cmocka_unit_test(wrong_lines_are_numbered_and_not_shown),
		cmocka_unit_test(what_hides_lines_is_refused),
		cmocka_unit_test(a_token_opens_what_its_scope_says),
		cmocka_unit_test(wrong_tokens_bar_their_address),
		cmocka_unit_test(a_bar_is_lifted_after_its_minute),
		cmocka_unit_test(every_guesser_is_remembered),
		cmocka_unit_test(made_tokens_are_random_and_open),
		cmocka_unit_test(rates_are_of_an_address),
		cmocka_unit_test(bursts_are_paid_back),
	};

	return RUN_TESTS(tests);
}
