// Timers that go on in a tab nobody looks at: browsers slow the page's own down to one a minute. They
// run in a worker, but what they do is done by the page: a page that is frozen does nothing.

const worker = new Worker(new URL("pulse-worker.js", import.meta.url));
const todo = new Map();
let last = 0;

worker.onmessage = ({ data: id }) => {
  worker.postMessage({ id, isHeard: true });
  todo.get(id)?.();
};

/** Do something every so many milliseconds; returns a function that ends it. */
export function every(ms, work) {
  const id = (last += 1);
  todo.set(id, work);
  worker.postMessage({ id, ms });
  return () => {
    todo.delete(id);
    worker.postMessage({ id, ms: 0 });
  };
}

/** Do something once, after so many milliseconds; returns a function that prevents it. */
export function after(ms, work) {
  const stop = every(Math.max(ms, 1), () => { stop(); work(); });
  return stop;
}
