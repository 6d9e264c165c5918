// SPDX-License-Identifier: GPL-3.0-or-later
/* runners/vmm/virtio/net: packets through a real TAP, in a network of our
 * own, where such a thing may be made. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "runners/vmm/virtio/net.h"
#include "tests/unit/fixture/hv_fake.h"
#include "tests/unit/fixture/netns.h"
#include "tests/unit/fixture/vdriver.h"
#include "tests/unit/fixture/write_count.h"

#define HEADER 12u
#define MTU 1500
#define MAX_PACKET 65600u
#define F_CTRL_VQ (1ULL << 17)
#define F_MQ (1ULL << 22)
#define F_TSO (NET_F_GUEST_CSUM | NET_F_GUEST_TSO4 | NET_F_GUEST_TSO6)
/* What most tests take: no packet is larger than the MTU. */
#define F_SMALL \
	(VIRTIO_FEATURE_EVENT_IDX | VIRTIO_FEATURE_INDIRECT | NET_F_MRG_RXBUF)
#define SILENCE_MS 100

struct bench {
	struct vdriver d;
	struct net *net;
	struct net_config cfg;
	int host;                           /* the packet socket */
	uint64_t rx_gpa[2][VIRTQ_MAX_SIZE]; /* of the buffers, by pair */
	uint32_t rx_bytes;                  /* of each buffer */
};

static const char *why_not; /* there is not a TAP */

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err err = {0};

	*state = b;
	b->host = -1;
	b->cfg = (struct net_config){
		.tap_name = NETNS_TAP,
		.fd = -1,
		.mac = {0x52, 0x54, 0, 1, 2, 3},
		.pair_count = 1,
		.vhost = NET_VHOST_OFF,
	};
	return vdriver_init(&b->d, &err);
}

static int setup_without_ioeventfd(void **state)
{
	int ret = setup(state);

	((struct bench *)*state)->cfg.rings_by_exits = true;
	return ret;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	vdriver_detach(&b->d);
	net_destroy(b->net);
	if (b->host >= 0)
		close(b->host);
	vdriver_release(&b->d);
	free(b);
	return 0;
}

static void add_card(struct bench *b, int mtu)
{
	struct err err = {0};

	if (why_not) {
		print_message("%s\n", why_not);
		skip();
	}
	if (net_create(&b->cfg, &b->d.mem, &b->net, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(net_backend(b->net), "tap");
	b->host = netns_link_up(NETNS_TAP, mtu);
	assert_true(b->host >= 0);
	assert_int_equal(vdriver_attach(&b->d, net_dev(b->net)), 0);
}

static void start(struct bench *b, uint64_t features)
{
	if (!b->net)
		add_card(b, MTU);
	assert_int_equal(vdriver_start(&b->d, features,
				       (uint16_t)net_dev(b->net)->queue_count,
				       256),
			 0);
}

static void fill_packet(uint8_t *p, uint32_t len, uint8_t seed)
{
	static const uint8_t addresses[12] = {0x52, 0x54, 0, 1, 2, 3,
					      0x52, 0x54, 0, 4, 5, 6};
	uint32_t i;

	memcpy(p, addresses, sizeof(addresses));
	p[12] = NETNS_ETHERTYPE >> 8;
	p[13] = NETNS_ETHERTYPE & 0xff;
	for (i = 14; i < len; i++)
		p[i] = (uint8_t)(seed + i * 7);
}

/* --- from the guest ---------------------------------------------------- */

/* A packet in guest RAM behind an empty header. */
static uint64_t put_packet(struct bench *b, uint32_t len, uint8_t seed)
{
	uint64_t gpa = vdriver_alloc(&b->d, HEADER + len, 1);
	uint8_t *host = vdriver_ptr(&b->d, gpa);

	memset(host, 0, HEADER);
	fill_packet(host + HEADER, len, seed);
	return gpa;
}

static void send_from_guest(struct bench *b, uint16_t pair,
			    const struct vseg *segs, uint32_t count)
{
	struct vqueue *q = &b->d.queues[2 * pair + 1];
	uint32_t len;
	int head = vqueue_add(q, segs, count);

	assert_true(head >= 0);
	vqueue_kick(&b->d, q);
	assert_int_equal(vqueue_wait(&b->d, q, &len), head);
	assert_int_equal(len, 0);
}

/* The next packet at the host's end; 0: none came in MS. */
static size_t host_receive(struct bench *b, uint8_t *packet, int ms)
{
	struct pollfd p = {.fd = b->host, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, ms) != 1)
		return 0;
	n = recv(b->host, packet, MAX_PACKET, 0);
	return n < 0 ? 0 : (size_t)n;
}

static void expect_at_host(struct bench *b, uint32_t len, uint8_t seed)
{
	uint8_t have[MAX_PACKET], want[MAX_PACKET];

	fill_packet(want, len, seed);
	assert_int_equal(host_receive(b, have, VDRIVER_WAIT_MS), len);
	assert_memory_equal(have, want, len);
}

static void packets_leave_however_they_are_cut(void **state)
{
	struct bench *b = *state;
	struct vseg segs[HEADER + 64];
	uint32_t i, n;
	uint64_t gpa;

	start(b, F_SMALL);
	gpa = put_packet(b, 1514, 1);
	segs[0] = (struct vseg){gpa, HEADER + 1514, false};
	send_from_guest(b, 0, segs, 1);
	expect_at_host(b, 1514, 1);
	/* The header byte by byte, and pieces that get longer. */
	gpa = put_packet(b, 60, 2);
	for (n = 0; n < HEADER + 1; n++)
		segs[n] = (struct vseg){gpa + n, 1, false};
	for (i = n; i < HEADER + 60; n++) {
		uint32_t part = n % 5;

		if (part > HEADER + 60 - i)
			part = HEADER + 60 - i;
		segs[n] = (struct vseg){gpa + i, part, false};
		i += part;
	}
	send_from_guest(b, 0, segs, n);
	expect_at_host(b, 60, 2);
}

/* Lost as on a wire, and given back. */
static void what_is_no_packet_is_lost(void **state)
{
	struct bench *b = *state;
	uint8_t packet[MAX_PACKET];
	struct vseg seg;
	uint32_t len;

	start(b, F_SMALL);
	seg.gpa = put_packet(b, 60, 1);
	seg.is_in = false;
	for (len = 0; len < HEADER + 14; len++) {
		seg.len = len;
		send_from_guest(b, 0, &seg, 1);
	}
	/* Nothing for the device to read, and far too much. */
	seg = (struct vseg){seg.gpa, 100, true};
	send_from_guest(b, 0, &seg, 1);
	seg = (struct vseg){seg.gpa, 16 * MIB, false};
	send_from_guest(b, 0, &seg, 1);
	assert_int_equal(host_receive(b, packet, SILENCE_MS), 0);
	assert_false(vdriver_needs_reset(&b->d));
	seg = (struct vseg){put_packet(b, 100, 3), HEADER + 100, false};
	send_from_guest(b, 0, &seg, 1);
	expect_at_host(b, 100, 3);
}

static void a_ring_full_of_packets_keeps_its_order(void **state)
{
	struct bench *b = *state;
	struct vqueue *q;
	uint32_t round, i;

	start(b, F_SMALL);
	q = &b->d.queues[1];
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 100; i++) {
			const struct vseg seg = {
				put_packet(b, 100 + i, (uint8_t)i),
				HEADER + 100 + i, false};

			assert_true(vqueue_add_indirect(q, &seg, 1) >= 0);
		}
		vqueue_kick(&b->d, q);
		for (i = 0; i < 100; i++)
			assert_true(vqueue_wait(&b->d, q, NULL) >= 0);
		for (i = 0; i < 100; i++)
			expect_at_host(b, 100 + i, (uint8_t)i);
	}
}

/* --- to the guest ------------------------------------------------------ */

static void add_buffers(struct bench *b, uint16_t pair, uint32_t count,
			uint32_t bytes)
{
	struct vqueue *q = &b->d.queues[2 * pair];
	uint32_t i;

	b->rx_bytes = bytes;
	for (i = 0; i < count; i++) {
		uint64_t gpa = vdriver_alloc(&b->d, bytes, 1);
		const struct vseg segs[2] = {{gpa, 7, true},
					     {gpa + 7, bytes - 7, true}};
		int head = vqueue_add_indirect(q, segs, 2);

		assert_true(head >= 0);
		b->rx_gpa[pair][head] = gpa;
	}
	vqueue_kick(&b->d, q);
}

static void host_send(struct bench *b, uint32_t len, uint8_t seed)
{
	uint8_t packet[MAX_PACKET];

	fill_packet(packet, len, seed);
	assert_int_equal(send(b->host, packet, len, 0), len);
}

/*
 * The next packet, header taken off. All of it has to be there when its
 * first buffer is. Returns how many buffers it is in.
 */
static uint16_t guest_receive(struct bench *b, uint16_t pair, uint8_t *packet,
			      uint32_t *len)
{
	struct vqueue *q = &b->d.queues[2 * pair];
	uint32_t part, total = 0;
	uint16_t count = 1, i;
	int head = vqueue_wait(&b->d, q, &part);

	for (i = 0; i < count; i++) {
		if (i)
			head = vqueue_take(q, &part);
		assert_true(head >= 0);
		assert_true(part && part <= b->rx_bytes);
		assert_true(total + part <= MAX_PACKET + HEADER);
		memcpy(packet + total,
		       vdriver_ptr(&b->d, b->rx_gpa[pair][head]), part);
		total += part;
		if (!i)
			memcpy(&count, packet + 10, sizeof(count));
	}
	*len = total - HEADER;
	memmove(packet, packet + HEADER, *len);
	return count;
}

/* LEN bytes from the host, in as many buffers as it takes. */
static void expect_in_guest(struct bench *b, uint16_t pair, uint32_t len,
			    uint8_t seed)
{
	uint8_t have[MAX_PACKET + HEADER], want[MAX_PACKET];
	uint32_t have_len;
	uint16_t count = guest_receive(b, pair, have, &have_len);

	fill_packet(want, len, seed);
	assert_int_equal(have_len, len);
	assert_memory_equal(have, want, len);
	assert_int_equal(count, (len + HEADER + b->rx_bytes - 1) / b->rx_bytes);
}

static void expect_silence(struct bench *b, uint16_t pair)
{
	vdriver_interrupts(&b->d, 2u * pair, SILENCE_MS);
	assert_int_equal(vqueue_take(&b->d.queues[2 * pair], NULL), -EAGAIN);
}

static void packets_fill_a_buffer_each(void **state)
{
	static const uint64_t features[] = {0, VIRTIO_FEATURE_EVENT_IDX,
					    NET_F_MRG_RXBUF};
	struct bench *b = *state;
	uint32_t f, i;

	for (f = 0; f < ARRAY_SIZE(features); f++) {
		start(b, features[f] | VIRTIO_FEATURE_INDIRECT);
		add_buffers(b, 0, 40, HEADER + 1518);
		for (i = 0; i < 30; i++)
			host_send(b, 60 + 50 * (i % 20), (uint8_t)i);
		for (i = 0; i < 30; i++)
			expect_in_guest(b, 0, 60 + 50 * (i % 20), (uint8_t)i);
	}
}

static void packets_are_merged_from_small_buffers(void **state)
{
	static const uint32_t bytes[] = {24, 100, 131, 500, 1512, 1526};
	struct bench *b = *state;
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		start(b, F_SMALL);
		add_buffers(b, 0, 200, bytes[i]);
		host_send(b, 1514, (uint8_t)i);
		host_send(b, 60, (uint8_t)(i + 1));
		/* So that its end is the end of a buffer. */
		if (bytes[i] > 72)
			host_send(b, bytes[i] - HEADER, (uint8_t)(i + 2));
		expect_in_guest(b, 0, 1514, (uint8_t)i);
		expect_in_guest(b, 0, 60, (uint8_t)(i + 1));
		if (bytes[i] > 72)
			expect_in_guest(b, 0, bytes[i] - HEADER,
					(uint8_t)(i + 2));
	}
}

/* What a driver with segmentation offload gets from an interface that has
 * such packets, here by its MTU. */
static void large_packets_come_in_one_piece(void **state)
{
	struct bench *b = *state;
	uint32_t i;

	add_card(b, 65521);
	start(b, F_SMALL | F_TSO);
	if (!(b->d.features & NET_F_GUEST_TSO4))
		skip();
	add_buffers(b, 0, 40, 4096);
	for (i = 0; i < 10; i++) {
		add_buffers(b, 0, 17, 4096);
		host_send(b, 65535 - 1000 * i, (uint8_t)i);
		expect_in_guest(b, 0, 65535 - 1000 * i, (uint8_t)i);
	}
}

/* The used index never stops in the middle of a packet. */
static void buffers_of_a_packet_are_published_at_once(void **state)
{
	struct bench *b = *state;
	uint8_t packet[MAX_PACKET + HEADER];
	uint64_t until_ns = clock_mono_ns() + VDRIVER_WAIT_MS * NS_PER_MS;
	struct vqueue *q;
	uint32_t i, len;

	start(b, F_SMALL);
	q = &b->d.queues[0];
	for (i = 0; i < 20; i++) {
		uint16_t before = q->next_used, now;

		add_buffers(b, 0, 100, 32);
		host_send(b, 1024, (uint8_t)i);
		do {
			now = __atomic_load_n(&q->used[1], __ATOMIC_ACQUIRE);
		} while (now == before && clock_mono_ns() < until_ns);
		assert_int_equal((uint16_t)(now - before), 33);
		assert_int_equal(guest_receive(b, 0, packet, &len), 33);
		vdriver_reset(&b->d);
		start(b, F_SMALL);
	}
}

static void a_starved_queue_goes_on_when_fed(void **state)
{
	struct bench *b = *state;

	start(b, F_SMALL);
	host_send(b, 1000, 1);
	expect_silence(b, 0);
	add_buffers(b, 0, 2, 200);
	expect_silence(b, 0); /* too few for the largest */
	add_buffers(b, 0, 10, 200);
	expect_in_guest(b, 0, 1000, 1);
	/* And the other way: nothing is there, then buffers come. */
	start(b, VIRTIO_FEATURE_INDIRECT);
	expect_silence(b, 0);
	add_buffers(b, 0, 1, 1600);
	host_send(b, 700, 2);
	host_send(b, 800, 3);
	expect_in_guest(b, 0, 700, 2);
	expect_silence(b, 0);
	add_buffers(b, 0, 1, 1600);
	expect_in_guest(b, 0, 800, 3);
}

/*
 * All of a ring's buffers are less than the largest packet that was agreed
 * on. Those that fit arrive, and no other arrives in part.
 */
static void small_buffers_take_what_fits(void **state)
{
	struct bench *b = *state;

	add_card(b, 65521);
	start(b, F_SMALL | F_TSO);
	add_buffers(b, 0, 256, 200);
	host_send(b, 1000, 1);
	expect_in_guest(b, 0, 1000, 1);
	host_send(b, 65535, 2);
	host_send(b, 1500, 3);
	expect_in_guest(b, 0, 1500, 3);
}

static void packets_beyond_what_was_agreed_are_lost(void **state)
{
	struct bench *b = *state;

	add_card(b, 9000);
	start(b, F_SMALL);
	add_buffers(b, 0, 100, 150);
	host_send(b, 8000, 1);
	host_send(b, 1518, 2); /* with the tag of a VLAN */
	expect_in_guest(b, 0, 1518, 2);
}

/* A driver that always has packets to send gets those for it. */
static void sending_leaves_room_to_receive(void **state)
{
	uint64_t until_ns = clock_mono_ns() + 5 * NS_PER_S;
	struct bench *b = *state;
	struct vseg seg;
	struct vqueue *tx;

	start(b, F_SMALL);
	tx = &b->d.queues[1];
	seg = (struct vseg){put_packet(b, 60, 1), HEADER + 60, false};
	while (vqueue_add(tx, &seg, 1) >= 0)
		;
	vqueue_kick(&b->d, tx);
	add_buffers(b, 0, 20, 200);
	host_send(b, 60, 7);
	while (vqueue_take(&b->d.queues[0], NULL) < 0 &&
	       clock_mono_ns() < until_ns) {
		while (vqueue_take(tx, NULL) >= 0)
			vqueue_add(tx, &seg, 1);
		vqueue_kick(&b->d, tx);
	}
	assert_true(clock_mono_ns() < until_ns);
}

/* --- rules broken ------------------------------------------------------ */

static void expect_broken(struct bench *b)
{
	assert_true(vdriver_interrupts(&b->d, net_dev(b->net)->queue_count,
				       VDRIVER_WAIT_MS) > 0);
	assert_true(vdriver_needs_reset(&b->d));
}

static void expect_works(struct bench *b)
{
	struct vseg seg;

	start(b, F_SMALL);
	assert_false(vdriver_needs_reset(&b->d));
	seg = (struct vseg){put_packet(b, 100, 3), HEADER + 100, false};
	send_from_guest(b, 0, &seg, 1);
	expect_at_host(b, 100, 3);
	add_buffers(b, 0, 20, 200);
	host_send(b, 1000, 4);
	expect_in_guest(b, 0, 1000, 4);
}

static void bad_receive_buffers_stop_the_device(void **state)
{
	static const struct vseg bad[][2] = {
		{{32 * MIB, 2000, false}, {32 * MIB, 0, false}},
		{{32 * MIB, 12, false}, {32 * MIB, 2000, true}},
		{{32 * MIB, 5, true}, {32 * MIB, 6, true}},
		{{64 * MIB - 1, 2000, true}, {32 * MIB, 2000, true}},
	};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		start(b, F_SMALL);
		vqueue_add(&b->d.queues[0], bad[i], 2);
		vqueue_kick(&b->d, &b->d.queues[0]);
		expect_broken(b);
	}
	expect_works(b);
}

static void bad_transmit_chains_stop_the_device(void **state)
{
	const struct vseg bad = {64 * MIB, 100, false};
	struct bench *b = *state;

	start(b, F_SMALL);
	vqueue_add(&b->d.queues[1], &bad, 1);
	vqueue_kick(&b->d, &b->d.queues[1]);
	expect_broken(b);
	vqueue_ring(&b->d, &b->d.queues[1]);
	expect_works(b);
}

/* --- the interface ----------------------------------------------------- */

static void the_configuration_describes_the_card(void **state)
{
	struct bench *b = *state;

	start(b, UINT64_MAX);
	assert_int_equal(vdriver_config(&b->d, 0, 4), 0x01005452);
	assert_int_equal(vdriver_config(&b->d, 4, 2), 0x0302);
	assert_int_equal(vdriver_config(&b->d, 6, 2), 1);
	assert_int_equal(vdriver_config(&b->d, 8, 2), 1);
	assert_int_equal(vdriver_config(&b->d, 8, 4), 0); /* crosses the end */
	assert_false(b->d.features & (F_CTRL_VQ | F_MQ));
}

static void wait_for_link_down(struct bench *b)
{
	assert_true(vdriver_interrupts(&b->d, net_dev(b->net)->queue_count,
				       VDRIVER_WAIT_MS) > 0);
	assert_int_equal(vdriver_config(&b->d, 6, 2), 0);
	assert_false(vdriver_needs_reset(&b->d));
}

static void a_deleted_interface_is_a_link_down(void **state)
{
	struct bench *b = *state;
	struct vseg seg;

	start(b, F_SMALL);
	add_buffers(b, 0, 20, 200);
	assert_int_equal(vdriver_config(&b->d, 6, 2), 1);
	assert_int_equal(netns_link_delete(NETNS_TAP), 0);
	wait_for_link_down(b);
	/* Packets are taken, and go nowhere. */
	seg = (struct vseg){put_packet(b, 100, 3), HEADER + 100, false};
	send_from_guest(b, 0, &seg, 1);
	start(b, F_SMALL);
	assert_int_equal(vdriver_config(&b->d, 6, 2), 0);
}

static void cards_that_cannot_be_are_refused(void **state)
{
	struct bench *b = *state;
	struct err err = {0};
	int fds[2];

	b->cfg.tap_name = NULL;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	b->cfg.fd = fds[0]; /* the card's from now on */
	assert_true(net_create(&b->cfg, &b->d.mem, &b->net, &err) < 0);
	assert_null(b->net);
	close(fds[1]);
	b->cfg.tap_name = "lo";
	assert_true(net_create(&b->cfg, &b->d.mem, &b->net, &err) < 0);
	assert_null(b->net);
	if (access("/dev/vhost-net", F_OK) == 0)
		return;
	b->cfg.tap_name = NETNS_TAP;
	b->cfg.vhost = NET_VHOST_ON;
	assert_true(net_create(&b->cfg, &b->d.mem, &b->net, &err) < 0);
	assert_null(b->net);
}

static void a_failing_hypervisor_is_survived(void **state)
{
	struct bench *b = *state;
	int n;

	for (n = 1; n <= 6; n++) {
		hv_fake_reset();
		hv_fake_state.fail_at = n;
		expect_works(b);
		vdriver_detach(&b->d);
		net_destroy(b->net);
		b->net = NULL;
		close(b->host);
	}
	assert_int_equal(hv_fake_state.bell_count, 0);
	b->host = -1;
}

/* --- pairs of queues --------------------------------------------------- */

/* A command and the answer; 0xff: none was written. */
static uint8_t control(struct bench *b, const void *cmd, uint32_t len)
{
	struct vqueue *q = &b->d.queues[4];
	uint64_t gpa = vdriver_alloc(&b->d, len + 1, 1);
	uint8_t *host = vdriver_ptr(&b->d, gpa);
	const struct vseg segs[] = {{gpa, 1, false},
				    {gpa + 1, len - 1, false},
				    {gpa + len, 1, true}};
	uint32_t used;

	memcpy(host, cmd, len);
	host[len] = 0xff;
	vqueue_add(q, segs, 3);
	vqueue_kick(&b->d, q);
	assert_true(vqueue_wait(&b->d, q, &used) >= 0);
	assert_int_equal(used, 1);
	return host[len];
}

static uint8_t set_pairs(struct bench *b, uint16_t pairs)
{
	const uint8_t cmd[] = {4, 0, (uint8_t)pairs, (uint8_t)(pairs >> 8)};

	return control(b, cmd, sizeof(cmd));
}

static void start_pairs(struct bench *b)
{
	b->cfg.pair_count = 2;
	start(b, F_SMALL | F_CTRL_VQ | F_MQ);
	assert_true(b->d.features & F_MQ);
	assert_int_equal(vdriver_config(&b->d, 8, 2), 2);
}

static void the_control_queue_answers(void **state)
{
	struct bench *b = *state;
	const uint8_t unknown[][4] = {{4, 1, 1, 0}, {0, 0, 1, 0}, {1, 1, 1, 1}};
	const struct vseg empty = {32 * MIB, 0, true};
	uint32_t i, used;

	start_pairs(b);
	assert_int_equal(set_pairs(b, 2), 0);
	assert_int_equal(set_pairs(b, 1), 0);
	assert_int_equal(set_pairs(b, 0), 1);
	assert_int_equal(set_pairs(b, 3), 1);
	assert_int_equal(set_pairs(b, 0x0101), 1);
	for (i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_int_equal(control(b, unknown[i], 4), 1);
	assert_int_equal(control(b, unknown[0], 3), 1);
	assert_int_equal(control(b, unknown[0], 1), 1);
	/* Nowhere to write the answer to. */
	vqueue_add(&b->d.queues[4], &empty, 1);
	vqueue_kick(&b->d, &b->d.queues[4]);
	assert_true(vqueue_wait(&b->d, &b->d.queues[4], &used) >= 0);
	assert_int_equal(used, 0);
	assert_false(vdriver_needs_reset(&b->d));
}

/* A pair that the driver did not switch on yet has no packets, and its
 * silence is not that of an interface that went away. */
static void pairs_wait_for_their_turn(void **state)
{
	struct bench *b = *state;
	struct vseg seg;
	uint32_t i;

	start_pairs(b);
	add_buffers(b, 0, 100, 200);
	add_buffers(b, 1, 100, 200);
	for (i = 0; i < 8; i++)
		host_send(b, 200, (uint8_t)i);
	for (i = 0; i < 8; i++)
		expect_in_guest(b, 0, 200, (uint8_t)i);
	expect_silence(b, 1);
	assert_int_equal(vdriver_config(&b->d, 6, 2), 1);
	assert_int_equal(set_pairs(b, 2), 0);
	seg = (struct vseg){put_packet(b, 100, 3), HEADER + 100, false};
	send_from_guest(b, 1, &seg, 1);
	expect_at_host(b, 100, 3);
	assert_int_equal(set_pairs(b, 1), 0);
	send_from_guest(b, 0, &seg, 1);
	expect_at_host(b, 100, 3);
	assert_int_equal(vdriver_config(&b->d, 6, 2), 1);
}

/* Where the next packet is; the kernel chooses. */
static uint16_t which_pair(struct bench *b)
{
	uint64_t until_ns = clock_mono_ns() + VDRIVER_WAIT_MS * NS_PER_MS;
	uint16_t pair = 0;

	while (clock_mono_ns() < until_ns) {
		const struct vqueue *q = &b->d.queues[2 * pair];

		if (__atomic_load_n(&q->used[1], __ATOMIC_ACQUIRE) !=
		    q->next_used)
			break;
		pair ^= 1;
	}
	return pair;
}

/* Every packet arrives at one of the two, as often as they are switched. */
static void switched_pairs_keep_receiving(void **state)
{
	struct bench *b = *state;
	uint8_t packet[MAX_PACKET + HEADER];
	uint32_t round, len;

	start_pairs(b);
	for (round = 0; round < 20; round++) {
		uint16_t pair;

		add_buffers(b, 0, 10, 200);
		add_buffers(b, 1, 10, 200);
		assert_int_equal(set_pairs(b, (uint16_t)(1 + round % 2)), 0);
		host_send(b, 300, (uint8_t)round);
		pair = which_pair(b);
		assert_int_equal(guest_receive(b, pair, packet, &len), 2);
		assert_int_equal(len, 300);
	}
	assert_int_equal(vdriver_config(&b->d, 6, 2), 1);
}

/* --- under load -------------------------------------------------------- */

struct flood {
	int fd;
	_Atomic bool ends;
};

static void *flood_main(void *arg)
{
	struct flood *f = arg;
	uint8_t packet[1514];

	fill_packet(packet, sizeof(packet), 1);
	while (!atomic_load(&f->ends))
		if (send(f->fd, packet, sizeof(packet), 0) < 0)
			sched_yield();
	return NULL;
}

static void resets_under_traffic_leave_it_usable(void **state)
{
	struct bench *b = *state;
	uint8_t packet[MAX_PACKET + HEADER];
	struct flood f = {.ends = false};
	pthread_t thread;
	uint32_t round, i, len;

	start(b, F_SMALL);
	f.fd = b->host;
	assert_int_equal(pthread_create(&thread, NULL, flood_main, &f), 0);
	for (round = 0; round < 30; round++) {
		start(b, round % 2 ? F_SMALL : VIRTIO_FEATURE_INDIRECT);
		add_buffers(b, 0, 200, 1600);
		for (i = 0; i < 50; i++) {
			const struct vseg seg = {put_packet(b, 500, 1), 512,
						 false};

			vqueue_add_indirect(&b->d.queues[1], &seg, 1);
		}
		vqueue_kick(&b->d, &b->d.queues[1]);
		for (i = 0; i < round; i++)
			guest_receive(b, 0, packet, &len);
		vdriver_reset(&b->d);
		assert_int_equal(vdriver_status(&b->d), 0);
	}
	atomic_store(&f.ends, true);
	pthread_join(thread, NULL);
	/* What was on its way is in the queues, up to a thousand packets. */
	start(b, VIRTIO_FEATURE_INDIRECT);
	for (i = 0; vdriver_interrupts(&b->d, 0, SILENCE_MS) || !i; i++)
		while (vqueue_take(&b->d.queues[0], NULL) >= 0 ||
		       !b->d.queues[0].next_avail)
			add_buffers(b, 0, 1, 1600);
	while (host_receive(b, packet, 0))
		;
	vdriver_reset(&b->d);
	expect_works(b);
}

/* --- polled ------------------------------------------------------------- */

/* As for a disk, and packets arrive as they do without. */
static void a_polled_card_is_rarely_rung_for(void **state)
{
	enum { PACKETS = 200, BYTES = 100 };
	struct bench *b = *state;
	struct vqueue *q = &b->d.queues[1];
	int i, rung = 0;

	b->cfg.poll_us = 200000;
	start(b, F_SMALL);
	for (i = 0; i < PACKETS; i++) {
		const struct vseg seg = {put_packet(b, BYTES, (uint8_t)i),
					 HEADER + BYTES, false};

		assert_true(vqueue_add(q, &seg, 1) >= 0);
		rung += vqueue_kick(&b->d, q);
		assert_true(vqueue_wait(&b->d, q, NULL) >= 0);
		expect_at_host(b, BYTES, (uint8_t)i);
	}
	assert_in_range(rung, 1, PACKETS / 2);
	add_buffers(b, 0, 8, 1600);
	for (i = 0; i < 8; i++) {
		host_send(b, BYTES, (uint8_t)i);
		expect_in_guest(b, 0, BYTES, (uint8_t)i);
	}
}

/* --- without ioeventfds ------------------------------------------------- */

/* But for those that the thread is still awake for. */
static void a_packet_alone_is_its_vcpu_s(void **state)
{
	enum { PACKETS = 100, BYTES = 100 };
	struct bench *b = *state;
	struct vqueue *q = &b->d.queues[1];
	int i;

	start(b, F_SMALL);
	assert_int_equal(hv_fake_state.bell_count, 0);
	write_count_begin(net_dev(b->net)->kick_fds[1]);
	for (i = 0; i < PACKETS; i++) {
		const struct vseg seg = {put_packet(b, BYTES, (uint8_t)i),
					 HEADER + BYTES, false};

		usleep(500); /* the thread goes back to sleep */
		assert_true(vqueue_add(q, &seg, 1) >= 0);
		vqueue_kick(&b->d, q);
		assert_true(vqueue_wait(&b->d, q, NULL) >= 0);
		expect_at_host(b, BYTES, (uint8_t)i);
	}
	assert_in_range(write_count(), 0, PACKETS - 1);
	write_count_begin(-1);
	assert_int_equal(virtio_request_count(net_dev(b->net)), PACKETS);
	assert_int_equal(atomic_load(&net_dev(b->net)->counts[1].doorbells), 0);
}

#define ON_TAP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define WITHOUT_IOEVENTFD(test) \
	cmocka_unit_test_setup_teardown(test, setup_without_ioeventfd, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_TAP(the_configuration_describes_the_card),
		ON_TAP(packets_leave_however_they_are_cut),
		ON_TAP(what_is_no_packet_is_lost),
		ON_TAP(a_ring_full_of_packets_keeps_its_order),
		ON_TAP(packets_fill_a_buffer_each),
		ON_TAP(packets_are_merged_from_small_buffers),
		ON_TAP(large_packets_come_in_one_piece),
		ON_TAP(buffers_of_a_packet_are_published_at_once),
		ON_TAP(a_starved_queue_goes_on_when_fed),
		ON_TAP(small_buffers_take_what_fits),
		ON_TAP(packets_beyond_what_was_agreed_are_lost),
		ON_TAP(sending_leaves_room_to_receive),
		ON_TAP(bad_receive_buffers_stop_the_device),
		ON_TAP(bad_transmit_chains_stop_the_device),
		ON_TAP(a_deleted_interface_is_a_link_down),
		ON_TAP(cards_that_cannot_be_are_refused),
		ON_TAP(a_failing_hypervisor_is_survived),
		ON_TAP(the_control_queue_answers),
		ON_TAP(pairs_wait_for_their_turn),
		ON_TAP(switched_pairs_keep_receiving),
		ON_TAP(a_polled_card_is_rarely_rung_for),
		ON_TAP(resets_under_traffic_leave_it_usable),
	};
	const struct CMUnitTest without_ioeventfd[] = {
		WITHOUT_IOEVENTFD(a_packet_alone_is_its_vcpu_s),
		WITHOUT_IOEVENTFD(packets_leave_however_they_are_cut),
		WITHOUT_IOEVENTFD(what_is_no_packet_is_lost),
		WITHOUT_IOEVENTFD(a_ring_full_of_packets_keeps_its_order),
		WITHOUT_IOEVENTFD(a_starved_queue_goes_on_when_fed),
		WITHOUT_IOEVENTFD(sending_leaves_room_to_receive),
		WITHOUT_IOEVENTFD(bad_transmit_chains_stop_the_device),
		WITHOUT_IOEVENTFD(a_deleted_interface_is_a_link_down),
		WITHOUT_IOEVENTFD(resets_under_traffic_leave_it_usable),
	};
	int failed;

	why_not = netns_enter();
	failed = RUN_TESTS(tests);
	return failed + cmocka_run_group_tests_name("without ioeventfds",
						    without_ioeventfd, NULL,
						    NULL);
}
