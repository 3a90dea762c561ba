// Finding in a session's file: what holds the text is unfolded and shown. Without this the file is
// read as it stands, and the browser's own search finds what is unfolded.

(() => {
  const form = document.querySelector(".finder");
  const input = form.querySelector("input");
  const output = form.querySelector("output");
  const most = 5000;
  let found = [];
  let at = -1;
  document.documentElement.classList.add("scripted");

  // The ranges of a text within the page, letter case aside.
  function find(text) {
    const ranges = [];
    const walker = document.createTreeWalker(
      document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode() && ranges.length < most) {
      const node = walker.currentNode;
      const words = node.data.toLowerCase();
      let place = words.indexOf(text);
      while (place >= 0 && ranges.length < most) {
        const range = new Range();
        // Where small letters are longer than capitals, the place is only near.
        range.setStart(node, Math.min(place, node.length));
        range.setEnd(node, Math.min(place + text.length, node.length));
        ranges.push(range);
        place = words.indexOf(text, place + text.length);
      }
    }
    return ranges;
  }

  function mark(name, ranges) {
    if (!globalThis.CSS?.highlights) return;
    if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges));
    else CSS.highlights.delete(name);
  }

  function show() {
    const range = found[at];
    mark("found-here", range ? [range] : []);
    const total = found.length < most ? found.length : `${most} or more`;
    output.textContent = input.value.trim() ? (range ? `${at + 1} of ${total}` : "nothing") : "";
    document.querySelector(".is-found")?.classList.remove("is-found");
    if (!range) return;
    let element = range.startContainer.parentElement;
    for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      // What stands in the summary is seen already.
      if (!element.closest("summary") || element.closest("details") !== fold) fold.open = true;
    }
    element.closest("[data-row], li")?.classList.add("is-found");
    element.scrollIntoView({ block: "center" });
  }

  function step(by) {
    if (!found.length) return;
    at = (at + by + found.length) % found.length;
    show();
  }

  let waiting = 0;
  function search() {
    clearTimeout(waiting);
    waiting = 0;
    const text = input.value.trim().toLowerCase();
    found = text ? find(text) : [];
    at = found.length ? 0 : -1;
    mark("found", found);
    show();
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 150);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (waiting) search();
    else step(event.shiftKey ? -1 : 1);
  });
  for (const button of form.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => step(Number(button.dataset.step)));
  }
  form.querySelector("[data-unfold]").addEventListener("click", (event) => {
    const folds = [...document.querySelectorAll("main details")];
    const open = folds.some((fold) => !fold.open);
    for (const fold of folds) fold.open = open;
    event.target.textContent = open ? "Fold all" : "Unfold all";
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === input) {
      if (event.key === "Escape") input.blur();
    } else if (event.key === "/") {
      event.preventDefault();
      input.select();
      input.focus();
    }
  });

  // A link to a place within a fold opens it.
  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    target.scrollIntoView();
  }
  addEventListener("hashchange", openTarget);
  openTarget();
})();
