// The page never moves under its reader: this script says how old it is, and that something new can be shown.
// The server tells it by a stream of events; where it has none to spare, the script asks every ten seconds.
const home = document.currentScript.src; // the app may stand under a path of its host
const live = document.getElementById("live");
const fresh = document.getElementById("new");
const cut = document.getElementById("cut");
let shown = null;
let told = Date.now();

function age() {
  const seconds = Math.round((Date.now() - told) / 1000);
  const state = seconds > 180 || !navigator.onLine ? "broken" : seconds >= 60 ? "late" : "live";
  live.className = `live ${state}`;
  live.querySelector("span").textContent = live.dataset[state];
  live.querySelector("small").textContent = live.dataset.ago.replace("{count}", seconds);
  const isTold = state !== "broken" || document.getElementById("stale") !== null; // the page itself may say so
  if (cut.hidden !== isTold) {
    const west = new Date(told + 7 * 3600e3).toISOString().slice(11, 19); // the clock of WIB
    cut.textContent = cut.dataset.text.replace("{time}", west);
    cut.hidden = !cut.hidden; // only then does a screen reader say it
  }
}

function take(now) {
  told = Date.now() - (now.seconds ?? 3600) * 1000;
  if (shown !== null && now.revision !== shown) {
    fresh.querySelector("a").href = location.href;
    fresh.hidden = false;
  }
  shown ??= now.revision;
  age();
}

async function ask() {
  try {
    take(await (await fetch(new URL("../live.json", home), { cache: "no-store" })).json());
  } catch {
    // the age tells it
  }
}

const stream = new EventSource(new URL("../live", home));
stream.onmessage = (one) => take(JSON.parse(one.data));
stream.onerror = () => {
  if (stream.readyState === EventSource.CLOSED) {
    ask();
    setInterval(ask, 10000);
  }
};
setInterval(age, 1000);
for (const one of ["online", "offline"]) window.addEventListener(one, age);
