# slurm-cluster - a real munged, slurmctld and slurmd's, each slurmd on a node of
# its own: a network namespace with an address, and a host name. Sourced, where
# processes, mounts, network and host name are in namespaces that the caller
# made: nothing is seen outside, and all of it ends with them.
#
# All programs are Debian's. No cgroups are used, since a test may have none to
# give away. Nodes have the CPUs and 1 GiB of this machine, all the same ones.
# shellcheck shell=bash
slurm_programs="munged slurmctld slurmd sbatch srun ip unshare setpriv"
slurm_controller=10.77.0.254

# The first of what the cluster needs and this machine does not have.
slurm_missing() {
	local program
	for program in $slurm_programs; do
		command -v "$program" >/dev/null || { echo "there is no $program"; return; }
	done
	[ "$(id -u)" = 0 ] || { echo "only root can make network namespaces"; return; }
	unshare --mount --net ip link add l1vh0 type bridge 2>/dev/null ||
		echo "no bridge in a network namespace can be made here"
}

# PROGRAM runs in namespaces of its own, which end with this process, whatever ends
# it. Its exit status; interrupted, this process ends with it.
slurm_inside() { # PROGRAM ARGUMENTS...
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc --net --uts "$@" &
	# shellcheck disable=SC2064
	trap "kill -KILL $!; wait; exit 143" TERM INT HUP
	wait $!
}

slurm_conf() { # STATE COUNT
	cat <<-END
		ClusterName=l1vh
		SlurmctldHost=controller($slurm_controller)
		SlurmUser=root
		SlurmdUser=root
		AuthType=auth/munge
		CredType=cred/munge
		StateSaveLocation=$1/controller
		SlurmdSpoolDir=$1/%n
		SlurmctldPidFile=$1/controller/pid
		SlurmdPidFile=$1/%n/pid
		SlurmctldLogFile=$1/controller/log
		SlurmdLogFile=$1/%n/log
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/affinity
		JobAcctGatherType=jobacct_gather/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_Core
		SlurmdParameters=config_overrides
		ReturnToService=1
		MpiDefault=none
		SlurmdTimeout=10
		KillWait=60
		MinJobAge=10
		SchedulerParameters=sched_interval=5,bf_interval=5
		NodeName=DEFAULT CPUs=$(nproc) RealMemory=1024 State=UNKNOWN
	END
	for i in $(seq "$2"); do
		echo "NodeName=n$i NodeAddr=10.77.0.$i Features=all,only-n$i"
	done
	echo "PartitionName=fleet Nodes=n[1-$2] Default=YES MaxTime=INFINITE State=UP"
}

slurm_node_link() { # I: the network of node nI
	ip netns add "n$1" && ip link add "v$1" type veth peer name eth0 netns "n$1" &&
		ip link set "v$1" master l1vh0 up &&
		ip -n "n$1" link set lo up && ip -n "n$1" link set eth0 up &&
		ip -n "n$1" address add "10.77.0.$1/24" dev eth0
}

slurm_node_start() { # I
	ip netns exec "n$1" unshare --uts sh -c "hostname n$1; exec slurmd -D" 2>/dev/null &
}

# The node's network is cut, and its processes are gone, as when it loses power.
slurm_node_crash() { # I
	# shellcheck disable=SC2046
	ip link set "v$1" down && kill -KILL $(ip netns pids "n$1")
}

slurm_node_return() { # I
	ip link set "v$1" up && slurm_node_start "$1"
}

slurm_await() { # STATE NODE...: until all of them are in that state, at most 60 s
	local state=$1 nodes i
	shift
	nodes=$(printf '%s,' "$@")
	for i in $(seq 300); do
		[ "$(sinfo --noheader --Node --states="$state" --nodes="${nodes%,}" 2>/dev/null | wc -l)" = $# ] && return
		sleep 0.2
	done
	sinfo --Node
	return 1
}

# A dashboard with tokens, at $url; $1/token is the token for it.
slurm_dashboard() { # STATE
	l1vh-bench serve --make-token write slurm >"$1/made" || return 1
	sed -n 's/^token: //p' "$1/made" >"$1/token"
	sed -n 's/^line for the file: //p' "$1/made" >"$1/tokens"
	l1vh-bench serve --listen $slurm_controller:0 --db "$1/fleet.db" --tokens "$1/tokens" >"$1/serve" 2>&1 &
	await $! '^http' "$1/serve" && url=$(sed -n 's|/$||; 1p' "$1/serve")
}

slurm_start() { # STATE COUNT: nodes n1 to nCOUNT, idle
	local i
	hostname controller && mount -t tmpfs none /run && mkdir -p /run/netns && mkdir -m 755 /run/munge || return 1
	ip link set lo up && ip link add l1vh0 type bridge && ip link set l1vh0 up &&
		ip address add $slurm_controller/24 dev l1vh0 || return 1
	mkdir -p "$1/controller" && slurm_conf "$1" "$2" >"$1/slurm.conf" && echo CgroupPlugin=cgroup/v1 >"$1/cgroup.conf" || return 1
	export SLURM_CONF=$1/slurm.conf
	(umask 077 && head -c 128 /dev/urandom >"$1/munge.key")
	munged --foreground --force --key-file="$1/munge.key" --pid-file=/run/munge/pid \
		--seed-file="$1/munge.seed" --log-file="$1/munged.log" 2>/dev/null &
	slurmctld -D -c 2>/dev/null &
	for i in $(seq "$2"); do
		mkdir -p "$1/n$i" && slurm_node_link "$i" && slurm_node_start "$i" || return 1
	done
	# shellcheck disable=SC2046
	slurm_await idle $(seq -f 'n%g' "$2")
}
