# PID 1 of a container that executes one phase. On standard input: "LENGTH", a tar of that length, then lines: "lease SECONDS", "int", "kill", "ack".
# On standard output: "ready", what is to be kept of a step that went well ("keep LENGTH" and that many bytes), "log", and then nothing but the log.
# It runs in any image with a shell, tar and timeout. It stays until the ack, so that what it leaves can be read again.
umask 077
cd /work || exit 90
mkdir .c t && mkfifo .c/begin .c/end && exec 4<>.c/end 5<>.c/begin || exit 90
n=$(timeout @IDLE@ sh -c 'read -r n && echo "$n"') || exit 91
head -c "$n" | tar xf - || exit 92
exec 3<&0 </dev/null
. ./.c/job
for f in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do [ -e $f ] && break; done
cat $f .c/ca >ca.pem 2>/dev/null
: >.c/begun; echo >&5
echo ready

# Sets up to the parent of a process, without a fork: there may be no process left to make.
parent() { read -r l <"/proc/$1/stat" || return 1; set -- ${l##*) }; up=$2; } 2>/dev/null
# A signal to the engine alone, and to the engine inside it: terraform before 1.2 runs as a child of itself.
engine() {
  read -r e <.c/pid || return
  kill -"$1" "$e"
  x=$(readlink "/proc/$e/exe")
  for p in /proc/[0-9]*; do
    p=${p#/proc/}
    if parent "$p" && [ "$up" = "$e" ] && [ "$(readlink "/proc/$p/exe")" = "$x" ]; then kill -"$1" "$p"; fi
  done
} 2>/dev/null
# Hears the runner. Of whom nothing is heard for the time of the lease does not come back in time.
watch() {
  while l=$(timeout "$lease" sh -c 'read -r l && echo "$l"' <&3); do
    case $l in
    lease\ *) lease=${l#lease } ;;
    int) [ -e .c/int ] || { : >.c/int; engine INT; } ;;
    kill) : >.c/kill; : >.c/int; engine KILL ;;
    esac
  done
  : >.c/abandoned
  [ -e .c/int ] || { : >.c/int; [ -z "$survive" ] || { engine INT; sleep "$grace"; }; }
  : >.c/kill; engine KILL
}
watch 2>/dev/null & w=$!

begun=
begin_log() { [ -n "$begun" ] || echo log; begun=1; }
ok=0; rc=0; i=0
for kind in $steps; do
  [ ! -e .c/int ] || break
  case $kind in
  log) begin_log; sh .c/step$i 2>&1; rc=$? ;;
  quiet) sh .c/step$i >.c/held 2>&1; rc=$? ;;
  file) sh .c/step$i >.c/out$i 2>.c/held; rc=$? ;;
  esac
  if [ $rc != 0 ]; then
    [ $kind = log ] || { begin_log; head -c 1048576 .c/held; }
    break
  fi
  ok=$((ok + 1))
  if [ $i = "$keep_step" ] && [ -f "$keep" ]; then echo "keep $(wc -c <"$keep")"; cat "$keep"; fi
  i=$((i + 1))
done
begin_log

# What the phase left behind dies first. A command that the engine was asked to execute here, and its children, are the runner's own.
n=0
while [ $n -lt 20 ]; do
  n=$((n + 1)); left=
  own=" "; for p in /proc/[0-9]*; do p=${p#/proc/}; parent $p && [ "$up" = 0 ] && own="$own$p "; done
  for p in /proc/[0-9]*; do
    p=${p#/proc/}; parent $p || continue
    case "$own" in
    *" $p "*) ;;
    *" $up "*) [ "$up" != 1 ] || { kill -9 $p && left=1; } ;;
    *) kill -9 $p && left=1 ;;
    esac
  done 2>/dev/null
  [ -n "$left" ] || break
done
[ -z "$left" ] || kill -9 -1
full=0
if [ $rc != 0 ]; then set -- $(df -Pk /work | tail -n 1); [ "${4:-1}" -gt 64 ] || full=1; fi
is() { if [ -e ".c/$1" ]; then echo 1; else echo 0; fi; }
rm -f .c/held
echo "$ok $rc $full $(is int) $(is kill) $(is abandoned)" >.c/rc.new && mv .c/rc.new .c/rc || exit 93
echo >&4
timeout "$ttl" sh -c 'while read -r l; do [ "$l" != ack ] || exit 0; done' <&3
exit 0
