# readings - what programs have in use, for build/tests/perf/flat. Sourced; for any
# POSIX shell, busybox's included.

# reading WHO PID: descriptors, threads, and memory of its own in KiB; nothing if
# the process is gone.
reading() {
	local fds anon threads now
	read -r now _ </proc/uptime
	fds=$(ls "/proc/$2/fd" 2>/dev/null | wc -l)
	anon=$(sed -n 's/^RssAnon:[ \t]*\([0-9]*\).*/\1/p' "/proc/$2/status" 2>/dev/null)
	threads=$(sed -n 's/^Threads:[ \t]*\([0-9]*\).*/\1/p' "/proc/$2/status" 2>/dev/null)
	# It may end between two of them.
	[ -n "$anon" ] && [ -n "$threads" ] && [ "$fds" -gt 0 ] || return 0
	printf "$now $1 %s %s\n" descriptors "$fds" threads "$threads" memory_kib "$anon"
}

children() { # PID
	grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | cut -d/ -f3
}

# files_reading WHO DIR: how many files lie there, at any depth.
files_reading() {
	read -r now _ </proc/uptime
	echo "$now $1 files $(find "$2" -mindepth 1 2>/dev/null | wc -l)"
}

# kernel_reading WHO: of the whole host.
kernel_reading() {
	read -r now _ </proc/uptime
	read -r files _ </proc/sys/fs/file-nr
	echo "$now $1 open_files $files"
	echo "$now $1 processes $(ls /proc | grep -c '^[0-9]')"
	sed -n "s/^SUnreclaim:[ \t]*\([0-9]*\).*/$now $1 slab_kib \1/p" /proc/meminfo
}
