// What the province's pages share: how a figure is computed and written, the colours, and ECharts itself.
//
// A figure is what the server tells: {key, name, definition, denominator, unit: count|rate|seconds, better: high|low|"",
// numerator_measures: [measure], denominator_measures: [measure]}; a value {value, numerator, denominator}.

const LIBRARY = new URL("../vendor/echarts.min.js", import.meta.url).href;
const MAP = new URL("../vendor/anhui.json", import.meta.url).href;
const FONT = getComputedStyle(document.body).fontFamily;
const numbers = new Intl.NumberFormat("zh-CN");

/** The name under which the map of Anhui is known to ECharts; its areas are named by the codes of the centres. */
export const ANHUI = "anhui";

/** Series, in this order: told apart by people who see no red or no green. For white pages, and for dark ones. */
export const palette = ["#0072b2", "#d55e00", "#009e73", "#b4558c", "#8a6d00", "#3b9bd1", "#5b4b8a", "#5f6a70"];
export const darkPalette = ["#5cb8f0", "#ff9a3d", "#3ed6a4", "#f09ac8", "#f2dc5d", "#a8dcff", "#bda9f5", "#b8c2c8"];
/** A series' mark beside its colour. */
export const marks = ["circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow", "emptyCircle"];
/** From little to much: the lightness alone tells it. On white paper little is pale, on a dark wall it is dim. */
export const heatColours = ["#eaf3f5", "#bfdfe5", "#86c1cc", "#459cae", "#1b7290", "#0e4a6b", "#092c47"];
export const darkHeatColours = ["#1d3b5c", "#1f5875", "#247c8a", "#3f9f90", "#82c48a", "#d6e68b"];

/** Whether things that move should stand still. */
export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The sum of these measures, what is not there being 0. */
export const sumOf = (measures, sums) => measures.reduce((sum, name) => sum + (sums[name] ?? 0), 0);

/** A figure of some sums: {value, numerator, denominator}; value null when the denominator is 0. */
export function valueOf(figure, sums) {
  const numerator = sumOf(figure.numerator_measures, sums);
  if (!figure.denominator_measures.length) return { value: numerator, numerator, denominator: null };
  const denominator = sumOf(figure.denominator_measures, sums);
  return { value: denominator ? numerator / denominator : null, numerator, denominator };
}

/** `1,234`, `91.2%`, `1分05秒`; a dash for what was not measured. Takes a number, or {value}. */
export function formatValue(figure, value) {
  const plain = typeof value === "object" ? value?.value : value;
  if (plain === null || plain === undefined || Number.isNaN(plain)) return "—";
  if (figure.unit === "rate") return percent(plain);
  return figure.unit === "seconds" ? duration(plain) : numbers.format(Math.round(plain));
}

/** All that stands behind a number, in lines: definition, then what was divided by what. */
export function figureText(value, figure) {
  return [`${figure.name}：${formatValue(figure, value)}`, figure.definition, shareText(value, figure)].filter(Boolean).join("\n");
}

/** `分子 127 ÷ 分母 180（全部来电）`; "" for a count. */
export function shareText(value, figure) {
  if (!value || value.denominator === null || value.denominator === undefined) return "";
  const named = figure.denominator ? `（${figure.denominator}）` : "";
  if (!value.denominator) return `分母是 0${named}，没有可算的`;
  const seconds = figure.unit === "seconds" ? " 秒" : "";
  return `分子 ${numbers.format(value.numerator)}${seconds} ÷ 分母 ${numbers.format(value.denominator)}${named}`;
}

/** A share as a percentage that is never rounded to a hundred or to nothing that it is not. */
function percent(share) {
  if (share === 1 || share === 0) return `${share * 100}%`;
  return `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)}%`;
}

function duration(seconds) {
  const whole = Math.round(seconds);
  const two = (part) => String(part).padStart(2, "0");
  if (whole < 60) return `${whole}秒`;
  if (whole < 3600) return `${Math.floor(whole / 60)}分${two(whole % 60)}秒`;
  return `${numbers.format(Math.floor(whole / 3600))}小时${two(Math.floor(whole / 60) % 60)}分`;
}

let library = null;
let map = null;

/** Load ECharts, once. False when it is not on this server: then the page shows tables. */
export function loadCharts() {
  library ??= new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = LIBRARY;
    script.onload = () => resolve(Boolean(window.echarts));
    script.onerror = () => resolve(false);
    document.head.append(script);
  });
  return library;
}

/** Load the map of Anhui into ECharts, once. False when it is not there. */
export function loadMap() {
  map ??= Promise.all([loadCharts(), fetch(MAP).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null)])
    .then(([isLoaded, shape]) => {
      if (!isLoaded || !shape) return false;
      for (const area of shape.features) area.properties.name = area.id;
      window.echarts.registerMap(ANHUI, shape);
      return true;
    });
  return map;
}

/**
 * An ECharts chart in the house's colours that follows the size of its element. Only after loadCharts().
 *
 * Tooltips are drawn and not written as HTML, which our content policy would refuse.
 */
export function makeChart(element, option, { dark = false } = {}) {
  const chart = window.echarts.init(element, theme(dark), { locale: "ZH", renderer: "canvas" });
  chart.setOption({ animation: !isStill(), animationDuration: 400, animationDurationUpdate: 400, ...option });
  onResize(element, () => { if (!chart.isDisposed() && element.clientWidth) chart.resize(); });
  return chart;
}

/** Call `work` whenever the element has another size, at most once a frame. Returns a function that ends it. */
export function onResize(element, work) {
  let isAsked = false;
  const watcher = new ResizeObserver(() => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => { isAsked = false; work(); });
  });
  watcher.observe(element);
  return () => watcher.disconnect();
}

function theme(dark) {
  const [ink, soft, line, wall] = dark
    ? ["#eef4f8", "#a9bac7", "#26394b", "#12202e"]
    : ["#1e2a31", "#55636c", "#dcd8cc", "#fffefb"];
  const axis = {
    axisLine: { lineStyle: { color: soft } },
    axisTick: { lineStyle: { color: soft } },
    axisLabel: { color: soft },
    splitLine: { lineStyle: { color: line } },
    nameTextStyle: { color: soft },
  };
  return {
    color: dark ? darkPalette : palette,
    backgroundColor: "transparent",
    textStyle: { fontFamily: FONT, color: ink },
    title: { textStyle: { color: ink }, subtextStyle: { color: soft } },
    legend: { textStyle: { color: ink }, inactiveColor: soft },
    tooltip: { renderMode: "richText", confine: true, backgroundColor: wall, borderColor: soft, textStyle: { color: ink } },
    visualMap: { textStyle: { color: soft } },
    categoryAxis: axis, valueAxis: axis, timeAxis: axis, logAxis: axis,
    aria: { enabled: true },
  };
}
