/**
 * What people come from: databases as other libraries leave them, their hashes made by others than us. Each
 * is `old.db` in the folder where the commands of its page run.
 *
 * @module
 */
import { pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { hashSync } from 'bcryptjs'

/** What everybody in them signs in with. */
export const oldPassword = 'a password from before'

/** @see better-auth 1.x, `crypto/password`: the salt is hashed as the text it is written as. */
function byBetterAuth(): string {
  const salt = randomBytes(16).toString('hex')
  const cost = { N: 16384, r: 16, p: 1, maxmem: 2 ** 26 }
  return `${salt}:${scryptSync(oldPassword.normalize('NFKC'), salt, 64, cost).toString('hex')}`
}

/** @see Django 5.2, `PBKDF2PasswordHasher`, with fewer passes. */
function byDjango(): string {
  const salt = randomBytes(11).toString('hex')
  const hash = pbkdf2Sync(oldPassword, salt, 20_000, 32, 'sha256').toString('base64')
  return `pbkdf2_sha256$20000$${salt}$${hash}`
}

const byBcrypt = (): string => hashSync(oldPassword, 4)

const made: Readonly<Record<string, (db: DatabaseSync) => void>> = {
  'docs/migrating/better-auth.md'(db) {
    db.exec(`create table user (id text primary key, name text not null, email text not null unique,
        emailVerified integer not null, image text, createdAt date not null, updatedAt date not null);
      create table account (id text primary key, accountId text not null, providerId text not null,
        userId text not null references user (id), accessToken text, refreshToken text, idToken text,
        accessTokenExpiresAt date, refreshTokenExpiresAt date, scope text, password text,
        createdAt date not null, updatedAt date not null);
      insert into user values ('u1', 'Grace', 'Grace@example.com', 1, null, 0, 0),
        ('u2', 'Only by Google', 'google@example.com', 1, null, 0, 0)`)
    const account = db.prepare(
      `insert into account (id, accountId, providerId, userId, password, createdAt, updatedAt)
       values (?, ?, ?, ?, ?, 0, 0)`,
    )
    account.run('a1', 'u1', 'credential', 'u1', byBetterAuth())
    account.run('a2', '117', 'google', 'u2', null)
  },
  'docs/migrating/auth-js.md'(db) {
    db.exec(`create table users (id integer primary key, name text, email text unique,
        "emailVerified" text, image text, password text);
      create table accounts (id integer primary key, "userId" integer not null, type text not null,
        provider text not null, "providerAccountId" text not null);
      insert into accounts values (1, 2, 'oauth', 'google', '117')`)
    const user = db.prepare('insert into users (name, email, password) values (?, ?, ?)')
    user.run('Grace', 'Grace@example.com', byBcrypt())
    user.run(null, 'google@example.com', null)
  },
  'docs/migrating/express-session.md'(db) {
    db.exec(`create table people (id integer primary key, username text unique, hashed_password blob,
      salt blob, password_hash text)`)
    const person = db.prepare('insert into people values (null, ?, ?, ?, ?)')
    const salt = randomBytes(16)
    person.run('linus', pbkdf2Sync(oldPassword, salt, 310_000, 32, 'sha256'), salt, null)
    person.run('Grace@example.com', null, null, byBcrypt())
  },
  'docs/migrating/django.md'(db) {
    db.exec(`create table auth_user (id integer primary key autoincrement, password varchar(128) not null,
      last_login datetime, is_superuser bool not null, username varchar(150) not null unique,
      last_name varchar(150) not null, email varchar(254) not null, is_staff bool not null,
      is_active bool not null, date_joined datetime not null, first_name varchar(150) not null)`)
    const person = db.prepare(
      `insert into auth_user (username, password, is_superuser, first_name, last_name, email, is_staff,
       is_active, date_joined) values (?, ?, ?, ?, ?, '', 0, 1, '2025-01-01')`,
    )
    person.run('Grace', byDjango(), 1, 'Grace', 'H.')
    person.run('linus', `bcrypt$${byBcrypt()}`, 0, '', '')
    person.run('unusable', '!kPsCjzdiTjrsjl', 0, '', '')
  },
}

/** Puts what a page is about into a folder; nothing for most. */
export function leaveBehind(page: string, folder: string): void {
  const make = made[page]
  if (!make) return
  const db = new DatabaseSync(join(folder, 'old.db'))
  make(db)
  db.close()
}
