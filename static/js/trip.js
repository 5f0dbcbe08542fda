/* Trips. The recorder keeps every fix in the browser's own database as it comes, so that a reload, an empty battery or a
   dead spot loses nothing; a finished trip waits there until the server has answered, always under the same id.
   All words stand in the page. Positions go to this browser's database and to our own server, and nowhere else. */
(() => {
  "use strict";
  const doc = document, root = doc.querySelector("#recorder"), queue = doc.querySelector("#waiting");
  if (!queue) return;
  const at = (name, from = root) => from?.querySelector(`[data-at="${name}"]`);
  const put = (name, text, from) => { const e = at(name, from); if (e && e.textContent !== text) e.textContent = text; };
  const lit = (name, on, from) => { const e = at(name, from); if (e) e.hidden = !on; };
  const view = (name) => {
    root.querySelectorAll("[data-view]").forEach((e) => { e.hidden = e.dataset.view !== name; });
    doc.querySelectorAll("[data-rest]").forEach((e) => { e.hidden = e.dataset.rest.includes(name); });
  };
  const data = queue.dataset, owner = data.owner;
  const token = () => doc.querySelector('input[name="csrf_token"]')?.value || "";
  const WORST = 100, QUIET = 20_000, AWAY = 15_000, SOONEST = 3_000, LATEST = 120_000;

  /* ---- the browser's database: trips, and their fixes by [trip, number] ---- */
  let base;
  const opened = new Promise((good, bad) => {
    const ask = indexedDB.open("puhui-trips", 1);
    ask.onupgradeneeded = () => {
      ask.result.createObjectStore("trips", { keyPath: "id" });
      ask.result.createObjectStore("fixes");
    };
    ask.onsuccess = () => { base = ask.result; base.onversionchange = () => base.close(); good(); };
    ask.onerror = () => bad(ask.error);
  });
  const run = (stores, mode, work) => new Promise((good, bad) => {
    const change = base.transaction(stores, mode), asked = work(change);
    change.oncomplete = () => good(asked?.result);
    change.onerror = change.onabort = () => bad(change.error);
  });
  const all = (id) => IDBKeyRange.bound([id, 0], [id, Infinity]);
  const keep = (trip) => run("trips", "readwrite", (c) => c.objectStore("trips").put(trip));
  const keepFix = (id, n, fix) => run("fixes", "readwrite", (c) => c.objectStore("fixes").put(fix, [id, n]));
  const fixesOf = (id) => run("fixes", "readonly", (c) => c.objectStore("fixes").getAll(all(id)));
  const mine = async () => (await run("trips", "readonly", (c) => c.objectStore("trips").getAll()))
    .filter((trip) => trip.owner === owner).sort((a, b) => a.begun - b.begun);
  const forget = (id) => run(["trips", "fixes"], "readwrite", (c) => {
    c.objectStore("trips").delete(id);
    c.objectStore("fixes").delete(all(id));
  });

  /* While there is a trip here, the page and its files are kept, so that it opens without a connection too. */
  const shelter = async (needed) => {
    if (!navigator.serviceWorker || !window.caches) return;
    if (!needed) {
      await caches.delete("puhui-trips");
      await (await navigator.serviceWorker.getRegistration(data.page))?.unregister();
      return;
    }
    await navigator.serviceWorker.register(data.worker, { scope: data.page });
    const kept = await caches.open("puhui-trips"), files = [...doc.querySelectorAll("script[src],link[rel=stylesheet]")];
    const page = await fetch(data.page);
    if (page.ok && !page.redirected) await kept.put(new URL(data.page, location).href, page);
    await kept.addAll(files.map((e) => e.src || e.href).concat(doc.querySelector("[data-icons]").dataset.icons));
  };

  /* ---- figures ---- */
  const metres = (a, b) => {
    const r = Math.PI / 180, h = Math.sin((b[2] - a[2]) * r / 2) ** 2
      + Math.cos(a[2] * r) * Math.cos(b[2] * r) * Math.sin((b[3] - a[3]) * r / 2) ** 2;
    return 12_742_000 * Math.asin(Math.sqrt(Math.min(1, h)));
  };
  const km = (m) => (m / 1000).toFixed(2);
  const clock = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000)), two = (n) => String(n).padStart(2, "0");
    return (s >= 3600 ? Math.floor(s / 3600) + ":" : "") + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
  };
  const lasted = (trip) => trip.spans.reduce((sum, [from, to]) => sum + ((to || Date.now()) - from), 0);
  const newId = () => crypto.randomUUID?.() || "10000000-1000-4000-8000-100000000000".replace(/[018]/g,
    (c) => (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16));
  const modeName = (mode) => JSON.parse(data.modes)[mode] || mode;

  /* ---- sending: oldest first, again and again until answered ---- */
  let sending = false, next, own, wait = SOONEST, timer;
  const later = (ms) => { clearTimeout(timer); timer = setTimeout(send, ms); };

  const body = async (trip) => {
    const parts = [];
    for (const [part, t, lat, lon, acc] of await fixesOf(trip.id)) (parts[part] ||= []).push([t / 1000, lat, lon, acc]);
    return JSON.stringify({ id: trip.id, mode: trip.mode, inputs: trip.inputs, segments: parts.filter(Boolean) });
  };
  /* What became of it: {url} done; {said} refused for good; {state} keep and try again. */
  const post = async (trip) => {
    const stop = new AbortController(), over = setTimeout(() => stop.abort(), 60_000);
    try {
      const answer = await fetch(data.send, {
        method: "POST", redirect: "manual", signal: stop.signal, body: await body(trip),
        headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
      });
      if (answer.type === "opaqueredirect" || answer.status === 401) return { state: "signin" };
      const json = (answer.headers.get("Content-Type") || "").includes("json");
      if (answer.ok && json) return { url: (await answer.json()).url };
      if (answer.status === 429 || answer.status >= 500) return { state: "busy" };
      return json ? { said: (await answer.json()).error.message } : { state: "reload" };
    } catch { return { state: navigator.onLine ? "busy" : "offline" }; } finally { clearTimeout(over); }
  };
  const told = (url) => {
    const note = window.puhui.text(data.sentWords + " ", "good"), link = doc.createElement("a");
    Object.assign(link, { href: url, textContent: data.seeWords, className: "tap" });
    note.append(link);
    window.puhui.toast(note, 12);
  };
  const send = async (chosen) => {
    if (sending) { next = chosen; return; }
    sending = true;
    next = undefined;
    clearTimeout(timer);
    let state = "", again = false;
    for (const trip of await mine()) {
      if (!trip.ended || (trip.said && trip.id !== chosen)) continue;
      await list("sending", trip.id);
      const got = await post(trip);
      if (got.url) {
        await forget(trip.id);
        wait = SOONEST;
        if ((trip.id === chosen || trip.id === own) && watch === undefined) { location.assign(got.url); return; }
        told(got.url);
      } else if (got.said) { trip.said = got.said; await keep(trip); }
      else { state = got.state; again = state === "busy" || state === "offline"; break; }
    }
    sending = false;
    await list(state);
    if (next) { send(next); return; }
    if (again) { later(wait); wait = Math.min(wait * 2, LATEST); }
  };
  window.addEventListener("online", () => { wait = SOONEST; send(); });

  const list = async (state, now) => {
    const kept = await mine(), trips = kept.filter((trip) => trip.ended), rows = at("rows", queue);
    if (!kept.length && !trip) shelter(false).catch(() => {});
    queue.hidden = !trips.length;
    const open = doc.querySelector("#unfinished");
    if (open) open.hidden = kept.length === trips.length;
    queue.querySelectorAll("[data-state]").forEach((e) => { e.hidden = e.dataset.state !== state; });
    rows.replaceChildren(...trips.map((trip) => {
      const row = at("row", queue).content.firstElementChild.cloneNode(true);
      put("what", modeName(trip.mode) + " · " + km(trip.metres) + " km · " + clock(lasted(trip)), row);
      put("when", new Date(trip.begun).toLocaleString(doc.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }), row);
      put("said", trip.said || "", row);
      lit("said", trip.said, row);
      at("again", row).disabled = trip.id === now;
      at("again", row).addEventListener("click", () => { wait = SOONEST; send(trip.id); });
      at("drop", row).disabled = trip.id === now;
      at("drop", row).addEventListener("click", async () => {
        if (confirm(data.dropWords)) { await forget(trip.id); list(""); }
      });
      return row;
    }));
  };

  /* ---- recording ---- */
  let trip, last, count = 0, watch, lamp, letGo, heard = 0, gone = 0, beat;

  const awake = async () => {
    try {
      lamp = await navigator.wakeLock.request("screen");
      lit("dim", false);
    } catch { lit("dim", doc.visibilityState === "visible"); }
  };
  const hold = () => new Promise((got) => {  // one window records at a time
    if (!navigator.locks) { got(true); return; }
    navigator.locks.request("puhui-trip", { ifAvailable: true }, (lock) => {
      got(Boolean(lock));
      return lock && new Promise((done) => { letGo = done; });
    });
  });
  const live = () => {
    put("km", km(trip.metres));
    put("time", clock(lasted(trip)));
    put("fixes", String(count));
    lit("poor", watch !== undefined && Date.now() - heard > QUIET);
    lit("unheard", watch !== undefined && !count);
  };
  const onFix = async ({ coords, timestamp }) => {
    if (watch === undefined) return;
    const good = coords.accuracy <= WORST;
    put("accuracy", String(Math.round(coords.accuracy)));
    lit("exact", good);
    if (!good) { lit("poor", true); return; }
    const t = Math.abs(Date.now() - timestamp) < 864e5 ? Math.round(timestamp) : Date.now();
    const fix = [trip.part, t, +coords.latitude.toFixed(6), +coords.longitude.toFixed(6), Math.round(coords.accuracy)];
    if (last && fix[1] <= last[1]) return;
    heard = Date.now();
    /* Standing still wanders: a step counts for the display once it is longer than the doubt about it. */
    const step = last && last[0] === fix[0] ? metres(last, fix) : 0;
    const moved = !last || last[0] !== fix[0] || step > Math.max(4, coords.accuracy / 3);
    if (moved) { trip.metres += step; last = fix; }
    const n = count++;
    live();
    try {
      await keepFix(trip.id, n, fix);
      if (moved) await keep(trip);
    } catch { lit("full", true); }
  };
  const onTrouble = (error) => {
    if (error.code !== 1) { lit("poor", true); return; }
    pause().then(async () => {
      if (!count) { await forget(trip.id); trip = undefined; }
      view("denied");
    });
  };
  const go = async () => {
    if (!await hold()) { view("elsewhere"); return; }
    trip.part = count ? trip.part + 1 : 0;
    trip.spans.push([Date.now(), 0]);
    await keep(trip);
    heard = Date.now();
    watch = navigator.geolocation.watchPosition(onFix, onTrouble, { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 });
    awake();
    shelter(true).catch(() => {});
    put("mode", modeName(trip.mode));
    ["paused", "away", "short", "full"].forEach((name) => lit(name, false));
    lit("pause", true); lit("resume", false);
    view("going");
    clearInterval(beat);
    beat = setInterval(live, 1000);
    live();
  };
  const pause = async (until = Date.now()) => {
    if (watch !== undefined) navigator.geolocation.clearWatch(watch);
    watch = undefined;
    clearInterval(beat);
    lamp?.release(); lamp = undefined;
    letGo?.(); letGo = undefined;
    trip.spans.forEach((span) => { span[1] ||= Math.max(span[0], until); });
    await keep(trip);
    ["poor", "unheard", "dim", "exact"].forEach((name) => lit(name, false));
    lit("paused", true); lit("pause", false); lit("resume", true);
    live();
  };
  const start = async () => {
    const chosen = new FormData(at("choice"));
    const inputs = {};
    at("choice").querySelectorAll("[data-for]").forEach((e) => {
      if (e.dataset.for === chosen.get("mode")) inputs[e.dataset.input] = chosen.get("input-" + e.dataset.input);
    });
    trip = { id: newId(), owner, mode: chosen.get("mode"), inputs, begun: Date.now(), part: 0, spans: [], metres: 0 };
    last = undefined; count = 0;
    await go();
  };
  const finish = async () => {
    await pause();
    if (count < 2) { lit("short", true); return; }
    put("sum", modeName(trip.mode) + " · " + km(trip.metres) + " km · " + clock(lasted(trip)));
    if (at("asking").showModal) at("asking").showModal(); else if (confirm(at("sum").textContent)) await submit();
  };
  const submit = async () => {
    at("asking").close?.();
    trip.ended = Date.now();
    await keep(trip);
    own = trip.id;
    trip = undefined;
    view("choose");
    await list("");
    queue.scrollIntoView({ block: "nearest" });
    await send(own);
  };
  const drop = async () => {
    if (!confirm(data.dropWords)) return;
    at("asking").close?.();
    await pause();
    await forget(trip.id);
    trip = undefined;
    view("choose");
  };

  /* An unfinished trip from before: its time ends with its last fix. */
  const recall = async () => {
    trip = (await mine()).find((each) => !each.ended);
    if (!trip) { view("choose"); return; }
    const fixes = await fixesOf(trip.id);
    count = fixes.length;
    last = undefined;
    const until = count ? fixes[count - 1][1] : trip.begun;
    trip.spans.forEach((span) => { span[1] ||= Math.max(span[0], until); });
    put("found", modeName(trip.mode) + " · " + km(trip.metres) + " km · " + clock(lasted(trip)));
    put("found-when", new Date(trip.begun).toLocaleString(doc.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }));
    view("found");
  };

  const buttons = { start, retry: () => (trip ? go() : view("choose")), pause: () => pause(), resume: go, finish, submit, drop, go, stay: () => { at("asking").close(); go(); } };
  const aboard = () => root.querySelectorAll("[data-for]").forEach((e) => {
    e.hidden = e.dataset.for !== root.querySelector('[name="mode"]:checked')?.value;
  });
  const ready = async () => {
    root.hidden = false;
    root.addEventListener("click", (event) => {
      const work = buttons[event.target.closest("[data-do]")?.dataset.do];
      if (work) { event.preventDefault(); Promise.resolve(work()).catch(() => lit("full", true)); }
    });
    root.addEventListener("change", aboard);
    aboard();
    doc.addEventListener("visibilitychange", () => {
      if (watch === undefined) return;
      if (doc.visibilityState === "hidden") { gone = Date.now(); return; }
      awake();
      if (gone && Date.now() - gone > AWAY) lit("away", true);
    });
    doc.addEventListener("click", (event) => {  // leaving the page stops the recording: ask first
      const link = event.target.closest("a[href]");
      if (watch !== undefined && link && !link.target && !confirm(data.leaveWords)) event.preventDefault();
    });
    if (!window.isSecureContext || !navigator.geolocation) { view("unable"); return; }
    await recall();
    const permission = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null);
    if (permission?.state === "denied" && !trip) view("denied");
  };

  (async () => {
    try { await opened; } catch { if (root) { root.hidden = false; view("unable"); } return; }
    if (root) await ready();
    await list("");
    send();
  })();
})();
