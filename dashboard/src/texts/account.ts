/** What is said about the own account: home, sessions, devices, password. */

export const account = {
  home: {
    title: (name: string) => `You are signed in as ${name}`,
    thisSession: 'This session',
    recent: 'Recent activity',
    allActivity: 'All activity',
  },

  session: {
    browser: 'Browser',
    system: 'System',
    address: 'Address',
    since: 'Signed in',
    ends: 'Ends by',
    lastActive: 'Last active',
    remembered: 'Kept signed in',
    unknown: 'Unknown program',
    unknownBrowser: 'Unknown browser',
    unknownSystem: 'unknown system',
    on: (browser: string, system: string) => `${browser} on ${system}`,
    here: 'This one',
    end: 'End',
    endOf: (name: string) => `End the session: ${name}`,
    ended: 'The session has ended.',
  },

  sessions: {
    title: 'Your sessions',
    lead: 'Every browser that is signed in with your account right now. End what you do not know, then change your password.',
    alone: 'You are signed in nowhere else.',
    endOthers: 'End all others',
    endOthersTitle: 'End all other sessions?',
    endOthersText: 'Every other browser is signed out at once. This one stays.',
    endedOthers: (count: number) =>
      count === 1 ? 'One other session has ended.' : `${count} other sessions have ended.`,
  },

  devices: {
    title: 'Trusted devices',
    lead: 'Browsers in which you have signed in before. From these you can sign in even while strangers guess at your password and your name rests for everybody else.',
    empty: 'No browser is trusted yet. One is each time you sign in with your password.',
    since: 'Trusted since',
    used: 'Last used',
    forget: 'Forget',
    forgetOf: (name: string) => `Forget the device: ${name}`,
    forgotten: 'The device is trusted no more.',
  },

  changePassword: {
    title: 'Change your password',
    lead: 'All your other sessions end at once, and every browser but this one has to earn your trust again.',
    current: 'Current password',
    new: 'New password',
    submit: 'Change password',
    changed: 'Your password is changed. You are signed in nowhere else.',
    currentMissing: 'Enter your current password.',
    currentWrong: 'This is not your current password.',
  },

  newPassword: {
    help: (least: number) =>
      `At least ${least} characters. A few words in a row are strong and easy to keep in mind.`,
    count: (length: number, least: number) => `${length} of ${least} characters`,
    enough: 'Long enough',
    missing: 'Choose a password.',
    short: (least: number) => `Too short: at least ${least} characters are needed.`,
    long: (most: number) => `Too long: at most ${most} characters are possible.`,
  },

  proof: {
    title: 'Is it still you?',
    lead: 'This matters enough to ask for your password once more. It then holds for a few minutes.',
    password: 'Your password',
    missing: 'Enter your password.',
    wrong: 'This is not your password.',
    submit: 'Go on',
  },
} as const
