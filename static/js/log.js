/* The form for one act: a chip fills the amount without leaving the page. Each chip is a link that works without this. */
(() => {
  "use strict";
  const field = document.querySelector("#field-quantity");
  const chips = [...document.querySelectorAll("[data-fill]")];
  if (!field) return;
  const mark = () => chips.forEach((chip) => {
    if (chip.dataset.fill === field.value.trim()) chip.setAttribute("aria-current", "true");
    else chip.removeAttribute("aria-current");
  });
  chips.forEach((chip) => chip.addEventListener("click", (event) => {
    event.preventDefault();
    field.value = chip.dataset.fill;
    mark();
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }));
  field.addEventListener("input", mark);
})();
