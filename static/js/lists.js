// Keys and bulk selection. Links and checkboxes work without them.
const root = document.documentElement;
const typing = "input, textarea, select, dialog, [contenteditable]";

// "Select this page", and the count said in the bulk bar.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.matches(".table .pick input")) return;
  const table = box.closest(".table");
  const boxes = [...table.querySelectorAll("tbody .pick input")];
  if (box.closest("thead")) boxes.forEach((each) => { each.checked = box.checked; });
  const count = boxes.filter((each) => each.checked).length;
  const output = table.closest(".list").querySelector(".bulk output");  // a live region: it is read out
  if (output) output.textContent = `${count} selected`;
});

function walk(step) {
  const links = [...document.querySelectorAll(".table tbody th a, .rows .title")];
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
}

// g and a letter goes, j and k walk the rows, x picks one. Off while typing, and for who switched them off.
let afterG = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || root.dataset.keys === "off" || event.target.closest(typing)) return;
  const { key } = event;
  if (Date.now() - afterG < 900) {
    afterG = 0;
    return document.querySelector(`.rail-link[data-key="${CSS.escape(key)}"]`)?.click();
  }
  if (key === "g") afterG = Date.now();
  else if (key === "j") walk(1);
  else if (key === "k") walk(-1);
  else if (key === "x") document.activeElement.closest("tr")?.querySelector(".pick input")?.click();
});
