// The score sheet: a slider beside every score, and the weighted total while one writes.
"use strict";

(() => {
  const form = document.querySelector("[data-sheet]");
  const total = document.getElementById("sheet-total");
  if (!form || !total) return;
  const scores = [...form.querySelectorAll("input[data-weight]")];

  // Hundredths of a point times basis points, so that nothing is rounded but the total.
  const hundredths = (text) => {
    const written = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(text.trim());
    if (!written) return null;
    const value = 100 * Number(written[1]) + Number((written[2] || "").padEnd(2, "0"));
    return value <= 10000 ? value : null;
  };

  const reckon = () => {
    const values = scores.map((input) => hundredths(input.value));
    if (values.some((value) => value === null)) { total.textContent = "—"; return; }
    const weights = scores.map((input) => Number(input.dataset.weight));
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    const sum = values.reduce((added, value, place) => added + value * weights[place], 0);
    const mean = Math.floor((2 * sum + whole) / (2 * whole));
    total.textContent = `${Math.floor(mean / 100)}.${String(mean % 100).padStart(2, "0")}`;
  };

  scores.forEach((input) => {
    const slider = document.createElement("input");
    slider.type = "range";
    slider.min = "0";
    slider.max = "100";
    slider.className = "form-range";
    slider.setAttribute("aria-label", input.dataset.label);
    slider.value = input.value || "0";
    slider.addEventListener("input", () => { input.value = slider.value; reckon(); });
    input.addEventListener("input", () => { slider.value = input.value || "0"; reckon(); });
    input.after(slider);
  });
  form.querySelectorAll("[data-choose-all]").forEach((holder) => {
    holder.removeAttribute("hidden");
    holder.querySelector("input").addEventListener("change", (event) => {
      form.querySelectorAll("input[name=chosen]").forEach((one) => {
        one.checked = event.target.checked;
      });
    });
  });
  total.closest("[hidden]")?.removeAttribute("hidden");
  reckon();
})();
