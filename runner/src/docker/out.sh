# The second way out of a container: a tar with the state whenever that changed, and at the end tars with all that is to be fetched, the exit last.
# The engine writes its state in place: only a copy that ends as JSON ends goes out.
cd /work || exit 90
until [ -p .c/begin ]; do sleep 0.01; done
# One that an earlier runner left behind would take the news of the end, and have nobody to tell it to.
[ ! -e .c/reader ] || kill -9 "$(cat .c/reader)"
rm -f .c/sent; echo $$ >.c/reader
[ -e .c/begun ] || read -r x <.c/begin
. ./.c/job
while [ ! -e .c/rc ]; do
  if [ -z "$state" ]; then read -r x <.c/end; continue; fi
  if [ -e "$state" ] && { [ ! -e .c/sent ] || [ "$state" -nt .c/sent ]; }; then
    cp -p "$state" .c/snap
    if [ "$(tail -c 2 .c/snap)" = "}" ]; then touch -r .c/snap .c/sent; tar cf - .c/snap; fi
  fi
  timeout 1 sh -c 'read -r x' <.c/end
done 2>/dev/null
eval "set -- $fetch"
for f; do [ ! -e "$f" ] || tar cf - "$f"; done
tar cf - .c/rc
