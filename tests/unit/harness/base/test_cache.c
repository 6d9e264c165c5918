// SPDX-License-Identifier: GPL-3.0-or-later
/* cache: what is made once, what is forgotten, and who waits for whom. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <malloc.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/base/cache.h"
#include "harness/base/strbuf.h"

/* Writes SIZE bytes that begin with its number, or fails. */
struct maker {
	unsigned int number;
	size_t size;
	int ret;
	atomic_uint made_count;
	useconds_t wait_us;
};

static int make(void *arg, struct strbuf *out, struct err *err)
{
	struct maker *m = arg;

	atomic_fetch_add(&m->made_count, 1);
	usleep(m->wait_us);
	if (m->ret < 0)
		return err_set(err, m->ret, "no %u", m->number);
	strbuf_printf(out, "%-*u", (int)m->size, m->number);
	return m->ret;
}

static int get(struct cache *c, struct maker *m, struct strbuf *out)
{
	uint8_t key[CACHE_KEY_BYTES] = {(uint8_t)m->number,
					(uint8_t)(m->number >> 8)};
	struct err err = {0};
	int ret;

	strbuf_release(out);
	ret = cache_get(c, key, make, m, out, &err);
	if (ret) {
		assert_int_equal(err.code, ret);
		assert_int_equal(strncmp(err.msg, "no ", 3), 0);
	}
	return ret;
}

static void what_was_made_is_not_made_again(void **state)
{
	struct cache *c = cache_create(1 * MIB);
	struct maker m = {.number = 7, .size = 10}, other = {.number = 8};
	struct strbuf out = {0};

	(void)state;
	assert_int_equal(get(c, &m, &out), 0);
	assert_string_equal(out.str, "7         ");
	assert_int_equal(get(c, &other, &out), 0);
	assert_string_equal(out.str, "8");
	assert_int_equal(get(c, &m, &out), 0);
	assert_string_equal(out.str, "7         ");
	assert_int_equal(m.made_count, 1);
	strbuf_release(&out);
	cache_destroy(c);
	cache_destroy(NULL);
}

static void a_failure_is_not_kept(void **state)
{
	struct cache *c = cache_create(1 * MIB);
	struct maker m = {.number = 7, .ret = -ENOENT};
	struct strbuf out = {0};

	(void)state;
	assert_int_equal(get(c, &m, &out), -ENOENT);
	assert_int_equal(get(c, &m, &out), -ENOENT);
	assert_int_equal(m.made_count, 2);
	assert_int_equal(cache_bytes(c), 0);
	m.ret = 0;
	assert_int_equal(get(c, &m, &out), 0);
	assert_string_equal(out.str, "7");
	assert_int_equal(m.made_count, 3);
	strbuf_release(&out);
	cache_destroy(c);
}

static void what_was_not_asked_for_longest_goes(void **state)
{
	struct cache *c = cache_create(64 * KIB);
	struct maker m[40], big = {.number = 99, .size = 100000};
	struct strbuf out = {0};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(m); i++) {
		m[i] = (struct maker){.number = i, .size = 4000};
		assert_int_equal(get(c, &m[i], &out), 0);
		assert_int_equal(get(c, &m[0], &out), 0);
		assert_true(cache_bytes(c) <= 64 * KIB);
	}
	assert_int_equal(m[0].made_count, 1);
	get(c, &m[1], &out);
	assert_int_equal(m[1].made_count, 2);
	get(c, &m[39], &out);
	assert_int_equal(m[39].made_count, 1);
	/* Larger than all there is room for: given, and not kept. */
	assert_int_equal(get(c, &big, &out), 0);
	assert_int_equal(out.len, 100000);
	assert_true(cache_bytes(c) <= 64 * KIB);
	strbuf_release(&out);
	cache_destroy(c);
}

static void what_is_needed_no_more_goes(void **state)
{
	struct cache *c = cache_create(1 * MIB);
	struct strbuf out = {0};
	struct maker m[5];
	uint64_t of_two;
	unsigned int i;

	(void)state;
	cache_keep_newest(c, 3);
	for (i = 0; i < ARRAY_SIZE(m); i++) {
		m[i] = (struct maker){.number = i, .size = 4000};
		assert_int_equal(get(c, &m[i], &out), 0);
	}
	assert_int_equal(get(c, &m[1], &out), 0);
	of_two = cache_bytes(c) / 5 * 2;
	cache_keep_newest(c, 5);
	assert_int_equal(cache_bytes(c), of_two / 2 * 5);
	cache_keep_newest(c, 2);
	assert_int_equal(cache_bytes(c), of_two);
	for (i = 0; i < ARRAY_SIZE(m); i++) {
		assert_int_equal(get(c, &m[i], &out), 0);
		assert_int_equal(m[i].made_count, i == 1 || i == 4 ? 1 : 2);
	}
	cache_keep_newest(c, 0);
	assert_int_equal(cache_bytes(c), 0);
	strbuf_release(&out);
	cache_destroy(c);
}

/* Their hashes begin alike, so that they lie in one bucket; of three any one
 * may be the one that goes. */
static void neighbours_are_told_apart(void **state)
{
	struct strbuf out = {0};
	unsigned int gone, i;

	(void)state;
	for (gone = 0; gone < 3; gone++) {
		/* Room for three of 4000 bytes, and not for a fourth. */
		struct cache *c = cache_create(16 * KIB);
		struct maker m[4];

		for (i = 0; i < ARRAY_SIZE(m); i++)
			m[i] = (struct maker){.number = 7 + i * 1024,
					      .size = 4000};
		for (i = 0; i < 3; i++)
			assert_int_equal(get(c, &m[i], &out), 0);
		/* All but one are asked for again, so that it is the oldest. */
		for (i = 0; i < 3; i++)
			if (i != gone)
				assert_int_equal(get(c, &m[i], &out), 0);
		assert_int_equal(get(c, &m[3], &out), 0);
		for (i = 0; i < ARRAY_SIZE(m); i++) {
			if (i == gone)
				continue;
			assert_int_equal(get(c, &m[i], &out), 0);
			assert_int_equal(strtoul(out.str, NULL, 10),
					 m[i].number);
			assert_int_equal(m[i].made_count, 1);
		}
		assert_int_equal(get(c, &m[gone], &out), 0);
		assert_int_equal(m[gone].made_count, 2);
		cache_destroy(c);
	}
	strbuf_release(&out);
}

struct asker {
	struct cache *c;
	struct maker *m;
	int ret;
	size_t len;
};

static void *ask_in_thread(void *arg)
{
	struct asker *a = arg;
	struct strbuf out = {0};

	a->ret = get(a->c, a->m, &out);
	a->len = out.len;
	strbuf_release(&out);
	return NULL;
}

static void ask_eight_times(struct cache *c, struct maker *m)
{
	struct asker askers[8];
	pthread_t threads[8];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		askers[i] = (struct asker){.c = c, .m = m};
		assert_int_equal(pthread_create(&threads[i], NULL,
						ask_in_thread, &askers[i]),
				 0);
	}
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(askers[i].ret, m->ret);
		assert_int_equal(askers[i].len, m->ret ? 0 : 5000);
	}
}

static void who_asks_at_once_waits_for_one(void **state)
{
	struct maker m = {.number = 3, .size = 5000, .wait_us = 100000};
	struct cache *c = cache_create(1 * MIB), *small = cache_create(1);

	(void)state;
	ask_eight_times(c, &m);
	assert_int_equal(m.made_count, 1);
	/* What is forgotten at once has others that wait for it still. */
	ask_eight_times(small, &m);
	m.ret = -EIO;
	ask_eight_times(small, &m);
	assert_int_equal(cache_bytes(small), 0);
	cache_destroy(small);
	cache_destroy(c);
}

static void what_cannot_be_kept_is_an_error(void **state)
{
	struct maker m = {.number = 3, .size = 10};
	struct rlimit before, none;
	struct strbuf out = {0};
	struct err err = {0};
	uint8_t key[CACHE_KEY_BYTES] = {3};
	struct cache *c;
	int ret;

	(void)state;
	c = cache_create(1 * MIB);
	getrlimit(RLIMIT_AS, &before);
	none = (struct rlimit){.rlim_cur = 1, .rlim_max = before.rlim_max};
	setrlimit(RLIMIT_AS, &none);
	ret = cache_get(c, key, make, &m, &out, &err);
	setrlimit(RLIMIT_AS, &before);
	assert_int_equal(ret, -ENOMEM);
	assert_string_equal(err.msg, "cannot map 10 bytes");
	assert_int_equal(cache_bytes(c), 0);
	assert_int_equal(cache_get(c, key, make, &m, &out, &err), 0);
	assert_int_equal(out.len, 10);
	strbuf_release(&out);
	cache_destroy(c);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

static size_t heap_bytes(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return __sanitizer_get_current_allocated_bytes();
#else
	return mallinfo2().uordblks;
#endif
}

/* The heap may not grow with what is kept: what lives long leaves holes in it. */
static void what_is_kept_is_not_in_the_heap(void **state)
{
	struct cache *c = cache_create(8 * MIB);
	struct strbuf out = {0};
	size_t before = heap_bytes();
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		struct maker m = {.number = i, .size = 5000};

		assert_int_equal(get(c, &m, &out), 0);
	}
	assert_true(cache_bytes(c) > 1000 * 5000);
	assert_true(heap_bytes() - before < 1 * MIB);
	strbuf_release(&out);
	cache_destroy(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_made_is_not_made_again),
		cmocka_unit_test(a_failure_is_not_kept),
		cmocka_unit_test(what_was_not_asked_for_longest_goes),
		cmocka_unit_test(what_is_needed_no_more_goes),
		cmocka_unit_test(neighbours_are_told_apart),
		cmocka_unit_test(who_asks_at_once_waits_for_one),
		cmocka_unit_test(what_cannot_be_kept_is_an_error),
		cmocka_unit_test(what_is_kept_is_not_in_the_heap),
	};

	return RUN_TESTS(tests);
}
