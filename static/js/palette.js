// The palette and the sheet of keys. Without scripts the finder in the bar is a form that leads to the same results.
const root = document.documentElement;
const palette = document.getElementById("palette");
const keys = document.getElementById("keys");
const input = palette?.querySelector("input");
const list = document.getElementById("palette-list");
const RECENT = "gatehouse.recent", KEPT = 6;

// Pages of this tab, newest first. They go with the tab, so nobody who signs in later reads them.
function recent() {
  try {
    return JSON.parse(sessionStorage.getItem(RECENT)) ?? [];
  } catch {
    return [];
  }
}
function remember() {
  const here = { url: location.pathname, title: document.querySelector("h1")?.textContent.trim() };
  if (!here.title || here.url === "/search") return;
  const others = recent().filter(({ url }) => url !== here.url);
  try {
    sessionStorage.setItem(RECENT, JSON.stringify([here, ...others].slice(0, KEPT + 1)));
  } catch { /* a full or closed store only costs the list */ }
}

function options() {
  return [...list.querySelectorAll("[role=option]")];
}
function select(option) {
  for (const each of options()) each.setAttribute("aria-selected", String(each === option));
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}
function move(step) {
  const all = options();
  const at = all.findIndex((each) => each.ariaSelected === "true");
  select(all[(at + step + all.length) % all.length]);
}

function offerRecent() {
  const pages = recent().filter(({ url }) => url !== location.pathname).slice(0, KEPT);
  if (input.value.trim() || !pages.length) return;
  const group = document.createElement("div");
  group.setAttribute("role", "group");
  group.setAttribute("aria-labelledby", "palette-recent");
  group.append(Object.assign(document.createElement("span"), { id: "palette-recent", textContent: "Recent" }));
  for (const { url, title } of pages) {
    const link = Object.assign(document.createElement("a"), { href: url, tabIndex: -1, role: "option" });
    link.append(document.createElement("span"), Object.assign(document.createElement("span"), { textContent: title }));
    group.append(link);
  }
  list.prepend(group);
}

function open(words = "") {
  if (palette.open) return;
  keys.close();
  palette.showModal();
  input.value = words;
  input.focus();
  window.htmx.trigger(input, "offer");
}

if (palette) {
  remember();
  list.addEventListener("htmx:afterSwap", () => {
    offerRecent();
    options().forEach((each, at) => { each.id = `palette-${at}`; });
    select(options()[0]);
    list.scrollTop = 0;
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    }
  });
  // Enter takes the option at hand once the list is about the words; before, the form leads to the page of results.
  palette.querySelector("form").addEventListener("submit", (event) => {
    const option = list.querySelector("[aria-selected=true]");
    if (!option || list.dataset.words !== input.value) return;
    event.preventDefault();
    option.click();
  });
  list.addEventListener("htmx:beforeSwap", ({ detail }) => {
    list.dataset.words = new URL(detail.xhr.responseURL).searchParams.get("q") ?? "";
  });
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
  document.getElementById("find")?.addEventListener("click", (event) => open(event.target.value));

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return open();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || root.dataset.keys === "off") return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    if (event.key === "/") {
      event.preventDefault();
      open();
    } else if (event.key === "?") {
      keys.showModal();
    }
  });
}
