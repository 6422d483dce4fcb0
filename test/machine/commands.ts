/**
 * The commands that are drawn: deeds of a few browsers among four people, thefts, and time that passes,
 * most of all to the very edge of a deadline. What chance alone would seldom bring about is drawn as one:
 * crowds at the limit, a token replayed, a session kept from idling to its very end.
 *
 * @module
 */
import fc from 'fast-check'
import { type Act, call, type Played, take, wait } from './acts.ts'
import { create, remove, reset, revokeAll, setDisabled, setRole } from './administration.ts'
import * as deeds from './deeds.ts'
import { browsers, day, deadlines, type Model, minute, roles } from './model.ts'
import type { Asked } from './said.ts'

export type Command = fc.AsyncCommand<Model, Played>

function command(
  text: string,
  acts: readonly Act[],
  check = (_: Readonly<Model>) => true,
): Command {
  return {
    check,
    // A line each, where they are listed.
    toString: () => `\n${text}`,
    async run(model, played) {
      for (const act of acts) await act(model, played)
    },
  }
}

/** The last browser is a thief's. */
const thief = browsers - 1
const someBrowser = fc.nat(thief)
/** Mostly the one that is the owner's to begin with. */
const someAdministrator = fc.constantFrom(0, 0, 0, 0, 0, 2, 2, 1, 3, thief)
const someName = fc.constantFrom('bob', 'bob', 'bob', 'ada', 'ada', 'carl', 'carl', 'dora')
const someRole = fc.constantFrom(...roles)
const typed = fc.constantFrom('right', 'right', 'right', 'right', 'right', 'wrong', 'previous')
const seldom = fc.constantFrom(false, false, false, true)
const none = fc.constant('')

/** A call with arguments of its own; by whoever holds a cookie, unless `anybody` will do. */
const some = <A>(
  text: string,
  args: fc.Arbitrary<A>,
  does: (model: Model, at: number, args: A) => Asked,
  { anybody = false, by = someBrowser } = {},
): fc.Arbitrary<Command> =>
  fc
    .tuple(by, args)
    .map(([at, given]) =>
      command(
        `browser ${at} ${text} ${JSON.stringify(given)}`,
        [call(at, (model) => does(model, at, given))],
        ({ jars }) => anybody || jars[at] !== undefined,
      ),
    )

const logIn = some(
  'signs in',
  fc.record({ name: someName, typed, remember: fc.boolean() }),
  deeds.logIn,
  { anybody: true },
)
const refreshing = (at: number) => call(at, (model) => deeds.refresh(model, at, false))
const asking = (at: number) => call(at, (model) => deeds.me(model, at, false))

/** Somebody signs in at one browser after the other, and some of them are used between. */
const crowd = fc
  .tuple(
    someName,
    fc.array(fc.tuple(someBrowser, fc.boolean()), { minLength: 4, maxLength: 8 }),
    fc.constantFrom(0, minute + 1, minute + 1),
  )
  .map(([name, steps, pause]) =>
    command(
      `${name} ${steps.map(([at, signs]) => `${signs ? 'signs in at' : 'uses'} ${at}`).join(', ')}, ${pause} ms between`,
      steps.flatMap(([at, signs]) => [
        signs
          ? call(at, (model) => deeds.logIn(model, at, { name, typed: 'right', remember: false }))
          : asking(at),
        wait(() => pause),
      ]),
    ),
  )

/** Old cookies come again, to the thief's browser, after the one they are of has done this and that. */
const replay = fc
  .tuple(
    fc.nat(thief - 1),
    fc.array(fc.constantFrom('refreshes', 'refreshes', 'signs in anew', 'changes the password'), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.nat(2),
    fc.constantFrom(0, 1_000, 9_999, 10_000, 30_000, 30_001),
  )
  .map(([from, does, ago, pause]) =>
    command(
      `browser ${from} ${does.join(', ')}; ${pause} ms later the cookies it had ${ago} before come again`,
      [
        ...does.map((what) => doing(from, what)),
        wait(() => pause),
        take(from, ago, thief),
        refreshing(thief),
      ],
      ({ jars }) => jars[from] !== undefined,
    ),
  )

const doing = (at: number, what: string): Act =>
  call(at, (model) => {
    const name = model.jars[at]?.session.owner.name ?? 'bob'
    if (what === 'refreshes') return deeds.refresh(model, at, false)
    return what === 'signs in anew'
      ? deeds.logIn(model, at, { name, typed: 'right', remember: true })
      : deeds.changePassword(model, at, { typed: 'right', anew: true })
  })

/** Somebody gets a password from an administrator, and signs in with it at its edge. */
const given = fc
  .tuple(someAdministrator, someBrowser, someName, fc.constantFrom(0, day - 1, day))
  .map(([by, at, name, pause]) =>
    command(
      `browser ${by} resets the password of ${name}, who signs in at ${at} ${pause} ms later`,
      [
        call(by, (model) => reset(model, by, name)),
        wait(() => pause),
        call(at, (model) => deeds.logIn(model, at, { name, typed: 'right', remember: true })),
        asking(at),
        call(at, (model) => deeds.list(model, at, 'own')),
      ],
      ({ jars }) => jars[by] !== undefined,
    ),
  )

/** Somebody is disabled and enabled again, and called for in between and after; maybe long after. */
const away = fc
  .tuple(someAdministrator, someBrowser, someName, fc.boolean(), fc.constantFrom(0, 0, 31 * minute))
  .map(([by, at, name, resets, pause]) => {
    const set = (disabled: boolean) =>
      call(by, (model) => setDisabled(model, by, { name, disabled }))
    const signing = call(at, (model) =>
      deeds.logIn(model, at, { name, typed: 'right', remember: true }),
    )
    return command(
      `browser ${by} disables ${name}, enables${resets ? ' and resets' : ''} again; browser ${at} signs in, before and between, and calls ${pause} ms later`,
      [
        call(by, (model) => deeds.stepUp(model, by, 'right')),
        ...[signing, set(true), asking(at), signing, set(false)],
        ...(resets ? [call(by, (model) => reset(model, by, name))] : []),
        ...[wait(() => pause), asking(at), refreshing(at), asking(at)],
      ],
      ({ jars }) => jars[by] !== undefined,
    )
  })

/** Somebody gets another role and makes use of it at once. */
const raised = fc
  .tuple(someAdministrator, someBrowser, someRole)
  .map(([by, at, role]) =>
    command(
      `browser ${by} makes whoever is at ${at} ${role}, who disables bob`,
      [
        call(by, (model) =>
          setRole(model, by, { name: model.jars[at]?.session.owner.name ?? 'bob', role }),
        ),
        wait(() => 1),
        call(at, (model) => setDisabled(model, at, { name: 'bob', disabled: true })),
      ],
      ({ jars }) => jars[by] !== undefined && jars[at] !== undefined,
    ),
  )

/** Used again and again in the last moment. */
const living = fc
  .tuple(someBrowser, fc.integer({ min: 1, max: 3 }))
  .map(([at, times]) =>
    command(
      `browser ${at} is used ${times} times in the last moment`,
      Array.from({ length: times }, () => [
        wait(({ jars, now }) => (jars[at]?.session.idleUntil ?? now) - 1 - now),
        refreshing(at),
        asking(at),
      ]).flat(),
      ({ jars }) => jars[at] !== undefined,
    ),
  )

const theft = fc
  .tuple(someBrowser, fc.nat(3), someBrowser)
  .map(([from, ago, to]) =>
    command(
      `browser ${to} takes the cookies browser ${from} was given ${ago} before`,
      [take(from, ago, to)],
      ({ jars }) => jars[from] !== undefined,
    ),
  )
const edge = fc
  .tuple(fc.nat(6), fc.integer({ min: -1, max: 1 }))
  .map(([nth, off]) =>
    command(`time passes to the deadline after ${nth} others, ${off} ms off`, [
      wait((model) => (deadlines(model)[nth] ?? model.now) + off - model.now),
    ]),
  )
const pause = fc
  .constantFrom(1, 1_000, minute + 1, 5 * minute)
  .map((time) => command(`${time} ms pass`, [wait(() => time)]))

const administrating = { by: someAdministrator }

/** What is drawn; the more often it stands here, the more often. */
export const drawn: fc.Arbitrary<Command>[] = [
  some('sets up', fc.constantFrom('right', 'right', 'wrong'), deeds.setUp, { anybody: true }),
  ...[logIn, logIn, logIn, crowd, crowd],
  ...[replay, replay, living, theft],
  ...[edge, edge, edge, pause],
  some('refreshes', seldom, (model, at, forged) => deeds.refresh(model, at, forged), {
    anybody: true,
  }),
  some('asks who it is', fc.boolean(), (model, at, passive) => deeds.me(model, at, passive), {
    anybody: true,
  }),
  some('lists sessions', fc.constantFrom('own', 'all'), deeds.list),
  some('signs out', none, deeds.logOut),
  some('ends a session', fc.record({ nth: fc.nat(20), forged: seldom }), deeds.revokeOne),
  some('ends its other sessions', none, deeds.revokeOthers),
  some(
    'changes the password',
    fc.record({ typed, anew: seldom.map((no) => !no) }),
    deeds.changePassword,
  ),
  ...Array.from({ length: 2 }, () => some('steps up', typed, deeds.stepUp)),
  ...[given, away, raised],
  some('adds', fc.record({ name: someName, role: someRole }), create, administrating),
  some('gives a role', fc.record({ name: someName, role: someRole }), setRole, administrating),
  some(
    'disables or enables',
    fc.record({ name: someName, disabled: fc.boolean() }),
    setDisabled,
    administrating,
  ),
  some('deletes', someName, remove, administrating),
  some('resets the password of', someName, reset, administrating),
  some('ends all sessions of', someName, revokeAll, administrating),
]

const first = (text: string, at: number, does: (model: Model, at: number) => Asked): Command =>
  command(`browser ${at} ${text}`, [call(at, does)])

/** How most runs begin: claimed, Bob a member and Carl an administrator, each with an own password. */
export const opening: readonly Command[] = [
  first('sets up', 0, (model, at) => deeds.setUp(model, at, 'right')),
  ...(
    [
      ['bob', 'member', 1],
      ['carl', 'admin', 2],
    ] as const
  ).flatMap(([name, role, at]) => [
    first(`adds ${name}`, 0, (model, by) => create(model, by, { name, role })),
    first(`signs in as ${name}`, at, (model, by) =>
      deeds.logIn(model, by, { name, typed: 'right', remember: false }),
    ),
    first('changes the password', at, (model, by) =>
      deeds.changePassword(model, by, { typed: 'right', anew: true }),
    ),
  ]),
]
