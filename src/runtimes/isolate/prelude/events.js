import { FIELDS } from "./define.js";
import { DOMException } from "./dom_exception.js";
import { host } from "./host.js";
import { keepWhile, setTimeout } from "./timers.js";

const { apply } = Reflect;

/** The parts of an event that only its target changes. */
const states = new WeakMap();

/** DOM's Event. */
export class Event {
  constructor(type, { bubbles = false, cancelable = false, composed = false } = {}) {
    if (arguments.length === 0) throw new TypeError("An Event has a type");
    this.type = String(type);
    this.bubbles = Boolean(bubbles);
    this.cancelable = Boolean(cancelable);
    this.composed = Boolean(composed);
    this.timeStamp = host.now();
    states.set(this, {
      target: null,
      isHeld: false,
      isStopped: false,
      isCancelled: false,
      isPassive: false,
      isDispatched: false,
    });
  }

  get target() {
    return states.get(this).target;
  }

  get currentTarget() {
    const { isDispatched, target } = states.get(this);
    return isDispatched ? target : null;
  }

  get srcElement() {
    return this.target;
  }

  get defaultPrevented() {
    return states.get(this).isCancelled;
  }

  get returnValue() {
    return !this.defaultPrevented;
  }

  set returnValue(isWanted) {
    if (!isWanted) this.preventDefault();
  }

  get eventPhase() {
    return states.get(this).isDispatched ? 2 : 0;
  }

  get isTrusted() {
    return false;
  }

  get cancelBubble() {
    return states.get(this).isHeld;
  }

  set cancelBubble(isHeld) {
    if (isHeld) this.stopPropagation();
  }

  preventDefault() {
    const state = states.get(this);
    if (this.cancelable && !state.isPassive) state.isCancelled = true;
  }

  /** Only tells: targets have no parents here. */
  stopPropagation() {
    states.get(this).isHeld = true;
  }

  stopImmediatePropagation() {
    Object.assign(states.get(this), { isHeld: true, isStopped: true });
  }

  composedPath() {
    const { isDispatched, target } = states.get(this);
    return isDispatched ? [target] : [];
  }

  get [Symbol.toStringTag]() {
    return "Event";
  }
}
const PHASES = { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 };
for (const target of [Event, Event.prototype]) Object.assign(target, PHASES);

/** DOM's CustomEvent. */
export class CustomEvent extends Event {
  constructor(type, options = {}) {
    super(type, options);
    this.detail = options.detail ?? null;
  }

  get [Symbol.toStringTag]() {
    return "CustomEvent";
  }
}

/** Whether a target has listeners for a type. */
let isHeard;

/** DOM's EventTarget, without a tree. */
export class EventTarget {
  #listeners = new Map();

  static {
    isHeard = (target, type) => (target.#listeners.get(type) ?? []).length > 0;
  }

  addEventListener(type, callback, options = {}) {
    if (callback === null || callback === undefined) return;
    const given = typeof options === "boolean" ? { capture: options } : options ?? {};
    const { capture = false, once = false, passive = false, signal } = given;
    if (signal?.aborted) return;
    const all = this.#listeners.get(String(type)) ?? [];
    if (all.some((known) => known.callback === callback && known.capture === Boolean(capture))) return;
    this.#listeners.set(String(type), [...all, { callback, capture: Boolean(capture), once, passive }]);
    signal?.addEventListener("abort", () => this.removeEventListener(type, callback, { capture }), { once: true });
  }

  removeEventListener(type, callback, options = {}) {
    const capture = Boolean(typeof options === "boolean" ? options : options?.capture);
    const all = this.#listeners.get(String(type)) ?? [];
    this.#listeners.set(
      String(type),
      all.filter((known) => known.callback !== callback || known.capture !== capture),
    );
  }

  dispatchEvent(event) {
    const state = states.get(event);
    if (state === undefined) throw new TypeError("Only an Event is dispatched");
    if (state.isDispatched) throw new DOMException("The event is being dispatched", "InvalidStateError");
    Object.assign(state, { target: this, isDispatched: true });
    for (const listener of this.#listeners.get(event.type) ?? []) {
      if (state.isStopped) break;
      if (!(this.#listeners.get(event.type) ?? []).includes(listener)) continue;
      if (listener.once) this.removeEventListener(event.type, listener.callback, listener);
      state.isPassive = listener.passive;
      this.#call(listener.callback, event);
    }
    Object.assign(state, { isDispatched: false, isHeld: false, isPassive: false, isStopped: false });
    return !state.isCancelled;
  }

  /** An error of a listener ends the program, and not the dispatch. */
  #call(callback, event) {
    try {
      if (typeof callback === "function") callback.call(this, event);
      else callback.handleEvent(event);
    } catch (error) {
      Promise.reject(error);
    }
  }

  get [Symbol.toStringTag]() {
    return "EventTarget";
  }
}

/** Lets only this module make a signal. */
const OWN = Symbol("own");

/** DOM's AbortSignal. */
export class AbortSignal extends EventTarget {
  #reason;
  #onabort = null;

  constructor(key) {
    if (key !== OWN) throw new TypeError("Illegal constructor");
    super();
  }

  static abort(reason) {
    const controller = new AbortController();
    controller.abort(reason);
    return controller.signal;
  }

  static timeout(ms) {
    const controller = new AbortController();
    const { signal } = controller;
    const timeout = setTimeout(
      () => controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
      ms,
    );
    keepWhile(timeout, () => isHeard(signal, "abort"));
    return signal;
  }

  static any(signals) {
    const controller = new AbortController();
    for (const signal of signals) {
      if (signal.aborted) {
        controller.abort(signal.reason);
        break;
      }
      signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
    }
    return controller.signal;
  }

  get aborted() {
    return this.#reason !== undefined;
  }

  get reason() {
    return this.#reason;
  }

  get onabort() {
    return this.#onabort;
  }

  set onabort(callback) {
    if (this.#onabort !== null) this.removeEventListener("abort", this.#onabort);
    this.#onabort = typeof callback === "function" ? callback : null;
    if (this.#onabort !== null) this.addEventListener("abort", this.#onabort);
  }

  [FIELDS]() {
    return { aborted: this.aborted };
  }

  throwIfAborted() {
    if (this.aborted) throw this.#reason;
  }

  /** Only its controller knows the key. */
  end(key, reason) {
    if (key !== OWN || this.aborted) return;
    this.#reason = reason;
    this.dispatchEvent(new Event("abort"));
  }

  get [Symbol.toStringTag]() {
    return "AbortSignal";
  }
}

/** DOM's AbortController. */
export class AbortController {
  #signal = new AbortSignal(OWN);

  get signal() {
    return this.#signal;
  }

  abort(reason = new DOMException("The signal has been aborted", "AbortError")) {
    apply(end, this.#signal, [OWN, reason]);
  }

  get [Symbol.toStringTag]() {
    return "AbortController";
  }
}

const { end } = AbortSignal.prototype;
delete AbortSignal.prototype.end;
