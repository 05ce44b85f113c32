# A Debian with systemd of its own, in namespaces: nothing it does reaches this
# host. Its files are an overlay over a folder, of which nothing is changed.
# Sourced by the tests of this folder.
#
#   ROOT      its files, once it is up
#   ROOT_PID  its systemd

root_permitted() {  # May this process make one? Says why not.
  if [[ $EUID -ne 0 ]]; then
    echo "not root"
    return 1
  fi
  if [[ ! -x /lib/systemd/systemd ]]; then
    echo "systemd is not installed"
    return 1
  fi
  if ! unshare --mount --pid --net --uts --ipc --cgroup --fork bash -ec '
      mount -t tmpfs tmpfs /mnt
      mkdir /mnt/{upper,work,root}
      mount -t overlay overlay -o "lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
      mount -t cgroup2 cgroup2 /mnt/root/mnt' 2>/dev/null; then
    echo "overlays, namespaces or control groups are not permitted here"
    return 1
  fi
}

# In the new namespaces: makes the files and becomes systemd.
root_boot() {  # root_boot LOWER FOLDER
  local lower=$1 folder=$2 root=$2/root device
  mount -t tmpfs tmpfs "$folder"
  mkdir "$folder"/{upper,work,root}
  mount -t overlay overlay \
    -o "lowerdir=$lower,upperdir=$folder/upper,workdir=$folder/work" "$root"
  # Removes what would set the kernel's variables, load modules or mount.
  rm -rf "$root"/etc/systemd/system/*.wants "$root"/usr/sbin/policy-rc.d \
    "$root"/{usr/,}lib/systemd/system/{sysinit,local-fs,basic}.target.wants/* "$root"/etc/fstab
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  for device in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$device"; done
  chmod 1777 "$root/tmp"
  for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  mkdir -p "$root"/dev/{shm,pts} "$root/old"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  cd "$root"
  pivot_root . old
  umount -l old
  exec env -i container=lb-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=basic.target --show-status=no
}

root_in() { nsenter --target "$ROOT_PID" --all --root --wd "$@"; }

root_running() {
  [[ $(root_in systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]
}

root_up() {  # root_up LOWER FOLDER: FOLDER is empty.
  local unshare_pid
  export -f root_boot
  unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child --propagation private \
    bash -ec 'root_boot "$@"' root_boot "$1" "$2" >"$2.log" 2>&1 </dev/null &
  unshare_pid=$!
  for ((i = 0; i < 300; ++i)); do
    ROOT_PID=$(pgrep --parent "$unshare_pid") && root_running && break
    kill -0 "$unshare_pid" 2>/dev/null || break
    sleep 0.1
  done
  ROOT=/proc/$ROOT_PID/root
  root_running || {
    echo "systemd does not come up: $(cat "$2.log")" >&2
    return 1
  }
}

root_down() {  # Its death ends all of its processes and its mounts.
  [[ -n ${ROOT_PID:-} ]] || return 0
  kill -9 "$ROOT_PID" 2>/dev/null || true
  ROOT_PID=
}
