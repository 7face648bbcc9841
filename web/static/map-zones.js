// Zones coloured by the people in them whom a quake shakes hard; fetched once a reader asks for them.

const HARD = [6, 7, 8, 9, 10];

/** Let the page's box of zones bring them onto the map, below the layer of that id. */
export function offerZones(box, map, library, told, below) {
  const choice = box.querySelector("input[data-zones]");
  let asked = false;
  choice?.addEventListener("change", async () => {
    box.querySelector(".people").hidden = !choice.checked;
    if (!asked) {
      asked = true;
      await add();
    }
    for (const layer of ["zones", "zones-edge"])
      map.setLayoutProperty(layer, "visibility", choice.checked ? "visible" : "none");
  });

  async function add() {
    const answer = await fetch(told.zones);
    const found = answer.ok ? (await answer.json()).features.filter((one) => one.geometry) : [];
    for (const { properties: one } of found) one.hard = HARD.reduce((sum, mmi) => sum + (one.by_mmi[mmi] ?? 0), 0);
    map.addSource("zones", { type: "geojson", data: { type: "FeatureCollection", features: found } });
    const steps = told.steps.flatMap(([least, colour]) => [least, colour]);
    map.addLayer(
      {
        id: "zones",
        type: "fill",
        source: "zones",
        filter: [">=", ["get", "hard"], told.steps[0][0]],
        paint: { "fill-color": ["step", ["get", "hard"], "#fff", ...steps], "fill-opacity": 0.85 },
      },
      below,
    );
    map.addLayer(
      { id: "zones-edge", type: "line", source: "zones", paint: { "line-color": "#54475f", "line-width": 0.7 } },
      below,
    );
    const popup = new library.Popup({ locale: told.locale });
    map.on("click", "zones", ({ lngLat, features: [one] }) =>
      popup
        .setLngLat(lngLat)
        .setText(`${one.properties.name}: ${step(one.properties.hard)}`)
        .addTo(map),
    );
    box.dataset.zones = found.length;
  }

  function step(people) {
    return told.steps.findLast(([least]) => people >= least)[2];
  }
}
