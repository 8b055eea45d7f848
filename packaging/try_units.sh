#!/bin/bash
# The units under a systemd of their own: the package in a bare Debian that is booted as a container.
# Gate and desk run and go on running, a card opens, a killed daemon is back with its relay at rest, the
# backup's unit makes one, an update that breaks is undone with the door at rest, the desk shows the log,
# cage shows the screen in Chromium (a picture of it is left in FOLDER), on an upright one too, hub and
# worker start and stop.
#
#   make deb && sudo packaging/try_units.sh build/access-gate_*.deb [SUITE] [FOLDER]
#
# Needs root, debootstrap, systemd-container and a Debian mirror. What a container has not: a display
# (cage draws into a window of Xvfb; its headless output never asks Chromium for a second frame), a console, real ports (pseudo-terminals are allowed by a drop-in).
set -euo pipefail

deb=$(realpath "$1")
suite=${2:-bookworm}
work=$(realpath -m "${3:-build/try-units}")
here=$(dirname "$(realpath "$0")")
bare=$work/$suite
root=$work/booted
card=0002972728
mkdir -p "$work"

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }
leader=
inside() {
  nsenter -t "$leader" -m -u -i -n -p -C env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    GATE_MANAGER_PASSWORD="correct horse battery" DEBIAN_FRONTEND=noninteractive "$@"
}
cleanup() { [ -z "$leader" ] || kill -KILL "$leader" 2>/dev/null || true; }
trap cleanup EXIT
fail() {
  echo "FAILED: $1" >&2
  inside journalctl --no-pager -n 40 >&2 || true
  exit 1
}
# until COMMAND succeeds inside, at most SECONDS
until_() {
  local end=$((SECONDS + $1))
  shift
  until inside sh -c "$*" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "not in time: $*"
    sleep 0.2
  done
}

if [ ! -e "$bare/.whole" ]; then
  step "debootstrap $suite"
  rm -rf "$bare"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$bare" >"$work/debootstrap.log"
  touch "$bare/.whole"
fi
step "packages"
rm -rf "$root"
cp -a "$bare" "$root"
cp /etc/resolv.conf "$root/etc/"
for file in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do
  [ ! -e "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
done
cp "$deb" "$root/root/gate.deb"
cp -r "$here/../fixtures/recordings/empty" "$root/srv/camera"
chroot "$root" /usr/bin/env DEBIAN_FRONTEND=noninteractive sh -c '
  apt-get update && apt-get install -y --no-install-recommends systemd systemd-sysv dbus libpam-systemd \
    udev procps iproute2 cage xwayland chromium fonts-noto-cjk grim wlr-randr xvfb /root/gate.deb' >"$work/apt.log" 2>&1 ||
  { tail -n 20 "$work/apt.log"; exit 1; }
rm "$root/root/gate.deb"
drop_in() {
  mkdir -p "$root/etc/systemd/system/$1.service.d"
  printf '[Service]\n%b' "$2" >"$root/etc/systemd/system/$1.service.d/container.conf"
}
drop_in gate 'DeviceAllow=char-pts rw\n'
drop_in gate-kiosk 'Environment=WLR_BACKENDS=x11 DISPLAY=:99 WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1
TTYPath=\nStandardInput=null\nTTYReset=no\nTTYVHangup=no\nTTYVTDisallocate=no\nUtmpIdentifier=\n'

step "boot"
systemd-nspawn --boot --directory="$root" --register=no --keep-unit --console=pipe \
  </dev/null >"$work/boot.log" 2>&1 &
nspawn=$!
for _ in $(seq 300); do
  # its first child only prepares the root and is gone when systemd runs
  for child in $(cat "/proc/$nspawn/task/$nspawn/children" 2>/dev/null); do
    [ "$(cat "/proc/$child/comm" 2>/dev/null)" != systemd ] || leader=$child
  done
  [ -z "$leader" ] || break
  sleep 0.1
done
until_ 120 'systemctl is-system-running | grep -q running'
[ -z "$(inside systemctl --failed --plain --no-legend)" ] || fail "a unit failed at boot"

step "simulators and init"
inside sh -c 'cd /srv && mkfifo -m 666 reader.in && chmod 777 .
  (setsid runuser -u gate -- sh -c "sleep 1000000 | gate simulate modbus" >relay.log 2>&1 &)
  (setsid runuser -u gate -- sh -c "gate simulate card <>reader.in" >reader.log 2>&1 &)'
until_ 120 'grep -q "^port" /srv/relay.log && grep -q "^port" /srv/reader.log'
port() { inside readlink -f "$(sed -n 's/^port = "\(.*\)"/\1/p' "$root/srv/$1.log")"; }
inside gate init --yes --name north --label 东门 --timezone Asia/Shanghai --camera /srv/camera \
  --board "modbus:$(port relay)" --set 'relay.inputs.fire={number=2,invert=true}' \
  --reader "rdm6300:$(port reader)" --models skip --manager wang || fail "gate init"
mkdir "$root/srv/people"
printf '姓名,卡号,楼栋,单元,房号\n李红,%s,3,1,402\n' "$card" >"$root/srv/people/people.csv"
inside gate enroll /srv/people </dev/null
until_ 60 'systemctl is-active gate gate-desk gate-backup.timer'

step "a card opens"
moved() { grep -c 'channel 1 on' "$root/srv/relay.log" || true; }
show() {
  local before end=$((SECONDS + 60))
  before=$(moved)
  until [ "$(moved)" -gt "$before" ]; do
    [ $SECONDS -lt $end ] || fail "the card did not open the door"
    echo "show $card 2" >"$root/srv/reader.in"
    sleep 5
  done
}
show
step "the daemon is killed while the door is released"
sleep 6
show
inside systemctl kill -s KILL --kill-whom=main gate
until_ 30 'tail -n 1 /srv/relay.log | grep -q "channel 1 off"'
until_ 120 'systemctl is-active gate'
show
step "backup by its unit"
inside gate backup --new-recovery-key /var/backups/gate >"$work/backup.log"
inside systemctl start gate-backup || fail "gate-backup.service"
ls "$root"/var/backups/gate/*.gatebackup

step "an update that breaks"
cat >"$root/srv/broken.sh" <<'END'
set -e
cd /srv
mkdir -p broken/usr/lib broken/DEBIAN
cp -a /usr/lib/gate broken/usr/lib
site=$(echo broken/usr/lib/gate/lib/python3*/site-packages)
sed -i 's/^__version__ = .*/__version__ = "9.9.9"/' "$site/gate/__init__.py"
echo 'raise RuntimeError("a mistake of the release")' >>"$site/gate/daemon/event_loop.py"
# what the package compiled counts whatever the source says
rm -r "$site/gate/__pycache__" "$site/gate/daemon/__pycache__"
printf 'Package: access-gate\nVersion: 9.9.9\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: broken\n' \
  >broken/DEBIAN/control
dpkg-deb -Znone --build broken update.deb
rm -r broken
gate update --new-key release
cp release.pub /etc/gate/update.pub
GATE_UPDATE_KEY=$(cat release) gate update --sign update.deb
rm release
END
inside sh /srv/broken.sh
before=$(moved)
! inside gate update /srv/update.deb >"$work/update.log" 2>&1 || fail "a broken update was kept"
cat "$work/update.log"
grep -q 'is back, .* s without a gate' "$work/update.log" || fail "the version of before is not back"
[ "$(moved)" = "$before" ] || fail "a relay moved during the update"
rm "$root/srv/update.deb"
show

step "the log at the desk"
cat >"$root/srv/log.py" <<'END'
import http.cookiejar, os, sys, urllib.parse, urllib.request

jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
desk = urllib.request.build_opener(jar)
desk.addheaders = [("Accept", "text/html"), ("Accept-Language", "en")]
form = {"login": "wang", "password": os.environ["GATE_MANAGER_PASSWORD"]}
desk.open("http://127.0.0.1:8443/login", urllib.parse.urlencode(form).encode()).read()
for text in ("gate.ready", "code=killed", "passage.granted"):
    page = desk.open(f"http://127.0.0.1:8443/log?text={text}").read().decode()
    rows = page.partition("<tbody>")[2].partition("</tbody>")[0]
    if text not in rows or "李红" in page:
        sys.exit(f"the log at the desk has no {text}, or a name: {page}")
    print(f"{rows.count('<tr>')} lines with {text}")
END
inside /usr/lib/gate/bin/python3 /srv/log.py || fail "the log at the desk"

# the page is there: Chromium holds its stream, and what cage shows is more than one colour
shown() {
  inside systemctl "$1" gate-kiosk
  until_ 120 'ss -Htnp state established "( dport = :8480 )" | grep -q chrom'
  local end=$((SECONDS + 60))
  until inside runuser -u gate-kiosk -- env XDG_RUNTIME_DIR=/run/gate-kiosk WAYLAND_DISPLAY=wayland-0 \
    grim -t ppm - >"$work/$2.ppm" && [ "$(tail -c +20 "$work/$2.ppm" | od -An -tx1 -v -w3 | sort -u | head -n 50 | wc -l)" = 50 ]; do
    [ $SECONDS -lt $end ] || fail "cage shows nothing"
    sleep 1
  done
  size=$(head -n 2 "$work/$2.ppm" | tail -n 1 | tr -d '\0')
  echo "$2: ${size% *} x ${size#* }"
}
step "kiosk"
inside sh -c '(setsid Xvfb :99 -screen 0 1280x1024x24 -nolisten tcp >/srv/xvfb.log 2>&1 &)'
shown start kiosk
[ "${size% *}" -gt "${size#* }" ] || fail "the screen is upright without being asked"
step "kiosk, upright"
echo GATE_KIOSK_ROTATE=90 >"$root/etc/gate/kiosk.env"
shown restart kiosk-upright
[ "${size% *}" -lt "${size#* }" ] || fail "the screen was not turned"

step "hub and worker"
inside systemctl stop gate-desk
inside systemctl start gate-hub gate-hub-worker
until_ 60 'journalctl -u gate-hub | grep -q "hub: port"'
sleep 20
inside systemctl stop gate-hub gate-hub-worker
[ "$(inside systemctl show -p Result --value gate-hub gate-hub-worker | sort -u | tr -d '\n')" = success ] ||
  fail "the hub did not end well"
[ "$(inside systemctl show -p NRestarts --value gate-kiosk)" = 0 ] || fail "the kiosk was restarted"
[ -z "$(inside systemctl --failed --plain --no-legend)" ] || fail "a unit failed"
step "power off"
inside systemctl poweroff
wait "$nspawn" || true
leader=
step "all well"
