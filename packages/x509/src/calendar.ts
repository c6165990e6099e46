// Dates of certificates, RFC 5280 §4.1.2.5, to and from milliseconds since 1970. The proleptic
// Gregorian calendar, computed on years that start in March so that the leap day comes last.

import { type DerReader, TAG_GENERALIZED_TIME, TAG_UTC_TIME } from './der-reader.ts'
import { encodeElement } from './der-writer.ts'
import { malformed } from './errors.ts'
import { latin1 } from './text.ts'

const DAY = 86_400_000

/** Reads a Time: UTCTime `YYMMDDHHMMSSZ` or GeneralizedTime `YYYYMMDDHHMMSSZ`. */
export function readTime(reader: DerReader, what: string): number {
  const text = latin1(reader.any(what))
  const tag = reader.lastTag
  // RFC 5280 §4.1.2.5.1: MUST be expressed in Greenwich Mean Time and MUST include seconds.
  if (tag === TAG_UTC_TIME && /^\d{12}Z$/.test(text)) {
    const year = Number(text.slice(0, 2))
    return fromDigits(year + (year >= 50 ? 1900 : 2000), text.slice(2), what)
  }
  if (tag === TAG_GENERALIZED_TIME && /^\d{14}Z$/.test(text)) {
    return fromDigits(Number(text.slice(0, 4)), text.slice(4), what)
  }
  throw malformed(`${what}: not a date of RFC 5280 §4.1.2.5`)
}

/** UTCTime through 2049, GeneralizedTime from 2050 on, as RFC 5280 §4.1.2.5 demands. */
export function encodeTime(time: number): Uint8Array {
  const text = formatTime(time)
  const digits = `${text.replace(/[-:TZ]/g, '')}Z`
  const year = Number(digits.slice(0, 4))
  const short = year >= 1950 && year < 2050
  const characters = short ? digits.slice(2) : digits
  return encodeElement(
    short ? TAG_UTC_TIME : TAG_GENERALIZED_TIME,
    Uint8Array.from(characters, (character) => character.charCodeAt(0)),
  )
}

/** `2026-02-28T23:59:59Z`; parts of a second are dropped. Years 0 to 9999. */
export function formatTime(time: number): string {
  const days = Math.floor(time / DAY)
  const seconds = Math.floor((time - days * DAY) / 1000)
  // Days since 0000-03-01, then 400-year eras of 146,097 days.
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock.map((n) => pad(n, 2)).join(':')}Z`
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0')

function fromDigits(year: number, rest: string, what: string): number {
  const part = (at: number): number => Number(rest.slice(at, at + 2))
  const month = part(0)
  const day = part(2)
  const hour = part(4)
  const minute = part(6)
  const second = part(8)
  const inRange = month >= 1 && month <= 12 && hour < 24 && minute < 60 && second < 60
  if (!inRange || day < 1 || day > daysInMonth(year, month)) {
    throw malformed(`${what}: a date that does not exist`)
  }
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const marchMonth = month > 2 ? month - 3 : month + 9
  const dayOfYear = Math.floor((153 * marchMonth + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  const days = era * 146_097 + dayOfEra - 719_468
  return days * DAY + ((hour * 60 + minute) * 60 + second) * 1000
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
