/* Photos of a form (form[data-photos=most][data-photos-to=address]): made smaller on the phone, sent one by one with
   their progress, tried again when the network fails, kept on the phone until they have arrived.
   Without this the form sends its photos itself. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-photos]");
  const field = form?.querySelector('input[type="file"]');
  if (!field || !window.FormData) return;
  const most = Number(form.dataset.photos), address = form.dataset.photosTo, page = (form.dataset.photosOf || "") + location.pathname;
  const english = document.documentElement.lang === "en";
  const say = (zh, en) => english ? en : zh;
  const SIDE = 1600, WAITS = [1, 2, 4, 8, 15, 30, 60], DAYS = 3;
  const items = [];
  let list = form.querySelector("#photos");
  if (!list) {
    list = document.createElement("ul");
    list.className = "list";
    field.closest(".field").before(list);
  }

  /* What waits is kept in IndexedDB; where there is none (a private window) it is kept as long as the page. */
  const store = (mode, work) => new Promise((done) => {
    let opening;
    try { opening = indexedDB.open("puhui-photos", 1); } catch { done(undefined); return; }
    opening.onupgradeneeded = () => opening.result.createObjectStore("waiting", { keyPath: "key" });
    opening.onerror = () => done(undefined);
    opening.onsuccess = () => {
      const made = opening.result.transaction("waiting", mode);
      const asked = work(made.objectStore("waiting"));
      made.oncomplete = () => { opening.result.close(); done(asked?.result); };
      made.onerror = made.onabort = () => { opening.result.close(); done(undefined); };
    };
  });
  const keep = (item) => store("readwrite", (all) => all.put({ key: item.key, page, blob: item.blob, at: Date.now() }));
  const forget = (item) => store("readwrite", (all) => all.delete(item.key));

  /* A phone's photo of 12 megapixels becomes one of 1600 pixels, upright. What the browser cannot open goes as it is. */
  const shrink = async (file, preview) => {
    let picture;
    try { picture = await createImageBitmap(file, { imageOrientation: "from-image" }); } catch { return file; }
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const side = Math.min(canvas.width, canvas.height);
    preview.getContext("2d").drawImage(canvas, (canvas.width - side) / 2, (canvas.height - side) / 2, side, side, 0, 0, 64, 64);
    const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    return small || file;
  };

  const element = (name, properties, ...inside) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...inside);
    return made;
  };
  const show = (item) => {
    item.words = element("span", {});
    item.bar = element("progress", { className: "bar", max: 100, value: 0 });
    item.bar.setAttribute("aria-label", say("上传进度", "Upload progress"));
    item.preview = element("canvas", { className: "thumb", width: 64, height: 64 });
    item.preview.setAttribute("aria-hidden", "true");
    item.again = element("button", { type: "button", className: "btn ghost", hidden: true, textContent: say("再试一次", "Try again") });
    item.drop = element("button", { type: "button", className: "btn ghost", textContent: say("去掉", "Remove") });
    item.again.addEventListener("click", () => { item.tries = 0; send(item); });
    item.drop.addEventListener("click", () => remove(item));
    item.row = element("li", { className: "row" }, item.preview, element("span", { className: "rowtext" }, item.words, item.bar), item.again, item.drop);
    list.append(item.row);
    list.hidden = false;
  };
  const tell = (item, words, aloud = false) => {
    item.words.textContent = words;
    if (aloud) window.puhui?.say(words);
  };
  const remove = (item) => {
    item.state = "gone";
    item.request?.abort();
    clearTimeout(item.timer);
    item.row.remove();
    items.splice(items.indexOf(item), 1);
    forget(item);
    list.hidden = !list.children.length;
    settle();
  };

  const send = (item) => {
    clearTimeout(item.timer);
    item.state = "sending";
    item.again.hidden = true;
    item.bar.hidden = false;
    tell(item, say("正在上传…", "Sending…"));
    const body = new FormData(), request = item.request = new XMLHttpRequest();
    body.append("photo", item.blob, item.blob.name || "photo.jpg");
    request.open("POST", address);
    request.timeout = 120000;
    request.setRequestHeader("X-CSRFToken", form.querySelector('input[name="csrf_token"]')?.value || "");
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) item.bar.value = 100 * event.loaded / event.total;
    });
    request.addEventListener("load", () => answered(item, request));
    request.addEventListener("error", () => later(item));
    request.addEventListener("timeout", () => later(item));
    request.send(body);
  };
  const answered = (item, request) => {
    if (item.state !== "sending") return;
    let told = {};
    try { told = JSON.parse(request.responseText); } catch { /* a page, not an answer */ }
    if (request.status === 201 && told.id) return arrived(item, told.id);
    if (request.status >= 500 || request.status === 429 || request.status === 408) return later(item);
    if (request.status === 401 || request.responseURL.includes("/sign-in")) { location.assign("/sign-in?next=" + encodeURIComponent(location.pathname)); return undefined; }
    item.state = "refused";
    item.bar.hidden = true;
    forget(item);
    tell(item, told.message || say("这张照片没有收下，请换一张", "This photo was not taken; please choose another"), true);
    return settle();
  };
  const arrived = (item, id) => {
    item.state = "here";
    item.bar.hidden = true;
    tell(item, say("照片已收到", "Your photo is here"), true);
    item.row.append(element("input", { type: "hidden", name: "photo_id", value: id }));
    forget(item);
    form.dispatchEvent(new Event("change", { bubbles: true }));
    settle();
  };
  /* The network failed or the server is busy: wait a little longer each time, go on at once when back online. */
  const later = (item) => {
    if (item.state !== "sending") return;
    const wait = WAITS[Math.min(item.tries, WAITS.length - 1)];
    item.state = "waiting";
    item.tries += 1;
    item.again.hidden = false;
    item.bar.value = 0;
    tell(item, navigator.onLine
      ? say(`没有传成功，${wait} 秒后再试`, `Not sent yet; trying again in ${wait} s`)
      : say("没有网络，连上后自动继续", "Offline; goes on when you are connected"), true);
    item.timer = setTimeout(() => send(item), wait * 1000);
  };
  window.addEventListener("online", () => items.filter((item) => item.state === "waiting").forEach(send));

  const count = () => form.querySelectorAll('input[name="photo_id"]').length + items.filter((item) => !["here", "refused"].includes(item.state)).length;
  const add = async (file, kept) => {
    const item = { key: kept?.key || crypto.randomUUID?.() || String(Math.random()), state: "making", tries: 0 };
    items.push(item);
    show(item);
    tell(item, say("正在准备…", "Preparing…"));
    item.blob = await shrink(kept ? kept.blob : file, item.preview);
    if (item.state === "gone") return;
    if (!kept) await keep(item);
    send(item);
  };
  field.addEventListener("change", (event) => {
    event.stopPropagation();
    const chosen = [...field.files], room = most - count();
    field.value = "";
    if (chosen.length > room) window.puhui?.toast(window.puhui.text(say(`最多 ${most} 张照片`, `At most ${most} photos`), "bad"));
    chosen.slice(0, Math.max(0, room)).forEach((file) => add(file));
  });

  /* Sent too early: the act waits for its photos, and goes as soon as they are here. */
  let pressed = null;
  const busy = () => items.some((item) => ["making", "sending", "waiting"].includes(item.state));
  form.addEventListener("submit", (event) => {
    if (!busy()) return;
    event.preventDefault();
    pressed = event.submitter || form;
    window.puhui?.toast(window.puhui.text(say("照片传完后自动记录", "Logged as soon as the photos have arrived"), "info"));
  });
  const settle = () => {
    if (!pressed || busy()) return;
    const button = pressed === form ? undefined : pressed;
    pressed = null;
    if (!items.some((item) => item.state === "refused")) form.requestSubmit(button);
  };

  /* What was chosen before the page was closed goes on. */
  store("readonly", (all) => all.getAll()).then((waiting = []) => waiting.forEach((kept) => {
    if (Date.now() - kept.at > DAYS * 86400000) forget(kept);
    else if (kept.page === page && count() < most) add(null, kept);
  }));
})();
