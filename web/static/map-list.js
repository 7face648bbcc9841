// The map beside the list of quakes or ash falls: what the list's filter shows, clustered, each level with its glyph and colour.

import { addGlyphs, around, keepFold, look, open, panel, still } from "./map.js";
import { act, chooseArea, corners, view } from "./map-rectangle.js";

const { box, told } = panel();
const HEAD = "#14262c";
const FOCUS = "#0a3fb5";
const CLOSEST = 7; // zoom: of a single event its surroundings are seen, too
const MOST_TOLD = 4; // events at one place

keepFold(box);
if (!box.open) await new Promise((go) => box.addEventListener("toggle", go, { once: true }));
const opened = await open({ box, told });
if (opened) await start(opened);

async function start({ map, library }) {
  let found = await read();
  addGlyphs(map, told.levels);
  map.addSource("events", {
    type: "geojson",
    data: found,
    cluster: true,
    clusterMaxZoom: 9,
    clusterRadius: 36,
    clusterProperties: { count: ["+", ["get", "count"]], rank: ["max", ["get", "rank"]] },
  });
  map.addSource("here", { type: "geojson", data: spot() });
  for (const layer of layers()) map.addLayer(layer);
  const rows = new Map(
    [...document.querySelectorAll(`.list a[href^="${told.pages}/"]`)].map((link) => [
      event(link, told),
      link.closest("tr"),
    ]),
  );
  const ring = (feature) => map.getSource("here").setData(spot(feature?.geometry.coordinates));
  const feature = (id) => found.features.find((one) => one.properties.event === id);
  const popup = new library.Popup({ maxWidth: "280px", locale: told.locale });

  for (const [id, row] of rows) {
    if (!feature(id)) continue;
    row.addEventListener("mouseenter", () => ring(feature(id)));
    row.addEventListener("focusin", () => ring(feature(id)));
    row.addEventListener("mouseleave", () => ring());
    row.querySelector(".c-files").append(button(() => zoom(feature(id))));
  }
  map.on("mousemove", "marks", ({ features: [one] }) => mark(rows, one.properties.event));
  map.on("mouseleave", "marks", () => mark(rows));
  for (const layer of ["marks", "clusters"]) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
  map.on("click", "marks", ({ features }) => tell(...features));
  map.on("click", "clusters", async ({ features: [one] }) => {
    const id = one.properties.cluster_id;
    const closer = id === undefined ? map.getZoom() + 2 : await map.getSource("events").getClusterExpansionZoom(id);
    map.easeTo({ center: one.geometry.coordinates, zoom: closer, duration: still() ? 0 : 400 });
  });
  map.on("moveend", async () => {
    if (found.whole && !found.of) return; // all that there is has been read
    found = await read(view(map));
    map.getSource("events").setData(found);
  });
  act(box, "fit", () => look(map, around(found.features), CLOSEST));
  chooseArea(box, map);
  look(map, corners(told.box) || around(found.features), CLOSEST);
  box.dataset.ready = "yes";

  async function zoom(one) {
    box.scrollIntoView({ block: "nearest" });
    map.jumpTo({ center: one.geometry.coordinates, zoom: Math.max(map.getZoom(), 7) });
    await tell(one);
  }

  /** What happened at one place; a volcano may erupt often. */
  async function tell(...events) {
    const [{ geometry, properties }] = events;
    const answers = await Promise.all(
      events
        .slice(0, MOST_TOLD)
        .map(({ properties: { event: id, version } }) =>
          fetch(`${told.pages}/${encodeURIComponent(id)}/${version}/popup`),
        ),
    );
    const texts = await Promise.all(answers.filter((one) => one.ok).map((one) => one.text()));
    if (texts.length) popup.setLngLat(geometry.coordinates).setHTML(texts.join("<hr>")).addTo(map);
    mark(rows, properties.event);
  }
}

function layers() {
  const levels = ["none", ...told.ranks];
  const level = ["at", ["+", ["get", "rank"], 1], ["literal", levels]];
  const several = [">", ["get", "count"], 1];
  const colour = ["match", level, ...Object.entries(told.levels).flat(), "#b1c0c3"];
  return [
    {
      id: "clusters",
      type: "circle",
      source: "events",
      filter: several,
      paint: {
        "circle-color": HEAD,
        "circle-radius": ["interpolate", ["linear"], ["log10", ["get", "count"]], 0, 11, 4, 26],
        "circle-stroke-color": colour,
        "circle-stroke-width": 4,
      },
    },
    {
      id: "counts",
      type: "symbol",
      source: "events",
      filter: several,
      layout: {
        "text-field": ["to-string", ["get", "count"]],
        "text-font": ["Inter"],
        "text-size": 12,
        "text-allow-overlap": true,
      },
      paint: { "text-color": "#eef2f0" },
    },
    {
      id: "highest", // of those at one place, by its glyph: a ring tells levels by hue alone
      type: "symbol",
      source: "events",
      filter: several,
      layout: {
        "icon-image": ["concat", "level-", level],
        "icon-size": 0.7,
        "icon-offset": [
          "interpolate",
          ["linear"],
          ["log10", ["get", "count"]],
          0,
          ["literal", [14, -14]],
          4,
          ["literal", [28, -28]],
        ],
        "icon-allow-overlap": true,
      },
    },
    {
      id: "marks",
      type: "symbol",
      source: "events",
      filter: ["!", several],
      layout: {
        "icon-image": ["concat", "level-", level],
        "icon-size": ["interpolate", ["linear"], ["coalesce", ["get", "magnitude"], 6], 3, 0.6, 8, 1.3],
        "icon-allow-overlap": true,
        "symbol-sort-key": ["get", "rank"],
      },
    },
    {
      id: "here",
      type: "circle",
      source: "here",
      paint: { "circle-radius": 18, "circle-opacity": 0, "circle-stroke-color": FOCUS, "circle-stroke-width": 3 },
    },
  ];
}

/** What the list's filter shows; of the rectangle `of` alone where one is given. */
async function read(of) {
  const asked = new URLSearchParams(location.search);
  asked.delete("page");
  if (of) asked.set("bbox", of);
  const answer = await fetch(`${told.data}?${asked}`);
  return { ...(await answer.json()), of };
}

function button(run) {
  const made = Object.assign(document.createElement("button"), {
    type: "button",
    className: "to-map",
    title: told.map,
    textContent: "⌖",
    onclick: run,
  });
  made.setAttribute("aria-label", told.map);
  return made;
}

function mark(rows, id) {
  for (const [one, row] of rows) row.classList.toggle("on-map", one === id);
}

function spot(coordinates) {
  const there = { type: "Feature", properties: {}, geometry: { type: "Point", coordinates } };
  return { type: "FeatureCollection", features: coordinates ? [there] : [] };
}

function event(link, told) {
  return decodeURIComponent(
    link
      .getAttribute("href")
      .slice(told.pages.length + 1)
      .split("/")[0],
  );
}
