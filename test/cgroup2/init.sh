# The first process of the user-mode Linux machine that machine.mjs boots: mounts what tests need, runs a program of Node's
# and powers the machine off. Arguments: the repository, Node, the program and its arguments.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
root=$1 node=$2
shift 2
# The kernel adds a word of its own to those of its first process.
if [ "${*: -1}" = console=tty0 ]; then set -- "${@:1:$#-1}"; fi

mount -t proc proc /proc
mount -t sysfs sys /sys
[ -e /dev/null ] || mount -t devtmpfs dev /dev
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
for directory in /run /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$directory"; done
chmod 755 /run

mount -t cgroup2 cgroup /sys/fs/cgroup
mkdir /sys/fs/cgroup/init
echo $$ >/sys/fs/cgroup/init/cgroup.procs
read -ra controllers </sys/fs/cgroup/cgroup.controllers
for controller in "${controllers[@]}"; do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done
for module in "$root"/build/uml/modules/*/kernel/fs/overlayfs/overlay.ko; do busybox insmod "$module"; done

echo "Linux $(uname -r), cgroup v2 with ${controllers[*]}"
# Nobody else has this kernel: its clock may be set.
export PODSHIM_OWN_MACHINE=1
cd "$root" && "$node" "$@"
echo "machine: status $?"
echo o >/proc/sysrq-trigger
sleep 30
