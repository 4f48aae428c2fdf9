// The pages work without this. It shows times in the viewer's zone, fills in a code that came in the address, and
// fetches the page again now and then to put its new figures in place.
"use strict";

const LIVE_SECONDS = 15;

function showTimes(root) {
  // English has days before months in one country and after them in another: Canada writes years first. Not
  // `hour12: false`, by which midnight is 24:00 in some languages.
  const language = document.documentElement.lang === "en" ? "en-CA" : document.documentElement.lang;
  const full = new Intl.DateTimeFormat(language, {year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short"});
  const ticks = {
    hour: new Intl.DateTimeFormat(language, {hour: "2-digit", minute: "2-digit", hourCycle: "h23"}),
    day: new Intl.DateTimeFormat(language, {month: "short", day: "numeric"}),
  };
  for (const each of root.querySelectorAll("time[datetime]")) {
    const at = new Date(each.dateTime);
    each.title = each.dateTime;
    each.textContent = full.format(at);
  }
  for (const each of root.querySelectorAll("[data-utc]")) {
    each.textContent = ticks[each.dataset.form].format(new Date(each.dataset.utc));
  }
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const each of root.querySelectorAll("[data-zone]")) each.textContent = zone;
}

function fillInCode() {
  const field = document.querySelector("[data-code]");
  if (!field || location.hash.length < 2) return;
  field.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  field.form.querySelector("button").focus();
}

function isBusy(part) {
  return part.contains(document.activeElement) && document.activeElement !== document.body;
}

// Says in words whether the figures are new: "on", "off", or "ended" with the session.
function tell(state) {
  const shown = document.querySelector("[data-live-state]");
  if (shown.dataset.liveState === state) return;
  shown.dataset.liveState = state;
  shown.textContent = shown.dataset[state];
}

function put(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!next || isBusy(part)) continue;
    const open = [...part.querySelectorAll("details")].map((each) => each.open);
    next.querySelectorAll("details").forEach((each, index) => { each.open = Boolean(open[index]); });
    showTimes(next);
    if (next.innerHTML !== part.innerHTML) part.innerHTML = next.innerHTML;
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, {credentials: "same-origin", redirect: "manual"});
    // A page that leads elsewhere leads to the way in.
    if (answer.type === "opaqueredirect") return tell("ended");
    if (!answer.ok) throw new Error(answer.statusText);
    put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    tell("on");
  } catch {
    tell("off");
  }
}

showTimes(document);
fillInCode();
if (document.querySelector("[data-live-state]")) {
  tell("on");
  setInterval(refresh, LIVE_SECONDS * 1000);
}
