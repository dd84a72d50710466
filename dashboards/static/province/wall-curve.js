// Today's calls hour by hour, against what a day like this usually brings.

import { byId, write } from "../console/dom.js";
import { darkPalette, loadCharts, makeChart } from "./charts.js";

const numbers = new Intl.NumberFormat("zh-CN");
const [TODAY, USUAL] = [darkPalette[0], darkPalette[1]];

export class Curve {
  #chart = null;
  #told = "";

  /** `curve` of wall-sums, `minutes` since midnight in Shanghai, today's calls so far. */
  async show(curve, minutes, received) {
    write(byId("curve-words"), wordsOf(curve, received));
    byId("usual-key").hidden = !curve.usual;
    const told = JSON.stringify(curve.today) + JSON.stringify(curve.usual);
    if (told === this.#told || !(await loadCharts())) {
      byId("curve").classList.toggle("without", !window.echarts);
      return;
    }
    this.#told = told;
    if (!this.#chart) {
      this.#chart = makeChart(byId("curve"), frame(), { dark: true });
      this.resize(parseFloat(getComputedStyle(document.documentElement).fontSize));
    }
    this.#chart.setOption({ series: seriesOf(curve, minutes) });
  }

  /** Type follows the size of the page. */
  resize(rem) {
    this.#chart?.setOption(sizes(rem));
  }
}

function wordsOf({ expected }, received) {
  const usually = expected === null ? "还没有可以比的日子" : `平常到这时候 ${numbers.format(Math.round(expected))}`;
  return `今天到现在 ${numbers.format(received)} 个，${usually}`;
}

function seriesOf({ today, usual }, minutes) {
  const hour = Math.floor((minutes * today.length) / 1440);
  const isDone = (n) => n < hour;
  return [
    { id: "usual", data: usual ?? [] },
    { id: "today", data: today.map((count, n) => (isDone(n) ? count : null)) },
    // The hour that is not over yet would be a fall of the line, which it is not.
    { id: "hour", data: today.map((count, n) => (n === hour ? count : null)) },
  ];
}

function frame() {
  const line = { type: "line", symbol: "none", emphasis: { disabled: true } };
  return {
    tooltip: { trigger: "axis", axisPointer: { type: "line" } },
    xAxis: { type: "category", boundaryGap: false, data: Array.from({ length: 24 }, (_, hour) => `${hour}时`) },
    yAxis: { type: "value", minInterval: 1, splitNumber: 4 },
    series: [
      { ...line, id: "usual", name: "平常", color: USUAL, lineStyle: { type: "dashed" }, data: [] },
      { ...line, id: "today", name: "今天", color: TODAY, areaStyle: { opacity: 0.16 }, data: [] },
      { id: "hour", name: "这一小时到现在", type: "bar", color: TODAY, itemStyle: { opacity: 0.5, borderRadius: [3, 3, 0, 0] }, emphasis: { disabled: true }, data: [] },
    ],
  };
}

function sizes(rem) {
  const narrow = matchMedia("(max-width: 64rem)").matches;
  const label = { fontSize: rem * 1.05, hideOverlap: true };
  return {
    grid: { left: rem * 3.2, right: rem * 1.2, top: rem * 0.8, bottom: rem * 2 },
    xAxis: { axisLabel: { ...label, interval: narrow ? 5 : 2 } },
    yAxis: { axisLabel: label },
    tooltip: { textStyle: { fontSize: rem } },
    series: [
      { id: "usual", lineStyle: { width: rem * 0.16 } },
      { id: "today", lineStyle: { width: rem * 0.26 } },
      { id: "hour", barWidth: rem * 1.1 },
    ],
  };
}
