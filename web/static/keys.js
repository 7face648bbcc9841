// Keys beside those of the browser: Escape closes what lies over a page; on a list / leads to the search, and ↑ and ↓
// from row to row. The last three can be switched off: who speaks to a computer may well say a key by mistake.
const KEPT = "keys"; // under this name in the browser
const search = document.querySelector("form[role=search] input[type=search]");
const choice = document.querySelector(".keys input");

if (search) {
  choice.checked = kept() !== "off";
  choice.closest(".keys").hidden = false;
  choice.addEventListener("change", () => {
    keep(choice.checked ? "on" : "off");
    announce();
  });
  announce();
  document.addEventListener("keydown", lead);
}
document.addEventListener("keydown", close);

function lead(event) {
  const { key, target } = event;
  const isTyped = target.closest("input:not([type=checkbox]), select, textarea");
  const isOthers = event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented;
  if (!choice.checked || isTyped || isOthers) return;
  const next = key === "/" ? search : key === "ArrowDown" ? beside(target, 1) : key === "ArrowUp" && beside(target, -1);
  if (!next) return;
  event.preventDefault(); // or the sign is written into the search, and the page moves besides
  next.focus();
  if (next === search) search.select();
}

/** The link of the row below or above that of `one`; nothing outside a list, at its ends, within an open menu. */
function beside(one, step) {
  const list = one.closest(".list, .hours");
  if (!list || one.closest(".menu[open]")) return null;
  const links = [...list.querySelectorAll("tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
  const at = links.findIndex((link) => link.closest("tr").contains(one)); // -1 in the head: ↓ leads to the first row
  return links[at + step];
}

/** What a screen reader says of the search. */
function announce() {
  if (choice.checked) search.setAttribute("aria-keyshortcuts", "/");
  else search.removeAttribute("aria-keyshortcuts");
}

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // a browser that keeps nothing
  }
}

function keep(value) {
  try {
    localStorage.setItem(KEPT, value);
  } catch {
    // it holds for this page
  }
}

/** Whether what has the focus lies within; then it goes to what stays. */
function leave(one, stays) {
  if (one.contains(document.activeElement)) stays?.focus();
}

function close({ key }) {
  if (key !== "Escape") return;
  for (const menu of document.querySelectorAll(".menu[open]")) {
    leave(menu, menu.querySelector("summary"));
    menu.open = false;
  }
  for (const popup of document.querySelectorAll(".maplibregl-popup")) {
    leave(popup, popup.closest(".maplibregl-map").querySelector("canvas"));
    popup.querySelector("button").click();
  }
}
