// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
	kv1 "kubevirt.io/api/core/v1"
)

// KubeVirt sets the memlock limit of QEMU's process. A child of this program
// stands in for that process: KubeVirt's code sets its limit, and it is read.
// Where the kernel refuses to raise a limit, KubeVirt's error names the size.
var inError = regexp.MustCompile(`memlock rlimit to (-?[0-9]+)`)

const untouched = 4096 // a limit that no answer can be

type memlockChild struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	dir string
	err error
}

func startMemlockChild() *memlockChild {
	c := &memlockChild{}
	cat, err := exec.LookPath("cat") // it waits for the end of its input
	if err == nil {
		c.dir, err = os.MkdirTemp("", "kubevirt-oracle")
	}
	name := filepath.Join(c.dir, "qemu-system-x86_64")
	if err == nil {
		err = os.Symlink(cat, name)
	}
	if err == nil {
		c.cmd = exec.Command(name)
		c.in, err = c.cmd.StdinPipe()
	}
	if err == nil {
		err = c.cmd.Start()
	}
	if err == nil {
		time.Sleep(50 * time.Millisecond) // its name changes when it is loaded
	}
	c.err = err
	return c
}

func (c *memlockChild) stop() {
	if c.in != nil {
		c.in.Close()
		c.cmd.Wait()
	}
	if c.dir != "" {
		os.RemoveAll(c.dir)
	}
}

// ask returns bytes, "unlimited", or nil where KubeVirt leaves the limit alone.
func (c *memlockChild) ask(cl *cluster, vmi *kv1.VirtualMachineInstance) (any, error) {
	if c.err != nil {
		return nil, c.err
	}
	pid := c.cmd.Process.Pid
	var old, now unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_MEMLOCK, nil, &old); err != nil {
		return nil, err
	}
	small := unix.Rlimit{Cur: untouched, Max: old.Max}
	if err := unix.Prlimit(pid, unix.RLIMIT_MEMLOCK, &small, nil); err != nil {
		return nil, err
	}
	vmi.Status.Phase = kv1.Running
	if err := adjustMemlock(cl, vmi, pid); err != nil {
		m := inError.FindStringSubmatch(err.Error())
		if m == nil {
			return nil, err
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if n < 0 && err == nil {
			return "unlimited", nil
		}
		return n, err
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_MEMLOCK, nil, &now); err != nil {
		return nil, err
	}
	switch now.Cur {
	case untouched:
		return nil, nil
	case ^uint64(0):
		return "unlimited", nil
	}
	return now.Cur, nil
}
