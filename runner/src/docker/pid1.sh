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

# Sets up to the parent of a process, without a fork: there may be no process left to make. Fails for one of which no thread lives.
parent() {
  read -r l <"/proc/$1/stat" || return 1
  set -- ${l##*) }; up=$2
  [ "$1" != Z ] || [ "${18}" -gt 1 ]
} 2>/dev/null
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
# Of whom nothing is heard for the time of the lease does not come back in time.
alone() {
  : >.c/abandoned
  [ -e .c/int ] || { : >.c/int; [ -z "$survive" ] || { engine INT; sleep "$grace"; }; }
  : >.c/kill; engine KILL
}
# Hears the runner. It is one process that leaves for nothing, so that no line is lost; whoever waits for the end of the lease is a child of it.
watch() {
  t=
  while
    [ -e .c/abandoned ] || { [ -z "$t" ] || kill "$t"; { sleep "$lease"; alone; } & t=$!; }
    read -r l
  do
    case $l in
    lease\ *) lease=${l#lease } ;;
    int) [ -e .c/int ] || { : >.c/int; engine INT; } ;;
    kill) : >.c/kill; : >.c/int; engine KILL ;;
    esac
  done
  [ -e .c/abandoned ] || alone
} <&3 2>/dev/null
watch & w=$!

# Kills what a step left behind. A command that the engine was asked to execute here, and its children, are the runner's own, and so is what hears
# the runner for as long as there are steps, with two generations after it. What is left is empty when all is dead.
sweep() {
  n=0
  while [ $n -lt 50 ]; do
    n=$((n + 1)); left=
    own=" "; for p in /proc/[0-9]*; do p=${p#/proc/}; parent $p && [ "$up" = 0 ] && own="$own$p "; done
    for p in /proc/[0-9]*; do
      p=${p#/proc/}; parent $p || continue
      case "$own" in *" $p "*) continue ;; *" $up "*) [ "$up" = 1 ] || continue ;; esac
      case $w in $p | $up) continue ;; '') ;; *) if [ "$up" != 1 ] && parent "$up" && [ "$up" = "$w" ]; then continue; fi ;; esac
      kill -9 $p && left=1
    done
    [ -n "$left" ] || return 0
  done
  kill -9 -1
  [ -z "$w" ] || { watch & w=$!; }
} 2>/dev/null

# Nothing that a step does to files may change what a later one is, or tell it. Not in an argument of a program: those are short.
i=0
for kind in $steps; do eval "step$i=\$(cat .c/step$i)"; i=$((i + 1)); done
rm -f .c/step*
# Becomes a step. It has none of the channels of this process.
step() { eval "eval \"\$step$i\""; exit 126; }

begun=
begin_log() { [ -n "$begun" ] || echo log; begun=1; }
ok=0; rc=0; i=0
for kind in $steps; do
  [ ! -e .c/int ] || break
  case $kind in
  log) begin_log; (step) 2>&1 3<&- 4<&- 5<&-; rc=$? ;;
  quiet) (step) >.c/held 2>&1 3<&- 4<&- 5<&-; rc=$? ;;
  file) (step) >.c/out$i 2>.c/held 3<&- 4<&- 5<&-; rc=$? ;;
  esac
  sweep
  echo >&4 # what waits beside may have lost its clock with the rest
  if [ $rc != 0 ]; then
    [ $kind = log ] || { begin_log; head -c 1048576 .c/held; }
    break
  fi
  ok=$((ok + 1))
  if [ $i = "$keep_step" ] && [ -f "$keep" ]; then echo "keep $(wc -c <"$keep")"; cat "$keep"; fi
  i=$((i + 1))
done
begin_log

w=; sweep
full=0
if [ $rc != 0 ]; then set -- $(df -Pk /work | tail -n 1); [ "${4:-1}" -gt 64 ] || full=1; fi
is() { if [ -e ".c/$1" ]; then echo 1; else echo 0; fi; }
rm -f .c/held
echo "$ok $rc $full $(is int) $(is kill) $(is abandoned)" >.c/rc.new && mv .c/rc.new .c/rc || exit 93
echo >&4
timeout "$ttl" sh -c 'while read -r l; do [ "$l" != ack ] || exit 0; done' <&3
exit 0
