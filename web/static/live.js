// The page never moves under its reader: this script says how old it is, and that something new can be shown.
const live = document.getElementById("live");
const fresh = document.getElementById("new");
let settled = null;
let told = Date.now();

function show(state, seconds) {
  live.className = `live ${state}`;
  live.querySelector("span").textContent = live.dataset[state];
  live.querySelector("small").textContent = live.dataset.ago.replace("{count}", seconds);
}

async function look() {
  try {
    const answer = await fetch("/live.json", { cache: "no-store" });
    const now = await answer.json();
    told = Date.now() - (now.seconds ?? 0) * 1000;
    if (settled !== null && now.settled !== settled) {
      fresh.querySelector("a").href = location.href;
      fresh.hidden = false;
    }
    settled ??= now.settled;
  } catch {
    // the age below tells it
  }
  const seconds = Math.round((Date.now() - told) / 1000);
  show(seconds > 180 ? "broken" : seconds > 60 ? "late" : "live", seconds);
}

look();
setInterval(look, 10000);
