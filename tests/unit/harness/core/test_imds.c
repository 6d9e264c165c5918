// SPDX-License-Identifier: GPL-3.0-or-later
/* imds: what the metadata service says, from a service of our own. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/core/imds.h"

static const char full[] =
	"{\"compute\":{\"vmSize\":\"Standard_D192ds_v6\",\"location\":\"westus\","
	"\"offer\":\"rhel\",\"sku\":\"10\",\"tags\":\"a:b\",\"tagsList\":["
	"{\"name\":\"platformsettings.host_environment.nodefeatures."
	"hierarchicalvirtualizationv1\",\"value\":\"True\"},"
	"{\"name\":\"evil\\u0007\",\"value\":\"a\\u001b[2J\"},{\"value\":\"x\"}]},"
	"\"network\":{}}";

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void the_size_and_the_tags(void **state)
{
	struct err err = {0};
	json_t *out, *tags;

	(void)state;
	assert_int_equal(imds_parse(full, strlen(full), &out, &err), 0);
	assert_string_equal(text_of(out, "vm_size"), "Standard_D192ds_v6");
	assert_string_equal(text_of(out, "location"), "westus");
	tags = json_object_get(out, "tags");
	assert_int_equal(json_object_size(tags), 2);
	assert_string_equal(text_of(tags, "platformsettings.host_environment."
					  "nodefeatures."
					  "hierarchicalvirtualizationv1"),
			    "True");
	/* Nothing of it reaches a terminal as it is. */
	assert_null(strchr(text_of(tags, "evil?"), '\033'));
	json_decref(out);
}

static void tags_in_short(void **state)
{
	static const char text[] =
		"{\"compute\":{\"tags\":\"a:b;c:d:e\",\"tagsList\":[]}}";
	struct err err = {0};
	json_t *out;

	(void)state;
	assert_int_equal(imds_parse(text, strlen(text), &out, &err), 0);
	assert_null(text_of(out, "vm_size"));
	assert_string_equal(text_of(json_object_get(out, "tags"), "all"),
			    "a:b;c:d:e");
	json_decref(out);
}

static void what_is_not_the_service(void **state)
{
	static const char *const texts[] = {
		"", "not json", "[]", "{}", "{\"compute\":7}", "{\"compute\":"};
	struct err err;
	json_t *out;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(
			imds_parse(texts[i], strlen(texts[i]), &out, &err),
			-EPROTO);
		assert_null(out);
	}
}

/* One answer, and what was asked. */
struct service {
	int fd;
	const char *head, *body;
	char asked[2048];
};

static void *serve_one(void *arg)
{
	struct service *s = arg;
	int fd = accept(s->fd, NULL, NULL);
	ssize_t n = read(fd, s->asked, sizeof(s->asked) - 1);

	s->asked[n > 0 ? n : 0] = '\0';
	dprintf(fd, "%s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
		s->head, strlen(s->body), s->body);
	close(fd);
	return NULL;
}

static int ask(struct service *s, json_t **out, struct err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	pthread_t thread;
	char url[64];
	int ret;

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(pthread_create(&thread, NULL, serve_one, s), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/x", ntohs(at.sin_port));
	ret = imds_get(url, out, err);
	pthread_join(thread, NULL);
	close(s->fd);
	return ret;
}

static void the_service_is_asked_as_it_wants(void **state)
{
	struct service s = {.head = "HTTP/1.1 200 OK", .body = full};
	struct err err = {0};
	json_t *out;

	(void)state;
	assert_int_equal(ask(&s, &out, &err), 0);
	assert_non_null(strstr(s.asked, "Metadata: true\r\n"));
	assert_string_equal(text_of(out, "vm_size"), "Standard_D192ds_v6");
	json_decref(out);
	s = (struct service){.head = "HTTP/1.1 404 Not Found", .body = full};
	assert_int_equal(ask(&s, &out, &err), -EHOSTUNREACH);
	assert_null(out);
}

static void nobody_answers(void **state)
{
	struct err err = {0};
	json_t *out;

	(void)state;
	/* Nothing listens at port 1; and no other protocol is spoken. */
	assert_int_equal(imds_get("http://127.0.0.1:1/", &out, &err),
			 -EHOSTUNREACH);
	assert_int_equal(imds_get("file:///etc/passwd", &out, &err),
			 -EHOSTUNREACH);
	assert_null(out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_size_and_the_tags),
		cmocka_unit_test(tags_in_short),
		cmocka_unit_test(what_is_not_the_service),
		cmocka_unit_test(the_service_is_asked_as_it_wants),
		cmocka_unit_test(nobody_answers),
	};

	return RUN_TESTS(tests);
}
