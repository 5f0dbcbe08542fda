/* What pages do beyond plain HTML: the CSRF header for htmx, one-tap tiles, toasts with undo, focus on errors.
   Everything here is an addition; each form works without it. */
(() => {
  "use strict";
  const doc = document;
  const $ = (selector, from = doc) => from.querySelector(selector);

  /* The token of any form on the page serves every request of the page. */
  const token = () => $('input[name="csrf_token"]')?.value;
  doc.addEventListener("htmx:configRequest", (event) => {
    if (token()) event.detail.headers["X-CSRFToken"] = token();
  });

  const say = (text) => {
    const live = $("#live");
    if (live) { live.textContent = ""; setTimeout(() => { live.textContent = text; }, 60); }
  };

  /* A toast is any element; it goes after 5 seconds, later while the pointer or the focus is on it. */
  const toast = (element, seconds = 5) => {
    const box = $("#toasts");
    if (!box) return;
    box.append(element);
    say(element.querySelector("span, p")?.textContent || element.textContent.trim());
    let left = seconds;
    const tick = setInterval(() => {
      if (!element.isConnected) clearInterval(tick);
      else if (!element.matches(":hover, :focus-within") && --left <= 0) { clearInterval(tick); element.remove(); }
    }, 1000);
  };
  const text = (words, tone) => {
    const element = doc.createElement("p");
    element.className = "flash " + tone;
    element.textContent = words;
    return element;
  };

  /* Answers may carry <template data-toast>…</template>: its content becomes a toast. */
  const collect = (root) => root.querySelectorAll?.("template[data-toast]").forEach((template) => {
    const element = template.content.firstElementChild?.cloneNode(true);
    template.remove();
    if (element) { toast(element); window.htmx?.process(element); }
  });
  doc.addEventListener("htmx:afterSettle", (event) => collect(event.detail.elt.parentNode || doc));

  /* A refused htmx request shows its sentence as a toast; 401 goes to the sign-in page. */
  doc.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    undoTile(event.detail.elt);
    if (answer.status === 401) { location.assign("/sign-in?next=" + encodeURIComponent(location.pathname)); return; }
    const parsed = new DOMParser().parseFromString(answer.responseText, "text/html");
    toast(text(($(".flash", parsed) || $("h1", parsed))?.textContent || answer.statusText, "bad"), 8);
  });
  doc.addEventListener("htmx:sendError", (event) => {
    undoTile(event.detail.elt);
    const english = doc.documentElement.lang === "en";
    toast(text(english ? "No connection. Nothing was sent; try again." : "网络不通，刚才的操作没有发出，请重试。", "bad"), 8);
  });

  /* One-tap tiles: form[data-tile] looks done at once; a refusal puts it back. */
  const undoTile = (element) => element?.closest?.("[data-tile]")?.classList.remove("done", "waiting");
  doc.addEventListener("htmx:beforeRequest", (event) => {
    const tile = event.detail.elt.closest?.("[data-tile]");
    if (tile) { tile.classList.add("done", "waiting"); navigator.vibrate?.(10); }
  });

  /* A plain form is sent once, however often the button is pressed. */
  doc.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.hasAttribute("hx-post") || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  });
  window.addEventListener("pageshow", () => doc.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  /* Forms that act when a choice changes carry data-auto; their button stays for those without scripts. */
  doc.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form?.hasAttribute("data-auto")) form.requestSubmit();
  });

  /* [data-copy="selector"] copies; [data-print] prints; [data-back] goes back. */
  doc.addEventListener("click", async (event) => {
    const copier = event.target.closest("[data-copy]");
    if (copier && navigator.clipboard) {
      await navigator.clipboard.writeText($(copier.dataset.copy).textContent.trim());
      toast(text(doc.documentElement.lang === "en" ? "Copied" : "已复制", "good"), 3);
    }
    if (event.target.closest("[data-print]")) window.print();
  });

  const ready = () => {
    $("[data-focus]")?.focus();
    /* The staff menu folds on phones; when the window grows it opens again, for then nothing else opens it. */
    const menu = $(".sidemenu"), narrow = matchMedia("(max-width: 899px)");
    const fold = () => { menu.open = !narrow.matches; };
    if (menu) { fold(); narrow.addEventListener("change", fold); }
    collect(doc);
  };
  if (doc.readyState === "loading") doc.addEventListener("DOMContentLoaded", ready); else ready();

  window.puhui = { toast, text, say };
})();
