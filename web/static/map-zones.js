// Zones coloured by the people in them whom the event harms; fetched once a reader asks for them.

import { around, look, rowButton } from "./map.js";

const HARD = [6, 7, 8, 9, 10];

/** Let the page's box and its rows of zones bring these onto the map, below the layer of that id. */
export function offerZones(box, map, library, told, below) {
  const choice = box.querySelector("input[data-zones]");
  if (!choice) return;
  const popup = new library.Popup({ locale: told.locale });
  let found = null;
  choice.addEventListener("change", show);
  for (const row of document.querySelectorAll("tr[data-zone]")) row.querySelector("th").append(button(row));

  async function show() {
    box.querySelector(".people").hidden = !choice.checked;
    await (found ??= add());
    for (const layer of ["zones", "zones-edge"])
      map.setLayoutProperty(layer, "visibility", choice.checked ? "visible" : "none");
    if (!choice.checked) popup.remove();
  }

  async function add() {
    const answer = await fetch(told.zones);
    const features = answer.ok ? (await answer.json()).features.filter((one) => one.geometry) : [];
    for (const { properties: one } of features) one.harmed = harmed(one);
    map.addSource("zones", { type: "geojson", data: { type: "FeatureCollection", features } });
    const steps = told.steps.flatMap(([least, colour]) => [least, colour]);
    map.addLayer(
      {
        id: "zones",
        type: "fill",
        source: "zones",
        filter: [">=", ["get", "harmed"], told.steps[0][0]],
        paint: { "fill-color": ["step", ["get", "harmed"], "#fff", ...steps], "fill-opacity": 0.85 },
      },
      below,
    );
    map.addLayer(
      { id: "zones-edge", type: "line", source: "zones", paint: { "line-color": "#54475f", "line-width": 0.7 } },
      below,
    );
    map.on("click", "zones", ({ lngLat, point, features: [one] }) => {
      if (!told.above || !isOn(map, point, "areas")) tell(one.properties, lngLat);
    });
    box.dataset.zones = features.length;
    return features;
  }

  function tell(zone, place) {
    const step = told.steps.findLast(([least]) => zone.harmed >= least);
    popup
      .setLngLat(place)
      .setText(step ? `${zone.name}: ${step[2]}` : zone.name)
      .addTo(map);
  }

  function button(row) {
    const { name, zone } = row.dataset;
    const made = rowButton(told, name);
    made.onclick = async () => {
      box.open = true;
      choice.checked = true;
      await show();
      const one = (await found).find((feature) => feature.properties.code === zone);
      box.scrollIntoView({ block: "nearest" });
      if (!one) return;
      const [[west, south], [east, north]] = around([one]);
      // a popup takes the focus, and the page goes where it stands: on the map once the zone is in view
      map.once("moveend", () => tell(one.properties, [(west + east) / 2, (south + north) / 2]));
      look(map, around([one]), 13);
    };
    return made;
  }
}

/** Whether a zone is drawn there; what lies below it is not asked for then. */
export function onZone(map, point) {
  return Boolean(map.getLayer("zones")) && isOn(map, point, "zones");
}

function isOn(map, point, layer) {
  return map.queryRenderedFeatures(point, { layers: [layer] }).length > 0;
}

function harmed(zone) {
  return zone.by_mmi ? HARD.reduce((sum, mmi) => sum + (zone.by_mmi[mmi] ?? 0), 0) : (zone.affected ?? 0);
}
