// SPDX-License-Identifier: GPL-3.0-or-later
/* ed25519: RFC 8032's answers, and which key files are taken. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/ed25519.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

struct fixture {
	char folder[SCRATCH_SIZE], path[64];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	scratch_folder(f->folder, "ed25519");
	snprintf(f->path, sizeof(f->path), "%s/key.pem", f->folder);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	scratch_remove(f->folder);
	free(f);
	return 0;
}

static size_t bytes_of(const char *hex, unsigned char *out)
{
	size_t i, len = strlen(hex) / 2;

	for (i = 0; i < len; i++) {
		char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		out[i] = (unsigned char)strtoul(two, NULL, 16);
	}
	return len;
}

static void put_file(const char *path, const char *text, mode_t mode)
{
	struct err err = {0};

	unlink(path);
	assert_int_equal(file_write(path, text, strlen(text), &err), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* HEX in DER as a block of PEM. */
static void put_pem(const struct fixture *f, const char *label, const char *hex)
{
	unsigned char der[256], coded[512];
	char text[800];

	EVP_EncodeBlock(coded, der, (int)bytes_of(hex, der));
	snprintf(text, sizeof(text),
		 "-----BEGIN %s-----\n%s\n-----END %s-----\n", label, coded,
		 label);
	put_file(f->path, text, 0600);
}

/* RFC 8410: the 32 bytes of RFC 8032 are wrapped for PKCS#8 and for SPKI. */
static void put_private(const struct fixture *f, const char *seed)
{
	char hex[160];

	snprintf(hex, sizeof(hex), "302e020100300506032b657004220420%s", seed);
	put_pem(f, "PRIVATE KEY", hex);
}

/* RFC 8032, 7.1. */
static const struct {
	const char *seed, *public, *message, *signature;
} vectors[] = {
	{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	 "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
	{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	 "72",
	 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
	{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	 "af82",
	 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	 "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void rfc_8032_has_these_answers(void **state)
{
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		unsigned char message[64], want[64], got[64], der[44];
		unsigned char public[32];
		struct ed25519_key *key, *other;
		struct err err = {0};
		size_t len;

		put_private(f, vectors[i].seed);
		assert_int_equal(ed25519_load_private(f->path, &key, &err), 0);
		len = bytes_of(vectors[i].message, message);
		bytes_of(vectors[i].signature, want);
		assert_int_equal(ed25519_sign(key, message, len, got, &err), 0);
		assert_memory_equal(got, want, sizeof(want));
		ed25519_to_der(key, der);
		bytes_of(vectors[i].public, public);
		assert_memory_equal(der + 12, public, sizeof(public));
		other = ed25519_from_der(der);
		assert_true(ed25519_verifies(other, message, len, got));
		got[i] ^= 1;
		assert_false(ed25519_verifies(other, message, len, got));
		got[i] ^= 1;
		message[0] ^= 1;
		assert_false(ed25519_verifies(other, message, len + !len, got));
		ed25519_destroy(other);
		ed25519_destroy(key);
	}
}

/* S + L signs the same message by a lenient check (RFC 8032, 8.4). */
static void a_signature_has_one_form(void **state)
{
	static const unsigned char order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
		0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	struct fixture *f = *state;
	struct ed25519_key *key;
	unsigned char signature[64];
	struct err err = {0};
	unsigned int i, carry = 0;

	put_private(f, vectors[0].seed);
	assert_int_equal(ed25519_load_private(f->path, &key, &err), 0);
	assert_int_equal(ed25519_sign(key, "", 0, signature, &err), 0);
	for (i = 0; i < 32; i++) {
		carry += signature[32 + i] + order[i];
		signature[32 + i] = (unsigned char)carry;
		carry >>= 8;
	}
	assert_false(ed25519_verifies(key, "", 0, signature));
	ed25519_destroy(key);
}

static void expect_refused(const struct fixture *f, const char *words)
{
	struct ed25519_key *key = (void *)1;
	struct err err = {0};

	assert_true(ed25519_load_private(f->path, &key, &err) < 0);
	assert_null(key);
	assert_contains(err.msg, words);
	assert_contains(err.msg, f->path);
}

/* The encrypted one is of `openssl genpkey -aes256`. */
static void private_keys_of_other_kinds_are_refused(void **state)
{
	static const char encrypted[] =
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
		"MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAi0rm2pe/+OWgICCAAw\n"
		"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEORv6Hxc6k3O+V/8+WV14rsEQMLr\n"
		"/9uvBfr/V/QPQHs1lqPE60yhbN4p7hRlMAmRHGkYMDjA0dRITg1QXumBc502L2Lv\n"
		"6KQooFB9k7yqlBQ9BKI=\n"
		"-----END ENCRYPTED PRIVATE KEY-----\n";
	struct fixture *f = *state;
	struct err err = {0};
	char *big = calloc(1, 20001);

	expect_refused(f, "cannot open key");
	put_file(f->path, "no key\n", 0600);
	expect_refused(f, "openssl genpkey -algorithm ed25519");
	put_file(f->path, "", 0600);
	expect_refused(f, "has no private key");
	put_file(f->path, encrypted, 0600);
	expect_refused(f, "needs a passphrase");
	/* X25519, which agrees on keys and does not sign. */
	put_pem(f, "PRIVATE KEY",
		"302e020100300506032b656e04220420"
		"0101010101010101010101010101010101010101010101010101010101010101");
	expect_refused(f, "key of type X25519; only ED25519");
	memset(big, 'x', 20000);
	put_file(f->path, big, 0600);
	expect_refused(f, "too large");
	put_private(f, vectors[0].seed);
	assert_int_equal(chmod(f->path, 0644), 0);
	expect_refused(f, "open to everybody (mode 644)");
	unlink(f->path);
	assert_int_equal(mkdir(f->path, 0700), 0);
	expect_refused(f, "Is a directory");
	rmdir(f->path);
	assert_int_equal(file_write(f->path, "", 0, &err), 0);
	free(big);
}

static void a_key_comes_through_a_pipe(void **state)
{
	struct fixture *f = *state;
	struct ed25519_key *key;
	char text[400], path[32];
	struct err err = {0};
	int ends[2], fd;
	ssize_t n;

	put_private(f, vectors[0].seed);
	fd = open(f->path, O_RDONLY);
	n = read(fd, text, sizeof(text));
	close(fd);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, (size_t)n), n);
	close(ends[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	assert_int_equal(ed25519_load_private(path, &key, &err), 0);
	ed25519_destroy(key);
	close(ends[0]);
}

static void expect_no_public(const struct fixture *f, const char *words)
{
	struct ed25519_keys keys;
	struct err err = {0};

	assert_true(ed25519_load_public(f->path, &keys, &err) < 0);
	assert_contains(err.msg, words);
	ed25519_keys_release(&keys);
}

#define PUBLIC_1                                                         \
	"-----BEGIN PUBLIC KEY-----\n"                                   \
	"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" \
	"-----END PUBLIC KEY-----\n"
#define PUBLIC_2                                                         \
	"-----BEGIN PUBLIC KEY-----\n"                                   \
	"MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n" \
	"-----END PUBLIC KEY-----\n"

static void public_keys_are_read(void **state)
{
	static const char damaged[] = "-----BEGIN PUBLIC KEY-----\n"
				      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7T\n"
				      "-----END PUBLIC KEY-----\n";
	struct fixture *f = *state;
	struct ed25519_keys keys;
	struct err err = {0};
	struct strbuf many = {0};
	char text[SHA256_HEX + 1];
	int i;

	put_file(f->path, "# alice\n" PUBLIC_1 "# bob\n" PUBLIC_2, 0644);
	if (ed25519_load_public(f->path, &keys, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(keys.count, 2);
	ed25519_fingerprint(keys.keys[0], text);
	assert_string_equal(text, "06e3fd8fda29bb60ab59557de61edb0a"
				  "ecdb231134be30e75b455f8e1b792fa9");
	ed25519_keys_release(&keys);
	put_file(f->path, PUBLIC_1, 0644);
	put_file(f->path, damaged, 0644);
	expect_no_public(f, "key 1 in");
	put_file(f->path, "hello", 0644);
	expect_no_public(f, "has no public key");
	put_private(f, vectors[0].seed);
	expect_no_public(f, "openssl pkey -pubout");
	put_pem(f, "PUBLIC KEY",
		"302a300506032b656e032100"
		"0900000000000000000000000000000000000000000000000000000000000000");
	expect_no_public(f, "key of type X25519");
	unlink(f->path);
	expect_no_public(f, "cannot open key");
	for (i = 0; i < 65; i++)
		strbuf_puts(&many, PUBLIC_1);
	put_file(f->path, strbuf_str(&many), 0644);
	expect_no_public(f, "over 64 keys");
	strbuf_release(&many);
}

static void other_bytes_are_no_key(void **state)
{
	unsigned char der[44] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00};
	struct ed25519_key *key;

	(void)state;
	assert_null(ed25519_from_der(der)); /* X25519 */
	der[8] = 0x70;
	key = ed25519_from_der(der);
	assert_non_null(key);
	ed25519_destroy(key);
	der[1] = 0x29;
	assert_null(ed25519_from_der(der));
	memset(der, 0, sizeof(der));
	assert_null(ed25519_from_der(der));
	ed25519_destroy(NULL);
}

/* FIPS 180-4's examples, and one sum after the other. */
static void sums_are_known(void **state)
{
	char text[SHA256_HEX + 1];
	struct sha256 *sum = sha256_create();

	(void)state;
	sha256_of("abc", 3, text);
	assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223"
				  "b00361a396177a9cb410ff61f20015ad");
	sha256_add(sum, "a", 1);
	sha256_add(sum, "bc", 2);
	sha256_take(sum, text);
	assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223"
				  "b00361a396177a9cb410ff61f20015ad");
	sha256_take(sum, text);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb924"
				  "27ae41e4649b934ca495991b7852b855");
	sha256_destroy(sum);
}

#define WITH_FILE(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILE(rfc_8032_has_these_answers),
		WITH_FILE(a_signature_has_one_form),
		WITH_FILE(private_keys_of_other_kinds_are_refused),
		WITH_FILE(a_key_comes_through_a_pipe),
		WITH_FILE(public_keys_are_read),
		cmocka_unit_test(other_bytes_are_no_key),
		cmocka_unit_test(sums_are_known),
	};

	return RUN_TESTS(tests);
}
