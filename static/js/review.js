/* The review desk by keyboard: j and k move, a says yes, r and a digit say no with a reason, x ticks, ? explains.
   Everything has its button or link; the keys can be turned off on this device. */
(() => {
  "use strict";
  const OFF = "puhui-review-keys-off";
  const help = document.querySelector("[data-keys]");
  const off = document.querySelector("[data-keys-off]");
  const items = [...document.querySelectorAll("[data-item]")];
  const next = document.querySelector("[data-next]");
  const accept = document.querySelector("[data-accept]");
  const reject = document.querySelector("[data-reject]");
  const read = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };
  if (off) {
    off.checked = read();
    off.addEventListener("change", () => {
      try { localStorage.setItem(OFF, off.checked ? "1" : "0"); } catch { /* private windows keep nothing */ }
    });
  }
  const step = (by) => {
    const at = items.indexOf(document.activeElement);
    const to = items[Math.min(items.length - 1, Math.max(0, at + by))];
    if (to) to.focus();
  };
  const reasons = () => [...reject.querySelectorAll('input[name="reason"]')];
  const keys = {
    j: () => (items.length ? step(1) : next && next.click()),
    k: () => (items.length ? step(-1) : history.back()),
    a: () => accept && accept.click(),
    r: () => reject && (reasons().find((one) => one.checked) || reasons()[0]).focus(),
    x: () => {
      const row = document.activeElement.closest(".pickrow");
      const box = row && row.querySelector('input[type="checkbox"]');
      if (box) box.checked = !box.checked;
    },
    "?": () => {
      if (!help) return;
      help.open = !help.open;
      if (help.open) help.querySelector("summary").focus();
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || read()) return;
    const typing = event.target.closest('textarea, select, input:not([type="radio"]):not([type="checkbox"])');
    if (typing) return;
    const digit = reject && /^[1-9]$/.test(event.key) ? reasons()[Number(event.key) - 1] : null;
    if (digit) {
      digit.checked = true;
      digit.focus();
    } else if (keys[event.key]) {
      keys[event.key]();
    } else {
      return;
    }
    event.preventDefault();
  });
})();
