// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/vmm_args.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "runners/vmm/virtio/blk.h"
#include "runners/vmm/virtio/net.h"
#include "runners/vmm/virtio/poll_window.h"

/* One key: a flag sets a bool, others take the value. */
typedef int arg_set_fn(void *cfg, const char *value, struct err *err);

struct arg_key {
	const char *name;
	bool is_flag;
	arg_set_fn *set;
};

static int set_keys(char *text, const struct arg_key *keys, size_t count,
		    void *cfg, struct err *err)
{
	char *word;

	while ((word = strsep(&text, ","))) {
		char *value = strchr(word, '=');
		size_t i;
		int ret;

		if (value)
			*value++ = '\0';
		for (i = 0; i < count && strcmp(keys[i].name, word); i++)
			;
		if (i == count)
			return err_set(err, -EINVAL, "unknown word '%s'", word);
		if (keys[i].is_flag != !value)
			return err_set(err, -EINVAL, "'%s' takes %s value",
				       word, keys[i].is_flag ? "no" : "a");
		ret = keys[i].set(cfg, value, err);
		if (ret)
			return err_wrap(err, "'%s'", word);
	}
	return 0;
}

static int set_uint(uint32_t *field, const char *value, uint64_t min,
		    uint64_t max, struct err *err)
{
	uint64_t number;
	int ret = units_parse_uint(value, min, max, &number, err);

	if (!ret)
		*field = (uint32_t)number;
	return ret;
}

#define DISK_FLAG(fn, field)                                         \
	static int fn(void *arg, const char *value, struct err *err) \
	{                                                            \
		(void)value;                                         \
		(void)err;                                           \
		((struct blk_config *)arg)->field = true;            \
		return 0;                                            \
	}

DISK_FLAG(disk_readonly, disk.is_readonly)
DISK_FLAG(disk_buffered, disk.is_buffered)
DISK_FLAG(disk_sqpoll, wants_sqpoll)
DISK_FLAG(disk_fixed, wants_fixed)
DISK_FLAG(disk_thread_per_queue, has_thread_per_queue)

static int disk_serial(void *arg, const char *value, struct err *err)
{
	struct blk_config *cfg = arg;

	if (strlen(value) >= sizeof(cfg->serial))
		return err_set(err, -EINVAL, "more than %d characters",
			       BLK_SERIAL_BYTES);
	snprintf(cfg->serial, sizeof(cfg->serial), "%s", value);
	return 0;
}

static int disk_queues(void *arg, const char *value, struct err *err)
{
	return set_uint(&((struct blk_config *)arg)->queue_count, value, 1,
			BLK_MAX_QUEUES, err);
}

static int disk_poll(void *arg, const char *value, struct err *err)
{
	return set_uint(&((struct blk_config *)arg)->poll_us, value, 0,
			POLL_WINDOW_MAX_US, err);
}

static int set_off(bool *is_off, const char *value, struct err *err)
{
	*is_off = !strcmp(value, "off");
	return *is_off || !strcmp(value, "on")
		       ? 0
		       : err_set(err, -EINVAL, "'%s': there are on and off",
				 value);
}

static int disk_ioeventfd(void *arg, const char *value, struct err *err)
{
	return set_off(&((struct blk_config *)arg)->rings_by_exits, value, err);
}

/* Up to a comma that is alone: a path's own are doubled, as in QEMU's options. TEXT
 * is NULL where nothing follows. */
static char *take_path(char **text)
{
	char *path = *text, *from = *text, *to = *text;

	while (*from && (from[0] != ',' || from[1] == ',')) {
		from += from[0] == ',';
		*to++ = *from++;
	}
	*text = *from ? from + 1 : NULL;
	*to = '\0';
	return path;
}

int vmm_args_disk(char *text, struct blk_config *cfg, struct err *err)
{
	static const struct arg_key keys[] = {
		{"serial", false, disk_serial},
		{"queues", false, disk_queues},
		{"poll", false, disk_poll},
		{"ioeventfd", false, disk_ioeventfd},
		{"readonly", true, disk_readonly},
		{"buffered", true, disk_buffered},
		{"sqpoll", true, disk_sqpoll},
		{"fixed", true, disk_fixed},
		{"thread-per-queue", true, disk_thread_per_queue},
	};
	int ret;

	memset(cfg, 0, sizeof(*cfg));
	cfg->queue_count = 1;
	cfg->disk.path = take_path(&text);
	ret = text ? set_keys(text, keys, ARRAY_SIZE(keys), cfg, err) : 0;
	return ret ? err_wrap(err, "disk '%s'", cfg->disk.path) : 0;
}

/* With no name the kernel would choose one, a longer one would be cut. */
static int net_tap(void *arg, const char *value, struct err *err)
{
	if (!*value || strlen(value) >= IFNAMSIZ)
		return err_set(err, -EINVAL, "'%s' is not an interface name",
			       value);
	((struct net_config *)arg)->tap_name = value;
	return 0;
}

static int net_fd(void *arg, const char *value, struct err *err)
{
	uint32_t fd;
	int ret = set_uint(&fd, value, 0, 1023, err);

	if (!ret)
		((struct net_config *)arg)->fd = (int)fd;
	return ret;
}

static int net_queues(void *arg, const char *value, struct err *err)
{
	return set_uint(&((struct net_config *)arg)->pair_count, value, 1,
			NET_MAX_PAIRS, err);
}

static int net_mac(void *arg, const char *value, struct err *err)
{
	static const uint8_t none[6];
	uint8_t *m = ((struct net_config *)arg)->mac;
	char end;

	if (sscanf(value, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &m[0], &m[1],
		   &m[2], &m[3], &m[4], &m[5], &end) != 6 ||
	    (m[0] & 1) || !memcmp(m, none, sizeof(none)))
		return err_set(err, -EINVAL,
			       "'%s' is not a unicast MAC address", value);
	return 0;
}

static int net_poll(void *arg, const char *value, struct err *err)
{
	return set_uint(&((struct net_config *)arg)->poll_us, value, 0,
			POLL_WINDOW_MAX_US, err);
}

static int net_vhost(void *arg, const char *value, struct err *err)
{
	static const char *const words[] = {[NET_VHOST_AUTO] = "auto",
					    [NET_VHOST_ON] = "on",
					    [NET_VHOST_OFF] = "off"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i], value)) {
			((struct net_config *)arg)->vhost = (enum net_vhost)i;
			return 0;
		}
	return err_set(err, -EINVAL, "'%s': there are auto, on and off", value);
}

static int net_ioeventfd(void *arg, const char *value, struct err *err)
{
	return set_off(&((struct net_config *)arg)->rings_by_exits, value, err);
}

int vmm_args_net(char *text, struct net_config *cfg, struct err *err)
{
	static const struct arg_key keys[] = {
		{"tap", false, net_tap},
		{"fd", false, net_fd},
		{"queues", false, net_queues},
		{"mac", false, net_mac},
		{"vhost", false, net_vhost},
		{"poll", false, net_poll},
		{"ioeventfd", false, net_ioeventfd},
	};
	int ret;

	*cfg = (struct net_config){
		.fd = -1,
		.pair_count = 1,
		.mac = {0x52, 0x54, 0x00, 0x4c, 0x31, 0x56},
	};
	ret = set_keys(text, keys, ARRAY_SIZE(keys), cfg, err);
	if (!ret && !cfg->tap_name == (cfg->fd < 0))
		ret = err_set(err, -EINVAL, "name one of tap and fd");
	if (!ret && !cfg->tap_name && cfg->pair_count > 1)
		ret = err_set(err, -EINVAL,
			      "a descriptor has one pair of queues");
	return ret ? err_wrap(err, "network card") : 0;
}
