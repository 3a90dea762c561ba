// What happens while a page is open: new events are announced above the list, the import's progress
// moves. Nothing that is being read moves with them.
//
// One stream per visible tab, closed while the tab is hidden: browsers allow six connections to a
// host, and more tabs than that are seldom looked at at once.

const bar = document.querySelector(".import");
const count = document.querySelector(".sub[data-count]");
const announcement = document.querySelector(".new-events a");
const reopenAfter = 3000;

let source = null;
let lastID = null;
let reopening = 0;
let news = 0;
let isDrawn = true;

function grouped(number) {
  return number.toLocaleString("en-US");
}

function draw() {
  isDrawn = true;
  if (!announcement) return;
  announcement.textContent = `${grouped(news)} new ${news === 1 ? "event" : "events"}`;
  announcement.hidden = false;
  if (!count) return;
  const total = Number(count.dataset.count) + news;
  count.textContent = `${grouped(total)} ${total === 1 ? "event" : "events"}`;
}

function takeEvent(message) {
  lastID = message.lastEventId;
  news += 1;
  if (!isDrawn) return;
  isDrawn = false;
  // Not one by one: hundreds may come at once, and a screen reader reads every change aloud.
  setTimeout(draw, 200);
}

function takeProgress(message) {
  const progress = JSON.parse(message.data);
  bar.hidden = !progress;
  if (!progress) return;
  bar.querySelector("progress").value = Math.round(progress.share * 1000);
  bar.querySelector("span").textContent = progress.words;
}

function open() {
  clearTimeout(reopening);
  if (source || document.hidden) return;
  const url = new URL(bar.dataset.live, location.href);
  if (lastID) url.searchParams.set("last_event_id", lastID);
  source = new EventSource(url);
  source.addEventListener("event", takeEvent);
  source.addEventListener("progress", takeProgress);
  // The browser reconnects by itself unless the server answered with an error.
  source.addEventListener("error", () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    reopening = setTimeout(open, reopenAfter);
  });
}

function close() {
  clearTimeout(reopening);
  source?.close();
  source = null;
}

if (bar?.dataset.live) {
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}
