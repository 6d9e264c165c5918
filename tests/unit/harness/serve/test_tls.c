// SPDX-License-Identifier: GPL-3.0-or-later
/* tls: which certificates and keys a server starts with, and who trusts it. */
#include "tests/unit/test.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/serve/dashboard.h"
#include "harness/serve/push.h"
#include "harness/serve/tls.h"
#include "harness/serve/tokens.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/web.h"
#include "tests/unit/fixture/scratch.h"

#define HOUR_S 3600L

/* Files of a folder, one per case: made once, as keys are slow. */
static char folder[SCRATCH_SIZE];

/* One of a few at a time. */
static const char *in_folder(const char *name)
{
	static char paths[8][64];
	static unsigned int turn;
	char *path = paths[turn++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void write_text(const char *name, const char *text)
{
	struct err err = {0};

	assert_int_equal(file_write(in_folder(name), text, strlen(text), &err),
			 0);
}

/* With PASSPHRASE, if one is given. */
static void write_key(const char *name, EVP_PKEY *key, const char *passphrase)
{
	FILE *f = fopen(in_folder(name), "we");

	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(
				 f, key, passphrase ? EVP_aes_128_cbc() : NULL,
				 (const unsigned char *)passphrase,
				 passphrase ? (int)strlen(passphrase) : 0, NULL,
				 NULL),
			 1);
	fclose(f);
}

/* Of 127.0.0.1, signed by its own KEY, valid for so long from now. */
static void write_cert(const char *name, EVP_PKEY *key, long valid_s)
{
	FILE *f = fopen(in_folder(name), "we");
	X509 *cert = X509_new();
	X509_EXTENSION *san = X509V3_EXT_conf_nid(
		NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	X509_NAME *subject;

	assert_non_null(f);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -48 * HOUR_S);
	X509_gmtime_adj(X509_getm_notAfter(cert), valid_s);
	X509_set_pubkey(cert, key);
	subject = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, subject);
	X509_add_ext(cert, san, -1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(f, cert), 1);
	X509_EXTENSION_free(san);
	X509_free(cert);
	fclose(f);
}

static int make_files(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	struct strbuf both = {0};

	(void)state;
	scratch_folder(folder, "tls");
	write_key("key", key, NULL);
	write_key("other-key", other, NULL);
	write_key("locked-key", key, "secret");
	write_cert("cert", key, HOUR_S);
	write_cert("other-cert", other, HOUR_S);
	write_cert("old-cert", key, -HOUR_S);
	write_text("empty", "");
	write_text("garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n"
			      "-----END CERTIFICATE-----\n");
	write_text("text", "no PEM at all\n");
	/* A chain: the server's own first, then who vouches for it. */
	file_read(in_folder("cert"), MIB, &both);
	file_read(in_folder("other-cert"), MIB, &both);
	write_text("chain", both.str);
	strbuf_release(&both);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

static const struct {
	const char *cert, *key;
	int ret;
	const char *says;
} cases[] = {
	{"cert", "key", 0, ""},
	{"chain", "key", 0, ""},
	{"cert", NULL, -EINVAL, "certificate and its key"},
	{NULL, "key", -EINVAL, "certificate and its key"},
	{"none", "key", -ENOENT, "/none'"},
	{"cert", "none", -ENOENT, "/none'"},
	{"empty", "key", -EINVAL, "/empty'"},
	{"cert", "empty", -EINVAL, "/empty'"},
	{".", "key", -EINVAL, "cannot read"},
	{"text", "key", -EINVAL, "/text' is not a certificate"},
	{"garbage", "key", -EINVAL, "/garbage' is not a certificate"},
	{"key", "key", -EINVAL, "/key' is not a certificate"},
	{"cert", "text", -EINVAL, "/text' is not a key"},
	{"cert", "cert", -EINVAL, "/cert' is not a key"},
	{"cert", "locked-key", -EINVAL, "passphrase"},
	{"cert", "other-key", -EINVAL, "of another certificate"},
	{"other-cert", "key", -EINVAL, "of another certificate"},
	{"old-cert", "key", -EINVAL, "/old-cert' has expired"},
};

static void only_pairs_that_work_are_taken(void **state)
{
	struct err err;
	struct tls t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret;

		memset(&err, 0, sizeof(err));
		ret = tls_load(cases[i].cert ? in_folder(cases[i].cert) : NULL,
			       cases[i].key ? in_folder(cases[i].key) : NULL,
			       &t, &err);
		if (ret != cases[i].ret)
			fail_msg("%s, %s: %d, %s", cases[i].cert, cases[i].key,
				 ret, err.msg);
		assert_contains(err.msg, cases[i].says);
		assert_int_equal(!t.cert, ret != 0);
		assert_int_equal(!t.key, ret != 0);
		tls_release(&t);
		assert_null(t.key);
	}
	assert_int_equal(tls_load(NULL, NULL, &t, &err), 0);
	assert_null(t.cert);
}

struct server {
	struct dashboard *dashboard;
	struct strbuf token;
	char db[64], cert[64], key[64], tokens[64];
};

static void server_start(struct server *s)
{
	struct dashboard_config cfg = {.db = s->db,
				       .listen = "127.0.0.1:0",
				       .timeout_s = 5,
				       .tokens = s->tokens,
				       .max_upload_bytes = MIB,
				       .tls_cert = s->cert,
				       .tls_key = s->key};
	struct strbuf line = {0};
	struct err err = {0};

	*s = (struct server){.dashboard = NULL};
	snprintf(s->db, sizeof(s->db), "%s", in_folder("r.db"));
	snprintf(s->cert, sizeof(s->cert), "%s", in_folder("cert"));
	snprintf(s->key, sizeof(s->key), "%s", in_folder("key"));
	snprintf(s->tokens, sizeof(s->tokens), "%s", in_folder("tokens"));
	assert_int_equal(tokens_make("write", "w", &s->token, &line, &err), 0);
	write_text("tokens", line.str);
	strbuf_release(&line);
	if (dashboard_start(&cfg, &s->dashboard, &err))
		fail_msg("%s", err.msg);
}

static void server_stop(struct server *s)
{
	dashboard_stop(s->dashboard);
	strbuf_release(&s->token);
}

/* What is no bundle shows that the request arrived. */
static void only_who_trusts_it_tells_its_token(void **state)
{
	struct err err = {0};
	struct server s;
	struct push p = {.retry_ms = 1};
	struct push_reply reply;

	(void)state;
	server_start(&s);
	assert_contains(dashboard_url(s.dashboard), "https://127.0.0.1:");
	p.url = dashboard_url(s.dashboard);
	p.path = in_folder("text");
	write_text("token", s.token.str);
	p.token_file = in_folder("token");
	p.ca = s.cert;
	assert_int_equal(push_bundle(&p, &reply, &err), -EPROTO);
	assert_contains(err.msg, "400");
	p.ca = in_folder("other-cert");
	assert_int_equal(push_bundle(&p, &reply, &err), -EHOSTUNREACH);
	p.ca = NULL; /* those of the system do not know it */
	assert_int_equal(push_bundle(&p, &reply, &err), -EHOSTUNREACH);
	p.ca = "/nonexistent";
	assert_int_equal(push_bundle(&p, &reply, &err), -EHOSTUNREACH);
	server_stop(&s);
}

static void nobody_is_answered_in_the_clear(void **state)
{
	struct strbuf out = {0};
	struct server s;

	(void)state;
	server_start(&s);
	assert_true(web_ask(dashboard_url(s.dashboard), "GET", "/healthz",
			    &out) != 200);
	assert_null(strstr(strbuf_str(&out), "ok"));
	strbuf_release(&out);
	server_stop(&s);
}

static void a_server_without_its_files_does_not_start(void **state)
{
	struct dashboard_config cfg = {.db = "/nonexistent/r.db",
				       .listen = "127.0.0.1:0",
				       .timeout_s = 1,
				       .tls_cert = in_folder("old-cert"),
				       .tls_key = in_folder("key")};
	struct dashboard *d = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(dashboard_start(&cfg, &d, &err), -EINVAL);
	assert_contains(err.msg, "expired");
	cfg.tls_cert = cfg.tls_key = NULL;
	cfg.tokens = in_folder("none");
	assert_int_equal(dashboard_start(&cfg, &d, &err), -ENOENT);
	cfg.tokens = in_folder("text");
	assert_int_equal(dashboard_start(&cfg, &d, &err), -EINVAL);
	cfg.tokens = NULL;
	cfg.read_needs_token = true;
	assert_int_equal(dashboard_start(&cfg, &d, &err), -EINVAL);
	assert_contains(err.msg, "tokens file");
	assert_null(d);
	dashboard_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_pairs_that_work_are_taken),
		cmocka_unit_test(only_who_trusts_it_tells_its_token),
		cmocka_unit_test(nobody_is_answered_in_the_clear),
		cmocka_unit_test(a_server_without_its_files_does_not_start),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
