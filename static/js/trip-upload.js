/* Files that are too large are said so at once, in place of being sent and refused. */
(() => {
  "use strict";
  const form = document.querySelector("[data-upload]"), field = form?.querySelector('input[type="file"]');
  field?.addEventListener("change", () => {
    const size = [...field.files].reduce((sum, file) => sum + file.size, 0);
    field.setCustomValidity(size > +form.dataset.most ? form.dataset.tooLarge : "");
    field.reportValidity();
  });
  form?.addEventListener("submit", (event) => {
    if (field.checkValidity() || field.validity.valueMissing) return;
    event.preventDefault();
    field.reportValidity();
  }, true);
})();
