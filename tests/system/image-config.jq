# From umoci's configuration of a container one that runs the given words as
# Kubernetes' restricted standard has it. $volume is where results go, $devices are
# the machine's own.
.process.terminal = false
| .process.args = $ARGS.positional
| .process.capabilities = {bounding: [], effective: [], inheritable: [], permitted: [], ambient: []}
| .process.noNewPrivileges = true
| .root.readonly = true
| .hostname = "pod"
| .linux.namespaces = [{type: "pid"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}]
| .linux.devices = $devices
| del(.linux.uidMappings, .linux.gidMappings, .linux.resources, .process.rlimits)
| .mounts = [
	{destination: "/proc", type: "proc", source: "proc"},
	{destination: "/dev", type: "tmpfs", source: "dev", options: ["nosuid", "mode=755", "size=64k"]},
	{destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["mode=1777"]},
	{destination: "/sys", type: "bind", source: "/sys", options: ["rbind", "ro"]},
	{destination: "/tmp", type: "tmpfs", source: "tmp", options: ["mode=1777"]},
	{destination: "/var/lib/l1vh-bench", type: "bind", source: $volume, options: ["bind", "rw"]}
] + (if $resolver == "" then [] else [
	{destination: "/etc/resolv.conf", type: "bind", source: $resolver, options: ["bind", "ro"]}
] end)
