// How a figure went, hour by hour, day by day or month by month, beside the period that it is compared with.

import { make } from "../console/dom.js";
import { formatValue, makeChart, palette, shareText } from "./charts.js";
import { addDays, dayAndWeekday, dayWords, isWeekend, weekdayOf } from "./explore-period.js";
import { plain } from "./explore-words.js";

export const GRAINS = { hour: "每小时", day: "每天", week: "每周", month: "每月" };
const MOST_MARKED = 70;
const NOW_COLOUR = palette[0];
const BEFORE_COLOUR = "#7a858c";
const WEEKEND = "rgb(139 148 154 / .12)";

const hourOf = ({ at }) => Number(at.slice(11, 13));

/** `10月31日 周六`, `10月31日 9时`, `10月26日起的一周`, `10月`. */
export function pointWords({ at, day }, grain, today) {
  if (grain === "month") return `${day.slice(0, 4) === today.slice(0, 4) ? "" : `${day.slice(0, 4)}年`}${Number(day.slice(5, 7))}月`;
  if (grain === "week") return `${dayWords(day, today)}起的一周`;
  return grain === "hour" ? `${dayWords(day, today)} ${hourOf({ at })}时` : dayAndWeekday(day, today);
}

export class Trend {
  #chart = null;
  #choose;
  #chooseHour;
  #today;
  #shown = null;

  /** When a point is pressed `choose({since, until})` is told, of an hour `chooseHour({weekday, hour})`, 0 being Monday. */
  constructor(choose, chooseHour, today) {
    this.#choose = choose;
    this.#chooseHour = chooseHour;
    this.#today = today;
  }

  draw(box, data) {
    this.#shown = data;
    if (!window.echarts) {
      box.replaceChildren(make("p", { class: "empty" }, "图没有载入，请按“看表格”。"));
      return;
    }
    if (this.#chart?.getDom() !== box) {
      this.#chart = makeChart(box, {});
      this.#chart.getZr().on("click", ({ offsetX, offsetY }) => this.#press([offsetX, offsetY]));
      this.#chart.getZr().on("mousemove", ({ offsetX, offsetY }) => this.#chart.getZr().setCursorStyle(this.#at([offsetX, offsetY]) ? "pointer" : "default"));
    }
    this.#chart.resize();
    this.#chart.setOption(this.#option(data), { notMerge: true });
  }

  #at(where) {
    if (!this.#chart.containPixel("grid", where)) return null;
    const [n] = this.#chart.convertFromPixel({ seriesIndex: 0 }, where);
    return this.#shown.points[n] ?? null;
  }

  /** The days of a point: up to the next one, or to the end of the period. */
  #daysOf(point) {
    const next = this.#shown.points[this.#shown.points.indexOf(point) + 1];
    return { since: point.day, until: next ? addDays(next.day, -1) : this.#shown.until };
  }

  #press(where) {
    const point = this.#at(where);
    if (point) this.#look(point);
  }

  /** Look at this point alone. */
  #look(point) {
    if (this.#shown.grain === "hour") this.#chooseHour({ weekday: String((weekdayOf(point.day) + 6) % 7), hour: String(hourOf(point)) });
    else this.#choose(this.#daysOf(point));
  }

  #option({ figure, grain, points, compared }) {
    const isCount = figure.unit === "count";
    const marked = grain === "day" && points.length <= MOST_MARKED ? points : [];
    const weekends = marked.flatMap(({ day }, n) => (isWeekend(day) ? [[{ xAxis: n - 0.5 }, { xAxis: n + 0.5 }]] : []));
    return {
      animation: points.length < 400,
      grid: { left: 8, right: 12, top: 30, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      legend: { top: 0, left: 4, itemHeight: 8, itemGap: 18, data: compared?.length ? ["本时段", "对比时段"] : ["本时段"], selectedMode: false },
      tooltip: { trigger: "axis", axisPointer: { type: isCount ? "shadow" : "line" }, formatter: (items) => this.#tipOf(items[0].dataIndex) },
      xAxis: {
        type: "category", data: points.map((point) => this.#label(point, grain)), axisTick: { show: false },
        axisLabel: { hideOverlap: true, margin: 10 }, boundaryGap: true,
      },
      yAxis: {
        type: "value", axisLabel: { formatter: (value) => formatAxis(figure, value) }, splitNumber: 4,
        scale: figure.unit === "rate", ...(figure.unit === "rate" && { max: ({ max }) => (max > 0.9 ? 1 : null) }), minInterval: isCount ? 1 : 0,
      },
      series: [
        {
          name: "本时段", type: isCount && points.length <= 100 ? "bar" : "line", data: points.map(pointOf), color: NOW_COLOUR, barMaxWidth: 26,
          itemStyle: { borderRadius: isCount ? [3, 3, 0, 0] : 0 }, symbol: "circle", symbolSize: 6, showSymbol: points.length <= 62,
          lineStyle: { width: 2.4 }, areaStyle: isCount || figure.unit === "rate" ? null : { opacity: 0.07 }, connectNulls: false,
          markArea: { silent: true, itemStyle: { color: WEEKEND }, data: weekends }, z: 3,
        },
        ...(compared?.length ? [{
          name: "对比时段", type: "line", data: compared.slice(0, points.length).map(({ value }) => value), color: BEFORE_COLOUR, symbol: "rect", symbolSize: 5,
          showSymbol: points.length <= 62, lineStyle: { width: 1.8, type: [5, 4] }, z: 4,
        }] : []),
      ],
    };
  }

  #label({ at, day }, grain) {
    if (grain === "hour") return this.#shown.points.length > 24 ? `${dayWords(day, this.#today)} ${hourOf({ at })}时` : `${hourOf({ at })}时`;
    return grain === "month" ? day.slice(0, 7) : `${Number(day.slice(5, 7))}-${day.slice(8)}`;
  }

  #tipOf(n) {
    const { figure, grain, points, compared } = this.#shown;
    const line = (point, name) => [`${name}　${formatValue(figure, point.value)}${point.is_unfinished ? "（还没完）" : ""}`, shareText(point, { ...figure, denominator: "" })];
    const [point, before] = [points[n], compared?.[n]];
    return [...line(point, pointWords(point, grain, this.#today)), ...(before ? line(before, `对比 ${pointWords(before, grain, this.#today)}`) : []),
      grain === "hour" ? "按一下，看这个小时的来电" : "按一下，只看这一段"].filter(Boolean).join("\n");
  }

  table({ figure, grain, points, compared }) {
    const hasShare = figure.unit !== "count";
    return {
      caption: `${figure.name}的走势，${GRAINS[grain]}`,
      heads: ["时间", figure.name, ...(hasShare ? ["分子", "分母"] : []), ...(compared ? ["对比时段"] : [])],
      rows: points.map((point, n) => [
        this.#nameOf(point, grain), formatValue(figure, point.value),
        ...(hasShare ? [plain(point.numerator), plain(point.denominator)] : []),
        ...(compared ? [compared[n] ? `${formatValue(figure, compared[n].value)}（${pointWords(compared[n], grain, this.#today)}）` : "—"] : []),
      ]),
    };
  }

  #nameOf(point, grain) {
    const words = pointWords(point, grain, this.#today);
    return make("button", { type: "button", class: "plain-button", onclick: () => this.#look(point) }, words);
  }
}

/** What is not over yet is pale. */
const pointOf = ({ value, is_unfinished: isUnfinished }) => (isUnfinished ? { value, itemStyle: { opacity: 0.45 } } : value);

function formatAxis(figure, value) {
  if (figure.unit === "rate") return `${Math.round(value * 1000) / 10}%`;
  return formatValue(figure, value);
}

