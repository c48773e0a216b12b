// What moves by itself: parts of a page that changed are fetched again, and a log grows. Everything works without this module.

const MOST_LINES = 5000;

/** Fetches the page again and puts its parts in the place of ours. One fetch at a time; what changes meanwhile is fetched after it. */
let fetching = false;
let again = false;
async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, credentials: "same-origin" });
    if (answer.redirected) location.reload();
    else if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } finally {
    fetching = false;
  }
  if (again) {
    again = false;
    refresh();
  }
}

function swap(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.getElementById(part.id);
    if (!other || other.isEqualNode(part)) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    // What somebody is writing is not the server's to change.
    const written = [...part.querySelectorAll("textarea[id]")].map(({ id, value }) => [id, value]);
    part.replaceWith(document.adoptNode(other));
    for (const [id, value] of written) {
      const field = document.getElementById(id);
      if (field) field.value = value;
    }
    if (focused) document.getElementById(focused)?.focus();
  }
  for (const log of document.querySelectorAll("[data-log]")) {
    const other = fresh.getElementById(log.id);
    if (other && log.hidden && !other.hidden) {
      log.hidden = false;
      follow(log);
    }
  }
}

/** Follows the log of one phase from where the page ends. The browser itself resumes a broken stream at the last offset. */
function follow(log) {
  if (log.hidden || log.dataset.following || log.dataset.ended) return;
  log.dataset.following = "yes";
  const lines = log.querySelector("pre");
  const source = new EventSource(`${log.dataset.log}?offset=${log.dataset.offset}`);
  source.addEventListener("end", () => source.close());
  source.onmessage = (event) => {
    const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 24;
    lines.append(...JSON.parse(event.data).map(line));
    const surplus = lines.childElementCount - MOST_LINES;
    for (let i = 0; i < surplus; i++) lines.firstElementChild.remove();
    if (surplus > 0) log.querySelector("[data-cut]").hidden = false;
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  };
}

function line(parts) {
  const element = document.createElement("span");
  element.className = "line";
  for (const [style, text] of parts) {
    const part = document.createElement("span");
    part.className = style;
    part.textContent = text;
    element.append(part);
  }
  return element;
}

const live = document.querySelector("[data-live]");
if (live) {
  const source = new EventSource(live.dataset.live);
  // What changed between the page and the stream, or while the stream was broken, was told to nobody.
  source.onopen = refresh;
  // What moves in the queue of an organization concerns a page only while something on it waits.
  source.onmessage = ({ data }) => {
    if (!data.startsWith("org-") || document.querySelector("[data-since], [data-queue]")) refresh();
  };
}

/** Counts on how long something waits. */
setInterval(() => {
  for (const element of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(element.dataset.since)) / 1000));
    const minutes = Math.floor(seconds / 60);
    element.textContent = seconds < 120 ? `${seconds} s` : minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
  }
}, 1000);
for (const log of document.querySelectorAll("[data-log]")) {
  const lines = log.querySelector("pre");
  lines.scrollTop = lines.scrollHeight;
  follow(log);
}

/** `/` leads to the field that finds anything, from wherever nobody is writing. */
document.addEventListener("keydown", (event) => {
  const field = document.querySelector(".find input");
  const writing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || writing || !field) return;
  event.preventDefault();
  field.focus();
  field.select();
});
