/* eslint-env browser */
import { createStore } from './state.js';

const listeners = new Map();

/** Emits events. */
export class Emitter {
  #handlers = new Map();
  static instance = null;

  on(name, handler) {
    this.#handlers.set(name, handler);
    return () => this.off(name);
  }

  off = (name) => {
    this.#handlers.delete(name);
  };

  async *stream() {
    yield* this.#handlers.keys();
  }
}

function Legacy(name) {
  this.name = name;
  this.greet = function () {
    return this.name;
  };
}

Legacy.prototype.shout = function () {
  return this.name.toUpperCase();
};
Legacy.create = (name) => new Legacy(name);

export const useStore = (selector) => {
  const select = React.useCallback((state) => selector(state), [selector]);
  return createStore(select);
};

const reducers = {
  'todo/add': (state, action) => [...state, action.item],
  remove(state, action) {
    return state.filter((item) => item.id !== action.id);
  },
};

(function init(global) {
  function boot() {
    global.started = true;
  }
  boot();
})(window);

export default reducers;
