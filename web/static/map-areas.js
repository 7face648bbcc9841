// Areas by class: neighbourhoods under water, ash by thickness. Beside the list of hours each row can bring its own.

import { around, keepFold, look, open, panel, rowButton, switchLayers } from "./map.js";
import { act, chooseArea, corners } from "./map-rectangle.js";
import { offerZones, onZone } from "./map-zones.js";

const { box, told } = panel();
const NONE = { type: "FeatureCollection", features: [] };

if (box.querySelector(".caption")) {
  keepFold(box);
  if (!box.open) await new Promise((go) => box.addEventListener("toggle", go, { once: true }));
}
const opened = await open({ box, told });
if (opened) await start(opened);

async function start({ map, library }) {
  let found = told.areas ? await read(told.areas) : NONE;
  const under = (name) => map.getStyle().layers.find((layer) => layer.id.startsWith(name))?.id;
  const below = under(told.below);
  map.addImage("hatch", hatch(), { pixelRatio: 2 });
  map.addSource("areas", { type: "geojson", data: found });
  for (const layer of layers()) map.addLayer(layer, layer.type === "line" ? under("place-") : below);
  if (told.vent) mark(map);
  switchLayers(box, map);
  // few areas would drown in zones; ash covers all of its zones
  const zonesBelow = told.above ? (under("offshore") ?? "areas") : below;
  offerZones(box, map, library, told, zonesBelow);
  const fit = () => look(map, around(found.features), 13);
  act(box, "fit", fit);
  chooseArea(box, map);
  if (told.box) look(map, corners(told.box), 13);
  else fit();
  const popup = new library.Popup({ locale: told.locale });
  map.on("mouseenter", "areas", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "areas", () => (map.getCanvas().style.cursor = ""));
  map.on("click", "areas", ({ lngLat, point, features: [one] }) => {
    if (told.above || !onZone(map, point)) popup.setLngLat(lngLat).setDOMContent(text(one.properties)).addTo(map);
  });
  for (const row of document.querySelectorAll("tr[data-areas]")) row.querySelector(".c-files").append(button(row));
  map.once("idle", () => (box.dataset.ready = "yes")); // before, a click meets areas that are not drawn

  function button(row) {
    return Object.assign(rowButton(told, row.dataset.when), { onclick: () => show(row) });
  }

  async function show(row) {
    found = await read(row.dataset.areas);
    map.getSource("areas").setData(found);
    popup.remove();
    box.scrollIntoView({ block: "nearest" });
    box.querySelector(".caption").textContent = row.dataset.when;
    for (const one of document.querySelectorAll("tr[data-areas]")) one.classList.toggle("on-map", one === row);
    fit();
  }
}

function layers() {
  const area = { type: "fill", source: "areas" };
  const colours = Object.entries(told.colours).flat();
  return [
    {
      ...area,
      id: "areas",
      paint: { "fill-color": ["match", ["get", "class"], ...colours, "#fff"], "fill-opacity": told.opacity },
    },
    {
      ...area,
      id: "areas-unknown",
      filter: ["==", ["get", "class"], told.hatched],
      paint: { "fill-pattern": "hatch" },
    },
    {
      id: "areas-edge",
      type: "line",
      source: "areas",
      paint: { "line-color": told.edge, "line-width": 0.8, "line-opacity": told.opacity },
    },
  ];
}

async function read(url) {
  const answer = await fetch(url);
  return answer.ok ? answer.json() : NONE;
}

function text({ class: code, name, parent }) {
  const lines = [told.names[code], [name, parent].filter(Boolean).join(", ")];
  const made = document.createElement("div");
  for (const line of lines) if (line) made.append(Object.assign(document.createElement("p"), { textContent: line }));
  return made;
}

function mark(map) {
  const pen = Object.assign(document.createElement("canvas"), { width: 48, height: 48 }).getContext("2d");
  pen.scale(2, 2);
  for (const point of [
    [12, 4],
    [21, 20],
    [3, 20],
  ])
    pen.lineTo(...point);
  pen.closePath();
  pen.fill();
  pen.strokeStyle = "#fff";
  pen.lineWidth = 1.5;
  pen.stroke();
  map.addImage("vent", pen.getImageData(0, 0, 48, 48), { pixelRatio: 2 });
  const vent = { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: told.vent } };
  map.addSource("vent", { type: "geojson", data: vent });
  map.addLayer({ id: "vent", type: "symbol", source: "vent", layout: { "icon-image": "vent" } });
}

function hatch() {
  const pen = Object.assign(document.createElement("canvas"), { width: 16, height: 16 }).getContext("2d");
  pen.lineWidth = 1.6;
  pen.strokeStyle = told.hatch;
  for (const at of [-16, 0, 16]) {
    pen.moveTo(at, 16);
    pen.lineTo(at + 16, 0);
  }
  pen.stroke();
  return pen.getImageData(0, 0, 16, 16);
}
