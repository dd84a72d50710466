// Fields that more than one form about cases has.

/** Where to: a centre (`here` is where it is now) and a department, and why. */
export function transferFields(centres, desks, here, desk = "") {
  return [
    { name: "centre", kind: "select", label: "中心", options: centres, value: here },
    { name: "desk", kind: "select", label: "科室", options: [{ key: "", name: "不限" }, ...desks], value: desk },
    { name: "words", kind: "words", label: "为什么转", needed: "请写一句为什么转办。", most: 500 },
  ];
}
