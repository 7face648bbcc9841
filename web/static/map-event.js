// The map of one quake: classes and contours of MMI, the epicentre. The picture stands where no map can be drawn.

import { addGlyphs, around, open, panel, look, switchLayers } from "./map.js";
import { offerZones, onZone } from "./map-zones.js";

const { box, told } = panel();
const opened = await open({ box, told });
if (opened) draw(opened);

async function draw({ map, library }) {
  const [bands, contours] = await Promise.all(
    [told.bands, told.contours].map((url) => fetch(url).then((answer) => answer.json())),
  );
  const below = map.getStyle().layers.find((layer) => layer.id === "offshore")?.id; // tints end at the coast
  const shown = bands.features.filter((one) => one.properties.mmi >= told.least);
  map.addSource("bands", { type: "geojson", data: { type: "FeatureCollection", features: shown } });
  map.addLayer(
    {
      id: "bands",
      type: "fill",
      source: "bands",
      paint: {
        "fill-color": ["match", ["get", "mmi"], ...Object.entries(told.colours).flatMap(([k, v]) => [+k, v]), "#fff"],
        "fill-opacity": 0.7,
        "fill-antialias": false,
      },
    },
    below,
  );
  map.addSource("contours", { type: "geojson", data: contours });
  const whole = ["!=", ["get", "roman"], ""];
  map.addLayer({
    id: "contours",
    type: "line",
    source: "contours",
    filter: [">=", ["get", "mmi"], told.least - 0.5],
    paint: { "line-color": "#16211f", "line-opacity": 0.6, "line-width": ["case", whole, 1.2, 0.5] },
  });
  map.addLayer({
    id: "contours-mmi",
    type: "symbol",
    source: "contours",
    filter: ["all", whole, [">=", ["get", "mmi"], told.least]],
    layout: {
      "symbol-placement": "line",
      "symbol-spacing": 300,
      "text-field": ["get", "roman"],
      "text-font": ["Inter"],
      "text-size": 13,
      "text-rotation-alignment": "viewport",
    },
    paint: { "text-color": "#16211f", "text-halo-color": "#f8f8f5", "text-halo-width": 2.5 },
  });
  addGlyphs(map, told.levels);
  map.addImage("star", star(), { pixelRatio: 2 });
  map.addSource("epicentre", {
    type: "geojson",
    data: { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: told.epicentre } },
  });
  map.addLayer({
    id: "epicentre",
    type: "symbol",
    source: "epicentre",
    layout: { "icon-image": "star", "icon-allow-overlap": true, "icon-ignore-placement": true },
  });
  switchLayers(box, map);
  offerZones(box, map, library, told, below);
  const strong = around(shown.filter((one) => one.properties.mmi >= told.focus)) ?? around(shown);
  const fit = () => look(map, strong);
  box.querySelector("[data-act=fit]").addEventListener("click", fit);
  fit();
  map.on("click", "bands", (click) => {
    if (onZone(map, click.point)) return;
    const { mmi } = click.features[0].properties;
    new library.Popup({ locale: told.locale }).setLngLat(click.lngLat).setText(`MMI ${told.roman[mmi]}`).addTo(map);
  });
  box.dataset.ready = "yes";
}

function star() {
  const pen = Object.assign(document.createElement("canvas"), { width: 56, height: 56 }).getContext("2d");
  pen.scale(2, 2);
  pen.beginPath();
  for (let corner = 0; corner < 10; corner += 1) {
    const [far, turn] = [corner % 2 ? 5 : 12, (corner * Math.PI) / 5];
    pen.lineTo(14 + far * Math.sin(turn), 14 - far * Math.cos(turn));
  }
  pen.closePath();
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--level-red");
  pen.strokeStyle = "#fff";
  pen.lineWidth = 1.5;
  pen.fill();
  pen.stroke();
  return pen.getImageData(0, 0, 56, 56);
}
