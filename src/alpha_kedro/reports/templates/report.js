"use strict";

(async () => {
  const textOf = (id) => document.getElementById(id).textContent;

  async function unpackPlotly() {
    const bytes = Uint8Array.from(atob(textOf("plotly")), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream();
    const plain = stream.pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(plain).text();
    document.head.append(script);
  }

  await unpackPlotly();
  document.documentElement.classList.add("interactive");

  const { themes, charts } = JSON.parse(textOf("payload"));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const config = {
    displaylogo: false,
    responsive: true,
    modeBarButtons: [["toImage", "resetScale2d"]],
  };
  const pending = new Set(document.querySelectorAll("[data-chart]"));
  const drawn = new Set();

  function draw(holder) {
    if (!pending.delete(holder)) return;
    const { data, layout } = charts[holder.dataset.chart];
    const template = themes[dark.matches ? "dark" : "light"];
    Plotly.newPlot(holder, data, { ...layout, template }, config);
    drawn.add(holder);
  }

  function dress(theme) {
    for (const holder of drawn) Plotly.relayout(holder, { template: themes[theme] });
  }

  const nearby = new IntersectionObserver(
    (entries) => entries.filter((e) => e.isIntersecting).forEach((e) => draw(e.target)),
    { rootMargin: "800px" },
  );
  pending.forEach((holder) => nearby.observe(holder));
  dark.addEventListener("change", () => dress(dark.matches ? "dark" : "light"));
  addEventListener("beforeprint", () => {
    [...pending].forEach(draw);
    dress("light");
  });
  addEventListener("afterprint", () => dress(dark.matches ? "dark" : "light"));
})();
