// The rectangle by which a list is filtered: drawn on its map, or what the map shows. The address holds it.

/** Let the buttons of the map's panel filter the list. */
export function chooseArea(box, map) {
  act(box, "view", () => filter(view(map)));
  act(box, "free", () => filter(""));
  act(box, "draw", (pressed) => draw(box, map, pressed));
}

/** West, south, east, north as MapLibre has bounds; null for none. */
export function corners(sides) {
  return (
    sides && [
      [sides[0], sides[1]],
      [sides[2], sides[3]],
    ]
  );
}

/** The rectangle that a map shows: west, south, east, north. */
export function view(map) {
  const bounds = map.getBounds();
  const sides = [bounds.getWest(), Math.max(bounds.getSouth(), -90), bounds.getEast(), Math.min(bounds.getNorth(), 90)];
  return sides.map((side) => side.toFixed(4)).join(",");
}

/** The list of that rectangle, from its first page on. */
function filter(rectangle) {
  const asked = new URLSearchParams(location.search);
  asked.delete("page");
  if (rectangle) asked.set("box", rectangle);
  else asked.delete("box");
  location.search = asked;
}

/** Let a rectangle be drawn on the map, from corner to corner; the list is then filtered by it. */
function draw(box, map, pressed) {
  box.classList.toggle("drawing", pressed);
  map.dragPan[pressed ? "disable" : "enable"]();
  const canvas = map.getCanvasContainer();
  canvas.onpointerdown = pressed ? (down) => drag(map, canvas, down) : null;
}

function drag(map, canvas, down) {
  const { left, top } = canvas.getBoundingClientRect();
  const shape = Object.assign(document.createElement("div"), { className: "rectangle" });
  const corners = (to) => [
    [Math.min(down.clientX, to.clientX) - left, Math.min(down.clientY, to.clientY) - top],
    [Math.max(down.clientX, to.clientX) - left, Math.max(down.clientY, to.clientY) - top],
  ];
  canvas.append(shape);
  canvas.setPointerCapture(down.pointerId);
  canvas.onpointermove = (to) => {
    const [[x, y], [right, bottom]] = corners(to);
    Object.assign(shape.style, { left: `${x}px`, top: `${y}px`, width: `${right - x}px`, height: `${bottom - y}px` });
  };
  canvas.onpointerup = (to) => {
    canvas.onpointermove = canvas.onpointerup = null;
    shape.remove();
    const [first, last] = corners(to);
    if (last[0] - first[0] < 4 || last[1] - first[1] < 4) return;
    const [northWest, southEast] = [map.unproject(first), map.unproject(last)];
    filter([northWest.lng, southEast.lat, southEast.lng, northWest.lat].map((side) => side.toFixed(4)).join(","));
  };
}

/** What a button of the map's panel does; it is told whether it is pressed now. */
export function act(box, name, run) {
  const button = box.querySelector(`[data-act=${name}]`);
  button?.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") === "false";
    if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", pressed);
    run(pressed);
  });
}
