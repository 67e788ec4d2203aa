// SPDX-License-Identifier: Apache-2.0
//
// Between the log and the page: what the reader has chosen, and what each choice does. Chosen things are signals, so that
// the toolbar follows them.

import { signal } from '@preact/signals';

import { PAGE_LINES, type Criteria, type LogApi } from './api';
import type { Rgb } from './colours';
import { linesOf, textOfLines } from './copying';
import type { RunState, RunStatus } from './follower';
import type { StreamName } from './line';
import { LogList } from './log_list';
import { LogModel } from './log_model';
import { rangeFromHash, type Range } from './permalink';
import type { RowLook } from './row_view';
import type { TimeMode } from './times';

const SEARCH_DELAY_MS = 180;

export interface LogChoices {
  times: TimeMode;
  wrap: boolean;
}

export interface LogControllerOptions {
  api: LogApi;
  attempt?: number;
  startedAt: number;
  choices: LogChoices;
  countLines(): Promise<number>;
  onStatus?(status: RunStatus): void;
  onState?(state: RunState): void;
  onRange(range: Range | null): void;
  onChoices(choices: LogChoices): void;
}

export class LogController {
  readonly model: LogModel;
  readonly times;
  readonly wrap;
  readonly words = signal('');
  readonly onlyMatches = signal(false);
  readonly matchesCase = signal(false);
  readonly stream = signal<StreamName | ''>('');
  readonly range = signal<Range | null>(null);
  readonly current = signal<number | null>(null);
  readonly following = signal(true);
  readonly newLines = signal(0);
  /** Changes with everything that has no signal of its own. */
  readonly version = signal(0);
  #options: LogControllerOptions;
  #list: LogList | null = null;
  #box: HTMLElement | null = null;
  #look: RowLook;
  #seen = 0;
  #isPlaced = false;
  #searching: ReturnType<typeof setTimeout> | undefined;
  #goToFirst = false;
  /** The line that was at the upper edge when other rows were asked for. */
  #keep: number | null = null;
  #frame = 0;

  constructor(options: LogControllerOptions) {
    this.#options = options;
    this.times = signal(options.choices.times);
    this.wrap = signal(options.choices.wrap);
    this.model = new LogModel({
      api: options.api,
      attempt: options.attempt,
      countLines: options.countLines,
      onStatus: options.onStatus,
      onState: options.onState,
      onChange: () => this.#onChange(),
      onRows: () => this.#list?.setRows(this.model.rows),
    });
    this.#look = {
      times: options.choices.times,
      startedAt: options.startedAt,
      words: '',
      ignoresCase: true,
      selected: (id) => this.#isSelected(id),
      current: null,
      background: [255, 255, 255],
      expanded: new Set(),
    };
  }

  attach(box: HTMLElement): void {
    this.#box = box;
    this.#look.background = backgroundOf(box);
    this.#list = new LogList(box, this.model.rows, this.#look, { onPlace: () => this.#onPlace() });
    if (this.wrap.value) this.#list.setWrap(true);
    void this.model.start();
  }

  detach(): void {
    clearTimeout(this.#searching);
    cancelAnimationFrame(this.#frame);
    this.model.stop();
    this.#list?.destroy();
    this.#list = null;
  }

  /** The theme has changed. */
  repaint(): void {
    if (!this.#box) return;
    this.#look.background = backgroundOf(this.#box);
    this.#list?.restyle();
  }

  startedAt(at: number): void {
    if (this.#look.startedAt === at) return;
    this.#look.startedAt = at;
    if (this.times.value === 'relative') this.#list?.restyle();
  }

  setTimes(times: TimeMode): void {
    this.times.value = this.#look.times = times;
    this.#list?.restyle();
    this.#options.onChoices({ times, wrap: this.wrap.value });
  }

  nextTimes(): void {
    const modes: TimeMode[] = ['off', 'absolute', 'relative'];
    this.setTimes(modes[(modes.indexOf(this.times.value) + 1) % modes.length]!);
  }

  setWrap(wrap: boolean): void {
    this.wrap.value = wrap;
    this.#list?.setWrap(wrap);
    this.#options.onChoices({ times: this.times.value, wrap });
  }

  setStream(stream: StreamName | ''): void {
    this.stream.value = stream;
    this.#pick();
    if (this.words.value !== '') this.#search(false);
  }

  setMatchesCase(matchesCase: boolean): void {
    this.matchesCase.value = matchesCase;
    this.#look.ignoresCase = !matchesCase;
    this.#search(true);
  }

  setOnlyMatches(only: boolean): void {
    this.onlyMatches.value = only;
    this.#pick();
  }

  setWords(words: string): void {
    this.words.value = words;
    clearTimeout(this.#searching);
    this.#searching = setTimeout(() => this.#search(true), words === '' ? 0 : SEARCH_DELAY_MS);
  }

  /** To the next hit, or the one before; from the last one, or from what is visible. */
  go(direction: 1 | -1): void {
    const { search } = this.model;
    if (!search || search.criteria.q !== this.words.value) {
      clearTimeout(this.#searching);
      this.#search(true);
      return;
    }
    const from = this.current.value ?? this.#visibleId() - (direction === 1 ? 1 : 0);
    const id = search.next(from, direction);
    if (id !== null) this.#goToHit(id);
  }

  toStart(): void {
    this.#list?.toStart();
  }

  toEnd(): void {
    this.#list?.toEnd();
  }

  get isShown(): boolean {
    return this.#box !== null && this.#box.offsetParent !== null;
  }

  /** Whether this is a part of the list. */
  holds(node: Node | null): boolean {
    return this.#box?.contains(node) ?? false;
  }

  /** Somebody marks text: it must not run away. */
  holdStill(): void {
    if (this.following.value) this.#list?.follow(false);
  }

  toggleFollow(): void {
    this.#list?.follow(!this.following.value);
  }

  /** The line of a link, or of a click; with `extend` the range up to it. */
  select(id: number, extend: boolean): void {
    const { value } = this.range;
    let range: Range | null = { first: id, last: id };
    if (extend && value) range = { first: Math.min(value.first, id), last: Math.max(value.last, id) };
    else if (value && value.first === id && value.last === id) range = null;
    this.setRange(range);
    this.#options.onRange(range);
  }

  setRange(range: Range | null): void {
    this.range.value = range;
    this.#list?.restyle();
  }

  showRange(range: Range): void {
    this.setRange(range);
    this.#list?.show(Math.min(this.model.rows.row(range.first), this.model.rows.count - 1));
  }

  expand(id: number): void {
    this.#look.expanded.add(id);
    this.#list?.restyle();
  }

  /** What the range holds, as text. */
  async rangeText(): Promise<string> {
    const range = this.range.value ?? { first: 1, last: PAGE_LINES };
    const { signal: never } = new AbortController();
    return textOfLines(await linesOf(range, this.model.all, this.model.log, never));
  }

  #isSelected(id: number): boolean {
    const { value } = this.range;
    return value !== null && id >= value.first && id <= value.last;
  }

  /** What the toolbar asks for, of all lines or of those with the words. */
  #criteria(withWords: boolean): Criteria {
    const stream = this.stream.value || undefined;
    if (!withWords || this.words.value === '') return { stream };
    return { stream, q: this.words.value, ignore_case: this.matchesCase.value ? undefined : 1 };
  }

  /** The line at the upper edge stays there, as soon as it is known where that is. */
  #pick(): void {
    this.#keep = this.following.value ? null : this.#visibleId();
    this.#seen = 0;
    this.model.pick(this.#criteria(this.onlyMatches.value));
  }

  #keepPlace(): void {
    const { picked, rows } = this.model;
    if (this.#keep === null) return;
    const isKnown = !picked || picked.isDone || picked.scannedTo >= this.#keep;
    if (!isKnown) return;
    this.#list?.standAt(rows.row(this.#keep));
    this.#keep = null;
  }

  #search(goToFirst: boolean): void {
    const words = this.words.value;
    this.#look.words = words;
    this.current.value = this.#look.current = null;
    this.#goToFirst = goToFirst && words !== '';
    this.model.find(words === '' ? {} : this.#criteria(true));
    if (this.onlyMatches.value) this.#pick();
    this.#list?.restyle();
  }

  #goToHit(id: number): void {
    this.current.value = this.#look.current = id;
    this.#list?.restyle();
    this.#list?.show(this.model.rows.row(id));
  }

  #visibleId(): number {
    const { rows } = this.model;
    const first = this.#list?.place.first ?? 0;
    return first < rows.count ? rows.id(first) : 1;
  }

  #onChange(): void {
    this.#list?.draw();
    this.#box?.style.setProperty('--log-digits', String(String(this.model.all.lastId).length));
    if (!this.#isPlaced && this.model.isLoaded) this.#placeFirst();
    this.#keepPlace();
    const { search } = this.model;
    if (this.#goToFirst && search) {
      const from = this.#visibleId();
      // the first hit from here on; when there is none the scan must end to know
      if (search.count > 0 && (search.isDone || (search.next(from - 1, 1) ?? 0) >= from)) {
        this.#goToFirst = false;
        this.#goToHit(search.next(from - 1, 1)!);
      }
    }
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.version.value++;
    });
  }

  /** Where a log opens: at the line of the link, else at its end. */
  #placeFirst(): void {
    this.#isPlaced = true;
    const range = rangeFromHash(location.hash);
    if (range && range.first <= this.model.all.lastId) this.showRange(range);
    else this.toEnd();
  }

  #onPlace(): void {
    const { count } = this.model.rows;
    const isFollowing = this.#list!.isFollowing;
    if (isFollowing || this.#list!.isAtEnd || this.#seen === 0) this.#seen = count;
    this.following.value = isFollowing;
    this.newLines.value = Math.max(0, count - this.#seen);
  }
}

function backgroundOf(box: HTMLElement): Rgb {
  const numbers = getComputedStyle(box).backgroundColor.match(/[0-9.]+/g)?.map(Number) ?? [];
  return [numbers[0] ?? 255, numbers[1] ?? 255, numbers[2] ?? 255];
}
