// A map that the browser draws. MapLibre is fetched once the page stands and its map is in view, from here alone;
// what a page draws on it stands in map-list.js, map-event.js and map-areas.js.

const LIBRARY = new URL("../map/lib/", import.meta.url).href; // the app may stand under a path of its host
const INK = "#16211f";
const YEAR = 365 * 86400;

/** What the page says of its map, and where it stands; null where the page has none. */
export function panel() {
  const box = document.querySelector("[data-map]");
  return box && { box, told: JSON.parse(box.dataset.map) };
}

/** The map once it can be drawn on; null where this browser draws none. `told` may bring a first view: bounds. */
export async function open({ box, told }) {
  if (!able()) {
    box.classList.add("unable");
    return null;
  }
  await due(box);
  const [library, style] = await Promise.all([
    import(`${LIBRARY}maplibre-gl.mjs`),
    fetch(told.style).then((answer) => answer.json()),
    script(`${LIBRARY}pmtiles.js`),
    sheet(`${LIBRARY}maplibre-gl.css`),
    document.fonts.load("12px Inter"),
  ]);
  library.setWorkerUrl(`${LIBRARY}maplibre-gl-worker.mjs`);
  library.addProtocol("pmtiles", new window.pmtiles.Protocol().tile);
  const map = new library.Map({
    container: box.querySelector(".canvas"),
    style,
    bounds: told.bounds ?? undefined,
    fitBoundsOptions: { padding: 24, maxZoom: 9 },
    maxZoom: 14,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: { compact: true },
    cooperativeGestures: matchMedia("(pointer: coarse)").matches,
    locale: told.locale,
    fadeDuration: 0,
  });
  // a tile that came too late for the view, or not at all, leaves a gap; the map and the page stand
  map.on("error", (fault) => console.warn(fault.error));
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new library.NavigationControl({ showCompass: false }));
  map.addControl(new library.ScaleControl({ unit: "metric" }), "bottom-left");
  await map.once("load");
  for (const credit of box.querySelectorAll(".maplibregl-ctrl-attrib")) credit.removeAttribute("open");
  for (const credit of box.querySelectorAll(".maplibregl-compact-show"))
    credit.classList.remove("maplibregl-compact-show");
  box.classList.add("drawn");
  return { map, library };
}

/** Keep whether the map is folded, for the next page too. */
export function keepFold(box) {
  box.addEventListener("toggle", () => {
    document.cookie = `map=${box.open ? "open" : "folded"}; path=/; max-age=${YEAR}; samesite=lax`;
  });
}

/** Glyphs of the levels, as everywhere: a circle, a rhombus, a triangle, a square; a barred circle for none. */
export function addGlyphs(map, colours) {
  const shapes = {
    green: (pen) => pen.arc(12, 12, 8, 0, 7),
    yellow: (pen) => corners(pen, [12, 2], [22, 12], [12, 22], [2, 12]),
    orange: (pen) => corners(pen, [12, 3], [22, 21], [2, 21]),
    red: (pen) => corners(pen, [3, 3], [21, 3], [21, 21], [3, 21]),
    none: (pen) => pen.arc(12, 12, 8, 0, 7),
  };
  for (const [level, draw] of Object.entries(shapes)) {
    const pen = Object.assign(document.createElement("canvas"), { width: 48, height: 48 }).getContext("2d");
    pen.scale(2, 2);
    pen.beginPath();
    draw(pen);
    pen.fillStyle = colours[level] ?? "#f0f1ed";
    pen.fill();
    if (level === "none") {
      pen.moveTo(6.5, 17.5);
      pen.lineTo(17.5, 6.5);
    }
    pen.strokeStyle = level === "green" ? "#186339" : INK;
    pen.lineWidth = 1.6;
    pen.stroke();
    map.addImage(`level-${level}`, pen.getImageData(0, 0, 48, 48), { pixelRatio: 2 });
  }
}

/** The rectangle around all points of GeoJSON features, [[west, south], [east, north]]; null where there is none. */
export function around(features) {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  const see = (part) => {
    if (typeof part[0] === "number") {
      [west, east] = [Math.min(west, part[0]), Math.max(east, part[0])];
      [south, north] = [Math.min(south, part[1]), Math.max(north, part[1])];
    } else part.forEach(see);
  };
  features.forEach((one) => see(one.geometry.coordinates));
  return west <= east
    ? [
        [west, south],
        [east, north],
      ]
    : null;
}

/** Show that view, at once where the reader wants no motion, and no closer than `maxZoom`. */
export function look(map, bounds, maxZoom = 9) {
  if (bounds) map.fitBounds(bounds, { padding: 32, maxZoom, duration: still() ? 0 : 400 });
}

/** A button for the row of a page that brings what the row is about onto the map. name: what that is. */
export function rowButton(told, name) {
  const made = Object.assign(document.createElement("button"), {
    type: "button",
    className: "to-map",
    title: told.map,
    textContent: "⌖",
  });
  made.setAttribute("aria-label", `${told.map}: ${name}`);
  return made;
}

/** Whether the reader wants no motion. */
export function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Show and hide layers by the boxes of the page: each names them in data-layers. */
export function switchLayers(box, map) {
  for (const choice of box.querySelectorAll("input[data-layers]")) {
    const apply = () => {
      for (const layer of map.getStyle().layers)
        if (choice.dataset.layers.split(" ").some((name) => layer.id.startsWith(name)))
          map.setLayoutProperty(layer.id, "visibility", choice.checked ? "visible" : "none");
    };
    choice.addEventListener("change", apply);
    apply();
  }
}

function corners(pen, ...points) {
  for (const point of points) pen.lineTo(...point);
  pen.closePath();
}

function able() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

async function due(box) {
  if (document.readyState !== "complete") await new Promise((go) => addEventListener("load", go, { once: true }));
  await new Promise((go) => {
    const seen = new IntersectionObserver(
      (entries) => {
        if (!entries.some((one) => one.isIntersecting)) return;
        seen.disconnect();
        go();
      },
      { rootMargin: "200px" },
    );
    seen.observe(box.querySelector(".canvas"));
  });
}

function script(src) {
  return arrived(document.createElement("script"), { src });
}

function sheet(href) {
  return arrived(document.createElement("link"), { rel: "stylesheet", href });
}

function arrived(element, said) {
  return new Promise((onload, onerror) => {
    document.head.append(Object.assign(element, said, { onload, onerror }));
  });
}
