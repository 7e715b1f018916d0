// Draws the figure that `chart.py` sends, and changes it in place when the next one comes:
// what a reader has zoomed into, moved or hidden stays as it is.

let library;

// Plotly's own file, loaded once for all charts of the page.
function load(address) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      library = undefined; // the next figure tries again
      reject(new Error(`${address} cannot be loaded`));
    };
    document.head.append(script);
  });
  return library;
}

// The page's colours and type face, which differ between the light and the dark theme.
function inTheme(layout, element) {
  const style = getComputedStyle(element);
  const value = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const axis = { gridcolor: value("border-color"), linecolor: value("border-color"), zeroline: false };
  const themed = {
    ...layout,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: value("font"), color: value("text-color"), size: 13 },
    hoverlabel: {
      bgcolor: value("secondary-background-color"),
      bordercolor: value("border-color"),
      font: { family: value("font"), color: value("text-color") },
    },
  };
  for (const name of ["xaxis", "yaxis"]) themed[name] = { ...axis, ...layout[name] };
  return themed;
}

const waiting = new WeakMap(); // of each chart the newest figure that is still to be drawn

async function draw(chart, data) {
  const isBusy = waiting.has(chart);
  waiting.set(chart, data);
  if (isBusy) return; // whoever is drawing goes on to this one
  try {
    const Plotly = await load(data.plotly);
    for (let next = data, done; next !== done; next = waiting.get(chart)) {
      done = next;
      const { figure, config } = next;
      await Plotly.react(chart, figure.data, inTheme(figure.layout, chart), config);
    }
  } catch (error) {
    chart.textContent = "The chart cannot be drawn: the page could not load Plotly. Reload the page.";
    console.error(error);
  } finally {
    waiting.delete(chart);
  }
}

export default function ({ data, parentElement }) {
  const chart = parentElement.querySelector(".training-chart");
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", data.label);
  chart.style.height = `${data.height}px`;
  draw(chart, data);
  if (chart.resizing) return;
  chart.resizing = new ResizeObserver(() => {
    if (window.Plotly && chart.data && chart.offsetWidth) window.Plotly.Plots.resize(chart);
  });
  chart.resizing.observe(chart);
  return () => {
    chart.resizing.disconnect();
    delete chart.resizing;
    if (window.Plotly) window.Plotly.purge(chart);
  };
}
