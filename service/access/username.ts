/**
 * The one rule for names of users, applied when a user is written, to a certificate's common name when it logs in, and
 * to a client identifier before it stands for `%c`. No `+ # / $ %`, no control characters, nothing outside ASCII: a
 * name can neither widen a substituted filter (CVE-2017-7650) nor look like another.
 */
export function isUsername(text: string): boolean {
  return USERNAME.test(text)
}

const USERNAME = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/
