// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * hold-kvm - keep one empty VM for as long as the lab lives.
 *
 * KVM switches a CPU's virtualization on with the first VM and off with the
 * last. QEMU's emulation of that switch stops the whole machine once in a
 * while; with this VM there it is thrown once.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, KVM_CREATE_VM, 0) < 0) {
		perror("hold-kvm");
		return 1;
	}
	for (;;)
		pause();
}
