import { existsSync } from 'node:fs';
import type { Bilingual } from '../bilingual.ts';
import { type Config, configPath } from '../config.ts';
import { InputError } from '../errors.ts';
import type { ClockGuard } from '../judge/clock-guard.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Logger } from '../log.ts';
import { type Footprint, footprintOf, whatShrank } from '../provider/footprint.ts';
import { type LoadedRanges, loadRanges } from '../provider/list-file.ts';
import type { ProviderList } from '../provider/types.ts';

/** Who stops and releases by itself. */
const GUARD = 'guard';

/** Stop what accuses, or let it go on, by what the clock guard says. Tells admins once a stop. */
export function heedClock(ledger: Ledger, guard: ClockGuard, log: Logger, now: number): void {
  const held = ledger.enforcements.held('clock');
  const { doubt } = guard;
  if (doubt !== null && held === null && !guard.forgiven()) {
    guard.stopped();
    ledger.transaction(() => {
      ledger.enforcements.hold('clock', doubt, GUARD, now);
      const message = {
        en: `${doubt.en}: no case is opened, told or enforced until the servers looked at agree with it; set the clock (NTP), or: patrol stops release clock`,
        zh: `${doubt.zh}：在被访问的服务器与本机时钟一致之前，不立案、不通知、不处置；请校准时钟（NTP），或在“通知”页恢复（patrol stops release clock）`,
      };
      ledger.raiseAlert('hold-clock', message, now, { again: true });
    });
    log.error({ reason: doubt.en }, 'the clock is not believed; nobody is accused');
  }
  if (doubt === null && held?.heldBy === GUARD) {
    ledger.transaction(() => {
      ledger.enforcements.release('clock', now);
      ledger.resolveAlert('hold-clock', now);
    });
    log.info({ since: held.since }, 'the clock is believed again');
  }
}

const markOf = (id: string): string => `footprint-${id}`;

/** Providers whose list decides about shells here: those of active sites, and the configured one. */
function providersOf(ledger: Ledger, config: Config): string[] {
  return [...new Set([config.settings.accessProvider, ...ledger.marks.providersInUse()])];
}

/**
 * Compare the lists in force with what they held when last trusted; the first time, an operator's own list with the shipped one of
 * the same id. Asked at the start, and (`running`) at every tick, when it only ever stops. A list that lost too much stops what accuses until somebody looks (patrol stops release ranges) or it is whole again.
 */
export function heedRanges(
  ledger: Ledger,
  { lists }: LoadedRanges,
  config: Config,
  log: Logger,
  now: number,
  { running = false } = {},
): void {
  const { maxShrinkShare } = config.settings.ranges;
  const byId = (all: ProviderList[], id: string): ProviderList | undefined => all.find((list) => list.id === id);
  let shipped: ProviderList[] | null = null;
  const shippedOf = (id: string): ProviderList | undefined => {
    const [folder] = config.settings.ranges.folders;
    shipped ??= folder !== undefined && existsSync(configPath(folder)) ? loadRanges([configPath(folder)]).lists : [];
    return byId(shipped, id);
  };
  const shrunk: Bilingual[] = [];
  for (const id of providersOf(ledger, config)) {
    const after = footprintOf(byId(lists, id));
    const before = ledger.marks.get<Footprint>(markOf(id))?.value ?? footprintOf(shippedOf(id));
    const lost = whatShrank(id, before, after, maxShrinkShare);
    // The mark rises by itself, and falls only when somebody accepts it: five small losses are a large one.
    const grown =
      after.mainlandV4 >= before.mainlandV4 && after.mainlandV6 >= before.mainlandV6 && after.cnames >= before.cnames;
    if (lost !== null) shrunk.push(lost);
    else if (grown && !running) ledger.marks.put(markOf(id), after, now);
  }
  const reason = { en: shrunk.map(({ en }) => en).join('; '), zh: shrunk.map(({ zh }) => zh).join('；') };
  const held = ledger.enforcements.held('ranges');
  if (shrunk.length > 0 && held === null) {
    ledger.transaction(() => {
      ledger.enforcements.hold('ranges', reason, GUARD, now);
      const message = {
        en: `${reason.en}: no case is opened, told or enforced; restore the list and start again, or accept it: patrol stops release ranges`,
        zh: `${reason.zh}：暂停立案、通知和处置；请恢复网段表后重启，或在“通知”页接受现状（patrol stops release ranges）`,
      };
      ledger.raiseAlert('hold-ranges', message, now, { again: true });
    });
    log.error({ reason: reason.en }, 'a range list shrank; nobody is accused');
  }
  if (shrunk.length === 0 && !running && held?.heldBy === GUARD) {
    ledger.transaction(() => {
      ledger.enforcements.release('ranges', now);
      ledger.resolveAlert('hold-ranges', now);
    });
  }
}

/**
 * Somebody looked: the lists given are right as they are, and the stop is over. True when there was one. Throws InputError when they
 * are whole: then it is the running worker that holds the broken ones, and it must be started again.
 */
export function acceptRanges(ledger: Ledger, { lists }: LoadedRanges, config: Config, now: number): boolean {
  const shrunk = providersOf(ledger, config).some((id) => {
    const before = ledger.marks.get<Footprint>(markOf(id))?.value;
    const after = footprintOf(lists.find((list) => list.id === id));
    return before !== undefined && whatShrank(id, before, after, config.settings.ranges.maxShrinkShare) !== null;
  });
  const known = providersOf(ledger, config).some((id) => ledger.marks.get(markOf(id)) !== null);
  if (ledger.enforcements.held('ranges') !== null && known && !shrunk)
    throw new InputError(
      'the range lists on the disk are whole: the running worker still holds the broken ones',
      'start the worker again; the stop then ends by itself',
      '磁盘上的清单已恢复完整：请重启巡检进程，停止将自动解除',
    );
  return ledger.transaction(() => {
    for (const id of providersOf(ledger, config))
      ledger.marks.put(markOf(id), footprintOf(lists.find((list) => list.id === id)), now);
    return ledger.release('ranges', now);
  });
}
