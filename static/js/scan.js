/* Scanning. Reads a QR code with the camera where the browser can, and asks for the location where a place checks it.
   A picture of the camera is looked at and dropped; only an address of this site is followed. */
(() => {
  "use strict";
  const doc = document, at = (name) => doc.querySelector(`[data-at="${name}"]`);

  /* ---- the camera ---- */
  const offer = at("offer"), panel = doc.querySelector("#camera");
  if (offer && "BarcodeDetector" in window && navigator.mediaDevices) {
    offer.hidden = false;
    offer.querySelector("button").addEventListener("click", async () => {
      try {
        const reader = new BarcodeDetector({ formats: ["qr_code"] }), video = panel.querySelector("video");
        video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
        panel.hidden = false;
        offer.hidden = true;
        await video.play();
        const stop = () => video.srcObject.getTracks().forEach((track) => track.stop());
        const look = async () => {
          for (const found of await reader.detect(video).catch(() => [])) {
            const link = URL.parse ? URL.parse(found.rawValue) : new URL(found.rawValue, location.href);
            if (link && link.host === location.host && link.pathname.startsWith("/p/")) {
              stop();
              location.assign(link.pathname + link.search);
              return;
            }
          }
          setTimeout(look, 250);
        };
        addEventListener("pagehide", stop);
        look();
      } catch {
        panel.hidden = true;
        at("refused").hidden = false;
      }
    });
  }

  /* ---- the place ---- */
  doc.querySelectorAll("form[data-place-check]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (form.elements.lat.value) return;
      event.preventDefault();
      const words = at("place");
      words.textContent = words.dataset.asking;
      navigator.geolocation?.getCurrentPosition(
        ({ coords }) => {
          form.elements.lat.value = coords.latitude;
          form.elements.lon.value = coords.longitude;
          form.elements.accuracy.value = Math.round(coords.accuracy);
          form.submit();
        },
        () => { words.textContent = words.dataset.refused; },
        { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
      );
    });
  });
})();
