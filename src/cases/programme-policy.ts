import { z } from 'zod';
import { beijingDate, isDate } from '../calendar/beijing-time.ts';
import { checks } from '../checks/index.ts';

const checkIds = checks.map(({ id }) => id);

const period = z.union(
  [z.strictObject({ days: z.int().min(1).max(366) }), z.strictObject({ workingDays: z.int().min(1).max(250) })],
  'is { days: 1 to 366 } or { workingDays: 1 to 250 }, not both',
);
const act = z.enum(['restrict-access', 'cancel-access']);
const reasons = z
  .record(z.string().regex(/^[a-z-]+$/), z.string().min(1))
  .refine((given) => 'other' in given, 'needs the reason "other"');

/** How a programme treats a failing site, in one dated version (R16.5). */
export const programmePolicyShape = z.strictObject({
  version: z.string().min(1),
  from: z.string().refine((text) => isDate(text), 'is a date, written "2026-01-01" in quotes'),
  checks: z.array(z.string().min(1)).min(1),
  remediation: period,
  reminderDays: z.array(z.int().min(1).max(90)),
  extension: z.strictObject({
    times: z.int().min(0).max(10),
    maxWorkingDays: z.int().min(1).max(5, 'is at most 5 working days (R4.4)'),
  }),
  appeal: z.strictObject({
    times: z.int().min(0).max(10),
    review: period,
    remindAdminHours: z.array(z.number().min(0.5).max(240)),
  }),
  restore: period,
  acts: z
    .array(act)
    .max(2)
    .refine(
      (given) => given[0] !== 'cancel-access' || given.length === 1,
      'restricts first, then cancels: [restrict-access, cancel-access]',
    ),
  cancelAfter: period,
  consequence: z.string().min(1),
});

/** `config/programmes.yaml`. */
export const programmesShape = z
  .strictObject({
    version: z.string().min(1),
    extensionReasons: reasons,
    appealReasons: reasons,
    programmes: z.record(
      z.string().regex(/^[a-z-]+$/),
      z.strictObject({
        title: z.strictObject({ zh: z.string().min(1), en: z.string().min(1) }),
        policies: z.array(programmePolicyShape).min(1),
      }),
    ),
  })
  .superRefine(({ programmes }, context) => {
    for (const [id, { policies }] of Object.entries(programmes)) {
      const path = ['programmes', id, 'policies'];
      const unknown = policies.flatMap((policy) => policy.checks).find((check) => !checkIds.includes(check));
      if (unknown !== undefined)
        context.addIssue({ code: 'custom', path, message: `no check ${unknown}: known are ${checkIds.join(', ')}` });
      if (new Set(policies.map(({ version }) => version)).size < policies.length)
        context.addIssue({ code: 'custom', path, message: 'two policies have the same version' });
      if (new Set(policies.map(({ from }) => from)).size < policies.length)
        context.addIssue({ code: 'custom', path, message: 'two policies start on the same day' });
    }
  });

export type ProgrammePolicy = z.infer<typeof programmePolicyShape>;
export type Programmes = z.infer<typeof programmesShape>;
export type EnforcementAct = z.infer<typeof act>;

/** The policy of a programme in force at an instant; null before its first one. */
export function policyAt(programmes: Programmes, programme: string, instant: number): ProgrammePolicy | null {
  const today = beijingDate(instant);
  const inForce = (programmes.programmes[programme]?.policies ?? []).filter(({ from }) => from <= today);
  return inForce.sort((a, b) => a.from.localeCompare(b.from)).at(-1) ?? null;
}

/** The programme a check's failures belong to at an instant: the first that lists it, so that one finding opens one case. */
export function programmeOfCheck(programmes: Programmes, checkId: string, instant: number): string | null {
  const ids = Object.keys(programmes.programmes);
  return ids.find((id) => policyAt(programmes, id, instant)?.checks.includes(checkId) === true) ?? null;
}
