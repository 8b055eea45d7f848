#!/bin/bash
# The Debian package in a bare Debian: installed, set up with simulators, a card opens; backed up,
# purged, installed again, restored; the same card opens, and events count in a new epoch.
#
#   make deb && sudo packaging/try_deb.sh build/access-gate_*.deb [SUITE] [FOLDER]
#
# Needs root, debootstrap and a Debian mirror. The bare system is kept in FOLDER for the next time.
set -euo pipefail

deb=$(realpath "$1")
suite=${2:-bookworm}
work=$(realpath -m "${3:-build/try-deb}")
here=$(dirname "$(realpath "$0")")
bare=$work/$suite
root=$work/box
card=0002972728
mkdir -p "$work"
rm -f "$work"/*.gatebackup

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }
in_box() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  DEBIAN_FRONTEND=noninteractive GATE_BACKUP_PASSPHRASE="four words nobody guesses" \
  GATE_MANAGER_PASSWORD="correct horse battery" "$@"; }
started=()
cleanup() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  umount "$root/dev/pts" "$root/proc" 2>/dev/null || true
}
trap cleanup EXIT
fail() { echo "FAILED: $1" >&2; tail -n 20 "$root"/tmp/*.log >&2 || true; exit 1; }
# until FILE holds TEXT, at most SECONDS
until_in() {
  local end=$((SECONDS + $3))
  until grep -q -- "$2" "$1" 2>/dev/null; do
    [ $SECONDS -lt $end ] || fail "no \"$2\" in $1 within $3 s"
    sleep 0.2
  done
}

if [ ! -e "$bare/.whole" ]; then
  step "debootstrap $suite"
  rm -rf "$bare"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$bare" >"$work/debootstrap.log"
  touch "$bare/.whole"
fi
rm -rf "$root"
cp -a "$bare" "$root"
cp /etc/resolv.conf "$root/etc/"
for file in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do
  [ ! -e "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
done
mount -t proc proc "$root/proc"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
ln -sf pts/ptmx "$root/dev/ptmx"
cp "$deb" "$root/tmp/gate.deb"
cp -r "$here/../fixtures/recordings/empty" "$root/srv/camera"

install_() {
  step "$1"
  in_box apt-get install -y --no-install-recommends /tmp/gate.deb >"$root/tmp/apt.log" 2>&1 ||
    fail "$1"
  in_box gate --version
}
# a simulated device with its standard input as a pipe; its port stays the same
simulate() {
  local name=$1
  shift
  rm -f "$root/tmp/$name.in" "$root/tmp/$name.log"
  mkfifo "$root/tmp/$name.in"
  chroot "$root" runuser -u gate -- gate simulate "$@" <>"$root/tmp/$name.in" >"$root/tmp/$name.log" 2>&1 &
  started+=($!)
  until_in "$root/tmp/$name.log" 'port = ' 120
}
port() { sed -n 's/^port = "\(.*\)"/\1/p' "$root/tmp/$1.log"; }
service() {
  rm -f "$root/tmp/$1.log"
  chroot "$root" runuser -u gate -- gate "$1" >"$root/tmp/$1.log" 2>&1 &
  started+=($!)
  eval "$1=$!"
}
card_opens() {
  local before
  before=$(grep -c 'channel 1 on' "$root/tmp/relay.log" || true)
  local end=$((SECONDS + 60))
  until [ "$(grep -c 'channel 1 on' "$root/tmp/relay.log")" -gt "$before" ]; do
    [ $SECONDS -lt $end ] || fail "the card did not open the door"
    echo "show $card 2" >"$root/tmp/reader.in"
    sleep 5
  done
  echo "the card opened: $(grep 'channel 1 on' "$root/tmp/relay.log" | tail -1)"
}
epoch() { in_box sh -c 'cd /tmp && rm -f e.jsonl && gate events export e.jsonl >/dev/null && tail -n 1 e.jsonl' |
  sed -n 's/.*"epoch": *\([0-9]*\).*/\1/p'; }
stop_gate() {
  kill "$run" "$desk"
  wait "$run" "$desk" 2>/dev/null || true
}

apt_update() { in_box apt-get update >"$root/tmp/update.log" 2>&1 || fail "apt-get update"; }
apt_update
install_ "install"
! in_box sh -c 'command -v gcc cc make' >/dev/null || fail "a compiler was installed"

step "init with simulators"
simulate relay modbus
simulate reader card
in_box gate init --yes --name north --label 东门 --timezone Asia/Shanghai --camera /srv/camera \
  --board "modbus:$(port relay)" --set 'relay.inputs.fire={number=2,invert=true}' \
  --reader "rdm6300:$(port reader)" --models skip --manager wang || fail "gate init"
in_box stat -c '%U:%G %a %n' /etc/gate/gate.toml /var/lib/gate /var/lib/gate/var/gate.key
mkdir -p "$root/srv/people"
printf '姓名,卡号,楼栋,单元,房号\n李红,%s,3,1,402\n' "$card" >"$root/srv/people/people.csv"
in_box gate enroll /srv/people </dev/null

step "gate and desk"
service run
service desk
until_in "$root/tmp/run.log" 'gate.ready' 180
until_in "$root/tmp/desk.log" 'desk of north' 180
in_box /usr/lib/gate/bin/python3 -c '
import urllib.request
print("desk:", urllib.request.urlopen("http://127.0.0.1:8443/login").status)' || fail "no desk"
card_opens
first=$(epoch)

step "backup"
in_box gate backup /var/backups/gate || fail "gate backup"
cp "$root"/var/backups/gate/*.gatebackup "$work/"
stop_gate

step "purge"
echo "access-gate access-gate/delete_data boolean true" | in_box debconf-set-selections
in_box apt-get purge -y access-gate >"$root/tmp/purge.log" 2>&1 || fail "purge"
[ ! -e "$root/var/lib/gate" ] && [ ! -e "$root/etc/gate" ] && [ ! -e "$root/usr/lib/gate" ] ||
  fail "purge left something"
for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
started=()

install_ "install again"
step "restore"
in_box gate restore "/var/backups/gate/$(basename "$work"/*.gatebackup)" || fail "gate restore"
simulate relay modbus
simulate reader card
in_box gate init --board "modbus:$(port relay)" --set "reader.port=$(port reader)" || fail "gate init"
service run
service desk
until_in "$root/tmp/run.log" 'gate.ready' 180
card_opens
second=$(epoch)
stop_gate
[ "$second" -gt "$first" ] || fail "the epoch is not new: $first, $second"
echo "epoch $first, then $second"

step "remove keeps the data"
in_box apt-get remove -y access-gate >"$root/tmp/remove.log" 2>&1 || fail "remove"
[ -e "$root/var/lib/gate/var/gate.key" ] || fail "removal took the data"
rm -f "$work"/*.gatebackup
step "all well"
