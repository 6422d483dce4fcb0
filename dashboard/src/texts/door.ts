/** What is said at the door: signing in, claiming an instance, and having to choose a password. */

export const door = {
  signIn: {
    title: 'Sign in',
    username: 'User name',
    password: 'Password',
    submit: 'Sign in',
    usernameMissing: 'Enter your user name.',
    passwordMissing: 'Enter your password.',
    remember: 'Keep me signed in on this device',
    claimed: 'This instance has an owner already; the link has done its work. Sign in instead.',
  },

  setUp: {
    title: 'Claim this instance',
    lead: 'It has no owner yet. Whoever holds the claim link becomes the owner and decides who else may come in.',
    token: 'Claim link or token',
    tokenHelp: 'Paste the whole link, or only what stands after “token=”.',
    tokenWhere: 'Where to find it',
    tokenWhereText: [
      'The server prints it when it starts, in the line that begins with',
      'and keeps it in the file',
      'beside its database. Opening the link itself fills this in for you.',
    ],
    tokenLine: 'Claim this instance:',
    tokenFile: 'setup-token',
    tokenMissing: 'Paste the claim link that the server printed.',
    tokenWrong: 'This is not the claim link of this instance. Take the one its server printed.',
    username: 'User name',
    usernameHelp: 'To sign in with: letters, digits and . _ @ + -',
    usernameMissing: 'Choose a user name.',
    displayName: 'Your name',
    displayNameHelp: 'As others will see it.',
    password: 'Password',
    submit: 'Become the owner',
  },

  forced: {
    title: 'Choose a password of your own',
    lead: 'You signed in with a password that somebody else gave you. It ends here: choose one that only you know.',
    current: 'The password you signed in with',
    submit: 'Set the password',
  },
} as const
